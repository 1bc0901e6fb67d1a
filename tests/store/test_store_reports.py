"""What people and scripts read back."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from pipeline.store.journal import StoreJournal
from pipeline.store.reading import reports


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
    store.save_merge(merge_run.id, make.merge(merge_run.extraction), make.kept())
    store.save_actuals(
        merge_run.id, input_tokens=105, output_tokens=90, usd=Decimal("0.0025"), seconds=3.0,
        peak_memory_bytes=500_000_000, calls=1, reused=0,
    )  # fmt: skip
    store.finish_run(merge_run.id, "completed")
    return merge_run


def test_a_run_in_the_list(store, finished):
    (run,) = reports.list_runs(store)
    assert {name: run[name] for name in (
        "run", "state", "stories", "documents", "estimated_usd", "usd", "seconds", "entries",
        "conflicts", "possible_conflicts", "proposals", "failed_calls", "units", "standing",
        "folded_proof", "folded_judge", "folded_person",
    )} == {
        "run": finished.id, "state": "completed", "stories": 4, "documents": 1,
        "estimated_usd": "0.0021", "usd": "0.0025", "seconds": 3.0, "entries": 3,
        "conflicts": 1, "possible_conflicts": 1, "proposals": 2, "failed_calls": 1, "units": 9,
        "standing": 6, "folded_proof": 1, "folded_judge": 1, "folded_person": 1,
    }  # fmt: skip
    json.dumps(run)


def test_runs_come_newest_first_and_by_kind(store, finished):
    newer = store.start_run(kind="needle", corpus=None, model="m", strategy="single")
    assert [run["run"] for run in reports.list_runs(store)] == [newer, finished.id]
    assert [run["run"] for run in reports.list_runs(store, kind="merge")] == [finished.id]
    assert [run["run"] for run in reports.list_runs(store, limit=1)] == [newer]


def test_one_run_whole(store, make, finished):
    report = reports.run_report(store, finished.id)
    json.dumps(report)
    assert report["ledger"] == {
        "kept": 1,
        "duplicate_of": 0,
        "merged_into": 1,
        "conflict_with": 2,
        "skipped": 0,
    }
    assert sum(report["ledger"].values()) == report["stories"]
    assert (report["usd"], report["estimated_usd"]) == ("0.0025", "0.0021")
    assert (report["calls"], report["reused_replies"], report["entries"]) == (1, 0, 3)
    assert report["kept"] == make.kept()
    assert report["journal"] == {
        "replies": 2,
        "good": 1,
        "bad": 1,
        "prompt_tokens": 210,
        "output_tokens": 24,
        "usd": "0.004",
        "usd_in_flight": "0.003",
    }
    assert report["failed_calls"] == ["call edit-0002: no JSON"]
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
    one, _, three, _ = stories
    assert [row["name"] for row in rows] == ["S-1", "S-2", "S-3", "S-4"]
    assert (rows[1]["outcome"], rows[1]["other"], rows[1]["other_name"]) == (
        "merged_into", one.id, "S-1"
    )  # fmt: skip
    assert (rows[1]["by"], rows[1]["rules"], rows[1]["judge"], rows[1]["record"]) == (
        "judge", ["story-frame"], "tiny", "r1"
    )  # fmt: skip
    assert rows[1]["likelihood"] == 0.995 and rows[0]["at"] is None
    assert rows[2]["at"].startswith("2026-11-21T12:00")
    assert [row["entry_name"] for row in rows] == ["E-1", "E-1", "E-2", "E-3"]
    assert [r["story"] for r in reports.ledger(store, finished.id, outcome="conflict_with")] == [
        one.id, three.id
    ]  # fmt: skip
    json.dumps(rows)


def test_conflicts_stand_side_by_side(store, finished):
    conflict, possible = reports.conflicts(store, finished.id)
    assert (conflict["kind"], conflict["about"], conflict["by"]) == ("conflict", "days", "ann")
    assert possible["kind"] == "possible"
    told = [(s["name"], s["differs"], s["written"], s["author"]) for s in conflict["sides"]]
    assert told == [("S-1", ["14"], "2026-03-01", "Ada"), ("S-3", ["30"], "2026-03-03", "Ada")]
    one, _, three, _ = finished.extraction.stories
    assert [s["text"] for s in conflict["sides"]] == [one.text, three.text]
    json.dumps([conflict, possible])


def test_an_entry_shows_what_stands_what_is_folded_and_its_neighbours(store, finished):
    found = reports.entry(store, finished.id, "E-1")
    one, two, *_ = finished.extraction.stories
    assert found == reports.entry(store, finished.id, found["entry"])
    assert (found["sentence"], found["tellings_n"]) == (one.text, 2)
    assert [told["name"] for told in found["tellings"]] == ["S-1", "S-2"]
    assert found["tellings"][1]["text"] == two.text
    assert found["lines"][1] == {
        "field": "criterion", "text": "It shows a count.", "stories": [one.id, two.id]
    }  # fmt: skip
    assert [fold["by"] for fold in found["folds"]] == ["proof", "person", "judge"]
    first, _, last = found["folds"]
    assert (first["name"], first["under_name"], first["rules"], first["otherwise"]) == (
        "S-2", "S-1", ["story-frame"], ["notify"]
    )  # fmt: skip
    assert last["likelihood"] == 0.995
    assert [told["text"] for told in found["roles"]] == ["shopper", "guest"]
    (link,) = found["links"]
    assert (link["a_name"], link["b_name"], link["only_b"]) == ("E-1", "E-2", ["price 2"])
    assert [c["kind"] for c in found["conflicts"]] == ["conflict", "possible"]
    assert reports.entry(store, finished.id, "E-99") is None
    json.dumps(found)
