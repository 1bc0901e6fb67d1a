"""``storytransformer serve`` runs deployments without a work pool or a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]


def serve(stack: Any, folder: Path, *arguments: str, **env: str) -> dict[str, Any]:
    """What `serve` says where it does not serve."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "serve", *arguments, "--debug"],
        cwd=folder, env={**stack.env, **env}, text=True, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip
    return {"code": done.returncode, "said": done.stderr.splitlines()[-1]}


def test_a_served_deployment_runs_and_the_end_is_clean(stack: Any, tmp_path: Path):
    log = stack.start(
        "serve", "serve", "--only", "canaries", "--db", str(tmp_path / "a.sqlite"),
        module="pipeline", cwd=tmp_path,
    )  # fmt: skip
    stack.wait_for(log, "being served")
    run = stack.begin("canaries/canaries", paths=[str(stack.root / "data" / "sample")], n=2)
    ended = stack.ended(run)
    assert ended["state_type"] == "COMPLETED", ended["state"]["message"] + log.read_text()[-2000:]
    assert "came through whole" in ended["state"]["message"]
    assert (tmp_path / "a.sqlite").exists()
    serving = stack.started.pop()
    serving.terminate()
    assert serving.wait(60) == 0, log.read_text()[-2000:]


def test_the_doctor_says_who_is_missing(stack: Any, tmp_path: Path):
    def doctor(**env: str) -> dict[str, dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "doctor", "flows", "claude", "database", "--json"],
            cwd=tmp_path, env={**stack.env, **env}, text=True, capture_output=True, timeout=120,
            check=True,
        )  # fmt: skip
        return {found["name"]: found for found in json.loads(done.stdout)["checks"]}

    here = doctor()
    assert here["Prefect server"]["ok"] and here["claude/… models"]["ok"]
    assert "merge-claude" in here["deployments"]["detail"]
    assert here["database"]["ok"] and not (tmp_path / "data").exists(), "looking makes nothing"
    away = doctor(PREFECT_API_URL="http://127.0.0.1:9/api", ANTHROPIC_API_KEY="",
                  STORYTRANSFORMER_DB=str(tmp_path))  # fmt: skip
    assert "server start" in away["Prefect server"]["next"]
    assert "ANTHROPIC_API_KEY" in away["claude/… models"]["next"]
    assert not away["database"]["ok"]


def test_what_cannot_be_served_is_told_before_anything_starts(stack: Any, tmp_path: Path):
    unknown = serve(stack, tmp_path, "--only", "dreams")
    assert unknown["code"] == 2 and "nightly-evals" in unknown["said"]
    unset = serve(stack, tmp_path, PREFECT_API_URL="")
    assert unset["code"] == 2 and "prefect server start" in unset["said"]
    elsewhere = serve(stack, tmp_path, PREFECT_API_URL="http://192.168.0.9:4200/api")
    assert elsewhere["code"] == 5
