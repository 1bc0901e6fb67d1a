"""Old words put together anew: a crossed role, a borrowed reason, a seam inside a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.gate.grounding import grounded, sentence_verdicts
from pipeline.gate.modality import marked
from pipeline.gate.roles_and_reasons import stories_behind
from pipeline.outcomes import StoryText
from pipeline.stories import Story
from tests.support.stories import story

COOK = story(
    "a", "order spices from the harbour market", role="cook", benefit="the kitchen saves money"
)
GUEST = story(
    "b", "see the menu of the evening", role="guest", benefit="I can choose before I come"
)
SAME = story(
    "c", "order spices from the market at the harbour", role="head cook", benefit="nothing runs out"
)


def checks(text: StoryText, *sources: Story) -> set[tuple[str, str]]:
    found = sentence_verdicts(text, sources)
    return {(v.field, f.check) for v in found for f in v.findings}


def test_a_role_with_the_need_of_another_story_is_stopped():
    text = StoryText("guest", COOK.goal, COOK.benefit)
    assert checks(text, COOK, GUEST) == {("role", "name")}
    assert not checks(replace(text, role="cook"), COOK, GUEST)


def test_a_reason_of_another_need_is_stopped():
    text = StoryText("cook", COOK.goal, GUEST.benefit)
    assert checks(text, COOK, GUEST) == {("benefit", "support")}
    both = replace(text, benefit=f"{COOK.benefit} and {GUEST.benefit}")
    assert checks(both, COOK, GUEST) == {("benefit", "support")}


def test_a_goal_of_another_story_is_no_reason():
    bare = replace(COOK, benefit="")
    text = StoryText("cook", COOK.goal, "I see the menu of the evening")
    assert checks(text, bare, GUEST) == {("benefit", "support")}


def test_stories_of_one_need_share_roles_and_reasons():
    assert stories_behind(COOK.goal, [COOK, SAME, GUEST]) == [COOK, SAME]
    text = StoryText("cook", SAME.goal, f"{COOK.benefit} and {SAME.benefit}")
    assert not checks(text, COOK, SAME)


def test_a_wish_in_the_body_needs_its_role_too():
    text = StoryText("cook", COOK.goal, COOK.benefit, body=(f"I want to {GUEST.goal}.",))
    assert checks(text, COOK, GUEST) == {("body", "name")}
    own = replace(text, body=(f"As a guest, I want to {GUEST.goal}, so that {GUEST.benefit}.",))
    assert not checks(own, COOK, GUEST)
    joined = replace(text, role="cook or guest")
    assert not checks(joined, COOK, GUEST)


def test_words_of_two_sources_are_not_joined_where_these_speak_of_different_things():
    text = StoryText("cook", "order spices from the evening menu", COOK.benefit)
    assert ("goal", "support") in checks(text, COOK, GUEST)


def test_words_of_two_sources_of_one_thing_are_joined():
    a = story("a", "reset my password by email", role="customer", benefit="I get in again")
    b = story("b", "get a password reset link that expires after 30 minutes", role="customer")
    text = StoryText(
        "customer", "reset my password by an email link that expires after 30 minutes", a.benefit
    )
    assert not checks(text, a, b)


def test_a_word_said_twice_where_no_source_does_is_stopped():
    text = StoryText("cook", "order spices from the market market", COOK.benefit)
    assert ("goal", "support") in checks(text, COOK)


RULES = story(
    "r",
    "keep the books",
    role="treasurer",
    benefit="the members trust us",
    criteria=(
        "A receipt must be kept for 10 years.",
        "Members may not see the receipts of others.",
        "A reminder is sent.",
    ),
)


@pytest.mark.parametrize(
    ("said", "check"),
    [
        ("a receipt must be kept for 10 years and a reminder is sent", ""),
        ("a reminder is sent and members may not see the receipts of others", ""),
        ("a receipt is kept for 10 years and a reminder is sent", "modality"),
        ("a receipt must be kept for 10 years and a reminder must be sent", "modality"),
        ("a receipt must not be kept for 10 years and a reminder is sent", "negation"),
        ("a reminder is sent and members may see the receipts of others", "negation"),
        ("a reminder is not sent and members may not see the receipts of others", "negation"),
        ("a receipt should be kept for 10 years and a reminder is sent", "modality"),
    ],
)
def test_marks_stay_with_their_words(said: str, check: str):
    found = checks(StoryText("treasurer", "keep the books", criteria=(said,)), RULES)
    assert {kind for _, kind in found} == ({check} if check else set())


def test_marks_are_read_before_their_word():
    places = {place.word: place.marks for place in marked("Members must not see it, not only now")}
    assert places["see"] == ("must", "not") and places["."] == ()
    assert grounded(sentence_verdicts(StoryText(goal="keep the books"), [RULES]))
