"""Runs read again: shown, compared, held against gates, scored anew, written out."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from evals import eval_results
from evals.cli.eval_commands import app
from evals.grids.needle_trials import measure
from evals.grids.trials import make_trials
from evals.metrics.statistics import proportion
from evals.recorded import figure, recorded
from pipeline.errors import GateError, InputError
from pipeline.store.record import open_store
from pipeline.store.rows.eval_rows import Score
from tests.support.fakes import FakeModel

GRID = {"lengths": [400, 600], "depths": [0, 100]}


def sees(known):
    return lambda request: request.key in known


@pytest.fixture(scope="module")
def measured(tmp_path_factory, spec, count, prompts):
    """A database with a grid on an oracle and one on a model that misses the long prompts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('reading')}/x.sqlite"
    runs = {}
    with open_store(url, now=lambda: datetime.now(UTC)) as store:
        for kind in ("oracle", "lossy"):
            revision = "fake-oracle" if kind == "oracle" else "fake-blind"
            trials = list(make_trials(spec, revision, count, prompts, **GRID))
            answers = {t.request.key: t.expected for t in trials}
            known = {t.request.key for t in trials if kind == "oracle" or t.recipe.length == 400}
            model = FakeModel(spec, count, answers, sees=sees(known))
            model.revision = revision
            with recorded(
                store, kind="needle", model=spec.name, strategy="single", parameters={}
            ) as run:
                for cell in measure(spec, model, trials):
                    store.save_cell(run, cell)
            runs[kind] = run
        yield store, url, runs


def test_figures_are_means_by_task_with_interval_and_n(measured):
    store, _, runs = measured
    found = eval_results.show(store, runs["lossy"])
    single = eval_results.figures(found)["single"]
    assert (single.mean, single.n) == (0.5, 4) and single.low < 0.5 < single.high
    assert eval_results.figures(found, longest=400)["single"].mean == 1.0
    assert len(found["cells"]) == 4 and found["state"] == "completed"
    with pytest.raises(InputError, match="no run"):
        eval_results.show(store, "nonesuch")


def test_two_runs_are_compared_cell_by_cell(measured):
    store, _, runs = measured
    found = eval_results.compare(store, runs["oracle"], runs["lossy"])
    assert found["differences"]["single"]["mean"] == -0.5
    assert found["differences"]["single"]["n"] == 4
    assert [c["item"] for c in found["changed"]] == ["600/0/0", "600/100/0"]
    same = eval_results.compare(store, runs["lossy"], runs["lossy"])
    assert same["changed"] == [] and same["differences"]["single"]["mean"] == 0


def test_a_gate_holds_or_says_which_condition_does_not(measured):
    store, _, runs = measured
    held = eval_results.gate(store, runs["lossy"], least=["single=0.5", "single@400=1"])
    assert len(held["held"]) == 2
    with pytest.raises(GateError, match=r"single is 0.5 .*n=4") as failed:
        eval_results.gate(store, runs["lossy"], least=["single=0.51"])
    assert failed.value.exit_code == 8
    with pytest.raises(GateError):
        eval_results.gate(store, runs["oracle"], most=["single=0.9"])
    for bad in (["single"], ["=1"], ["other=1"]):
        with pytest.raises(InputError):
            eval_results.gate(store, runs["oracle"], least=bad)
    with pytest.raises(InputError, match="no condition"):
        eval_results.gate(store, runs["oracle"])


def test_a_figure_without_single_values_is_compared_by_its_own_interval(measured):
    store, _, _ = measured
    runs = []
    for hits in (48, 72):
        with recorded(store, kind="canary", model="m", strategy="s", parameters={}) as run:
            items = [Score("lost", f"{n}", float(n == hits)) for n in (48, 72)]
            store.save_scores(run, [figure("kept", proportion(hits, 80)), *items])
        runs.append(run)
    found = eval_results.compare(store, *runs)["differences"]
    assert found["kept"]["mean"] == pytest.approx(0.3) and found["kept"]["paired"] is False
    assert found["kept"]["low"] < 0.3 < found["kept"]["high"] and found["kept"]["n"] == 80
    assert found["lost"]["n"] == 2 and found["lost"]["paired"] is True


