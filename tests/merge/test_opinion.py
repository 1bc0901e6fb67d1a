"""The second opinion stops what does not follow, frees nothing, and judges new text only."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.merge.writing import Writer
from pipeline.outcomes import StoryText
from pipeline.stories import Locator, Source, Span, Story


def story(name: str, goal: str, benefit: str) -> Story:
    source = Source("d", "backlog.md", Locator(line=1), (Span(0, 1),))
    text = f"As a customer, I want to {goal}, so that {benefit}."
    return Story(name, "agile", source, text, "customer", goal, benefit)


SOURCES = [
    story("a", "reset my password by email", "I get in again"),
    story("b", "get a password reset link that expires after 30 minutes", "nobody else gets in"),
]
MERGED = StoryText(
    "customer",
    "reset my password by an email link that expires after 30 minutes",
    "I get in again",
)


class Says:
    """Answers with one chance, and keeps what it was asked."""

    def __init__(self, chance: float | None) -> None:
        self.chance = chance
        self.asked: list[tuple[str, str]] = []

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        self.asked += pairs
        return [self.chance] * len(pairs)


def test_only_new_text_is_asked_about_and_passes_where_it_follows() -> None:
    for chance in (0.9, None):
        says = Says(chance)
        merged = Writer(entails=says).overlap(MERGED, SOURCES)
        assert merged.origin == "model"
        assert [claim for _, claim in says.asked] == [f"As a customer, I want to {MERGED.goal}"]
        assert all(source.text in says.asked[0][0] for source in SOURCES)


def test_what_does_not_follow_becomes_the_union_and_its_verdict_is_kept() -> None:
    merged = Writer(entails=Says(0.1)).overlap(MERGED, SOURCES)
    assert merged.origin == "union" and "does not follow" in merged.fallback
    checks = [f.check for v in merged.verdicts if v.stage == "reply" for f in v.findings]
    assert "entailment" in checks


def test_it_cannot_free_what_the_rules_stop() -> None:
    says = Says(1.0)
    wrong = StoryText("customer", "reset my password within 10 minutes", "I get in again")
    assert Writer(entails=says).overlap(wrong, SOURCES).origin == "union"
    assert not says.asked
