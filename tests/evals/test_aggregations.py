"""Aggregations: exact answers that several stories tell together, on the machinery of needles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cli.eval_commands import app
from evals.corpora.haystack import allowed, lines, paths_of
from evals.eval_results import rescore
from evals.grids.aggregations import AGGREGATIONS, find_task
from evals.grids.grids import Grid, GridOptions, aggregation_grid, aggregation_lengths
from evals.grids.needle_run import run_needles
from evals.grids.needle_trials import Cell, measure
from evals.grids.trials import Trial, make_trials
from evals.metrics.scoring import first_number, score
from pipeline.calls import Request, TokenCount
from pipeline.errors import InputError, SovereigntyError
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions
from pipeline.store.reading import reports
from pipeline.store.reading.measured import effective_length
from pipeline.store.record import Store
from tests.support.fakes import FakeModel

Count = Callable[[Request], TokenCount]
SAMPLE = Path(__file__).parents[2] / "data" / "sample"
REAL = f"stories:{SAMPLE}"
GRID = Grid(tuple(AGGREGATIONS), (900, 1300), (0, 100), 1, haystack=REAL)


@pytest.fixture
def trials_of(spec: ModelSpec, count: Count, prompts: Path) -> Callable[..., list[Trial]]:
    def make(revision: str = "fake-oracle", **wanted: Any) -> list[Trial]:
        asked = {"lengths": [900], "depths": [0, 60, 100], "haystack": REAL} | wanted
        return list(make_trials(spec, revision, count, prompts, **asked))

    return make


@pytest.fixture
def cells_of(spec: ModelSpec, count: Count, trials_of: Any) -> Callable[..., list[Cell]]:
    def ask(kind: str, sees: Any = lambda request: True, **wanted: Any) -> list[Cell]:
        trials = trials_of(f"fake-{kind}", **wanted)
        answers = {t.request.key: t.expected for t in trials}
        found = measure(spec, FakeModel(spec, count, answers, kind, sees), trials)  # type: ignore[arg-type]
        return [cell for cell in found if isinstance(cell, Cell)]

    return ask


@pytest.mark.parametrize("task", AGGREGATIONS)
def test_the_oracle_scores_one_and_the_blind_nought(cells_of: Any, task: str) -> None:
    oracle = cells_of("oracle", task=task, seeds=(0, 1))
    assert len(oracle) == 6
    assert {(c.status, c.score, c.target_tokens == c.prompt_tokens) for c in oracle} == {
        ("ok", 1.0, True)
    }
    assert {(c.status, c.score) for c in cells_of("blind", task=task)} == {("ok", 0.0)}


@pytest.mark.parametrize("task", AGGREGATIONS)
def test_whoever_names_everything_there_is_scores_nothing(trials_of: Any, task: str) -> None:
    """Every code of the prompt is repeated; for a count, some other number comes first."""
    for trial in trials_of(task=task, seeds=range(4)):
        reads = find_task(task).reads
        everything = " ".join((*trial.wrong, *trial.expected)) if trial.wrong else "9 or 1 to 8"
        assert score(everything, trial.expected, trial.wrong, reads).value == 0
        assert score(trial.answer, trial.expected, trial.wrong, reads).value == 1


def test_a_count_counts_what_really_stands_there(trials_of: Any) -> None:
    for trial in trials_of(task="count", seeds=range(6)):
        text, question = trial.request.messages[-1].content.rsplit("\n\n", 1)
        role = re.search(r"told by a ([\w ]+)\?", question)[1]  # type: ignore[index]
        told = [line for line in text.splitlines() if line.startswith(f"As a {role}, ")]
        assert str(len(told)) == trial.expected[0]
        assert text.count(role) == len(told)


def test_the_last_version_is_neither_the_last_line_nor_the_largest_number(trials_of: Any) -> None:
    last = []
    for trial in trials_of(task="version", seeds=range(24), depths=[50]):
        found = re.findall(
            r"(\w+-\d+), version (\d): .*?at most (\d{4}) ", trial.request.messages[-1].content
        )
        key = re.search(r"story (\S+) ask", trial.request.messages[-1].content)[1]  # type: ignore[index]
        own = [(int(v), limit) for name, v, limit in found if name == key]
        assert len(found) == 5 and [max(own)[1]] == list(trial.expected)
        last.append(own[-1] == max(own))
    assert 0 < sum(last) < len(last)


def test_two_lists_differ_by_one_story_each_way(trials_of: Any) -> None:
    for trial in trials_of(task="difference", seeds=range(4)):
        text = trial.request.messages[-1].content
        a, b = (set(re.findall(rf"^List {name}, (\w\w-\d+): ", text, re.M)) for name in "AB")
        assert a - b == set(trial.expected) and len(b - a) == 1 and len(a) == len(b) == 4


def test_two_stories_of_one_thing_contradict_and_no_other_thing_is_told_twice(
    trials_of: Any,
) -> None:
    for trial in trials_of(task="contradiction", seeds=range(6)):
        text = trial.request.messages[-1].content
        told = dict(re.findall(r"^(\w\w-\d{3}): (.*)$", text, re.M))
        assert set(told) == {*trial.expected, *trial.wrong} and len(trial.expected) == 2
        a, b = (set(re.findall(r"\w+", told[code])) for code in trial.expected)
        assert len(a & b) >= 5 and told[trial.expected[0]] != told[trial.expected[1]]


def test_half_of_an_answer_is_half_and_a_wrong_one_beside_it_none() -> None:
    assert score("QK-123 alone", ["QK-123", "ZB-456"], ["WW-777"], "alone").value == 0.5
    assert score("QK-123, ZB-456, WW-777", ["QK-123", "ZB-456"], ["WW-777"], "alone").value == 0
    assert score("QK-123, ZB-456, WW-777", ["QK-123", "ZB-456"], ["WW-777"]).value == 1
    assert [first_number(t) for t in ("There are **four**, not 5", "07 of 9", "none", "1,234")] == [
        "4", "7", None, "1234",
    ]  # fmt: skip
    assert score("", ["4"], reads="number").value == 0


def test_a_haystack_of_real_stories_is_theirs_and_leaves_out_what_would_answer() -> None:
    assert paths_of(f"{REAL};b") == (str(SAMPLE), "b") and paths_of("stories") == ()
    first, second = (lines(REAL, Random(seed)) for seed in (1, 2))
    some = [next(first) for _ in range(300)]
    assert some != [next(second) for _ in range(300)]
    assert len(set(some)) > 200 and all(line == " ".join(line.split()) for line in some)
    kept = allowed(lines(REAL, Random(1)), lambda line: "want" not in line)
    assert all("want" not in next(kept) for _ in range(100))
    with pytest.raises(InputError, match="every line"):
        next(allowed(lines(REAL, Random(1)), lambda line: False))
    with pytest.raises(InputError):
        next(lines("stories:nowhere-at-all", Random(1)))


def test_the_grid_goes_from_a_thousand_tokens_to_the_window() -> None:
    assert aggregation_lengths(8192) == (1024, 2048, 4096, 7680)
    assert aggregation_lengths(10_000) == (1024, 2048, 4096, 8192, 9488)
    grid = aggregation_grid(8192, ["a", "b"], GridOptions())
    assert (grid.haystack, grid.tasks) == ("stories:a;b", tuple(AGGREGATIONS))
    assert grid.n_cells == 5 * 4 * 3
    with pytest.raises(InputError, match="one story only"):
        aggregation_grid(8192, [], GridOptions(tasks=("single",)))


@pytest.fixture
def run(spec: ModelSpec, count: Count, prompts: Path, store: Store, tmp_path: Path) -> Any:
    """A run on a fake that answers what it sees."""

    def ask(sees: Callable[[Trial], bool] = lambda trial: True, grid: Grid = GRID) -> Any:
        trials = {t.request.key: t for t in grid.trials(spec, "fake-oracle", count, prompts)}
        answers = {key: t.expected for key, t in trials.items()}
        model = FakeModel(spec, count, answers, sees=lambda request: sees(trials[request.key]))
        done = run_needles(
            spec, ModelOptions(cache=tmp_path), store, prompts, grid=grid, kind="aggregation",
            as_of=date(2026, 11, 21), allow_cloud=("all",), opened=model,
        )  # fmt: skip
        return done, model

    return ask


def test_a_run_is_resumed_scored_again_and_bounds_plans(
    run: Any, spec: ModelSpec, store: Store
) -> None:
    done, model = run(lambda trial: trial.recipe.length == 900)
    assert (done["n"], done["mean"], len(model.asked)) == (20, 0.5, 20)
    assert done["effective"]["relative"]["told"] == "between 900 and 1,300 tokens"
    (row,) = reports.list_runs(store, kind="aggregation")
    assert row["run"] == done["run"] and row["state"] == "completed"
    again, second = run(lambda trial: trial.recipe.length == 900)
    assert (again["reused"], second.asked) == (20, [])
    assert rescore(store, done["run"])["changed"] == []
    found = effective_length(store, spec.name, "fake-oracle")
    assert found is not None and (found.tokens, found.below, found.kind) == (
        900, 1300, "aggregation",
    )  # fmt: skip
    assert found.told == "measured effective length over many stories, between 900 and 1,300 tokens"


def test_a_lossy_model_scores_what_it_sees_of_each_task(run: Any) -> None:
    seen = {"count": 0.0, "version": 1.0, "contradiction": 0.0, "difference": 1.0}
    done, _ = run(lambda trial: seen.get(trial.recipe.task, 0.5 * trial.recipe.depth) > 0)
    means = {task: found["mean"] for task, found in done["tasks"].items()}
    assert means == {**seen, "same-but-one": 0.5}
    assert all(found["n"] == 4 for found in done["tasks"].values())


def test_real_stories_leave_the_machine_only_where_they_may(
    spec: ModelSpec, store: Store, prompts: Path, tmp_path: Path
) -> None:
    def ask(*allowed: str) -> None:
        run_needles(
            spec, ModelOptions(cache=tmp_path), store, prompts, grid=GRID, kind="aggregation",
            as_of=date(2026, 11, 21), allow_cloud=allowed,
        )  # fmt: skip

    spec = replace(spec, base_url="https://models.example.com/v1")
    for allowed_paths in ((), (str(SAMPLE / "lending-desk.md"),)):
        with pytest.raises(SovereigntyError):
            ask(*allowed_paths)


def test_the_command_prices_a_grid_without_a_model(tmp_path: Path) -> None:
    shown = CliRunner().invoke(
        app,
        ["aggregation", str(SAMPLE), "--model", "claude/claude-haiku-5-5", "--lengths",
         "1024", "--dry-run", "--db", f"sqlite:///{tmp_path}/x.sqlite"],
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert "15 of 15 cells" in shown.output
