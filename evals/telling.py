"""The ``eval`` commands about what a text still tells of what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals import screen, screen_telling
from pipeline.command_options import MODEL, Here, Model, Paths, command
from pipeline.console import emit
from pipeline.options import EvalOptions, MergeOptions


@command
def coverage(
    reference: Annotated[
        Path, typer.Argument(help="What should be told: .json, .jsonl, or a list as text.")
    ],
    document: Annotated[Path, typer.Argument(help="The text that should tell it.")],
    here: Here,
) -> None:
    """How much of every insight of a reference a document tells, from 0 to 1."""
    from evals.coverage_run import run_coverage

    with here.edge().store() as store:
        result = run_coverage(reference, document, store)
    if here.json:
        emit(result)
    else:
        screen_telling.coverage_summary(result)
        screen.show_next(result, here.db, here.config)


@command
def roundtrip(
    paths: Paths,
    spending: EvalOptions,
    here: Here,
    by: Annotated[str, typer.Option(help="Cut by role, topic, author, or at random.")] = "random",
    model: Model = MODEL,
    strategy: Annotated[
        str, typer.Option(help="none, pairs, groups; tree or fold write every story again.")
    ] = "none",
    rounds: Annotated[int, typer.Option(min=1, help="Times to cut and merge.")] = 10,
    parts: Annotated[int, typer.Option(min=1, help="Documents to cut into.")] = 4,
    seed: Annotated[int, typer.Option(help="Draws the parts.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the first round, times the rounds.")
    ] = False,
) -> None:
    """Cut documents, merge the parts, read the result again, ten times: what is left of them."""
    from evals.roundtrip_run import run_round_trips
    from pipeline.merge.sovereignty import copies_of

    edge, line = here.edge(), here.line
    with edge.store() as store:
        result = run_round_trips(
            paths,
            lambda read, out: edge.merge_job(
                read,
                model,
                MergeOptions(
                    out=str(out),
                    strategy=strategy,
                    allow_cloud=tuple(copies_of(spending.allow_cloud)),
                    propose=strategy in ("pairs", "groups"),
                ),
                store=store,
                show=line.show,
            ),
            store,
            by=by,
            parts=parts,
            rounds=rounds,
            seed=seed,
            max_usd=spending.max_cost,
            allow_cloud=spending.allow_cloud,
            dry_run=dry_run,
            say=line,
        )
    if here.json:
        emit(result)
    elif dry_run:
        screen.merge_price(result)
    else:
        screen_telling.roundtrip_summary(result)
        screen.show_next(result, here.db, here.config)
