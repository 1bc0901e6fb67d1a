"""Prompts of an exact length: the haystack is fitted until the rendered prompt, chat template and
question included, counts exactly what was asked for.

Counting whole rendered prompts, instead of adding up pieces, is what makes it exact: joining two
texts can change the tokens at the seam, and cutting a list of ids and decoding it again does not
always give the same number back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from evals.grids.needles import Placed
from pipeline.errors import InputError

#: What fills the last tokens: tried in order, the first that fits is taken. One of them adds
#: exactly one token with every tokenizer met so far.
_FILLERS = (" and", " so", " on", " a", " the", ".", " I", ",", " of", "a", "s")

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A haystack with its needles.

    Args:
        text: as it goes into the prompt.
        tokens: of the whole rendered prompt, by the counter it was fitted with.
        depths: where each needle came to stand: percent of the haystack's tokens before it.
    """

    text: str
    tokens: int
    depths: tuple[float, ...]


def fit(
    lines: Iterator[str], needles: Sequence[Placed], target: int, count: Count, *, where: str = ""
) -> Fitted:
    """The longest haystack whose prompt has at most ``target`` tokens; exactly as many whenever
    the counter can be hit.

    Args:
        lines: the haystack, without end.
        needles: ascending by depth.
        count: tokens of the whole prompt around a text.

    Raises:
        InputError: the needles and the question alone are longer than the target.
    """
    bare = count(_join([], "", needles))
    if bare > target:
        raise InputError(
            f"a prompt of {target} tokens is too short: {bare} are needed without any haystack.",
            where=where,
            next="Ask for longer prompts.",
        )
    hay: list[str] = []

    def length(n: int) -> int:
        return count(_join(hay[:n], "", needles))

    n_lines = 8
    while True:
        hay += islice(lines, n_lines - len(hay))
        if length(n_lines) > target:
            break
        n_lines *= 2
    # The most lines that fit, then the most words of the next line, then the last few tokens.
    kept = _most(n_lines, lambda n: length(n) <= target)
    words = hay[kept].split()
    some = _most(
        len(words),
        lambda n: count(_join(hay[:kept], " ".join(words[:n]), needles)) <= target,
    )
    hay, tail = hay[:kept], " ".join(words[:some])
    if not tail and hay:  # a new line costs two tokens at least: lengthen the last one instead
        tail = hay.pop()
    tail, tokens = _fill(hay, tail, needles, target, count)
    return Fitted(
        text=_join(hay, tail, needles),
        tokens=tokens,
        depths=_depths(hay, tail, needles, count),
    )


def _most(top: int, fits: Callable[[int], bool]) -> int:
    """The largest n in 0 … top - 1 that fits, given that 0 does and fitting is monotone."""
    low, high = 0, top
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _fill(
    hay: Sequence[str], tail: str, needles: Sequence[Placed], target: int, count: Count
) -> tuple[str, int]:
    """Lengthen the tail by fillers up to the target, taking words back where none fits."""
    best = (count(_join(hay, tail, needles)), tail)
    for taken_back in range(4):
        text = tail.rsplit(" ", taken_back)[0] if taken_back else tail
        tokens = count(_join(hay, text, needles))
        for _ in range(200):
            if tokens == target:
                return text, tokens
            step = next(
                (
                    (found, longer)
                    for longer in (text + filler for filler in _FILLERS)
                    if tokens < (found := count(_join(hay, longer, needles))) <= target
                ),
                None,
            )
            if step is None:
                break
            tokens, text = step
        best = max(best, (tokens, text))
    return best[1], best[0]


def _places(hay: Sequence[str], needles: Sequence[Placed]) -> list[int]:
    """Before which line each needle goes: the line end nearest to its depth by characters."""
    ends = [0]
    for line in hay:
        ends.append(ends[-1] + len(line) + 1)
    return [
        min(range(len(ends)), key=lambda i: abs(ends[i] - depth / 100 * ends[-1]))
        for _, depth in needles
    ]


def _join(hay: Sequence[str], tail: str, needles: Sequence[Placed], upto: int | None = None) -> str:
    """Lines, needles and tail as one text; with ``upto`` only what stands before that needle,
    needles left out. A needle at 100 % stands after the tail."""
    places = _places(hay, needles)
    parts: list[str] = []
    for i in range(len(hay) + 1):
        for number, place in enumerate(places):
            if place == i and needles[number].depth < 100:
                if number == upto:
                    return "\n".join(parts)
                if upto is None:
                    parts.append(needles[number].line)
        if i < len(hay):
            parts.append(hay[i])
    if tail:
        parts.append(tail)
    if upto is None:
        parts += [needle.line for needle in needles if needle.depth >= 100]
    return "\n".join(parts)


def _depths(
    hay: Sequence[str], tail: str, needles: Sequence[Placed], count: Count
) -> tuple[float, ...]:
    empty = count("")
    whole = count(_join(hay, tail, needles, upto=len(needles))) - empty
    if whole <= 0:
        return tuple(needle.depth for needle in needles)
    return tuple(
        round(100 * (count(_join(hay, tail, needles, upto=i)) - empty) / whole, 2)
        for i in range(len(needles))
    )
