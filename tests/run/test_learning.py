"""The next estimate of a model is corrected by its past runs, and says so; its plan is not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.catalog import Catalog
from pipeline.run import steps
from pipeline.run.corpus import Corpus, read
from pipeline.run.dispatch.usage import ResourceUsage, machine_name, peak_memory_bytes
from pipeline.store.record import Store, open_store

ROOT = Path(__file__).parents[2]
MODEL = "openai/judge@http://127.0.0.1:9/v1"
PROMPT = "judge-pair.v1"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read([str(ROOT / "data" / "sample" / "lending-desk.md"),
                 str(ROOT / "data" / "sample" / "volunteers.txt"),
                 str(ROOT / "data" / "sample" / "workshop-notes.md")])  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/runs.sqlite", now=lambda: datetime.now(UTC)) as opened:
        yield opened


@pytest.fixture
def terms(tmp_path):
    day = date(2026, 11, 21)
    return steps.Terms(
        prompts=ROOT / "prompts", cache=tmp_path, as_of=day, today=day, strategy="pairs"
    )


def past(store: Store, state: str = "completed", **changed: object) -> None:
    """A run whose replies were 0.6 of what its plan had said."""
    run = store.start_run(kind="merge", corpus=None, model=MODEL, strategy="pairs")
    store.save_actuals(run, **{
        "calls": 4, "asked": 4, "reused": 0, "usd": None, "seconds": 9.0, "prompt": PROMPT,
        "planned_input_tokens": 5_000, "first_input_tokens": 5_100, "input_tokens": 5_100,
        "planned_output_tokens": 2_000, "output_tokens": 1_200,
    } | changed)  # fmt: skip
    store.finish_run(run, state)


def test_three_past_runs_correct_the_estimate_and_leave_the_plan(store, corpus, terms):
    spec = Catalog(ROOT / "data" / "models.toml").find(MODEL)
    plan = steps.plan(corpus, spec, terms)
    assert plan.calls[0].request.prompt == PROMPT
    blank = steps.price_plan(plan, spec, terms, steps.calibration(store, plan, terms))
    assert blank == steps.price_plan(plan, spec, terms)
    assert not any("past run" in note for note in blank.notes)
    for _ in range(3):
        past(store)
    learned = steps.price_plan(plan, spec, terms, steps.calibration(store, plan, terms))
    assert learned.plan_sha256 == blank.plan_sha256 == plan.sha256
    assert learned.output_tokens.likely == pytest.approx(
        blank.output_tokens.likely * learned.learned.output, abs=len(plan.calls)
    )
    assert 0.6 < learned.learned.output < 0.75  # drawn towards 1 while there are three
    assert learned.learned.runs == 3
    assert any("output from 3 past runs of this model" in note for note in learned.notes)
    # Narrower, and still inside what the replies are limited to.
    assert blank.output_tokens.low <= learned.output_tokens.low
    widths = [line.output_tokens.high - line.output_tokens.low for line in (learned, blank)]
    assert widths[0] < widths[1]
    assert learned.usd_worst == blank.usd_worst


def test_runs_that_say_nothing_of_this_plan_are_left_out(store, corpus, terms):
    spec = Catalog(ROOT / "data" / "models.toml").find(MODEL)
    plan = steps.plan(corpus, spec, terms)
    past(store, state="failed")
    past(store, prompt="judge-pair.v0")
    past(store, asked=0, planned_output_tokens=0, output_tokens=0)
    assert steps.calibration(store, plan, terms).learned.runs == 0


def test_time_is_learned_on_this_machine_only(store, corpus, terms):
    spec = Catalog(ROOT / "data" / "models.toml").find(MODEL)
    plan = steps.plan(corpus, spec, terms)
    timed = {"formula_seconds": 10.0, "model_seconds": 20.0}
    past(store, machine="elsewhere: CPU, 1 thread", **timed)
    assert steps.calibration(store, plan, terms).learned.timed_runs == 0
    past(store, machine=machine_name(terms.hardware), **timed)
    learned = steps.calibration(store, plan, terms).learned
    assert (learned.runs, learned.timed_runs) == (2, 1)
    assert 1.0 < learned.seconds <= 2.0


def test_the_meter_goes_on_from_earlier_attempts():
    resource_usage = ResourceUsage()
    resource_usage.resume((100.0, 50.0, 25.0))
    with resource_usage.asking():
        sum(range(200_000))
    assert (
        resource_usage.seconds > 100
        and resource_usage.model_seconds > 50
        and resource_usage.processor_seconds >= 25
    )
    assert resource_usage.seconds - 100 >= resource_usage.model_seconds - 50
    assert peak_memory_bytes() > 2**24


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system keeps no such")
def test_the_peak_is_the_runs_own():
    """Not that of what its process did before, nor of the process that started it."""
    held = bytearray(300 << 20)
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
    before = peak_memory_bytes()
    del held
    ResourceUsage()
    assert peak_memory_bytes() < before - (200 << 20)
    held = bytearray(100 << 20)
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
    assert peak_memory_bytes() > len(held)
