"""What a run takes beside tokens: time waiting for the model, time computing, memory."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from pipeline.cost.hardware import Hardware
from pipeline.estimates import Estimate

#: How the note of an estimate begins that says what machine it is for; the pages look for it.
MACHINE = "machine: "


class Meter:
    """The clocks of one attempt at a run.

    ``model_seconds`` is what an estimate speaks of: loading the model and asking it. Reading,
    planning, the gate and writing are in ``seconds`` only. ``processor_seconds`` is what all
    threads of this process computed while it asked: on a machine that others use too, the rest of
    ``model_seconds`` was spent waiting for a turn.
    """

    def __init__(self, before: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
        self._started = time.monotonic()
        self._before = before
        forget_peak()
        self._asking = self._computing = 0.0
        #: When the asking began that is going on, None between two waves.
        self._since: float | None = None

    def resume(self, before: tuple[float, float, float]) -> None:
        """Go on from what earlier attempts took: in all, asking, computing."""
        self._before = before

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around everything that is done to get replies from the model."""
        wall, processor = time.monotonic(), time.process_time()
        self._since = wall
        try:
            yield
        finally:
            self._since = None
            self._asking += time.monotonic() - wall
            self._computing += time.process_time() - processor

    @property
    def seconds(self) -> float:
        """Since the run began, without the pauses between its attempts."""
        return self._before[0] + time.monotonic() - self._started

    @property
    def model_seconds(self) -> float:
        now = 0.0 if self._since is None else time.monotonic() - self._since
        return self._before[1] + self._asking + now

    @property
    def processor_seconds(self) -> float:
        return self._before[2] + self._computing


def forget_peak() -> None:
    """Let the peak of this process begin at what it holds now, where the system can: an earlier run
    in the same process is none of this one's."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_bytes() -> int:
    """Peak resident bytes of this process, since :func:`forget_peak` where the system can tell."""
    # Linux hands a child the peak of the process it was forked from; its own stands in /proc.
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def of_machine(estimate: Estimate, hardware: Hardware) -> Estimate:
    """An estimate as it is stored: with the machine that its time and memory are of."""
    if estimate.peak_memory_bytes is None:  # it is not computed here
        return estimate
    return replace(estimate, notes=(*estimate.notes, f"{MACHINE}{machine_name(hardware)}"))


def machine_name(hardware: Hardware) -> str:
    """Where a run's time was measured: time learned on one machine says nothing of another."""
    return f"{platform.node()}: {hardware}"
