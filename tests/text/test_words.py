"""Words and stems."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

from pipeline.text.words import stem

HEADS, ROOTS = ("trans", "re", "over"), ("form", "pos", "stat")
ENDS = ("ation", "ations", "ing", "ed", "ally", "fulness", "izers")


def test_threads_get_the_stems_of_their_own_words():
    words = ["".join(parts) for parts in product(HEADS, ROOTS, ENDS)]
    anew = stem.__wrapped__
    expected = [anew(word) for word in words]
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: [anew(word) for word in words], range(200)):
            assert found == expected
