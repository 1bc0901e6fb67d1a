"""What a person may want to decide about a run: its conflicts, its merges, and the look-alikes
that it held apart; and each answer as a decision that later runs apply."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from pipeline.compare.coverage import unsaid
from pipeline.compare.relations import relate, stem_weights
from pipeline.errors import InputError
from pipeline.outcomes import Conflict, Decision, LedgerRow, MergedStory, Relation, StoryText
from pipeline.plan.similarity import LOOKS_ALIKE, similar_pairs
from pipeline.store.books import open_books
from pipeline.store.record import Store
from pipeline.stories import Story

Kind = Literal["conflict", "merge", "look-alike"]
#: What may be answered, and what it means.
ANSWERS: Mapping[str, str] = {
    "accept": "it is right as it is",
    "split": "one of them is another need: never merge it with the rest",
    "keep": "one of them is kept, word for word, for all",
    "never": "never merge any two of these",
    "merge": "they are one need: merge them",
}
#: Look-alikes that are asked about, the most alike first.
MOST = 200
#: Sentences that are shown of what only one story says.
FEW = 5


@dataclass(frozen=True)
class Question:
    """A group of stories that a person may decide on.

    Args:
        id: of the kind and the stories' fingerprints: the same question in every run.
        stories: one a fingerprint, numbered from 1 for people.
        because: why the run did what it did.
        text: of the merged story, None where nothing was merged.
        kept: the story that stands, word for word, for the others; "" when none does.
        differs: what only one of the stories says, or what they disagree on.
        decided: what was decided before; None when nothing was.
    """

    id: str
    kind: Kind
    stories: tuple[Story, ...]
    because: str = ""
    text: StoryText | None = None
    kept: str = ""
    attribute: str = ""
    values: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    decided: Decision | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered to it."""
        return tuple(a for a in ANSWERS if self.kind != "merge" or a != "merge")


def questions(
    stories: Mapping[str, Story],
    merged: Sequence[MergedStory],
    conflicts: Sequence[Conflict],
    ledger: Mapping[str, LedgerRow],
    decisions: Iterable[Decision] = (),
    *,
    again: bool = False,
    most: int = MOST,
) -> list[Question]:
    """What is open: conflicts first, then merges, then look-alikes, the most alike first.

    Args:
        stories: by id, in corpus order.
        again: ask what was decided before, too.
        most: look-alikes, at most.
    """
    asking = _Asking(stories, ledger, list(decisions))
    found = [asking.conflict(conflict) for conflict in conflicts]
    found += [asking.merge(story) for story in merged if len(story.sources) > 1]
    open_ones = [q for q in found if q is not None and (again or not asking.is_decided(q))]
    for question in asking.look_alikes(merged, conflicts):
        if most <= 0:
            break
        if again or not asking.is_decided(question):
            open_ones.append(question)
            most -= 1
    return open_ones


def of_run(store: Store, run: str, *, again: bool = False, most: int = MOST) -> list[Question]:
    """The questions of a stored run; see :func:`questions`.

    Raises:
        InputError: no such run, or one that did not come to its ledger.
    """
    books = open_books(store, run)
    if books is None:
        raise InputError(f"no run {run!r}.", next="`storytransformer runs` lists them.")
    if not books.ledger:
        raise InputError(
            "this run decided nothing yet.",
            where=run,
            next="Run the same merge again to finish it, then review it.",
        )
    return questions(
        books.stories,
        books.merged,
        books.conflicts,
        books.ledger,
        store.decisions(),
        again=again,
        most=most,
    )


def decide(
    question: Question, answer: str, *, number: int | None = None, note: str = "", by: str = ""
) -> Decision:
    """An answer as the decision it stands for.

    Args:
        number: which story is kept or split off, counted from 1; needed for ``keep``, and for
            ``split`` where there are more than two.

    Raises:
        InputError: no such answer to this question, or no such story.
    """
    if answer not in question.answers:
        raise InputError(
            f"{answer!r} is no answer to a {question.kind}.",
            where=f"question {question.id}",
            next=f"Answer {', '.join(question.answers)}.",
        )
    n = len(question.stories)
    if answer in ("keep", "split") and number is None and not (answer == "split" and n == 2):
        raise InputError(
            f"{answer} which of them?",
            where=f"question {question.id}",
            next=f"Give the number of a story, 1 to {n}.",
        )
    if number is not None and not 1 <= number <= n:
        raise InputError(
            f"there is no story {number}.",
            where=f"question {question.id}",
            next=f"There are 1 to {n}.",
        )
    chosen = question.stories[number - 1] if number is not None else None
    if answer == "keep" and chosen is not None:
        return _decision(question, Relation.SAME, note, by, keep=chosen.fingerprint)
    if answer == "merge":
        return _decision(question, Relation.OVERLAP, note, by)
    if answer == "accept" and question.kind == "conflict":
        return _decision(question, Relation.CONFLICT, note, by)
    if answer == "accept" and question.kind == "merge":
        if question.kept:
            return _decision(question, Relation.SAME, note, by, keep=question.kept)
        return _decision(question, Relation.OVERLAP, note, by, text=question.text)
    return _decision(question, Relation.DISTINCT, note, by)


def decisions_for(
    question: Question, answer: str, *, number: int | None = None, note: str = "", by: str = ""
) -> list[Decision]:
    """As :func:`decide`; a story that is split off a larger group makes a decision for each of
    the others, which stay in question among themselves."""
    decision = decide(question, answer, number=number, note=note, by=by)
    if answer != "split" or len(question.stories) == 2 or number is None:
        return [decision]
    off = question.stories[number - 1].fingerprint
    return [
        Decision(tuple(sorted((off, other))), Relation.DISTINCT, note=note, by=by)
        for other in decision.fingerprints
        if other != off
    ]


