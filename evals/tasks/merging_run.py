"""Merge quality as a run: a backlog whose truth is known, merged, and again in other orders and
parts; and where a judge is asked, what its answers would have come to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import MIX, SEEDS, merge, originals
from evals.corpora.planting import plant
from evals.corpora.truth import Arrangement, Backlog, Truth, read_truth, recognise
from evals.metrics.quality import Quality, quality, stability
from evals.metrics.statistics import Interval
from evals.recorded import figure, recorded
from evals.tasks.merge_price import estimate_of, total
from evals.tasks.opinions import Opinions, opinions_of
from pipeline.config.options import ReadOptions
from pipeline.errors import InputError
from pipeline.models import ModelSpec
from pipeline.run.corpus import Corpus, gather, require
from pipeline.run.job import MergeJob
from pipeline.run.job import run as run_job
from pipeline.run.sovereignty import check_sovereignty
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

#: Makes a merge of paths into a folder, ready to run; the model is asked where the last says so.
MakeJob = Callable[[Sequence[str], Path, bool], MergeJob]

AS_IT_IS = Arrangement("as it is")
#: What a merge should not depend on: the order of the stories, and how they are cut into parts.
OTHERWISE = (Arrangement("shuffled", seed=1), Arrangement("other parts", per_document=17))
#: Of a merge's figures, those that would be others if the judge's answers acted.
_BELIEVED = (
    "folded", "together", "lookalikes_folded", "conflicts_in_one_entry", "conflicts_marked",
    "marks_true", "pairwise_precision", "b_cubed_f1", "standing_words",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Merged:
    """One finished merge of the backlog: its figures, what it took, and what the judge said.

    Args:
        believed: figures of a merge in which every answer of the judge acts.
    """

    run: str
    quality: Quality
    took: Mapping[str, Any]
    opinions: Opinions | None = None
    believed: Mapping[str, Interval] | None = None


def run_merging(
    paths: Sequence[str],
    spec: ModelSpec,
    job: MakeJob,
    store: Store,
    *,
    truth: Path | None = None,
    propose: bool = False,
    most: int = 200,
    again: bool = True,
    max_usd: Decimal | None = None,
    allow_cloud: Sequence[str] = (),
    local_only: Sequence[str] = (),
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Merge a backlog and hold the outcome against its truth.

    Every merge is a run of the database of its own; replies that are journalled are not asked for
    again.

    Args:
        truth: a truth file of these documents. Without one their stories are planted: copied,
            reworded, split and contradicted, in documents of their own.
        propose: ask the model about pairs, and tell what its answers are worth.
        most: originals to plant, at most.
        again: merge it shuffled and in other parts too, to see whether the same comes out.
        dry_run: price the merge, ask nothing.

    Returns:
        With ``dry_run`` what :func:`evals.tasks.merge_price.total` tells of it. Else what
        ``eval merging --json`` prints: the figures, what it took, its stability, and of a judge how
        right it was and what would follow if its answers acted.

    Raises:
        InputError: no truth, or one that does not fit the documents; as the merge does.
    """
    corpus = gather(paths, how=ReadOptions(exclude=(truth.name,) if truth else ()), cache=store)
    require(corpus)
    # Planted documents have other heads: what may not leave is told by those they are made of.
    if propose:
        check_sovereignty(corpus, spec, allow_cloud=allow_cloud, local_only=local_only)
    backlog = _backlog(corpus, truth, most)
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
            laid, _ = backlog.lay_out(Path(folder) / "in", AS_IT_IS)
            estimate = estimate_of(job(laid, Path(folder) / "out", propose))
        return {"model": spec.name, "propose": propose} | total([estimate])
    with recorded(
        store,
        kind="merging",
        model=spec.name,
        strategy="pairs" if propose else "none",
        parameters={
            "paths": list(paths),
            "truth": None if truth is None else str(truth),
            "propose": propose,
            "most": most,
            "again": again,
            "max_usd": None if max_usd is None else str(max_usd),
        },
    ) as run:
        first = _merge(backlog, AS_IT_IS, job, propose, max_usd)
        say(f"merged in run {first.run}: {_told(first.quality)}")
        stable = {
            how.name: stability(first.quality.found, _merge(backlog, how, job, False).quality.found)
            for how in (OTHERWISE if again else ())
        }
        store.save_scores(run, _scores(first, stable))
    return {
        "run": run,
        "merge": first.run,
        "model": spec.name,
        "truth": "planted" if truth is None else str(truth),
        "stories": len(first.quality.found),
        "scores": _as_dicts(first.quality.figures),
        "stability": {how: _as_dicts(figures) for how, figures in stable.items()},
        "judge": None
        if first.opinions is None
        else first.opinions.told() | {"believed": _as_dicts(first.believed or {})},
        **first.took,
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
    backlog: Backlog, how: Arrangement, job: MakeJob, propose: bool, most: Decimal | None = None
) -> Merged:
    """One merge of the backlog laid out in one way, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
        laid, truth = backlog.lay_out(Path(folder) / "in", how)
        made = job(laid, Path(folder) / "out", propose)
        made.chosen, made.goes_on = replace(made.chosen, max_cost=most), False
        finished = run_job(made)
        names = recognise(truth, made.corpus)
    kept = made.kept
    found = quality(
        truth, names, made.merged, made.corpus.by_id, (kept.units - len(kept.missing), kept.units)
    )
    took = ("calls", "reused_replies", "input_tokens", "output_tokens", "usd", "entries")
    what = {name: finished[name] for name in took}
    if not propose:
        return Merged(finished["run"], found, what)
    said = opinions_of(made, truth, names)
    return Merged(finished["run"], found, what, said, _believed(made, truth, names, said))


def _believed(
    made: MergeJob, truth: Truth, names: Mapping[str, str], said: Opinions
) -> dict[str, Interval]:
    """What the merge would be worth if every answer acted."""
    acted = merge(made.corpus, said.judgements)
    found = quality(truth, names, acted, made.corpus.by_id).figures
    return {name: found[name] for name in _BELIEVED}


def _told(found: Quality) -> str:
    together, marked = found.figures["together"], found.figures["conflicts_marked"]
    return (
        f"{together.mean:.0%} of {together.n} pairs in one entry or next to each other, "
        f"{marked.mean:.0%} of {marked.n} conflicts marked"
    )


def _as_dicts(figures: Mapping[str, Interval]) -> dict[str, dict[str, Any]]:
    return {name: value._asdict() for name, value in figures.items()}


def _scores(first: Merged, stable: Mapping[str, Mapping[str, Interval]]) -> list[Score]:
    scores = [figure(n, value, merge=first.run) for n, value in first.quality.figures.items()]
    for name, by_story in first.quality.of_story.items():
        scores += [Score(f"{name}_of_story", n, v) for n, v in by_story.items()]
    for how, figures in stable.items():
        scores += [
            figure(f"{how.replace(' ', '_')}_{name}", value) for name, value in figures.items()
        ]
    if first.opinions is not None:
        scores += [figure(f"judge_{n}", value) for n, value in first.opinions.scores.items()]
    if first.believed is not None:
        scores += [figure(f"believed_{n}", value) for n, value in first.believed.items()]
    return scores
