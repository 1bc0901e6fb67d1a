"""`estimate --count-online` as a user runs it, against a server on this machine."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support import commands
from tests.support.providers import Provider

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
CLAUDE, GEMINI = "claude/claude-haiku-5-5", "gemini/gemini-2.5-flash-lite"

Estimate = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(tokenizes=True) as running:
        yield running


@pytest.fixture
def estimate(tmp_path: Path, shared_cache: Path, provider: Provider) -> Estimate:
    def run(*more: str, path: Path = SAMPLE) -> tuple[int, dict[str, Any]]:
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "STORYTRANSFORMER_CACHE": str(shared_cache),
            **{f"{name}_BASE_URL": provider.url for name in ("ANTHROPIC", "GEMINI")},
            **{f"{name}_API_KEY": "k" for name in ("ANTHROPIC", "GEMINI", "OPENAI")},
        }
        done = commands.run(
            ["estimate", str(path), "--json", *more],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    return run


def test_three_clouds_count_and_the_plan_stays(
    estimate: Estimate, provider: Provider, tmp_path: Path
) -> None:
    """One 429 in the middle is waited for and asked again."""
    asked = ["-m", CLAUDE, "-m", GEMINI, "-m", f"openai/served@{provider.url}/v1"]
    asked += ["--strategy", "pairs"]
    _, before = estimate(*asked)
    assert not provider.heard, "nothing is sent unasked"
    hit: list[str] = []

    def fault(prompt: str) -> Any:
        hit.append(prompt)
        return "429" if len(hit) == 20 else None

    provider.fault = fault
    code, after = estimate(*asked, "--count-online", "--allow-cloud", "all")
    assert code == 0 and provider.counted == 3 * 40 + 1 and not provider.asked
    for calibrated, counted in zip(before["lines"], after["lines"], strict=True):
        assert counted["plan"] == calibrated["plan"]
        assert counted["input_tokens"] != calibrated["input_tokens"]
        width = counted["input_band"]["high"] - counted["input_band"]["low"]
        assert 0 < width < calibrated["input_band"]["high"] - calibrated["input_band"]["low"]
        assert not counted["exact"] and "40 of 103 prompts" in counted["counter"]
        assert any("40 of 103 prompts counted" in note for note in counted["notes"])
    with closing(sqlite3.connect(tmp_path / "data/runs/storytransformer.sqlite")) as connection:
        kept = "select model, kind, state, count(*) from run join departure on run = id group by 1"
        left = connection.execute(kept).fetchall()
    assert [row[:3] for row in left] == [(m, "count", "completed") for m in (CLAUDE, GEMINI)]
    assert all(40 < n <= 80 for *_, n in left), "the server on this machine is not a departure"


def test_a_server_that_cannot_count_leaves_the_band(estimate: Estimate, provider: Provider) -> None:
    provider.fault = lambda prompt: "403"
    asked = ["-m", CLAUDE, "--strategy", "pairs"]
    _, before = estimate(*asked)
    code, after = estimate(*asked, "--count-online", "--allow-cloud", "all")
    (line,), (calibrated,) = after["lines"], before["lines"]
    assert code == 0 and 1 <= provider.counted < 40
    assert line["input_band"] == calibrated["input_band"]
    assert any("not counted online" in note and "403" in note for note in line["notes"])


def test_nothing_is_sent_without_permission(
    estimate: Estimate, provider: Provider, tmp_path: Path
) -> None:
    code, said = estimate("-m", CLAUDE, "--count-online")
    assert (code, said["kind"]) == (5, "sovereignty")
    marked = tmp_path / "marked.md"
    marked.write_text("---\nsovereignty: local\n---\n\nAs a user, I want to pay.\n")
    code, said = estimate("-m", CLAUDE, "--count-online", "--allow-cloud", "all", path=marked)
    assert (code, said["kind"]) == (5, "sovereignty") and "marked.md" in said["where"]
    code, said = estimate(
        "-m", CLAUDE, "--count-online", "--allow-cloud", "all", "--local-only", "*.md"
    )
    assert (code, said["kind"]) == (5, "sovereignty")
    assert not provider.heard
