"""What an entry's block says that is nearly, and not quite, what its stories say."""

from __future__ import annotations

import pytest

from pipeline.kept.wording import altered

TOLD = {
    "a": ["Late fee", "As a member, I want to keep a tool for < 7 days, so that I can finish."],
    "b": ["member", "to keep a tool (any tool) for long", "I can finish in time"],
    "c": ["S-1-5-21 is the name of a series of screws"],
}


@pytest.mark.parametrize(
    "line",
    [
        "- As a member, I want to keep a tool for < 7 days, so that I can finish. (2 tellings)",
        "- S-1 Late fee: As a member, I want to keep a tool for < 7 days, so that I can finish.",
        "Late fee As a member, I want to keep a tool for < 7 days, so that I can finish. S-1, S-2",
        "- As a member, I want to keep a tool (any tool) for long, so that I can finish in time.",
        "  - to keep a tool (any tool) for long",
        "  - also: to keep a tool, S-2",
        "  - also: As a member, I want, S-3",
        "  - roles: member, keeper of a tool",
        "  - 12 tellings, 3 roles, 1 conflict (S-1, S-2)",
        "  - alike in a long story, S-7: “keep a tool”",
        "S-1-5-21 is the name of a series of screws",
        "",
    ],
)
def test_words_of_the_stories_and_of_the_edition_are_no_alteration(line: str):
    assert list(altered([line], TOLD)) == []


@pytest.mark.parametrize(
    "line",
    [
        "- As a member, I want to keep a tool for > 7 days, so that I can finish. (2 tellings)",
        "- As a member, I want to keep a tool for 7 days, so that I can finish.",
        "- S-1 Late fee: As a member, I want to keep a tool for < 8 days, so that I can finish.",
        "Late fee As a member, I want to keep a tool for < 7 days so that I can finish. S-1, S-2",
        "Late fee As a member, I want to tool keep a for < 7 days, so that I can finish.",
        "- As a MEMBER, I want to keep a tool for < 7 days, so that I can finish.",
        "- As a member, I want to keep",
        "- As a member, I want to keep a tool for < 7 days, so",
        "- As a member, I want to keep a tool (any tool) for ever, so that I can finish in time.",
    ],
)
def test_what_nobody_said_is_told_with_the_story_it_is_like(line: str):
    assert [story for story, _ in altered([line], TOLD)] in (["a"], ["b"])


@pytest.mark.parametrize("mark", ["", "*", "**", "__"])
def test_what_an_emphasised_label_announces_is_a_part_of_its_own(mark: str):
    """An edition's line has the label without its emphasis; the sentence behind it is not a less
    what the story says."""
    told = {"a": [f"{mark}Solution:{mark} Leave the field unset and go home."]}
    assert list(altered(["  - Solution: Leave the field unset and go home."], told)) == []
    assert [s for s, _ in altered(["  - Solution: Leave a field unset and go home."], told)] == [
        "a"
    ]
