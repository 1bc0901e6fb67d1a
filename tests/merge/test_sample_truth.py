"""The sample backlog merged for real, against the truth that was written down before."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evals.corpora.truth import read_truth

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_merge", ROOT / "benchmarks" / "merge.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(bench: ModuleType) -> dict[str, Any]:
    return bench.measure(SAMPLE, read_truth(SAMPLE / "truth.json"))


def test_every_sentence_of_every_story_is_in_its_entry(figures: dict[str, Any]):
    assert figures["kept"] == figures["units"] > figures["stories"] and figures["faults"] == 0
    assert sum(figures["ledger"].values()) == figures["stories"] == 122


def test_no_look_alikes_are_folded(figures: dict[str, Any]):
    assert figures["lookalikes_folded"] == 0 and figures["lookalikes"] >= 12


def test_conflicts_are_marked_where_they_stand(figures: dict[str, Any]):
    assert figures["conflicts_marked"] >= 7 and figures["conflicts"] == 8
    assert figures["conflicts_in_one_entry"] == 0
    assert figures["ledger"]["conflict_with"] == 0, "code marks, and asserts nothing"


def test_what_belongs_together_is_in_one_entry_or_in_neighbours(figures: dict[str, Any]):
    together = figures["in_one_entry"] + figures["next_to_each_other"]
    assert together >= 26 and figures["belonging"] == 32
    assert len(figures["apart"]) == figures["belonging"] - together


def test_the_document_is_no_longer_than_what_it_is_made_of(figures: dict[str, Any]):
    assert figures["standing_words"] <= figures["source_words"]
    assert figures["merged_md_words"] <= 1.2 * figures["source_words"]
    assert figures["overview_words"] <= 1_000, "two pages"


def test_the_figures_can_be_otherwise(bench: ModuleType, tmp_path: Path):
    """Stories with nothing in common belong together by this truth, and do not stand so."""
    (tmp_path / "a.md").write_text(
        "- As a cook, I want to weigh flour, so that the bread rises.\n"
        "- As a pilot, I want to read the wind, so that we land in time.\n"
    )
    (tmp_path / "truth.json").write_text(
        '{"stories": [{"id": "S-1", "document": "a.md", "starts": "As a cook, I want to weigh"},'
        ' {"id": "S-2", "document": "a.md", "starts": "As a pilot, I want to read"}],'
        ' "duplicates": [{"stories": ["S-1", "S-2"], "kind": "reworded"}], "overlaps": [],'
        ' "conflicts": [], "lookalikes": []}'
    )
    found = bench.measure(tmp_path, read_truth(tmp_path / "truth.json"))
    assert found["apart"] == ["S-1 S-2"] and found["belonging"] == 1
