"""The figures of the benchmark of judges, on cases whose answers can be counted by hand."""

from __future__ import annotations

import pytest

from benchmarks.exam import among, area, by_kind, part, parting
from pipeline.entries import Answer
from pipeline.exam.exam_questions import gather_exam
from pipeline.judge.calibration import Examined, Said
from pipeline.judge.strata import Cell
from tests.exam.examples import lines, write

ONE, OTHER = Answer.ONE_NEED, Answer.DIFFERENT


def one(true, sure, veto=""):
    said = Said(ONE, dict.fromkeys(Answer, 0.0) | {ONE: sure, OTHER: 1 - sure})
    return Examined("threshold", "words", Cell("English", "agile", "", ""), true, said, veto)


def test_the_area_counts_pairs_in_order_and_ties_half():
    assert area([(0.9, True), (0.1, False)]) == 1.0
    assert area([(0.1, True), (0.9, False)]) == 0.0
    assert area([(0.5, True), (0.5, False)]) == 0.5
    # Of six pairs the true one is above in four, level in one.
    assert area([(0.8, True), (0.5, True), (0.5, False), (0.6, False), (0.1, False)]) == 4.5 / 6
    assert area([(0.8, True)]) is None


def test_the_threshold_that_parts_best_takes_no_vetoed_pair_and_lets_few_wrong_ones_in():
    pairs = [one(ONE, 0.9), one(ONE, 0.7), one(OTHER, 0.4), one(OTHER, 0.3), one(OTHER, 0.95, "v")]
    assert parting(pairs, "likelihood") == 0.7
    assert parting(pairs[:2], "likelihood") is None


def test_pairs_are_counted_by_kind_with_exact_intervals():
    rows = by_kind([one(ONE, 0.9), one(ONE, 0.9), one(OTHER, 0.9)], [True, False, True])
    assert rows["all"]["found"] == [1, 2, 0.0126, 0.9874]
    assert rows["words"]["wrong"] == [1, 1, 0.025, 1.0]


def test_a_larger_part_asks_the_same_and_more(tmp_path):
    questions = gather_exam([write(tmp_path / "l.jsonl", lines())]).questions
    small, large = part(questions, 10, 7), part(questions, 30, 7)
    assert large[:10] == small and len(large) == 30 and large != list(questions[:30])
    assert part(questions, None, 7) == list(questions)
    assert {q.label.half for q in among(questions, "report", "")} == {"report"}
    assert [q.label.id for q in among(questions, None, "p99")] == ["p99"]
    assert part(questions, 10, 8) != small


@pytest.mark.parametrize("seed", range(20))
def test_the_area_is_the_share_of_pairs_that_are_in_order(seed):
    import random

    draw = random.Random(seed)
    scored = [(draw.randrange(6) / 5, draw.random() < 0.4) for _ in range(60)]
    right = [s for s, true in scored if true]
    wrong = [s for s, true in scored if not true]
    slow = sum((r > w) + (r == w) / 2 for r in right for w in wrong) / (len(right) * len(wrong))
    assert area(scored) == pytest.approx(slow)
