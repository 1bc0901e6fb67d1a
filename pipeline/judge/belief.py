"""How far a judge is believed on a corpus: by what its record says of pairs like those in question,
at the corpus's own share of true ones; or because a person read what it would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.entries import Answer
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import AnswerRecord, Group, Record
from pipeline.judge.strata import Cell

#: Share of true pairs among candidates where nobody has looked: real backlogs hold fewer.
ASSUMED_SHARE = 0.01
#: Precision that an answer must be expected to have to act, and the lower bound of it.
EXPECTED, AT_LEAST = 0.99, 0.95
#: Would-be folds that a person reads and finds right, all of them: 0.95 to the power of 59 is less
#: than 0.05, so that with fewer right ones in all, one wrong would have been among them.
READINGS = 59
#: Pairs with another answer that a group must have been examined on.
_EXAMINED = 20


_NONE_READ = Rate(0, 0)


class Precision(NamedTuple):
    """The share of an answer's pairs that truly have it, and a lower bound."""

    expected: float
    low: float


@dataclass(frozen=True, slots=True)
class Share:
    """The share of true pairs among a corpus's candidates.

    Args:
        looked: of candidates drawn at random that a person looked at, those that are one need;
            None where nobody looked.
    """

    looked: Rate | None = None

    @property
    def likely(self) -> float:
        """What it is taken to be."""
        if self.looked is None or self.looked.share is None:
            return ASSUMED_SHARE
        return self.looked.share

    @property
    def low(self) -> float:
        """A bound that it is hardly below."""
        return ASSUMED_SHARE if self.looked is None or not self.looked.n else self.looked.lower()


@dataclass(frozen=True, slots=True)
class Readings:
    """What a person found of a judge's would-be folds on a corpus, read in a random order from its
    beginning: those that are right."""

    right: Rate = _NONE_READ

    @property
    def believed(self) -> bool:
        """Enough were read, and none was wrong."""
        return self.right.n >= READINGS and self.right.hits == self.right.n

    @property
    def refuted(self) -> bool:
        """So many were wrong that 99 of 100 cannot be right."""
        return self.right.n > 0 and self.right.upper() < EXPECTED


def precision(
    share: float, recall: Rate, false_positives: Rate, low_share: float | None = None
) -> Precision:
    """The precision of an answer where ``share`` of the pairs truly have it, by Bayes' rule:
    share · recall / (share · recall + (1 - share) · false-positive rate).

    The lower bound takes the lower bound of the recall and the upper one of the false positives
    (Clopper-Pearson, one-sided 95 % each), which both have to fail for it to be too high.
    """
    return Precision(
        _precision(share, recall.share or 0.0, false_positives.share),
        _precision(
            share if low_share is None else low_share, recall.lower(), false_positives.upper()
        ),
    )


def _precision(share: float, recall: float, false: float | None) -> float:
    right = share * recall
    wrong = (1 - share) * (1.0 if false is None else false)
    return right / (right + wrong) if right else 0.0


@dataclass(frozen=True, slots=True)
class Belief:
    """What a judge with a record may do on one corpus.

    Args:
        share: of true pairs among its candidates.
        readings: what a person found of the judge's would-be folds there.
    """

    record: Record
    share: Share = Share()
    readings: Readings = Readings()

    @property
    def thresholds(self) -> Mapping[Answer, float | None]:
        """From which likelihood each answer counts; "different" has no consequence."""
        return {one.answer: one.threshold for one in self.record.answers}

    @property
    def decides_nothing(self) -> bool:
        """Whether none of the judge's answers counts at any likelihood, so that nothing would
        follow of asking it, here or anywhere."""
        return all(
            threshold is None
            for answer, threshold in self.thresholds.items()
            if answer is not Answer.DIFFERENT
        )

    def abstains(self, answer: Answer, cell: Cell) -> str:
        """Why the judge is not heard on a pair, "" where it is: its language, shape, length or
        wording was not examined, or went clearly worse than the rest of its language."""
        found = self.record.of(answer)
        pool = found and _group(found, cell.language, "", "")
        if not found or not pool or pool.false_positives.n < _EXAMINED or not pool.recall.n:
            return f"{cell.language or 'a language that is not known'} was not examined"
        for dimension, value in cell.parts:
            group = _group(found, cell.language, dimension, value)
            if group is None or group.false_positives.n < _EXAMINED or not group.recall.n:
                return f"{dimension} {value!r} was not examined"
            if clearly_worse(group, pool):
                return f"{dimension} {value!r} went clearly worse than the rest"
        return ""

    def precision(self, answer: Answer, language: str) -> Precision:
        """What of an answer in a language is expected here."""
        found = self.record.of(answer)
        pool = found and _group(found, language, "", "")
        if not pool:
            return Precision(0.0, 0.0)
        return precision(self.share.likely, pool.recall, pool.false_positives, self.share.low)

    def believes(self, answer: Answer, language: str) -> bool:
        """Whether an answer may act here."""
        if answer is Answer.ONE_NEED:
            if self.readings.refuted:
                return False
            if self.readings.believed:
                return True
        found = self.precision(answer, language)
        return found.expected >= EXPECTED and found.low >= AT_LEAST

    @property
    def because(self) -> str:
        """By what the judge's "one need" is believed here, for the plan: ``exam`` with languages,
        ``read`` with how many, or "" for nothing."""
        if self.readings.refuted:
            return ""
        if self.readings.believed:
            return f"{self.readings.right.n} read"
        found = self.record.of(Answer.ONE_NEED)
        languages = sorted({one.language for one in found.groups}) if found else []
        believed = [one for one in languages if self.believes(Answer.ONE_NEED, one)]
        return (
            f"exam: {', '.join(one or 'unknown language' for one in believed)}" if believed else ""
        )


def clearly_worse(group: Group, pool: Group) -> bool:
    """Whether a group went worse than the rest of its pool by more than chance: the bound that its
    rate is hardly better than lies beyond the one that the rest is hardly worse than."""
    false, recall = group.false_positives, group.recall
    rest = pool.false_positives.without(false), pool.recall.without(recall)
    if rest[0].n and false.lower() > rest[0].upper():
        return True
    return bool(rest[1].n and recall.n) and recall.upper() < rest[1].lower()


def _group(found: AnswerRecord, language: str, dimension: str, value: str) -> Group | None:
    wanted = (language, dimension, value)
    return next(
        (one for one in found.groups if (one.language, one.dimension, one.value) == wanted), None
    )
