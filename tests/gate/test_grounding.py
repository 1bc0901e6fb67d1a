"""The gate: what says what its sources say passes, whatever is planted is stopped, what is missing
is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gate.grounding import grounded, sentence_verdicts
from pipeline.gate.sources import locate
from pipeline.outcomes import StoryText
from pipeline.stories import Locator, Source, Span, Story
from tests.support.said import missing
from tests.support.stories import story

SOURCES = [
    story(
        "a",
        role="store manager",
        goal="lock an account after 3 failed logins",
        benefit="thieves cannot guess a password",
        criteria=("the owner must be told by SMS within 10 minutes", "it costs 5 euros"),
    ),
    story(
        "b",
        role="store manager",
        goal="lock an account after 3 failed logins from abroad",
        benefit="the bank trusts us from 1 May 2027",
        criteria=("a locked account may be opened by Ines",),
    ),
]


def text_of(one: Story) -> StoryText:
    """A story as the text of one."""
    return joined([one])


def joined(sources: list[Story]) -> StoryText:
    """Everything that some stories say, each field once and word for word."""

    def said(field: str) -> list[str]:
        texts = (text for one in sources for name, text in one.fields if name == field)
        return list(dict.fromkeys(texts))

    titles, goals, benefits = said("title"), said("goal"), said("benefit")
    return StoryText(
        role=" or ".join(said("role")),
        goal=goals[0],
        benefit=next(iter(benefits), ""),
        criteria=tuple(said("criterion")),
        title=next(iter(titles), ""),
        body=(*titles[1:], *goals[1:], *benefits[1:], *said("body")),
    )


def findings(text: StoryText) -> set[str]:
    return {f.check for v in sentence_verdicts(text, SOURCES) for f in v.findings}


def written(**changes) -> StoryText:
    base = StoryText(
        role="store manager",
        goal="lock an account after 3 failed logins from abroad",
        benefit="thieves cannot guess a password and the bank trusts us from 1 May 2027",
        criteria=("the owner must be told by SMS within 10 minutes",),
    )
    return replace(base, **changes)


def test_a_faithful_text_passes():
    assert grounded(sentence_verdicts(written(), SOURCES))


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("number", {"goal": "lock an account after 4 failed logins from abroad"}),
        ("number", {"criteria": ("the owner must be told by SMS within 10 hours",)}),
        ("number", {"criteria": ("the owner must be told by SMS after 10 minutes",)}),
        ("number", {"criteria": ("it costs 5 dollars",)}),
        ("date", {"benefit": "the bank trusts us from 1 June 2027"}),
        ("name", {"criteria": ("a locked account may be opened by Boris",)}),
        ("name", {"criteria": ("the owner must be told by WhatsApp within 10 minutes",)}),
        ("negation", {"benefit": "thieves guess a password"}),
        ("negation", {"goal": "not lock an account after 3 failed logins from abroad"}),
        ("modality", {"criteria": ("the owner may be told by SMS within 10 minutes",)}),
        ("modality", {"criteria": ("the owner is told by SMS within 10 minutes",)}),
        ("modality", {"criteria": ("a locked account must be opened by Ines",)}),
        ("name", {"role": "bank clerk"}),
        ("name", {"role": "owner"}),
        ("support", {"benefit": "the insurance pays the damage"}),
    ],
)
def test_what_is_planted_is_stopped(kind: str, changes: dict):
    assert kind in findings(written(**changes))


def test_a_subject_of_one_sentence_with_the_verb_of_another_is_stopped():
    sources = [
        story("a", role="cook", goal="order spices", benefit="the kitchen saves money"),
        story("b", role="cook", goal="order spices", benefit="the guests do not wait for a meal"),
    ]
    fused = StoryText(role="cook", goal="order spices", benefit="the kitchen does not wait")
    assert not grounded(sentence_verdicts(fused, sources))
    joined = replace(fused, benefit="the kitchen saves money and the guests do not wait for a meal")
    assert grounded(sentence_verdicts(joined, sources))


def test_words_of_one_family_and_synonyms_pass():
    assert not findings(written(goal="lock an account after three failed logins from abroad"))
    assert not findings(written(benefit="a thief cannot guess the passwords"))


def test_what_is_missing_is_named():
    lost = {(field, text) for field, text, _ in missing(written(), SOURCES)}
    assert lost == {
        ("criterion", "it costs 5 euros"),
        ("criterion", "a locked account may be opened by Ines"),
    }
    short = missing(StoryText(role="store manager", goal="lock an account"), SOURCES)
    assert {"benefit", "goal"} <= {field for field, _, _ in short}


def test_every_verdict_names_a_place_in_its_source():
    text = "Wishes\n\n* As a *store manager*, I want to lock\n  an account after 3 failed logins."
    source = Source("sha", "w.md", Locator(line=3), (Span(8, len(text)),))
    one = replace(SOURCES[0], source=source)
    (span,) = locate("lock an account after 3 failed logins", one, {"sha": text})
    found = " ".join(text[span.start : span.end].split())
    assert found == "lock an account after 3 failed logins"
    assert locate("words that stand nowhere", one, {"sha": text}) == (Span(8, len(text)),)
    for verdict in sentence_verdicts(text_of(one), [one], {"sha": text}):
        assert verdict.sources


WORDS = [
    *("open", "the", "gate", "must", "not", "never", "may", "3", "5 days", "PayPal", "every"),
    *("user", "card", "without", "prints", "“Top”", "at least 2", "12:30", "no", "list", "or"),
]
PHRASE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join)


@st.composite
def groups(draw: st.DrawFn) -> list[Story]:
    return [
        story(
            f"s{i}",
            role=draw(st.one_of(st.just(""), PHRASE)),
            goal=draw(PHRASE),
            benefit=draw(st.one_of(st.just(""), PHRASE)),
            criteria=tuple(draw(st.lists(PHRASE, max_size=3))),
            title=draw(st.one_of(st.just(""), PHRASE)),
            body=tuple(draw(st.lists(PHRASE, max_size=2))),
        )
        for i in range(draw(st.integers(1, 4)))
    ]


@given(groups())
def test_a_text_joined_word_for_word_always_passes_and_lacks_nothing(sources: list[Story]):
    text = joined(sources)
    assert not missing(text, sources)
    verdicts = sentence_verdicts(text, sources)
    assert grounded(verdicts), [v for v in verdicts if not v.grounded]
    assert all(v.sources for v in verdicts)


@given(groups(), st.sampled_from(["777", "31 December 1999", "Zanzibar", "quokkas"]), st.data())
def test_planted_words_are_always_stopped(sources: list[Story], planted: str, data):
    text = joined(sources)
    at = data.draw(st.integers(0, len(text.goal.split())))
    words = text.goal.split()
    goal = " ".join(["see", *words[:at], planted, *words[at:]])
    assert not grounded(sentence_verdicts(replace(text, goal=goal), sources))


@given(groups(), st.sampled_from(["must", "should", "may"]))
def test_planted_modality_is_always_stopped(sources: list[Story], modal: str):
    said = {w for s in sources for _, t in s.fields for w in t.split()}
    if modal in said:
        return
    text = joined(sources)
    assert not grounded(sentence_verdicts(replace(text, goal=f"{modal} {text.goal}"), sources))


@given(st.lists(st.sampled_from(["open", "gate", "card", "list", "user", "print"]), min_size=2,
                unique=True), st.sampled_from(["not", "never", "without", "cannot"]))  # fmt: skip
def test_planted_negation_is_always_stopped(words: list[str], denial: str):
    source = story("a", role="user", goal=" ".join(words))
    for at in range(len(words)):
        goal = " ".join([*words[:at], denial, *words[at:]])
        assert not grounded(sentence_verdicts(StoryText(role="user", goal=goal), [source]))
        denied = story("b", role="user", goal=goal)
        assert not grounded(
            sentence_verdicts(StoryText(role="user", goal=" ".join(words)), [denied])
        )


def test_a_number_inside_a_date_is_not_said_by_it():
    """ "at least 2" stands in "at least 2 May", which is another thing."""
    sources = [
        story("a", goal="at least 2"),
        story("b", goal="open the gate", body=("at least 2 May",)),
    ]
    assert not missing(joined(sources), sources)
