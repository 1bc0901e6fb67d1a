"""The scorer: what counts as found, what as denied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics.scoring import Score, contains, denies, score


@pytest.mark.parametrize(
    ("value", "reply", "found"),
    [
        ("4839201", "The access code is 4839201.", True),
        ("4839201", "**4839201**", True),
        ("4839201", "It is 4,839,201!", True),
        ("4839201", "It is 4’839’201", True),
        ("4839201", "４８３９２０１", True),
        ("4839201", "code:4839201\n", True),
        ("4839201", "14839201", False),
        ("4839201", "48392011", False),
        ("4839201", "4839201.5 units", False),
        ("4839201", "0.4839201", False),
        ("4839201", "483 9201", False),
        ("3f2b0c1d-aaaa-4bbb-8ccc-0123456789ab", "`3F2B0C1D-AAAA-4BBB-8CCC-0123456789AB`", True),
        ("3f2b0c1d-aaaa-4bbb-8ccc-0123456789ab", "3f2b0c1d-aaaa-4bbb-8ccc-0123456789a", False),
    ],
)
def test_a_value_is_found_as_a_word_of_its_own(value: str, reply: str, found: bool) -> None:
    assert contains(value, reply) is found


@pytest.mark.parametrize(
    "reply",
    [
        "The text does not say.",
        "The passage doesn’t mention an access code.",
        "The code is not stated in the text.",
        "It is not explicitly mentioned.",
        "There is no information about the lantern.",
        "There is no mention of it.",
        "I cannot determine the code.",
        "I don't have enough information to tell.",
        "Unfortunately, the context does not provide a clear answer.",
    ],
)
def test_denials_are_recognised(reply: str) -> None:
    assert denies(reply)
    assert score(reply, []) == Score(1.0, ("denied",))
    assert score(f"{reply} The nearest is 4839201.", ["4839201"]) == Score(1.0, ("denied",))
    assert score(reply, ["4839201"]) == Score(0.0, ("denied",))


@pytest.mark.parametrize(
    "reply",
    [
        "The access code of the amber lantern is 4839201.",
        "4839201",
        "Sure! There is one code, and it is 4839201, not 4839202.",
        "The text says that the code is 4839201; nothing else is known to change it.",
    ],
)
def test_answers_are_no_denials(reply: str) -> None:
    assert score(reply, ["4839201"]).value == 1.0


def test_recall_of_several_values_and_the_wrong_one_named() -> None:
    assert score("1111111 and 2222222", ["1111111", "2222222", "3333333"]).value == pytest.approx(
        2 / 3
    )
    assert score("It is 9999999.", ["1111111"], ["9999999"]) == Score(0.0, ("distractor",))
    assert score("It is 9999999.", [], ["9999999"]) == Score(0.0, ("distractor",))
    assert score("", ["1111111"]) == Score(0.0)


@given(st.integers(1_000_000, 9_999_999), st.integers(1_000_000, 9_999_999))
def test_no_number_is_found_in_another(a: int, b: int) -> None:
    assert contains(str(a), f"It is {b:,}.") is (a == b)
    assert not contains(str(a), f"{a}{b}")
