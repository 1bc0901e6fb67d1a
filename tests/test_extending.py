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
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.models import ModelSpec
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


def test_a_new_provider_is_one_file(tmp_path: Path):
    room = tmp_path / "providers"
    room.mkdir()
    (room / "mistral.py").write_bytes((EXAMPLES / "mistral_provider.py").read_bytes())
    (tmp_path / "a.md").write_text(f"- {WANTED}\n- {LIKE}\n")
    code = (
        f"import pipeline.providers as room; room.__path__.append({str(room)!r});"
        "from pipeline.cli.commands import main; main()"
    )
    environment = {name: value for name, value in os.environ.items() if "_API_KEY" not in name}

    def call(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *words, "--json"],
            cwd=tmp_path, text=True, capture_output=True, timeout=120, check=False,
            env={**environment, "PYTHONPATH": str(ROOT), **more},
        )  # fmt: skip

    model = ("--model", "mistral/mistral-large-latest")
    priced = json.loads(call("estimate", "a.md", *model, "--strategy", "pairs").stdout)
    (line,) = priced["lines"]
    assert float(line["usd"]["likely"]) > 0 and "leave this machine" in line["reason"]
    settings = json.loads(call("config", MISTRAL_API_KEY="a secret").stdout)["settings"]
    assert ("mistral_api_key", "set") in {(one["name"], one["value"]) for one in settings}
    (key,) = (
        one
        for one in json.loads(call("doctor", "mistral").stdout)["checks"]
        if one["name"] == "mistral/… models"
    )
    assert not key["ok"] and "MISTRAL_API_KEY" in key["next"]
    refused = call("merge", "a.md", *model)
    assert refused.returncode == 5 and "--allow-cloud" in refused.stdout
    unasked = call("merge", "a.md", *model, "--propose", "--allow-cloud", "all")
    assert unasked.returncode == 6 and "MISTRAL_API_KEY" in unasked.stdout


def test_a_new_eval_is_one_file(tmp_path: Path):
    room = tmp_path / "tasks"
    room.mkdir()
    (room / "duplicates.py").write_bytes((EXAMPLES / "duplicates_eval.py").read_bytes())
    (tmp_path / "a.md").write_text(f"- {WANTED}\n- {LIKE}\n")
    (tmp_path / "b.md").write_text(f"- {WANTED}\n")

    def call(code: str, *words: str) -> subprocess.CompletedProcess[str]:
        found = f"import evals.tasks as room; room.__path__.append({str(room)!r}); {code}"
        return subprocess.run(
            [sys.executable, "-c", found, *words],
            cwd=tmp_path, text=True, capture_output=True, timeout=120, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    main = "from pipeline.cli.commands import main; main()"
    assert "--no-roles" in call(main, "eval", "duplicates", "--help").stdout
    done = call(main, "eval", "duplicates", "a.md", "b.md", "--db", "x.sqlite", "--json", "--quiet")
    found = json.loads(done.stdout)
    assert found["ledger"]["kept"] == 2 and found["told_already"]["n"] == 3
    shown = call(main, "eval", "show", found["run"], "--db", "x.sqlite").stdout
    assert f"duplicates {found['run']}" in shown and "told_already" in shown
    report = call(main, "report", found["run"], "--db", "x.sqlite", "--out", "r.html")
    assert report.returncode == 0, report.stderr
    assert "told already" in (tmp_path / "r.html").read_text()
    elsewhere = (
        "import json, sys; sys.path.insert(0, 'docs'); import generate;"
        "from evals.eval_flows import FLOWS; from evals.dashboard.kinds import links;"
        "flow, docs, told = FLOWS['duplicates'], generate.evals(), generate.deployments();"
        "print(json.dumps([sorted(flow.parameters.properties), flow.name, links()['duplicates'],"
        " 'eval duplicates PATHS' in docs, 'name: duplicates' in told]))"
    ).replace("'docs'", repr(str(ROOT / "docs")))
    assert json.loads(call(elsewhere).stdout) == [
        ["allow_egress", "db", "paths", "roles"], "duplicates", ["quality", "figures"], True, True
    ]  # fmt: skip


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
    assert "1 model call," in said
    again = run("program_model.py", f"{sys.executable} judge.py", "a.md", cwd=tmp_path)
    assert "0 model calls, 1 reply reused" in again
