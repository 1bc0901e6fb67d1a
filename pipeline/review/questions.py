"""What is open about a run: conflicts, tellings that are alike, folds of a judge, and decisions of
before, made under older fingerprints. What deciding saves most comes first, like ones together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from pipeline.document.markdown.opposing import opposed
from pipeline.entries import Conflict, Decision, Entry
from pipeline.errors import InputError
from pipeline.review.comparison import Told, differing, likeness, opinion, promise, telling
from pipeline.run.sovereignty import keeps_here
from pipeline.store.judgements import JudgementTold
from pipeline.store.reading.finished_run import FinishedRun, open_finished_run
from pipeline.store.record import Store
from pipeline.stories import STAYS, Story, count_words
from pipeline.text.canonical import VERSION

Kind = Literal["conflict", "possible conflict", "earlier", "alike", "fold", "decided"]
#: What is asked about, and what a question of the kind is.
KINDS: Mapping[Kind, str] = {
    "conflict": "they cannot both hold",
    "possible conflict": "possibly they cannot both hold",
    "earlier": "decided under older fingerprints",
    "alike": "they are alike: one need?",
    "fold": "a judge folded one under the other",
    "decided": "decided before",
}
#: Questions that are asked, at most; of the folds of judges a random sample.
MOST, AUDITED = 200, 50
#: Pairs are looked at in the order of the merge, the most promising first; so many times as many
#: as are asked.
_LOOKED_AT = 20


@dataclass(frozen=True)
class Question:
    """Stories that a person may decide on.

    Args:
        id: of the stories' fingerprints: the same question in every run.
        stories: one a fingerprint, in corpus order, numbered from 1 for people; ``names``,
            ``tellings`` and ``differs`` are theirs.
        because: why it is asked.
        about: what a conflict is about.
        opposed: the words that its sides deny each other, "2 euros / 1 euro"; "" for no conflict.
        stands: the number of the story that would stand, were they one need.
        saves: words that would stand no more, at most.
        batch: what it has in common with questions that are like it.
        decided: what was decided before; None when nothing was.
        earlier: what was decided under older fingerprints, for a question of that kind.
        sovereignty: the mark of the documents that say one of the stories, "" where none bears one.
    """

    id: str
    kind: Kind
    stories: tuple[Story, ...]
    names: tuple[str, ...]
    tellings: tuple[tuple[Told, ...], ...]
    differs: tuple[str, ...]
    because: str = ""
    about: str = ""
    opposed: str = ""
    stands: int = 1
    saves: int = 0
    weight: float = 0.0
    batch: str = ""
    decided: Decision | None = None
    earlier: Decision | None = None
    sovereignty: str = ""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of the stories, in their order."""
        return tuple(story.fingerprint for story in self.stories)


def of_run(
    store: Store,
    run: str,
    *,
    again: bool = False,
    most: int = MOST,
    only: Sequence[str] = (),
    names: Sequence[str] = (),
) -> list[Question]:
    """The questions of a stored run; see :func:`questions`.

    Args:
        names: of stories: only what is asked about all of them, decided before or not; two or more
            that nothing is open about are asked about by hand.

    Raises:
        InputError: no such run, or one that did not come to its ledger.
    """
    finished, said = finished_run_of(store, run), store.judgements(run)
    if not names:
        return questions(finished, store.decisions(), again=again, most=most, only=only, said=said)
    prints = {_named(finished, name).fingerprint for name in names}
    everything = questions(
        finished,
        store.decisions(),
        again=True,
        most=len(finished.names) + most,
        only=only,
        said=said,
    )
    found = [question for question in everything if prints.issubset(question.fingerprints)]
    return found or ([by_hand(finished, names)] if len(names) > 1 else [])


def finished_run_of(store: Store, run: str) -> FinishedRun:
    """The books of a run that can be reviewed.

    Raises:
        InputError: no such run, or one that did not come to its ledger.
    """
    finished = open_finished_run(store, run)
    if finished is None:
        raise InputError(f"no run {run!r}.", next="`storytransformer runs` lists them.")
    if not finished.ledger:
        raise InputError(
            "this run has no ledger yet.",
            where=run,
            next="Run the same merge again to finish it, then review it.",
        )
    return finished


