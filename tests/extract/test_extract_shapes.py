"""The shapes in which real documents tell their stories, each as a small original document."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.extract.criteria_links import link_criteria
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.decoding import count_mojibake, repair_mojibake
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.stories import Extraction, Story


def read(text: str, name: str = "a.md", pattern: str | None = None) -> Extraction:
    return find_stories(read_bytes(text.encode(), (name,)), pattern=pattern)


def stories(text: str, name: str = "a.md") -> tuple[Story, ...]:
    return read(text, name).stories


def test_headed_narratives_keep_all_their_paragraphs() -> None:
    text = (
        "# Notes\n\nIntroduction.\n\n## Story 1: The wet day\n\nIt rained, and the line was "
        "long.\n\n"
        "Somebody left without paying.\n\n## Story 2\n\nTBD\n\n## Decisions\n\nWe go on.\n"
    )
    (story,) = stories(text)
    assert story.kind == "narrative"
    assert story.title == "The wet day"
    assert story.body == ("It rained, and the line was long.", "Somebody left without paying.")
    assert story.source.locator.heading == ("Notes", "Story 1: The wet day")


def test_headings_under_user_stories_are_stories() -> None:
    text = (
        "## Proposal\n\n### User Stories (Optional)\n\n<!-- Say what people can do. -->\n\n"
        "#### Night trains\n\nAs a rider, I want a bunk.\n\nBunks are short today.\n\n"
        "#### Day trains\n\nRiders bring bread and wait for the trolley.\n\n### Risks\n\nNone "
        "that we know.\n"
    )
    first, second = stories(text)
    assert (first.kind, first.title, first.role) == ("agile", "Night trains", "rider")
    assert first.body == ("Bunks are short today.",)
    assert (second.kind, second.title) == ("narrative", "Day trains")
    assert not read("## User Stories\n\n#### Story 1\n\n#### Story 2\n").stories


def test_one_role_with_many_wants() -> None:
    text = (
        "As an **editor**, I want:\n\n- to cut\n  - with a sharp blade\n- to paste, so that "
        "nothing is lost\n\n"
        "Prose.\n"
    )
    first, second = stories(text)
    assert (first.role, first.goal, first.criteria) == ("editor", "cut", ("with a sharp blade",))
    assert (second.role, second.goal, second.benefit) == ("editor", "paste", "nothing is lost")
    assert first.source.spans[0] == second.source.spans[0], "the role is shared"
    assert first.id != second.id


def test_a_heading_that_names_the_role() -> None:
    first, second = stories(
        "# Wishes\n\n## As an editor\n\n- I want ink.\n- I need paper, so I can write\n"
    )
    assert (first.role, first.goal) == ("editor", "ink")
    assert (second.role, second.goal, second.benefit) == ("editor", "paper", "I can write")


def test_table_with_three_columns_and_a_template_row() -> None:
    text = (
        "| ID | As a | I want to | So that |\n|---|---|---|---|\n"
        "| T-1 | < type of user > | < goal > | < reason > |\n| T-2 | rider | sleep | I rest |\n"
    )
    (story,) = stories(text)
    assert (story.source.key, story.role, story.goal, story.benefit) == (
        "T-2",
        "rider",
        "sleep",
        "I rest",
    )


def test_vertical_tables() -> None:
    text = (
        "| As a | rider |\n|---|---|\n| I want | a bunk |\n| So that | I sleep |\n| Acceptance "
        "criteria | it is long |\n"
        "| As a | guard |\n| I want | a whistle |\n"
    )
    first, second = stories(text)
    assert (first.role, first.goal, first.benefit) == ("rider", "a bunk", "I sleep")
    assert first.criteria == ("it is long",)
    assert (second.role, second.goal) == ("guard", "a whistle")


def test_keys_stand_in_front_and_behind() -> None:
    keys = [
        story.source.key
        for story in stories(
            "- RAIL-1: As a rider, I want a bunk\n- [RAIL-2] As a rider, I want bread\n"
            "- US-3 – As a rider, I want tea\n\n### RAIL-4 Windows\n\nAs a rider, I want to "
            "look out.\n"
        )
    ]
    assert keys == ["RAIL-1", "RAIL-2", "US-3", "RAIL-4"]


def test_criteria_under_labels_and_as_scenarios() -> None:
    text = (
        "As a rider, I want a bunk.\n\nAcceptance criteria:\n\n1. it is long\n2. it is soft\n\n"
        "As a guard, I want a whistle.\n\nScenario: Departure\nGiven all doors are shut\nWhen "
        "I whistle\n"
        "Then the train leaves\n\nProse that belongs to nobody.\n"
    )
    extraction = read(text)
    first, second = extraction.stories
    assert first.criteria == ("it is long", "it is soft")
    assert second.criteria == (
        "Scenario: Departure: Given all doors are shut; When I whistle; Then the train leaves",
    )
    start, end = extraction.residue[-1]
    assert text[start:end].strip() == "Prose that belongs to nobody."


def test_prose_around_a_sentence_stays_out() -> None:
    text = "We met on Monday. As a guard, I want a whistle. Nobody spoke for a while.\n"
    (story,) = stories(text)
    assert story.text == "As a guard, I want a whistle."


def test_a_table_of_contents_holds_no_story() -> None:
    text = "- [As a guard, I want a whistle](#as-a-guard)\n\n"
    text += "## As a guard, I want a whistle\n\nIt is loud.\n"
    (story,) = stories(text)
    assert story.body == ("It is loud.",)
    assert story.source.locator.line == 3


def test_feature_with_a_narrative_is_one_story() -> None:
    text = (
        "@night\nFeature: Bunks\n  In order to rest\n  As a rider\n  I want to book a bunk\n\n"
        "  Background:\n    Given a train\n\n  Scenario: Free\n    Given a free bunk\n    When "
        "I book\n"
        "    Then it is mine\n\n  Scenario Outline: Taken\n    When I book <bunk>\n    Then I "
        "am told\n\n"
        "    Examples:\n      | bunk |\n      | 12   |\n"
    )
    extraction = read(text, "a.feature")
    (story,) = extraction.stories
    assert extraction.document.problem is None
    assert (story.kind, story.role, story.goal, story.benefit) == (
        "agile",
        "rider",
        "book a bunk",
        "rest",
    )
    assert story.criteria == (
        "Free: Given a free bunk; When I book; Then it is mine",
        "Taken: When I book <bunk>; Then I am told; Examples: | bunk | | 12 |",
    )
    assert story.body == ("Background: Given a train",)
    assert story.title == "Bunks"


def test_feature_without_a_narrative_gives_its_scenarios() -> None:
    text = (
        "Feature: Bunks\n  Background:\n    Given a train\n  Scenario: Free\n    When I book\n "
        "   Then it is mine\n"
        "  Scenario: Taken\n    When I book\n    Then I am told\n"
    )
    first, second = stories(text, "a.feature")
    assert (first.kind, first.title) == ("scenario", "Free")
    assert first.criteria == ("When I book; Then it is mine",)
    assert first.body == second.body == ("Background: Given a train",)
    assert first.source.spans[0] == second.source.spans[0]


def test_a_narrative_broken_by_a_blank_line() -> None:
    text = "Feature: Bunks\n  As a rider:\n\n  I want a bunk\n  So I can sleep\n\n"
    text += "  Scenario: x\n    Given y\n"
    (story,) = stories(text, "a.feature")
    assert (story.role, story.goal, story.benefit) == ("rider", "a bunk", "I can sleep")


def test_what_describes_a_scenario_is_none_of_its_steps() -> None:
    told = """Feature: Doors
  Scenario: Open
    A door is pushed,
    never pulled; so it is told.

    # a comment
    It has a bell.
    Given a door
    When it is pushed
    so it is told again
    Then it opens

  Scenario: Loose
    Somebody opens the door.
