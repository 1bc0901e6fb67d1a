"""A prompt on its way to a text, and how much one pass may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch

#: How many times ``Limits.drafts`` a draft grows to. A pass of 32 tokens takes about twice the time
#: of one, and copies of a source run for longer than that.
LONGEST_REACH = 4


#: How torch on a processor says that memory ran out, and oneDNN, whose products say no more than
#: that something could not be made.
_NO_MEMORY = (
    "can't allocate memory",
    "could not create a primitive",
    "could not create a memory",
)


class Constraint(Protocol):
    """Decides which tokens may come next; one object a row, told of every token chosen."""

    def allowed(self) -> torch.Tensor:
        """Ids that may follow, [n] on the CPU; never empty."""
        ...

    def accept(self, token: int) -> None:
        """A token was chosen."""
        ...


@dataclass
class Row:
    """One prompt on its way to a text."""

    index: int
    prompt: list[int]
    max_tokens: int
    constraint: Constraint | None = None
    temperature: float = 0.0
    seed: int = 0
    ended: Callable[[list[int]], bool] = lambda ids: False
    out: list[int] = field(default_factory=list)
    finish: Literal["stop", "length", ""] = ""
    started: float = 0.0
    seconds: float = 0.0
    n_drafted: int = 0
    n_accepted: int = 0
    _generator: torch.Generator | None = None
    # where the row stands
    slot: int = -1
    stored: int = 0
    reach: int = 1

    def reached(self, right: bool) -> None:
        """A draft was right to its end, or not: the next one is twice as long, or short again."""
        self.reach = min(2 * self.reach, LONGEST_REACH) if right else 1

    def start_over(self, prompt: list[int]) -> None:
        """Forget everything but the prompt, after a pass that did not fit into memory."""
        self.prompt, self.out, self.finish = prompt, [], ""
        self.slot, self.stored, self.n_drafted, self.n_accepted = -1, 0, 0, 0
        self.reach = 1
        self._generator = None

    @property
    def waiting(self) -> list[int]:
        """Tokens whose keys are not stored yet (the prefix, which is stored apart, is cut off)."""
        known = len(self.prompt)
        if self.stored < known:
            return self.prompt[self.stored :] + self.out
        return self.out[self.stored - known :]

    def choose(self, logits: torch.Tensor) -> int:
        """The next token from float logits [V]."""
        if self.constraint is None:
            return self._pick(logits)
        ids = self.constraint.allowed().to(logits.device)
        return int(ids[self._pick(logits[ids])])

    def _pick(self, logits: torch.Tensor) -> int:
        if self.temperature <= 0:
            return int(logits.argmax())
        if self._generator is None:
            self._generator = torch.Generator().manual_seed(self.seed)
        shares = (logits.float().cpu() / self.temperature).softmax(-1)
        return int(torch.multinomial(shares, 1, generator=self._generator))


@dataclass(frozen=True)
class Limits:
    """How much one pass may hold.

    Args:
        slots: rows decoded together.
        chunk: prompt tokens read in one pass.
        drafts: prompt-lookup tokens a row may bring when few rows are left, 0 for none. While
            they are right to the last, up to :data:`LONGEST_REACH` times as many.
    """

    slots: int = 24
    chunk: int = 2048
    drafts: int = 8

    def halved(self) -> Limits:
        """Half of everything, for a machine on which the whole did not fit."""
        return Limits(max(1, self.slots // 2), max(1, self.chunk // 2), self.drafts // 2)

    @property
    def least(self) -> bool:
        """Whether halving again would be pointless."""
        return self.slots == 1 and self.chunk <= 128


def out_of_memory(exc: BaseException) -> bool:
    """Whether an error means that memory ran out, on a GPU or on the CPU."""
    return isinstance(exc, torch.OutOfMemoryError | MemoryError) or (
        isinstance(exc, RuntimeError) and any(told in str(exc) for told in _NO_MEMORY)
    )


def accept(row: Row, token: int, eos: frozenset[int]) -> int:
    """Take a token into the row's text; returns 1 if it became part of it."""
    if token in eos:
        row.finish = "stop"
        return 0
    row.out.append(token)
    if row.constraint is not None:
        row.constraint.accept(token)
    if row.ended(row.out):
        row.finish = "stop"
    elif len(row.out) >= row.max_tokens:
        row.finish = "length"
    return 1


def common_prefix(prompts: Sequence[list[int]]) -> int:
    """How many leading tokens all prompts share; each keeps at least one of its own."""
    first, last = min(prompts), max(prompts)
    n = min(map(len, prompts)) - 1
    return next((i for i in range(n) if first[i] != last[i]), n)


def device_of(model: Any) -> torch.device:
    """Where a model takes its tokens: its own device, or the first that computes where accelerate
    spread it over several or offloaded parts of it."""
    spread = getattr(model, "hf_device_map", None)
    if not spread:
        device: torch.device = next(model.parameters()).device
        return device
    places = [place for place in spread.values() if place not in ("disk", "cpu")]
    return torch.device(places[0] if places else "cpu")
