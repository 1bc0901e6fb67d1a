"""A fixed-seed sample of ``benchmarks/faults.py``: the real command, disturbed and run again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.breaking import clocks, storage
from benchmarks.breaking.merges import Merge
from benchmarks.breaking.storage import Stage, reached, stage
from tests.support.providers import Provider

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stories = [
        f"- As a reader, I want to reserve {thing}, so that {why}."
        for thing in ("atlases", "globes", "prints", "scores", "films", "maps", "games", "kites")
        for why in ("nobody takes them", "nobody else takes them")
    ]
    backlog = tmp_path_factory.mktemp("desk") / "backlog.md"
    backlog.write_text("# Desk\n\n" + "\n".join(stories) + "\n")
    with stage([backlog]) as ready:
        yield ready


def test_a_database_locked_for_too_long_is_said_and_nothing_is_lost(on: Stage):
    assert storage.locked_too_long(on) == []


def test_a_full_disk_is_said_and_nothing_is_lost(on: Stage):
    assert storage.full_disk(on, seed=1, limit=400_000) == []


def test_two_runs_of_one_corpus_share_its_calls(on: Stage):
    assert storage.two_at_once(on, seed=4) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_a_jumping_clock_changes_nothing(on: Stage, seed: int):
    assert clocks.jumps(on, seed=seed) == []


def test_ctrl_c_waits_for_no_slow_server(on: Stage, tmp_path: Path):
    with Provider(seconds=120) as slow:
        merge = Merge(on.paths, storage.MODEL.format(url=slow.url), slow, tmp_path / "slow")
        process = merge.start()
        assert reached(slow, 1, process)
        os.killpg(process.pid, signal.SIGINT)
        ended = merge.finish(process)
        assert ended.is_not(130, "interrupted") == []
        assert slow.answered == [], "it waited for the reply"
