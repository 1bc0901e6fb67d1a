"""Merge quality as a run: a backlog whose truth is known, merged, and again in other orders and
parts; and where a judge is asked, what its answers would have come to."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import MIX, SEEDS, merge, originals
from evals.corpora.planting import plant
from evals.corpora.truth import Arrangement, Backlog, Truth, read_truth, recognise
from evals.declared import Asked
from evals.merges.merge_price import estimate_of, total
from evals.merges.opinions import Opinions, opinions_of
from evals.metrics.quality import Quality, quality, stability
from evals.metrics.statistics import Interval
from evals.recorded import figure
from pipeline.config.options import MergeOptions, ReadOptions
from pipeline.errors import InputError
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.run.corpus import Corpus, gather, require
from pipeline.run.job import MergeJob
from pipeline.run.job import run as run_job
from pipeline.run.sovereignty import check_sovereignty, copies_of
from pipeline.store.rows.eval_rows import Score

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


@dataclass(frozen=True)
class _Measure:
    """What is merged, by whom.

    Args:
        model: who is asked about pairs; nobody unless that was wanted.
    """

    asked: Asked
    model: str
    backlog: Backlog

    def job(self, folder: Path, laid: list[str], ask: bool) -> MergeJob:
        """A merge of the backlog as it is laid out, ready to run."""
        chosen = self.asked.chosen
        return self.asked.merge(
            laid,
            MergeOptions(
                out=str(folder / "out"),
                allow_cloud=copies_of(chosen.allow_cloud),
                propose=ask,
                pairs=chosen.pairs,
            ),
            model=self.model if ask else EXTRACTIVE,
        )


def _measure(asked: Asked) -> _Measure:
    """The backlog, read.

    Raises:
        InputError: a question without somebody to ask, no truth, or one that does not fit the
            documents.
        SovereigntyError: a model elsewhere would be asked about documents that may not leave.
    """
    chosen = asked.chosen
    if chosen.propose and asked.model == EXTRACTIVE:
        raise InputError(
            "there is nobody to ask.", where="--propose", next="Name a model with --model."
        )
    model = asked.model if chosen.propose else EXTRACTIVE
    spec = asked.runtime.find(model)
    truth = None if chosen.truth is None else Path(chosen.truth)
    exclude = (truth.name,) if truth else ()
    corpus = gather(asked.paths, how=ReadOptions(exclude=exclude), cache=asked.store)
    require(corpus)
    # Planted documents have other heads: what may not leave is told by those they are made of.
    if chosen.propose:
        check_sovereignty(
            corpus,
            spec,
            allow_cloud=chosen.allow_cloud,
            local_only=asked.runtime.settings.local_only,
        )
    return _Measure(asked, spec.name, _backlog(corpus, truth, chosen.most))


def price_merging(asked: Asked) -> dict[str, Any]:
    """What the merge would cost: who is asked, and what :func:`evals.merges.merge_price.total`
    tells of it."""
    measure = _measure(asked)
    with tempfile.TemporaryDirectory(prefix="backlog-") as name:
        folder, propose = Path(name), asked.chosen.propose
        laid, _ = measure.backlog.lay_out(folder / "in", AS_IT_IS)
        estimate = estimate_of(measure.job(folder, laid, propose))
    return {"model": measure.model, "propose": propose} | total([estimate])


def run_merging(asked: Asked) -> dict[str, Any]:
    """Merge a backlog and hold the outcome against its truth.

    Every merge is a run of the database of its own; replies that are journalled are not asked for
    again.

    Returns:
        The figures, what it took, its stability, and of a judge how right it was and what would
        follow if its answers acted.

    Raises:
        InputError: no truth, or one that does not fit the documents; as the merge does.
    """
    measure, chosen, truth = _measure(asked), asked.chosen, asked.chosen.truth
    with asked.recorded(model=measure.model, strategy="pairs" if chosen.propose else "none") as run:
        first = _merge(measure, AS_IT_IS, chosen.propose, chosen.max_cost)
        asked.say(f"merged in run {first.run}: {_told(first.quality)}")
        stable = {
            how.name: stability(first.quality.found, _merge(measure, how, False).quality.found)
            for how in (OTHERWISE if chosen.again else ())
        }
        asked.store.save_scores(run, _scores(first, stable))
    return {
        "run": run,
        "merge": first.run,
        "model": measure.model,
        "truth": "planted" if truth is None else truth,
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
    measure: _Measure, how: Arrangement, propose: bool, most: Decimal | None = None
) -> Merged:
    """One merge of the backlog laid out in one way, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as folder:
        laid, truth = measure.backlog.lay_out(Path(folder) / "in", how)
        made = measure.job(Path(folder), laid, propose)
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
