"""Words and stems."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from pipeline.compare.quantities import quantities
from pipeline.text.words import fold, stem

HEADS, ROOTS = ("trans", "re", "over"), ("form", "pos", "stat")
ENDS = ("ation", "ations", "ing", "ed", "ally", "fulness", "izers")


def test_threads_get_the_stems_of_their_own_words():
    words = ["".join(parts) for parts in product(HEADS, ROOTS, ENDS)]
    anew = stem.__wrapped__
    expected = [anew(word) for word in words]
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: [anew(word) for word in words], range(200)):
            assert found == expected


@pytest.mark.parametrize(
    ("text", "folded"),
    [("10² and 10⁻⁶", "10² and 10⁻⁶"), ("5 m² of H₂O", "5 m2 of H2O"), ("1½ h", "1.5 h")],
)
def test_no_power_and_no_half_becomes_a_digit_more(text: str, folded: str):
    assert fold(text) == folded


def test_a_power_is_no_quantity():
    assert [str(one.value) for one in quantities(fold("10² of 20 jars, 5 m²")).numbers] == [
        "20",
        "5",
    ]
