"""Tests run with the network off; what needs loopback servers says so with `enable_socket`.

Property tests draw the same examples every time, and have no time limit: a busy machine is no
defect. `pytest --hypothesis-profile explore` looks for new ones.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket, socket_allow_hosts

from tests.support.commands import embed

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("same")


#: Longest first: what is begun last should not be what is waited for. Files, or folders.
LONG = (
    "flows/",
    "test_package.py",
    "test_faults_on_the_whole.py",
    "evals/test_benchmark.py",
    "test_bare.py",
    "test_resume.py",
    "train/test_job.py",
    "test_child_processes.py",
    "providers/test_vllm_model.py",
    "test_clouds_end_to_end.py",
    "test_merges_at_once.py",
    "dashboard/",
    "cli/",
    "run/",
    "engine/",
    "evals/",
    "extract/test_extract_bounds.py",
    "extract/test_long_tables.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In which order processes take the tests (``make test``)."""

    def rank(item: pytest.Item) -> int:
        name = item.path.relative_to(ROOT / "tests").as_posix()
        return next((n for n, long in enumerate(LONG) if name.startswith(long)), len(LONG))

    items.sort(key=rank)


def run_together(nodeid: str) -> str:
    """What one process runs the tests of: a file, and all of the flows."""
    file = nodeid.partition("::")[0]
    return "tests/flows" if file.startswith("tests/flows/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Which tests one process runs: those of a file, for its fixtures; all of the flows, for their
    server. The groups of pytest-xdist 3.8 do nothing with pytest 9.2, which reads no name of a
    test that was changed after it was collected."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return run_together(nodeid)

    return Scheduling(config, log)


#: Imported by every Python process that is started with it, and those start: writes down which
#: address beyond this machine it was about to reach or look up. (A UDP socket's connect sends
#: nothing; it is how a program asks for its own address.)
WATCH = """
import os, socket, sys

def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
            return
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host or ""
    here = {"", "localhost", "::1", "0.0.0.0", "::", os.uname().nodename}
    if host not in here and not host.startswith("127."):
        with open(os.environ["WATCHED"], "a") as log:
            log.write(f"{event} {host}: {' '.join(sys.argv)[:200]}\\n")

sys.addaudithook(_watch)
"""


@pytest.fixture(scope="session")
def watching() -> Callable[[Path], dict[str, str]]:
    """The environment of a process whose addresses are written to the file ``WATCHED``."""

    def environment(folder: Path) -> dict[str, str]:
        (folder / "watch").mkdir()
        (folder / "watch" / "sitecustomize.py").write_text(WATCH)
        return {
            "PYTHONPATH": os.pathsep.join([str(folder / "watch"), str(ROOT)]),
            "WATCHED": str(folder / "watched.log"),
        }

    return environment


@pytest.fixture(autouse=True)
def network_is_off(request: pytest.FixtureRequest):
    """No socket at all, or loopback only for tests marked `enable_socket`."""
    if request.node.get_closest_marker("enable_socket"):
        enable_socket()
        socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the session: weights are converted and vocabularies unpacked once."""
    return tmp_path_factory.mktemp("shared-cache")


@pytest.fixture(scope="session")
def embedded(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path
) -> Callable[[Sequence[Path], Path], None]:
    """Puts a database at a path, with the sentence vectors of documents and nothing else in it.
    They are computed once a session; else every merge would load the encoder."""
    made: dict[str, Path] = {}

    def put(paths: Sequence[Path], database: Path) -> None:
        files = sorted(
            file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])
        )
        named = hashlib.sha256()
        for file in files:
            named.update(file.read_bytes() if file.is_file() else b"")
        if (key := named.hexdigest()) not in made:
            made[key] = tmp_path_factory.mktemp("embedded") / "st.sqlite"
            embed(paths, made[key], shared_cache)
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(made[key], database)

    return put
