"""Thousands of things of a few kinds, held as columns instead of as thousands of objects."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar, overload

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True)
class Kinds(Generic[K]):
    """Things by their kinds, in order.

    Args:
        each: every kind once.
        of: of each thing the place of its kind.
    """

    each: Sequence[K]
    of: Sequence[int]

    @cached_property
    def counted(self) -> list[tuple[K, int]]:
        """The kinds in the order in which they first come, and how many things are of each."""
        return [(self.each[place], n) for place, n in Counter(self.of).items()]

    def __len__(self) -> int:
        return len(self.of)

    def __iter__(self) -> Iterator[K]:
        return map(self.each.__getitem__, self.of)


def kinds_of(things: Iterable[K]) -> Kinds[K]:
    """Things as kinds: those that are equal are of one."""
    places: dict[K, int] = {}
    of = [places.setdefault(thing, len(places)) for thing in things]
    return Kinds(list(places), of)


class Columns(Sequence[T], Generic[T, K]):
    """Things that are made objects of when the first of them is asked for.

    Args:
        kinds: what can be said of them without that.
    """

    def __init__(self, kinds: Kinds[K]) -> None:
        self.kinds = kinds

    @property
    @abstractmethod
    def keys(self) -> Sequence[str]:
        """What each of them is known by."""

    @property
    @abstractmethod
    def lines(self) -> Iterable[str]:
        """What each of them adds to the hash of all."""

    @abstractmethod
    def made(self, place: int) -> T:
        """One of them as an object."""

    @cached_property
    def _all(self) -> tuple[T, ...]:
        return tuple(map(self.made, range(len(self))))

    def __len__(self) -> int:
        return len(self.kinds)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return self._all[place]

    def __iter__(self) -> Iterator[T]:
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all)


def lines_of(things: Sequence[T], line: Callable[[T], str]) -> Iterable[str]:
    """:attr:`Columns.lines`; of things that are objects, the line of each."""
    return things.lines if isinstance(things, Columns) else map(line, things)
