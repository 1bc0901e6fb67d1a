"""The ``eval`` commands about what a text still tells; no model is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals import screen, screen_telling
from pipeline.console import emit
from pipeline.edge import Edge
from pipeline.options import AsJson, Config, Db, Debug, Quiet


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
