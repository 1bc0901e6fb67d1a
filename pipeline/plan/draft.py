"""A plan while it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from pipeline.calls import Call, LaterCall, LaterSize, Size, SkippedStory
from pipeline.columns import Columns


class LaterColumns(Columns[LaterCall, LaterSize]):
    """Later calls as columns."""

    @property
    def after(self) -> Sequence[int]:
        """Of each the place of the plan's request whose reply decides whether it is made; -1 where
        none does alone."""
        return [-1] * len(self)

    @property
    def lines(self) -> Iterable[str]:
        return repeat("", len(self))


@dataclass
class Drafted:
    """The parts of a plan that a strategy fills; their meanings are those of ``Plan``. Thousands of
    calls stand in ``columns`` instead of ``calls``, of later ones in ``later_columns``."""

    calls: list[Call] = field(default_factory=list)
    columns: Columns[Call, Size] | None = None
    later: list[LaterCall] = field(default_factory=list)
    later_columns: LaterColumns | None = None
    skipped: list[SkippedStory] = field(default_factory=list)
    remark: str = ""

    @property
    def planned(self) -> Sequence[Call]:
        """All calls, wherever they stand."""
        return tuple(self.calls) if self.columns is None else self.columns

    @property
    def following(self) -> Sequence[LaterCall]:
        """All later calls, wherever they stand."""
        return tuple(self.later) if self.later_columns is None else self.later_columns

    def leave(self, stories: Iterable[str], why: str = "", *, reason: str = "single") -> None:
        """Record stories that stay as they are."""
        self.skipped += [SkippedStory(name, reason, why) for name in stories]
