"""What a merge comes to: entries under which tellings stand and fold, conflicts, and the ledger.

A *telling* is what one story says, in its author's words. Every piece of it is in exactly one
entry that lists its story: as a standing line, or as a fold one step behind it. Nothing here
is written by a model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

#: A piece of a telling: its ``sentence`` (role, goal and benefit as the author told them), or one
#: of its title, benefit, criteria and body lines; ``label`` is a form's own words, such as
#: "Acceptance criteria:".
Piece = Literal["title", "sentence", "benefit", "criterion", "body", "label"]
#: Who put a piece one step behind another.
FoldedBy = Literal["proof", "judge", "person"]


class Answer(StrEnum):
    """What a judge, code's proof or a person may say of two tellings, their roles apart."""

    ONE_NEED = "one_need"
    OVERLAPPING = "overlapping"
    CONTRADICTING = "contradicting"
    DIFFERENT = "different"


class Outcome(StrEnum):
    """What became of one source story, in order of precedence."""

    CONFLICT_WITH = "conflict_with"
    MERGED_INTO = "merged_into"
    DUPLICATE_OF = "duplicate_of"
    KEPT = "kept"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's answer about two stories that its record allows to act.

    Args:
        a, b: story ids.
        judge: its name; record: id of the exam record that it is believed by.
        likelihood: of the answer, 0 to 1; None where the judge gives none.
    """

    a: str
    b: str
    answer: Answer
    judge: str
    record: str = ""
    likelihood: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that stands in an entry, read at once.

    Args:
        text: in the words of the first of ``stories``; a table row's cells are put into a sentence,
            each cell verbatim.
        stories: ids of the stories that say just this, the one whose words stand first.
    """

    field: Piece
    text: str
    stories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """A piece of a telling that is one step behind a standing line.

    Args:
        text: the piece, verbatim.
        under: id of the story whose words stand for it ("" for a label).
        rules: names of the proof's rules, for ``proof``; empty where it is the same to the letter.
        otherwise: words of the piece that the standing line does not have, in its order.
        reason: for a judge its name and record, for a person who and when, "" for proof.
        likelihood: of a judge's answer.
    """

    story: str
    field: Piece
    text: str
    by: FoldedBy
    under: str
    rules: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    reason: str = ""
    likelihood: float | None = None


@dataclass(frozen=True, slots=True)
class RoleTold:
    """A role as it was told, and the ids of the stories that tell it. Roles are never joined."""

    text: str
    stories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Tellings put under one standing one.

    Args:
        id: hash of its sorted sources: the same entry has the same id in every run.
        standing: id of the story whose sentence stands.
        sources: ids of all its stories, the standing one first, then in corpus order.
        roles: of all its tellings, the standing one's first; empty where none names one.
        lines: what stands: title, sentence, then the rest of the standing telling, then what only
            other tellings say.
        folds: everything else its stories say.
    """

    id: str
    standing: str
    sources: tuple[str, ...]
    roles: tuple[RoleTold, ...]
    lines: tuple[Line, ...]
    folds: tuple[Fold, ...] = ()

    @property
    def sentence(self) -> str:
        """The line that tells the need; the first line of a telling without one."""
        told = next((line.text for line in self.lines if line.field == "sentence"), "")
        return told or (self.lines[0].text if self.lines else "")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a conflict: a story's sentence and the words in it that the other side denies."""

    story: str
    text: str
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Stories that cannot both hold, or possibly cannot. Both stand; neither is ever folded.

    Args:
        kind: ``conflict`` where a judge or a person says so; ``possible`` where code marks it.
        about: what it is about, in words of the stories or one of "number", "date", "bound",
            "negation", "modality", "opposites"; "" where unknown.
        by: ``code``, a judge's name, or a person.
        reason: how it was found.
    """

    id: str
    kind: Literal["conflict", "possible"]
    sides: tuple[Side, ...]
    about: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Two entries that are placed next to each other.

    Args:
        a, b: entry ids, in the order of the corpus.
        kind: ``overlapping`` where a judge or a person says so, else ``alike`` by likeness.
        score: likeness, 0 to 1.
        only_a, only_b: runs of words of each sentence that the other does not have.
    """

    a: str
    b: str
    kind: Literal["overlapping", "alike"]
    score: float
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    by: str = "code"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What became of one source story: exactly one row a story.

    Args:
        entry: id of the entry it is in ("" for ``skipped``).
        other: the story it duplicates, is folded under or conflicts with; "" otherwise.
        by: ``code`` (nothing was decided), ``proof``, ``judge`` or ``person``.
        rules: of the proof.
        judge, record, likelihood: of a judge.
        at: when a person decided it.
    """

    story: str
    outcome: Outcome
    entry: str
    other: str
    reason: str
    by: Literal["code", "proof", "judge", "person"]
    rules: tuple[str, ...] = ()
    judge: str = ""
    record: str = ""
    likelihood: float | None = None
    at: datetime | None = None


#: What a person may say: a judge's four answers, or that one story is preferred to the others.
Word = Literal["one_need", "overlapping", "contradicting", "different", "preferred"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on a group of stories, kept by fingerprint and applied in later runs.

    ``one_need``: the goal of ``keep`` stands, the others' fold under it. ``preferred``: ``keep``
    stands and the others are decided against: folded whole. ``overlapping``: placed together.
    ``contradicting``: a conflict. ``different``: never put under one entry.

    Args:
        fingerprints: of the stories, sorted, each once, two or more.
        keep: a fingerprint, for ``one_need`` and ``preferred``.
        about, values: what a conflict is about, a value for each fingerprint.
        by, at: who decided, and when (UTC).
        version: of the fingerprints; a decision of an older version is asked about again.
        sovereignty: the mark of the documents that it was made over, "" where none bears one. It
            travels with the decision, and what it is applied in bears it.
    """

    fingerprints: tuple[str, ...]
    answer: Word
    keep: str = ""
    note: str = ""
    about: str = ""
    values: tuple[str, ...] = ()
    by: str = ""
    at: datetime | None = None
    version: str = ""
    sovereignty: str = ""

    def __str__(self) -> str:
        """Who decided it, and when, for a ledger's reason."""
        when = f" on {self.at:%Y-%m-%d}" if self.at else ""
        note = f" ({self.note})" if self.note else ""
        return f"decided by {self.by or 'a person'}{when}{note}"


@dataclass(frozen=True, slots=True)
class Merge:
    """Everything a finished merge decided, before anything is written.

    Args:
        entries: in corpus order of their first story.
        conflicts: asserted ones first, then possible ones.
        links: which entries stand next to each other, the most alike first.
        proposals: pairs of story ids for a person to decide, the most promising first.
        failed_calls: why calls to a judge failed, one text each.
    """

    entries: tuple[Entry, ...]
    conflicts: tuple[Conflict, ...]
    links: tuple[Link, ...]
    ledger: tuple[LedgerRow, ...]
    proposals: tuple[tuple[str, str], ...] = ()
    failed_calls: tuple[str, ...] = ()


def entry_id(stories: Iterable[str]) -> str:
    """The id of the entry of some stories, whatever their order: 16 hex digits."""
    return hashlib.sha256("|".join(sorted(stories)).encode()).hexdigest()[:16]
