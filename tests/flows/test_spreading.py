"""Documents read by a real Dask cluster: what comes out is what one machine makes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.options import MergeOptions
from pipeline.errors import InputError
from pipeline.extract.extraction import unread
from pipeline.flows.distributed import open_runner
from pipeline.run.job import run
from pipeline.runtime import Runtime

pytestmark = [pytest.mark.prefect, pytest.mark.enable_socket]

NAMES = ("lending-desk.md", "jira-export.csv", "support-memo.pdf", "volunteers.txt")


@pytest.fixture
def documents(stack: Any, tmp_path: Path) -> Path:
    """Documents of the sample, one of them twice."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes((stack.root / "data" / "sample" / name).read_bytes())
    (folder / "copy.md").write_bytes((folder / "lending-desk.md").read_bytes())
    return folder


def test_a_cluster_changes_nothing_but_where_documents_are_read(
    stack: Any, documents: Path, tmp_path: Path, free_port: int
):
    pytest.importorskip("prefect_dask", reason="the extra `dask` is not installed")
    scheduler = stack.start(
        "dask-scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(free_port),
        "--dashboard-address", "127.0.0.1:0", module="dask", cwd=tmp_path,
    )  # fmt: skip
    stack.wait_for(scheduler, "Scheduler at")
    runner = f"dask://127.0.0.1:{free_port}"
    with pytest.raises(InputError, match="no workers"):
        open_runner(runner)
    worker = stack.start(
        "dask-worker", "worker", f"tcp://127.0.0.1:{free_port}", "--nthreads", "1", "--no-nanny",
        "--host", "127.0.0.1", "--no-dashboard", module="dask", cwd=tmp_path,
    )  # fmt: skip
    stack.wait_for(worker, "Registered to")
    spread = subprocess.run(
        [sys.executable, "-m", "pipeline", "merge", "docs", "--out", "spread", "--db", "a.sqlite",
         "--prefect"],
        cwd=tmp_path, env={**stack.env, "STORYTRANSFORMER_TASK_RUNNER": runner}, text=True,
        capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert spread.returncode == 0, spread.stderr[-3000:]
    read = re.search(r"(\d+) of (\d+) documents were read by dask://", spread.stderr)
    assert read and read[1] == read[2] == str(len(NAMES)), "the copy is the same document"
    with Runtime.read(str(tmp_path / "a.sqlite")).store() as store:
        assert unread([documents], cache=store) == [], "what was read is kept"

    runtime = Runtime.read(str(tmp_path / "b.sqlite"))
    with runtime.store() as store:
        assert len(unread([documents], cache=store)) == len(NAMES)
        run(
            runtime.merge_job(
                [str(documents)], "extractive", MergeOptions(out=f"{tmp_path}/alone"), store=store
            )
        )
    found, expected = (
        json.loads((tmp_path / way / "merged.json").read_text()) for way in ("spread", "alone")
    )
    assert found["ledger"] == expected["ledger"]
    assert [e["id"] for e in found["entries"]] == [e["id"] for e in expected["entries"]]
    text = next(line for line in (documents / "volunteers.txt").read_text().splitlines() if line)
    for path in stack.home.rglob("*"):
        assert not path.is_file() or text.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("runner", ["spark://127.0.0.1:1", "127.0.0.1:8786", "dask:", "ray:"])
def test_what_is_no_address_of_a_cluster_is_told(runner: str):
    with pytest.raises(InputError, match="dask://HOST:8786"):
        open_runner(runner)


def test_a_cluster_that_does_not_answer_is_told(free_port: int):
    pytest.importorskip("prefect_dask", reason="the extra `dask` is not installed")
    with pytest.raises(InputError, match="no Dask scheduler answers"):
        open_runner(f"dask://127.0.0.1:{free_port}")


def test_a_ray_cluster_that_is_not_there_is_told(free_port: int):
    said = "no Ray cluster answers" if find_spec("prefect_ray") else "Ray is not installed"
    with pytest.raises(InputError, match=said):
        open_runner(f"ray://127.0.0.1:{free_port}")
