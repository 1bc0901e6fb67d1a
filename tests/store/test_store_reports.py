"""What people and scripts read back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from pipeline.store import reports
from pipeline.store.journal import StoreJournal


@pytest.fixture
def finished(store, make, merge_run):
    """A merge run with everything in it."""
    plan = make.plan(merge_run.extraction)
    store.save_plan(merge_run.id, plan)
    store.save_estimate(merge_run.id, merge_run.corpus, make.estimate(plan))
    journal = StoreJournal(store, merge_run.id, max_usd=Decimal(1))
    request = plan.calls[0].request
    journal.reserve(request.key, Decimal("0.005"))
    journal.put(request, make.reply(request, "{"), good=False, why="no JSON")
    journal.settle(request.key, Decimal("0.002"))
    journal.put(request, make.reply(request), good=True, why="")
    journal.reserve("in flight", Decimal("0.003"))
    store.save_outcomes(merge_run.id, make.outcomes(merge_run.extraction))
    store.save_actuals(
        merge_run.id, input_tokens=105, output_tokens=90, usd=Decimal("0.0025"), seconds=3.0,
        peak_memory_bytes=500_000_000, calls=1, reused=0,
    )  # fmt: skip
    store.finish_run(merge_run.id, "completed")
    return merge_run


def test_a_run_in_the_list(store, finished):
    (run,) = reports.list_runs(store)
    assert {name: run[name] for name in (
        "run", "state", "stories", "documents", "estimated_usd", "usd", "seconds", "fallbacks",
        "conflicts", "merged_stories",
    )} == {
        "run": finished.id, "state": "completed", "stories": 4, "documents": 1,
        "estimated_usd": "0.0021", "usd": "0.0025", "seconds": 3.0, "fallbacks": 1,
        "conflicts": 1, "merged_stories": 3,
    }  # fmt: skip
    json.dumps(run)


def test_runs_come_newest_first_and_by_kind(store, finished):
    newer = store.start_run(kind="needle", corpus=None, model="m", strategy="single")
    assert [run["run"] for run in reports.list_runs(store)] == [newer, finished.id]
    assert [run["run"] for run in reports.list_runs(store, kind="merge")] == [finished.id]
    assert [run["run"] for run in reports.list_runs(store, limit=1)] == [newer]


def test_one_run_whole(store, finished):
    report = reports.run_report(store, finished.id)
    json.dumps(report)
    assert report["ledger"] == {
        "kept": 2,
        "duplicate_of": 0,
        "merged_into": 1,
        "conflict_with": 1,
        "skipped": 0,
    }
    assert sum(report["ledger"].values()) == report["stories"]
    assert (report["usd"], report["estimated_usd"]) == ("0.0025", "0.0021")
    assert (report["calls"], report["reused_replies"], report["fallbacks"]) == (1, 0, 1)
    assert report["journal"] == {
        "replies": 2,
        "good": 1,
        "bad": 1,
        "prompt_tokens": 210,
        "output_tokens": 24,
        "usd": "0.004",
        "usd_in_flight": "0.003",
    }
    assert report["failed_calls"] == ["edit-0002"]
    compared = {e["quantity"]: e for e in report["estimate_vs_actual"]}
    assert compared["output tokens"]["inside"] == 0  # 90 is above the 64 that were the limit
    assert compared["time"]["inside"] == 1 and compared["time"]["ratio"] == 1.5
    assert compared["price"]["likely"] == pytest.approx(0.0021)
    assert compared["peak memory"]["ratio"] == pytest.approx(1.25)
    assert reports.run_report(store, "merge-0") is None


def test_unknown_stays_unknown(store, make, merge_run):
    plan = make.plan(merge_run.extraction)
    store.save_estimate(merge_run.id, merge_run.corpus, make.estimate(plan, usd=None))
    StoreJournal(store, merge_run.id).put(
        make.request(), make.reply(make.request(), usd=None), good=True, why=""
    )
    store.save_actuals(
        merge_run.id, input_tokens=1, output_tokens=1, usd=None, seconds=1.0, calls=1, reused=0
    )
    report = reports.run_report(store, merge_run.id)
    assert report["usd"] is report["estimated_usd"] is report["peak_memory_bytes"] is None
    assert report["journal"]["usd"] is None
    price = next(e for e in report["estimate_vs_actual"] if e["quantity"] == "price")
    assert price["likely"] is price["actual"] is price["inside"] is None


def test_a_local_run_costs_nothing_and_says_so(store, make, merge_run):
    plan = make.plan(merge_run.extraction)
    store.save_estimate(merge_run.id, merge_run.corpus, make.estimate(plan, usd="0"))
    store.save_actuals(
        merge_run.id, input_tokens=1, output_tokens=1, usd=Decimal(0), seconds=1.0, calls=1,
        reused=0,
    )  # fmt: skip
    report = reports.run_report(store, merge_run.id)
    assert (report["usd"], report["estimated_usd"]) == ("0", "0")


def test_the_ledger_says_where_every_story_went(store, finished):
    rows = reports.ledger(store, finished.id)
    stories = finished.extraction.stories
    assert [row["story"] for row in rows] == [story.id for story in stories]
    assert [row["excerpt"] for row in rows] == [story.text for story in stories]
    assert rows[0]["path"] == "shop/backlog.md" and rows[0]["place"] == "line 1, Shop › Search"
    assert (rows[1]["outcome"], rows[1]["other"]) == ("conflict_with", stories[0].id)
    assert rows[0]["fallback"] == "number: 7 is invented"
    assert [r["story"] for r in reports.ledger(store, finished.id, outcome="conflict_with")] == [
        stories[1].id
    ]


def test_conflicts_stand_side_by_side(store, finished):
    (conflict,) = reports.conflicts(store, finished.id)
    assert conflict["attribute"] == "price"
    assert [(s["value"], s["written"], s["author"]) for s in conflict["sides"]] == [
        ("0", "2026-03-01", "Ada"),
        ("1", "2026-03-02", "Ada"),
    ]
    assert [s["excerpt"] for s in conflict["sides"]] == [
        story.text for story in finished.extraction.stories[:2]
    ]


def test_a_merged_story_shows_its_sources_and_verdicts(store, finished):
    found = reports.merged_story(store, finished.id, "merged01")
    assert [s["story"] for s in found["sources"]] == [
        story.id for story in finished.extraction.stories[:2]
    ]
    assert found["sources"][0]["text"] == finished.extraction.stories[0].text
    final, refused = found["verdicts"]
    assert final["grounded"] and final["sources"][1][1:] == [60, 70]
    assert refused["stage"] == "reply" and refused["findings"] == [["number", "7 is invented"]]
    assert reports.merged_story(store, finished.id, "merged99") is None
    json.dumps(found)
