"""Thresholds come from one half, figures from the other."""

import math
from dataclasses import replace

import pytest

from pipeline.entries import Answer
from pipeline.judge.calibration import (
    Said,
    calibration_error,
    examine,
    heard,
    likelihoods_of,
    reads_of,
    score,
    threshold_of,
)
from pipeline.judge.intervals import Rate
from pipeline.plan.pairs import WORDS
from tests.judge.examples import CELL, JUDGE, pairs, said

ONE, DIFFERENT, CONFLICT = Answer.ONE_NEED, Answer.DIFFERENT, Answer.CONTRADICTING


def exam(**more):
    return [
        *pairs("threshold", ONE, 0.6, 0.8, 0.95, n=5),
        *pairs("threshold", DIFFERENT, 0.1, 0.7, n=10),
        *pairs("report", ONE, 0.5, 0.9, n=10),
        *pairs("report", DIFFERENT, 0.1, 0.65, 0.85, n=10),
    ]


def test_the_threshold_is_the_lowest_that_lets_no_wrong_one_of_its_half_through():
    record = examine(JUDGE, exam())
    assert record.of(ONE).threshold == pytest.approx(0.8)
    # Of the other half: the wrong ones of 0.85 are through, those of 0.65 are not.
    assert record.of(ONE).false_positives == Rate(10, 30)
    assert record.of(ONE).recall == Rate(10, 20)


def test_the_report_half_moves_no_threshold_and_the_threshold_half_no_figure():
    record = examine(JUDGE, exam())
    more = [*exam(), *pairs("report", DIFFERENT, 0.99, n=3)]
    assert examine(JUDGE, more).of(ONE).threshold == record.of(ONE).threshold
    few = [one for one in exam() if one.half == "report" or one.said.likelihoods[ONE] >= 0.7]
    assert examine(JUDGE, few).of(ONE).recall == record.of(ONE).recall


def test_an_answer_that_wrong_ones_top_has_no_threshold_and_is_never_heard():
    found = [*pairs("threshold", ONE, 0.9), *pairs("threshold", DIFFERENT, 0.95)]
    assert threshold_of(found, ONE, "likelihood") is None
    assert heard(said(1.0), {ONE: None}, "likelihood") is None


def test_without_a_wrong_pair_there_is_no_threshold():
    assert threshold_of(pairs("threshold", ONE, 0.9, n=9), ONE, "likelihood") is None


def test_a_vetoed_pair_sets_no_threshold_is_no_false_positive_and_lowers_recall():
    vetoed = pairs("report", ONE, 0.99, n=4, veto="order")
    wrong = pairs("threshold", DIFFERENT, 0.99, veto="order")
    wrong_too = pairs("report", DIFFERENT, 0.99, n=7, veto="order")
    found = examine(JUDGE, [*exam(), *vetoed, *wrong, *wrong_too]).of(ONE)
    assert found.threshold == pytest.approx(0.8)
    assert found.false_positives == Rate(10, 37) and found.recall == Rate(10, 24)
    assert found.vetoed == Rate(4, 24)


def test_a_veto_silences_one_need_alone():
    thresholds = dict.fromkeys(Answer, 0.5)
    assert heard(said(0.9), thresholds, "likelihood", "order") is None
    contrary = Said(CONFLICT, dict.fromkeys(Answer, 0.1) | {CONFLICT: 0.7})
    assert heard(contrary, thresholds, "likelihood", "order") == (CONFLICT, 0.7)


def test_two_equally_sure_answers_are_none():
    torn = Said(ONE, {ONE: 0.5, CONFLICT: 0.5, DIFFERENT: 0.0, Answer.OVERLAPPING: 0.0})
    assert heard(torn, dict.fromkeys(Answer, 0.4), "likelihood") is None


def test_a_threshold_of_nothing_hears_no_silence():
    assert heard(Said(None), dict.fromkeys(Answer, 0.0), "word") is None
    assert heard(Said(ONE), dict.fromkeys(Answer, 0.0), "likelihood") is None


def test_a_judge_of_words_is_read_by_them_and_one_of_likelihoods_is_silent_without():
    words = [replace(one, said=Said(one.said.answer)) for one in exam()]
    assert examine(JUDGE, words).reads == "word"
    assert examine(JUDGE, exam()).reads == "likelihood"
    assert score(Said(ONE), ONE, "word") == 1.0 and score(Said(ONE), ONE, "likelihood") == 0.0
    assert reads_of([said(0.5), said(0.5), Said(ONE)]) == "likelihood"
    assert reads_of([said(0.5), Said(ONE), Said(ONE), Said(None, None)]) == "word"


def test_a_question_that_failed_is_no_answer_and_is_counted():
    silent = [replace(one, said=Said(None)) for one in pairs("report", ONE, 0.9, n=5)]
    record = examine(JUDGE, [*exam(), *silent])
    assert record.failed == 5 and record.of(ONE).recall == Rate(10, 25)


def test_groups_are_counted_by_language_shape_length_wording_and_kind():
    other = CELL._replace(language="German", wording="other words")
    record = examine(JUDGE, [*exam(), *pairs("report", DIFFERENT, 0.9, n=3, cell=other, kind="x")])
    groups = {(g.language, g.dimension, g.value): g for g in record.of(ONE).groups}
    assert groups["German", "", ""].false_positives == Rate(3, 3)
    assert groups["German", "kind", "x"].false_positives == Rate(3, 3)
    assert groups["English", "wording", "one frame"].recall == Rate(10, 20)
    assert ("English", "wording", "other words") not in groups


def test_calibration_counts_how_often_a_likelihood_is_right():
    sure = [*pairs("report", ONE, 0.9, n=8), *pairs("report", DIFFERENT, 0.9, n=2)]
    bins = examine(JUDGE, [*pairs("threshold", ONE, 0.9), *sure]).of(ONE).calibration
    assert [(b.right, b.n) for b in bins] == [(8, 10)] and bins[0].mean == pytest.approx(0.9)
    assert calibration_error(bins) == pytest.approx(0.1)


GOOD = {"same": 0.7, "overlap": 0.1, "conflict": 0.1, "different": 0.1}


@pytest.mark.parametrize(
    "told",
    [None, {}, {"same": 1.0}, GOOD | {"same": math.nan}, GOOD | {"same": math.inf},
     GOOD | {"same": -0.2}, GOOD | {"same": 0.9}, GOOD | {"other": 0.0}],
)  # fmt: skip
def test_likelihoods_that_are_none_count_as_none(told):
    assert likelihoods_of(told, WORDS) is None


def test_likelihoods_are_read_by_answer():
    found = likelihoods_of(GOOD, WORDS)
    assert found == {ONE: 0.7, Answer.OVERLAPPING: 0.1, CONFLICT: 0.1, DIFFERENT: 0.1}
