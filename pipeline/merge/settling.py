"""What persons have decided, applied to the stories of a corpus.

A decision holds for the very words it was taken on, but for what proof calls harmless: stories are
found by fingerprint. Where two decisions contradict each other, the newer one holds. A decision
whose fingerprints are of an older version acts on nothing: it is asked about again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations
from typing import NamedTuple

from pipeline.calls import canonical_json
from pipeline.entries import Decision
from pipeline.stories import Story
from pipeline.text.canonical import VERSION

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class PersonFold(NamedTuple):
    """A story that a person puts under another.

    Args:
        decision: who and when, in words.
        whole: decided against: all it says is folded.
    """

    story: str
    keep: str
    decision: str
    whole: bool


class Contradiction(NamedTuple):
    """Stories that a person calls contradicting, with what each says of what."""

    stories: tuple[str, ...]
    about: str
    values: tuple[str, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Settled:
    """What decisions come to on some stories, all by story id.

    Args:
        folds: no story in two of them; a story that is kept is folded nowhere.
        conflicts: no story in two of them.
        together: pairs to be placed next to each other.
        apart: pairs that must not be put under one entry, with the decision.
        by: the decision that each pair was settled by.
        unused: decisions on stories that are all here, which newer ones stand against.
    """

    folds: tuple[PersonFold, ...] = ()
    conflicts: tuple[Contradiction, ...] = ()
    together: tuple[tuple[str, str, Decision], ...] = ()
    apart: Mapping[frozenset[str], Decision] = field(default_factory=dict)
    by: Mapping[frozenset[str], Decision] = field(default_factory=dict)
    unused: tuple[Decision, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of what was decided, whoever did and whenever; "" when nothing was."""
        bodies = {canonical_json(_decided(one)) for one in self.by.values()}
        return hashlib.sha256("\n".join(sorted(bodies)).encode()).hexdigest() if bodies else ""

    @property
    def sovereignty(self) -> str:
        """The mark that what these decisions are applied in bears, "" for none."""
        return next((one.sovereignty for one in self.by.values() if one.sovereignty), "")

    def decides(self, a: str, b: str) -> Decision | None:
        """The decision on a pair; a judge's answer about it counts for nothing then."""
        return self.by.get(frozenset((a, b))) if self.by else None


def _decided(decision: Decision) -> dict[str, object]:
    """What of a decision decides anything."""
    body = asdict(replace(decision, note="", by="", at=None))
    del body["sovereignty"]
    return body


def settle(decisions: Iterable[Decision], stories: Iterable[Story]) -> Settled:
    """Apply decisions, the newest first, to the stories that are here.

    Args:
        stories: one for each fingerprint; of several the first is taken.
    """
    taken = [one for one in decisions if one.version == VERSION]
    if not taken:
        return Settled()
    here: dict[str, str] = {}
    for story in stories:
        here.setdefault(story.fingerprint, story.id)
    work = _Work()
    for decision in sorted(taken, key=_newest_first):
        work.take(decision, here)
    return work.settled()


class _Work:
    """Decisions while they are applied."""

    def __init__(self) -> None:
        self._folds: dict[str, PersonFold] = {}
        self._conflicts: list[Contradiction] = []
        self._together: list[tuple[str, str, Decision]] = []
        self._apart: dict[frozenset[str], Decision] = {}
        self._by: dict[frozenset[str], Decision] = {}
        self._sides: set[str] = set()
        self._unused: list[Decision] = []

    def take(self, decision: Decision, here: Mapping[str, str]) -> None:
        """Apply one decision as far as newer ones leave its pairs open."""
        if not self._take(decision, here) and all(f in here for f in decision.fingerprints):
            self._unused.append(decision)

    def _take(self, decision: Decision, here: Mapping[str, str]) -> bool:
        """Whether it could be applied."""
        known = [(f, here[f]) for f in decision.fingerprints if f in here]
        stories = [story for _, story in known]
        pairs = [frozenset(pair) for pair in combinations(stories, 2)]
        free = [pair for pair in pairs if len(pair) == 2 and pair not in self._by]
        if not free:
            return False
        if decision.answer == "different":
            self._by.update(dict.fromkeys(free, decision))
            self._apart.update(dict.fromkeys(free, decision))
            return True
        # Every other answer is about the group as a whole.
        if len(free) < len(pairs) or len(known) < len(decision.fingerprints):
            return False
        if decision.answer == "overlapping":
            self._together += [(stories[0], other, decision) for other in stories[1:]]
        elif decision.answer == "contradicting":
            if self._sides & set(stories) or any(s in self._folds for s in stories):
                return False
            values = dict(zip(decision.fingerprints, decision.values, strict=False))
            said = tuple(values.get(f, "") for f, _ in known)
            self._conflicts.append(Contradiction(tuple(stories), decision.about, said, decision))
            self._sides.update(stories)
        elif not self._fold(decision, here, stories):
            return False
        self._by.update(dict.fromkeys(free, decision))
        return True

    def _fold(self, decision: Decision, here: Mapping[str, str], stories: list[str]) -> bool:
        keep = here.get(decision.keep, stories[0])
        if keep not in stories or keep in self._folds:
            return False
        losers = [s for s in stories if s != keep]
        kept = {fold.keep for fold in self._folds.values()}
        if any(s in self._folds or s in kept or s in self._sides for s in losers):
            return False
        for story in losers:
            whole = decision.answer == "preferred"
            self._folds[story] = PersonFold(story, keep, str(decision), whole)
        return True

    def settled(self) -> Settled:
        """What it came to."""
        return Settled(
            tuple(self._folds.values()),
            tuple(self._conflicts),
            tuple(self._together),
            self._apart,
            self._by,
            tuple(self._unused),
        )


def _newest_first(decision: Decision) -> tuple[float, tuple[str, ...]]:
    return (-(decision.at or _LONG_AGO).timestamp(), decision.fingerprints)
