"""The package works as a wheel outside a checkout: prompts, catalogue and sample ship with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def built(kind: str, out: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(out), "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


def test_a_wheel_carries_what_it_reads_at_run_time_and_nothing_else(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    shared = {n.removeprefix("pipeline/_share/") for n in names if "/_share/" in n}
    assert {
        "data/models.toml",
        "prefect.yaml",
        "prompts/judge-pair.v1.md",
        "data/sample/truth.json",
        "data/exam/pairs.jsonl",
        "data/exam/corpora.jsonl",
    } <= shared
    assert any(
        n.startswith("pipeline/store/migrations/versions/") and n.endswith(".py") for n in names
    )
    assert {n.split("/")[0] for n in names if ".dist-info" not in n} == {
        "pipeline", "evals", "storytransformer.py",
    }  # fmt: skip


def test_an_installed_wheel_merges_outside_the_checkout(wheel: Path, tmp_path: Path):
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "import pipeline, sys; print(pipeline.__file__);"
        "from pipeline.cli.commands import main; main()"
    )
    sample = site / "pipeline" / "_share" / "data" / "sample"
    done = subprocess.run(
        [sys.executable, "-c", code, "merge", str(sample), "--json", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(site)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    origin, result = done.stdout.splitlines()
    assert Path(origin).is_relative_to(site)
    merged = json.loads(result)
    assert sum(merged["ledger"].values()) == merged["stories"] > 90


def test_an_sdist_is_installed_by_pip_and_its_command_runs(tmp_path: Path):
    """From the archive alone: what the wheel is built of has to be in it."""
    site, here = tmp_path / "site", tmp_path / "elsewhere"
    here.mkdir()
    sdist = built("sdist", tmp_path / "dist")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    install += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(site)]
    done = subprocess.run([*install, str(sdist)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    def command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, str(site / "bin" / "storytransformer"), *words],
            cwd=here, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(site)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    sample = site / "pipeline" / "_share" / "data" / "sample"
    examined = json.loads(command("exam", "--model", "code", "--json", "--quiet"))
    n_pairs = len((ROOT / "data" / "exam" / "pairs.jsonl").read_text().splitlines())
    assert {run["pairs"] for run in examined["runs"]} == {n_pairs}
    result = json.loads(command("merge", str(sample), "--json", "--quiet"))
    assert sum(result["ledger"].values()) == result["stories"] > 90
    assert (here / "data" / "runs" / "storytransformer.sqlite").is_file()
    assert result["run"] in command("runs")
    command("report", "--out", "figures.html")
    assert "In all" in (here / "figures.html").read_text()
