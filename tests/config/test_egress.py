"""One policy for everything that could carry text off this machine, by where a name leads."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from pipeline.calls import Reply, Usage
from pipeline.config.egress import Egress, at_address, database_hosts, is_written_local, url_hosts
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.errors import InputError, SovereigntyError
from pipeline.models import ModelSpec
from pipeline.run.job import run
from pipeline.run.sovereignty import stays_here
from pipeline.runtime import Runtime
from pipeline.store.reading import reports
from pipeline.stories import Document
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "gpu-box": ["127.0.1.1"],
    "lan": ["192.168.1.4"],
    "both": ["127.0.0.1", "10.0.0.1"],
    "192.168.1.4": ["192.168.1.4"],
    "127.0.0.1": ["127.0.0.1"],
    "::1": ["::1"],
}
DESK = "- As a reader, I want to keep a book for 14 days, so that I can finish it.\n" * 2


def policy(*allowed: str) -> Egress:
    return Egress(frozenset(allowed), lambda host: NAMES.get(host, []))


@pytest.mark.parametrize("host", ["localhost", "gpu-box", "127.0.0.1", "::1"])
def test_what_leads_to_loopback_is_this_machine(host: str):
    assert policy().is_local(host)


@pytest.mark.parametrize("host", ["lan", "both", "192.168.1.4"])
def test_what_leads_elsewhere_even_once_is_not(host: str):
    assert not policy().is_local(host)
    with pytest.raises(SovereigntyError, match="database"):
        policy("task-runner", "prefect").check("database", [host])
    policy("database").check("database", [host])


def test_a_name_that_leads_nowhere_is_refused_with_the_reason():
    with pytest.raises(SovereigntyError, match="does not resolve"):
        policy().check("database", ["no-such-host"])


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("LOCALHOST.", True),
     ("::ffff:127.0.0.1", True), ("192.168.0.1", False), ("localhost.example.org", False),
     ("127.0.0.1.example.org", False), ("", False), ("0.0.0.0", False)],
)  # fmt: skip
def test_a_dry_run_judges_addresses_as_written(host: str, local: bool):
    assert is_written_local(host) is local


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("sqlite:////tmp/x.sqlite", []),
        ("postgresql:///stories", []),
        ("postgresql://me:p%40ss@db.example.org:5432/stories", ["db.example.org"]),
        ("postgresql://me@a:1,b:2/stories", ["a", "b"]),
        ("postgresql://me@[::1]:5432/stories", ["::1"]),
        ("postgresql://me@/stories?host=/run/postgresql", []),
        ("postgresql://localhost/stories?hostaddr=10.1.1.1", ["localhost", "10.1.1.1"]),
        ("postgresql:///stories?service=prod", ["service prod"]),
        ("postgresql://%2Frun%2Fpostgresql/stories", []),
    ],
)
def test_a_database_url_leads_to_these_hosts(url: str, hosts: list[str]):
    assert database_hosts(url) == hosts


def test_a_database_without_a_host_goes_where_the_environment_says():
    assert database_hosts("postgresql:///stories", default="db.lan") == ["db.lan"]
    assert read_settings({"PGHOST": "db.lan"}).pg_host == "db.lan"


def test_addresses_of_other_services():
    assert url_hosts("http://127.0.0.1:4200/api") == ["127.0.0.1"]
    assert url_hosts("dask://scheduler:8786") == ["scheduler"]
    assert url_hosts("") == []
    assert at_address("http://box:80/v1", "::1") == "http://[::1]:80/v1"
    with pytest.raises(InputError):
        Egress.allowing(["database,everything"])


def runtime(**environ: str) -> Runtime:
    return Runtime(read_settings({"HOME": "/nowhere", **environ}))


def test_prefect_and_task_runners_are_checked_too():
    runtime().check_orchestration(None)
    runtime().check_orchestration("http://127.0.0.1:4200/api")
    with pytest.raises(SovereigntyError, match="Prefect"):
        runtime().check_orchestration("http://192.168.0.9:4200/api")
    with pytest.raises(SovereigntyError, match="task runner"):
        runtime(STORYTRANSFORMER_TASK_RUNNER="dask://10.0.0.1:8786").check_orchestration(None)
    runtime(
        STORYTRANSFORMER_TASK_RUNNER="dask://10.0.0.1:8786",
        STORYTRANSFORMER_ALLOW_EGRESS="task-runner, prefect",
    ).check_orchestration("http://192.168.0.9:4200/api")


def test_a_server_elsewhere_is_a_cloud_and_one_here_is_pinned(socket_enabled):
    assert runtime().find("openai/m@http://192.168.0.9:8000/v1").leaves_machine
    here = runtime().find("openai/m@http://localhost:8000/v1")
    assert not here.leaves_machine and "localhost" not in here.base_url
    assert here.name == "openai/m@http://localhost:8000/v1"
    with pytest.raises(SovereigntyError, match="does not resolve"):
        runtime().find("openai/m@http://no-such-host.invalid:8000/v1")


@pytest.mark.parametrize(
    ("head", "path", "patterns", "stays"),
    [
        ({"sovereignty": "local"}, "a.md", (), True),
        ({"Sovereignty": " Local "}, "a.md", (), True),
        ({"sovereignty": "locla"}, "a.md", (), True),
        ({"sovereignty": "cloud"}, "a.md", (), False),
        ({}, "a.md", (), False),
        ({}, "docs/hr/a.md", ("hr/",), True),
        ({}, "/home/me/docs/hr/a.md", ("docs/hr/*.md",), True),
        ({}, "./docs/.a.md", ("docs/.a.md",), True),
        ({}, "docs/a.md", ("*.txt", "hr/"), False),
    ],
)
def test_a_document_stays_here_when_its_head_or_a_pattern_says_so(head, path, patterns, stays):
    document = Document("0" * 64, (path,), "markdown", "", front_matter=head)
    assert bool(stays_here(document, patterns)) is stays


def command(folder: Path, *arguments: str, **env: str):
    return commands.run(
        [*arguments, "--json"],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (["--model", "openai/m@http://192.168.0.9:9/v1"], {}, "--allow-cloud"),
        (["--db", "postgresql://me@192.168.0.9/x"], {}, "--allow-egress database"),
        ([], {"STORYTRANSFORMER_DB": "postgresql:///x", "PGHOST": "192.168.0.9"}, "database"),
        (["--prefect"], {"PREFECT_API_URL": "http://192.168.0.9:4200/api"}, "prefect"),
        (["--prefect"], {"STORYTRANSFORMER_TASK_RUNNER": "dask://192.168.0.9:1"}, "task-runner"),
        (["-m", "claude/claude-haiku-5-5", "--allow-cloud", "all", "--local-only", "desk.*"],
         {"ANTHROPIC_API_KEY": "k"}, "local/…"),
    ],
)  # fmt: skip
def test_the_command_refuses_with_exit_code_5(tmp_path: Path, arguments, env, said: str):
    (tmp_path / "desk.md").write_text(DESK)
    home = {"PREFECT_HOME": str(tmp_path / "prefect")}
    done = command(tmp_path, "merge", "desk.md", *arguments, **home, **env)
    assert done.returncode == 5, done.stdout + done.stderr
    error = json.loads(done.stdout)
    assert error["kind"] == "sovereignty" and said in error["next"]


class Elsewhere:
    """A model off this machine that looks into the books while it is asked."""

    def __init__(self, spec: ModelSpec, look) -> None:
        self.spec, self.revision, self._look = spec, "r1", look

    def complete(self, requests, progress=None):
        self._look()
        for request in requests:
            yield Reply(request.key, '{"answer":"different"}', "stop", Usage(70, 1), 0.0)

    def describe(self):
        return {}

    def close(self):
        pass


def test_what_leaves_the_machine_stands_in_the_runs_books_before_it_leaves(
    tmp_path: Path,
):
    (tmp_path / "a.md").write_text(
        "- As a reader, I want to book a reading room, so that I can work in peace.\n"
        "- As a reader, I want to book a reading room, so that our group can talk.\n"
        "- As a nurse, I want the night rota on paper, so that it hangs by the door.\n"
    )
    here = Runtime(read_settings({"HOME": str(tmp_path)}, db=str(tmp_path / "st.sqlite")))
    seen = []
    with here.store() as store:

        def look():
            (running,) = reports.list_runs(store)
            seen.append(reports.run_report(store, running["run"])["left_machine"])

        done = run(
            here.merge_job(
                [str(tmp_path / "a.md")],
                "openai/m@http://192.168.0.9:9/v1",
                MergeOptions(
                    out=str(tmp_path / "out"), allow_cloud=("all",), propose=True, pairs=1
                ),
                store=store,
                opener=lambda spec, options: Elsewhere(spec, look),
            )
        )
        (left,) = reports.run_report(store, done["run"])["left_machine"]
    assert seen and seen[0][0]["host"] == "192.168.0.9"
    assert left["documents"] == {str(tmp_path / "a.md"): 2}, "what no question shows was not sent"
    assert left["stories"] == 2 and left["input_tokens"] == 70