def questions(
    finished: FinishedRun,
    decisions: Iterable[Decision] = (),
    *,
    again: bool = False,
    most: int = MOST,
    only: Sequence[str] = (),
    said: Iterable[JudgementTold] = (),
) -> list[Question]:
    """What is open, what deciding saves most first.

    Args:
        again: ask what was decided before, too.
        most: questions, at most.
        only: kinds; all where empty.
        said: what a judge said in the run: what it calls one need is asked the sooner.

    Raises:
        InputError: no such kind.
    """
    only = [" ".join(kind.casefold().replace("-", " ").replace("_", " ").split()) for kind in only]
    for kind in only:
        if kind not in KINDS:
            raise InputError(
                f"there are no questions of the kind {kind!r}.", next=f"Say {', '.join(KINDS)}."
            )
    asking = _Asking(finished, list(decisions), said)
    found: dict[frozenset[str], Question] = {}
    for question in asking.all(most):
        if (not only or question.kind in only) and (again or question.decided is None):
            found.setdefault(frozenset(question.fingerprints), question)
    weights: dict[str, float] = {}
    for question in found.values():
        weights[question.batch] = weights.get(question.batch, 0.0) + question.weight
    order = list(KINDS)
    ranked = sorted(
        found.values(),
        key=lambda q: (-weights[q.batch], q.batch, -q.weight, order.index(q.kind)),
    )
    return ranked[:most]


def about_pairs(finished: FinishedRun, pairs: Iterable[Sequence[str]]) -> list[Question]:
    """Questions about given pairs of fingerprints, in their order; those whose stories are not here
    are left out."""
    by_print: dict[str, str] = {}
    for story in finished.stories.values():
        by_print.setdefault(story.fingerprint, story.id)
    asking = _Asking(finished, [])
    members = ([by_print[f] for f in pair if f in by_print] for pair in pairs)
    found = (asking.ask("fold", pair, "drawn at random") for pair in members if len(pair) > 1)
    return [question for question in found if question is not None]


def by_hand(finished: FinishedRun, names: Sequence[str]) -> Question:
    """A question about any stories of a run, by their names ("S-3"), ids or the keys that their
    documents give them; the first of them would stand.

    Raises:
        InputError: no such story, two of one key, or the same story twice.
    """
    stories = [_named(finished, name) for name in names]
    asking = _Asking(finished, [])
    question = asking.ask("alike", [story.id for story in stories], "merged by hand")
    if question is None:
        raise InputError(
            f"{' and '.join(names)} say the same, word for word.",
            next="They are one entry already; name two different ones.",
        )
    first = question.fingerprints.index(stories[0].fingerprint) + 1
    return replace(question, stands=first)


def _named(finished: FinishedRun, name: str) -> Story:
    by_name = {told.casefold(): story for story, told in finished.names.items()}
    story = by_name.get(name.casefold(), name)
    if story in finished.stories:
        return finished.stories[story]
    keyed = [one for one in finished.stories.values() if one.source.key == name != ""]
    if len(keyed) == 1:
        return keyed[0]
    raise InputError(
        f"{len(keyed)} stories have the key {name!r}." if keyed else f"there is no story {name!r}.",
        where=finished.run,
        next=f"Write a name as the document has it, S-1 to S-{len(finished.names)}.",
    )


