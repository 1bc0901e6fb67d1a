"""Roles and topics that a person calls one share a heading, and nothing else changes."""

from __future__ import annotations

from types import SimpleNamespace

from pipeline.document.markdown.markdown_edition import files_of
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out


def test_roles_of_one_heading_stand_under_it_each_as_it_was_told(kit: SimpleNamespace) -> None:
    stories = [
        kit.story("a", "to open the gate", role="gate keeper"),
        kit.story("b", "to close the shop", role="keeper of the gate"),
        kit.story("c", "to count coins", role="cashier"),
    ]
    merged = kit.merge([kit.entry(one) for one in stories])
    glossary = {("role", "keeper of the gate"): "gate keeper"}
    by_id = {one.id: one for one in stories}
    apart = lay_out(Content(merged, by_id), "role")
    together = lay_out(Content(merged, by_id, glossary=glossary), "role")
    assert len(apart.sections) == 3
    assert [(s.title, len(s.entries)) for s in together.sections] == [
        ("Gate keeper", 2), ("Cashier", 1),
    ]  # fmt: skip
    text = "".join({n: "".join(t) for n, t in files_of(together)}["merged.md"])
    assert "keeper of the gate" in text, "the telling keeps its own words"


def test_topics_of_one_heading_are_one_section(kit: SimpleNamespace) -> None:
    goals = [f"to {verb} the {thing}" for thing in ("bill", "invoice", "boat", "kite")
             for verb in ("print", "send", "check")]  # fmt: skip
    stories = [kit.story(f"s{n}", goal) for n, goal in enumerate(goals)]
    merged = kit.merge([kit.entry(one) for one in stories])
    by_id = {one.id: one for one in stories}
    assert {s.title for s in lay_out(Content(merged, by_id)).sections} >= {"Bill", "Invoice"}
    glossary = {("topic", "bill"): "invoice"}
    found = lay_out(Content(merged, by_id, glossary=glossary)).sections
    assert {s.title: len(s.entries) for s in found} == {"Invoice": 6, "Boat": 3, "Kite": 3}
