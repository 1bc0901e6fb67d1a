"""The needles: what is hidden, where, what is asked, and what a right answer holds."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from evals.metrics.scoring import Reads

_ADJECTIVES = (
    "amber", "brass", "coral", "dusty", "early", "frozen", "golden", "hollow", "ivory", "jolly",
    "kindly", "lonely", "mossy", "narrow", "oaken", "polished", "quiet", "rusty", "silver", "tall",
    "upper", "velvet", "windy", "yellow",
)  # fmt: skip
_NOUNS = (
    "anchor", "bridge", "candle", "dolphin", "engine", "feather", "garden", "harbour", "island",
    "jacket", "kettle", "lantern", "mirror", "needlework", "orchard", "pebble", "quarry", "ribbon",
    "saddle", "tunnel", "umbrella", "valley", "windmill", "yard",
)  # fmt: skip


class Placed(NamedTuple):
    """A line to hide and its depth in percent of the haystack; depths keep their order."""

    line: str
    depth: float


@dataclass(frozen=True, slots=True)
class Needles:
    """What a task hides and asks.

    Args:
        placed: ascending by depth; ``main`` is the index of the one whose depth the cell reports.
        expected: values of a right answer; empty when the right answer is to abstain.
        wrong: values of the other needles.
        answer: a full answer sentence, which sizes the reply budget.
        lead: how an answer begins, giving nothing away; for styles that begin the reply.
        values: every random value, none of which may stand elsewhere in the prompt.
        lines: lines that replace the haystack's own (None: the haystack asked for).
        allows: whether a line may stand in the haystack; one that would change the answer may not.
    """

    placed: tuple[Placed, ...]
    main: int
    question: str
    expected: tuple[str, ...]
    wrong: tuple[str, ...]
    answer: str
    lead: str
    values: tuple[str, ...]
    lines: Callable[[random.Random], str] | None = None
    allows: Callable[[str], bool] = lambda line: True

    @property
    def rest(self) -> str:
        """What a right answer says after its lead."""
        if self.answer.startswith(self.lead):
            return self.answer.removeprefix(self.lead)
        return f" {', '.join(self.expected)}."


class Task(NamedTuple):
    """A kind of needle test. ``version`` changes with everything that changes its prompts;
    ``reads`` is how a reply to it is read."""

    version: int
    draw: Callable[[random.Random, float], Needles]
    reads: Reads = "values"


def _number(rng: random.Random) -> str:
    """Seven digits, not starting with 0."""
    return str(rng.randint(1_000_000, 9_999_999))


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _numbers(rng: random.Random, n: int) -> list[str]:
    found: list[str] = []
    while len(found) < n:
        value = _number(rng)
        if value not in found:
            found.append(value)
    return found


def _key(rng: random.Random) -> str:
    return f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)}"


def _keys(rng: random.Random, n: int) -> list[str]:
    """Keys that are easily confused: each shares a word with the first."""
    adjective, noun = rng.choice(_ADJECTIVES), rng.choice(_NOUNS)
    others = [f"{a} {noun}" for a in _ADJECTIVES if a != adjective]
    others += [f"{adjective} {other}" for other in _NOUNS if other != noun]
    return [f"{adjective} {noun}", *rng.sample(others, n - 1)]


def elsewhere(rng: random.Random, depth: float, n: int) -> list[float]:
    """Depths of ``n`` other needles, spread over the haystack, away from ``depth``."""
    step = 100 / n
    return [
        min(100.0, max(0.0, (i + 0.5) * step + rng.uniform(-0.3, 0.3) * step))
        if abs((i + 0.5) * step - depth) > 5
        else (depth + 50) % 100
        for i in range(n)
    ]


def spread(
    rng: random.Random, depth: float, texts: Sequence[str]
) -> tuple[tuple[Placed, ...], int]:
    """The first text at the depth, the others away from it, by depth; and where the first one came
    to be."""
    main = Placed(texts[0], depth)
    others = map(Placed, texts[1:], elsewhere(rng, depth, len(texts) - 1))
    ordered = sorted([main, *others], key=lambda needle: needle.depth)
    return tuple(ordered), ordered.index(main)


def _single(rng: random.Random, depth: float) -> Needles:
    key, value = _key(rng), _number(rng)
    line = f"The access code of the {key} is {value}."
    return Needles(
        placed=(Placed(line, depth),),
        main=0,
        question=f"What is the access code of the {key}?",
        expected=(value,),
        wrong=(),
        answer=line,
        lead=f"The access code of the {key} is",
        values=(value,),
    )


def _uuid_task(rng: random.Random, depth: float) -> Needles:
    key, value = _key(rng), _uuid(rng)
    line = f"The ticket number of the {key} is {value}."
    return Needles(
        placed=(Placed(line, depth),),
        main=0,
        question=f"What is the ticket number of the {key}?",
        expected=(value,),
        wrong=(),
        answer=line,
        lead=f"The ticket number of the {key} is",
        values=(value,),
    )


def _multikey(rng: random.Random, depth: float) -> Needles:
    """One of four needles with keys that are easily confused."""
    keys, values = _keys(rng, 4), _numbers(rng, 4)
    texts = [f"The access code of the {k} is {v}." for k, v in zip(keys, values, strict=True)]
    placed, at = spread(rng, depth, texts)
    return Needles(
        placed=placed,
        main=at,
        question=f"What is the access code of the {keys[0]}?",
        expected=(values[0],),
        wrong=tuple(values[1:]),
        answer=texts[0],
        lead=f"The access code of the {keys[0]} is",
        values=tuple(values),
    )


def _multivalue(rng: random.Random, depth: float) -> Needles:
    """Three values of one key; the first stands at the cell's depth."""
    key, values = _key(rng), _numbers(rng, 3)
    texts = [f"One of the access codes of the {key} is {v}." for v in values]
    placed, at = spread(rng, depth, texts)
    return Needles(
        placed=placed,
        main=at,
        question=f"What are all the access codes of the {key}?",
        expected=tuple(values),
        wrong=(),
        answer=f"The access codes of the {key} are {', '.join(values)}.",
        lead=f"The access codes of the {key} are",
        values=tuple(values),
    )


