"""Canaries: planted where they were asked for, found whole, and missed where they are lost."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.corpora.planted_canaries import look_for, look_in, plant
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.errors import InputError, SovereigntyError
from pipeline.run.corpus import gather
from pipeline.run.job import run
from pipeline.runtime import Runtime
from pipeline.store.reading import reports
from pipeline.store.record import open_store
from tests.support.asked import ask

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
EDGE = Runtime(read_settings({"HOME": "/nowhere", "ANTHROPIC_API_KEY": "never sent"}))
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
        job = EDGE.merge_job([str(folder / "in")], "extractive", MergeOptions(out=out), store=store)
        document = json.loads(Path(run(job)["out"]["json"]).read_text(encoding="utf-8"))
    return canaries, job.corpus.stories, document


def test_the_merge_brings_every_canary_through(merged):
    seen = look_for(*merged)
    assert {s.lost_at for s in seen} == {""} and {s.fields for s in seen} == {1.0}
    assert {s.canary.kind for s in seen} == {"single", "twin"}


def test_what_is_lost_is_told_by_its_stage(merged):
    canaries, stories, document = merged
    canary = canaries[0]
    (story,) = [s for s in stories if canary.word in s.text]
    (entry,) = [e for e in document["entries"] if story.id in e["sources"]]

    def stage(change=lambda entry: None, corpus=stories, **changed):
        damaged = copy.deepcopy(entry)
        change(damaged)
        entries = [damaged if e is entry else e for e in document["entries"]]
        given = document | {"entries": entries} | changed
        return look_for([canary], corpus, given)[0].lost_at

    def without(words):
        def change(entry):
            for line in (*entry["lines"], *entry["folds"]):
                line["text"] = line["text"].replace(words, "")

        return change

    def of_another(entry):
        for line in entry["lines"]:
            line["stories"] = ["another"]

    def moved_behind(entry):
        entry["folds"] = [{"story": story.id, "text": line["text"]} for line in entry["lines"]]
        entry["lines"] = []

    assert stage() == ""
    assert stage(moved_behind) == "", "what is folded is there"
    assert stage(corpus=[s for s in stories if s is not story]) == "extract"
    worn = [replace(s, benefit="it is dry") if s is story else s for s in stories]
    assert stage(corpus=worn) == "extract"
    assert stage(ledger=[{"story": story.id, "outcome": "skipped"}]) == "plan"
    elsewhere = [e for e in document["entries"] if e is not entry]
    assert stage(entries=elsewhere) == "merge"
    assert stage(without(canary.word)) == "merge"
    assert stage(without(canary.places[0].benefit)) == "mutated"
    assert stage(of_another) == "source"


def test_a_text_that_names_no_sources_is_looked_through_too(merged):
    canaries, stories, _ = merged
    text = "\n".join(story.text for story in stories)

    def stages(text):
        return [s.lost_at for s in look_in(canaries[:1], stories, text)]

    assert stages(text) == [""]
    assert stages(text.replace(canaries[0].word, "")) == ["merge"]
    assert stages(text.replace(canaries[0].places[0].benefit, "")) == ["mutated"]
    assert [s.lost_at for s in look_in(canaries[:1], [], text)] == ["extract"]


def test_a_run_stores_every_sighting(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store:
        result = ask("canary", EDGE, store, paths=[str(SAMPLE)], n=4)
        scores = reports.scores(store, result["run"])
        kinds = {r["run"]: (r["kind"], r["state"]) for r in reports.list_runs(store)}
    assert result["n"] == 6 and result["lost"] == {}
    assert [s["name"] for s in scores[:3]] == ["sourced", "survived", "unmutated"]
    assert {s["value"] for s in scores} == {1.0} and len(scores) == 3 + 6
    assert scores[0]["low"] < 0.7 and scores[0]["n"] == 6
    assert kinds[result["run"]] == ("canary", "completed")
    assert kinds[result["merge"]] == ("merge", "completed")


def test_bad_input_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="can carry a canary"):
        plant(gather([SAMPLE / "jira-export.csv"]).extractions, tmp_path, n=1)
    with pytest.raises(InputError, match="not a percentage"):
        plant(gather([SAMPLE]).extractions, tmp_path, n=1, depths=[101])


class Elsewhere(Runtime):
    """Canaries are merged without a model: this one would send the copies to a cloud."""

    def merge_job(self, paths, model, chosen, **more):
        cloud = replace(chosen, allow_cloud=("all",))
        return super().merge_job(paths, "claude/claude-haiku-5-5", cloud, **more)


def test_what_may_not_leave_does_not_leave_as_a_copy(tmp_path):
    (tmp_path / "a.md").write_text("---\nsovereignty: local\n---\n- As a cook, I want salt.\n")
    with (
        open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store,
        pytest.raises(SovereigntyError, match="sovereignty"),
    ):
        ask("canary", Elsewhere(EDGE.settings), store, paths=[str(tmp_path / "a.md")], n=1)
