"""The likely reply of a judge is what code would answer."""

from __future__ import annotations

import json

from pipeline.outcomes import EDITS_SCHEMA
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
    (edit,) = reply(BASE, story("b", "keep a book for 14 days", "I can finish it"))
    assert (edit["relation"], edit["handles"], edit["keep"]) == ("same", ["S1", "S2"], "S1")
    assert not any(edit["text"].values())


def test_a_conflict_names_the_values():
    (edit,) = reply(BASE, story("b", "keep a book for 28 days", "I can finish it"))
    assert edit["relation"] == "conflict" and len(edit["values"]) == 2


def test_an_overlap_writes_new_text_and_moves_parts_by_handle():
    one = story("a", "rate a book with stars", "others find good ones", ("half stars count",))
    other = story("b", "rate a book with stars", "I remember what I liked", ("once a book",))
    (edit,) = reply(one, other)
    assert edit["relation"] == "overlap"
    assert edit["text"]["criteria"] == ["S1.c1", "S2.c1"]
    assert edit["text"]["benefit"] == "others find good ones and I remember what I liked"


def test_every_reply_has_the_fields_of_the_schema():
    fields = set(EDITS_SCHEMA["properties"]["edits"]["items"]["required"])  # type: ignore[index]
    for other in ("keep a book for 28 days", "keep a book for 14 days"):
        for edit in reply(BASE, story("b", other, "my child can finish it")):
            assert set(edit) == fields
