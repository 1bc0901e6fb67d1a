"""Canaries: planted where they were asked for, found whole, and missed where they are lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.canary import look_for, plant
from evals.canary_run import run_canaries
from pipeline.edge import Edge
from pipeline.errors import InputError, SovereigntyError
from pipeline.merge.corpus import gather
from pipeline.merge.job import run
from pipeline.outcomes import Outcome
from pipeline.settings import read_settings
from pipeline.store import reports
from pipeline.store.record import open_store

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
EDGE = Edge(read_settings({"HOME": "/nowhere"}))
SHAPES = {
    "lines.txt": "As a cook, I want salt.\nAs a baker, I want flour.\nAs a guest, I want cake.\n",
    "items.md": "# Wishes\n\n- As a cook, I want salt.\n- As a baker, I want flour.\n\nThe end.\n",
    "apart.rst": "As a cook, I want salt,\nso that it tastes.\n\nAs a baker, I want flour.",
}


@settings(max_examples=25)
@given(
    name=st.sampled_from(sorted(SHAPES)),
    depths=st.lists(st.integers(0, 100), min_size=1, max_size=4),
    n=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_canaries_stand_beside_the_stories_of_any_shape(tmp_path_factory, name, depths, n, seed):
    folder = tmp_path_factory.mktemp("c")
    (folder / name).write_text(SHAPES[name], encoding="utf-8")
    before = gather([folder / name])
    canaries = plant(before.extractions, folder / "in", n=n, depths=depths, seed=seed)
    after = gather([folder / "in"])
    places = [place for canary in canaries for place in canary.places]
    assert len(after.stories) == len(before.stories) + len(places)
    texts = [story.text for story in after.stories]
    assert [s.text for s in before.stories] == [
        text for text in texts if not any(canary.word in text for canary in canaries)
    ]
    assert {place.depth for place in places} <= set(map(float, depths))
    assert all(abs(p.depth - p.depth_actual) <= 50 / len(before.stories) + 1e-9 for p in places)


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged")
    canaries = plant(gather([SAMPLE]).extractions, folder / "in", n=8)
    with open_store(f"sqlite:///{folder}/x.sqlite", now=lambda: datetime.now(UTC)) as store:
        out = str(folder / "out")
        job = EDGE.merge_job([str(folder / "in")], "extractive", store=store, out=out)
        document = Path(run(job)["out"]["markdown"]).read_text(encoding="utf-8")
    return canaries, job.corpus.stories, job.outcomes, document


def test_the_extractive_merge_brings_every_canary_through(merged):
    seen = look_for(*merged)
    assert {s.lost_at for s in seen} == {""} and {s.fields for s in seen} == {1.0}
    assert {s.canary.kind for s in seen} == {"single", "twin"}
    twins = [c for c in merged[0] if c.kind == "twin"]
    homes = {source: m.id for m in merged[2].merged for source in m.sources}
    for twin in twins:
        ids = [s.id for s in merged[1] if twin.word in s.text]
        assert len(ids) == 2 and len({homes[i] for i in ids}) == 1


def test_what_is_lost_is_told_by_its_stage(merged):
    canaries, stories, outcomes, document = merged
    canary = canaries[0]
    (story,) = [s for s in stories if canary.word in s.text]

    def stage(**changed):
        given = {"corpus": stories, "outcomes": outcomes, "document": document} | changed
        return look_for([canary], **given)[0].lost_at

    assert stage() == ""
    assert stage(corpus=[s for s in stories if s is not story]) == "extract"
    worn = [replace(s, benefit="it is dry") if s is story else s for s in stories]
    assert stage(corpus=worn) == "extract"
    skipped = replace(outcomes.ledger[0], story=story.id, outcome=Outcome.SKIPPED)
    assert stage(outcomes=replace(outcomes, ledger=(skipped,))) == "plan"
    elsewhere = tuple(m for m in outcomes.merged if story.id not in m.sources)
    assert stage(outcomes=replace(outcomes, merged=elsewhere)) == "merge"
    assert stage(document=document.replace(canary.word, "")) == "merge"
    assert stage(document=document.replace(canary.places[0].benefit, "")) == "mutated"
    unsourced = tuple(
        replace(m, verdicts=tuple(replace(v, sources=()) for v in m.verdicts))
        for m in outcomes.merged
    )
    assert stage(outcomes=replace(outcomes, merged=unsourced)) == "source"


def test_a_run_stores_every_sighting(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store:
        result = run_canaries(
            [str(SAMPLE)],
            lambda paths, out: EDGE.merge_job(paths, "extractive", store=store, out=str(out)),
            store,
            n=4,
        )
        scores = reports.scores(store, result["run"])
        kinds = {r["run"]: (r["kind"], r["state"]) for r in reports.list_runs(store)}
    assert result["n"] == 6 and result["lost"] == {}
    assert [s["name"] for s in scores[:3]] == ["sourced", "survived", "unmutated"]
    assert {s["value"] for s in scores} == {1.0} and len(scores) == 3 + 6
    assert scores[0]["low"] < 0.7 and scores[0]["n"] == 6
    assert kinds[result["run"]] == ("canary", "completed")
    assert kinds[result["merge"]] == ("merge", "completed")


def test_a_dry_run_prices_the_merge_and_leaves_no_run(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store:
        priced = run_canaries(
            [str(SAMPLE)],
            lambda paths, out: EDGE.merge_job(
                paths, "claude/claude-haiku-5-5", store=store, out=str(out), allow_cloud=("all",)
            ),
            store,
            n=4,
            dry_run=True,
        )
        assert reports.list_runs(store) == []
    assert priced["merges"] == 1 and priced["calls"] > 0 and float(priced["usd"]["likely"]) > 0


def test_bad_input_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="can carry a canary"):
        plant(gather([SAMPLE / "jira-export.csv"]).extractions, tmp_path, n=1)
    with pytest.raises(InputError, match="no percentage"):
        plant(gather([SAMPLE]).extractions, tmp_path, n=1, depths=[101])


def test_what_may_not_leave_does_not_leave_as_a_copy(tmp_path):
    (tmp_path / "a.md").write_text("---\nsovereignty: local\n---\n- As a cook, I want salt.\n")
    with (
        open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store,
        pytest.raises(SovereigntyError, match="sovereignty"),
    ):
        run_canaries(
            [str(tmp_path / "a.md")],
            lambda paths, out: EDGE.merge_job(
                paths, "claude/claude-haiku-5-5", store=store, out=str(out), allow_cloud=("all",)
            ),
            store,
            n=1,
        )
