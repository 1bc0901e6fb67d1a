"""From documents on disk to a merged document or a rewritten text, with every way that a call can
fail: nothing is lost by us, and what failed is said."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.config.settings import read_settings
from pipeline.runtime import Runtime
from tests.support import judges, rewriters

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"
DOCUMENTS = [SAMPLE / name for name in ("volunteers.txt", "jira-export.csv", "lending-desk.md")]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location(
        "bench_faults_merge", ROOT / "benchmarks" / "faults_merge.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def runtime(tmp_path: Path, shared_cache: Path, embedded: Any) -> Runtime:
    embedded(DOCUMENTS, tmp_path / "runs.sqlite")
    environment = {"STORYTRANSFORMER_CACHE": str(shared_cache), "ANTHROPIC_API_KEY": "never sent"}
    return Runtime(read_settings(environment, db=f"sqlite:///{tmp_path}/runs.sqlite"))


@pytest.mark.parametrize(
    ("strategy", "fault"),
    [("pairs", fault) for fault in judges.FAULTS]
    + [(strategy, fault) for strategy in ("tree", "fold") for fault in rewriters.FAULTS],
)
def test_every_fault_is_survived(
    bench: ModuleType, runtime: Runtime, tmp_path: Path, strategy: str, fault: str
) -> None:
    with runtime.store() as store:
        calls, failed, left_out, gone = bench.run(
            runtime, store, DOCUMENTS, strategy, tmp_path / "out",
            failing=0.5, faults=(fault,), seed=1,
        )  # fmt: skip
    assert gone == 0 and calls > 1
    assert failed > 0 or left_out > 0 or strategy != "pairs"
    assert (left_out > 0) <= (fault == "forgets")


@pytest.mark.parametrize("strategy", ["pairs", "tree", "fold"])
def test_failures_at_random_leave_no_story_unaccounted_for(
    bench: ModuleType, runtime: Runtime, tmp_path: Path, strategy: str
) -> None:
    with runtime.store() as store:
        _, _, _, gone = bench.run(
            runtime, store, DOCUMENTS, strategy,
            tmp_path / "out", failing=0.3, seed=2,
        )  # fmt: skip
    assert gone == 0
