"""What a needle run measured bounds the windows of the plans made after it, and they say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.amounts import told_length
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.estimate import window_limits
from pipeline.run import pricing, steps
from pipeline.run.corpus import read
from pipeline.run.steps import Terms
from pipeline.store.reading.measured import DEFINITION, EffectiveLength, effective_length
from pipeline.store.record import open_store
from pipeline.store.rows.eval_rows import Score

SETTINGS = read_settings({"HOME": "/nowhere"})
CATALOG = Catalog(SETTINGS.models_toml)
HAIKU = CATALOG.find("claude/claude-haiku-5-5")
DAY = date(2026, 11, 21)
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture
def store(tmp_path):
    """Every run starts a minute after the one before."""
    clock = iter(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(10**6))
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: next(clock)) as opened:
        yield opened


def measured(store, tokens, lengths, *, model=HAIKU.name, revision=HAIKU.model_id, item="",
             state="completed", style="chat", kind="needle"):  # fmt: skip
    run = store.start_run(
        kind=kind, corpus=None, model=model, strategy="single", revision=revision,
        plan_sha256="", parameters={"style": style},
    )  # fmt: skip
    score = Score(DEFINITION, item, tokens, n=9, detail={"lengths": lengths})
    store.save_scores(run, [score])
    store.finish_run(run, state)
    return run


def found(store):
    return effective_length(store, HAIKU.name, HAIKU.model_id)


def test_the_newest_run_that_says_something_counts(store):
    assert found(store) is None
    measured(store, 4096.0, [512, 4096, 8192])
    run = measured(store, 2048.0, [512, 2048, 4096])
    measured(store, 512.0, [512])  # one length
    measured(store, None, [512, 1024])  # nothing found at all
    measured(store, 600.0, [600, 700], revision="other weights")
    measured(store, 600.0, [600, 700], model="gemini/other")
    measured(store, 600.0, [600, 700], item="chain")  # of one task only
    measured(store, 600.0, [600, 700], style="prefix")
    measured(store, 600.0, [600, 700], state="failed")
    assert found(store) == EffectiveLength(2048, 4096, run)


def test_a_model_that_holds_as_far_as_it_was_measured_is_not_bounded(store):
    measured(store, 2048.0, [512, 2048])
    assert found(store) == EffectiveLength(2048, None, found(store).run)
    assert steps.with_measured(HAIKU, store, SETTINGS.cache) == HAIKU


def test_of_needles_and_aggregations_the_tighter_bound_counts(store):
    loose = measured(store, 4096.0, [512, 4096, 8192])
    tight = measured(store, 1024.0, [1024, 2048], kind="aggregation")
    assert found(store) == EffectiveLength(1024, 2048, tight, "aggregation")
    limits = window_limits(steps.with_measured(HAIKU, store, SETTINGS.cache), as_of=DAY)
    assert limits.reason == (
        f"measured effective length over many stories, between 1,024 and 2,048 tokens, run {tight}"
    )
    measured(store, 2048.0, [1024, 2048], kind="aggregation")  # holds as far as it was tried
    assert found(store) == EffectiveLength(4096, 8192, loose)


def test_what_is_known_of_a_length_is_said():
    assert told_length(2048, None) == "at least 2,048 tokens"
    assert told_length(None, 512) == "below 512 tokens"
    assert told_length(2048.0, 4096.0) == "between 2,048 and 4,096 tokens"


def test_it_bounds_the_window_and_is_named_as_the_reason(store):
    run = measured(store, 2048.0, [512, 2048, 4096])
    spec = steps.with_measured(HAIKU, store, SETTINGS.cache)
    limits = window_limits(spec, as_of=DAY)
    assert limits.input_tokens == 2048 < window_limits(HAIKU, as_of=DAY).input_tokens
    assert limits.reason == (
        f"measured effective length, between 2,048 and 4,096 tokens, run {run}"
    )


def test_the_estimate_plans_by_it_and_says_so(store, shared_cache):
    corpus = read([str(SAMPLE)])
    terms = Terms(prompts=SETTINGS.prompts, cache=shared_cache, as_of=DAY, today=DAY)

    def line():
        (one,) = pricing.estimate_corpus(
            corpus, [HAIKU.name], ["tree"], terms, catalog=CATALOG, store=store
        )["lines"]
        return one

    before = line()
    run = measured(store, 3000.0, [512, 3000, 4096])
    after = line()
    told = f"measured effective length, between 3,000 and 4,096 tokens, run {run}"
    said = f"windows bounded by the {told}"
    assert any(note.endswith(said) for note in after["notes"])
    assert not any("effective" in note for note in before["notes"])
    assert after["calls"] > before["calls"], "smaller windows, more calls"
    spec = steps.with_measured(HAIKU, store, shared_cache)
    plan = steps.plan(corpus, spec, replace(terms, strategy="tree"))
    assert all(call.input.high <= 3000 for call in plan.calls)
