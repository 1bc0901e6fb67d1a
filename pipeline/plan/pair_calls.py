"""Thousands of questions about pairs, as columns: sizes and keys without the questions themselves.

Every prompt of them is the same but for two texts that stand on a line of their own, and a story is
in several. So each line is counted once, in each of its two places, and each text is written as
JSON once; what follows is sums and hashes. What a question is, :mod:`pipeline.plan.pairs` says: the
columns are those of its calls, to the token and to the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.calls import Call, Request, Size, TokenCount, canonical_json
from pipeline.columns import Columns, Kinds
from pipeline.plan.call_factory import CallFactory
from pipeline.tokens.token_cache import TwoLines
from pipeline.tokens.token_counters import two_lines

#: Makes the question about two tellings (id, text) at a place of the plan.
Question = Callable[[CallFactory, tuple[str, str], tuple[str, str], int], Call]
#: Stands for a text, to see where a prompt shows it.
_ONE, _OTHER = "one", "other"


class PairCalls(Columns[Call, Size]):
    """Questions about pairs.

    Args:
        texts: of the stories, by id.
        pairs: ids of the two stories of each question.
        sizes: of the questions.
    """

    def __init__(
        self,
        factory: CallFactory,
        question: Question,
        texts: Mapping[str, str],
        pairs: Sequence[tuple[str, str]],
        sizes: Kinds[Size],
    ) -> None:
        super().__init__(sizes)
        self._factory, self._question, self._texts, self._pairs = factory, question, texts, pairs

    @cached_property
    def keys(self) -> Sequence[str]:
        if not self._pairs:
            return []
        first = self.made(0).request
        prompt = self._factory.prompt(first.prompt)
        told = {name: canonical_json(text)[1:-1] for name, text in self._texts.items()}
        values = ({_ONE: told[a], _OTHER: told[b]} for a, b in self._pairs)
        return list(first.keys_with(prompt.rendered(values)))

    @property
    def lines(self) -> Iterator[str]:
        return (f"A,{a},B,{b}" for a, b in self._pairs)

    def made(self, place: int) -> Call:
        a, b = self._pairs[place]
        return self._question(self._factory, (a, self._texts[a]), (b, self._texts[b]), place + 1)


@dataclass
class Measure:
    """The sizes of questions about pairs, each line counted once.

    Args:
        texts: of the stories, by id.
    """

    factory: CallFactory
    question: Question
    texts: Mapping[str, str]
    _heads: tuple[str, str] = ("", "")
    _counts: TwoLines | None = None
    _first: dict[str, int | None] = field(default_factory=dict)
    _second: dict[str, int | None] = field(default_factory=dict)
    _known: dict[int, Size] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._example = self.question(self.factory, ("", _ONE), ("", _OTHER), 1)
        heads = _heads(self._example.request)
        if heads is not None:
            self._heads = heads
            self._counts = two_lines(self.factory.counter, self._example.request)

    def of(self, a: str, b: str) -> Size:
        """The size of the question about two stories (ids)."""
        if self._counts is not None:
            one, other = self._tokens(self._counts, a, b)
            if one is not None and other is not None:
                n = one + other
                if n not in self._known:
                    self._known[n] = self._sized(self._counts.whole(n))
                return self._known[n]
        texts = self.texts
        return self._sized(self.question(self.factory, (a, texts[a]), (b, texts[b]), 1).input)

    def _tokens(self, counts: TwoLines, a: str, b: str) -> tuple[int | None, int | None]:
        if a not in self._first:
            self._first[a] = counts.first(self._heads[0] + self.texts[a]) if self.texts[a] else None
        if b not in self._second:
            text = self._heads[1] + self.texts[b]
            self._second[b] = counts.second(text) if self.texts[b] else None
        return self._first[a], self._second[b]

    def _sized(self, tokens: TokenCount) -> Size:
        return self._example.size._replace(input=tokens)


def _heads(request: Request) -> tuple[str, str] | None:
    """What a question writes in front of its two texts, each at the end of a line of the last turn
    that begins with a letter; None where it shows them in another way."""
    *before, last = request.messages
    lines = last.content.split("\n")
    ends = (_ONE, _OTHER)
    if request.shared != len(before) or len(lines) != len(ends):
        return None
    heads = [line.removesuffix(end) for line, end in zip(lines, ends, strict=True)]
    if any(
        not (head[:1].isascii() and head[:1].isalpha() and line == head + end)
        for head, line, end in zip(heads, lines, ends, strict=True)
    ):
        return None
    return heads[0], heads[1]
