"""A record: what an exam found of a judge, and of which judge just that was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pipeline.calls import canonical_json
from pipeline.entries import Answer
from pipeline.judge.intervals import Rate
from pipeline.judge.window_figures import WindowFigures, figures_from

#: By what a judge's answers are weighed: their likelihoods, or the word alone.
Reads = Literal["likelihood", "word"]


@dataclass(frozen=True, slots=True)
class Judge:
    """Just which judge was examined: a record holds for one in which all of this is equal.

    Args:
        model: its name. revision: sha256 of local weights, or the provider's model id.
        quantisation: how its weights are held ("16 bit", "4 bit").
        adapter: hash of it, "" for none.
        prompt: name and version; prompt_sha256: of its text.
        exam: :func:`pipeline.judge.labels.exam_hash` of the labelled pairs.
        vetoes: version of the vetoes that outrank it.
    """

    model: str
    revision: str
    quantisation: str
    adapter: str
    prompt: str
    prompt_sha256: str
    exam: str
    vetoes: str


@dataclass(frozen=True, slots=True)
class Group:
    """What of an answer was found on pairs that have something in common.

    Args:
        language: of the pairs; ``dimension``, ``value``: what else they share, "" for all of the
            language. ``kind`` is what the labels call them, which nobody sees in a pair.
        false_positives: of the pairs with another answer, those called this one.
        recall: of the pairs with this answer, those called so.
    """

    language: str
    dimension: str
    value: str
    false_positives: Rate
    recall: Rate


@dataclass(frozen=True, slots=True)
class Bin:
    """Calibration: of ``n`` pairs whose answer had a likelihood of about ``mean``, ``right`` were
    right."""

    mean: float
    right: int
    n: int


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What was found of one of a judge's answers.

    Args:
        threshold: likelihood from which it counts, set on pairs that no figure here comes from;
            None where no threshold keeps wrong ones out.
        vetoed: of the pairs that truly have this answer, those that a veto keeps from it.
        groups: by language, and within it by shape, length, wording and kind.
    """

    answer: Answer
    threshold: float | None
    false_positives: Rate
    recall: Rate
    vetoed: Rate
    groups: tuple[Group, ...] = ()
    calibration: tuple[Bin, ...] = ()


@dataclass(frozen=True)
class Record:
    """What an exam found.

    Args:
        answers: to questions about two stories; none of an exam of windows.
        labels: the files of the exam, to find it again.
        failed: questions without an answer that can be used; they count as no answer.
        windows: of many stories, by their size; none of an exam of pairs.
        made, usd, seconds: when, and what it took; no part of what was found.
    """

    judge: Judge
    reads: Reads
    answers: tuple[AnswerRecord, ...]
    n: int
    failed: int = 0
    labels: tuple[str, ...] = ()
    made: date | None = None
    usd: str | None = None
    seconds: float | None = None
    sovereignty: str = field(default="")
    windows: tuple[WindowFigures, ...] = ()

    @cached_property
    def id(self) -> str:
        """Hash of who was examined, with what, and what was found: 16 hex digits."""
        told = as_mapping(self)
        for name in ("labels", "made", "usd", "seconds", "sovereignty"):
            told.pop(name)
        return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:16]

    def of(self, answer: Answer) -> AnswerRecord | None:
        """What was found of an answer."""
        return next((one for one in self.answers if one.answer is answer), None)


def as_mapping(record: Record) -> dict[str, Any]:
    """A record as plain values; :func:`from_mapping` reads it back."""
    told = asdict(record)
    told["made"] = record.made.isoformat() if record.made else None
    told["labels"] = list(record.labels)
    for answer in told["answers"]:
        answer["answer"] = str(answer["answer"])
    if not record.windows:  # so that records of pairs stay what they are known by
        del told["windows"]
    return told


