"""The likely reply of a judge is what code would answer."""

from __future__ import annotations

import json

import jsonschema
import pytest

from pipeline.outcomes import EDITS_SCHEMA, FULL_EDITS_SCHEMA
from pipeline.plan.foreseen import foreseen_edits
from pipeline.stories import Locator, Source, Span, Story


def story(name: str, goal: str, benefit: str = "", criteria: tuple[str, ...] = ()) -> Story:
    text = f"As a reader, I want to {goal}, so that {benefit}."
    source = Source("00" * 32, "a.md", Locator(line=1), (Span(0, len(text)),))
    return Story(name, "agile", source, text, "reader", goal, benefit, criteria)


def reply(*stories: Story) -> list[dict]:
    handles = tuple(f"S{i}" for i in range(1, len(stories) + 1))
    return json.loads(foreseen_edits(stories, handles))["edits"]


BASE = story("a", "keep a book for 14 days", "I can finish it")


def test_distinct_stories_are_left_out():
    other = story("b", "print a list of damaged books", "I can order new ones")
    assert reply(BASE, other) == []


def test_same_stories_cost_their_handles():
    longer = story("b", "keep a book for 14 days", "I can finish it in time")
    assert reply(BASE, story("b", "keep a book for 14 days", "I can finish it")) == [
        {"same": ["S1", "S2"]}
    ]
    (edit,) = reply(BASE, longer)
    assert next(iter(edit.values()))[0] == "S2", "the fullest leads"


def test_a_conflict_names_the_values():
    (edit,) = reply(BASE, story("b", "keep a book for 28 days", "I can finish it"))
    assert edit["conflict"] == ["S1", "S2"] and edit["on"] and len(edit["values"]) == 2


def test_an_overlap_joins_benefits_and_moves_parts_by_reference():
    one = story("a", "rate a book with stars", "others find good ones", ("half stars count",))
    other = story("b", "rate a book with stars", "I remember what I liked", ("once a book",))
    (edit,) = reply(one, other)
    assert edit["overlap"] == ["S1", "S2"]
    assert edit["rewrite"] == [{"at": "benefit", "text": "S1.benefit and S2.benefit"}]


def test_an_overlap_words_goals_that_differ_anew():
    one = story("a", "rate a book with stars", "others find good ones")
    other = story("b", "rate books by giving stars", "I remember", ("once a book",))
    (edit,) = reply(one, other)
    assert edit["rewrite"][0] == {"at": "goal", "text": "rate books by giving stars"}


@pytest.mark.parametrize(("full", "schema"), [(False, EDITS_SCHEMA), (True, FULL_EDITS_SCHEMA)])
def test_every_reply_satisfies_its_schema_and_full_ones_are_longer(full: bool, schema: dict):
    for other in ("keep a book for 28 days", "keep a book for 14 days", "print a list"):
        stories = (BASE, story("b", other, "my child can finish it"))
        said = foreseen_edits(stories, ("S1", "S2"), full=full)
        jsonschema.validate(json.loads(said), schema)
        assert len(said) >= len(foreseen_edits(stories, ("S1", "S2")))
