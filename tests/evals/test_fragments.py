"""Extractive fragments against a twin that looks at every run there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.claims import Text
from evals.fragments import Runs, extractiveness, fragments
from pipeline.outcomes import StoryText
from pipeline.stories import Locator, Source, Span, Story

words = st.lists(st.sampled_from("abc"), max_size=12)


def stands_in(run: list[str], source: list[str]) -> bool:
    return any(source[i : i + len(run)] == run for i in range(len(source) - len(run) + 1))


def twin(text: list[str], sources: list[list[str]]) -> list[int]:
    lengths, place = [], 0
    while place < len(text):
        fitting = [
            n
            for n in range(1, len(text) - place + 1)
            if any(stands_in(text[place : place + n], source) for source in sources)
        ]
        lengths += [max(fitting)] if fitting else []
        place += max(fitting, default=1)
    return lengths


@given(words, st.lists(words, max_size=3))
def test_fragments_equal_the_brute_force_reading(text: list[str], sources: list[list[str]]) -> None:
    found = fragments(text, sources)
    assert list(found.lengths) == twin(text, sources)
    pairs = [text[i : i + 2] for i in range(len(text) - 1)]
    assert found.runs == len(pairs)
    assert found.new_runs == sum(not any(stands_in(p, s) for s in sources) for p in pairs)


@given(st.lists(words, max_size=4), words)
def test_just_the_runs_of_the_sequences_are_known(
    sequences: list[list[str]], asked: list[str]
) -> None:
    known = Runs(sequences).longest(asked, 0) == len(asked)
    assert known == (not asked or any(stands_in(asked, s) for s in sequences))


def test_the_longest_match_is_taken_where_a_shorter_one_stands_first() -> None:
    assert fragments(["a", "a", "b"], [["a", "a", "a", "b"]]).lengths == (3,)
    assert fragments(["x", "a", "b", "y"], [["a", "b"]])[:2] == ((2,), 4)
    assert fragments(["a", "b", "c"], [["a", "b"], ["b", "c"]]).lengths == (2, 1)


def test_figures_of_texts_made_by_hand() -> None:
    def story(goal: str) -> Story:
        return Story("1", "agile", Source("0", "a", Locator(), (Span(0, 1),)), goal, goal=goal)

    source = story("open the red door at once")
    same = Text("a", "", StoryText(goal="open the red door at once"), (source,))
    other = Text("b", "", StoryText(goal="open the green door"), (source,))
    found = extractiveness([same, other])
    assert found["copied"].mean == (6 + 3) / 10 and found["copied"].n == 2
    assert found["density"].mean == (36 + 4 + 1) / 10
    assert found["new_pairs"].mean == 2 / 8
    assert found["copied"].low == pytest.approx(0.75) and found["copied"].high == 1.0
    assert extractiveness([]) == {}