def as_json(question: Question) -> dict[str, Any]:
    """What ``review --json`` prints of a question."""
    return {
        "question": question.id,
        "kind": question.kind,
        "because": question.because,
        "differs": list(question.differs),
        "answers": list(question.answers),
        "decided": None if question.decided is None else str(question.decided),
        "stories": [
            {
                "number": number,
                "story": story.id,
                "fingerprint": story.fingerprint,
                "source": str(story.source),
                "key": story.source.key,
                "written": story.source.written.isoformat() if story.source.written else None,
                "author": story.source.author,
                "text": story.text,
            }
            for number, story in enumerate(question.stories, 1)
        ],
    }


def _decision(
    question: Question,
    relation: Relation,
    note: str,
    by: str,
    *,
    keep: str = "",
    text: StoryText | None = None,
) -> Decision:
    said = dict(
        zip((s.fingerprint for s in question.stories), question.values, strict=False)
        if relation is Relation.CONFLICT
        else ()
    )
    prints = tuple(sorted(story.fingerprint for story in question.stories))
    return Decision(
        prints,
        relation,
        keep=keep,
        note=note,
        text=text,
        attribute=question.attribute if said else "",
        values=tuple(said.get(f, "") for f in prints) if said else (),
        by=by,
    )


class _Asking:
    """Makes questions of one run's books."""

    def __init__(
        self,
        stories: Mapping[str, Story],
        ledger: Mapping[str, LedgerRow],
        decisions: Sequence[Decision],
    ) -> None:
        self._stories = stories
        self._ledger = ledger
        self._weights = stem_weights(stories.values())
        self._by_group = {frozenset(d.fingerprints): d for d in decisions}
        self._apart = {
            frozenset(pair): d
            for d in decisions
            if d.relation is Relation.DISTINCT
            for pair in combinations(d.fingerprints, 2)
        }

    def is_decided(self, question: Question) -> bool:
        return question.decided is not None

    def conflict(self, conflict: Conflict) -> Question | None:
        values = dict(zip(conflict.stories, conflict.values, strict=False))
        because = conflict.reason or f"they disagree on {conflict.attribute}"
        told = [f"{conflict.attribute}: {' against '.join(filter(None, conflict.values))}"]
        return self._ask(
            "conflict", conflict.stories, because, attribute=conflict.attribute, said=values,
            differs=told if any(conflict.values) else [],
        )  # fmt: skip

    def merge(self, merged: MergedStory) -> Question | None:
        rows = [self._ledger[s] for s in merged.sources if s in self._ledger]
        if any(row.outcome == "conflict_with" for row in rows):
            return None  # copies of one side of a conflict: asked about as that conflict
        because = next((row.reason for row in rows if row.outcome != "kept" and row.reason), "")
        first = self._stories.get(merged.sources[0])
        kept = first.fingerprint if merged.origin == "kept" and first is not None else ""
        return self._ask("merge", merged.sources, because, text=merged.text, kept=kept)

    def look_alikes(
        self, merged: Sequence[MergedStory], conflicts: Sequence[Conflict]
    ) -> Iterable[Question]:
        """Pairs that are alike and ended apart."""
        target = {story: m.id for m in merged for story in m.sources}
        disagreeing = {frozenset(p) for c in conflicts for p in combinations(c.stories, 2)}
        listed = [story for story in self._stories.values() if story.id in target]
        for pair in similar_pairs(listed, weights=self._weights):
            if target[pair.a] == target[pair.b] or frozenset((pair.a, pair.b)) in disagreeing:
                continue
            related = relate(self._stories[pair.a], self._stories[pair.b], self._weights)
            if related.relation is Relation.DISTINCT and related.score < LOOKS_ALIKE:
                continue
            question = self._ask("look-alike", (pair.a, pair.b), related.why)
            if question is not None:
                yield question

    def _ask(
        self,
        kind: Kind,
        members: Sequence[str],
        because: str,
        *,
        text: StoryText | None = None,
        kept: str = "",
        attribute: str = "",
        said: Mapping[str, str] | None = None,
        differs: Sequence[str] = (),
    ) -> Question | None:
        """The question; None where only copies of one story are left to ask about."""
        of: dict[str, Story] = {}
        for member in members:
            if member in self._stories:
                of.setdefault(self._stories[member].fingerprint, self._stories[member])
        if len(of) < 2:
            return None
        stories = tuple(of.values())
        prints = frozenset(of)
        digest = hashlib.sha256("|".join([kind, *sorted(prints)]).encode()).hexdigest()
        return Question(
            id=digest[:12],
            kind=kind,
            stories=stories,
            because=because,
            text=text,
            kept=kept,
            attribute=attribute,
            values=tuple((said or {}).get(story.id, "") for story in stories) if said else (),
            differs=tuple(differs) or self._only(stories),
            decided=self._by_group.get(prints)
            or (self._apart.get(prints) if kind == "look-alike" else None),
        )

    def _only(self, stories: Sequence[Story]) -> tuple[str, ...]:
        """What each story says that none of the others does."""
        told = []
        for number, story in enumerate(stories, 1):
            others = [other for other in stories if other is not story]
            own = unsaid(story, others[0], self._weights)
            for other in others[1:]:
                told_there = unsaid(story, other, self._weights)
                own = tuple(text for text in own if text in told_there)
            told += [f"only {number}: “{text}”" for text in own[:FEW]]
            if len(own) > FEW:
                told.append(f"only {number}: {len(own) - FEW} more sentences")
        return tuple(told)
