"""Strings that end a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.engine.tokenizer import Tokenizer


def cut(text: str, stop: Sequence[str]) -> str:
    """The text up to the first stop string."""
    ends = [at for s in stop if (at := text.find(s)) >= 0]
    return text[: min(ends)] if ends else text


def ended_by(tokenizer: Tokenizer, stop: Sequence[str]) -> Callable[[list[int]], bool]:
    """Whether a stop string stands at the end of what was generated. Only the last tokens are
    decoded: a string of n characters takes at most n bytes times four tokens."""
    reach = 4 * max(map(len, stop)) + 4

    def ended(ids: list[int]) -> bool:
        tail = tokenizer.decode(ids[-reach:])
        return any(s in tail for s in stop)

    return ended
