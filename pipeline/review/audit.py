"""Reading what a judge does: pairs of a run in a drawn order, each answer kept as a decision and as
a reading that says how far the judge is right on these documents."""

from __future__ import annotations

from typing import Any

from pipeline.errors import InputError
from pipeline.judge.belief import READINGS, Readings, Share
from pipeline.review.answers import Answer
from pipeline.review.questions import Question, about_pairs, finished_run_of
from pipeline.store.judgements import Purpose
from pipeline.store.record import Store


def drawn_questions(
    store: Store, run: str, purpose: Purpose, *, most: int = READINGS
) -> list[Question]:
    """The pairs of a run that are to be read next, in the order of the draw.

    Args:
        purpose: ``fold`` for what the judge folds or would fold, ``candidate`` for what it was
            asked.
        most: pairs that are read in all, those that were read before among them.

    Raises:
        InputError: no such run, or none that a judge with a record judged.
    """
    finished = finished_run_of(store, run)
    corpus, record = store.judged_with(run)
    if not record:
        raise InputError(
            "no judge with a record said anything in this run.",
            where=run,
            next="`storytransformer exam --model NAME` makes one; then merge with --judge NAME.",
        )
    read = store.read_before(corpus, record, purpose)
    first = store.drawn(corpus, record, purpose)[:most]
    return about_pairs(finished, [pair for pair in first if pair not in read])


def keep(store: Store, run: str, purpose: Purpose, answer: Answer, *, by: str) -> None:
    """Keep an answer as a decision and as a reading: right is what is one need."""
    answer.keep(store, run)
    pair = answer.question.fingerprints
    store.read_pair(run, pair, purpose=purpose, right=answer.given == "one_need", by=by)


def found(store: Store, run: str, purpose: Purpose) -> dict[str, Any]:
    """What was read so far, as ``review --json`` has it."""
    corpus, record = store.judged_with(run)
    if purpose == "candidate":
        return _share(store.share(corpus, record))
    readings = store.readings(corpus, record)
    right = readings.right
    return {
        "record": record,
        "read": right.n,
        "wrong": right.n - right.hits,
        "right_at_least": right.lower(),
        "believed": readings.believed,
    }


def _share(share: Share) -> dict[str, Any]:
    looked = share.looked
    return {
        "read": looked.n if looked else 0,
        "one_need": looked.hits if looked else 0,
        "share": share.likely,
        "share_at_least": share.low,
    }


def told(store: Store, run: str, purpose: Purpose) -> str:
    """The same in a sentence."""
    corpus, record = store.judged_with(run)
    if purpose == "candidate":
        share = store.share(corpus, record)
        n = share.looked.n if share.looked else 0
        return f"{n} candidates read: {share.likely:.1%} are one need, at least {share.low:.1%}."
    return in_words(store.readings(corpus, record))


def in_words(readings: Readings) -> str:
    """What was read of a judge's folds, and what follows."""
    right = readings.right
    if not right.n:
        return "None of the judge's folds here was read."
    wrong = right.n - right.hits
    said = f"{right.n} folds read, {wrong} wrong: at least {right.lower():.1%} are right (95 %)."
    if readings.refuted:
        return f"{said} The judge folds nothing here any more."
    if readings.believed:
        return f"{said} The next merge of these documents goes by the judge."
    left = READINGS - right.n
    return said if wrong or left <= 0 else f"{said} {left} more without a wrong one let it fold."
