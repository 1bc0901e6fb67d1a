"""The look for conflicts: every story once more, in windows of what speaks of one thing."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.apart import clashes, plant_apart
from pipeline.calls import Plan, Request, TokenCount, WindowLimits
from pipeline.catalog import ModelSpec
from pipeline.outcomes import StoryText
from pipeline.plan.similarity import cluster, similar_pairs
from pipeline.plan.strategies import STRATEGIES, make_plan
from pipeline.stories import Locator, Source, Span, Story

PROMPTS = Path(__file__).parents[2] / "prompts"
JUDGE = ModelSpec("claude/test", "claude", "test", "edits", 10**6, 10**5)
WRITER = ModelSpec("local/test", "local", "test", "story", 8_000, 1_000)
GOALS = (
    "print the labels of a parcel", "sort the photos by year", "hear the next stop",
    "pay an invoice in parts", "see who is on call", "draw a route on paper",
    "count the swimmers in a lane", "swap a shift with a colleague", "taste a tea before buying",
    "lend a ladder to a neighbour", "name the birds in a picture", "fold a map on the screen",
    "cancel a table for two", "mark a tree as sick", "warm the engine in winter",
    "borrow a costume for a weekend", "find the quietest carriage", "send a card in braille",
    "weigh a letter at home", "tune a piano by ear",
)  # fmt: skip


class WordCounter:
    """Counts words."""

    name = "words"
    exact = True

    def count_text(self, text: str) -> TokenCount:
        n = len(text.split())
        return TokenCount(n, self.name, True, n, n)

    def count_request(self, request: Request) -> TokenCount:
        return self.count_text(" ".join(message.content for message in request.messages))

    def count_texts(self, texts) -> list[TokenCount]:
        return [self.count_text(text) for text in texts]


def story(place: int, told: StoryText) -> Story:
    source = Source("00" * 32, "a.md", Locator(line=place + 1), (Span(place, place + 1),))
    words = " ".join((told.goal, *told.criteria))
    return Story(
        f"s{place}", "agile", source, words, goal=told.goal, criteria=told.criteria
    )  # fmt: skip


def plan(stories, spec=JUDGE, *, window: int = 600, strategy: str = "edit", **more) -> Plan:
    judges = spec.ability == "edits"
    clusters = cluster(stories, similar_pairs(stories), decide=not judges)
    return make_plan(
        strategy, stories, clusters, spec, WindowLimits(window, 1_000, "test"), WordCounter(),
        PROMPTS, revision="r", **more,
    )  # fmt: skip


def shown_with(made: Plan, story_id: str) -> set[str]:
    (call,) = (c for c in made.looking if story_id in dict(c.handles).values())
    return set(dict(call.handles).values())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_comes_after_a_plan_that_is_the_same_without_it(strategy: str):
    stories = [story(i, StoryText(goal=goal)) for i, goal in enumerate(GOALS)]
    without, made = (plan(stories, strategy=strategy, conflicts=c) for c in (False, True))
    assert made.calls == (*without.calls, *made.looking) and made.merging == without.calls
    assert (made.skipped, made.later) == (without.skipped, without.later)
    assert made.looking and not without.looking and made.sha256 != without.sha256
    assert "of all pairs of stories" in made.remark


def test_a_model_that_cannot_judge_is_not_asked():
    stories = [story(i, StoryText(goal=goal)) for i, goal in enumerate(GOALS)]
    made = plan(stories, WRITER, conflicts=True)
    assert not made.looking and "cannot judge" in made.remark


@given(st.integers(0, 10**6), st.integers(260, 700))
def test_every_story_that_fits_is_shown_once_and_no_window_is_too_long(seed: int, window: int):
    rng = random.Random(seed)
    told = [StoryText(goal=goal, criteria=(" ".join(rng.choices(GOALS, k=rng.randint(1, 3))),))
            for goal in rng.sample(GOALS, 12)]  # fmt: skip
    told.append(StoryText(goal="read " + "a long tale " * 300))
    stories = [story(i, text) for i, text in enumerate(told)]
    made = plan(stories, window=window, conflicts=True)
    shown = [name for call in made.looking for _, name in call.handles]
    assert len(shown) == len(set(shown)) and "s12" not in shown
    assert all(call.input.high <= window and len(call.handles) > 1 for call in made.looking)
    assert "too long for one: 1" in made.remark
    renamed = plan([replace(s, id=f"x{s.id}") for s in stories], window=window, conflicts=True)
    assert [c.request for c in renamed.looking] == [c.request for c in made.looking]


def test_stories_that_say_something_of_one_thing_share_a_window():
    planted = clashes(4, seed=5)
    told, pairs = plant_apart([StoryText(goal=goal) for goal in GOALS], planted, seed=5)
    stories = [story(i, text) for i, text in enumerate(told)]
    made = plan(stories, window=380, conflicts=True)
    assert len(made.looking) > 2
    assert all(f"s{other}" in shown_with(made, f"s{one}") for one, other in pairs)
