"""A record is known by its content."""

import json
from dataclasses import fields, replace
from datetime import date

import pytest

from pipeline.entries import Answer
from pipeline.judge.calibration import examine
from pipeline.judge.judge_records import Judge, as_mapping, dated, from_mapping, rows
from tests.judge.examples import JUDGE, pairs

EXAM = [
    *pairs("threshold", Answer.ONE_NEED, 0.8, n=9),
    *pairs("threshold", Answer.DIFFERENT, 0.1, n=30),
    *pairs("report", Answer.ONE_NEED, 0.9, n=9),
    *pairs("report", Answer.DIFFERENT, 0.1, n=30),
]
RECORD = dated(examine(JUDGE, EXAM, labels=("a.jsonl",)), date(2026, 11, 30), "0.01", 1.5)


def test_a_record_comes_back_as_it_was_written():
    told = json.loads(json.dumps(as_mapping(RECORD)))
    assert from_mapping(told) == RECORD and from_mapping(told).id == RECORD.id


@pytest.mark.parametrize("name", [one.name for one in fields(Judge)])
def test_another_judge_is_another_record(name):
    other = replace(RECORD, judge=replace(JUDGE, **{name: "another"}))
    assert other.id != RECORD.id


def test_any_figure_is_part_of_the_id_and_when_it_was_made_is_not():
    told = as_mapping(RECORD)
    told["answers"][0]["threshold"] = 0.0
    assert from_mapping(told).id != RECORD.id
    told = as_mapping(RECORD)
    told["answers"][0]["false_positives"]["n"] += 1
    assert from_mapping(told).id != RECORD.id
    assert dated(RECORD, date(2027, 1, 1), None, None).id == RECORD.id


@pytest.mark.parametrize(
    "spoil",
    [lambda t: t.pop("judge"), lambda t: t.update(reads="tea leaves"),
     lambda t: t["answers"][0].update(threshold=1.5),
     lambda t: t["answers"][0].update(threshold=float("nan")),
     lambda t: t["answers"][0].update(answer="perhaps"),
     lambda t: t["answers"][0]["recall"].update(hits=99),
     lambda t: t["answers"][0]["groups"][-1]["false_positives"].update(n=10**6),
     lambda t: t["answers"][0].update(
         groups=[g for g in t["answers"][0]["groups"] if g["dimension"]])],
)  # fmt: skip
def test_what_cannot_be_a_record_is_refused(spoil):
    told = as_mapping(RECORD)
    spoil(told)
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_mapping(told)


def test_rows_say_every_answer_with_its_n_and_interval():
    told = list(rows(RECORD))
    first = [row for row in told if row["kind"] == "all"]
    assert [row["answer"] for row in first] == [str(answer) for answer in Answer]
    assert first[0]["n"] == 30 and first[0]["false_positive_rate"] == 0 and first[0]["recall"] == 1
    assert first[0]["threshold"] == pytest.approx(0.8) and first[0]["id"] == RECORD.id
    assert first[0]["interval"][0] == pytest.approx(0.025 ** (1 / 9))
    assert {"shape: agile", "kind: words", "English"} <= {row["kind"] for row in told}
