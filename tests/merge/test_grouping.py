"""Grouping: every story in one group, topics that tell stories apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.merge.grouping import by_role, by_topic, parse_group
from pipeline.outcomes import MergedStory, StoryText


def merged(n: int, role: str, goal: str) -> MergedStory:
    return MergedStory(str(n), StoryText(role=role, goal=goal), (str(n),), "kept")


STORIES = [
    merged(n, role, goal)
    for n, (role, goal) in enumerate(
        [
            ("member", "renew a loan"),
            ("Member", "see my loans on one page"),
            ("member", "extend loans from abroad"),
            ("treasurer", "charge a deposit for each drill"),
            ("", "pay deposits by card"),
            ("treasurer", "return the deposit"),
            ("visitor", "read the opening hours"),
            ("visitor", "book a workshop"),
            ("visitor", "cancel a visit"),
            ("editor", "write news"),
            ("editor", "translate pages"),
            ("editor", "invite authors"),
        ]
    )
]


def test_topics_gather_stories_across_roles() -> None:
    groups = {heading: {int(s.id) for s in found} for heading, found in by_topic(STORIES)}
    assert groups["deposit"] == {3, 4, 5} and groups["loans"] == {0, 1, 2}
    assert list(groups)[-1] == "" and {6, 7, 8, 9, 10, 11} == groups[""]


def test_roles_are_one_whatever_their_case_and_none_comes_last() -> None:
    groups = by_role(STORIES)
    assert [heading for heading, _ in groups] == ["editor", "member", "treasurer", "visitor", ""]


GOAL = st.lists(st.sampled_from(["open", "loan", "loans", "card", "deposit", "7"]), max_size=5)


@given(st.lists(GOAL.map(" ".join), max_size=20))
def test_every_story_is_in_one_group(goals: list[str]) -> None:
    stories = [merged(i, "", goal) for i, goal in enumerate(goals)]
    for grouping in (by_role, by_topic):
        found = [story.id for _, group in grouping(stories) for story in group]
        assert sorted(found) == sorted(story.id for story in stories)


def test_an_unknown_grouping_is_refused() -> None:
    assert parse_group("topic") == "topic"
    with pytest.raises(InputError, match="colour"):
        parse_group("colour")
