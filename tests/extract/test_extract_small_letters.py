"""Sentences of authors who begin them in small letters keep their marks."""

from __future__ import annotations

import pytest

from pipeline.extract.stories.phrases import read_phrases


@pytest.mark.parametrize("mark", [".", "!", "?", "…", ".”", ""])
def test_the_last_sentence_keeps_its_mark(mark: str) -> None:
    found = read_phrases(f"as a user I want to encrypt data. for example from node to node{mark}")
    assert found is not None and found.goal == "encrypt data"
    assert found.after == f"for example from node to node{mark}"


def test_a_mark_inside_is_left_alone() -> None:
    found = read_phrases("as a user I want to see v1.2 files. all of them. and their sizes.")
    assert found is not None and found.goal == "see v1.2 files"
    assert found.after == "all of them. and their sizes."


def test_words_that_stand_otherwise_in_the_text_get_no_mark() -> None:
    found = read_phrases("as a user I want to **encrypt data. for example**  from node to node. x")
    assert found is not None
    assert "node. x" in found.after and ".." not in found.after
