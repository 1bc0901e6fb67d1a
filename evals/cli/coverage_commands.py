"""The ``eval`` commands about what a text still tells of what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evals.cli import eval_screen
from evals.cli import eval_screen as screen_telling
from evals.eval_options import RoundTripOptions
from pipeline.cli.command_options import MODEL, DryRun, Here, Model, Paths, Prefect, command
from pipeline.config.processes import away_from_documents
from pipeline.console import emit


@command
def coverage(
    reference: Annotated[
        Path, typer.Argument(help="What should be told: .json, .jsonl, or a list as text.")
    ],
    document: Annotated[Path, typer.Argument(help="The text that should tell it.")],
    here: Here,
) -> None:
    """How much of every insight of a reference a document tells, from 0 to 1."""
    from evals.tasks.coverage_run import run_coverage

    with here.runtime().store() as store:
        result = run_coverage(reference, document, store)
    if here.json:
        emit(result)
    else:
        screen_telling.coverage_summary(result)
        eval_screen.show_next(result, here.db, here.config)


@command
def roundtrip(
    paths: Paths,
    chosen: RoundTripOptions,
    here: Here,
    model: Model = MODEL,
    dry_run: DryRun = False,
    prefect: Prefect = False,
) -> None:
    """Cut documents, merge the parts, read the result again, ten times: what is left of them."""
    from evals.tasks.roundtrip_run import merge_of_a_round, run_round_trips

    if prefect and not dry_run:
        where = here.for_a_flow()
        with away_from_documents():
            from evals import eval_flows
            from pipeline.flows.tasks import call

        result: dict[str, Any] = call(
            eval_flows.round_trips, {"eval"}, paths=paths, model=model, **chosen.given(), **where
        )
    else:
        runtime, line = here.runtime(), here.line
        with runtime.store() as store:
            result = run_round_trips(
                paths,
                lambda read, out: runtime.merge_job(
                    read,
                    model,
                    merge_of_a_round(chosen, str(out)),
                    store=store,
                    show=line.show,
                ),
                store,
                by=chosen.by,
                parts=chosen.parts,
                rounds=chosen.rounds,
                seed=chosen.seed,
                max_usd=chosen.max_cost,
                allow_cloud=chosen.allow_cloud,
                dry_run=dry_run,
                say=line,
            )
    if here.json:
        emit(result)
    elif dry_run:
        eval_screen.merge_price(result)
        eval_screen.show_next(result, here.db, here.config)
    else:
        screen_telling.roundtrip_summary(result)
        eval_screen.show_next(result, here.db, here.config)
