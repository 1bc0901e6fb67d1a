"""The command ``merge`` with a judge that nobody examined, as scripts rely on it."""

from __future__ import annotations

import json

import pytest

from pipeline.cli.commands import app
from pipeline.cli.exit_codes import run_to_exit_code
from pipeline.console import emit

HERE = "openai/nobody@http://127.0.0.1:9/v1"
CLOUD = "claude/claude-haiku-5-5"
#: Two of one need, and one that proof folds.
BACKLOG = """- As a clerk, I want to print the roster of the depot, so that I have it.
- As a chief, I want to get a printout of the depot's roster, so that it is there.
- As a clerk, I want to print the roster of the depot, so that I have it.
"""


@pytest.fixture
def merge(tmp_path, monkeypatch, capsys, shared_cache):
    """Runs ``merge``; returns the exit code, what it printed, and what it said."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STORYTRANSFORMER_CACHE", str(shared_cache))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.md").write_text(BACKLOG)

    def go(*words):
        code = run_to_exit_code(app, ["merge", "in.md", *words], emit)
        out, err = capsys.readouterr()
        return code, out, " ".join(err.split())

    return go


@pytest.mark.parametrize("strategy", ["pairs", "groups"])
def test_the_merge_goes_on_by_proof_with_a_warning_and_the_exams_price(merge, strategy):
    # Nobody listens at the address: whoever was asked would be missed.
    code, out, said = merge("--judge", HERE, "--strategy", strategy, "--json")
    told = json.loads(out)
    assert code == 0 and told["calls"] == 0 and told["judge"]["record"] is None
    assert told["ledger"]["duplicate_of"] == 1 and told["folded"]["judge"] == 0
    assert told["kept"]["missing"] == []
    assert f"warning: {HERE} has no record of an exam" in said
    assert f"`storytransformer exam --model {HERE}` examines it" in said
    assert "It asks 1,368 questions" in said and "--propose" in said


def test_without_a_key_a_cloud_is_refused_before_a_document_is_read(merge, tmp_path):
    code, out, said = merge("--judge", CLOUD, "--allow-cloud", "all", "--json")
    error = json.loads(out)
    assert code == 6 and error["kind"] == "model" and "ANTHROPIC_API_KEY" in error["next"]
    assert "extracted" not in said and not (tmp_path / "out").exists()
    code, out, _ = merge("--judge", CLOUD, "--json")
    assert code == 5 and json.loads(out)["kind"] == "sovereignty"
