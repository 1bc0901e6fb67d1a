"""The script for a card, rehearsed whole on the processor: every part answers or says why not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "benchmarks/engine_gpu.py", "--rehearse", "--vllm", "/nowhere/vllm"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


@pytest.mark.timeout(900)
def test_every_part_of_a_configuration_is_measured(report: dict[str, Any]):
    assert report["rehearsal"] and report["device"] == "cpu"
    tiny = report["models"]["tiny"]
    ways = {(row["way"], row.get("what"), row.get("tokens") or row.get("rows")): row
            for row in tiny["speed"]}  # fmt: skip
    for way in ("ours", "generate"):
        for what, n in (("prefill", 128), ("decode", 1), ("decode", 2)):
            assert ways[way, what, n]["per_second"] > 0
    assert "name its program" in ways["vllm", None, None]["why_not"]
    (pairs,) = tiny["pairs"]
    assert pairs["questions"] == 8 and pairs["per_second"] > 0
    assert [row["tokens"] for row in tiny["memory"]] == [256, 512]
    assert tiny["kernels"][0]["flash"], "on a processor, too, the flash kernel is seen by its name"
    kernels = {row["kernel"]: row for row in tiny["parity"]}
    assert kernels["eager"]["largest_gap"] == 0
    assert 0 < kernels["sdpa_flash"]["mean_gap"] < 0.05
    assert "needs a GPU" in kernels["flash_attention_2"]["why_not"]


@pytest.mark.timeout(900)
def test_every_row_of_the_training_table_runs_or_says_why_not(report: dict[str, Any]):
    rows = report["training"]
    assert [row["published_mib"] for row in rows] == [
        14_949, 13_085, 12_295, 13_939, 8_681, 6_775, 7_275, 5_363,
    ]  # fmt: skip
    for row in rows:
        assert "measured_mib" in row or "bitsandbytes" in row["why_not"]
        assert row["formula_mib"] == pytest.approx(row["published_mib"], rel=0.03)
    checked = [row for row in rows if row.get("settings", {}).get("gradient_checkpointing")]
    assert all(row["settings"]["gradient_accumulation_steps"] == 4 for row in checked) and checked
