"""The order of proposals is worth the proposals that a person need not look at."""

from __future__ import annotations

from tests.support.ordering import effort


def pairs(*names: str) -> list[frozenset[str]]:
    return [frozenset(name) for name in names]


def test_a_better_order_needs_fewer() -> None:
    true = set(pairs("ab", "cd", "ef", "gh", "ij"))
    wrong = pairs("ac", "bd", "eg")
    good = [*pairs("ab", "cd", "ef", "gh"), *wrong, *pairs("ij")]
    assert effort(good, true) == (4, 5, 5, 8)
    assert effort(good[::-1], true).looked_at == 7
    assert effort(good, true, share=1.0).looked_at == 8


def test_what_is_joined_is_not_asked_again() -> None:
    true = set(pairs("ab", "bc", "ac", "xy"))
    found = effort(pairs("ab", "bc", "ac", "ax", "xy"), true)
    assert found == (4, 4, 4, 4), "a is with c by way of b"


def test_proposals_that_end_early_find_less() -> None:
    assert effort(pairs("ab", "ac"), set(pairs("ab", "cd"))) == (None, 1, 2, 2)
    assert effort([], set()) == (0, 0, 0, 0)
