"""A new eval: how many stories of documents are told already, by proof alone.

This file is all of it: copied to ``evals/tasks/duplicates.py`` it is found by the registry, and the
command ``eval duplicates``, a Prefect flow, the deployment, the docs and the pages follow from it.
What an eval needs when it runs is imported where it runs: every ``--help`` reads this file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evals.declared import PATHS, Artifact, Asked, Deployment, Eval
from evals.result_tables import Table, rate
from pipeline.config.options import MergeOptions, Options, option
from pipeline.providers.extractive import EXTRACTIVE


@dataclass(frozen=True, kw_only=True)
class DuplicatesOptions(Options):
    """What counts as told already."""

    roles: bool = option(True, "Count needs of another role, too.", "Of another role, too")


def _run(asked: Asked) -> dict[str, Any]:
    from evals.metrics.statistics import proportion
    from evals.recorded import figure
    from pipeline.run.job import run

    outcomes = ["duplicate_of", *(["merged_into"] if asked.chosen.roles else [])]
    with (
        tempfile.TemporaryDirectory(prefix="duplicates-") as folder,
        asked.recorded(model=EXTRACTIVE, strategy="none") as name,
    ):
        job = asked.merge(asked.paths, MergeOptions(out=folder), model=EXTRACTIVE)
        ledger = run(job)["ledger"]
        told = proportion(sum(ledger[one] for one in outcomes), sum(ledger.values()))
        asked.store.save_scores(name, [figure("told_already", told)])
    return {"run": name, "ledger": ledger, "told_already": told._asdict()}


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    yield Table(("outcome", "stories"), [*result["ledger"].items()])
    yield f"told already: {rate(result['told_already'])}"


EVAL = Eval(
    name="duplicates",
    help="How many stories are told already, by proof alone.",
    arguments=(PATHS,),
    options=DuplicatesOptions,
    run=_run,
    shown=_shown,
    deployment=Deployment(
        "duplicates",
        "How many stories are told already, by proof alone.",
        "duplicates in {paths}",
        {"paths": ["data/sample"]},
        Artifact("counts", "What became of the stories", "ledger"),
    ),
)
