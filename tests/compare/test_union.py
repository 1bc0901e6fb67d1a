"""The union: every field of every source once, whatever their order, nothing besides."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare.union import purpose, same_words, union, wanted
from pipeline.errors import InputError
from pipeline.stories import Locator, Source, Span, Story

TEXT = st.text("abc deF 12%$,.-'", min_size=1, max_size=24).filter(
    lambda t: any(c.isalnum() for c in t)
)


@st.composite
def stories(draw: st.DrawFn) -> list[Story]:
    found = []
    for i in range(draw(st.integers(1, 4))):
        found.append(
            Story(
                id=f"s{i}",
                kind="agile",
                source=Source("d", "d.md", Locator(), (Span(i, i + 1),)),
                text="",
                role=draw(st.one_of(st.just(""), TEXT)),
                goal=draw(TEXT),
                benefit=draw(st.one_of(st.just(""), TEXT)),
                criteria=tuple(draw(st.lists(TEXT, max_size=3))),
                title=draw(st.one_of(st.just(""), TEXT)),
                body=tuple(draw(st.lists(TEXT, max_size=2))),
            )
        )
    return found


@given(stories())
def test_every_field_is_kept(sources: list[Story]):
    text = union(sources).text
    said = [text.role, text.goal, text.benefit, text.title, *text.criteria, *text.body]
    kept = [same_words(t) for t in said]
    for source in sources:
        for field, value in source.fields:
            words = same_words(value)
            bare = words.removeprefix("an ").removeprefix("a ").removeprefix("the ")
            assert any(words in k or (field == "role" and bare in k) for k in kept), (value, said)


@given(stories(), st.randoms())
def test_the_order_of_the_sources_does_not_matter(sources: list[Story], rng: random.Random):
    shuffled = sources[:]
    rng.shuffle(shuffled)
    assert union(sources) == union(shuffled)


@given(stories())
def test_criteria_stand_once_and_origins_name_real_stories(sources: list[Story]):
    merged = union(sources)
    keys = [same_words(c) for c in merged.text.criteria]
    assert len(keys) == len(set(keys))
    ids = {s.id for s in sources}
    assert all(origin.stories and set(origin.stories) <= ids for origin in merged.origins)


def test_a_sign_makes_a_difference():
    def one(i: int, criterion: str) -> Story:
        return Story(f"s{i}", "agile", Source("d", "p", Locator(), (Span(i, i + 1),)), "",
                     goal="pay", criteria=(criterion,))  # fmt: skip

    assert union([one(1, "a fee of 5 %"), one(2, "a fee of 5 $")]).text.criteria == (
        "a fee of 5 $",
        "a fee of 5 %",
    ) or set(union([one(1, "a fee of 5 %"), one(2, "a fee of 5 $")]).text.criteria) == {
        "a fee of 5 $",
        "a fee of 5 %",
    }


def test_goals_read_as_sentences():
    assert wanted("filter by price") == "I want to filter by price"
    assert wanted("a list of loans") == "I want a list of loans"
    assert wanted("captions on videos") == "I want captions on videos"
    assert wanted("staff to sign in", "I want staff to sign in") == "I want staff to sign in"
    assert wanted("access the page", "I can access the page") == "I want to access the page"
    assert purpose("save time", "In order to save time, I want …") == "In order to save time"
    assert purpose("I save time") == "So that I save time"


def test_no_story_is_no_union():
    with pytest.raises(InputError):
        union([])
