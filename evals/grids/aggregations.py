"""What cannot be read off one line: counting, the last version, contradictions, differences.

Each task plants stories in the form of those around them and asks what only several of them
together tell. Answers are exact: a number, or the codes of stories, drawn anew for every prompt.
Stories of the haystack that would change an answer are left out of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from evals.corpora.haystack import Domain, domains
from evals.grids.needles import NEEDLES, Needles, Task, spread
from pipeline.errors import InputError

#: Roles that are counted, by twos that are easily taken for each other.
_ROLES = (
    ("harbour pilot", "harbour master"), ("bus driver", "bus inspector"),
    ("night porter", "night nurse"), ("stage manager", "stage painter"),
    ("crane operator", "crane inspector"), ("survey clerk", "survey leader"),
)  # fmt: skip
#: What two stories say of one thing that cannot both be so.
_OPPOSED = (
    ("{thing} stays open for changes after it was sent", "{thing} is locked once it was sent"),
    ("{thing} is shown to every {role}", "{thing} is hidden from every {role}"),
    ("{thing} is kept for ten years", "{thing} is deleted after one month"),
    ("an e-mail tells me when {thing} changes", "no e-mail is sent when {thing} changes"),
    ("{thing} needs the approval of two people", "{thing} needs nobody's approval"),
)
_CONDITIONS = (
    "only on working days", "only after a second confirmation", "without leaving the list",
    "for up to twelve months back", "together with its history", "in large print",
    "with one hand", "while somebody else has it open",
)  # fmt: skip
_LETTERS = "BCDFGHJKLMNPQRTVWXZ"


def _count(rng: random.Random, depth: float) -> Needles:
    """How many stories a role tells, among those of a role that is called nearly so."""
    role, other = rng.sample(rng.choice(_ROLES), 2)
    n, others = rng.randint(2, 6), rng.randint(1, 2)
    told = [_story(who, *wish) for who, wish in zip(
        [role] * n + [other] * others, _wishes(rng, n + others), strict=True)]  # fmt: skip
    return _needles(
        rng, depth, told,
        question=f"How many of the stories are told by a {role}? Answer with a number.",
        expected=(str(n),),
        answer=f"There are {n} stories told by a {role}.",
        lead=f"The number of stories told by a {role} is",
        never=(role, other),
    )  # fmt: skip


def _version(rng: random.Random, depth: float) -> Needles:
    """What the last version of a story says, where versions come in any order and another story
    has later ones."""
    keys = [f"{_letters(rng, 3)}-{n}" for n in rng.sample(range(10, 100), 2)]
    limits = _four_digits(rng, 5)
    domain = rng.choice(domains())
    role, thing = rng.choice(domain.roles), rng.choice(domain.things)
    versions = [(keys[0], 3), (keys[0], 1), (keys[0], 2), (keys[1], 4), (keys[1], 5)]
    told = [
        f"{key}, version {v}: As {_a(role)}, I want to see at most {limit} entries of {thing}."
        for (key, v), limit in zip(versions, limits, strict=True)
    ]
    return _needles(
        rng, depth, told,
        question=f"How many entries at most does the latest version of story {keys[0]} ask for?",
        expected=(limits[0],),
        wrong=limits[1:],
        answer=f"The latest version of {keys[0]} asks for at most {limits[0]} entries.",
        lead=f"The latest version of story {keys[0]} asks for at most",
        values=limits,
        never=keys,
    )  # fmt: skip


def _contradiction(rng: random.Random, depth: float) -> Needles:
    """Which two stories contradict each other, among such as say one side only."""
    n = 6
    codes, domain = _codes(rng, n), rng.choice(domains())
    role = rng.choice(domain.roles)
    things = rng.sample(domain.things, 5)
    sides = list(rng.choice(_OPPOSED))
    rng.shuffle(sides)
    said = [(sides[0], things[0]), (sides[1], things[0])]
    said += [(rng.choice(rng.choice(_OPPOSED)), thing) for thing in things[1:]]
    told = [
        f"{code}: As {_a(role)}, I want that {side.format(thing=thing, role=role)}."
        for code, (side, thing) in zip(codes, said, strict=True)
    ]
    return _needles(
        rng, depth, told,
        question=f"Which two stories of the {role} contradict each other? Answer with their codes.",
        expected=codes[:2],
        wrong=codes[2:],
        answer=f"The stories {codes[0]} and {codes[1]} contradict each other.",
        lead="The codes of the two stories are",
        values=codes,
    )  # fmt: skip


def _difference(rng: random.Random, depth: float) -> Needles:
    """Which story stands in list A and not in list B, where B holds one that A does not."""
    n = 4
    codes = _codes(rng, n + 1)
    roles = [rng.choice(rng.choice(domains()).roles) for _ in codes]
    stories = [_story(role, *wish) for role, wish in zip(roles, _wishes(rng, n + 1), strict=True)]
    told = [f"List A, {codes[i]}: {stories[i]}" for i in range(n)]
    told += [f"List B, {codes[i]}: {stories[i]}" for i in range(1, n + 1)]
    return _needles(
        rng, depth, told,
        question="Which story is in list A and not in list B? Answer with its code.",
        expected=codes[:1],
        wrong=codes[1:],
        answer=f"Story {codes[0]} is in list A and not in list B.",
        lead="The code of the story is",
        values=codes,
        never=("list a,", "list b,"),
    )  # fmt: skip


def _alike(rng: random.Random, depth: float) -> Needles:
    """Which of six stories that differ in a few words says something."""
    n = 6
    codes, conditions = _codes(rng, n), rng.sample(_CONDITIONS, n)
    domain = rng.choice(domains())
    role, wish = rng.choice(domain.roles), _wish(rng, domain)
    told = [
        f"{code}: As {_a(role)}, I want to {wish[0]} {condition}, so that {wish[1]}."
        for code, condition in zip(codes, conditions, strict=True)
    ]
    return _needles(
        rng, depth, told,
        question=f"Which story of the {role} says “{conditions[0]}”? Answer with its code.",
        expected=codes[:1],
        wrong=codes[1:],
        answer=f"Story {codes[0]} says “{conditions[0]}”.",
        lead="The code of the story is",
        values=codes,
        never=conditions,
    )  # fmt: skip


def _needles(
    rng: random.Random,
    depth: float,
    told: Sequence[str],
    *,
    question: str,
    expected: Sequence[str],
    answer: str,
    lead: str,
    wrong: Sequence[str] = (),
    values: Sequence[str] = (),
    never: Iterable[str] = (),
) -> Needles:
    """The first line at the depth, the others away from it in any order.

    Args:
        never: words that no line of the haystack may hold, case apart.
    """
    others = list(told[1:])
    rng.shuffle(others)
    placed, at = spread(rng, depth, [told[0], *others])
    banned = tuple(word.casefold() for word in never)
    return Needles(
        placed=placed,
        main=at,
        question=question,
        expected=tuple(expected),
        wrong=tuple(wrong),
        answer=answer,
        lead=lead,
        values=tuple(values),
        allows=lambda line: not any(word in line.casefold() for word in banned),
    )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _wish(rng: random.Random, domain: Domain) -> tuple[str, str]:
    """A goal and a benefit."""
    goal = rng.choice(domain.actions).format(rng.choice(domain.things))
    return goal, rng.choice(domain.benefits)


def _wishes(rng: random.Random, n: int) -> list[tuple[str, str]]:
    """Goals with benefits, no goal twice."""
    found: dict[str, str] = {}
    while len(found) < n:
        found.update([_wish(rng, rng.choice(domains()))])
    return list(found.items())


def _story(role: str, goal: str, benefit: str) -> str:
    return f"As {_a(role)}, I want to {goal}, so that {benefit}."


def _letters(rng: random.Random, n: int) -> str:
    return "".join(rng.choice(_LETTERS) for _ in range(n))


def _codes(rng: random.Random, n: int) -> list[str]:
    """Codes of stories, no two of one number."""
    return [f"{_letters(rng, 2)}-{number}" for number in rng.sample(range(100, 1000), n)]


def _four_digits(rng: random.Random, n: int) -> list[str]:
    return [str(number) for number in rng.sample(range(1000, 10_000), n)]


AGGREGATIONS: Mapping[str, Task] = {
    "count": Task(1, _count, "number"),
    "version": Task(1, _version, "alone"),
    "contradiction": Task(1, _contradiction, "alone"),
    "difference": Task(1, _difference, "alone"),
    "same-but-one": Task(1, _alike, "alone"),
}


TASKS: Mapping[str, Task] = {**NEEDLES, **AGGREGATIONS}


def find_task(name: str) -> Task:
    """The task of a name.

    Raises:
        InputError: no such task.
    """
    try:
        return TASKS[name]
    except KeyError:
        raise InputError(
            f"unknown needle task {name!r}.", next=f"There are: {', '.join(sorted(TASKS))}."
        ) from None
