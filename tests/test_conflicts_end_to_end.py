"""`merge --conflicts` as a user runs it, with a real client and a server on this machine."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from evals.apart import Clash, clashes, finder, plant_apart
from evals.planting import Planted, write_corpus
from evals.providers import Provider
from pipeline.outcomes import StoryText

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [
    StoryText(role, f"{verb} the {thing}", f"I {why}")
    for role, why in (("rider", "arrive in time"), ("clerk", "keep my desk clear"))
    for verb in ("print", "share", "rename", "archive")
    for thing in ("timetable", "ticket", "roster", "invoice")
]


@pytest.fixture
def planted(tmp_path: Path) -> list[Clash]:
    found = clashes(4, seed=3)
    texts, _ = plant_apart(TEXTS, found, seed=3)
    stories = [Planted(str(i), text, "original", str(i)) for i, text in enumerate(texts)]
    write_corpus(stories, tmp_path / "in", per_document=8).unlink()
    return found


@pytest.fixture
def run(tmp_path: Path, shared_cache: Path) -> Callable[..., Any]:
    def command(*words: str) -> Any:
        env = os.environ | {
            "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(shared_cache),
            "OPENAI_API_KEY": "sk-test",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *words, "--json"],
            cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return command


def test_contradictions_far_apart_are_found_where_they_are_looked_for(
    tmp_path: Path, run: Callable[..., Any], planted: list[Clash]
) -> None:
    look = finder(planted)

    def answer(prompt: str) -> str:
        return '{"edits":[]}' if prompt.startswith("Cluster") else look(prompt)

    with Provider(answer=answer) as provider:
        asked = ["in", "--model", f"openai/served@{provider.url}/v1"]
        plain = run("merge", *asked)
        (estimated,) = run("estimate", *asked, "--strategy", "edit", "--conflicts")["lines"]
        found = run("merge", *asked, "--conflicts")
        again = run("merge", *asked, "--conflicts")
    assert plain["conflicts"] == 0
    # The plain run's replies are found again: only the look itself is asked for, and priced.
    assert found["calls"] == estimated["calls"] > 0
    assert estimated["journalled_calls"] == plain["calls"] == found["reused_replies"]
    assert found["conflicts"] == len(planted) and found["failed_calls"] == 0
    assert found["ledger"]["conflict_with"] == 2 * len(planted)
    assert again["calls"] == 0 and again["ledger"] == found["ledger"]

    document = json.loads(Path(tmp_path, found["out"]["json"]).read_text(encoding="utf-8"))
    told = {(c["attribute"], tuple(c["values"])): c["stories"] for c in document["conflicts"]}
    assert set(told) == {(clash.thing, clash.values) for clash in planted}
    texts = {name: source["text"] for name, source in document["sources"].items()}
    for clash in planted:
        sources = [texts[story] for story in told[clash.thing, clash.values]]
        assert [rule in text for rule, text in zip(clash.rules, sources, strict=True)] == [True] * 2
    page = Path(tmp_path, found["out"]["markdown"]).read_text(encoding="utf-8")
    assert all(rule.partition(" ")[2][:20] in page for clash in planted for rule in clash.rules)
    with closing(sqlite3.connect(tmp_path / "data/runs/storytransformer.sqlite")) as connection:
        rows = connection.execute(
            "SELECT attribute, reason FROM conflict WHERE run = ?", (found["run"],)
        ).fetchall()
    assert sorted(attribute for attribute, _ in rows) == sorted(clash.thing for clash in planted)