def from_mapping(told: Mapping[str, Any]) -> Record:
    """A record of plain values, as a database or the catalogue hold it.

    Raises:
        ValueError, KeyError, TypeError: it is not a record.
    """
    made = told.get("made")
    if told.get("windows") and told["answers"]:
        raise ValueError("figures of windows beside answers about two stories")
    return Record(
        judge=Judge(**{one.name: str(told["judge"][one.name]) for one in fields(Judge)}),
        reads=_reads(told["reads"]),
        answers=tuple(map(_answer, told["answers"])),
        n=int(told["n"]),
        failed=int(told.get("failed", 0)),
        labels=tuple(map(str, told.get("labels", ()))),
        made=date.fromisoformat(str(made)) if made else None,
        usd=None if told.get("usd") is None else str(told["usd"]),
        seconds=None if told.get("seconds") is None else float(told["seconds"]),
        sovereignty=str(told.get("sovereignty", "")),
        windows=figures_from(told.get("windows", ())),
    )


def _reads(told: object) -> Reads:
    if told == "likelihood":
        return "likelihood"
    if told == "word":
        return "word"
    raise ValueError(f"a judge is read by no {told!r}")


def _answer(told: Mapping[str, Any]) -> AnswerRecord:
    threshold = told.get("threshold")
    if threshold is not None and not 0 <= float(threshold) <= 1:
        raise ValueError(f"{threshold!r} is not a likelihood")
    found = AnswerRecord(
        Answer(told["answer"]),
        None if threshold is None else float(threshold),
        _rate(told["false_positives"]),
        _rate(told["recall"]),
        _rate(told["vetoed"]),
        tuple(
            Group(
                str(one["language"]),
                str(one["dimension"]),
                str(one["value"]),
                _rate(one["false_positives"]),
                _rate(one["recall"]),
            )
            for one in told.get("groups", ())
        ),
        tuple(
            Bin(float(one["mean"]), int(one["right"]), int(one["n"]))
            for one in told.get("calibration", ())
        ),
    )
    _check_parts(found)
    return found


def _check_parts(found: AnswerRecord) -> None:
    """Refuse groups that are not part of what they are said to be a part of.

    Raises:
        ValueError: one of them.
    """
    pools = {one.language: one for one in found.groups if not one.dimension}
    for one in found.groups:
        whole = pools.get(one.language) if one.dimension else None
        if one.dimension and whole is None:
            raise ValueError(f"no figures of {one.language!r} as a whole")
        for rate, of in (
            (one.false_positives, whole.false_positives if whole else found.false_positives),
            (one.recall, whole.recall if whole else found.recall),
        ):
            of.without(rate)


def _rate(told: Mapping[str, Any]) -> Rate:
    return Rate(int(told["hits"]), int(told["n"]))


def rows(record: Record) -> Iterable[dict[str, Any]]:
    """A record as ``exam --json`` prints it: a row an answer and group, that of all pairs first; of
    windows two a size, pairs of one scene and pairs of two."""
    for one in record.answers:
        everything = Group("", "", "", one.false_positives, one.recall)
        for group in (everything, *one.groups):
            kind = "all" if group is everything else _kind(group)
            row = _row(record, kind, group.false_positives, group.recall)
            yield row | {
                "answer": str(one.answer),
                "language": group.language,
                "threshold": one.threshold,
                "vetoed": one.vetoed.share,
            }
    for size in record.windows:
        kind = f"windows of up to {size.stories} stories"
        yield _row(record, kind, size.report.within, size.report.recall)
        yield _row(record, f"{kind}: pairs of two scenes", size.report.across, Rate(0, 0))


def _row(record: Record, kind: str, false_positives: Rate, recall: Rate) -> dict[str, Any]:
    return {
        "id": record.id,
        "model": record.judge.model,
        "answer": str(Answer.ONE_NEED),
        "kind": kind,
        "language": "",
        "n": false_positives.n,
        "false_positives": false_positives.hits,
        "false_positive_rate": false_positives.share,
        "false_positive_upper": false_positives.upper(),
        "positives": recall.n,
        "found": recall.hits,
        "recall": recall.share,
        "interval": list(recall.interval),
        "threshold": None,
        "vetoed": None,
        "usd": record.usd,
        "seconds": record.seconds,
    }


def _kind(group: Group) -> str:
    return (
        f"{group.dimension}: {group.value}"
        if group.dimension
        else group.language or "no language told"
    )


def dated(record: Record, made: date, usd: str | None, seconds: float | None) -> Record:
    """The record with when it was made and what it took; its id stays."""
    return replace(record, made=made, usd=usd, seconds=seconds)
