"""The sample backlog merged for real, against the truth that was written down before."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_merge", ROOT / "benchmarks" / "merge.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(bench: ModuleType) -> dict:
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    return bench.score(truth, bench.merge(SAMPLE))


def test_duplicates_are_found_and_nothing_else(figures: dict):
    assert figures["same"]["f1"] >= 0.90
    assert figures["same"]["precision"] >= 0.95


def test_no_look_alikes_are_merged(figures: dict):
    assert figures["lookalikes_merged"] == 0 and figures["lookalikes"] >= 12


def test_conflicts_are_found(figures: dict):
    assert figures["conflicts"]["recall"] >= 0.8
    assert figures["conflicts"]["precision"] >= 0.8


def test_overlaps_are_merged(figures: dict):
    assert figures["overlaps_merged"] >= 0.8 * figures["overlaps"]


def test_every_sentence_is_grounded_and_the_document_is_shorter(figures: dict):
    assert figures["ungrounded_sentences"] == 0
    assert figures["merged_stories"] < figures["stories"]


def test_the_scorer_can_fail(bench: ModuleType):
    wanted = {frozenset("ab"), frozenset("cd")}
    assert bench.rates({frozenset("ab"), frozenset("xy")}, wanted)["f1"] == 0.5
    assert bench.rates(set(), wanted)["f1"] == 0.0
