"""A clock that jumps, forwards and backwards, between any two looks at it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.breaking.merges import PAIRS, PATIENCE, Merge
from benchmarks.breaking.storage import Stage
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.run.job import run
from pipeline.runtime import Runtime
from pipeline.store.record import open_store

#: How far it jumps at most, either way: daylight saving, a dead battery, a wrong year.
_JUMPS = (timedelta(hours=1), timedelta(days=40), timedelta(days=3650))


class JumpingClock:
    """A clock that is somewhere else whenever it is looked at."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn = drawn
        self._now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(milliseconds=1)
        if self._drawn.random() < 0.3:
            self._now = datetime(2026, 11, 21, 12, tzinfo=UTC)
            self._now += self._drawn.choice(_JUMPS) * self._drawn.uniform(-1, 1)
        return self._now


class _BrokenOff(BaseException):
    """As a Ctrl-C, at a moment of our choice."""


def jumps(stage: Stage, *, seed: int) -> list[str]:
    """A merge is interrupted at a random step and taken up, with a jumping clock all along: it is
    one run, the same document, and nothing is paid twice."""
    drawn = random.Random(seed)
    merge = stage.merge("clock")
    merge.folder.mkdir()
    seen = len(stage.server.asked)
    steps = drawn.randrange(3, 6)
    try:
        _run(merge, JumpingClock(drawn), steps)
    except _BrokenOff:
        pass
    else:
        return ["ended before it was broken off"]
    result = _run(merge, JumpingClock(drawn))
    wrong = merge.unbalanced(result)
    wrong += [
        f"another {kind}"
        for kind, text in merge.document(result).items()
        if text != stage.whole[kind]
    ]
    asked = [key for key, _ in stage.server.asked[seen:]]
    if len(asked) != len(set(asked)):
        wrong.append(f"{len(asked) - len(set(asked))} requests asked again")
    return wrong


def _run(merge: Merge, clock: Callable[[], datetime], steps: int = 0) -> dict[str, Any]:
    """The merge in this process, broken off after so many steps (0: never)."""
    environment = {"STORYTRANSFORMER_CACHE": str(merge.folder.parent / "cache")}
    runtime = Runtime(read_settings(environment, db=f"sqlite:///{merge.database}"))
    taken = 0

    def step(name: str, function: Callable[..., Any], *args: Any) -> Any:
        nonlocal taken
        given = function(*args)
        taken += 1
        if taken == steps:
            raise _BrokenOff
        return given

    url = runtime.settings.database
    with open_store(url, now=clock, patience=PATIENCE) as store:
        job = runtime.merge_job(
            [str(path) for path in merge.paths],
            merge.model,
            MergeOptions(out=str(merge.folder / "merged"), propose=True, pairs=PAIRS),
            store=store,
        )
        return run(job, step)
