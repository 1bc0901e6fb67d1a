"""What a run is called in Prefect: by what it does to what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prefect.runtime import flow_run

_MOST = 60


def named(pattern: str) -> Callable[[], str]:
    """A name for runs of a flow, filled in with its parameters: ``{paths}`` becomes "a.md, b/" or
    "12 paths", any other ``{parameter}`` its value."""

    def name() -> str:
        given: dict[str, Any] = dict(flow_run.parameters or {})
        if "paths" in given:
            given["paths"] = shown(given["paths"])
        return pattern.format(**given)

    return name


def shown(paths: Sequence[str]) -> str:
    """Paths in one short line."""
    text = ", ".join(paths)
    return text if len(text) <= _MOST else f"{len(paths)} paths"
