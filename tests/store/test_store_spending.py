"""What a run took is read from its own replies; what it teaches, from completed runs only."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pipeline.calls import Usage
from pipeline.estimates import Learned
from pipeline.store.journal import StoreJournal
from pipeline.store.reading import reports
from pipeline.store.reading.spending import Spent, past_runs, spent, time_spent


@pytest.fixture
def planned(store, make, merge_run):
    """A run whose plan has one call: 105 tokens in, likely 12 out."""
    plan = make.plan(merge_run.extraction)
    store.save_plan(merge_run.id, plan)
    store.save_estimate(merge_run.id, merge_run.corpus, make.estimate(plan))
    return merge_run, plan.calls[0].request


def put(store, run, request, make, *, good=True, output=12, finish="stop", usd="0.002"):
    reply = replace(
        make.reply(request, f"{output}", usd), usage=Usage(90, output, 10, 5), finish=finish
    )
    StoreJournal(store, run).put(request, reply, good=good, why="" if good else "no JSON")


def finish(store, run, **more):
    took = spent(store, run)
    store.save_actuals(run, **took.columns(), reused=0, seconds=9.0, **more)
    store.finish_run(run, "completed")


PAST = {"model": "local/tiny", "strategy": "edit", "prompt": "judge-pair.v1"}


def test_nothing_asked_is_nothing_spent(store, merge_run):
    assert spent(store, merge_run.id) == Spent()
    assert time_spent(store, merge_run.id) == (0.0, 0.0, 0.0)


def test_replies_of_another_run_cost_this_one_nothing(store, make, planned):
    run, request = planned
    other = store.start_run(kind="merge", corpus=None, model="local/tiny", strategy="edit")
    put(store, other, request, make)
    assert spent(store, run.id) == Spent()
    finish(store, run.id)
    assert past_runs(store, **PAST) == []


def test_second_tries_are_paid_for_and_are_no_first_attempt(store, make, planned):
    """A bad reply, the same call again after a restart, and a smaller call that no plan holds."""
    run, request = planned
    put(store, run.id, request, make, good=False, output=64)
    put(store, run.id, request, make, output=13)
    put(store, run.id, make.request(99), make, output=7)
    took = spent(store, run.id)
    assert (took.calls, took.input_tokens, took.output_tokens) == (3, 315, 84)
    assert took.usd == Decimal("0.006")
    assert (took.asked, took.planned_input_tokens, took.first_input_tokens) == (1, 105, 105)
    assert took.planned_output_tokens == 12 and took.good == 1


def test_a_failure_without_tokens_teaches_nothing(store, make, planned):
    run, request = planned
    put(store, run.id, request, make, good=False, output=0, finish="error", usd=None)
    took = spent(store, run.id)
    assert (took.calls, took.asked, took.usd) == (1, 0, None)


def test_only_completed_runs_of_the_same_prompt_teach(store, make, planned):
    run, request = planned
    put(store, run.id, request, make, output=9)
    store.save_actuals(run.id, **spent(store, run.id).columns(), reused=0, seconds=1.0)
    assert past_runs(store, **PAST) == [], "it still runs"
    finish(store, run.id, model_seconds=8.0, formula_seconds=4.0, machine="here: CPU")
    (past,) = past_runs(store, **PAST)
    assert (past["planned_output_tokens"], past["output_tokens"]) == (12, 9)
    assert (past["formula_seconds"], past["model_seconds"], past["machine"]) == (4, 8, "here: CPU")
    assert past_runs(store, **PAST | {"prompt": "merge-story.v2"}) == []
    assert past_runs(store, **PAST | {"model": "local/other"}) == []


def test_a_run_is_compared_with_its_first_estimate(store, make, planned):
    """The one made when it was taken up again covers the rest only; the actuals cover it all."""
    run, request = planned
    plan = make.plan(run.extraction)
    rest = replace(make.estimate(plan), calls=0, journalled_calls=1)
    store.save_estimate(run.id, run.corpus, rest)
    put(store, run.id, request, make)
    finish(store, run.id, model_seconds=3.0)
    compared = {e["quantity"]: e for e in reports.run_report(store, run.id)["estimate_vs_actual"]}
    assert compared["calls"]["likely"] == compared["calls"]["actual"] == 1
    assert compared["input tokens"]["ratio"] == 1 and compared["input tokens"]["inside"] == 1
    assert compared["time"]["actual"] == 3.0, "the model's time, not the whole run's"
    (listed,) = reports.list_runs(store)
    assert listed["plan_sha256"] == listed["estimated_plan_sha256"] == plan.sha256


def test_what_was_corrected_and_by_how_much_is_kept(store, make, merge_run):
    plan = make.plan(merge_run.extraction)
    learned = Learned(output=0.75, seconds=2.0, runs=3, timed_runs=2)
    store.save_estimate(
        merge_run.id, merge_run.corpus, replace(make.estimate(plan), learned=learned)
    )
    store.save_actuals(
        merge_run.id, input_tokens=105, output_tokens=10, usd=None, seconds=3.0, calls=1, reused=0
    )
    compared = {
        e["quantity"]: e for e in reports.run_report(store, merge_run.id)["estimate_vs_actual"]
    }
    assert compared["output tokens"]["uncorrected"] == pytest.approx(12 / 0.75)
    assert compared["output tokens"]["past_runs"] == 3
    assert compared["time"]["uncorrected"] == pytest.approx(1.0)
    assert compared["time"]["past_runs"] == 2
    assert compared["price"]["uncorrected"] is None
