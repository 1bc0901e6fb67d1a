"""The planner takes the windows that are cheaper in all, below a price cliff or beyond it; the
shared prompt is billed as cached exactly where it is long enough."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.catalog import Catalog
from pipeline.cost.bill import asked
from pipeline.run import steps
from pipeline.run.corpus import Corpus, read
from pipeline.run.steps import Terms

ROOT = Path(__file__).parents[2]
CATALOG = Catalog(ROOT / "data" / "models.toml")
TODAY = date(2026, 11, 21)
HAIKU, GEMINI = "claude/claude-haiku-5-5", "gemini/gemini-3.1-pro-preview"


def backlog(folder: Path, n: int) -> Corpus:
    """Stories of some 60 English words, every goal with two benefits."""
    rng = random.Random(5)
    words = [w.strip('.,;:"()') for w in (ROOT / "LICENSE").read_text(encoding="utf-8").split()]
    words = [word.lower() for word in words if word.isalpha()]
    lines = []
    for _ in range(n // 2):
        goal = " ".join(rng.choices(words, k=40))
        for _ in range(2):
            benefit = " ".join(rng.choices(words, k=15))
            lines.append(f"As a clerk, I want to {goal}, so that {benefit}.")
    path = folder / "backlog.txt"
    path.write_text("\n\n".join(lines), encoding="utf-8")
    return read([str(path)])


def terms(folder: Path, strategy: str) -> Terms:
    return Terms(
        prompts=ROOT / "prompts", cache=folder, as_of=TODAY, today=TODAY, strategy=strategy
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    return backlog(tmp_path_factory.mktemp("stories"), 3000)


@pytest.mark.parametrize(("name", "is_below"), [(HAIKU, True), (GEMINI, False)])
def test_the_cheaper_windows_are_chosen(name, is_below, corpus, tmp_path):
    """With room for any reply, so that nothing but the price decides. Gemini always thinks, so
    that writing everything once more, as the smaller windows have it, is dearer than the cliff."""
    spec = replace(CATALOG.find(name), rates=None, window=2 * 10**7, output_cap=10**7)
    asked_for = terms(tmp_path, "tree")
    chosen = steps.plan(corpus, spec, asked_for)
    both = [
        steps.from_stories(
            corpus, spec, asked_for, steps.limits_here(spec, asked_for, cliffs=cliffs)
        )
        for cliffs in (True, False)
    ]
    usd = [steps.price_plan(made, spec, asked_for).usd[1] for made in both]
    cliff = spec.cliffs[0]
    largest = [max(call.input.high for call in made.calls) for made in both]
    assert largest[0] <= cliff < largest[1]
    assert (usd[0] < usd[1]) == is_below
    assert chosen.calls == both[0 if is_below else 1].calls
    assert ("cheaper in all" in chosen.limits.reason) != is_below


@pytest.mark.parametrize("least", [0, 16, 10**6])
def test_the_shared_prompt_is_billed_as_cached_where_it_is_long_enough(least, corpus, tmp_path):
    spec = replace(CATALOG.find(HAIKU), min_cacheable=least)
    asked_for = terms(tmp_path, "pairs")
    made = steps.plan(corpus, spec, asked_for)
    shared, others = made.calls[0].shared_tokens, len(made.calls) - 1
    assert others > 100 and 16 < shared < 10**6
    line = steps.price_plan(made, spec, asked_for)
    billed = [request.likely for request in asked(spec, made)]
    if least == 16:
        assert [usage.cache_write for usage in billed] == [shared] + [0] * others
        assert [usage.cache_read for usage in billed] == [0] + [shared] * others
        assert any("read from the cache" in note for note in line.notes)
    else:
        assert not any(usage.cache_read or usage.cache_write for usage in billed)
        assert any("below the 1,000,000" in note for note in line.notes) == (least > 0)
