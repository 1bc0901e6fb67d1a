"""Merge quality as a run: a backlog whose truth is known, merged by every strategy, and again in
other orders and parts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from evals.merge_price import estimate_of, total
from evals.merging import MIX, SEEDS, originals
from evals.planting import plant
from evals.quality import Quality, quality, stability
from evals.recorded import figure, recorded
from evals.statistics import Interval, paired_difference
from evals.truth import Arrangement, Backlog, Truth, read_truth, recognise
from pipeline.calls import Estimate
from pipeline.catalog import ModelSpec
from pipeline.errors import InputError
from pipeline.merge.corpus import Corpus, Reading, gather, require
from pipeline.merge.job import MergeJob
from pipeline.merge.job import run as run_job
from pipeline.merge.sovereignty import check_sovereignty
from pipeline.plan.strategies import STRATEGIES
from pipeline.store.books import open_books
from pipeline.store.record import Store
from pipeline.store.rows.scores import Score

#: Makes a merge of paths into a folder by a strategy, ready to run.
MakeJob = Callable[[Sequence[str], Path, str], MergeJob]

AS_IT_IS = Arrangement("as it is")
#: What a merge should not depend on: the order of the stories, and how they are cut into parts.
OTHERWISE = (
    Arrangement("shuffled", seed=1),
    Arrangement("other parts", per_document=17, window=0.5),
)


@dataclass(frozen=True, slots=True)
class Merged:
    """One finished merge of the backlog: its figures, and what it took."""

    run: str
    quality: Quality
    took: Mapping[str, Any]


def run_merging(
    paths: Sequence[str],
    spec: ModelSpec,
    job: MakeJob,
    store: Store,
    *,
    truth: Path | None = None,
    strategies: Sequence[str] = ("edit", "tree", "fold"),
    most: int = 200,
    again: bool = True,
    max_usd: Decimal | None = None,
    allow_cloud: Sequence[str] = (),
    local_only: Sequence[str] = (),
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Merge a backlog by each strategy and hold the outcome against its truth.

    Every merge is a run of the database of its own; replies that are journalled are not asked for
    again.

    Args:
        truth: a truth file of these documents. Without one their stories are planted: copied,
            reworded, split and contradicted, in documents of their own.
        most: originals to plant, at most.
        again: merge it shuffled and in other parts too, to see whether the same comes out.
        max_usd: for all merges together.
        dry_run: price all merges, ask nothing.

    Returns:
        With ``dry_run`` what :func:`evals.merge_price.total` tells of them. Else what
        ``eval merging --json`` prints: for each strategy its figures, what it took, and its
        stability; paired differences of the strategies, over the same stories.

    Raises:
        InputError: no truth, or one that does not fit the documents; as the merge does.
        BudgetError: the next merge might cost more than is left.
    """
    if not strategies or set(strategies) - set(STRATEGIES):
        raise InputError(
            f"{', '.join(strategies) or 'nothing'}: not all of these are strategies.",
            where="--strategy",
            next=f"There are: {', '.join(sorted(STRATEGIES))}.",
        )
    corpus = gather(paths, how=Reading(exclude=(truth.name,) if truth else ()), cache=store)
    require(corpus)
    # Planted documents have other heads: what may not leave is told by those they are made of.
    check_sovereignty(corpus, spec, allow_cloud=allow_cloud, local_only=local_only)
    backlog = _backlog(corpus, truth, most)
    arrangements = (AS_IT_IS, *(OTHERWISE if again else ()))
    if dry_run:
        priced = [
            _price(backlog, how, job, strategy) for strategy in strategies for how in arrangements
        ]
        return {"model": spec.name, "strategies": list(strategies)} | total(priced)
    done: dict[str, Merged] = {}
    stable: dict[str, dict[str, dict[str, Interval]]] = {}
    left = max_usd
    with recorded(
        store,
        kind="merging",
        model=spec.name,
        strategy=",".join(strategies),
        parameters={
            "paths": list(paths),
            "truth": None if truth is None else str(truth),
            "most": most,
            "again": again,
            "max_usd": None if max_usd is None else str(max_usd),
        },
    ) as run:
        for strategy in strategies:
            stable[strategy] = {}
            for how in arrangements:
                one = _merge(backlog, how, job, strategy, store, left)
                if left is not None:
                    left -= Decimal(one.took["usd"] or 0)
                f1 = one.quality.figures["b_cubed_f1"]
                say(f"{strategy}, {how.name}: B-cubed F1 {f1.mean:.3f}, run {one.run}")
                if how is AS_IT_IS:
                    done[strategy] = one
                else:
                    before = done[strategy].quality.found
                    stable[strategy][how.name] = stability(before, one.quality.found)
        differences = _differences(done)
        store.save_scores(run, _scores(done, stable))
    return {
        "run": run,
        "model": spec.name,
        "truth": "planted" if truth is None else str(truth),
        "stories": len(done[strategies[0]].quality.found),
        "strategies": {
            strategy: {
                "merge": one.run,
                "scores": {name: f._asdict() for name, f in one.quality.figures.items()},
                "stability": {
                    how: {name: f._asdict() for name, f in figures.items()}
                    for how, figures in stable[strategy].items()
                },
                **one.took,
            }
            for strategy, one in done.items()
        },
        "differences": differences,
    }


