"""One story sentence to role, goal and benefit."""

from __future__ import annotations

import pytest

from pipeline.extract.patterns import parse_story_text
from pipeline.extract.stories.phrases import read_phrases
from pipeline.outcomes import StoryText
from pipeline.text.sentences import plain, sentence_ends


@pytest.mark.parametrize(
    ("sentence", "role", "goal", "benefit"),
    [
        (
            "As a shopper, I want to filter products by price, so that I only see bargains.",
            "shopper",
            "filter products by price",
            "I only see bargains",
        ),
        ("As an editor I want a spell checker.", "editor", "a spell checker", ""),
        (
            "In order to rest\n  As a nurse\n  I want to be able to swap shifts",
            "nurse",
            "swap shifts",
            "rest",
        ),
        ("**As a** diver **I want** air **so that** I live", "diver", "air", "I live"),
        ("As a: diver\nI want: air\nSo that: I live", "diver", "air", "I live"),
        ("As a clerk, I would also like to print, so I can file.", "clerk", "print", "I can file"),
        ("As pilots, we want maps so that that we land.", "pilots", "maps", "we land"),
        ("I, as a baker, want to bake", "baker", "bake", ""),
        ("As a baker, would like to bake", "baker", "bake", ""),
        ("As a busy cook I don't have time to weigh.", "busy cook", "don't have time to weigh", ""),
        ("As a guard, I must not open it.", "guard", "must not open it", ""),
        ("As a cook (e.g. a chef), I want salt", "cook (e.g. a chef)", "salt", ""),
        (
            "As a user, when a page fails, I want to see why",
            "user",
            "when a page fails, see why",
            "",
        ),
        (
            "As a member, I want to search by the job I have to do, so that I find it",
            "member",
            "search by the job I have to do",
            "I find it",
        ),
        (
            "As a cook, I want to do so quickly so the guests eat",
            "cook",
            "do so quickly",
            "the guests eat",
        ),
        ('"As a cook, I want a \\"pan\\"."', "cook", 'a \\"pan\\"', ""),
    ],
)
def test_reads_every_order_of_the_parts(sentence: str, role: str, goal: str, benefit: str) -> None:
    told = read_phrases(sentence)
    assert told is not None
    assert (told.role, told.goal, told.benefit) == (role, goal, benefit)
    assert told.strict
    assert not told.template


@pytest.mark.parametrize(
    "role",
    [
        "person taking part", "man making music his goal", "person with a part", "worker on a step",
        "nurse taking part", "driver doing work", "teacher making a point", "clerk taking note",
    ],
)  # fmt: skip
def test_whose_work_ends_like_a_manner_of_speaking_is_someone(role: str) -> None:
    found = read_phrases(f"As a {role}, I want to leave early, so that I am home.")
    assert found is not None and found.role == role


@pytest.mark.parametrize(
    "sentence",
    [
        "As a general starting point, we want to try it.",
        "As a side effect of people leaving, we need to lock the door.",
        "As a user testing step, we want to call them.",
        "As a better working example, I want to show this.",
        "As a customer onboarding step, I want to call them.",
        "As a result, we need to change the plan.",
        "As a first step, we will try it.",
        "As we enter the new year, we must save.",
        "As the list grows, we need pages.",
        "As if I would like that.",
        "As I have said, I want peace.",
        "As good stewards, we must leave them better than we found them.",
        "They want to leave.",
        "as usual",
        "",
    ],
)
def test_prose_is_no_story(sentence: str) -> None:
    assert read_phrases(sentence) is None


@pytest.mark.parametrize("role", ["<type of user>", "< role >", "[role]", "{persona}", "..."])
def test_a_form_to_fill_in_is_a_template(role: str) -> None:
    told = read_phrases(f"As a {role}, I want <some goal> so that <some reason>")
    assert told is not None
    assert told.template


@pytest.mark.parametrize(
    ("sentence", "role", "goal"),
    [
        ("Users should be able to log in.", "Users", "log in"),
        ("Guests must not be able to delete orders", "Guests", "must not be able to delete orders"),
        ("I need a map, so I can walk", "", "a map"),
        ("I want to see prices, as a guest, so that I can choose", "guest", "see prices"),
        ("Role: guest, goal: see prices, benefit: choose", "guest", "see prices"),
    ],
)
def test_loose_shapes_count_only_where_a_story_is_expected(
    sentence: str, role: str, goal: str
) -> None:
    assert read_phrases(sentence) is None
    told = read_phrases(sentence, expected=True)
    assert told is not None
    assert (told.role, told.goal) == (role, goal)


def test_parses_a_reply_with_criteria() -> None:
    told = parse_story_text(
        "As a shopper, I want to pay by card, so that I need no cash.\n\n"
        "Acceptance criteria:\n- Visa works\n- a receipt is sent within 5 minutes\n"
    )
    assert told == StoryText(
        role="shopper",
        goal="pay by card",
        benefit="I need no cash",
        criteria=("Visa works", "a receipt is sent within 5 minutes"),
    )


def test_parses_criteria_on_one_line_and_steps_as_one_criterion() -> None:
    told = parse_story_text("As a cook, I want salt. Acceptance criteria: it is dry; it is white")
    assert told.criteria == ("it is dry", "it is white")
    told = parse_story_text(
        "As a cook, I want salt.\n\nGiven a pan\nWhen I cook\nThen it is salty\nGiven b\nThen c"
    )
    assert told.criteria == ("Given a pan; When I cook; Then it is salty", "Given b; Then c")


def test_keeps_a_title_that_says_more_and_all_further_words() -> None:
    told = parse_story_text("Cooking at sea: As a cook, I want salt. It must not get wet.")
    assert told.title == "Cooking at sea"
    assert told.body == ("It must not get wet.",)


@pytest.mark.parametrize("text", ["No story here.", "", "   ", "As a", "I"])
def test_what_is_no_story_stays_as_it_is(text: str) -> None:
    assert parse_story_text(text) == StoryText(body=(text,))


def test_sentences_end_where_a_reader_would_say() -> None:
    text = "Ask Dr. Weir, e.g. today. It costs 3.50 euros! Why? See no. 5 of v1.2."
    ends = list(sentence_ends(text))
    cut = [text[a:b].strip() for a, b in zip([0, *ends], ends, strict=False)]
    assert cut == [
        "Ask Dr. Weir, e.g. today.",
        "It costs 3.50 euros!",
        "Why?",
        "See no. 5 of v1.2.",
    ]


def test_plain_takes_marks_off_and_leaves_words() -> None:
    assert plain("> **bold** and _soft_\n> snake_case, *.txt, 2*3*4") == (
        "bold and soft snake_case, *.txt, 2*3*4"
    )