"""
    first, second = stories(told, "a.feature")
    (steps,) = first.criteria
    assert steps.startswith("Given a door; When it is pushed; so it is told again")
    assert first.body == ("A door is pushed, never pulled; so it is told.", "It has a bell.")
    assert second.criteria == ("Somebody opens the door.",)


@pytest.mark.parametrize(
    "broken",
    [
        "/**\n* @file spec\n*/\n{}",
        "{}\n\n  Background:\n    Given too late\n",
        '{}\n    Given a text\n      """\n      open',
        "{}\n    | a | b |\n    | c |\n",
        "no gherkin at all\n{}",
        "# language: xx\n{}",
    ],
)
def test_invalid_features_keep_their_story_and_are_reported(broken: str) -> None:
    text = "Feature: Bunks\n  As a rider\n  I want a bunk\n\n  Scenario: Free\n    When I book"
    extraction = read(broken.format(text), "a.feature")
    (story,) = extraction.stories
    assert (story.role, story.goal) == ("rider", "a bunk")
    assert extraction.document.problem is not None
    assert "not valid Gherkin" in extraction.document.problem


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        (
            "de",
            "Funktionalität: B\n  Szenario: Frei\n    Angenommen x\n    Wenn y\n    Dann z\n",
            1,
        ),
        ("fr", "Fonctionnalité: B\n  Scénario: Libre\n    Soit x\n    Quand y\n    Alors z\n", 1),
        ("ja", "機能: B\n  シナリオ: 空き\n    前提x\n    もしy\n    ならばz\n", 1),
        ("ru", "Функция: B\n  Сценарий: Да\n    Допустим x\n    Когда y\n    Тогда z\n", 1),
    ],
)
def test_dialects(language: str, text: str, count: int) -> None:
    extraction = read(f"# language: {language}\n{text}", "a.feature")
    assert extraction.document.problem is None
    assert len(extraction.stories) == count
    assert extraction.stories[0].criteria[0].count(";") == 2


