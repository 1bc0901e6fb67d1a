"""Which model for which corpus: what is known is told, what is not is named with its price."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.advice import Here, advise
from evals.cli.advice_screen import advice_page
from evals.cli.eval_commands import app as evals_app
from evals.grids.needle_price import price_needles, quick_price
from pipeline.cli.commands import app
from pipeline.config.settings import read_settings
from pipeline.entries import Answer
from pipeline.judge.calibration import examine
from pipeline.judge.labels import exam_hash, file_hash
from pipeline.providers.opening import revision_of
from pipeline.run import corpus as corpora
from pipeline.run.judge_record import WRITTEN, judge_of
from pipeline.runtime import Runtime
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score
from tests.judge.examples import pairs

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
PATHS = [str(SAMPLE / "lending-desk.md"), str(SAMPLE / "volunteers.txt")]
SMALL = "local/smollm2-135m"
DAY = date(2026, 12, 1)


@pytest.fixture
def runtime(tmp_path: Path, shared_cache: Path) -> Runtime:
    return Runtime(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache)}, db=f"sqlite:///{tmp_path}/x.sqlite"
        )
    )


@pytest.fixture
def asked(runtime: Runtime, store: Store) -> Callable[..., dict[str, Any]]:
    def ask(paths: Sequence[str] = PATHS, **keys: bool) -> dict[str, Any]:
        terms = replace(runtime.terms(), as_of=DAY, today=DAY)
        return advise(paths, corpora.read(paths), terms, Here(runtime.catalog, keys), store)

    return ask


def row(advice: dict[str, Any], model: str) -> dict[str, Any]:
    return next(one for one in advice["models"] if one["model"] == model)


def believed(runtime: Runtime, store: Store) -> None:
    """A record of the small model that lets it fold."""
    spec, terms = runtime.find(SMALL), runtime.terms()
    exam = exam_hash([file_hash(terms.exams / WRITTEN)])
    one, other = Answer.ONE_NEED, Answer.DIFFERENT
    seen = [
        *pairs("threshold", one, 0.8, n=9), *pairs("threshold", other, 0.1, n=40),
        *pairs("report", one, 0.9, n=60), *pairs("report", other, 0.1, n=9_000),
    ]  # fmt: skip
    store.save_record(examine(judge_of(spec, terms.cache, terms.prompts, exam), seen))


def test_without_a_record_proof_is_recommended_and_what_is_not_measured_has_its_price(
    asked: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    found = asked()
    first, small = found["models"][0], row(found, SMALL)
    assert (first["model"], first["recommended"], first["decides"]) == ("extractive", True, "proof")
    # The catalogue has a record of it, and that is not of somebody who may decide.
    assert "none of its answers counts" in small["decides_told"] and small["record"]
    assert f"{found['review']['minutes']} minutes" in first["why"] and small["minutes_saved"] == 0
    assert small["calls"] > 0 and small["usd"]["likely"] == "0" and small["seconds"] > 0
    commands = [one["command"] for one in small["unmeasured"]]
    assert [shlex.split(one)[1:3] for one in commands] == [
        ["eval", "aggregation"], ["eval", "needle"]
    ]  # fmt: skip
    assert all(one["seconds"] > 0 and one["usd"] for one in small["unmeasured"])
    words = [*shlex.split(commands[0])[2:], "--dry-run", "--quiet"]
    shown = CliRunner().invoke(evals_app, [*words, "--db", f"sqlite:///{tmp_path}/x.sqlite"])
    assert shown.exit_code == 0, shown.output


def test_a_model_is_reached_with_its_key_and_named_by_why_it_is_not(
    asked: Callable[..., dict[str, Any]],
) -> None:
    without = {one["why"]: one["models"] for one in asked()["not_reached"]}
    haiku = "claude/claude-haiku-5-5"
    assert haiku in without["Set the environment variable ANTHROPIC_API_KEY"]
    assert any("retired" in why or "no more" in why for why in without)
    found = asked(claude=True)
    told = row(found, haiku)
    assert not told["can_run"] and "--allow-cloud" in told["reason"]
    assert float(told["usd"]["likely"]) > 0 and "has no record" in told["decides_told"]
    (exam,) = (one for one in told["unmeasured"] if shlex.split(one["command"])[1] == "exam")
    assert float(exam["usd"]["likely"]) > 0
    assert all(one["models"] != [haiku] for one in found["not_reached"])
    everything = {one["model"] for one in found["models"]}
    assert not everything & {name for one in found["not_reached"] for name in one["models"]}


def test_a_record_and_measured_windows_are_told(
    runtime: Runtime, store: Store, asked: Callable[..., dict[str, Any]]
) -> None:
    revision = revision_of(runtime.find(SMALL), runtime.settings.cache)
    for kind, value in (("needle", 4096.0), ("aggregation", None)):
        run = store.start_run(
            kind=kind, corpus=None, model=SMALL, strategy="x", revision=revision,
            parameters={"style": "chat"},
        )  # fmt: skip
        detail = {"lengths": [1024, 2048, 4096, 7680]}
        store.save_scores(run, [Score("effective_relative", "", value, 0, 4096, 40, detail)])
        store.finish_run(run, "completed")
    believed(runtime, store)
    found = asked()
    small = row(found, SMALL)
    assert small["windows"]["needle"]["told"] == "between 4,096 and 7,680 tokens"
    assert small["windows"]["aggregation"]["told"] == "below 1,024 tokens"
    assert small["decides"] == "folds" and "by record" in small["decides_told"]
    assert small["unmeasured"] == [] and 0 <= small["minutes_saved"] <= 15
    first = found["models"][0]
    saves = small["minutes_saved"] >= 1
    assert first["model"] == (SMALL if saves else "extractive") and "may fold" in first["why"]


def test_what_it_saves_follows_from_what_a_person_found(
    runtime: Runtime,
    store: Store,
    asked: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipeline.judge.belief import Share
    from pipeline.judge.intervals import Rate

    believed(runtime, store)
    before = row(asked([str(SAMPLE)]), SMALL)["minutes_saved"]
    monkeypatch.setattr(Store, "share", lambda *_: Share(Rate(50, 100)))
    found = asked([str(SAMPLE)])
    after = row(found, SMALL)
    assert before < 1 <= after["minutes_saved"] <= found["review"]["pairs"] * 15 / 60
    assert found["models"][0]["model"] == SMALL and after["recommended"]


def test_the_quick_price_of_a_grid_is_that_of_its_prompts(runtime: Runtime) -> None:
    from evals.grids.grids import GridOptions, aggregation_grid

    grid = aggregation_grid(8192, PATHS, GridOptions(lengths=(600, 900), depths=(0, 100)))
    for name, near in ((SMALL, 0.01), ("claude/claude-haiku-5-5", 0.03)):
        spec = runtime.find(name)
        here = {"grid": grid, "hardware": runtime.hardware(), "as_of": DAY}
        args = (spec, runtime.settings.cache, runtime.settings.prompts)
        quick, whole = quick_price(*args, **here), price_needles(*args, **here)
        assert quick["cells"] == whole["cells"] == 20
        assert quick["input_tokens"] == pytest.approx(whole["input_tokens"], rel=near)
        usd = [float(one["usd"]["likely"]) for one in (quick, whole)]
        assert usd[0] == pytest.approx(usd[1], rel=0.1)


def test_the_page_fits_eighty_columns(
    asked: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pipeline.console._is_terminal", lambda stream: True)
    monkeypatch.setattr("pipeline.console._columns", lambda stream: 80)
    advice_page(asked(claude=True, gemini=True, openai=True))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 20 and max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "→ extractive" in text and "gemini/gemini-3.1-pro-preview" in text
    assert "wider terminal" not in text
    joined = text.replace(" \\\n ", "")
    assert f"storytransformer eval needle --model {SMALL}" in joined


def test_the_command_keeps_it_for_the_pages(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/x.sqlite"
    args = ["models", "--for", *PATHS, "--db", db, "--quiet"]
    result = json.loads(CliRunner().invoke(app, [*args, "--json"]).stdout)
    assert result["run"].startswith("models-") and result["paths"] == PATHS
    shown = CliRunner().invoke(app, args)
    assert shown.exit_code == 0 and "extractive" in shown.output
    refused = CliRunner().invoke(app, [*args, "--words", "5"])
    assert refused.exit_code != 0
