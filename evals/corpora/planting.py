"""A planted corpus: real stories and copies of them whose relation is known.

Copies are the same words again, reworded (lightly, in their words, or in their whole build,
:mod:`evals.corpora.rewording`), split, contradicted (:mod:`evals.corpora.contradicting`), or turned
into look-alikes that are other needs.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from evals.corpora.contradicting import HARMLESS, KINDS, contradicted, harmless
from evals.corpora.rewording import Half, Wording, heavily, lightly, moderately, wording
from pipeline.compare.telling_sentence import wanted
from pipeline.entries import Answer
from pipeline.outcomes import StoryText
from pipeline.stories import as_role

Change = Literal[
    "original", "exact", "light", "medium", "heavy", "split", "contradiction", "lookalike",
    "harmless",
]  # fmt: skip

#: What a copy of each kind is to its original.
RELATIONS: dict[Change, Answer] = {
    "original": Answer.ONE_NEED,
    "exact": Answer.ONE_NEED,
    "light": Answer.ONE_NEED,
    "medium": Answer.ONE_NEED,
    "heavy": Answer.ONE_NEED,
    "split": Answer.OVERLAPPING,
    "contradiction": Answer.CONTRADICTING,
    "lookalike": Answer.DIFFERENT,
    "harmless": Answer.OVERLAPPING,
}

_RULED: frozenset[Change] = frozenset(["contradiction", "harmless"])

#: Words whose exchange makes another need of the same story.
_OTHER = (
    ("create", "delete"), ("add", "remove"), ("import", "export"), ("enable", "disable"),
    ("upload", "download"), ("show", "hide"), ("open", "close"), ("lock", "unlock"),
    ("send", "receive"), ("start", "stop"), ("approve", "reject"), ("view", "edit"),
    ("search", "sort"), ("price", "rating"), ("email", "phone number"), ("name", "address"),
    ("date", "location"), ("first", "last"), ("daily", "monthly"), ("list", "map"),
    ("user", "guest"), ("file", "folder"), ("order", "invoice"), ("report", "chart"),
    ("cluster", "network"), ("node", "volume"), ("pod", "service"), ("dataset", "licence"),
    ("photo", "video"), ("course", "exam"), ("event", "speaker"), ("project", "budget"),
    ("version", "backup"), ("password", "username"), ("website", "newsletter"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planted:
    """One story of a planted corpus.

    Args:
        id: "17" for the 17th original, "17/light-0" for a copy of it.
        cluster: stories of one cluster say the same or overlap; contradictions and look-alikes
            are clusters of their own.
        of: the id of the original, "" for an original.
        detail: what a contradiction is about, or what makes a harmless pair look like one.
    """

    id: str
    text: StoryText
    change: Change
    cluster: str
    of: str = ""
    detail: str = ""

    @property
    def relation(self) -> Answer:
        """What it is to its original."""
        apart = self.change == "harmless" and self.cluster == self.id
        return Answer.DIFFERENT if apart else RELATIONS[self.change]


def plant(
    originals: Sequence[StoryText],
    *,
    seed: int,
    shares: Mapping[Change, float],
    half: Half = "tuning",
) -> list[Planted]:
    """The originals and copies of some of them, shuffled; the same for the same seed.

    Args:
        originals: stories that are not duplicates of each other.
        shares: for each kind of copy, how many of the originals get one, in [0, 1]. A copy that
            cannot be made (no synonym known, nothing to split) is made of the next original
            instead; when none is left, there are fewer. An original that is contradicted, or
            seems to be, gets no other copy: what is kept apart must not hide what was found.
        half: which words the copies are made with.
    """
    rng = random.Random(seed)
    words = wording(half)
    planted = {
        str(i): Planted(str(i), text, "original", str(i)) for i, text in enumerate(originals)
    }
    copies: list[Planted] = []
    free = sorted(planted)
    for change, share in shares.items():
        if change not in _RULED:
            continue
        missing = round(share * len(originals))
        while missing and free:
            name = free.pop(rng.randrange(len(free)))
            planted[name], made = _ruled(planted[name], change, missing, half, rng)
            missing -= bool(made)
            copies += made
    for change, share in shares.items():
        missing = 0 if change in _RULED else round(share * len(originals))
        for name in rng.sample(free, len(free)):
            if missing == 0:
                break
            made = _copies(planted[name], change, words, rng)
            missing -= bool(made)
            copies += made
    everything = [*planted.values(), *copies]
    rng.shuffle(everything)
    return everything


def _copies(source: Planted, change: Change, words: Wording, rng: random.Random) -> list[Planted]:
    text = source.text
    made: list[StoryText | None]
    if change == "exact":
        made = [text]
    elif change == "light":
        made = [lightly(text, words, rng)]
    elif change == "medium":
        made = [moderately(text, words, rng)]
    elif change == "heavy":
        made = [heavily(text, words, rng)]
    elif change == "split":
        made = list(_split(text, rng))
    else:
        made = [_lookalike(text, rng)]
    return [_copy(source, change, part, copy) for part, copy in enumerate(made) if copy is not None]


def _copy(source: Planted, change: Change, part: int, text: StoryText, detail: str = "") -> Planted:
    name = f"{source.id}/{change}-{part}"
    together = RELATIONS[change] in (Answer.ONE_NEED, Answer.OVERLAPPING)
    return Planted(name, text, change, source.cluster if together else name, source.id, detail)


def _ruled(
    source: Planted, change: Change, number: int, half: Half, rng: random.Random
) -> tuple[Planted, list[Planted]]:
    """A story and its contradiction, or its harmless neighbour; kinds take turns."""
    if change == "contradiction":
        kind = KINDS[number % len(KINDS)]
        one, two = contradicted(source.text, kind, half, rng)
        return replace(source, text=one), [_copy(source, change, 0, two, kind)]
    sort = HARMLESS[number % len(HARMLESS)]
    one, two = harmless(source.text, sort, half, rng)
    if sort != "another thing":
        return replace(source, text=one), [_copy(source, change, 0, two, sort)]
    other = _lookalike(two, rng)
    if other is None:
        return source, []
    copy = _copy(source, change, 0, other, sort)
    return replace(source, text=one), [replace(copy, cluster=copy.id)]


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
    benefit = f", so that {text.benefit}" if text.benefit else ""
    want = wanted(text.goal)
    return f"{as_role(text.role or 'user')}, {want}{benefit}."


def _split(text: StoryText, rng: random.Random) -> tuple[StoryText, ...]:
    """Two stories with the criteria dealt out between them, the benefit in one."""
    if len(text.criteria) < 2:
        return ()
    criteria = list(text.criteria)
    rng.shuffle(criteria)
    cut = rng.randint(1, len(criteria) - 1)
    return (
        replace(text, criteria=tuple(criteria[:cut])),
        replace(text, criteria=tuple(criteria[cut:]), benefit=""),
    )


def _lookalike(text: StoryText, rng: random.Random) -> StoryText | None:
    """One word of the goal exchanged, wherever it stands, for one that makes it another need."""
    for pair in rng.sample(_OTHER, len(_OTHER)):
        for word, other in (pair, pair[::-1]):
            pattern = re.compile(rf"\b{word}\b", re.IGNORECASE)
            if pattern.search(text.goal) and not re.search(rf"\b{other}\b", text.goal):
                return replace(
                    text,
                    goal=pattern.sub(other, text.goal),
                    benefit=pattern.sub(other, text.benefit),
                    criteria=tuple(pattern.sub(other, c) for c in text.criteria),
                )
    return None
