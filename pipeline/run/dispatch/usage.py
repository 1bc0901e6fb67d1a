"""What a run asks of its model, counted as it is journalled."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from pipeline.calls import Reply, Request, Usage
from pipeline.cost.hardware import Hardware
from pipeline.estimates import Estimate
from pipeline.progress import Progress
from pipeline.replies.call_failures import kind_of
from pipeline.run.dispatch.budget import Journal

#: How the note of an estimate begins that says what machine it is for; the pages look for it.
MACHINE = "machine: "
#: Characters a token, over a whole text: no tokenizer in use has words as long on average.
LONGEST = 40
#: Tokens around the messages, beyond one a byte: frames, a system prompt of the provider's own.
AROUND = 2_000
#: A reply's reported tokens may be above the limit that was sent, as some servers stop late, or do
#: not count thinking against it; not by more than this.
LATE = 2


class Taken(NamedTuple):
    """What a reply is taken to have used.

    Args:
        usage: for the books.
        billed: for its price.
        doubt: what was reported and why it cannot be, "" where it can.
    """

    usage: Usage
    billed: Usage
    doubt: str


def taken(request: Request, reply: Reply, worst: Usage) -> Taken:
    """Usage as reported where it can be.

    Args:
        worst: what the request was reserved at.
    """
    said = reply.usage
    usage = billed = said
    doubts = []
    texts = [message.content for message in request.messages]
    answered = reply.text or reply.finish != "error"
    least = max(1, sum(map(len, texts)) // LONGEST) if answered else 0
    most = AROUND + sum(len(text.encode()) for text in (*texts, request.schema))
    if not least <= said.prompt <= most:
        doubts.append(f"{said.prompt:,} prompt tokens, {least:,} to {most:,} are possible")
        usage = _with_prompt(usage, worst)
        billed = _with_prompt(billed, worst) if said.prompt < least else billed
    least = -(-len(reply.text) // LONGEST)
    most = LATE * worst.output
    if not least <= said.output <= most:
        doubts.append(f"{said.output:,} reply tokens, {least:,} to {most:,} are possible")
        usage = _with_output(usage, worst)
        billed = _with_output(billed, worst) if said.output < least else billed
    if not doubts:
        return Taken(said, said, "")
    return Taken(usage, billed, f"doubted usage: reported {'; '.join(doubts)}")


def is_doubted(reply: Reply) -> bool:
    """Whether what this reply reported was not believed."""
    return "doubted usage: " in reply.detail


def _with_prompt(usage: Usage, worst: Usage) -> Usage:
    return Usage(worst.input, usage.output, worst.cache_read, worst.cache_write)


def _with_output(usage: Usage, worst: Usage) -> Usage:
    return Usage(usage.input, worst.output, usage.cache_read, usage.cache_write)


class UsageCounter:
    """A journal that also counts what was asked of the model through it.

    ``usd`` is None as soon as one reply's price is unknown.

    Args:
        told: called when something was counted.
    """

    def __init__(self, journal: Journal, told: Callable[[], None] = lambda: None) -> None:
        self._journal = journal
        self._told = told
        self.find = journal.find
        self.reserve = journal.reserve
        self.settle = journal.settle
        #: Keys of the requests that were asked.
        self.asked: set[str] = set()
        self.calls = self.input_tokens = self.output_tokens = 0
        #: Keys of the requests that an earlier run paid for in vain.
        self.unusable_before: set[str] = set()
        #: Tokens of replies that are being written.
        self.writing = 0
        self.usd: Decimal | None = Decimal(0)
        #: Calls whose reply could not be used, by the kind of failure.
        self.failed: Counter[str] = Counter()
        #: What replies reported that cannot be.
        self.doubts: list[str] = []

    def unusable(self, keys: Iterable[str]) -> Mapping[str, Reply]:
        """What came before and cannot be used; counted where it was not asked for here."""
        found = self._journal.unusable(keys)
        self.unusable_before |= found.keys() - self.asked
        return found

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        """Store a reply and count it."""
        self._journal.put(request, reply, good=good, why=why)
        self.asked.add(request.key)
        self.calls += 1
        if not good:
            self.failed[kind_of(reply, why)] += 1
        self.input_tokens += reply.usage.prompt
        self.output_tokens += reply.usage.output
        if is_doubted(reply):
            self.doubts.append(reply.detail)
        if self.usd is not None:
            self.usd = None if reply.usd is None else self.usd + reply.usd
        self.writing = max(0, self.writing - reply.usage.output)
        self._told()

    def written(self, n: int) -> None:
        """Count tokens of replies that are not whole yet."""
        self.writing += n
        self._told()

    def progress(
        self, before: int, total: int, max_usd: Decimal | None, seconds: float | None
    ) -> Progress:
        """How far the calls are.

        Args:
            before: calls that are done without having been counted here.
            seconds: that the calls will likely take.
        """
        return Progress(
            "merge",
            "calls",
            done=min(total, before + self.calls),
            total=total,
            fresh=self.calls,
            tokens=self.input_tokens + self.output_tokens + self.writing,
            usd=self.usd,
            max_usd=max_usd,
            seconds=seconds,
        )


class ResourceUsage:
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
