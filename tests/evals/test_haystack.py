"""Haystacks: fresh, varied, repeatable."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest

from evals.corpora.haystack import lines
from pipeline.errors import InputError


def take(kind: str, seed: int, n: int = 400) -> list[str]:
    return list(islice(lines(kind, random.Random(seed)), n))


@pytest.mark.parametrize("kind", ["stories", "noise"])
def test_the_same_seed_gives_the_same_haystack_and_another_seed_another(kind: str) -> None:
    assert take(kind, 1) == take(kind, 1)
    assert take(kind, 1)[:5] != take(kind, 2)[:5]


def test_stories_look_like_stories_and_hardly_repeat() -> None:
    found = take("stories", 3, 2000)
    stories = [line for line in found if line.startswith("As a")]
    assert len(stories) > 500
    assert all("I want to " in s and "so that " in s and "  " not in s for s in stories)
    assert len(set(stories)) > 0.9 * len(stories)
    assert not any("{" in line for line in found)


def test_a_folder_of_prose_is_a_haystack(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One stone. Two birds! Is it\nthree?")
    found = take(str(tmp_path), 1, 6)
    assert set(found) == {"One stone.", "Two birds!", "Is it three?"}
    with pytest.raises(InputError, match=r"no \.txt"):
        take(str(tmp_path / "nothing"), 1)
