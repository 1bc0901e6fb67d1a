"""The ``eval`` commands about what a text still tells of what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evals import screen, screen_telling
from pipeline.console import emit, say
from pipeline.edge import Edge, parse_usd
from pipeline.options import (
    MODEL,
    AllowCloud,
    AsJson,
    Config,
    Db,
    Debug,
    MaxCost,
    Model,
    Paths,
    Prefect,
    Quiet,
    for_a_flow,
)
from pipeline.settings import away_from_documents


def coverage(
    reference: Annotated[
        Path, typer.Argument(help="What should be told: .json, .jsonl, or a list as text.")
    ],
    document: Annotated[Path, typer.Argument(help="The text that should tell it.")],
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """How much of every insight of a reference a document tells, from 0 to 1."""
    from evals.coverage_run import run_coverage

    with Edge.read(db, config=config).store() as store:
        result = run_coverage(reference, document, store)
    if json:
        emit(result)
    else:
        screen_telling.coverage_summary(result)
        screen.show_next(result, db, config)


def roundtrip(
    paths: Paths,
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
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Cut documents, merge the parts, read the result again, ten times: what is left of them."""
    from evals.roundtrip_run import run_round_trips
    from pipeline.merge.sovereignty import copies_of

    asked: dict[str, Any] = {
        "by": by,
        "parts": parts,
        "rounds": rounds,
        "seed": seed,
        "allow_cloud": allow_cloud or (),
    }
    if prefect and not dry_run:
        for_a_flow(config)
        with away_from_documents():
            from evals import flows
            from pipeline.orchestration.steps import call

        dollars = parse_usd(max_cost, where="--max-cost")
        result = call(
            flows.round_trips, {"eval"}, paths=paths, model=model, strategy=strategy,
            max_cost=dollars, db=db, **asked,
        )  # fmt: skip
        _show_rounds(result, json, db, config)
        return
    edge, line = Edge.read(db, config=config), say(quiet)
    with edge.store() as store:
        result = run_round_trips(
            paths,
            lambda read, out: edge.merge_job(
                read,
                model,
                store=store,
                out=str(out),
                strategy=strategy,
                allow_cloud=copies_of(allow_cloud),
                propose=strategy in ("pairs", "groups"),
                show=line.show,
            ),
            store,
            max_usd=parse_usd(max_cost, where="--max-cost"),
            dry_run=dry_run,
            say=line,
            **asked,
        )
    if dry_run and not json:
        screen.merge_price(result)
    else:
        _show_rounds(result, json, db, config)


def _show_rounds(result: dict[str, Any], json: bool, db: str | None, config: str | None) -> None:
    if json:
        emit(result)
    else:
        screen_telling.roundtrip_summary(result)
        screen.show_next(result, db, config)
