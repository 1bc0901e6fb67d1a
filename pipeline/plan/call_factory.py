"""Where calls are made: a rendered prompt, its exact count, and a limit for the reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import repeat
from pathlib import Path

from pipeline.calls import (
    Band,
    Call,
    LaterCall,
    LaterSize,
    Purpose,
    Request,
    Size,
    SkippedStory,
    WindowLimits,
)
from pipeline.columns import Columns
from pipeline.models import LEAST_THINKING, ModelSpec
from pipeline.plan.orders import Orders
from pipeline.prompts import Prompt, labelled_prompt
from pipeline.tokens.token_counters import TokenCounter


@dataclass(frozen=True, slots=True)
class CallFactory:
    """What all calls of a plan share.

    Args:
        stage: name of the strategy's stage, the first half of call ids.
        prompts: folder of the released prompts.
        most_pairs: questions about pairs, at most; None for no limit.
        most_stories: of a window, at most, by what an exam found; None for what fits.
        orders: when a pair is asked about the other way round, too; None for never.
    """

    spec: ModelSpec
    limits: WindowLimits
    counter: TokenCounter
    prompts: Path
    revision: str
    stage: str = "pairs"
    most_pairs: int | None = None
    most_stories: int | None = None
    orders: Orders | None = None
    _shared: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    _read: dict[str, Prompt] = field(default_factory=dict, compare=False, repr=False)

    def prompt(self, name: str) -> Prompt:
        """The newest version of a prompt, or just the one whose label is given; read once."""
        if name not in self._read:
            self._read[name] = labelled_prompt(self.prompts, name)
        return self._read[name]

    def call(
        self,
        prompt: str,
        values: Mapping[str, str],
        *,
        purpose: Purpose,
        handles: tuple[tuple[str, str], ...],
        clusters: tuple[tuple[str, ...], ...],
        output: Band,
        number: int,
        schema: str = "",
        vocabulary: str = "",
        stop: tuple[str, ...] = (),
    ) -> Call:
        """A call with its prompt rendered and counted.

        Args:
            output: tokens that will be written, thinking not included; its upper end is the
                request's limit.
        """
        released = self.prompt(prompt)
        request = Request(
            model=self.spec.name,
            revision=self.revision,
            purpose=purpose,
            prompt=released.label,
            prompt_sha256=released.sha256,
            messages=released.render(**values),
            max_tokens=max(1, output.high),
            schema=schema,
            vocabulary=vocabulary,
            stop=stop,
            shared=released.shared,
        )
        return Call(
            id=f"{self.stage}-{number:04d}",
            stage=self.stage,
            request=request,
            handles=handles,
            clusters=clusters,
            input=self.counter.count_request(request),
            output=self.with_thinking(output),
            shared_tokens=self.shared_tokens(prompt),
        )

    def shared_tokens(self, prompt: str) -> int:
        """Tokens of the turns that all calls of a prompt begin with: what can be cached."""
        released = self.prompt(prompt)
        if not released.shared:
            return 0
        if prompt not in self._shared:
            head = Request(
                model=self.spec.name,
                revision=self.revision,
                purpose="answer",
                prompt=released.label,
                prompt_sha256=released.sha256,
                messages=released.turns[: released.shared],
                max_tokens=1,
            )
            self._shared[prompt] = self.counter.count_request(head).n
        return self._shared[prompt]

    def with_thinking(self, written: Band) -> Band:
        """Tokens a reply is billed for: what is written, and what a model that always thinks
        spends on it."""
        likely = written.likely + _up(written.likely * self.spec.thinking)
        high = self.spec.reply_limit(written.high)
        return Band(min(written.low, high), min(likely, high), high)

    def written_room(self) -> int:
        """The most tokens a reply may write so that thinking still fits below the limit."""
        room = self.limits.output_tokens
        if not self.spec.thinking:
            return room
        by_share = int((room / (1 + 2 * self.spec.thinking)).to_integral_value(ROUND_FLOOR))
        return max(0, min(by_share, room - LEAST_THINKING))


def _up(n: Decimal) -> int:
    return int(n.to_integral_value(ROUND_CEILING))


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
