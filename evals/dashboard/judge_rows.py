"""Rows about judges: what their exams found, and how far that is believed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.entries import Answer
from pipeline.judge.belief import Belief
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import AnswerRecord, Record, from_mapping
from pipeline.judge.window_figures import most_stories

Row = dict[str, Any]
Values = Mapping[str, str | None]

_RECORDS = """
    SELECT id, model, made, run, body FROM judge_record
     WHERE :model IS NULL OR model = :model ORDER BY made DESC, id
"""


def records(connection: sqlite3.Connection, values: Values) -> list[Row]:
    """Every record of pairs with its "one need", the newest first: how many others are called so
    and how many true ones are found, with exact 95 % intervals, and where it folds by itself where
    one pair in a hundred is true."""
    return [_row(*one) for one in _read(connection, values) if not (one[4] and one[4].windows)]


def record_windows(connection: sqlite3.Connection, values: Values) -> list[Row]:
    """Every record of windows, the newest first, a row a size: what of the pairs of one need, of a
    scene's others and of the pairs of two scenes was put together, with exact 95 % intervals, and
    whether a merge fills its windows so far."""
    found = []
    for id_, model, made, run, record in _read(connection, values):
        sizes = record.windows if record is not None else ()
        most = most_stories(sizes)
        for one in sizes:
            row: Row = {"record": id_, "model": model, "run": run or None, "made": _minute(made)}
            row |= {"stories": one.stories, "windows": one.windows, "failed": one.failed}
            row["filled"] = "yes" if one.stories <= (most or 0) else "no: clearly less is found"
            row |= {"prompt": record.judge.prompt, "exam": record.judge.exam[:12]} if record else {}
            for half, of in (("", one.report), ("setting_", one.setting)):
                row |= _told(f"{half}found", of.recall) | _told(f"{half}asked", of.asked)
                row |= _told(f"{half}within", of.within) | _told(f"{half}across", of.across)
            found.append(row)
    return found


def record_kinds(connection: sqlite3.Connection, values: Values) -> list[Row]:
    """One record by kind of pair: what of the pairs of another answer is called this one, and what
    of those of this answer is found; the shares with exact 95 % intervals."""
    chosen = {"model": None, "record": values.get("record"), "answer": values.get("answer")}
    for id_, _, _, _, record in _read(connection, chosen):
        found = _answer(record, chosen["answer"]) if id_ == chosen["record"] else None
        if found is not None:
            return list(_kinds(found))
    return []


def _read(
    connection: sqlite3.Connection, values: Values
) -> Iterator[tuple[str, str, str, str, Record | None]]:
    """(id, judge, when made, run, record) of every row; None for what is not a record by now."""
    rows = connection.execute(_RECORDS, {"model": values.get("model")}).fetchall()
    for id_, model, made, run, body in rows:
        try:
            record = from_mapping(json.loads(body))
        except (ValueError, KeyError, TypeError):
            record = None
        whole = record is not None and record.id == id_
        yield id_, model, made, run, record if whole else None


#: Of a record that is none by now nothing else is known.
_RATES = ("false", "found", "vetoed")
_UNKNOWN: Row = dict.fromkeys(
    ["prompt", "exam", "vetoes", "reads", "n", "failed", "seconds", "threshold", *_RATES]
    + [f"{name}_share" for name in _RATES]
)


def _row(id_: str, model: str, made: str, run: str, record: Record | None) -> Row:
    row: Row = _UNKNOWN | {"record": id_, "model": model, "run": run or None}
    row["made"] = _minute(made)
    if record is None:
        return row | {"folds": "nowhere: changed since it was made"}
    found = record.of(Answer.ONE_NEED)
    judge = record.judge
    row |= {
        "prompt": judge.prompt or "none",
        "exam": judge.exam[:12],
        "vetoes": judge.vetoes,
        "reads": record.reads,
        "n": record.n,
        "failed": record.failed,
        "seconds": record.seconds,
        "folds": Belief(record).because or "nowhere",
    }
    if found is None:
        return row
    return (
        row
        | {"threshold": found.threshold}
        | _told("false", found.false_positives)
        | _told("found", found.recall)
        | _told("vetoed", found.vetoed)
    )


def _minute(made: str) -> str:
    return made[:16].replace("T", " ")


def _told(name: str, rate: Rate) -> Row:
    """A rate in words: "3 of 170 [0.4 %, 5.1 %]"."""
    if not rate.n:
        return {name: "none examined", f"{name}_share": None}
    low, high = rate.interval
    return {
        name: f"{rate.hits} of {rate.n} [{100 * low:.1f} %, {100 * high:.1f} %]",
        f"{name}_share": rate.share,
    }


def _answer(record: Record | None, answer: str | None) -> AnswerRecord | None:
    if record is None:
        return None
    try:
        return record.of(Answer(answer or "one_need"))
    except ValueError:
        return None


def _kinds(found: AnswerRecord) -> Iterator[Row]:
    """A row a kind and rate, of all languages together."""
    rates = {"all pairs": (found.false_positives, found.recall)}
    for one in found.groups:
        if one.dimension == "kind":
            false, recall = rates.get(one.value, (Rate(0, 0), Rate(0, 0)))
            rates[one.value] = _sum(false, one.false_positives), _sum(recall, one.recall)
    for label, (false, recall) in rates.items():
        for series, rate in (("called so wrongly", false), ("found", recall)):
            if rate.n:
                low, high = rate.interval
                yield {"label": label, "series": series, "value": rate.share,
                       "low": low, "high": high, "n": rate.n}  # fmt: skip


def _sum(one: Rate, other: Rate) -> Rate:
    return Rate(one.hits + other.hits, one.n + other.n)
