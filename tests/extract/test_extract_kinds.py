"""Kinds of mistakes that readers found in samples of real documents, each with its neighbours."""

from __future__ import annotations

import json

import pytest

from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.extract.stories.leads import split_heading
from pipeline.extract.stories.phrases import read_phrases
from pipeline.stories import Story
from pipeline.text.sentences import sentence_ends


def stories(text: str, name: str = "a.md") -> tuple[Story, ...]:
    return find_stories(read_bytes(text.encode(), (name,))).stories


@pytest.mark.parametrize(
    ("sentence", "goal", "benefit"),
    [
        ("As a cook, I want salt, so that so I can season.", "salt", "I can season"),
        ("As a cook, I want salt so that so that it tastes.", "salt", "it tastes"),
        ("As a cook, I want to be able to able to bake", "bake", ""),
        ("As a cook, I want to be able to be able to bake", "bake", ""),
        ("As a cook, I want able seamen", "able seamen", ""),
        ("As a cook, I want salt in order to to season", "salt", "season"),
        ("As a cook, I want salt in order for that to taste", "salt", "that to taste"),
        ("As a cook, I want to do so, so the guests eat", "do so", "the guests eat"),
        ("Als Koch möchte ich Salz, damit damit es schmeckt.", "Salz", "es schmeckt"),
        ("En tant que chef, je veux du sel afin de afin de saler.", "du sel", "saler"),
    ],
)
def test_what_an_author_wrote_twice_is_taken_off_twice(
    sentence: str, goal: str, benefit: str
) -> None:
    told = read_phrases(sentence)
    assert told is not None
    assert (told.goal, told.benefit) == (goal, benefit)


@pytest.mark.parametrize(
    ("sentence", "role", "goal"),
    [
        ("As a cook, rather than guess; I want a scale", "cook", "rather than guess, a scale"),
        ("As a cook, unlike a waiter, I want a pan", "cook", "unlike a waiter, a pan"),
        ("As a cook, since I am alone, I want a pan", "cook", "since I am alone, a pan"),
        ("As a cook, although I can wait, I want a pan", "cook", "although I can wait, a pan"),
        ("As a cook, in whose pan it burns, I want air", "cook, in whose pan it burns", "air"),
        ("As a cook, and the owner, I want a pan", "cook, and the owner", "a pan"),
    ],
)
def test_a_clause_behind_the_role_is_none_of_it(sentence: str, role: str, goal: str) -> None:
    told = read_phrases(sentence)
    assert told is not None
    assert (told.role, told.goal) == (role, goal)


@pytest.mark.parametrize(
    ("text", "goal", "benefit"),
    [
        (
            "Als Gast möchte ich am 1. Mai oder 2. Juni kommen, damit ich ruhe.",
            "am 1. Mai oder 2. Juni kommen", "ich ruhe",
        ),
        (
            "Als Gast möchte ich vom 30. September bis 3. Oktober bleiben, damit ich feiere.",
            "vom 30. September bis 3. Oktober bleiben", "ich feiere",
        ),
        (
            "As a guest, I want to book from 3. October on, so that I rest.",
            "book from 3. October on", "I rest",
        ),
    ],
)  # fmt: skip
def test_the_stop_of_a_day_before_its_month_ends_nothing(
    text: str, goal: str, benefit: str
) -> None:
    (one,) = stories(text)
    assert (one.goal, one.benefit) == (goal, benefit)


@pytest.mark.parametrize(
    "text",
    [
        "Show the list in phase 2. May I see it?",
        "There are 45. August is the month.",
        "The price is 3.1. June follows.",
        "Ship version 2. The rest follows.",
    ],
)
def test_another_number_before_a_capital_ends_a_sentence(text: str) -> None:
    assert len(list(sentence_ends(text))) == 2


def test_an_abbreviation_keeps_its_stop_before_a_list() -> None:
    first, *below = stories(
        "- As a cook I want to choose moments, e.g.\n"
        "  - As a cook I want to salt before serving.\n"
        "  - As a cook I want to salt after tasting.\n"
    )
    assert first.goal == "choose moments, e.g."
    assert [story.goal for story in below] == ["salt before serving", "salt after tasting"]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("(pre-drain)", "pre-drain"),
        ("Story 2 (optional): Refunds", "Refunds"),
        ("Refunds (beta)", "Refunds (beta)"),
        ("(Optional) Refunds", "(Optional) Refunds"),
        ("[beta] Refunds", "[beta] Refunds"),
        ("Refunds [beta]", "Refunds [beta]"),
        ("[beta]", "beta"),
        ("(a) and (b)", "(a) and (b)"),
        ("“Pay” button", "“Pay” button"),
        ('"Pay now"', "Pay now"),
        ('"Pay" button', '"Pay" button'),
    ],
)
def test_a_title_keeps_both_halves_of_its_brackets_or_none(heading: str, title: str) -> None:
    assert split_heading(heading) == ("", title)


