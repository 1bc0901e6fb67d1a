"""Needs that stand to a need in a known way: exchanged, opposed, reversed, added to, widened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.entries import Answer
from pipeline.train.generated_needs import Filler, FromTable, Maker, Modifier, Need

_OF_STAND = {"c": Answer.CONTRADICTING, "d": Answer.DIFFERENT, "o": Answer.OVERLAPPING}


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two needs, what the one is to the other, and the kind of the difference."""

    one: Need
    other: Need
    answer: Answer
    kind: str


Change = Callable[[Need, Maker], "Contrast | None"]


def other_circumstance(need: Need, maker: Maker) -> Contrast | None:
    """Another meaning of a modifier's scale; the need is given one where it has none."""
    one = need if need.modifiers else replace(need, modifiers=(maker.modifier(),))
    place = maker.rng.randrange(len(one.modifiers))
    old = one.modifiers[place]
    scale = maker.tables.scales[old.scale]
    others = [n for n in range(len(scale.meanings)) if n != old.meaning]
    other = _with(one, place, replace(old, meaning=maker.rng.choice(others)))
    return Contrast(
        one, other, _OF_STAND[scale.stand], "scope" if scale.stand == "o" else "small word"
    )


def other_number(need: Need, maker: Maker) -> Contrast | None:
    """Another number in a modifier that has one."""
    numbered = [n for n in maker.scales if "{n}" in maker.tables.scales[n].meanings[0][0]]
    if not numbered:
        return None
    one = replace(need, modifiers=(maker.modifier(maker.rng.choice(numbered)), *need.modifiers[:1]))
    old = replace(one.modifiers[0], meaning=0)
    n = int(dict(old.numbers)["n"])
    m = maker.rng.choice([k for k in (n + 1, n * 3, n + 13, n - 1, n + 4) if k not in (n, 0)])
    new = replace(old, numbers=(("n", str(m)), *old.numbers[1:]))
    return Contrast(_with(one, 0, old), _with(one, 0, new), Answer.CONTRADICTING, "quantity")


def _with(need: Need, place: int, modifier: Modifier) -> Need:
    return replace(
        need, modifiers=(*need.modifiers[:place], modifier, *need.modifiers[place + 1 :])
    )


def other_thing(need: Need, maker: Maker) -> Contrast | None:
    """Another actor, object, place or happening in one slot."""
    core = need.core
    if not isinstance(core, FromTable) or not core.slots:
        return None
    name, old = maker.rng.choice(core.slots)
    rows = maker.tables.rows[old.section]
    taken = {filler.row for _, filler in core.slots if filler.section == old.section}
    row = maker.rng.choice([n for n in range(len(rows)) if n not in taken])
    new = Filler(old.section, row, min(old.meaning, len(rows[row]) - 1))
    if len(rows[old.row]) > 1 and maker.rng.random() < 0.6:
        new = replace(old, meaning=1 - old.meaning)
    return _core(need, _put(core, {name: new}), Answer.DIFFERENT, "actor or object")


def _twins(core: FromTable) -> list[tuple[str, str]]:
    slots = dict(core.slots)
    return [(n.rstrip("2"), n) for n in slots if n.endswith("2") and n.rstrip("2") in slots]


def exchanged(need: Need, maker: Maker) -> Contrast | None:
    """Two like slots exchanged: "out of A into B", "out of B into A"."""
    core = maker.core_with(lambda one: bool(_twins(one)))
    if core is None:
        return None
    need, slots = replace(need, core=core), dict(core.slots)
    a, b = _twins(core)[0]
    same = maker.tables.intents[core.intent].symmetric
    turned = _put(core, {a: slots[b], b: slots[a]})
    return _core(need, turned, Answer.ONE_NEED if same else Answer.DIFFERENT, "order")


def opposed(need: Need, maker: Maker) -> Contrast | None:
    """The opposite of what is wanted: hire, dismiss."""
    intents = maker.tables.intents
    core = maker.core_with(lambda one: len(intents[one.intent].meanings) > 1)
    if core is None:
        return None
    return _core(
        replace(need, core=core),
        replace(core, meaning=1 - core.meaning),
        Answer.DIFFERENT,
        "verb opposite",
    )


def denied(need: Need, maker: Maker) -> Contrast | None:
    """It must not be possible."""
    core = need.core
    if not isinstance(core, FromTable):
        return None
    return _core(need, replace(core, negated=True), Answer.CONTRADICTING, "another rule")


def other_intent(need: Need, maker: Maker) -> Contrast | None:
    """Something else wanted of the same people and things."""
    core = need.core
    if not isinstance(core, FromTable):
        return None
    other = maker.core()
    mine = dict(core.slots)
    kept = {name: mine[name] for name, _ in other.slots if name in mine}
    if other.intent == core.intent or not kept:
        return None
    return _core(need, _put(other, kept), Answer.DIFFERENT, "another need")


def other_need(need: Need, maker: Maker) -> Contrast | None:
    """Another need under the same circumstances."""
    return Contrast(need, replace(need, core=maker.core()), Answer.DIFFERENT, "another need")


def detail_added(need: Need, maker: Maker) -> Contrast | None:
    """A detail more."""
    rows = range(len(maker.tables.rows["detail"]))
    detail = maker.rng.choice([row for row in rows if row not in need.details])
    more = replace(need, details=(*need.details, detail))
    return Contrast(need, more, Answer.OVERLAPPING, "detail added")


def circumstance_added(need: Need, maker: Maker) -> Contrast | None:
    """A condition, bound or way of doing it that the other does not ask for."""
    free = [n for n in maker.scales if n not in {m.scale for m in need.modifiers}]
    more = replace(need, modifiers=(*need.modifiers, maker.modifier(maker.rng.choice(free))))
    return Contrast(need, more, Answer.OVERLAPPING, "condition")


def also_wanted(need: Need, maker: Maker) -> Contrast | None:
    """A second need in the same breath."""
    return Contrast(need, replace(need, also=maker.core()), Answer.OVERLAPPING, "detail added")


def widened(need: Need, maker: Maker) -> Contrast | None:
    """One slot widened to a whole class."""
    core = need.core
    if not isinstance(core, FromTable):
        return None
    worded = " ".join(maker.tables.intents[core.intent].meanings[core.meaning])
    wide = [
        name
        for name, filler in core.slots
        if f"any {filler.section}" in maker.tables.rows
        and f"{{{name}}}s" not in worded
        and f"{{{name}}}'s" not in worded
    ]
    if not wide:
        return None
    name = maker.rng.choice(wide)
    section = f"any {dict(core.slots)[name].section}"
    new = Filler(section, maker.rng.randrange(len(maker.tables.rows[section])))
    return _core(need, _put(core, {name: new}), Answer.OVERLAPPING, "generalisation")


def _put(core: FromTable, new: dict[str, Filler]) -> FromTable:
    return replace(core, slots=tuple((name, new.get(name, old)) for name, old in core.slots))


def _core(need: Need, core: FromTable, answer: Answer, kind: str) -> Contrast:
    return Contrast(need, replace(need, core=core), answer, kind)


#: The changes with their weights: what is hard for word-level code comes most often.
CHANGES: tuple[tuple[Change, float], ...] = (
    (other_circumstance, 4.0),
    (other_number, 1.3),
    (other_thing, 3.0),
    (exchanged, 3.0),
    (opposed, 3.0),
    (denied, 0.7),
    (other_intent, 2.2),
    (other_need, 0.4),
    (detail_added, 2.6),
    (circumstance_added, 2.2),
    (also_wanted, 1.2),
    (widened, 2.2),
)
