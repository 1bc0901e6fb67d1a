"""How many stories a merge's windows hold: what the exam of ``groups`` lets them, by a record that
is just this judge's."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import text as sql

from pipeline.config.options import MergeOptions
from pipeline.entries import Answer
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import Record, as_mapping
from pipeline.judge.labels import exam_hash, file_hash
from pipeline.judge.window_figures import Together, most_stories, tells_apart
from pipeline.plan.groups import GROUPS_PROMPT
from pipeline.run.job import run
from pipeline.run.judge_record import judge_of
from tests.exam.examples import MODEL, PLACES, THINGS, SureJudge, lines, runtime_of, write
from tests.judge.examples import figures
from tests.run.test_believed import record_of


@pytest.mark.parametrize(
    ("found", "most"),
    [
        ([(8, 160), (16, 158), (32, 150)], 32),  # not clearly fewer
        ([(8, 160), (16, 120), (32, 160)], 8),  # a size beyond one that went worse shows nothing
        ([(8, 160), (16, 152), (32, 143)], 16),  # clearly fewer than the smallest, not the middle
        ([(8, 100), (16, 160), (32, 120)], 16),  # than the best of the smaller ones
        ([(8, 0), (16, 0)], 16),
        ([(8, 1)], 8),
        ([], None),
    ],
)
def test_a_window_is_as_long_as_clearly_no_less_is_found(found, most):
    sizes = figures(*found)
    assert most_stories(sizes) == most == most_stories(tuple(reversed(sizes)))


def test_what_a_merge_would_not_ask_about_is_not_found():
    """One group of a whole window holds every pair, and a merge asks about few of them."""
    sizes = figures((8, 170), (16, 170), (32, 170))
    few = replace(sizes[1].setting, asked=Rate(60, 170))
    assert most_stories(sizes) == 32
    assert most_stories((sizes[0], replace(sizes[1], setting=few), sizes[2])) == 8


def test_with_few_pairs_nothing_is_clear():
    assert most_stories(figures((8, 9), (16, 6), n=10)) == 16
    assert most_stories(figures((8, 90), (16, 60), n=100)) == 8


def test_what_is_put_together_more_often_than_what_is_not_is_told_apart():
    assert tells_apart(figures((8, 85), within=90)[0])
    assert not tells_apart(figures((8, 85), within=140)[0])


@pytest.fixture
def runtime(tmp_path, shared_cache, embedded):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "list.md").write_text(
        "".join(
            f"- As a clerk, I want to print the {thing} of the {place}, so that I have it.\n"
            f"- As a chief, I want to get a printout of the {place}'s {thing}, so it is there.\n"
            for thing in THINGS[:5]
            for place in PLACES[:4]
        )
    )
    embedded([tmp_path / "in"], tmp_path / "db.sqlite")
    write(tmp_path / "labels.jsonl", lines())
    return runtime_of(tmp_path, shared_cache)


def window_record(runtime, tmp_path, *found, labels=None, **judge) -> Record:
    labels = labels or tmp_path / "labels.jsonl"
    settings = runtime.settings
    exam = exam_hash([file_hash(labels)])
    now = judge_of(
        runtime.find(MODEL), settings.cache, settings.prompts, exam, prompt=GROUPS_PROMPT
    )
    sizes = figures(*(found or ((8, 160), (16, 159), (32, 90))))
    return Record(replace(now, **judge), "word", (), 300, labels=(str(labels),), windows=sizes)


class Judge(SureJudge):
    """One need of every pair; of a window the first two lines."""

    stops_after = 10**6

    def answer(self, request):
        if len(self.asked) > self.stops_after:
            raise KeyboardInterrupt
        if request.purpose == "pair":
            return super().answer(request)
        handles = re.findall(r"(?m)^(S\d+):", request.messages[-1].content)
        return json.dumps({"groups": [{"handles": handles[:2], "relation": "same"}]})

    def told(self, request):
        return super().told(request) if request.purpose == "pair" else None


@pytest.fixture
def merge(runtime, tmp_path, shared_cache):
    def go(*keep, stops_after=10**6, **more):
        told, held = [], {}

        def opener(spec, options):
            held["judge"] = Judge(spec, shared_cache, lambda one, other: (Answer.ONE_NEED, 0.95))
            held["judge"].stops_after = stops_after
            return held["judge"]

        with runtime.store() as store:
            for record in keep:
                store.save_record(record)
            given = {"strategy": "groups", "propose": True, "out": str(tmp_path / "out"), **more}
            job = runtime.merge_job(
                [str(tmp_path / "in")],
                MODEL,
                MergeOptions.taken(given),
                store=store,
                say=told.append,
                opener=opener,
            )
            found = run(job)
        return found, "\n".join(told), job.plan, held.get("judge")

    return go


def largest(plan) -> int:
    return max(len(call.handles) for call in plan.calls)


def holds(plan, most: int) -> bool:
    """Whether windows are filled up to so many stories; the corpus's words say where they end."""
    return most * 3 // 4 <= largest(plan) <= most


