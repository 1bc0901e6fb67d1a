"""Windows of a real plan stay below a price cliff, because that is cheaper; the shared prompt is
billed as cached exactly where the model caches a prompt of its size."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.calls import Cluster, Plan, WindowLimits
from pipeline.catalog import Catalog, ModelSpec
from pipeline.cost.bill import asked
from pipeline.cost.estimate import estimate
from pipeline.cost.hardware import Hardware
from pipeline.cost.limits import window_limits
from pipeline.plan.strategies import make_plan
from pipeline.stories import Locator, Source, Span, Story
from pipeline.tokens import counter_for

ROOT = Path(__file__).parents[2]
CATALOG = Catalog(ROOT / "data" / "models.toml")
TODAY = date(2026, 11, 21)
TERMS = {
    "as_of": TODAY, "today": TODAY, "hardware": Hardware(threads=2, memory_bytes=24 * 2**30),
}  # fmt: skip


def backlog(n: int) -> list[Story]:
    """Stories of 60 English words each."""
    rng = random.Random(5)
    words = (ROOT / "LICENSE").read_text(encoding="utf-8").split()
    source = Source("d" * 64, "backlog.md", Locator(line=1), (Span(0, 1),))
    stories = []
    for place in range(n):
        goal, benefit = " ".join(rng.choices(words, k=40)), " ".join(rng.choices(words, k=20))
        stories.append(Story(f"s{place}", "agile", source, goal, role="clerk", goal=goal,
                             benefit=benefit))  # fmt: skip
    return stories


def planned(strategy: str, spec: ModelSpec, limits: WindowLimits, stories, cache: Path) -> Plan:
    """Of stories that are alike in pairs."""
    names = [story.id for story in stories]
    pairs = [Cluster(pair) for pair in zip(names[::2], names[1::2], strict=True)]
    return make_plan(
        strategy, stories, pairs, spec, limits, counter_for(spec, cache=cache), ROOT / "prompts",
        revision="r",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["claude/claude-haiku-5-5", "gemini/gemini-3.1-pro-preview"])
def test_the_planner_chooses_the_windows_below_the_cliff_and_they_are_cheaper(name, tmp_path):
    spec = replace(CATALOG.find(name), rates=None)
    cliff = spec.cliffs[0]
    chosen = window_limits(spec, as_of=TODAY)
    assert "price cliff" in chosen.reason
    stories = backlog(cliff // 33)
    beyond = replace(chosen, input_tokens=99 * cliff, output_tokens=99 * cliff)
    below = planned("tree", spec, chosen, stories, tmp_path)
    above = planned("tree", spec, beyond, stories, tmp_path)
    assert max(call.input.high for call in below.calls) <= cliff
    assert max(call.input.n for call in above.calls) > cliff
    cheap, dear = (estimate(made, spec, **TERMS) for made in (below, above))
    assert cheap.usd is not None and dear.usd is not None and cheap.usd[1] < dear.usd[1]


@pytest.mark.parametrize("least", [0, 16, 10**6])
def test_the_shared_prompt_is_billed_as_cached_where_it_is_long_enough(least, tmp_path):
    spec = replace(CATALOG.find("claude/claude-haiku-5-5"), min_cacheable=least)
    stories = backlog(60)
    made = planned("edit", spec, window_limits(spec), stories, tmp_path)
    shared = made.calls[0].shared_tokens
    assert len(made.calls) == 30 and 16 < shared < 10**6
    line = estimate(made, spec, **TERMS)
    billed = [request.likely for request in asked(spec, made)]
    if least == 16:
        assert [usage.cache_write for usage in billed] == [shared] + [0] * 29
        assert [usage.cache_read for usage in billed] == [0] + [shared] * 29
        assert any("read from the cache" in note for note in line.notes)
    else:
        assert not any(usage.cache_read or usage.cache_write for usage in billed)
        assert any("below the 1,000,000" in note for note in line.notes) == (least > 0)
