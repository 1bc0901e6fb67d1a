"""Fabrication as a run: what a finished merge made up and lost, and how far the detector that says
so can be trusted on these very stories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evals.claims import (
    Claim,
    Held,
    Text,
    batches,
    claims,
    document,
    held,
    judged,
    rates,
    replies,
)
from evals.fabrication import Merge, MetaEval, clean_merge, evaluate, neighbours
from evals.fragments import extractiveness
from evals.recorded import figure, recorded
from evals.statistics import Interval
from pipeline.errors import InputError
from pipeline.gate.grounding import fields_of, grounded
from pipeline.merge.opinion import Entails
from pipeline.outcomes import StoryText
from pipeline.store.books import Books, open_books
from pipeline.store.record import Store
from pipeline.store.reports import run_report
from pipeline.store.rows.scores import Score
from pipeline.stories import Story

#: Stories of one text that fabrications are planted into, at most.
_GROUP = 3


def run_fabrication(
    run: str,
    store: Store,
    *,
    most: int = 200,
    seed: int = 0,
    entails: Entails | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Judge every sentence of a merge again, as it stands and as models wrote it.

    Args:
        run: a finished merge.
        most: texts that fabrications are planted into to test the detector; 0 for no test.
        entails: an entailment model's opinion beside the gate's rules, None for the rules alone.

    Returns:
        What ``eval fabrication --json`` prints: for ``document`` and ``replies`` (None where no
        model wrote) the figures with interval and n, by field and by batch; the ``detector``'s
        recall and precision by kind; every fabricated sentence, and every field of a source that
        the document does not say.

    Raises:
        InputError: no such run, no merge, not finished, or its text was purged.
    """
    head, books = _opened(run, store)
    batch = batches(books, head["strategy"])
    with recorded(
        store,
        kind="fabrication",
        model=head["model"],
        strategy=head["strategy"],
        revision=head["revision"],
        parameters={
            "merge": run,
            "most": most,
            "seed": seed,
            "entailment": entails is not None,
        },
    ) as new:
        texts, asked = document(books, batch), replies(books, batch)
        standing, written = _judged(texts, books, entails), _judged(asked, books, entails)
        copied = extractiveness(texts), extractiveness(asked)
        say(f"judged {len(standing[0])} sentences of {len(books.merged)} merged stories")
        tested = _tested(books, most, seed, entails)
        scores = [
            *_scores("", *standing),
            *(_scores("reply_", *written) if written[0] else ()),
            *(figure(name, value) for name, value in copied[0].items()),
            *(figure(f"reply_{name}", value) for name, value in copied[1].items()),
            *(_detector_scores(tested) if tested is not None else ()),
        ]
        store.save_scores(new, scores)
    return {
        "run": new,
        "merge": run,
        "model": head["model"],
        "strategy": head["strategy"],
        "document": _parts(*standing, copied[0]),
        "replies": _parts(*written, copied[1]) if written[0] else None,
        "detector": None if tested is None else _detector(tested),
        "fabrications": [
            {"stage": stage} | asdict(claim)
            for stage, (found, _) in (("document", standing), ("reply", written))
            for claim in found
            if claim.mark != "supported"
        ],
        "not_covered": [asdict(field) for field in standing[1] if not field.said],
    }


def _opened(run: str, store: Store) -> tuple[Mapping[str, Any], Books]:
    head, books = run_report(store, run), open_books(store, run)
    if head is None or books is None:
        raise InputError(f"no run {run!r}.", next="`storytransformer runs` lists them.")
    if head["kind"] != "merge" or not books.merged:
        raise InputError(
            "this run merged nothing." if head["kind"] == "merge" else f"this is a {head['kind']}.",
            where=run,
            next="Name a finished merge; `storytransformer runs` lists them.",
        )
    left = any(fields_of(merged.text) for merged in books.merged)
    if not left or any(s not in books.stories for m in books.merged for s in m.sources):
        raise InputError("its text was purged.", where=run, next="Merge the documents again.")
    return head, books


def _judged(
    texts: Sequence[Text], books: Books, entails: Entails | None
) -> tuple[list[Claim], list[Held]]:
    return [claim for text in texts for claim in claims(text, entails)], list(held(texts, books))


def _tested(books: Books, most: int, seed: int, entails: Entails | None) -> MetaEval | None:
    """The detector on faithful merges of what this run merged, then of neighbours."""
    groups = [
        list({books.stories[s].fingerprint: books.stories[s] for s in merged.sources}.values())
        for merged in books.merged
    ]
    stories = list(books.stories.values())
    merges: list[Merge] = [
        (clean_merge(group[:_GROUP]), group[:_GROUP])
        for group in groups
        if len(group) > 1 and all(story.goal for story in group[:_GROUP])
    ]
    merges = [*merges, *neighbours(stories)][:most]

    def stops(text: StoryText, sources: Sequence[Story]) -> bool:
        return not grounded(judged(text, sources, entails))

    return evaluate(merges, stories, seed=seed, detector=stops) if merges else None


def _scores(stage: str, found: Sequence[Claim], kept: Sequence[Held]) -> list[Score]:
    """The figures of a stage: whole, by field, by batch, and story by story, which is what two
    runs are compared over."""
    scores = [figure(f"{stage}{name}", value) for name, value in rates(found, kept).items()]
    for part in ("field", "batch"):
        for item, values in _by(part, found, kept).items():
            scores += [
                figure(f"{stage}{name}_by_{part}", values[name], item=item)
                for name in ("fabricated", "covered")
                if values[name].n
            ]
    for item, values in _by("story", found, kept).items():
        scores += [
            Score(f"{stage}{name}_of_story", item, values[name].mean, n=values[name].n)
            for name in ("fabricated", "covered")
            if values[name].n
        ]
    return scores


def _by(part: str, found: Sequence[Claim], kept: Sequence[Held]) -> dict[str, dict[str, Interval]]:
    """The figures of every field, batch or story."""
    claimed: dict[str, list[Claim]] = {}
    there: dict[str, list[Held]] = {}
    for claim in found:
        claimed.setdefault(getattr(claim, part), []).append(claim)
    for field in kept:
        there.setdefault(getattr(field, part), []).append(field)
    names = dict.fromkeys((*claimed, *there))
    return {name: rates(claimed.get(name, []), there.get(name, [])) for name in names}


def _parts(
    found: Sequence[Claim], kept: Sequence[Held], copied: Mapping[str, Interval]
) -> dict[str, Any]:
    return {
        "scores": _plain(rates(found, kept) | dict(copied)),
        "by_field": {name: _plain(v) for name, v in _by("field", found, kept).items()},
        "by_batch": {name: _plain(v) for name, v in _by("batch", found, kept).items()},
    }


def _plain(values: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: value._asdict() for name, value in values.items()}


def _detector(tested: MetaEval) -> dict[str, Any]:
    return {
        "recall": _plain(tested.recall),
        "precision": _plain(tested.precision),
        "false_stops": tested.false_stops._asdict(),
    }


def _detector_scores(tested: MetaEval) -> list[Score]:
    return [
        figure("detector_false_stops", tested.false_stops),
        *(figure("detector_recall", v, item=kind) for kind, v in tested.recall.items()),
        *(figure("detector_precision", v, item=kind) for kind, v in tested.precision.items()),
    ]
