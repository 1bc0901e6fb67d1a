"""The exam of ``groups``: judges whose score is known are found to have it, at every size."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from benchmarks.groupers import Grouper, everything, forgetful, nothing, oracle
from pipeline.config.options import ExamOptions
from pipeline.entries import Answer
from pipeline.errors import InputError, ModelError, SovereigntyError
from pipeline.exam.exam_price import price_exam, told
from pipeline.exam.exam_questions import gather_exam
from pipeline.exam.exam_windows import scenes_of, sizes_for, truths, windows_of
from pipeline.exam.windows_job import figures
from pipeline.judge.catalog_records import as_toml, listed_records
from pipeline.judge.intervals import Rate
from pipeline.judge.window_figures import most_stories, tells_apart
from pipeline.plan.rendering import pair_text
from pipeline.run.job import run
from pipeline.run.judge_record import WRITTEN
from pipeline.tokens.token_counters import counter_for
from tests.exam.examples import MODEL, runtime_of, write

BUILT_IN = Path(__file__).parents[2] / "data" / "exam" / WRITTEN
CLOUD = "claude/claude-haiku-5-5"
THINGS = ("invoice", "roster", "permit", "parcel", "ticket", "voucher", "timesheet", "contract")


def scenes(n: int = 16):
    """``n`` scenes of four tellings: two needs, each told twice, of which the two across are
    opposed and one pair of those is not labelled."""
    for i in range(n):
        thing = f"{THINGS[i % 8]} of desk {i}"
        goals = (
            f"print the {thing} before noon",
            f"get a printout of the {thing} while it is morning",
            f"print the {thing} after noon",
            f"get a printout of the {thing} once it is afternoon",
        )
        for (a, b), answer in (
            ((0, 1), "one_need"),
            ((2, 3), "one_need"),
            ((0, 2), "contradicting"),
            ((1, 3), "contradicting"),
            ((0, 3), "contradicting"),
        ):
            yield {
                "id": f"s{i}/{a}{b}", "scene": f"s{i}", "half": ("threshold", "report")[i % 2],
                "kind": "words", "language": "en", "shape": "agile",
                "a": {"role": "clerk", "goal": goals[a]}, "b": {"role": "clerk", "goal": goals[b]},
                "answer": answer,
            }  # fmt: skip


@pytest.fixture
def runtime(tmp_path, shared_cache):
    return runtime_of(tmp_path, shared_cache)


@pytest.fixture
def labels(tmp_path):
    return write(tmp_path / "labels.jsonl", scenes())


@pytest.fixture
def examine(runtime, labels, shared_cache):
    """Runs an exam of windows; returns what it prints, the judge, and the job."""

    def go(groups=None, *, model=MODEL, files=None, say=lambda line: None, **more):
        held = {}
        known = scenes_of(gather_exam([labels]))

        def opener(spec, options):
            count = counter_for(spec, cache=shared_cache).count_text
            held["judge"] = Grouper(spec, count, groups or oracle(known))
            return held["judge"]

        with runtime.store() as store:
            job = runtime.exam_job(
                model,
                ExamOptions.taken({"strategy": "groups", **more}),
                store=store,
                labels=files or [labels],
                opener=opener,
                say=say,
            )
            return run(job), held.get("judge"), job

    return go


def test_the_built_in_exam_fills_windows_of_whole_scenes_with_every_telling_once():
    known = scenes_of(gather_exam([BUILT_IN]))
    assert len(known) == 120 and sum(len(one.tellings) for one in known) == 804
    assert sizes_for(known) == [8, 16, 32, 64, 128, 256]
    pairs = []
    for size in sizes_for(known):
        windows = windows_of(known, size)
        shown = Counter(story.id for one in windows for story in one.stories)
        assert set(shown.values()) == {1} and len(shown) == 804
        assert all(len(one.stories) <= size for one in windows)
        assert all({scene.half for scene in one.scenes} == {one.half} for one in windows)
        # Nothing stands where its scene, or its author, would have it stand.
        orders = [[next(i for i, s in enumerate(one.scenes) if story in s.tellings)
                   for story in one.stories] for one in windows if len(one.scenes) > 2]  # fmt: skip
        assert not any(order == sorted(order) for order in orders)
        assert windows == windows_of(reversed(known), size)
        within = [(p, t) for one in windows for p, t in truths(one) if t is not None]
        pairs.append(sorted((sorted(pair), answer) for pair, answer in within))
    assert all(one == pairs[0] for one in pairs) and len(pairs[0]) == 1368
    assert sum(answer is Answer.ONE_NEED for _, answer in pairs[0]) == 342
    # Of 84 scenes 21 pairs of seven tellings, of 36 15 of six: the rest is not counted.
    assert 84 * 21 + 36 * 15 - len(pairs[0]) == 936


def test_who_knows_the_answers_is_found_to_know_them_at_every_size(examine, runtime):
    found, judge, job = examine()
    sizes = job.record.windows
    assert [one.stories for one in sizes] == [8, 16, 32]
    for one in sizes:
        for half in (one.setting, one.report):
            assert half.recall == Rate(16, 16) and half.within == Rate(0, 24)
            k = one.stories // 4  # scenes of a window
            n = 8 // k * 16 * k * (k - 1) // 2
            assert half.across == Rate(0, n)
    assert len(judge.asked) == sum(one.windows for one in sizes) == 8 + 4 + 2
    assert most_stories(sizes) == 32 and tells_apart(sizes[-1])
    assert found["strategy"] == "groups" and found["left_out"] == 0 == found["failed_calls"]
    now = job.record.judge
    assert now.prompt == "judge-groups.v1" and now.vetoes == "" and now.exam == job.exam.hash
    with runtime.store() as store:
        assert store.records(MODEL) == [job.record]
        with store.database.read() as connection:
            kept = connection.execute(sql("SELECT strategy, parameters FROM run")).one()
        assert kept[0] == json.loads(kept[1])["strategy"] == "groups"
    assert {row["kind"] for row in found["records"]} == {
        f"windows of up to {n} stories{more}"
        for n in (8, 16, 32)
        for more in ("", ": pairs of two scenes")
    }


def test_all_in_one_group_finds_everything_and_tells_nothing_apart(examine):
    _, _, job = examine(everything)
    for one in job.record.windows:
        assert one.report.recall == Rate(16, 16) and one.report.within == Rate(24, 24)
        assert one.report.across.hits == one.report.across.n > 0
        assert not tells_apart(one)
    # Of one large group a merge asks about the first with each other: the larger, the less.
    asked = [one.report.asked for one in job.record.windows]
    assert asked[0].n == 16 and asked[0].hits > asked[1].hits > asked[2].hits >= 1
    assert most_stories(job.record.windows) == 32, "sixteen pairs show nothing"


def test_with_all_pairs_one_large_group_is_seen_to_find_less():
    known = scenes_of(gather_exam([BUILT_IN]))
    grouped = [
        (window, [(Answer.ONE_NEED, tuple(story.id for story in window.stories))])
        for size in (8, 16, 32)
        for window in windows_of(known, size)
    ]
    assert most_stories(figures(grouped)) == 8


def test_no_group_finds_nothing(examine):
    _, _, job = examine(nothing)
    for one in job.record.windows:
        assert one.report.recall == Rate(0, 16) and one.report.within == Rate(0, 24)
        assert one.report.across.hits == 0 and not tells_apart(one)


def test_who_forgets_what_stands_further_down_gets_windows_as_long_as_he_remembers(examine, labels):
    known = scenes_of(gather_exam([labels]))
    _, _, job = examine(forgetful(oracle(known), 16))
    by = {one.stories: one for one in job.record.windows}
    assert by[8].report.recall == by[16].report.recall == Rate(16, 16)
    (window,) = [one for one in windows_of(known, 32) if one.half == "report"]
    first = {story.id for story in window.stories[:16]}
    both = [p for p, t in truths(window) if t is Answer.ONE_NEED and p <= first]
    assert by[32].report.recall == Rate(len(both), 16) and len(both) < 8
    assert most_stories(job.record.windows) == 16


def test_the_built_in_exam_finds_the_length_that_is_remembered(examine):
    known = scenes_of(gather_exam([BUILT_IN]))
    _, _, job = examine(forgetful(oracle(known), 64), files=[BUILT_IN])
    recalls = {one.stories: one.report.recall for one in job.record.windows}
    assert {n: r.hits for n, r in recalls.items() if n <= 64} == dict.fromkeys((8, 16, 32, 64), 170)
    assert recalls[128].hits < 170 / 2 and recalls[256].hits < 170 / 4
    assert most_stories(job.record.windows) == 64


def test_an_exam_is_not_asked_twice_and_another_size_is_not_another_question(examine):
    first, _, job = examine()
    again, judge, same = examine()
    assert judge is None and again["reused_replies"] == len(job.plan.calls)
    assert same.record.id == job.record.id == first["record"]


def test_an_interrupted_exam_goes_on_where_it_was(examine, runtime, labels):
    knows = oracle(scenes_of(gather_exam([labels])))
    asked = []

    def stops(lines):
        asked.append(lines)
        if len(asked) > 5:
            raise KeyboardInterrupt
        return knows(lines)

    with pytest.raises(KeyboardInterrupt):
        examine(stops)
    with runtime.store() as store:
        assert store.records(MODEL) == []
        left = store.find_resumable(kind="exam")
    found, judge, _ = examine()
    assert found["run"] == left and len(judge.asked) == 14 - 5


def test_a_window_without_a_usable_reply_counts_as_failed_and_is_asked_once(examine, monkeypatch):
    good = Grouper.answer

    def answer(self, request):
        return "no groups" if request.messages[-1].content.count("\n") > 20 else good(self, request)

    monkeypatch.setattr(Grouper, "answer", answer)
    found, judge, job = examine()
    by = {one.stories: one for one in job.record.windows}
    assert by[32].failed == 2 == found["failed_calls"] and by[8].failed == 0 == by[16].failed
    assert by[32].report.recall == Rate(0, 16) and len(judge.asked) == 14
    assert most_stories(job.record.windows) == 16
    again, asked, _ = examine()
    assert asked is None and again["unusable_replies"] == 2, "no window is asked as two halves"
    monkeypatch.setattr(Grouper, "answer", lambda self, request: "no groups")
    with pytest.raises(ModelError, match="all 14 windows failed"):
        examine(ask_again=True, model=f"{MODEL}?window=16000")


def test_a_size_that_fits_no_call_is_not_asked(examine, runtime, labels):
    _, _, job = examine(model=f"{MODEL}?window=1400")
    assert [one.stories for one in job.record.windows] == [8, 16]
    assert all(call.input.high <= job.plan.limits.input_tokens for call in job.plan.calls)
    with pytest.raises(InputError, match="window of 8 stories does not fit"):
        examine(model=f"{MODEL}?window=500")


def test_the_price_is_that_of_the_run(examine, runtime, labels):
    with runtime.store() as store:
        terms = runtime.terms(allow_cloud=["all"])
        line = price_exam(gather_exam([labels]), runtime.find(CLOUD), terms, store, "groups")
        assert line.usd[2] > 0 and "14 windows" in told(line)
    _, _, job = examine(model=CLOUD, allow_cloud=["all"])
    assert job.estimate.plan_sha256 == line.plan_sha256 and job.estimate.usd == line.usd


@pytest.mark.parametrize("marked", ["s3/01", "s3/13"])
def test_a_telling_of_a_marked_pair_is_in_no_window_of_a_model_elsewhere(examine, tmp_path, marked):
    lines = [one | ({"sovereignty": "local"} if one["id"] == marked else {}) for one in scenes()]
    file = write(tmp_path / "marked.jsonl", lines)
    (secret,) = [one for one in lines if one["id"] == marked]
    found, judge, job = examine(model=CLOUD, allow_cloud=["all"], files=[file])
    shown = "\n".join(request.messages[-1].content for request in judge.asked)
    # The telling stands in pairs without a mark, too: it is shown for none of them.
    assert not any(secret[side]["goal"] in shown for side in "ab")
    assert job.record.sovereignty == "local" and 0 < found["left_out"] < 5
    assert examine(files=[file])[0]["left_out"] == 0
    every = write(tmp_path / "every.jsonl", [one | {"sovereignty": "local"} for one in scenes()])
    with pytest.raises(SovereigntyError):
        examine(model=CLOUD, allow_cloud=["all"], files=[every])


def test_pairs_without_a_scene_fill_no_window(examine, tmp_path):
    loose = {**next(scenes(1)), "id": "x", "scene": ""}
    said = []
    file = write(tmp_path / "some.jsonl", [*scenes(), loose])
    found, _, _ = examine(files=[file], say=said.append)
    assert found["left_out"] == 1 and any("1 pair without a scene" in line for line in said)
    with pytest.raises(InputError, match="names its scene") as refused:
        examine(files=[write(tmp_path / "none.jsonl", [loose])])
    assert "scene" in refused.value.next


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda one: one | {"id": "y", "half": "report"}, "both halves"),
        (lambda one: one | {"id": "y", "answer": "different"}, "another answer"),
    ],
)
def test_labels_that_contradict_themselves_are_refused_with_their_line(
    examine, tmp_path, spoil, match
):
    file = write(tmp_path / "l.jsonl", [*scenes(), spoil(next(scenes(1)))])
    with pytest.raises(InputError, match=match) as refused:
        examine(files=[file])
    assert "line 81" in refused.value.where and refused.value.next


def test_a_telling_of_two_scenes_says_nothing_of_them(examine, tmp_path):
    twice = list(scenes(2))
    for one in twice[5:]:
        one["half"] = "threshold"
    twice[5]["a"] = twice[7]["a"] = twice[9]["a"] = twice[0]["a"]
    known = scenes_of(gather_exam([write(tmp_path / "t.jsonl", twice)]))
    (window,) = windows_of(known, 8)
    assert sum(truth is None for _, truth in truths(window)) == 4 * 4 - 1


def test_a_record_of_windows_comes_back_and_is_a_line_of_the_catalogue(examine):
    import tomllib

    from pipeline.judge.judge_records import as_mapping, from_mapping

    _, _, job = examine()
    text = as_toml(job.record, "a test")
    assert listed_records(tomllib.loads(text), where="x.toml") == (job.record,)
    body = json.loads(json.dumps(as_mapping(job.record)))
    assert from_mapping(body) == job.record
    for spoil in (
        lambda b: b["windows"][0].update(failed=99),
        lambda b: b["windows"].reverse(),
        lambda b: b["windows"][0]["report"].pop("within"),
        lambda b: b["windows"][0]["setting"]["recall"].update(hits=99),
    ):
        spoilt = json.loads(json.dumps(body))
        spoil(spoilt)
        with pytest.raises((ValueError, KeyError, TypeError)):
            from_mapping(spoilt)
    assert replace(job.record, windows=job.record.windows[:1]).id != job.record.id


def test_the_lines_are_those_of_a_merge(examine, labels):
    """The very function of the plan: what an exam shows is what a merge would show."""
    from pipeline.plan.groups import group_line

    _, _, job = examine()
    call = job.plan.calls[0]
    lines = [group_line(job.known[name], handle) for handle, name in call.handles]
    assert call.request.messages[-1].content.strip() == "\n".join(lines)
    assert pair_text(job.known[call.handles[0][1]]) in lines[0]
