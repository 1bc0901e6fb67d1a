"""Needs and how they are told: a meaning first, then wordings of it.

A need is a core (an intent of the tables, or the goal of a story), modifiers and details. What two
tellings have in common is decided before either is worded, so that the answer is known whatever
the words are. The wording of each part follows from a seed and the part's name: two needs told
under one seed differ only in what they mean.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from pipeline.outcomes import StoryText
from pipeline.train.word_tables import Tables, slots_in

Shape = Literal["agile", "front", "criteria", "gherkin", "narrative"]
_SLOT = re.compile(r"\{(!?)([a-z]+)(\d?)\}('?s\b)?")


class Core(Protocol):
    """What is wanted, without its circumstances."""

    def worded(self, tables: Tables, rng: random.Random) -> str:
        """As what follows "I want to", or, after "S:", as a sentence of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Filler:
    """What stands in a slot: a line of a section, and which of its meanings."""

    section: str
    row: int
    meaning: int = 0


@dataclass(frozen=True, slots=True)
class FromTable:
    """An intent with what fills its slots.

    Args:
        negated: it must not be possible.
    """

    intent: int
    meaning: int
    slots: tuple[tuple[str, Filler], ...]
    negated: bool = False

    def worded(self, tables: Tables, rng: random.Random) -> str:
        wording = rng.choice(tables.intents[self.intent].meanings[self.meaning])
        told = fill(wording, dict(self.slots), tables, rng)
        return _denied(told, rng) if self.negated else told


