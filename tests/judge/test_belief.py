"""What a record lets a judge do on a corpus."""

import pytest

from pipeline.entries import Answer
from pipeline.judge.belief import (
    ASSUMED_SHARE,
    READINGS,
    Belief,
    Readings,
    Share,
    precision,
)
from pipeline.judge.calibration import examine
from pipeline.judge.intervals import Rate
from tests.judge.examples import CELL, JUDGE, pairs

ONE, DIFFERENT = Answer.ONE_NEED, Answer.DIFFERENT
SETTING = [*pairs("threshold", ONE, 0.8, n=20), *pairs("threshold", DIFFERENT, 0.1, n=200)]


def record(negatives: int, wrong: int = 0, *more):
    report = [
        *pairs("report", ONE, 0.9, n=90),
        *pairs("report", ONE, 0.2, n=10),
        *pairs("report", DIFFERENT, 0.1, n=negatives - wrong),
        *pairs("report", DIFFERENT, 0.9, n=wrong),
    ]
    return examine(JUDGE, [*SETTING, *report, *more])


def test_the_formula_is_bayes_at_the_corpus_share():
    # meaning.md §7a: 95 % where a third is true is 65 % at one in twenty.
    false = (1 / 3 * 0.7) * (1 / 0.95 - 1) / (2 / 3)
    counted = Rate(round(false * 10**6), 10**6)
    recall = Rate(700, 1000)
    assert precision(1 / 3, recall, counted).expected == pytest.approx(0.95, abs=1e-3)
    assert precision(1 / 20, recall, counted).expected == pytest.approx(0.667, abs=5e-3)


def test_at_one_in_a_hundred_nothing_less_than_thousands_of_negatives_shows_enough():
    assert Share().likely == ASSUMED_SHARE == 0.01
    assert not Belief(record(1500)).believes(ONE, "English")
    assert not Belief(record(5000)).believes(ONE, "English")
    assert Belief(record(9000)).believes(ONE, "English")
    assert not Belief(record(9000, 1)).believes(ONE, "English")


def test_a_corpus_with_more_true_pairs_asks_for_less():
    looked = Share(Rate(80, 200))
    assert Belief(record(400), looked).believes(ONE, "English")
    assert not Belief(record(400)).believes(ONE, "English")
    assert not Belief(record(400, 9), looked).believes(ONE, "English")


def test_the_lower_bound_takes_the_lower_bound_of_the_share():
    few, many = Share(Rate(2, 5)), Share(Rate(400, 1000))
    assert few.likely == many.likely
    one = Belief(record(400), few).precision(ONE, "English")
    other = Belief(record(400), many).precision(ONE, "English")
    assert one.expected == other.expected and one.low < other.low


@pytest.mark.parametrize(("n", "wrong"), [(READINGS - 1, 0), (READINGS, 1), (0, 0), (200, 1)])
def test_too_few_readings_or_a_wrong_one_are_no_belief(n, wrong):
    read = Readings(Rate(n - wrong, n))
    assert not Belief(record(300), readings=read).believes(ONE, "English")


def test_fifty_nine_right_readings_are_belief_on_this_corpus():
    read = Readings(Rate(READINGS, READINGS))
    found = Belief(record(300), readings=read)
    assert found.believes(ONE, "English") and found.because == "59 read"
    # Only what was read of: nothing is believed of its other answers.
    assert not found.believes(Answer.CONTRADICTING, "English")


def test_what_a_person_found_wrong_outranks_the_exam():
    good = record(9000)
    assert Belief(good).because == "exam: English"
    read = Readings(Rate(45, 50))
    assert not Belief(good, readings=read).believes(ONE, "English")
    assert Belief(good, readings=read).because == ""
    assert Belief(good, readings=Readings(Rate(49, 50))).believes(ONE, "English")


@pytest.mark.parametrize(
    "cell",
    [CELL._replace(language="German"), CELL._replace(language=""), CELL._replace(shape="scenario"),
     CELL._replace(length="over 150 words"), CELL._replace(wording="other words")],
)  # fmt: skip
def test_a_judge_abstains_where_it_was_not_examined(cell):
    found = Belief(record(300))
    assert found.abstains(ONE, CELL) == ""
    assert "not examined" in found.abstains(ONE, cell)


def test_a_shape_that_went_clearly_worse_abstains_and_one_by_chance_does_not():
    scenario = CELL._replace(shape="scenario")
    positives = pairs("report", ONE, 0.9, n=10, cell=scenario)
    bad = record(900, 0, *positives, *pairs("report", DIFFERENT, 0.1, n=27, cell=scenario),
                 *pairs("report", DIFFERENT, 0.9, n=3, cell=scenario))  # fmt: skip
    assert "clearly worse" in Belief(bad).abstains(ONE, scenario)
    assert Belief(bad).abstains(ONE, CELL) == ""
    fair = record(900, 10, *positives, *pairs("report", DIFFERENT, 0.1, n=29, cell=scenario),
                  *pairs("report", DIFFERENT, 0.9, n=1, cell=scenario))  # fmt: skip
    assert Belief(fair).abstains(ONE, scenario) == ""


def test_a_length_in_which_little_is_found_abstains():
    long = CELL._replace(length="over 150 words")
    deaf = record(900, 0, *pairs("report", ONE, 0.2, n=20, cell=long),
                  *pairs("report", DIFFERENT, 0.1, n=40, cell=long))  # fmt: skip
    assert "clearly worse" in Belief(deaf).abstains(ONE, long)


def test_languages_are_pools_of_their_own():
    german = CELL._replace(language="German")
    both = record(9000, 0, *pairs("report", ONE, 0.9, n=90, cell=german),
                  *pairs("report", DIFFERENT, 0.1, n=100, cell=german))  # fmt: skip
    found = Belief(both)
    assert found.believes(ONE, "English") and not found.believes(ONE, "German")
    assert found.because == "exam: English"
