"""Round trips as a run: cut, merged with a model and a strategy, read again, and stored."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from evals.eval_options import RoundTripOptions
from evals.recorded import figure, recorded
from evals.tasks.merge_price import estimate_of, total
from evals.tasks.rewrite_run import FILE, rewrite_job
from evals.tasks.roundtrip import (
    EDITION,
    SPLITS,
    Decay,
    Round,
    Split,
    decay,
    figures,
    round_trips,
    split,
    write_parts,
)
from pipeline.config.options import MergeOptions
from pipeline.document.structure.layout import MAIN
from pipeline.errors import InputError
from pipeline.run.corpus import gather, require
from pipeline.run.job import REWRITING, MergeJob
from pipeline.run.job import run as run_job
from pipeline.run.sovereignty import check_sovereignty, copies_of
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

#: Makes a merge of documents into a folder, ready to run.
MakeJob = Callable[[Sequence[str], Path], MergeJob]


def merge_of_a_round(chosen: RoundTripOptions, out: str) -> MergeOptions:
    """The merge of the parts: a model is asked where the strategy asks one."""
    return MergeOptions(
        out=out,
        strategy=chosen.strategy,
        allow_cloud=tuple(copies_of(chosen.allow_cloud)),
        propose=chosen.strategy in ("pairs", "groups"),
    )


def run_round_trips(
    paths: Sequence[str],
    job: MakeJob,
    store: Store,
    *,
    by: str = "random",
    parts: int = 4,
    rounds: int = 10,
    seed: int = 0,
    max_usd: Decimal | None = None,
    allow_cloud: Sequence[str] = (),
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Split documents and merge the parts, round after round.

    Every merge is a run of the database of its own; replies that are journalled are not asked for
    again, so that a run that was stopped comes by its rounds quickly.

    Args:
        job: a merge that keeps every telling, or one whose strategy writes every story again.
        by: ``role``, ``topic``, ``author`` or ``random``.
        max_usd: what all rounds together may spend; None for no limit.
        allow_cloud: what of the documents may leave this machine: parts have other paths.
        dry_run: price the first round, times the rounds; ask nothing.

    Returns:
        With ``dry_run`` what :func:`evals.tasks.merge_price.total` tells of it. Else what
        ``eval roundtrip --json`` prints: run, model, strategy, the figures of the last round, the
        loss of a usual round, the catastrophes, dollars, and every round.

    Raises:
        InputError: no such way to split, or no story; as the merge does.
    """
    how: Split | None = next((one for one in SPLITS if one == by), None)
    if how is None:
        raise InputError(
            f"no way to split by {by!r}.", where="--by", next=f"There are: {', '.join(SPLITS)}."
        )
    corpus = gather(paths, cache=store)
    require(corpus)
    spent = Decimal(0)
    with tempfile.TemporaryDirectory(prefix="roundtrip-") as name:
        folder = Path(name)
        first = write_parts(split(corpus.stories, how, parts, seed=seed + 1), folder / "first")
        asked = job([str(file) for file in first], folder / "priced")
        check_sovereignty(
            corpus, asked.spec, allow_cloud=allow_cloud, local_only=asked.terms.local_only
        )
        model, strategy = asked.spec.name, asked.terms.strategy
        if dry_run:
            estimate = estimate_of(_ready(asked))
            return {"model": model, "strategy": strategy} | total([estimate] * rounds)

        def merge(files: Sequence[Path], out: Path) -> Sequence[Path]:
            nonlocal spent
            made = _ready(job([str(file) for file in files], out))
            if max_usd is not None:
                made.chosen = replace(made.chosen, max_cost=max_usd - spent)
            done = run_job(made)
            spent += Decimal(done["usd"] or 0)
            return edition_of(out)

        with recorded(
            store,
            kind="roundtrip",
            model=model,
            strategy=strategy,
            parameters={
                "paths": list(paths), "by": how, "parts": parts, "rounds": rounds, "seed": seed,
                "max_usd": None if max_usd is None else str(max_usd),
                "allow_cloud": list(allow_cloud),
            },
        ) as run:  # fmt: skip
            found = round_trips(
                corpus.stories,
                merge,
                folder,
                by=how,
                parts=parts,
                rounds=rounds,
                seed=seed,
                told=lambda one: say(_told(one)),
            )
            went = decay(found)
            store.save_scores(run, scores(found, went))
    return {
        "run": run,
        "model": model,
        "strategy": strategy,
        "by": how,
        "parts": parts,
        "stories": len(corpus.stories),
        "scores": {name: value._asdict() for name, value in figures(found[-1]).items()},
        "loss": None if went.loss is None else went.loss._asdict(),
        "catastrophes": list(went.catastrophes),
        "usd": str(spent),
        "rounds": [asdict(one) for one in found],
    }


def _ready(job: MergeJob) -> MergeJob:
    """The job itself, or the one that runs its strategy where that writes every story again."""
    return rewrite_job(job) if job.terms.strategy in REWRITING else job


def edition_of(out: Path) -> Sequence[Path]:
    """What a merge left to be read again: a rewritten text; the tellings of an edition; the
    edition itself where it is one file."""
    if (text := out / FILE).exists():
        return [text]
    return sorted(out.glob(f"{EDITION}*.md")) or [out / MAIN]


def _told(one: Round) -> str:
    what = f"round {one.number}" if one.number else "cut and read again, before any merge"
    return f"{what}: {one.kept:.1%} kept, {one.altered:.1%} altered, {one.lost:.1%} lost"


def scores(found: Sequence[Round], went: Decay) -> list[Score]:
    """The last round's figures, how it went, and every round's shares by its number."""
    told = [figure(name, value) for name, value in figures(found[-1]).items()]
    if went.loss is not None:
        told.append(figure("loss", went.loss))
    told.append(Score("catastrophes", "", float(len(went.catastrophes)), n=len(found) - 1))
    for one in found:
        told += [
            figure(name, value, item=f"{one.number:02}") for name, value in figures(one).items()
        ]
    return told
