"""Is the detector of fabrications any good? Grounded texts are perturbed in nine known ways, and
the share it catches of each is measured, beside the share of clean texts it stops.

Perturbations test a detector; they are no picture of how models really err, so these figures are
never the headline (the MiniCheck authors found synthetic errors easier than real ones).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from evals.statistics import Interval, share
from pipeline.gate.grounding import grounded, sentence_verdicts
from pipeline.outcomes import StoryText
from pipeline.stories import Story

Detector = Callable[[StoryText, Sequence[Story]], bool]
#: A text and the stories it was made of.
Merge = tuple[StoryText, Sequence[Story]]

_NUMBER = re.compile(r"(?<![\w.,:-])\d+(?![\w:-]|[.,]\d)")
_MEASURED = re.compile(
    r"(\d+[\s-]+|\bone |\btwo |\bthree |\bfive |\bten )"
    r"(seconds?|minutes?|hours?|days?|weeks?|months?|years?|kilometres?|metres?|euros?|dollars?)\b"
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DATE = re.compile(rf"\b(?:{'|'.join((*_MONTHS, *_DAYS))})\b|\b20\d\d-\d\d-\d\d\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z]{2,}\b")
_MODAL = re.compile(r"\b(must|should|may|can|shall|will)\b(?! not\b)")
_VERB = re.compile(r"\b(is|are|gets|shows|sees|has)\b(?! not\b)")
_DENIAL = re.compile(r" (?:not|never)\b(?! (?:only|more|less|later|longer)\b)")
_STRONGER = {"must": "may", "shall": "may", "should": "must", "may": "must", "can": "must"}
_UNITS = {
    "second": "minute", "minute": "hour", "hour": "day", "day": "week", "week": "month",
    "month": "year", "year": "month", "kilometre": "metre", "metre": "kilometre", "euro": "dollar",
    "dollar": "euro",
}  # fmt: skip
_STRANGERS = ("Zentrove", "Kallisto", "Brunswick", "Ortelia")
_ROLES = ("harbour pilot", "tax auditor", "beekeeper", "choir conductor")
_INVENTED = (
    "A drone photographs the roof every evening.",
    "The oven is preheated before the dough is shaped.",
    "Tickets are punched by the ferry's second mate.",
    "A violin tuner is offered on the start screen.",
)


class Perturbation(NamedTuple):
    """One fabrication: its kind and the perturbed text."""

    kind: str
    text: StoryText


@dataclass(frozen=True, slots=True)
class MetaEval:
    """How well a detector does, by kind of fabrication, each share with its interval and n.

    Args:
        recall: the share caught.
        precision: of the texts stopped, the share that were fabricated, each fabricated one
            standing beside the clean text it was made of.
        false_stops: the share of clean texts that it stops.
    """

    recall: dict[str, Interval]
    precision: dict[str, Interval]
    false_stops: Interval


def gate(text: StoryText, sources: Sequence[Story]) -> bool:
    """The product's own detector: whether the gate finds a sentence that is not grounded."""
    return not grounded(sentence_verdicts(text, sources))


def clean_merge(stories: Sequence[Story]) -> StoryText:
    """A faithful merge that is no copy: sentences are drawn together in pairs with "and" and
    begin in lower case, so that the word-for-word shortcut of a gate does not apply."""
    first = stories[0]
    criteria = [c.rstrip(". ") for s in stories for c in (*s.criteria, *s.body) if c.strip(". ")]
    benefits = list(dict.fromkeys(s.benefit.rstrip(". ") for s in stories if s.benefit))
    goals = list(dict.fromkeys(s.goal.rstrip(". ") for s in stories if s.goal))
    return StoryText(
        role=first.role,
        goal=" and ".join(goals[:2]),
        benefit=" and ".join(benefits[:2]),
        criteria=tuple(_joined(criteria[i : i + 2]) for i in range(0, len(criteria), 2)),
    )


def _joined(sentences: Sequence[str]) -> str:
    head, *rest = sentences
    return " and ".join([head, *(_lowered(sentence) for sentence in rest)]) + "."


def _lowered(sentence: str) -> str:
    """A sentence as it stands inside another: an ordinary first word loses its capital."""
    word = sentence.split()[0]
    return sentence[0].lower() + sentence[1:] if word[1:].islower() or word == "A" else sentence


