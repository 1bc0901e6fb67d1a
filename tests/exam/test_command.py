"""The command as scripts rely on it."""

from __future__ import annotations

import json

import pytest

from pipeline.cli.commands import app
from pipeline.cli.exit_codes import run_to_exit_code
from pipeline.console import emit
from pipeline.exam.by_code import judges_here
from tests.exam.examples import lines, write

CLOUD = "claude/claude-haiku-5-5"


@pytest.fixture
def exam(tmp_path, monkeypatch, capsys):
    """Runs ``exam``; returns the exit code and what it printed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    labels = write(tmp_path / "labels.jsonl", lines())

    def go(*words, file=labels):
        code = run_to_exit_code(app, ["exam", "--labels", str(file), *words], emit)
        return code, capsys.readouterr().out

    return go


def test_it_prints_the_figures_of_the_contract(exam):
    code, out = exam("--json")
    told = json.loads(out)
    assert code == 0 and [one["model"] for one in told["runs"]] == judges_here()
    for row in told["records"]:
        assert {"id", "model", "answer", "kind", "n", "false_positive_rate", "recall", "interval",
                "threshold", "usd", "seconds"} <= row.keys()  # fmt: skip
        assert row["false_positive_rate"] is None or 0 <= row["false_positive_rate"] <= 1


def test_a_dry_run_prices_and_asks_nothing(exam):
    code, out = exam("--model", CLOUD, "--allow-cloud", "all", "--dry-run", "--json")
    told = json.loads(out)
    assert code == 0 and told["pairs"] == 100 == told["lines"][0]["calls"]
    assert float(told["lines"][0]["usd"]["likely"]) > 0
    code, out = exam("--model", CLOUD, "--dry-run")
    assert code == 0 and "100 questions" in out and "Not as it stands" in out and "$" in out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--model", CLOUD), 5),
        (("--model", CLOUD, "--allow-cloud", "all"), 6),  # no key
        (("--model", "claude/nobody"), 2),
        (("--model", CLOUD, "--allow-cloud", ""), 2),
    ],
)
def test_what_cannot_be_is_refused_by_its_code(exam, words, wanted):
    code, out = exam(*words, "--json")
    assert code == wanted and json.loads(out)["error"]


def test_windows_are_priced_size_by_size_and_asked_of_models_alone(exam, tmp_path):
    told = [one | {"scene": f"s{n // 4}", "half": ("report", "threshold")[n // 4 % 2]}
            for n, one in enumerate(lines())]  # fmt: skip
    file = write(tmp_path / "scenes.jsonl", told)
    words = ("--strategy", "groups", "--dry-run")
    code, out = exam(*words, "--model", CLOUD, "--allow-cloud", "all", "--json", file=file)
    (line,) = json.loads(out)["lines"]
    assert code == 0 and line["calls"] > 25 and float(line["usd"]["likely"]) > 0
    code, out = exam(*words, "--model", CLOUD, file=file)
    assert code == 0 and "25 scenes, 200 tellings, at each size" in out
    assert f"It asks {line['calls']} windows" in " ".join(out.split())
    for wrong, where in (
        ((), "--strategy"),  # nobody by code groups windows
        (("--model", "likeness"), "--strategy"),
        (("--model", CLOUD, "--strategy", "fold"), "--strategy"),
    ):
        code, out = exam("--strategy", "groups", *wrong, "--json", file=file)
        error = json.loads(out)
        assert code == 2 and error["where"] == where and error["next"]


def test_a_bad_line_is_named(exam, tmp_path):
    code, out = exam("--json", file=write(tmp_path / "bad.jsonl", [{"id": "x"}]))
    told = json.loads(out)
    assert code == 2 and told["where"].endswith("bad.jsonl, line 1") and told["next"]
