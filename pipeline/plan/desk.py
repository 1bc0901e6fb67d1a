"""Where calls are made: a rendered prompt, its exact count, and a limit for the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pipeline.calls import Band, Call, Request, WindowLimits
from pipeline.catalog import ModelSpec
from pipeline.prompts import Prompt, load_prompt
from pipeline.tokens import TokenCounter

#: A model that always thinks gets this many tokens to do so, however short its reply.
LEAST_THINKING = 2048
#: Room for thinking as a multiple of what is likely: thinking must not cut a reply off.
THINKING_ROOM = 4


@dataclass(frozen=True, slots=True)
class Desk:
    """What all calls of a plan share.

    Args:
        stage: name of the strategy's stage, the first half of call ids.
        prompts: folder of the released prompts.
    """

    spec: ModelSpec
    limits: WindowLimits
    counter: TokenCounter
    prompts: Path
    revision: str
    stage: str = "edit"

    def prompt(self, name: str) -> Prompt:
        """The newest version of a prompt, read once."""
        return _load(self.prompts, name)

    def call(
        self,
        prompt: str,
        values: Mapping[str, str],
        *,
        purpose: Literal["edits", "story", "union", "answer"],
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
            output: tokens that will be written, thinking not included; the reply's limit follows
                from it.
        """
        released = self.prompt(prompt)
        reply = self.with_thinking(output)
        request = Request(
            model=self.spec.name,
            revision=self.revision,
            purpose=purpose,
            prompt=released.label,
            prompt_sha256=released.sha256,
            messages=released.render(**values),
            max_tokens=max(1, reply.high),
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
            output=reply,
        )

    def with_thinking(self, written: Band) -> Band:
        """Tokens of a reply: what is written and what a model that always thinks spends on it,
        which providers bill as output and count against the reply's limit."""
        share = self.spec.thinking
        if not share or not written.high:
            return written
        thought = max(LEAST_THINKING, _up(written.high * share * THINKING_ROOM))
        return Band(
            low=written.low,
            likely=written.likely + _up(written.likely * share),
            high=min(written.high + thought, self.limits.output_tokens),
        )

    def written_room(self) -> int:
        """The most tokens a reply may write so that thinking still fits below its limit."""
        share = self.spec.thinking
        if not share:
            return self.limits.output_tokens
        room = self.limits.output_tokens
        by_share = (room / (1 + share * THINKING_ROOM)).to_integral_value(ROUND_FLOOR)
        return max(0, min(int(by_share), room - LEAST_THINKING))


def _up(n: Decimal) -> int:
    return int(n.to_integral_value(ROUND_CEILING))


@lru_cache(maxsize=16)
def _load(folder: Path, name: str) -> Prompt:
    return load_prompt(folder, name)
