"""What a tracker's wiki markup sets inside of a line is not a word of the sentence."""

from __future__ import annotations

import pytest

from pipeline.kept.normal_form import settle


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("paid in {{euros}} now", "paid in euros now"),
        ("press {{Ctrl+C}} and {{a b}}", "press Ctrl+C and a b"),
        ("a {color:#ff0000}red{color} door", "a red door"),
        ("a {*}bold{*} door", "a bold door"),
        ("asks [~ann] first", "asks @ann first"),
        ("see [the rules|https://x.example/r] first", "see the rules (https://x.example/r) first"),
        ("+inserted+ words and ??cited?? ones", "inserted words and cited ones"),
        ("^raised^ words", "raised words"),
    ],
)
def test_marks_are_no_words(told: str, shown: str) -> None:
    assert settle(told) == settle(shown)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10^2^ doors", "102 doors"),
        ("C++ and D++", "C and D"),
        ("from +5 to +6", "from 5 to 6"),
        ("a {name} of it", "a name of it"),
        ("[red|blue]", "red"),
    ],
)
def test_what_is_no_mark_stays(one: str, other: str) -> None:
    assert settle(one) != settle(other)