def perturb(text: StoryText, other: Story, rng: random.Random) -> Iterator[Perturbation]:
    """Every kind of fabrication that the text offers a hold for, one each.

    Args:
        other: a story that has nothing to do with the text; ``fused`` takes its benefit or goal.
    """
    edits: dict[str, Callable[[str], str]] = {
        "number": lambda s: _sub(_NUMBER, s, lambda m: str(int(m[0]) * 3 + 7)),
        "unit": lambda s: _sub(_MEASURED, s, lambda m: m[1] + _other_unit(m[2])),
        "date": lambda s: _sub(_DATE, s, lambda m: _other_date(m[0], rng)),
        "name": lambda s: _sub(_NAME, s, lambda m: rng.choice(_STRANGERS)),
        "negation": lambda s: _affirm(s) if rng.random() < 0.5 and _affirm(s) != s else _negate(s),
        "modality": lambda s: _sub(_MODAL, s, lambda m: _STRONGER.get(m[1], "must")),
    }
    for kind, edit in edits.items():
        changed = _edit_one(text, edit, rng)
        if changed is not None:
            yield Perturbation(kind, changed)
    if text.role:
        strangers = [*_ROLES, *([other.role] if _differs(other.role, text.role) else [])]
        yield Perturbation("role", replace(text, role=rng.choice(strangers)))
    invented = (*text.criteria, rng.choice(_INVENTED))
    yield Perturbation("invented", replace(text, criteria=invented))
    foreign = (other.benefit or other.goal).rstrip(".")
    if foreign:
        joined = f"{text.benefit.rstrip('.')} and {foreign}" if text.benefit else foreign
        yield Perturbation("fused", replace(text, benefit=joined))


def evaluate(
    merges: Iterable[Merge],
    strangers: Sequence[Story],
    *,
    seed: int,
    detector: Detector = gate,
) -> MetaEval:
    """Perturb every merge in every way it allows and ask the detector.

    Args:
        merges: faithful texts with their sources.
        strangers: stories to fuse in; one whose words the sources share is passed over.
    """
    rng = random.Random(seed)
    caught: dict[str, list[bool]] = {}
    stops: dict[str, list[bool]] = {}
    stopped: list[bool] = []
    for text, sources in merges:
        stopped.append(detector(text, sources))
        for kind, fabricated in perturb(text, _stranger(strangers, sources, rng), rng):
            hit = detector(fabricated, sources)
            caught.setdefault(kind, []).append(hit)
            stops.setdefault(kind, []).extend([True] * hit + [False] * stopped[-1])
    return MetaEval(
        {kind: share(hits) for kind, hits in sorted(caught.items())},
        {kind: share(right) for kind, right in sorted(stops.items())},
        share(stopped),
    )


def neighbours(stories: Sequence[Story]) -> list[Merge]:
    """Faithful merges of two stories that follow each other in one document."""
    pairs = zip(stories[::2], stories[1::2], strict=False)
    return [
        (clean_merge([a, b]), (a, b))
        for a, b in pairs
        if a.source.document == b.source.document and a.goal and b.goal
    ]


def _edit_one(text: StoryText, edit: Callable[[str], str], rng: random.Random) -> StoryText | None:
    """The text with one field changed, the first in random order that offers a hold."""
    places = [("goal", 0), ("benefit", 0), *(("criteria", i) for i in range(len(text.criteria)))]
    for field, i in rng.sample(places, len(places)):
        old = text.criteria[i] if field == "criteria" else getattr(text, field)
        new = edit(old)
        if new == old:
            continue
        if field == "criteria":
            return replace(text, criteria=(*text.criteria[:i], new, *text.criteria[i + 1 :]))
        return replace(text, goal=new) if field == "goal" else replace(text, benefit=new)
    return None


def _sub(pattern: re.Pattern[str], text: str, make: Callable[[re.Match[str]], str]) -> str:
    return pattern.sub(make, text, count=1)


def _negate(text: str) -> str:
    """Put a "not" behind the first modal or plain verb."""
    changed = _sub(_MODAL, text, lambda m: f"{m[0]} not")
    return changed if changed != text else _sub(_VERB, text, lambda m: f"{m[0]} not")


def _affirm(text: str) -> str:
    """Take the first "not" or "never" away."""
    return _sub(_DENIAL, text, lambda m: "")


def _differs(role: str, other: str) -> bool:
    """Whether neither role is the other with a word more."""
    mine, yours = _words(role), _words(other)
    return bool(mine - yours) and bool(yours - mine)


def _other_unit(unit: str) -> str:
    return _UNITS[unit.removesuffix("s")] + ("s" if unit.endswith("s") else "")


def _other_date(date: str, rng: random.Random) -> str:
    for names in (_MONTHS, _DAYS):
        if date in names:
            return rng.choice([name for name in names if name not in (date, "May")])
    return f"{int(date[:4]) + 1}{date[4:]}"


def _stranger(strangers: Sequence[Story], sources: Sequence[Story], rng: random.Random) -> Story:
    """A story with few words in common with the sources."""
    known = {word for story in sources for word in _words(story.text)}
    drawn = rng.sample(strangers, min(12, len(strangers)))
    return min(drawn, key=lambda story: len(_words(story.benefit or story.goal) & known))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower()))
