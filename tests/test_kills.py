"""A fixed-seed sample of ``benchmarks/kills.py``: kill -9 between two replies, and go on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.enable_socket


def test_a_killed_merge_repeats_what_was_in_flight_and_nothing_else(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("bench_kills", ROOT / "benchmarks" / "kills.py")
    assert spec and spec.loader
    bench = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bench
    spec.loader.exec_module(bench)
    stories = [
        f"- As a reader, I want to {verb} book {n}, so that {why}."
        for n in range(8)
        for verb, why in (("reserve", "nobody takes it"), ("reserve", "nobody else takes it"))
    ]
    backlog = tmp_path / "backlog.md"
    backlog.write_text("# Desk\n\n" + "\n".join(stories) + "\n")
    (kill,) = bench.kills([backlog], 1, seed=5, models=bench.MODELS[:1])
    assert kill.wrong == ()
    assert kill.in_flight, "killed too early or too late to show anything"
