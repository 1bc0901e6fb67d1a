"""Two price catalogues must agree, but for differences that are explained on a committed list."""

import copy
import importlib.util
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.calls import Usage
from pipeline.catalog import Catalog

ROOT = Path(__file__).parents[2]
CATALOG = Catalog(ROOT / "data" / "models.toml")
TODAY = date(2026, 11, 21)
_spec = importlib.util.spec_from_file_location("catalogues", ROOT / "benchmarks" / "catalogues.py")
assert _spec is not None and _spec.loader is not None
catalogues = sys.modules["catalogues"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(catalogues)


@pytest.fixture(scope="module")
def theirs() -> Mapping[str, Any]:
    data = catalogues.other_catalogue()
    if data is None:
        pytest.skip("metergraph-core is not installed")
    return data


def differing(data: Mapping[str, Any]) -> list[Any]:
    found = catalogues.differences(CATALOG, data, TODAY)
    return [one for one in found if isinstance(one, catalogues.Difference)]


def test_no_difference_is_unexplained(theirs):
    found = list(catalogues.differences(CATALOG, theirs, TODAY))
    compared = {one for one in found if isinstance(one, str)}
    assert len(compared) >= 15, "most of our models stand in the other catalogue too"
    assert {"claude/claude-haiku-5-5", "gemini/gemini-4-argon"} <= compared
    assert not [one for one in found if isinstance(one, catalogues.Difference) and not one.why]


def test_every_explanation_is_still_needed(theirs):
    seen = {(one.model, one.request) for one in differing(theirs)}
    seen |= {(one.model, "*") for one in differing(theirs)}
    assert set(catalogues.EXPLAINED) <= seen


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("claude/claude-haiku-5-5", "output_per_mtok", 0.6),
        ("claude/claude-haiku-5-5", "batch_input_per_mtok", 0.1),
        ("claude/claude-opus-5-5", "cache_read_per_mtok", 0.4),
        ("gemini/gemini-3.1-pro-preview", "rules", {}),
    ],
)
def test_a_price_that_is_off_is_found(theirs, name, field, value):
    data = copy.deepcopy(theirs)
    for row in catalogues.rows_of(data, CATALOG.find(name)):
        row[field] = value
    assert {one.model for one in differing(data)} == {name}


def test_scheduled_changes_are_compared_on_their_day(theirs):
    argon = CATALOG.find("gemini/gemini-4-argon")
    rows = catalogues.rows_of(theirs, argon)
    assert catalogues.change_days(rows, TODAY) == [TODAY, date(2026, 12, 1)]
    now, then = (
        catalogues.their_price(rows, Usage(10_000, 1_000), day, batch=False)
        for day in (TODAY, date(2026, 12, 1))
    )
    assert then == 2 * now
