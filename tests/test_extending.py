"""The worked examples of docs/extending.md, run."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.calls import Reply, Request, Usage
from pipeline.catalog import ModelSpec
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.plan.strategies import STRATEGIES
from pipeline.run.job import run as merge
from pipeline.runtime import Runtime

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
WANTED = "As a member, I want to borrow a drill for 14 days, so that I need not buy one."
LIKE = "As a member, I want to borrow a drill for 14 days, so that I need not buy one at all."


def run(example: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example), *arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_reader(tmp_path: Path):
    (tmp_path / "notes.org").write_text(f"* Lending\n\n** Tools\n\n- {WANTED}\n\nNotes.\n")
    found = json.loads(run("org_reader.py", "extract", ".", "--json", cwd=tmp_path))
    (document,) = found["documents"]
    assert (document["format"], document["problem"]) == ("org", None)
    (story,) = found["stories"]
    assert story["locator"] == "line 5, Lending › Tools"
    assert (story["role"], story["text"].strip("- \n")) == ("member", WANTED)


def test_a_new_strategy(tmp_path: Path):
    (tmp_path / "a.md").write_text(f"- {WANTED}\n- {LIKE}\n")
    (tmp_path / "b.md").write_text(f"- {WANTED.replace('14', '21')}\n")
    both = ("--strategy", "across", "--strategy", "pairs")
    example = "across_strategy.py"
    priced = json.loads(
        run(
            example, "estimate", "a.md", "b.md", *both,
            "--model", "claude/claude-haiku-5-5", "--json", cwd=tmp_path,
        )
    )  # fmt: skip
    assert [line["calls"] for line in priced["lines"]] == [2, 3]


def test_a_merge_asks_by_a_new_strategy(tmp_path: Path):
    (tmp_path / "a.md").write_text(f"- {WANTED}\n- {LIKE}\n")
    (tmp_path / "b.md").write_text(f"- {WANTED.replace('14', '21')}\n")
    asked: list[Request] = []

    class Judge:
        def __init__(self, spec: ModelSpec) -> None:
            self.spec, self.revision = spec, "r1"

        def complete(self, requests: Iterable[Request], progress: Any = None) -> Iterator[Reply]:
            for request in requests:
                asked.append(request)
                yield Reply(request.key, '{"answer":"different"}', "stop", Usage(9, 5), 0.0)

        def describe(self) -> dict[str, str]:
            return {}

        def close(self) -> None:
            pass

    runpy.run_path(str(EXAMPLES / "across_strategy.py"))
    runtime = Runtime(read_settings({"HOME": str(tmp_path)}, db=str(tmp_path / "x.sqlite")))
    try:
        with runtime.store() as store:
            done = merge(
                runtime.merge_job(
                    [str(tmp_path)],
                    "openai/m@http://127.0.0.1:9/v1",
                    MergeOptions(out=str(tmp_path / "out"), strategy="across", propose=True),
                    store=store,
                    opener=lambda spec, options: Judge(spec),
                )
            )
    finally:
        del STRATEGIES["across"]
    assert done["strategy"] == "across" and done["calls"] == len(asked) == 2
    assert sum(done["ledger"].values()) == done["stories"] == 3


def test_a_new_model(tmp_path: Path):
    (tmp_path / "a.md").write_text(f"- {WANTED}\n- {LIKE}\n")
    (tmp_path / "judge.py").write_text(
        "import sys\n"
        "asked = sys.stdin.read()\n"
        "assert '\\nA: ' in asked and '\\nB: ' in asked\n"
        'print(\'{"answer":"same"}\')\n'
    )
    said = run("program_model.py", f"{sys.executable} judge.py", "a.md", cwd=tmp_path)
    assert "2 stories in 2 entries: 2 stand by themselves." in said, (
        "an answer without a record folds nothing"
    )
    assert "1 pair for a person to decide" in said
    assert "1 model calls" in said
    again = run("program_model.py", f"{sys.executable} judge.py", "a.md", cwd=tmp_path)
    assert "0 model calls, 1 replies reused" in again
