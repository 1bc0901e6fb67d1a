"""What the store keeps of a needle cell. The evals stand above the store, so a cell comes in by
its shape: anything with these fields."""

from __future__ import annotations

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