def test_reads_a_feature_as_the_official_parser_does() -> None:
    from gherkin.parser import Parser

    text = (
        "Feature: A\n  Words.\n\n  Background:\n    Given a\n\n  Rule: R\n    Scenario: One\n  "
        "    Given b\n"
        '        """\n        Then no step\n        """\n      * c\n    Scenario Outline: Two\n'
        "      When <x>\n        | t |\n      Examples: E\n        | x |\n        | 1 |\n"
    )
    tree = Parser().parse(text)["feature"]
    steps: list[str] = []
    headings: list[str] = []

    def walk(node: dict[str, object]) -> None:
        headings.append(f"{node['keyword']}: {node['name']}".rstrip())
        for child in node.get("children", []):  # type: ignore[attr-defined]
            walk(next(iter(child.values())))
        for step in node.get("steps", []):  # type: ignore[attr-defined]
            steps.append(step["keyword"] + step["text"])
        for example in node.get("examples", []):  # type: ignore[attr-defined]
            headings.append(f"{example['keyword']}: {example['name']}".rstrip())

    walk(tree)
    document = read_bytes(text.encode(), ("a.feature",))
    ours = {
        kind: [text[b.start : b.end] for b in document.blocks if b.kind == kind]
        for kind in ("heading", "step")
    }
    assert ours["heading"] == headings
    assert ours["step"] == steps


def test_a_pattern_finds_what_has_no_known_shape() -> None:
    text = (
        "# Log\n\n## REQ 1 Doors\n\nThey shut.\n\n## Talk\n\nx\n\n- As a guard, I want a whistle\n"
    )
    first, second = read(text, pattern=r"^REQ \d+").stories
    assert (first.kind, first.title, first.body) == ("narrative", "REQ 1 Doors", ("They shut.",))
    assert second.role == "guard"
    with pytest.raises(InputError, match="regular expression"):
        read(text, pattern="(")


def test_criteria_in_another_document_are_linked_by_key() -> None:
    wishes = read(
        "- RAIL-1: As a rider, I want a bunk\n- RAIL-2: As a rider, I want tea\n", "wishes.md"
    )
    criteria = read(
        "# Criteria\n\n## RAIL-1\n\n- it is long\n- it is soft\n\n## RAIL-9\n\n- nobody's\n",
        "criteria.md",
    )
    table = read("Key,Acceptance criteria\nRAIL-2,hot\n", "more.csv")
    links = link_criteria([wishes, criteria, table])
    assert [(link.key, link.criteria) for link in links] == [
        ("RAIL-1", ("it is long", "it is soft")),
        ("RAIL-2", ("hot",)),
    ]
    assert links[0].story == wishes.stories[0].id
    start, end = links[0].span
    assert criteria.document.text[start:end].startswith("RAIL-1")


def test_mojibake_is_reported_and_repaired_on_request_only() -> None:
    text = "As a cafÃ© owner, I want it now – itâ€™s late.\n"
    document = read_bytes(text.encode(), ("a.txt",))
    assert document.problem is not None and "2 places look like UTF-8" in document.problem
    kept = find_stories(document).stories[0]
    mended = find_stories(document, repair=True).stories[0]
    assert kept.role == "cafÃ© owner"
    assert (mended.role, mended.goal) == ("café owner", "it now – it’s late")
    assert mended.source == kept.source
    assert mended.id == kept.id
    assert count_mojibake("Ångström, naïve, 20 °C, “quoted” – fine…") == 0
    assert repair_mojibake("naïve") == "naïve"


def listed(*more: str) -> list[str]:
    """Twenty lines of one story each, and others after the fourth."""
    lines = [f"As a cook, I want pan {n}, so that I can fry." for n in range(20)]
    return [*lines[:4], *more, *lines[4:]]


def test_a_list_of_one_story_a_line_glues_no_line_to_its_neighbour() -> None:
    text = "\n".join(listed("Pots & lids.", "in the large cupboard."))
    stories = read(text, "a.txt").stories
    assert [story.source.locator.line for story in stories] == list(range(1, 23))
    assert [story.text for story in stories] == text.split("\n")
    assert {story.kind for story in stories} == {"agile"}
    assert [story.fields for story in stories[4:6]] == [
        (("body", "Pots & lids."),),
        (("body", "in the large cupboard."),),
    ]


def test_a_text_that_is_no_such_list_keeps_its_wrapped_lines() -> None:
    wrapped = "in the large cupboard."
    few = read("\n".join(listed(*[wrapped] * 3)), "a.txt").stories
    assert len(few) == 20, "more than one line in ten tells no story"
    paragraphs = "\n\n".join(listed()[:11]).replace("fry.", f"fry\n{wrapped}", 1)
    assert len(read(paragraphs, "a.txt").stories) == 11
    assert len(read("\n".join(listed()[:8]) + f"\n{wrapped}", "a.txt").stories) == 8
    assert len(read("\n".join(listed(wrapped)), "a.md").stories) == 20, "a wrapped line of a note"