def test_stored_replies_are_scored_again(measured):
    store, _, runs = measured
    found = eval_results.rescore(store, runs["lossy"])
    assert (found["n"], found["mean"], found["changed"]) == (4, 0.5, [])
    cell = eval_results.show(store, runs["lossy"])["cells"][-1]
    with store.database.write() as connection:
        connection.execute(
            text("UPDATE needle_cell SET reply = expected WHERE key = :key"), {"key": cell["cell"]}
        )
    again = eval_results.rescore(store, runs["lossy"])
    assert again["changed"] == [{"cell": cell["cell"], "was": 0.0, "is": 1.0}]
    assert eval_results.figures(eval_results.show(store, runs["lossy"]))["rescored"].mean == 0.75


def test_a_look_alike_named_beside_an_abstention_stays_wrong(measured, spec, count, prompts):
    store, _, _ = measured
    (trial,) = make_trials(
        spec, "fake-denier", count, prompts, lengths=[500], depths=[50], task="absent"
    )
    model = FakeModel(spec, count, {trial.request.key: trial.wrong}, "denier")
    with recorded(store, kind="needle", model=spec.name, strategy="absent", parameters={}) as run:
        for cell in measure(spec, model, [trial]):
            assert cell.flags == ("denied", "distractor") and cell.score == 0
            store.save_cell(run, cell)
    assert eval_results.rescore(store, run)["changed"] == []


def test_a_prompt_is_reconstructed_and_its_hash_checked(measured):
    store, _, runs = measured
    cell = eval_results.show(store, runs["oracle"])["cells"][0]
    found = eval_results.reconstruct(store, cell["cell"][:12])
    value = cell["expected"]
    assert any(value in message["content"] for message in found["messages"])
    with store.database.write() as connection:
        connection.execute(
            text("UPDATE request SET body = replace(body, :value, '1') WHERE key = :key"),
            {"value": value, "key": cell["request"]},
        )
    with pytest.raises(InputError, match="not the one that was asked"):
        eval_results.reconstruct(store, cell["cell"])
    with pytest.raises(InputError, match="cells begin with"):
        eval_results.reconstruct(store, "zz")


def test_cells_are_written_out(measured):
    store, _, runs = measured
    found = eval_results.show(store, runs["oracle"])
    lines = [json.loads(line) for line in eval_results.export(found, "jsonl").splitlines()]
    rows = list(csv.DictReader(io.StringIO(eval_results.export(found, "csv"))))
    assert [line["cell"] for line in lines] == [row["cell"] for row in rows]
    assert len(rows) == 4 and rows[0]["expected"] in lines[0]["reply"]
    with pytest.raises(InputError, match="no form"):
        eval_results.export(found, "xml")


def test_the_commands_print_them(measured, tmp_path):
    _, url, runs = measured
    golden = tmp_path / "gpt4_passkey.jsonl"
    golden.write_text('{"prediction": "The key is 71432.", "ground_truth": "71432"}\n')
    invoke = CliRunner().invoke
    for arguments, expected in (
        (["show", runs["oracle"]], "single"),
        (["diff", runs["oracle"], runs["lossy"]], "-0.5"),
        (["gate", runs["oracle"], "--min", "single=1"], "met"),
        (["score", runs["oracle"]], "4 replies"),
        (["export", runs["oracle"], "--form", "csv"], "target_tokens"),
    ):
        done = invoke(app, [*arguments, "--db", url])
        assert done.exit_code == 0 and expected in done.stdout, done.output
    checked = invoke(app, ["import", "infinitebench", str(golden)])
    assert "100.00" in checked.stdout