@dataclass(frozen=True, slots=True)
class Modifier:
    """A meaning of a scale, with what fills its slots."""

    scale: int
    meaning: int
    slots: tuple[tuple[str, Filler], ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What is meant.

    Args:
        details: rows of the section of details.
        also: another need that is asked for in the same breath.
    """

    core: Core
    modifiers: tuple[Modifier, ...] = ()
    details: tuple[int, ...] = ()
    also: Core | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a need is told.

    Args:
        seed: of the wordings of its parts.
        benefit: what for, "" to leave it out.
    """

    seed: str
    shape: Shape
    benefit: str = ""


def _rng(seed: str, part: str) -> random.Random:
    return random.Random(f"{seed}/{part}")


def tell(need: Need, manner: Manner, tables: Tables) -> StoryText:
    """A need in words."""
    core = need.core.worded(tables, _rng(manner.seed, "core"))
    said = [_modifier(one, manner.seed, tables) for one in need.modifiers]
    details = [
        _rng(manner.seed, f"detail {row}").choice(tables.rows["detail"][row][0])
        for row in need.details
    ]
    told = _SHAPES[manner.shape](core, said, details, _rng(manner.seed, "shape"))
    if need.also is not None:
        also = need.also.worded(tables, _rng(manner.seed, "also"))
        told = _joined(told, also, _rng(manner.seed, "joint"))
    return replace(told, benefit=manner.benefit if told.goal else "")


def fill(wording: str, slots: dict[str, Filler], tables: Tables, rng: random.Random) -> str:
    """A wording with its slots filled, each in a wording of its own; what takes an ending, in the
    first, which is the shortest."""

    def word(found: re.Match[str]) -> str:
        other, section, n = found[1], found[2], found[3]
        filler = slots.get(f"{section}{n}")
        if filler is None:
            return found[0]
        row = tables.rows[filler.section][filler.row]
        meaning = 1 - filler.meaning if other else filler.meaning
        ending = found[4] or ""
        return row[meaning][0] + ending if ending else rng.choice(row[meaning])

    return _articles(_SLOT.sub(word, wording))


_ARTICLE = re.compile(r"\b(a|an) (\w)")
_DOUBLE = re.compile(
    r"\b(?:the|a|an|my) (the|a|an|any|each|some\w*|who\w*|what\w*|information) ", re.IGNORECASE
)


def _articles(text: str) -> str:
    text = _DOUBLE.sub(r"\1 ", text)
    return _ARTICLE.sub(lambda m: f"{'an' if m[2] in 'aeio' else 'a'} {m[2]}", text)


def _modifier(one: Modifier, seed: str, tables: Tables) -> str:
    rng = _rng(seed, f"scale {one.scale}")
    wording = rng.choice(tables.scales[one.scale].meanings[one.meaning])
    for name, value in one.numbers:
        wording = wording.replace(f"{{{name}}}", value)
    return fill(wording, dict(one.slots), tables, rng)


def _denied(told: str, rng: random.Random) -> str:
    if told.startswith("S:"):
        return "S:it must not come to this: " + told[2:]
    return rng.choice(
        (
            f"S:it must be impossible to {told}",
            f"S:nobody may {told}",
            f"S:I must never get to {told}",
        )
    )


def _agile(core: str, said: list[str], details: list[str], rng: random.Random) -> StoryText:
    rng.shuffle(said)
    told = " ".join([_sentence(core), *said])
    for detail in details:
        told += _as_clause(detail)
    # A sentence of its own is not a goal: "I want to" is written before one.
    return StoryText(body=(told,)) if core.startswith("S:") else StoryText(goal=told)


def _front(core: str, said: list[str], details: list[str], rng: random.Random) -> StoryText:
    if not said:
        return _agile(core, said, details, rng)
    rng.shuffle(said)
    first, rest = said[0], said[1:]
    inner = _sentence(core)
    if not core.startswith("S:"):
        frame = rng.choice(
            ("I want to {}", "I have to be able to {}", "it should be possible to {}", "let me {}")
        )
        inner = frame.format(inner)
    told = " ".join([f"{_upper(first)}, {_lower(inner)}", *rest])
    for detail in details:
        told += _as_clause(detail)
    return StoryText(body=(told,))


def _criteria(core: str, said: list[str], details: list[str], rng: random.Random) -> StoryText:
    lines = [
        rng.choice(
            ("This is done {}", "It works {}", "{}", "That happens {}", "Always: {}")
        ).format(one)
        for one in said
    ]
    lines += [_as_line(detail) for detail in details]
    rng.shuffle(lines)
    criteria = tuple(_upper(line) for line in lines)
    if core.startswith("S:"):
        return StoryText(criteria=(_sentence(core), *criteria))
    return StoryText(goal=core, criteria=criteria)


def _gherkin(core: str, said: list[str], details: list[str], rng: random.Random) -> StoryText:
    when = (
        f"When I am at that point, {core[2:]}"
        if core.startswith("S:")
        else rng.choice((f"When I {core}", f"When somebody tries to {core}"))
    )
    steps = [
        rng.choice(("Given I am signed in", "Given I have opened the app", "Given it is my turn"))
    ]
    steps.append(when)
    if said:
        steps.append(f"Then it goes through {said[0]}")
        steps += [f"And this holds: {one}" for one in said[1:]]
    else:
        steps.append(rng.choice(("Then it goes through", "Then that works", "Then it is done")))
    steps += [f"And {_as_line(one)}" for one in details]
    return StoryText(criteria=tuple(steps))


_CHATTER = (
    "I have worked here for nine years.",
    "We are a small team.",
    "It came up again last week.",
    "This is how we have always done it, more or less.",
    "You know how things are here.",
    "I do not care how it looks.",
    "My predecessor wished for it too.",
    "Nothing fancy is needed.",
    "Most of us are not good with computers.",
    "I wrote about this once already.",
)


def _narrative(core: str, said: list[str], details: list[str], rng: random.Random) -> StoryText:
    wish = core[2:] if core.startswith("S:") else core
    if core.startswith("S:"):
        first = _upper(wish)
    else:
        first = rng.choice(
            (
                "What I need is to {}",
                "I would like to {}",
                "My wish: to {}",
                "It would be good to {}",
            )
        ).format(wish)
    body = [first]
    if said and rng.random() < 0.5:
        body[0] += " " + " ".join(said)
    else:
        body += [
            rng.choice(("And that {}", "All this {}", "It should be so {}")).format(x) for x in said
        ]
    body += [_upper(_as_line(detail)) for detail in details]
    chatter = rng.choice(_CHATTER)
    body.insert(rng.choice((0, len(body))), chatter)
    return StoryText(body=tuple(f"{line.rstrip('.')}." for line in body))


_SHAPES = {
    "agile": _agile,
    "front": _front,
    "criteria": _criteria,
    "gherkin": _gherkin,
    "narrative": _narrative,
}


def _joined(told: StoryText, also: str, rng: random.Random) -> StoryText:
    wish = also[2:] if also.startswith("S:") else also
    if told.goal and not also.startswith("S:") and rng.random() < 0.6:
        return replace(told, goal=f"{told.goal}, and to {wish}")
    line = _upper(wish) if also.startswith("S:") else f"Moreover I want to {wish}"
    if told.body:
        return replace(told, body=(*told.body, f"{line}."))
    return replace(told, criteria=(*told.criteria, line))


def _sentence(core: str) -> str:
    return _upper(core[2:]) if core.startswith("S:") else core


def _as_clause(detail: str) -> str:
    return f" {detail}" if detail.startswith("and ") else f", {detail}"


def _as_line(detail: str) -> str:
    told = detail.removeprefix("and ")
    return f"I can {told}" if detail != told else told


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    """A sentence as it goes on behind a comma."""
    return text if text.startswith(("I ", "I'")) else text[:1].lower() + text[1:]


class Maker:
    """Draws needs, and others that stand to them in a known way.

    Args:
        intents, scales: which of the tables may be used, by their places.
    """

    def __init__(
        self, tables: Tables, rng: random.Random, intents: Sequence[int], scales: Sequence[int]
    ) -> None:
        self.tables, self.rng = tables, rng
        self.intents, self.scales = list(intents), list(scales)

    def core(self) -> FromTable:
        """An intent with drawn fillers."""
        number = self.rng.choice(self.intents)
        meaning = self.rng.randrange(len(self.tables.intents[number].meanings))
        return FromTable(number, meaning, self._fillers(self.tables.intents[number].slots))

    def core_with(self, wanted: Callable[[FromTable], bool]) -> FromTable | None:
        """A drawn intent that has what is asked for; None where none of 60 has it."""
        return next((one for _ in range(60) if wanted(one := self.core())), None)

    def _fillers(self, names: Sequence[str]) -> tuple[tuple[str, Filler], ...]:
        found: dict[str, Filler] = {}
        for name in names:
            section = name.rstrip("0123456789")
            taken = {filler.row for filler in found.values() if filler.section == section}
            rows = self.tables.rows[section]
            row = self.rng.choice([n for n in range(len(rows)) if n not in taken])
            found[name] = Filler(section, row, self.rng.randrange(min(2, len(rows[row]))))
        return tuple(found.items())

    def modifier(self, scale: int | None = None) -> Modifier:
        """A meaning of a scale."""
        number = self.rng.choice(self.scales) if scale is None else scale
        meanings = self.tables.scales[number].meanings
        text = " ".join(w for meaning in meanings for w in meaning)
        names = [n for n in slots_in(text) if n.rstrip("0123456789") in self.tables.rows]
        n = self.rng.choice(
            (2, 3, 4, 6, 8, 9, 11, 12, 16, 18, 24, 25, 40, 60, 75, 80, 150, 200, 365)
        )
        m = self.rng.choice(
            [k for k in (2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 70, 120, 250) if k != n]
        )
        return Modifier(
            number,
            self.rng.randrange(len(meanings)),
            self._fillers(names),
            (("n", str(n)), ("m", str(m))),
        )

    def need(self, core: Core | None = None, *, plain: bool = False) -> Need:
        """A need with none to two circumstances and details.

        Args:
            plain: one circumstance at most, and no detail.
        """
        n_modifiers = self.rng.choices((0, 1, 2), (0.5, 0.4, 0.1))[0]
        scales = self.rng.sample(self.scales, min(n_modifiers, 1) if plain else n_modifiers)
        n_details = self.rng.choices((0, 1, 2), (0.76, 0.21, 0.03))[0] * (not plain)
        details = self.rng.sample(range(len(self.tables.rows["detail"])), n_details)
        return Need(
            core or self.core(), tuple(self.modifier(one) for one in scales), tuple(details)
        )
