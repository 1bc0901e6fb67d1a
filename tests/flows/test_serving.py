"""``storytransformer serve`` runs deployments without a work pool or a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipeline.errors import InputError
from pipeline.orchestration.health import examine_flows
from pipeline.orchestration.serving import serve_deployments

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]


def test_a_served_deployment_runs_and_the_end_is_clean(stack: Any, tmp_path: Path):
    """Settings that lie where it is started are not looked at: Prefect would refuse these."""
    (tmp_path / "prefect.toml").write_text('[flows]\ndefault_retries = "as many as it takes"\n')
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


def test_what_cannot_be_served_is_told_before_anything_starts(stack: Any):
    def serve(*names: str) -> None:
        serve_deployments(stack.root / "prefect.yaml", names=names, parameters={}, limit=1)

    with pytest.raises(InputError, match="nightly-evals"):
        serve("dreams")
    with temporary_settings({PREFECT_API_URL: ""}), pytest.raises(InputError, match="server start"):
        serve("extract")


def test_the_doctor_says_who_is_missing(stack: Any, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "doctor", "flows", "claude", "gemini", "database",
         "--json"],
        cwd=tmp_path, env={**stack.env, "GEMINI_API_KEY": ""}, text=True, capture_output=True,
        timeout=120, check=True,
    )  # fmt: skip
    found = {found["name"]: found for found in json.loads(done.stdout)["checks"]}
    assert found["Prefect server"]["ok"] and found["claude/… models"]["ok"]
    assert "GEMINI_API_KEY" in found["gemini/… models"]["next"]
    assert "merge-claude" in found["deployments"]["detail"]
    assert found["database"]["ok"] and not (tmp_path / "data").exists(), "looking makes nothing"
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        (server,) = examine_flows()
    assert not server["ok"] and "server start" in server["next"]