def test_tags_before_a_story_head_nothing_and_still_tell_two_apart() -> None:
    told = stories(
        "# User stories\n\n#web As a cook, I want salt.\n\n#app As a cook, I want salt.\n\n"
        "@web #kitchen: As a cook, I want salt.\n"
    )
    assert [(story.title, story.body, story.source.locator.beside) for story in told] == [
        ("", (), ("tags: #web",)),
        ("", (), ("tags: #app",)),
        ("", (), ("tags: @web #kitchen",)),
    ]
    assert len({story.fingerprint for story in told}) == 3


def test_a_column_that_repeats_its_sentence_adds_nothing() -> None:
    said = "As a cook, I want salt, so that it tastes."
    rows = [
        {"Text": said, "Persona": ["cook"], "Benefit": "it tastes"},
        {"Text": said, "Persona": ["baker"], "Benefit": "it tastes better"},
    ]
    again, more = stories(json.dumps(rows, indent=1), "a.json")
    assert again.body == ()
    assert "baker" in more.body
    assert "it tastes better" in more.body
    assert len(again.source.spans) == 3  # what is not told again is the story's all the same


@pytest.mark.parametrize("opening", ["In order to rest", "To rest", "So that they rest"])
@pytest.mark.parametrize(
    ("role", "wish"),
    [("A rider", "Should be able to book a bunk"), ("Riders", "Want to book a bunk")],
)
def test_a_narrative_of_three_lines(opening: str, role: str, wish: str) -> None:
    text = f"Feature: Night trains\n  {opening}\n  {role}\n  {wish}\n\n"
    text += "  Scenario: Free\n    When I book\n    Then it is mine\n"
    (story,) = stories(text, "a.feature")
    assert story.role == role.removeprefix("A ")
    assert story.goal == "book a bunk"
    assert story.benefit in ("rest", "they rest")
    assert story.criteria == ("Free: When I book; Then it is mine",)


@pytest.mark.parametrize(
    "described",
    [
        "In order to rest\n  The system\n  Should be able to book a bunk",  # a thing wishes nothing
        "In order to rest\n  Riders book a bunk early",
        "To rest, it is dark\n  at night",
        "A rider\n  Should be able to book a bunk",
    ],
)
def test_other_descriptions_are_no_narrative_of_three_lines(described: str) -> None:
    text = f"Feature: Night trains\n  {described}\n\n"
    text += "  Scenario: Free\n    When I book\n    Then it is mine\n"
    (story,) = stories(text, "a.feature")
    assert (story.kind, story.title) == ("scenario", "Free")


def test_examples_of_no_step_are_no_scenario() -> None:
    text = "Feature: Bunks\n\n  Scenario Outline: Some\n    When I book <bunk>\n\n    Examples:\n"
    text += "    | bunk |\n    | 12 |\n\n  Scenario Outline: None\n\n    Examples:\n    | bunk |\n"
    text += "    | 13 |\n\n  Scenario: Loose\n    Somebody books a bunk.\n"
    assert [story.title for story in stories(text, "a.feature")] == ["Some", "Loose"]


def test_the_rule_of_a_markdown_table_is_no_row_of_a_scenario() -> None:
    text = (
        "# Feature: Bunks\n\n## Scenario: Some\n\n* When I book\n  | bunk | deck |\n"
        "  | :--- | ---: |\n  | 12 | - |\n"
    )
    (story,) = stories(text, "a.feature.md")
    assert story.criteria == ("When I book | bunk | deck | | 12 | - |",)


def test_a_doc_string_of_more_marks_is_closed_by_as_many() -> None:
    text = (
        "## Feature: Notes\n\n### Scenario: Kept\n\n* Given a text\n"
        "````md\n```\n* Then no step\n```\n````\n* Then it is kept\n"
    )
    (story,) = stories(text, "a.feature.md")
    assert story.criteria == ("Given a text ````md ``` * Then no step ``` ````; Then it is kept",)


def test_the_backgrounds_of_a_feature_and_a_rule_stay_two() -> None:
    text = (
        "Feature: Trains\n  Background:\n    Given a train\n\n  Rule: Night\n    Background:\n"
        "      Given it is dark\n\n    Scenario: Sleep\n      When I lie down\n      Then I sleep\n"
    )
    (story,) = stories(text, "a.feature")
    assert story.body == ("Background: Given a train", "Background: Given it is dark")
