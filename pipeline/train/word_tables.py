"""The tables that training pairs are made from, and the words that they may not part by.

``data/training/*.txt`` was written for this project. A line is one thing; ``><`` parts its
meanings, ``|`` the wordings of a meaning, and ``{slot}`` stands for a line of another section.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pipeline.errors import InputError
from pipeline.text.words import WORD

#: What two needs are that differ in a modifier: "c" both cannot hold, "d" two functions, "o" one
#: holds the other.
Stand = Literal["c", "d", "o"]
#: Wordings of one meaning.
Wordings = tuple[str, ...]
_SLOT = re.compile(r"\{(!?)([a-z]+)(\d?)\}")


@dataclass(frozen=True, slots=True)
class Intent:
    """Something wanted: its meanings, each opposed to the others, and their wordings.

    Args:
        symmetric: like slots may be exchanged, and it is still the same need.
    """

    meanings: tuple[Wordings, ...]
    symmetric: bool

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots of its first meaning, with their numbers: ("place", "place2")."""
        return slots_in(self.meanings[0][0])


@dataclass(frozen=True, slots=True)
class Scale:
    """What may be said beside a need: meanings that exclude each other, in wordings."""

    stand: Stand
    meanings: tuple[Wordings, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that pairs are made of.

    Args:
        rows: of each section ("person", "cond" …) its lines, each with its meanings.
        synonyms, opposites: words of stories that may stand for each other, and that may not.
    """

    intents: tuple[Intent, ...]
    scales: tuple[Scale, ...]
    rows: Mapping[str, tuple[tuple[Wordings, ...], ...]]
    synonyms: tuple[Wordings, ...]
    opposites: tuple[tuple[str, str], ...]

    def wordings(self, section: str) -> tuple[str, ...]:
        """The first wording of each line of a section."""
        return tuple(row[0][0] for row in self.rows[section])


def slots_in(text: str) -> tuple[str, ...]:
    """The slots of a wording, each once, in their order."""
    return tuple(dict.fromkeys(f"{name}{n}" for _, name, n in _SLOT.findall(text)))


@lru_cache(maxsize=4)
def load_tables(folder: Path) -> Tables:
    """Read ``*.txt`` of a folder.

    Raises:
        InputError: a table is missing, or a slot names no section.
    """
    sections: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.txt")):
        name = ""
        for raw in path.read_text(encoding="utf-8").splitlines():
            line = raw.strip()
            if line.startswith("="):
                name = line[1:]
            elif line and not line.startswith("#"):
                sections.setdefault(name, []).append(line)
    known = ("intent", "scale", "synonym", "opposite", "person", "thing", "place", "benefit")
    if missing := [name for name in known if name not in sections]:
        raise InputError(
            f"the tables that training pairs are made from lack {', '.join(missing)}.",
            where=str(folder),
            next="They are part of the package; install it again.",
        )
    taken = {"intent", "scale", "synonym", "opposite"}
    rows = {
        name: tuple(_meanings(line) for line in lines)
        for name, lines in sections.items()
        if name not in taken
    }
    return Tables(
        intents=tuple(_intent(line) for line in sections["intent"]),
        scales=tuple(
            Scale(line[0], _meanings(line[2:]))  # type: ignore[arg-type]
            for line in sections["scale"]
        ),
        rows=rows,
        synonyms=tuple(_wordings(line) for line in sections["synonym"]),
        opposites=tuple(
            (one.strip(), other.strip())
            for one, _, other in (line.partition("><") for line in sections["opposite"])
        ),
    )


def _intent(line: str) -> Intent:
    return Intent(_meanings(line.removeprefix("~")), line.startswith("~"))


def _meanings(line: str) -> tuple[Wordings, ...]:
    return tuple(_wordings(part) for part in line.split("><"))


def _wordings(text: str) -> Wordings:
    return tuple(one.strip() for one in text.split("|") if one.strip())


@dataclass(frozen=True)
class HeldOut:
    """Words that an exam asks about: no two tellings of a training pair differ by a pair of them.

    Args:
        contrasts: pairs of words, each as the tokens of its phrase, that part two needs.
        synonyms: the same, that do not.
    """

    contrasts: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    synonyms: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    @property
    def single_words(self) -> frozenset[str]:
        """Each word that by itself is one side of a pair."""
        pairs = (*self.contrasts, *self.synonyms)
        return frozenset(side[0] for pair in pairs for side in pair if len(side) == 1)

    def parts(self, one: str, other: str, *, same: bool) -> bool:
        """Whether one of two texts has one word of a pair, and only the other has the other."""
        a, b = _padded(one), _padded(other)
        return any(
            _in(x, a) and not _in(x, b) and _in(y, b) and not _in(y, a)
            for p, q in (self.synonyms if same else self.contrasts)
            for x, y in ((p, q), (q, p))
        )


def _padded(text: str) -> str:
    return f" {' '.join(_words(text))} "


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text.lower()))


def _in(phrase: tuple[str, ...], text: str) -> bool:
    return f" {' '.join(phrase)} " in text


def load_held_out(files: Iterable[Path]) -> HeldOut:
    """The words of an exam, from its ``words*.json``."""
    contrasts: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    synonyms: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for path in files:
        told = json.loads(path.read_text(encoding="utf-8"))
        for language in told.values():
            if not isinstance(language, dict):
                continue
            for kind, into in (("contrasts", contrasts), ("synonyms", synonyms)):
                for pairs in language.get(kind, {}).values():
                    into += [(_words(a), _words(b)) for a, b in pairs]
    return HeldOut(tuple(contrasts), tuple(synonyms))
