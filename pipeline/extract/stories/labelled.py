"""Stories whose parts are labelled: "Role: courier", "Goal: …", "Benefit: …", a line or item each.

The labels are words of every day, so a run of labelled lines is a story only where it begins with
the role, goes on with the goal, and holds no label of something else: "Name: Kim, Role: nurse,
Phone: 555" is a person, "Reporter: Ann, Role: tester" a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.text.sentences import plain

_LABELS: dict[str, str] = {
    "role": r"(?:user\s+)?role|persona|actor|user(?:\s+type)?|type\s+of\s+user|who|as(?:\s+an?)?|"
    r"als|rolle|rôle|en\s+tant\s+que|como|rol|come|ruolo|papel",
    "goal": r"goal|needs?|wants?|wish|what|i\s+(?:want|need|would\s+like)(?:\s+to)?|"
    r"ziel|bedarf|wunsch|möchte\s+ich|besoin|objectif|je\s+veux|objetivo|necesidad|quiero|"
    r"obiettivo|bisogno|voglio|necessidade|quero|doel|wil\s+ik",
    "benefit": r"benefits?|why|value|reason|rationale|outcome|so(?:\s+that|\s+i\s+can)?|"
    r"in\s+order\s+to|nutzen|damit|bénéfice|afin\s+(?:de|que)|beneficio|para(?:\s+que)?|"
    r"così\s+da|benefício|zodat",
    "criteria": r"acceptance\s+criteria|ACs?|criteria|akzeptanzkriterien",
    "other": r"priority|estimate|points|story\s+points|size|effort|notes?|status|epic|sprint|"
    r"moscow|tags?",
}
_ANY_LABEL = "|".join(_LABELS.values())
_LINE = re.compile(
    rf"[\s>*_+•–-]*+(?:\d{{1,2}}[.)]\s+)?[*_]*+(?P<label>{_ANY_LABEL})[*_\s]*+[:=][*_]*+"
    r"(?:\s+(?P<value>\S.*)|\s*$)",
    re.IGNORECASE,
)
_LABEL_OF = {holds: re.compile(pattern, re.IGNORECASE) for holds, pattern in _LABELS.items()}
#: Any line that is labelled, whatever by.
_LABELLED_LINE = re.compile(r"[\s>*_+•–-]*+(?P<label>\w[\w /'’-]{0,30}?)[*_\s]*:[*_]*(?:\s|$)")
#: What may stand above a story's first label.
_ABOVE = re.compile(
    r"(?:user\s+)?(?:story|stories|title|id|key|nr|no|number|epic|feature|priority|"
    r"name\s+of\s+the\s+story)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    rf"[ \t>*_+•–-]*(?=[rpautweac])(?:{_LABELS['role']})[*_\s]{{0,4}}[:=]", re.IGNORECASE
)


#: What opens a role, a goal and a benefit in a sentence, and says nothing behind a label.
_GLUE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\A(?:as\s+)?an?\s+(?=\w)",
        r"\A(?:I\s+(?:want|need|would\s+like)\s+)?to\s+(?:be\s+able\s+to\s+)?(?=\w)",
        r"\A(?:so\s+that|in\s+order\s+(?:to|that))\s+(?=\w)",
    )
)


@dataclass(slots=True)
class Labelled:
    """The parts of a labelled story; ``after``: further labelled lines, word for word."""

    role: str = ""
    goal: str = ""
    benefit: str = ""
    after: list[str] = field(default_factory=list)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Role, goal and benefit without the words that their labels say already."""
        role, goal, benefit = _GLUE
        return role.sub("", self.role), goal.sub("", self.goal), benefit.sub("", self.benefit)


def starts(text: str) -> list[tuple[int, int]]:
    """(start, end of the label) of the lines that are a labelled role."""
    found = []
    position = 0
    while position >= 0:
        if match := _BEGINS.match(text, position):
            found.append(match.span())
        position = text.find("\n", position) + 1 or -1
    return found


def label_of(line: str) -> str:
    """What a line's label announces ("role", "goal", "benefit", "criteria", "other"), else ""."""
    match = _LINE.match(line)
    if match is None:
        return ""
    return next(holds for holds, name in _LABEL_OF.items() if name.fullmatch(match["label"]))


def is_labelled(line: str) -> bool:
    """Whether a line begins with any label."""
    return _LABELLED_LINE.match(line) is not None


def begins_labelled(text: str) -> bool:
    """Whether a text's first line is a labelled role."""
    return _BEGINS.match(text) is not None


def belongs_above(line: str) -> bool:
    """Whether a line may stand right above a labelled story: not where it is the label of a
    person or a report ("Name: Kim", "Reporter: Ann")."""
    match = _LABELLED_LINE.match(line)
    return match is None or _ABOVE.match(match["label"]) is not None


def read_labelled(text: str) -> Labelled | None:
    """The labelled story that a text's lines tell from the first on; None when they tell none."""
    told = Labelled()
    seen: list[str] = []
    for holds, value in _lines(text):
        if holds == "role" and seen:
            break
        if holds == "":
            return None  # a label of something else: a person's card, a report
        if holds in ("role", "goal", "benefit"):
            if holds in seen:
                return None
            setattr(told, holds, value)
        else:
            told.after.append(value)
        seen.append(holds)
    if seen[:2] != ["role", "goal"] or not (told.role and told.goal):
        return None
    return told


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """(what its label announces, value) of every labelled line; a line without a label goes on
    with the one above."""
    holds, parts = "", [""]
    started = False
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match or _LABELLED_LINE.match(line):
            if started:
                yield holds, plain(" ".join(parts))
            holds = label_of(line)
            keeps = holds in ("other", "criteria") or match is None
            parts = [line if keeps else (match["value"] or "" if match else "")]
            started = True
        elif started:
            parts.append(line)
    if started:
        yield holds, plain(" ".join(parts))
