"""The meta-eval: its perturbations are what they say, and its figures follow the detector."""

from __future__ import annotations

import random

import pytest

from evals.fabrication import clean_merge, evaluate, perturb
from pipeline.outcomes import StoryText
from pipeline.stories import Locator, Source, Span, Story

KINDS = {
    "number", "unit", "date", "name", "negation", "modality", "role", "invented", "fused",
}  # fmt: skip


def story(n: int, goal: str, benefit: str, *criteria: str, role: str = "member") -> Story:
    text = f"As a {role}, I want to {goal}, so that {benefit}. " + " ".join(criteria)
    source = Source("0" * 64, "a.md", Locator(line=n), (Span(n * 1000, n * 1000 + len(text)),))
    return Story(str(n), "agile", source, text, role, goal, benefit, criteria)


@pytest.fixture
def pair() -> list[Story]:
    return [
        story(
            1,
            "renew a loan",
            "I can finish the book",
            "A loan must be renewed within 14 days.",
            "The reminder from Libris is sent on Monday.",
        ),
        story(2, "renew a borrowed book", "no fine is charged", "A fine may reach 5 euros."),
    ]


@pytest.fixture
def stranger() -> Story:
    return story(9, "steer the crane", "containers are stacked safely", role="docker")


def test_a_text_that_offers_a_hold_for_everything_gets_every_kind(
    pair: list[Story], stranger: Story
) -> None:
    clean = clean_merge(pair)
    found = dict(perturb(clean, stranger, random.Random(1)))
    assert set(found) == KINDS
    assert all(text != clean for text in found.values())
    joined = {k: " ".join((t.role, t.goal, t.benefit, *t.criteria)) for k, t in found.items()}
    assert "Libris" not in joined["name"] and "Monday" not in joined["date"]
    assert "containers are stacked safely" in joined["fused"]
    assert " not " in joined["negation"] and found["role"].role != "member"
    assert "14 weeks" in joined["unit"] or "5 dollars" in joined["unit"]


def test_a_clean_merge_keeps_every_word_but_copies_no_line(pair: list[Story]) -> None:
    clean = clean_merge(pair)
    assert clean.goal == "renew a loan and renew a borrowed book"
    assert clean.benefit == "I can finish the book and no fine is charged"
    assert clean.criteria[0] == (
        "A loan must be renewed within 14 days and the reminder from Libris is sent on Monday."
    )


def test_a_text_without_a_hold_is_not_counted(pair: list[Story], stranger: Story) -> None:
    bare = StoryText(role="member", goal="renew a loan")
    assert {kind for kind, _ in perturb(bare, stranger, random.Random(1))} == {
        "role", "invented", "fused",
    }  # fmt: skip


def test_the_figures_follow_the_detector(pair: list[Story], stranger: Story) -> None:
    merges = [(clean_merge(pair), pair)] * 10
    everything = evaluate(merges, [stranger], seed=1, detector=lambda text, sources: True)
    assert everything.false_stops.mean == 1.0 and everything.false_stops.n == 10
    assert {k: (v.mean, v.n) for k, v in everything.recall.items()} == dict.fromkeys(KINDS, (1, 10))
    nothing = evaluate(merges, [stranger], seed=1, detector=lambda text, sources: False)
    assert nothing.false_stops.mean == 0.0 and nothing.recall["number"].mean == 0.0
    assert nothing.recall["number"].high == pytest.approx(0.2775, abs=1e-3)


def test_the_gate_catches_the_plain_kinds_and_lets_the_clean_text_pass(
    pair: list[Story], stranger: Story
) -> None:
    found = evaluate([(clean_merge(pair), pair)], [stranger], seed=1)
    assert found.false_stops.mean == 0.0
    assert all(found.recall[kind].mean == 1.0 for kind in ("number", "date", "name", "negation"))
