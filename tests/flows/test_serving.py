"""``storytransformer serve`` runs deployments without a work pool or a worker."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipeline.errors import InputError
from pipeline.flows.serving import examine_flows, serve_deployments
from tests.marked import STORY
from tests.other_prefect import name_another_prefect

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


@contextmanager
def worker_paused(stack: Any, deployment: str) -> Iterator[None]:
    """The stack's worker left without runs of a deployment's pool: it would take them, too."""

    def pause(paused: bool) -> None:
        request = urllib.request.Request(
            f"{stack.env['PREFECT_API_URL']}/work_pools/{pool}",
            data=json.dumps({"is_paused": paused}).encode(),
            headers={"content-type": "application/json"},
            method="PATCH",
        )
        with urllib.request.urlopen(request, timeout=60):
            pass

    pool = stack.api(f"deployments/name/{deployment}")["work_pool_name"]
    if pool is None:  # an earlier test served it
        yield
        return
    pause(True)
    try:
        yield
    finally:
        pause(False)


@contextmanager
def served_there(stack: Any, folder: Path, *arguments: str) -> Iterator[Path]:
    """``serve``, started in a folder, its log given. The server is named by Prefect's home alone,
    so that any file in the folder that Prefect looked into would outrank it."""
    home = folder.parent / "home"
    home.mkdir()
    url = stack.env["PREFECT_API_URL"]
    (home / "profiles.toml").write_text(
        f'active = "ours"\n[profiles.ours]\nPREFECT_API_URL = "{url}"\n'
    )
    env = {k: v for k, v in stack.env.items() if k != "PREFECT_API_URL"}
    log = folder.parent / "serve.log"
    with log.open("wb") as sink:
        serving = subprocess.Popen(
            [sys.executable, "-P", "-m", "pipeline", "serve", *arguments], cwd=folder,
            env=env | {"PREFECT_HOME": str(home)}, stdin=subprocess.DEVNULL,
            stdout=sink, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        stack.wait_for(log, "being served")
        yield log
    finally:
        serving.terminate()
        try:
            assert serving.wait(60) == 0, log.read_text()[-2000:]
        finally:
            serving.kill()


def test_served_runs_take_nothing_from_the_folder_but_documents(stack: Any, tmp_path: Path):
    """Of a folder with settings for Prefect in every file that it looks into, paths and the
    database mean that folder; no server, home, database or logging that they name is used."""
    folder, told = tmp_path / "documents", tmp_path / "told"
    folder.mkdir()
    (folder / "a.md").write_text(f"{STORY}\n")
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        name_another_prefect(folder, theirs.getsockname()[1])
        (folder / "logging.yml").write_text(
            f"version: 1\nformatters:\n  x:\n    (): builtins.open\n    file: {told}\n    mode: w\n"
        )
        with (folder / ".env").open("a") as file:
            file.write(f"PREFECT_LOGGING_SETTINGS_PATH={folder}/logging.yml\n")
            file.write("PREFECT_TASKS_DEFAULT_RETRIES=many\n")
        with (folder / "prefect.toml").open("a") as file:
            file.write(f'[logging]\nconfig_path = "{folder}/logging.yml"\n')
        with (
            worker_paused(stack, "merge-stories/merge-local"),
            served_there(stack, folder, "--only", "merge-local", "--db", "a.sqlite") as log,
        ):
            run = stack.begin("merge-stories/merge-local", paths=["a.md"], out="merged")
            ended = stack.ended(run)
        theirs.settimeout(0.1)
        with pytest.raises(TimeoutError):
            theirs.accept()
    said = ended["state"]["message"] + log.read_text()[-3000:]
    assert ended["state_type"] == "COMPLETED", said
    assert not told.exists() and not list(tmp_path.glob("theirs*"))
    assert (folder / "merged" / "merged.md").exists()
    with closing(sqlite3.connect(folder / "a.sqlite")) as base:
        assert base.execute("select count(*) from story").fetchone() == (1,)
    assert {path.name for path in (tmp_path / "home").glob("*.sqlite")} == set()


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
         "--probe", "--json"],
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