def test_windows_hold_what_the_record_lets_them_and_the_plan_says_by_which(
    merge, runtime, tmp_path
):
    record = window_record(runtime, tmp_path)
    found, told, plan, judge = merge(record)
    assert holds(plan, 16) and len(plan.calls) >= 3
    assert plan.parameters["window_record"] == record.id
    assert plan.parameters["window_stories"] == "16"
    assert f"windows hold at most 16 stories, by record {record.id}" in told
    # What windows group is asked about pair by pair, as ever, and folds nothing without a record.
    pairs = [request for request in judge.asked if request.purpose == "pair"]
    assert 0 < len(pairs) <= len(plan.calls) and found["folded"]["judge"] == 0
    assert found["kept"]["missing"] == []


def test_where_nothing_is_measured_it_is_said_and_windows_hold_what_fits(merge):
    _, told, plan, _ = merge()
    assert largest(plan) == 40 and plan.parameters["window_record"] == "none"
    assert "window_stories" not in plan.parameters
    assert (
        "was not measured, so its windows hold what fits: `storytransformer exam --strategy "
        in told
    )
    assert f"--model {MODEL}`" in told


def test_a_judge_that_groups_whatever_it_sees_is_said_to(merge, runtime, tmp_path):
    record = window_record(runtime, tmp_path)
    blind = tuple(
        replace(size, setting=Together(Rate(100, 170), Rate(180, 300), Rate(0, 0), Rate(100, 170)))
        for size in record.windows
    )
    _, told, plan, _ = merge(replace(record, windows=blind))
    assert "not clearly more often than what is not" in told and holds(plan, 32)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("revision", "other weights", "other weights"),
        ("quantisation", "4 bit", "another quantisation"),
        ("adapter", "0a1b", "another adapter"),
        ("prompt", "judge-groups.v0", "another version of the prompt"),
        ("prompt_sha256", "0" * 64, "another text of the prompt"),
        ("exam", "0" * 64, "another exam"),
    ],
)
def test_a_record_of_another_judge_bounds_no_window(merge, runtime, tmp_path, field, value, why):
    record = window_record(runtime, tmp_path, **{field: value})
    _, told, plan, _ = merge(record)
    assert largest(plan) == 40 and plan.parameters["window_record"] == "none"
    assert f"was not measured (its record {record.id} is of {why}" in told


@pytest.mark.parametrize("change", [lambda p: p.write_text("{}"), lambda p: p.unlink()])
def test_labels_that_changed_or_are_gone_let_the_record_expire(merge, runtime, tmp_path, change):
    labels = write(tmp_path / "own.jsonl", lines())
    record = window_record(runtime, tmp_path, labels=labels)
    change(labels)
    _, told, plan, _ = merge(record)
    assert largest(plan) == 40 and "changed since or are gone" in told


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: body["windows"][2]["setting"]["recall"].update(hits=160),
        lambda body: body.update(windows=body["windows"][:2]),
        lambda body: body["judge"].update(prompt="judge-pair.v1"),
    ],
)
def test_a_forged_row_bounds_nothing(merge, runtime, tmp_path, forge):
    record = window_record(runtime, tmp_path)
    body = as_mapping(record)
    forge(body)
    with runtime.store() as store:
        store.save_record(record)
        with store.database.write() as connection:
            connection.execute(sql("UPDATE judge_record SET body = :b"), {"b": json.dumps(body)})
    _, told, plan, _ = merge()
    assert largest(plan) == 40 and "was not measured" in told


def test_a_record_of_windows_lets_nobody_fold_and_one_of_pairs_bounds_no_window(
    merge, runtime, tmp_path
):
    found, told, plan, judge = merge(window_record(runtime, tmp_path), propose=False)
    assert judge is None and not plan.calls and found["calls"] == 0
    assert "has no record of an exam, so it is asked nothing" in told
    pairs = record_of(runtime, tmp_path)
    found, told, plan, judge = merge(pairs, propose=False)
    assert found["judge"]["record"] == pairs.id and holds(plan, 16)
    with runtime.store() as store, store.database.write() as connection:
        connection.execute(sql("DELETE FROM judge_record WHERE id != :id"), {"id": pairs.id})
    found, told, plan, _ = merge(propose=False)
    assert found["judge"]["record"] == pairs.id and largest(plan) == 40
    assert "was not measured, so" in told


def test_a_record_that_changed_in_between_makes_another_run(merge, runtime, tmp_path):
    first = window_record(runtime, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        merge(first, stops_after=2)
    with runtime.store() as store:
        begun = store.find_resumable()
    found, told, plan, _ = merge(window_record(runtime, tmp_path, (8, 160), (16, 90)))
    assert found["run"] != begun and holds(plan, 8)
    assert f"{begun} did not end and was begun with record of windows {first.id}, not" in told
    found, told, plan, _ = merge(first)
    assert found["run"] == begun and f"resuming {begun}" in told and holds(plan, 16)


def test_an_estimate_shows_the_windows_that_are_asked(merge, runtime, tmp_path):
    from pipeline.run.corpus import read
    from pipeline.run.pricing import estimate_corpus

    record = window_record(runtime, tmp_path)
    merged = merge(record)[0]
    with runtime.store() as store:
        corpus = read([str(tmp_path / "in")], cache=store)
        line = estimate_corpus(
            corpus, [MODEL], ["groups"], runtime.terms(), catalog=runtime.catalog, store=store
        )["lines"][0]
    assert line["plan"] == merged["plan"]
    assert any(record.id in note for note in line["notes"])