def _backlog(corpus: Corpus, truth: Path | None, most: int) -> Backlog:
    if truth is not None:
        return Backlog(read_truth(truth), [e.document.path for e in corpus.extractions])
    texts = originals(corpus.stories, seed=SEEDS["reported"], most=most)
    if len(texts) < 10:
        raise InputError(
            f"{len(texts)} stories with a goal are too few to plant copies of.",
            next="Name more documents, or give --truth.",
        )
    return Backlog(planted=plant(texts, seed=SEEDS["reported"], shares=MIX, half="reported"))


def _merge(
    backlog: Backlog,
    how: Arrangement,
    job: MakeJob,
    strategy: str,
    store: Store,
    left: Decimal | None,
) -> Merged:
    """One merge of the backlog laid out in one way, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
        merge, truth = _ready(backlog, how, job, strategy, Path(folder))
        merge.max_usd = left
        finished = run_job(merge)
        names = recognise(truth, merge.corpus)
    books = open_books(store, finished["run"])
    assert books is not None
    took = ("calls", "reused_replies", "input_tokens", "output_tokens", "usd", "lost")
    return Merged(
        finished["run"],
        quality(truth, names, books),
        {name: finished[name] for name in took} | {"remark": merge.plan.remark},
    )


def _price(backlog: Backlog, how: Arrangement, job: MakeJob, strategy: str) -> Estimate:
    with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
        return estimate_of(_ready(backlog, how, job, strategy, Path(folder))[0])


def _ready(
    backlog: Backlog, how: Arrangement, job: MakeJob, strategy: str, folder: Path
) -> tuple[MergeJob, Truth]:
    """The backlog laid out in one way, to be merged; and its truth."""
    laid, truth = backlog.lay_out(folder / "in", how)
    merge = job(laid, folder / "out", strategy)
    if how.window < 1:
        merge.spec = replace(merge.spec, window=int(merge.spec.window * how.window))
    return merge, truth


def _differences(done: Mapping[str, Merged]) -> list[dict[str, Any]]:
    """Every later strategy against the first, story by story."""
    (first, base), *others = done.items()
    return [
        {
            "a": first,
            "b": strategy,
            "figure": name,
            **paired_difference(values, one.quality.of_story[name], seed=0)._asdict(),
        }
        for strategy, one in others
        for name, values in base.quality.of_story.items()
    ]


def _scores(
    done: Mapping[str, Merged], stable: Mapping[str, Mapping[str, Mapping[str, Interval]]]
) -> list[Score]:
    scores = []
    for strategy, one in done.items():
        for name, value in one.quality.figures.items():
            scores.append(figure(f"{strategy}_{name}", value, merge=one.run))
        for name, by_story in one.quality.of_story.items():
            scores += [Score(f"{strategy}_{name}_of_story", n, v) for n, v in by_story.items()]
        for how, figures in stable[strategy].items():
            scores += [
                figure(f"{strategy}_{name}_{how.replace(' ', '_')}", value)
                for name, value in figures.items()
            ]
    return scores