def _multiquery(rng: random.Random, depth: float) -> Needles:
    """Three needles, all asked for at once."""
    keys, values = _keys(rng, 3), _numbers(rng, 3)
    texts = [f"The access code of the {k} is {v}." for k, v in zip(keys, values, strict=True)]
    placed, at = spread(rng, depth, texts)
    return Needles(
        placed=placed,
        main=at,
        question=f"What are the access codes of the {keys[0]}, the {keys[1]} and the {keys[2]}?",
        expected=tuple(values),
        wrong=(),
        answer=" ".join(texts),
        lead=f"The access code of the {keys[0]} is",
        values=tuple(values),
    )


def _chain(rng: random.Random, depth: float) -> Needles:
    """A box names the next box; the third box's code is asked for by the first. The boxes that
    the question names score nothing by being repeated."""
    keys, value, decoy = _keys(rng, 3), *_numbers(rng, 2)
    stray = next(k for k in iter(lambda: _key(rng), "") if k not in keys)
    texts = [
        f"The {keys[0]} holds the key to the {keys[1]}.",
        f"The {keys[1]} holds the key to the {keys[2]}.",
        f"Inside the {keys[2]} lies the note {value}.",
        f"Inside the {stray} lies the note {decoy}.",
    ]
    placed, at = spread(rng, depth, texts)
    return Needles(
        placed=placed,
        main=at,
        question=f"Start at the {keys[0]} and follow the keys: which note lies in the last one?",
        expected=(value,),
        wrong=(decoy,),
        answer=" ".join(texts[:3]),
        lead="The note in the last one is",
        values=(value, decoy),
    )


def _latest(rng: random.Random, depth: float) -> Needles:
    """A value that is updated twice; only the last one counts. The last stands at the depth, the
    older ones before it, so the order of the text and of the updates agree."""
    key, values = _key(rng), _numbers(rng, 3)
    texts = [
        f"Version {i}: the access code of the {key} is now {v}." for i, v in enumerate(values, 1)
    ]
    depths = [depth * 0.3, depth * 0.7, depth]
    return Needles(
        placed=tuple(map(Placed, texts, depths)),
        main=2,
        question=f"What is the latest access code of the {key}?",
        expected=(values[2],),
        wrong=tuple(values[:2]),
        answer=texts[2],
        lead=f"The latest access code of the {key} is",
        values=tuple(values),
    )


_ORDINALS = ("first", "second", "third", "fourth")


def _ith(rng: random.Random, depth: float) -> Needles:
    """The i-th of four stories that differ in their number only; the i-th stands at the depth."""
    key, values, i = _key(rng), _numbers(rng, 4), rng.randrange(4)
    texts = [
        f"As a keeper of the {key}, I want to be called about code {v}, so that I can open it."
        for v in values
    ]
    before = [depth * (j + 1) / (i + 1) for j in range(i + 1)]
    after = [depth + (100 - depth) * (j + 1) / (4 - i) for j in range(3 - i)]
    return Needles(
        placed=tuple(map(Placed, texts, before + after)),
        main=i,
        question=(
            f"Four stories are told by a keeper of the {key}. "
            f"Which code does the {_ORDINALS[i]} of them name?"
        ),
        expected=(values[i],),
        wrong=tuple(v for v in values if v != values[i]),
        answer=texts[i],
        lead=f"The code that the {_ORDINALS[i]} of them names is",
        values=tuple(values),
    )


def _absent(rng: random.Random, depth: float) -> Needles:
    """Nothing to find: a look-alike stands at the depth, and the right answer is to abstain."""
    keys, value = _keys(rng, 2), _number(rng)
    line = f"The access code of the {keys[1]} is {value}."
    return Needles(
        placed=(Placed(line, depth),),
        main=0,
        question=f"What is the access code of the {keys[0]}?",
        expected=(),
        wrong=(value,),
        answer=f"The access code of the {keys[0]} is not stated in the text above.",
        lead=f"The access code of the {keys[0]} is",
        values=(value,),
    )


def _kv(rng: random.Random, depth: float) -> Needles:
    """A haystack of nothing but key-value pairs of random identifiers (Liu et al. 2023)."""
    key, value = _uuid(rng), _uuid(rng)

    def pair(draw: random.Random) -> str:
        return f'"{_uuid(draw)}": "{_uuid(draw)}"'

    line = f'"{key}": "{value}"'
    return Needles(
        placed=(Placed(line, depth),),
        main=0,
        question=f'Which value belongs to the key "{key}"?',
        expected=(value,),
        wrong=(),
        answer=line,
        lead=f'"{key}":',
        values=(value,),
        lines=pair,
    )


NEEDLES: Mapping[str, Task] = {
    "single": Task(1, _single),
    "uuid": Task(1, _uuid_task),
    "multikey": Task(1, _multikey),
    "multivalue": Task(1, _multivalue),
    "multiquery": Task(1, _multiquery),
    "chain": Task(1, _chain),
    "latest": Task(1, _latest),
    "ith": Task(1, _ith),
    "absent": Task(1, _absent),
    "kv": Task(1, _kv),
}
