"""How much of a text is its sources' own words, and in how long runs (Grusky et al. 2018).

Their greedy reading, left to right: at each word the longest run that stands somewhere in a source
is a fragment, and reading goes on behind it. Runs are found with a suffix automaton, in time linear
in text and sources together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from evals.claims import Text
from evals.statistics import Interval, ratio
from pipeline.gate.grounding import fields_of
from pipeline.stories import normalise

#: Words of a run whose novelty is looked at.
_RUN = 2


class Fragments(NamedTuple):
    """What a text shares with its sources.

    Args:
        lengths: words of every fragment, in the text's order.
        words: of the text.
        runs, new_runs: runs of two words in the text, and those in no source.
    """

    lengths: tuple[int, ...]
    words: int
    runs: int
    new_runs: int


class Runs:
    """Every run of tokens that stands in some sequences: their suffix automaton (Blumer et al.
    1985), with as many states as twice the tokens at most."""

    def __init__(self, sequences: Iterable[Sequence[Hashable]]) -> None:
        self._next: list[dict[Hashable, int]] = [{}]
        self._link, self._length = [-1], [0]
        for sequence in sequences:
            last = 0  # every sequence begins anew, so no run reaches from one into another
            for token in sequence:
                last = self._add(last, token)

    def longest(self, tokens: Sequence[Hashable], start: int) -> int:
        """Tokens of the longest known run that begins at a place."""
        state, place = 0, start
        while place < len(tokens) and (found := self._next[state].get(tokens[place])) is not None:
            state, place = found, place + 1
        return place - start

    def _add(self, last: int, token: Hashable) -> int:
        known = self._next[last].get(token)
        if known is not None:
            fits = self._length[known] == self._length[last] + 1
            return known if fits else self._split(last, token, known)
        new = self._state(self._length[last] + 1, {}, 0)
        state = last
        while state >= 0 and token not in self._next[state]:
            self._next[state][token] = new
            state = self._link[state]
        if state >= 0:
            other = self._next[state][token]
            fits = self._length[other] == self._length[state] + 1
            self._link[new] = other if fits else self._split(state, token, other)
        return new

    def _split(self, state: int, token: Hashable, other: int) -> int:
        """The shorter runs of a state as one of their own."""
        clone = self._state(self._length[state] + 1, dict(self._next[other]), self._link[other])
        self._link[other] = clone
        while state >= 0 and self._next[state].get(token) == other:
            self._next[state][token] = clone
            state = self._link[state]
        return clone

    def _state(self, length: int, following: dict[Hashable, int], link: int) -> int:
        self._next.append(following)
        self._length.append(length)
        self._link.append(link)
        return len(self._next) - 1


def fragments(text: Sequence[Hashable], sources: Iterable[Sequence[Hashable]]) -> Fragments:
    """The fragments of a text, both given as tokens."""
    known = Runs(sources)
    lengths: list[int] = []
    place = 0
    while place < len(text):
        length = known.longest(text, place)
        if length:
            lengths.append(length)
        place += max(1, length)
    runs = [text[i : i + _RUN] for i in range(len(text) - _RUN + 1)]
    new = sum(known.longest(run, 0) < _RUN for run in runs)
    return Fragments(tuple(lengths), len(text), len(runs), new)


def extractiveness(texts: Sequence[Text]) -> dict[str, Interval]:
    """Over all texts with a word, story by story for the interval: ``copied`` the share of words
    in fragments, ``density`` the mean length of the fragment that a word stands in (0 in none),
    ``new_pairs`` the share of neighbouring words that stand together in no source."""
    found = [_of(text) for text in texts]
    parts = {
        "copied": [(sum(one.lengths), one.words) for one in found],
        "density": [(sum(n * n for n in one.lengths), one.words) for one in found],
        "new_pairs": [(one.new_runs, one.runs) for one in found],
    }
    return {name: ratio(pairs, seed=0) for name, pairs in parts.items() if any(b for _, b in pairs)}


def _of(text: Text) -> Fragments:
    """Field by field: no fragment reaches from one into another."""
    sources = [normalise(value).split() for story in text.sources for _, value in story.fields]
    found = [fragments(normalise(value).split(), sources) for _, value in fields_of(text.text)]
    return Fragments(
        tuple(length for one in found for length in one.lengths),
        sum(one.words for one in found),
        sum(one.runs for one in found),
        sum(one.new_runs for one in found),
    )
