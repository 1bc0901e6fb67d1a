"""What a benchmark is asked, what is told of a step before it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from evals.benchmark.benchmark_options import BenchmarkOptions
from pipeline.calls import canonical_json
from pipeline.cost.hardware import Hardware
from pipeline.models import Architecture, ModelSpec
from pipeline.progress import Show, show_nothing
from pipeline.runtime import Runtime
from pipeline.store.record import Store

#: ``later``: no time was left. ``not run``: it cannot be here, or was not asked for.
State = Literal["done", "failed", "later", "not run"]


@dataclass(frozen=True, kw_only=True)
class Options(BenchmarkOptions):
    """What is measured. Two starts with equal options, but for the hours, are one benchmark."""

    paths: tuple[str, ...]
    model: str

    @property
    def text(self) -> str:
        """All of them but the hours, to be compared and hashed."""
        return canonical_json(
            {name: value for name, value in asdict(self).items() if name != "hours"}
        )


def measured(paths: Sequence[str], model: str, chosen: BenchmarkOptions) -> Options:
    """What was asked for, of these documents and this model."""
    return Options(paths=tuple(paths), model=model, **vars(chosen))


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a step before it begins.

    Args:
        seconds, memory_bytes: None where nobody knows.
        what: it does, in words.
        why_not: why it is not run, "" where it is.
    """

    what: str
    seconds: float | None = None
    memory_bytes: int | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a step.

    Args:
        lines: what was found, for people. figures: the same for programs.
        runs: of the database, which hold all of it.
        seconds: what compares with what was told, None for the step's own time.
        memory_bytes: None for the step's own peak.
        left: what was not done for want of time, "" where all was.
    """

    lines: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    seconds: float | None = None
    memory_bytes: int | None = None
    left: str = ""


@dataclass(frozen=True)
class Context:
    """What the steps share.

    Args:
        shape: the model's numbers. left: seconds until the time is over, None without a limit.
    """

    runtime: Runtime
    store: Store
    spec: ModelSpec
    shape: Architecture
    hardware: Hardware
    options: Options
    say: Callable[[str], None] = lambda line: None
    show: Show = show_nothing
    left: Callable[[], float | None] = lambda: None

    @property
    def out(self) -> Path:
        """The folder of everything that is written."""
        return Path(self.options.out)

    def has_time_for(self, seconds: float | None) -> bool:
        """Whether so much time is left; what nobody knows is tried while there is any."""
        left = self.left()
        return left is None or left > max(seconds or 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is told of it, and its work."""

    name: str
    title: str
    tell: Callable[[Context], Told]
    work: Callable[[Context], Done]