class _Asking:
    """Makes questions of one run's books."""

    def __init__(
        self,
        finished: FinishedRun,
        decisions: Sequence[Decision],
        said: Iterable[JudgementTold] = (),
    ) -> None:
        self._finished = finished
        self._said = {frozenset((one.a, one.b)): one for one in said}
        self._entry: dict[str, Entry] = {
            story: entry for entry in finished.entries for story in entry.sources
        }
        self._place = {story: n for n, story in enumerate(finished.names)}
        self._old = [d for d in decisions if d.version != VERSION]
        self._now = [d for d in decisions if d.version == VERSION]
        self._marked = _marked(finished)
        self._decided: dict[frozenset[str], Decision] = {}
        for decision in self._now:
            self._decided[frozenset(decision.fingerprints)] = decision
            for pair in combinations(decision.fingerprints, 2):
                self._decided[frozenset(pair)] = decision

    def all(self, most: int) -> Iterable[Question]:
        """Every question, those that say most of their stories first."""
        yield from self._earlier()
        disagreeing: set[frozenset[str]] = set()
        for conflict in self._finished.conflicts:
            members = [side.story for side in conflict.sides]
            disagreeing.update(map(frozenset, combinations(members, 2)))
            yield from self._kept(self._conflict(conflict))
        yield from self._folds()
        left = _LOOKED_AT * most
        for a, b, because in self._pairs():
            if left <= 0:
                break
            left -= 1
            if frozenset((a, b)) not in disagreeing:
                yield from self._kept(self.ask("alike", (a, b), because))
        yield from self._settled()

    def ask(
        self, kind: Kind, members: Sequence[str], because: str, about: str = ""
    ) -> Question | None:
        """The question; None where only copies of one story are left to ask about."""
        finished = self._finished
        here = sorted((m for m in members if m in finished.stories), key=self._place.__getitem__)
        of: dict[str, Story] = {}
        for member in here:
            of.setdefault(finished.stories[member].fingerprint, finished.stories[member])
        if len(of) < 2:
            return None
        stories = tuple(of.values())
        tellings = tuple(telling(story, self._entry.get(story.id)) for story in stories)
        needs = [_need(told) for told in tellings]
        differs = _differs(needs)
        lengths = [count_words(need) for need in needs]
        saves = self._saves(kind, stories, lengths)
        promising = 1.0
        if kind in ("alike", "earlier", "decided"):
            judged = self._said.get(frozenset(story.id for story in stories))
            promising = promise(likeness(needs[0], needs[1]), judged)
            because = because or opinion(judged)
        return Question(
            id=_id(of),
            kind=kind,
            stories=stories,
            names=tuple(finished.names[story.id] for story in stories),
            tellings=tellings,
            differs=differs,
            because=because,
            about=about,
            # The shorter-told need would be folded under the longer; of two the first stands.
            stands=lengths.index(max(lengths)) + 1,
            saves=saves,
            weight=saves * promising,
            batch=_digest(kind, about, *sorted(differs)),
            decided=self._decided.get(frozenset(of)),
            sovereignty="" if self._marked.isdisjoint(of) else STAYS,
        )

    def _kept(self, question: Question | None) -> Iterable[Question]:
        return () if question is None else (question,)

    def _conflict(self, conflict: Conflict) -> Question | None:
        members = [side.story for side in conflict.sides]
        kind: Kind = "conflict" if conflict.kind == "conflict" else "possible conflict"
        by = "" if conflict.by == "code" else f"{conflict.by}: "
        because = f"{by}{conflict.reason}" if conflict.reason else by.rstrip(": ")
        question = self.ask(kind, members, because, conflict.about)
        if question is None:
            return None
        said = {side.story: " ".join(side.differs) for side in conflict.sides}
        told = tuple(
            said.get(story.id) or differs
            for story, differs in zip(question.stories, question.differs, strict=True)
        )
        batch = _digest(kind, conflict.about, *sorted(told))
        return replace(question, differs=told, opposed=opposed(conflict), batch=batch)

    def _earlier(self) -> Iterable[Question]:
        """Decisions of an older version whose stories are all here."""
        by_print: dict[str, str] = {}
        if self._old:
            for story in self._finished.stories.values():
                by_print.setdefault(story.old_fingerprint, story.id)
        for decision in self._old:
            members = [by_print[f] for f in decision.fingerprints if f in by_print]
            if len(members) < len(decision.fingerprints):
                continue
            question = self.ask("earlier", members, _told(decision))
            if question is None or question.decided is not None:
                continue
            stands = question.stands
            if kept := by_print.get(decision.keep):
                print_kept = self._finished.stories[kept].fingerprint
                stands = question.fingerprints.index(print_kept) + 1
            said = dict(zip(members, decision.values, strict=False))
            told = tuple(said.get(story.id, "") for story in question.stories)
            yield replace(
                question,
                about=decision.about,
                differs=told if any(told) else question.differs,
                stands=stands,
                earlier=decision,
            )

    def _settled(self) -> Iterable[Question]:
        """What was decided and is a question no more: the stories are in one entry by now."""
        by_print = {story.fingerprint: story.id for story in self._finished.stories.values()}
        for decision in self._now:
            members = [by_print[f] for f in decision.fingerprints if f in by_print]
            if len(members) == len(decision.fingerprints):
                yield from self._kept(self.ask("decided", members, "", decision.about))

    def _folds(self) -> Iterable[Question]:
        """Needs that a judge folded, in an order that has nothing to do with them."""
        folds = [
            (fold.story, fold.under, fold.reason)
            for entry in self._finished.entries
            for fold in entry.folds
            if fold.by == "judge" and fold.field == "sentence"
        ]
        folds.sort(key=lambda fold: _digest(self._finished.run, *fold[:2]))
        for story, under, reason in folds[:AUDITED]:
            yield from self._kept(self.ask("fold", (story, under), reason))

    def _pairs(self) -> Iterable[tuple[str, str, str]]:
        """Stories of different entries that a merge proposes or places next to each other."""
        seen: set[frozenset[str]] = set()
        standing = {entry.id: entry.standing for entry in self._finished.entries}
        links = {frozenset((link.a, link.b)): link for link in self._finished.links}
        pairs = list(self._finished.proposals)
        pairs += [(standing[link.a], standing[link.b]) for link in self._finished.links]
        for a, b in pairs:
            entries = frozenset(self._entry[s].id for s in (a, b) if s in self._entry)
            if len(entries) < 2 or entries in seen:
                continue
            seen.add(entries)
            link = links.get(entries)
            if link is not None and link.kind == "overlapping":
                yield a, b, f"overlapping, says {link.by}"
            else:
                yield a, b, ""

    def _saves(self, kind: Kind, stories: Sequence[Story], needs: Sequence[int]) -> int:
        """Words that would stand no more: of a conflict all that only the losing side says, of
        tellings of one need the shorter need."""
        if kind == "fold":
            return 0
        if kind in ("conflict", "possible conflict"):
            alone = sorted(self._alone(story) for story in stories)
            return sum(alone[1:])
        return sum(sorted(needs)[:-1])

    def _alone(self, story: Story) -> int:
        entry = self._entry.get(story.id)
        lines = entry.lines if entry else ()
        return sum(count_words(line.text) for line in lines if line.stories == (story.id,))


def _marked(finished: FinishedRun) -> frozenset[str]:
    """Fingerprints of the stories that a document says which may not leave this machine."""
    paths: dict[str, list[str]] = {}
    for path, sha256 in finished.paths.items():
        paths.setdefault(sha256, []).append(path)
    staying = {
        sha256
        for sha256, head in finished.heads.items()
        if keeps_here(head, paths.get(sha256, ()), finished.local_only)
    }
    stories = finished.stories.values() if staying else ()
    return frozenset(one.fingerprint for one in stories if one.source.document in staying)


def _told(decision: Decision) -> str:
    return f"{decision.answer.replace('_', ' ')}: {decision}"


def _need(told: Sequence[Told]) -> str:
    return next((t.text for t in told if t.field == "sentence"), told[0].text if told else "")


def _differs(needs: Sequence[str]) -> tuple[str, ...]:
    """The words of each need that the first (of the first: the second) does not have."""
    first, second = differing(needs[0], needs[1])
    return (first, second, *(differing(needs[0], need)[1] for need in needs[2:]))


def _id(fingerprints: Iterable[str]) -> str:
    return _digest(*sorted(fingerprints))


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
