"""A plan while it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.calls import Call, LaterCall, Size, SkippedStory
from pipeline.columns import Columns


@dataclass
class Drafted:
    """The parts of a plan that a strategy fills; their meanings are those of ``Plan``. Thousands of
    calls stand in ``columns`` instead of ``calls``."""

    calls: list[Call] = field(default_factory=list)
    columns: Columns[Call, Size] | None = None
    later: list[LaterCall] = field(default_factory=list)
    skipped: list[SkippedStory] = field(default_factory=list)
    remark: str = ""

    @property
    def planned(self) -> Sequence[Call]:
        """All calls, wherever they stand."""
        return tuple(self.calls) if self.columns is None else self.columns

    def leave(self, stories: Iterable[str], why: str = "", *, reason: str = "single") -> None:
        """Record stories that stay as they are."""
        self.skipped += [SkippedStory(name, reason, why) for name in stories]
