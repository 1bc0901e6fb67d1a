"""Neighbours of known kinds that were read wrongly, in formats that are not plain text."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.extract.stories.units import split_units
from pipeline.stories import Story


def stories(data: bytes, name: str) -> tuple[Story, ...]:
    return find_stories(read_bytes(data, (name,))).stories


def test_each_numbered_column_of_criteria_is_read() -> None:
    table = (
        "Title,As a,I want to,So that,Acceptance Criteria 1,Acceptance criterion 2,AC3\n"
        "Lend,reader,lend a book,I can read,four weeks,three books,\n"
        "Renew,reader,renew a loan,,once only,,by mail\n"
    )
    found = stories(table.encode(), "a.csv")
    assert [s.criteria for s in found] == [("four weeks", "three books"), ("once only", "by mail")]


def test_columns_that_only_look_numbered_make_no_story() -> None:
    assert (
        stories(b"ID,Criteria 1,Criteria 2,Name\n1,tall,small,Ann\n2,big,thin,Bob\n", "a.csv") == ()
    )


def test_a_description_goes_on_with_the_sentence_of_its_title() -> None:
    fields = {
        "System.WorkItemType": "User Story",
        "System.Title": "As a tenant, I want to pay rent online",
        "System.Description": "<div>so that I need not queue.</div><div>Card or transfer.</div>",
    }
    found = stories(json.dumps({"value": [{"id": 7, "fields": fields}]}).encode(), "a.json")
    assert [(s.goal, s.benefit, s.body) for s in found] == [
        ("pay rent online", "I need not queue", ("Card or transfer.",))
    ]


def test_a_column_of_benefits_goes_on_with_the_sentence_beside_it() -> None:
    table = (
        "Epic,Story,Benefit\n"
        "Care,As a nurse I want a bell,so that I hear patients\n"
        "Care,As a nurse I want a lamp so that I see,nobody falls\n"
    )
    found = stories(table.encode(), "a.csv")
    assert [(s.benefit, s.body) for s in found] == [
        ("I hear patients", ()),
        ("I see", ("nobody falls",)),
    ]


def test_a_second_purpose_takes_no_benefit_away() -> None:
    table = (
        "Summary,Description\n"
        '"As a tenant, I want to pay so that I may stay","So that I need not queue."\n'
    )
    (found,) = stories(table.encode(), "a.csv")
    assert (found.benefit, found.body) == ("I may stay", ("So that I need not queue.",))


def test_each_card_has_the_key_and_title_above_its_labels() -> None:
    from docx import Document

    document = Document()
    for key, title, role in (("US-1", "Tools", "miner"), ("US-2", "Clocks", "diver")):
        rows = [
            ("ID", key),
            ("Title", title),
            ("As a", role),
            ("I want", "light"),
            ("So that", "-"),
        ]
        table = document.add_table(rows=len(rows), cols=2)
        for row, (label, value) in zip(table.rows, rows, strict=True):
            row.cells[0].text, row.cells[1].text = label, value
        document.add_paragraph("")
    target = io.BytesIO()
    document.save(target)
    found = stories(target.getvalue(), "a.docx")
    assert [(s.source.key, s.title, s.role, s.body) for s in found] == [
        ("US-1", "Tools", "miner", ()),
        ("US-2", "Clocks", "diver", ()),
    ]


@pytest.mark.parametrize("blank", ["", "\n", "\n \n"])
def test_a_head_behind_blank_lines_heads_no_story(blank: str) -> None:
    document = read_bytes(
        f"{blank}---\nauthor: Ann\n---\n\nAs a spy, I want a car.\n".encode(), ("a.md",)
    )
    (found,) = find_stories(document).stories
    assert (found.title, found.source.author, found.source.locator.heading) == ("", "Ann", ())


def test_a_language_without_a_story_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# Anforderungen\n\n- Das System muss ein Konto nach fünf Versuchen sperren.\n"
        "- Wenn die Tür aufgeht, soll die Steuerung die Zeit speichern.\n"
    )
    (tmp_path / "b.md").write_text("Als Gast möchte ich die Karte sehen, damit ich wählen kann.\n")
    none, one = extract([tmp_path])
    assert "no sentence in it is a story" in (none.document.problem or "")
    assert "its stories are found by the German template" in (one.document.problem or "")


@pytest.mark.parametrize(
    ("sentence", "goal"),
    [
        ("On weekends, as a driver I want to park.", "on weekends, park"),
        ("When it rains, as a driver, I need to park.", "when it rains, park"),
        ("During the summer as a driver I would like to park.", "during the summer, park"),
        ("Before a trip, if long, as a driver I want to park.", "before a trip, if long, park"),
        ("Today, as a driver, I want to park.", "today, park"),
    ],
)  # fmt: skip
def test_what_holds_before_a_role_is_told_stays_with_the_goal(sentence: str, goal: str) -> None:
    found = stories(f"# Wishes\n\nThe gate is open.\n\n{sentence}\n".encode(), "a.md")
    assert [(story.role, story.goal) for story in found] == [("driver", goal)]


@pytest.mark.parametrize(
    "text",
    [
        "In 2024, as a company we want to grow.",
        "On the left as a rule I see the menu.",
        "In the end, as a rule I want peace.",
    ],
)
def test_and_what_only_looks_like_it_is_none(text: str) -> None:
    assert split_units(text) == ()


@pytest.mark.parametrize("between", [" ", "\n\n"])
@pytest.mark.parametrize("role", [", as a driver", " as a driver,", ", as a driver,"])
def test_a_purpose_with_its_own_role_is_not_the_benefit_of_the_story_above(
    between: str, role: str
) -> None:
    text = f"As an admin I need a log.{between}In order to park{role} I want a lot.\n"
    found = stories(text.encode(), "a.md")
    assert [(s.role, s.goal, s.benefit) for s in found] == [
        ("admin", "a log", ""), ("driver", "a lot", "park"),
    ]  # fmt: skip
