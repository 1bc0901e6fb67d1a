"""From what a judge said of labelled pairs to its record.

Thresholds come from the pairs of the half ``threshold``; every figure from those of ``report``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.entries import Answer
from pipeline.judge.belief import ASSUMED_SHARE, EXPECTED, precision
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import AnswerRecord, Bin, Group, Judge, Reads, Record
from pipeline.judge.labels import Half
from pipeline.judge.strata import Cell

_BINS = 10


@dataclass(frozen=True, slots=True)
class Said:
    """What a judge says of a pair.

    Args:
        answer: in a word, None where it cannot be used.
        likelihoods: of all answers, None where the judge gives none.
    """

    answer: Answer | None
    likelihoods: Mapping[Answer, float] | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """A labelled pair with what was said of it.

    Args:
        true: its answer. veto: why no judge is heard that calls it one need, "" for nothing.
    """

    half: Half
    kind: str
    cell: Cell
    true: Answer
    said: Said
    veto: str = ""


def likelihoods_of(told: Mapping[str, float] | None, words: Mapping[str, Answer]) -> (
    Mapping[Answer, float] | None
):  # fmt: skip
    """The likelihoods of a reply by answer; None where they are not those of all answers, finite,
    between 0 and 1, with a sum of about 1: what is not understood is none."""
    if told is None or set(told) != set(words):
        return None
    found = {words[word]: value for word, value in told.items()}
    if not all(math.isfinite(p) and -1e-6 <= p <= 1 + 1e-6 for p in found.values()):
        return None
    return found if abs(math.fsum(found.values()) - 1) < 0.01 else None


def reads_of(said: Iterable[Said]) -> Reads:
    """By what a judge is read: the likelihoods where it gives them with most of its answers."""
    usable = [one for one in said if one.answer is not None]
    given = sum(one.likelihoods is not None for one in usable)
    return "likelihood" if given * 2 > len(usable) else "word"


def score(said: Said, answer: Answer, reads: Reads) -> float:
    """How surely a judge says an answer, 0 to 1. A judge read by likelihoods that gives none says
    nothing; one read by its word says it wholly or not."""
    if said.answer is None:
        return 0.0
    if reads == "word":
        return float(said.answer is answer)
    return said.likelihoods.get(answer, 0.0) if said.likelihoods is not None else 0.0


def heard(
    said: Said, thresholds: Mapping[Answer, float | None], reads: Reads, veto: str = ""
) -> tuple[Answer, float] | None:
    """The answer that counts, with its likelihood: the surest of those that reach their threshold,
    none where two are equally sure. A veto silences "one need"."""
    reached = [
        (score(said, answer, reads), answer)
        for answer, threshold in thresholds.items()
        if threshold is not None and not (veto and answer is Answer.ONE_NEED)
    ]
    reached = [
        (sure, answer)
        for sure, answer in reached
        if sure > 0 and sure >= (thresholds[answer] or 0.0)
    ]
    if not reached:
        return None
    best = max(sure for sure, _ in reached)
    surest = [answer for sure, answer in reached if sure == best]
    return (surest[0], best) if len(surest) == 1 else None


def examine(
    judge: Judge, pairs: Sequence[Examined], *, labels: Iterable[str] = (), sovereignty: str = ""
) -> Record:
    """The record of a judge that was asked these pairs.

    Args:
        labels: the files they are from. sovereignty: the mark that the record bears.
    """
    reads = reads_of(one.said for one in pairs)
    setting = [one for one in pairs if one.half == "threshold"]
    thresholds = {answer: threshold_of(setting, answer, reads) for answer in Answer}
    report = [one for one in pairs if one.half == "report"]
    found = [heard(one.said, thresholds, reads, one.veto) for one in report]
    called = [None if one is None else one[0] for one in found]
    return Record(
        judge=judge,
        reads=reads,
        answers=tuple(
            _answer(answer, thresholds[answer], report, called, reads) for answer in Answer
        ),
        n=len(pairs),
        failed=sum(one.said.answer is None for one in pairs),
        labels=tuple(labels),
        sovereignty=sovereignty,
    )


def threshold_of(pairs: Sequence[Examined], answer: Answer, reads: Reads) -> float | None:
    """The lowest likelihood from which an answer is expected to be right in 99 of 100 cases where
    one pair in a hundred truly has it; None where there is none. Vetoed pairs set no threshold."""
    wrong: list[float] = []
    right: list[float] = []
    for one in pairs:
        if not (one.veto and answer is Answer.ONE_NEED):
            sure = score(one.said, answer, reads)
            (right if one.true is answer else wrong).append(sure)
    n_right = sum(one.true is answer for one in pairs)
    n_wrong = len(pairs) - n_right
    best = None
    for threshold in sorted({sure for sure in right if sure > 0}, reverse=True):
        recall = Rate(sum(sure >= threshold for sure in right), n_right)
        false = Rate(sum(sure >= threshold for sure in wrong), n_wrong)
        if n_wrong and precision(ASSUMED_SHARE, recall, false).expected >= EXPECTED:
            best = threshold
    return best


def _answer(
    answer: Answer,
    threshold: float | None,
    report: Sequence[Examined],
    called: Sequence[Answer | None],
    reads: Reads,
) -> AnswerRecord:
    hits = [one is answer for one in called]
    truly = [one.true is answer for one in report]
    vetoed = [bool(one.veto) and answer is Answer.ONE_NEED for one in report]
    return AnswerRecord(
        answer,
        threshold,
        *_rates(range(len(report)), hits, truly),
        Rate(sum(v for v, t in zip(vetoed, truly, strict=True) if t), sum(truly)),
        tuple(_groups(report, hits, truly)),
        tuple(_bins(report, answer, reads)),
    )


def _rates(of: Iterable[int], hits: Sequence[bool], truly: Sequence[bool]) -> tuple[Rate, Rate]:
    """False positives and recall on some of the pairs."""
    places = list(of)
    wrong = [hits[i] for i in places if not truly[i]]
    right = [hits[i] for i in places if truly[i]]
    return Rate(sum(wrong), len(wrong)), Rate(sum(right), len(right))


def _groups(
    report: Sequence[Examined], hits: Sequence[bool], truly: Sequence[bool]
) -> Iterable[Group]:
    members: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for i, one in enumerate(report):
        language = one.cell.language
        for dimension, value in (("", ""), *one.cell.parts, ("kind", one.kind)):
            members[language, dimension, value].append(i)
    for (language, dimension, value), places in sorted(members.items()):
        yield Group(language, dimension, value, *_rates(places, hits, truly))


def _bins(report: Sequence[Examined], answer: Answer, reads: Reads) -> Iterable[Bin]:
    """Reliability in ten bins of equal width; nothing of a judge without likelihoods."""
    if reads == "word":
        return
    held: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for one in report:
        sure = score(one.said, answer, reads)
        held[min(_BINS - 1, int(sure * _BINS))].append((sure, one.true is answer))
    for _, found in sorted(held.items()):
        mean = math.fsum(sure for sure, _ in found) / len(found)
        yield Bin(round(mean, 6), sum(right for _, right in found), len(found))


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error: the mean distance of likelihood and share of right answers,
    weighed by the bins' sizes (Naeini et al. 2015)."""
    n = sum(one.n for one in bins)
    return sum(abs(one.mean * one.n - one.right) for one in bins) / n if n else None
