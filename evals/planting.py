"""A planted corpus: real stories and copies of them whose relation is known.

Copies are reworded (lightly, in their words, or in their whole build), split, contradicted, or
turned into look-alikes that are other needs. The tables here are written for planting only; the
matcher has its own and never reads these, or it would be tested on what it was told.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.outcomes import Relation, StoryText

Change = Literal["original", "light", "medium", "heavy", "split", "contradiction", "lookalike"]

#: What a copy of each kind is to its original.
RELATIONS: dict[Change, Relation] = {
    "original": Relation.SAME,
    "light": Relation.SAME,
    "medium": Relation.SAME,
    "heavy": Relation.SAME,
    "split": Relation.OVERLAP,
    "contradiction": Relation.CONFLICT,
    "lookalike": Relation.DISTINCT,
}

#: Groups of words that can stand for each other in a story.
_ALIKE = (
    ("see", "view", "look at"),
    ("delete", "remove", "get rid of"),
    ("change", "edit", "modify", "update"),
    ("create", "add", "set up"),
    ("find", "search for", "look up"),
    ("receive", "get"),
    ("send", "deliver"),
    ("choose", "select", "pick"),
    ("show", "display", "present"),
    ("allow", "permit", "let"),
    ("verify", "check", "make sure of"),
    ("begin", "start"),
    ("quickly", "fast", "without delay"),
    ("easily", "without effort", "with little work"),
    ("information", "details", "data"),
    ("error", "mistake", "fault"),
    ("page", "screen"),
    ("picture", "image", "photo"),
    ("list", "overview"),
    ("customer", "client"),
    ("e-mail", "email", "mail"),
    ("each", "every"),
    ("also", "as well"),
    ("must", "has to"),
)
#: Words whose exchange makes another need of the same story.
_OTHER = (
    ("create", "delete"), ("add", "remove"), ("import", "export"), ("enable", "disable"),
    ("upload", "download"), ("show", "hide"), ("open", "close"), ("lock", "unlock"),
    ("send", "receive"), ("start", "stop"), ("approve", "reject"), ("view", "edit"),
    ("search", "sort"), ("price", "rating"), ("email", "phone number"), ("name", "address"),
    ("date", "location"), ("first", "last"), ("daily", "monthly"), ("list", "map"),
    ("user", "guest"), ("file", "folder"), ("order", "invoice"), ("report", "chart"),
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,4}(?![\w.,-])")
_STRENGTH = re.compile(r"\b(must|should|can|may|shall|will)\b(?!\s+not\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Planted:
    """One story of a planted corpus.

    Args:
        id: "17" for the 17th original, "17/light-0" for a copy of it.
        cluster: stories of one cluster say the same or overlap; contradictions and look-alikes
            are clusters of their own.
        of: the id of the original, "" for an original.
    """

    id: str
    text: StoryText
    change: Change
    cluster: str
    of: str = ""

    @property
    def relation(self) -> Relation:
        """What it is to its original."""
        return RELATIONS[self.change]


def plant(
    originals: Sequence[StoryText],
    *,
    seed: int,
    shares: dict[Change, float],
) -> list[Planted]:
    """The originals and copies of some of them, shuffled; the same for the same seed.

    Args:
        originals: stories that are no duplicates of each other.
        shares: for each kind of copy, how many of the originals get one, in [0, 1]. A copy that
            cannot be made (no number to contradict, nothing to split) is made of the next
            original instead; when none is left, there are fewer.
    """
    rng = random.Random(seed)
    planted = [Planted(str(i), text, "original", str(i)) for i, text in enumerate(originals)]
    copies: list[Planted] = []
    for change, share in shares.items():
        make = _MAKERS[change]
        wanted = round(share * len(originals))
        for source in rng.sample(planted, len(planted)):
            if wanted == 0:
                break
            texts = make(source.text, rng)
            wanted -= bool(texts)
            for part, text in enumerate(texts):
                name = f"{source.id}/{change}-{part}"
                together = RELATIONS[change] in (Relation.SAME, Relation.OVERLAP)
                cluster = source.cluster if together else name
                copies.append(Planted(name, text, change, cluster, source.id))
    everything = planted + copies
    rng.shuffle(everything)
    return everything


def write_corpus(planted: Sequence[Planted], folder: Path, *, per_document: int = 50) -> Path:
    """Markdown documents and ``truth.json``, which names for each story its document and line.

    Returns:
        the path of ``truth.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = []
    for start in range(0, len(planted), per_document):
        name = f"backlog-{start // per_document + 1:04}.md"
        rows = [f"# Backlog {start // per_document + 1}", ""]
        for entry in planted[start : start + per_document]:
            row = asdict(entry) | {"document": name, "line": len(rows) + 1}
            truth.append(row | {"relation": entry.relation.value})
            rows += [sentence(entry.text), *(f"- {c}" for c in entry.text.criteria), ""]
        (folder / name).write_text("\n".join(rows), encoding="utf-8")
    path = folder / "truth.json"
    path.write_text(json.dumps(truth, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def sentence(text: StoryText) -> str:
    """A story as one sentence."""
    role = text.role or "user"
    article = "an" if role[0].lower() in "aeiou" else "a"
    benefit = f", so that {text.benefit}" if text.benefit else ""
    return f"As {article} {role}, I want to {text.goal}{benefit}."


def _light(text: StoryText, rng: random.Random) -> list[StoryText]:
    """Case, marks and the order of criteria; one filler word."""
    criteria = [c.rstrip(".") if rng.random() < 0.5 else c for c in text.criteria]
    rng.shuffle(criteria)
    filler = rng.choice(("easily ", "always ", "simply ", ""))
    return [
        replace(
            text,
            role=text.role.capitalize() if rng.random() < 0.5 else text.role.lower(),
            goal=filler + text.goal,
            criteria=tuple(criteria),
        )
    ]


def _medium(text: StoryText, rng: random.Random) -> list[StoryText]:
    """Words replaced by words that mean the same; nothing if fewer than two could be."""
    changed = 0

    def swap(field: str) -> str:
        nonlocal changed
        for group in rng.sample(_ALIKE, len(_ALIKE)):
            for word in group:
                pattern = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
                if pattern.search(field):
                    other = rng.choice([w for w in group if w != word])
                    field = pattern.sub(other, field, count=1)
                    changed += 1
                    break
        return field

    fields = [swap(f) for f in (text.goal, text.benefit, *text.criteria)]
    reworded = replace(text, goal=fields[0], benefit=fields[1], criteria=tuple(fields[2:]))
    return [reworded] if changed >= 2 else []


def _heavy(text: StoryText, rng: random.Random) -> list[StoryText]:
    """Reworded and rebuilt: the benefit becomes part of the goal, criteria become clauses."""
    found = _medium(text, rng)
    if not found or not text.benefit:
        return []
    (reworded,) = found
    shapes = (
        f"be able to {reworded.goal}, because then {reworded.benefit}",
        f"have a way to {reworded.goal}; it matters to me that {reworded.benefit}",
        f"get the chance to {reworded.goal} and thereby reach that {reworded.benefit}",
    )
    clauses = tuple(
        f"It is expected that {c[0].lower()}{c[1:]}" for c in reworded.criteria if c.strip()
    )
    return [replace(reworded, goal=rng.choice(shapes), benefit="", criteria=clauses)]


def _split(text: StoryText, rng: random.Random) -> list[StoryText]:
    """Two stories with the criteria dealt out between them, the benefit in one."""
    if len(text.criteria) < 2:
        return []
    criteria = list(text.criteria)
    rng.shuffle(criteria)
    cut = rng.randint(1, len(criteria) - 1)
    return [
        replace(text, criteria=tuple(criteria[:cut])),
        replace(text, criteria=tuple(criteria[cut:]), benefit=""),
    ]


def _contradiction(text: StoryText, rng: random.Random) -> list[StoryText]:
    """One number changed, or one must made a must not; nothing where there is neither."""
    fields = [text.goal, *text.criteria]
    for place in rng.sample(range(len(fields)), len(fields)):
        field = fields[place]
        number = _NUMBER.search(field)
        strength = _STRENGTH.search(field)
        if number:
            value = int(number[0])
            other = rng.choice([value * 2 + 1, value + 5, value * 10 + 3])
            fields[place] = field[: number.start()] + str(other) + field[number.end() :]
        elif strength and place > 0:
            fields[place] = field[: strength.end()] + " not" + field[strength.end() :]
        else:
            continue
        return [replace(text, goal=fields[0], criteria=tuple(fields[1:]))]
    return []


def _lookalike(text: StoryText, rng: random.Random) -> list[StoryText]:
    """One word of the goal exchanged for one that makes it another need."""
    for pair in rng.sample(_OTHER, len(_OTHER)):
        for word, other in (pair, pair[::-1]):
            pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
            if pattern.search(text.goal) and not re.search(rf"\b{other}\b", text.goal):
                return [replace(text, goal=pattern.sub(other, text.goal, count=1))]
    return []


_MAKERS: dict[Change, Callable[[StoryText, random.Random], list[StoryText]]] = {
    "light": _light,
    "medium": _medium,
    "heavy": _heavy,
    "split": _split,
    "contradiction": _contradiction,
    "lookalike": _lookalike,
}


def true_clusters(planted: Iterable[Planted]) -> dict[str, str]:
    """Story id → cluster, as the agreement measures want it."""
    return {entry.id: entry.cluster for entry in planted}
