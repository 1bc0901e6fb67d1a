"""What the store keeps of an eval: a needle cell, a figure. The evals stand above the store, so a
cell comes in by its shape: anything with these fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pipeline.calls import Request


class NeedleCell(Protocol):
    """One measured cell of a needle grid; ``key`` is the hash of all that decides it."""

    @property
    def key(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def revision(self) -> str: ...
    @property
    def style(self) -> str: ...
    @property
    def haystack(self) -> str: ...
    @property
    def target_tokens(self) -> int: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def depth_target(self) -> float: ...
    @property
    def depth_actual(self) -> float: ...
    @property
    def seed(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def score(self) -> float | None: ...
    @property
    def expected(self) -> str: ...
    @property
    def reply(self) -> str: ...
    @property
    def finish(self) -> str: ...
    @property
    def flags(self) -> tuple[str, ...]: ...
    @property
    def seconds(self) -> float: ...
    @property
    def request(self) -> Request: ...


#: The fields that are columns as they are.
PLAIN = (
    "key", "task", "model", "revision", "style", "haystack", "target_tokens", "prompt_tokens",
    "depth_target", "depth_actual", "seed", "status", "score", "expected", "reply", "finish",
    "seconds",
)  # fmt: skip


def cell_row(cell: NeedleCell, created: datetime) -> dict[str, Any]:
    """A cell as a row; its request is stored beside it."""
    row = {name: getattr(cell, name) for name in PLAIN}
    return {**row, "flags": list(cell.flags), "request": cell.request.key, "created": created}


@dataclass(frozen=True, slots=True)
class Score:
    """One measured figure.

    Args:
        name: what was measured ("survival").
        item: what it is the figure of; "" for the whole run.
        value: None when nothing could be measured.
        low, high: the 95 % interval, None where there is none.
        n: samples behind it.
        detail: whatever a reader needs to find the place again.
    """

    name: str
    item: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 1
    detail: Mapping[str, Any] = field(default_factory=dict)


def score_row(run: str, score: Score) -> dict[str, Any]:
    """The row of a figure."""
    return {
        "run": run,
        "name": score.name,
        "item": score.item,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "detail": dict(score.detail),
    }
