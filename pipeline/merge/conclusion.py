"""From plan and replies to outcomes: a pure function, so that a run can be concluded again.

The relation of a group comes from a model that judges, or from code; the text from a model, from
one of the sources or from their union. What a failed call would have merged is kept word for
word (edits, stories) or united by code (where code had found the relation); the ledger says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from pipeline.calls import Cluster, Plan, Reply
from pipeline.compare.coverage import unsaid
from pipeline.compare.relations import relate, stem_weights
from pipeline.compare.union import by_fullness, same_words
from pipeline.merge.answers import Answer, answers
from pipeline.merge.drafts import Drafts
from pipeline.merge.ledger import balance
from pipeline.merge.opinion import Entails
from pipeline.merge.passages import share_passages
from pipeline.merge.writing import Writer, merged_id
from pipeline.outcomes import (
    Conflict,
    Decision,
    Edit,
    LedgerRow,
    MergedStory,
    Outcome,
    Outcomes,
    Relation,
)
from pipeline.plan.decisions import PERSON, Settled, settle
from pipeline.stories import Document, Story


def conclude(
    plan: Plan,
    stories: Mapping[str, Story],
    replies: Mapping[str, Reply],
    documents: Mapping[str, Document] | None = None,
    decisions: Sequence[Decision] = (),
    entails: Entails | None = None,
) -> Outcomes:
    """Gate every reply, merge, and balance the books.

    Args:
        stories: by id, in corpus order.
        replies: by request key, of the plan's calls and of the smaller ones they were cut into.
        documents: by sha256, for the exact places of sources.
        decisions: those that the plan was made with.
        entails: a second opinion on what a model wrote, None for none.

    Raises:
        LedgerError: a story without exactly one row.
    """
    books = _Books(
        plan,
        stories,
        Writer(
            {sha256: document.text for sha256, document in (documents or {}).items()},
            stem_weights(stories.values()),
            entails,
        ),
        settled_for(plan, stories, decisions),
    )
    for members, decision in books.settled.groups:
        books.settle(_edit_of_person(members, decision, stories), PERSON, model=True)
    for cluster in plan.decided:
        books.settle(_edit_of(cluster, stories), "code")
    drafts = Drafts(stories, books.writer, books.settled, judged=plan.judged)
    for call in plan.merging:
        if call.request.purpose == "stories":
            drafts.take(call, answers(call, drafts.known, replies))
            continue
        for answer in answers(call, stories, replies):
            books.take(answer)
    books.enter(drafts)
    disputes = [answer for call in plan.looking for answer in answers(call, stories, replies)]
    return share_passages(books.close(disputes), stories)


def settled_for(plan: Plan, stories: Mapping[str, Story], decisions: Sequence[Decision]) -> Settled:
    """The decisions as the plan has them: on the stories that are neither left out nor copies."""
    gone = {s.story for s in plan.skipped if s.reason in ("about", "duplicate")}
    return settle(decisions, (story for story in stories.values() if story.id not in gone))


def _edit_of_person(
    members: Sequence[str], decision: Decision, stories: Mapping[str, Story]
) -> Edit:
    """A group that a person decided, as an edit; its text passes the gate like a model's."""
    values = dict(zip(decision.fingerprints, decision.values, strict=False))
    return Edit(
        decision.relation,
        tuple(members),
        text=decision.text,
        attribute=decision.attribute,
        values=tuple(values.get(stories[m].fingerprint, "") for m in members) if values else (),
        reason=str(decision),
    )


def _edit_of(cluster: Cluster, stories: Mapping[str, Story]) -> Edit:
    """A cluster that code decided, as an edit."""
    relation = Relation(cluster.relation)
    keep = by_fullness([stories[m] for m in cluster.members])[0].id
    return Edit(
        relation,
        cluster.members,
        keep=keep if relation is Relation.SAME else "",
        attribute=cluster.attribute,
        values=cluster.values,
        reason=cluster.why,
    )


@dataclass
class _Books:
    """What was decided so far: merged stories, conflicts, and a row for every story met."""

    plan: Plan
    stories: Mapping[str, Story]
    writer: Writer
    settled: Settled = field(default_factory=Settled)
    merged: list[MergedStory] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    rows: dict[str, LedgerRow] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)

    def take(self, answer: Answer) -> None:
        """The edits of one call, or its failure."""
        call, ids = answer.call, dict(answer.call.handles)
        judged = call.request.purpose == "edits"
        by = self.plan.model if judged else "code"
        if answer.failure:
            self.failed.append(call.id)
        for edit in answer.edits:
            self.settle(edit, by, model=call.request.purpose == "story" or judged)
        for handles in call.clusters:
            members = [ids[h] for h in handles if ids[h] not in self.rows]
            if not members:
                continue
            if answer.failure and not judged and len(members) > 1:
                self._unite(members, Relation.OVERLAP, f"call {call.id}: {answer.failure}", by)
                continue
            why = (
                f"kept word for word: call {call.id} failed: {answer.failure}"
                if answer.failure
                else "the model found nothing it belongs with"
            )
            fallback = f"call {call.id} failed: {answer.failure}" if answer.failure else ""
            for story in members:
                self._keep(story, why, "code" if answer.failure else by, fallback)

    def enter(self, drafts: Drafts) -> None:
        """The document that was written again and again, as it stands, and what disagrees in it:
        a reply that keeps contradicting stories apart does not say so."""
        by = self.plan.model if drafts.judged else "code"
        for draft in drafts.standing.values():
            if draft.merged is not None:
                self._enter(draft.merged, draft.reason, by)
                continue
            (story,) = draft.sources
            why = f"kept word for word: {draft.fallback}" if draft.fallback else draft.reason
            self._keep(story, why, "code" if draft.fallback else by, draft.fallback)
        self.edits += drafts.edits
        self.failed += drafts.failed
        self.lost.update(drafts.lost)
        for call in self.plan.merging:
            ids = dict(call.handles)
            for handles in call.clusters:
                members = [ids[handle] for handle in handles if ids[handle] in self.stories]
                for one, other in combinations(members, 2):
                    drafts.disagree(one, other)
        for conflict in drafts.conflicts.values():
            self._dispute(conflict, "code")

    def _contradict(self, answer: Answer) -> None:
        """The contradictions that one call of the look for conflicts found, or its failure. What
        stands in one merged story, or a person has decided on, or is in the books already, is not
        disputed again."""
        if answer.failure:
            self.failed.append(answer.call.id)
        for edit in answer.edits:
            values = dict(zip(edit.stories, edit.values, strict=False))
            for one, other in combinations(edit.stories, 2):
                known = any({one, other} <= set(conflict.stories) for conflict in self.conflicts)
                if known or self.settled.forbids([one, other]):
                    continue
                said = (values.get(one, ""), values.get(other, ""))
                # Of three that disagree, two may say the same.
                if not said[0] or same_words(said[0]) != same_words(said[1]):
                    told = said if any(said) else ()
                    self._dispute(
                        Conflict((one, other), edit.attribute, told, edit.reason), self.plan.model
                    )
            self.edits.append(edit)

    def _dispute(self, conflict: Conflict, by: str) -> None:
        """Two stories that disagree and stand apart."""
        one, other = conflict.stories
        if self.rows[one].target == self.rows[other].target:
            return
        self.conflicts.append(conflict)
        for story, against in ((one, other), (other, one)):
            row = self.rows[story]
            if row.outcome is not Outcome.CONFLICT_WITH:
                self.rows[story] = replace(
                    row,
                    outcome=Outcome.CONFLICT_WITH,
                    other=against,
                    relation=Relation.CONFLICT,
                    reason=conflict.reason or f"they disagree on {conflict.attribute}",
                    decided_by=by,
                )

    def settle(self, edit: Edit, by: str, *, model: bool = False) -> None:
        """One edit carried out. Stories that were settled before are left as they are."""
        ids = [story for story in edit.stories if story not in self.rows]
        self.edits.append(edit)
        forbidden = self.settled.forbids(ids)
        if forbidden is not None:
            for story in ids:
                self._keep(story, f"never merged with another of its group, {forbidden}", PERSON)
        elif edit.relation is Relation.DISTINCT or len(ids) < 2:
            for story in ids:
                self._keep(story, edit.reason or "a need of its own", by)
        elif edit.relation is Relation.CONFLICT:
            self._disagree(edit, ids, by)
        elif edit.relation is Relation.SAME:
            self._same(edit, ids, by)
        elif edit.text is None or not model:
            self._unite(ids, Relation.OVERLAP, "", by, edit.reason)
        else:
            merged = self.writer.overlap(edit.text, [self.stories[i] for i in ids])
            self._enter(merged, edit.reason, by)

    def close(self, disputes: Iterable[Answer] = ()) -> Outcomes:
        """The stories that needed no call, what the look for conflicts found among all, then the
        balance."""
        originals = self._originals()
        duplicates: list[tuple[str, str]] = []
        for skipped in self.plan.skipped:
            if skipped.story in self.rows or skipped.story in self.settled.links:
                continue
            original = originals.get(self.stories[skipped.story].fingerprint, skipped.story)
            if skipped.reason == "about":
                why = skipped.detail or "left out by --about"
                self.rows[skipped.story] = LedgerRow(
                    skipped.story, Outcome.SKIPPED, "", "", None, why, "code"
                )
            elif skipped.reason == "duplicate" and original != skipped.story:
                duplicates.append((skipped.story, original))
            else:
                self._keep(skipped.story, skipped.detail or "nothing else says this", "code")
        for later in self.plan.later:
            for name in later.stories:
                if name not in self.rows:
                    self._keep(name, f"kept word for word: call {later.id} was not made", "code")
        for answer in disputes:
            self._contradict(answer)
        for story, (keep, decision) in self.settled.links.items():
            self._link(story, keep, decision)
        for story, original in duplicates:
            self._duplicate(story, original)
        self._say_what_is_kept_apart()
        order = {story: i for i, story in enumerate(self.stories)}
        merged = tuple(sorted(self.merged, key=lambda m: min(order[s] for s in m.sources)))
        ledger = balance(self.stories.values(), self.rows.values(), merged)
        return Outcomes(
            merged,
            tuple(self.conflicts),
            ledger,
            tuple(self.edits),
            tuple(self.failed),
            tuple(story for story in order if story in self.lost),
        )

    def _originals(self) -> dict[str, str]:
        """The story that stands for each fingerprint: the first that is no duplicate."""
        copies = {s.story for s in self.plan.skipped if s.reason == "duplicate"}
        found: dict[str, str] = {}
        for story in self.stories.values():
            if story.id not in copies:
                found.setdefault(story.fingerprint, story.id)
        return found

    def _keep(self, story: str, why: str, by: str, fallback: str = "") -> None:
        merged = replace(self.writer.kept(self.stories[story]), fallback=fallback)
        self.merged.append(merged)
        self.rows[story] = LedgerRow(story, Outcome.KEPT, merged.id, "", None, why, by)

    def _disagree(self, edit: Edit, ids: Sequence[str], by: str) -> None:
        values = edit.values if len(ids) == len(edit.stories) else ()
        self.conflicts.append(Conflict(tuple(ids), edit.attribute, values, edit.reason))
        for i, story in enumerate(ids):
            merged = self.writer.kept(self.stories[story])
            self.merged.append(merged)
            others = [
                other
                for j, other in enumerate(ids)
                if j != i and (not values or values[j] != values[i])
            ] or [other for other in ids if other != story]
            self.rows[story] = LedgerRow(
                story,
                Outcome.CONFLICT_WITH,
                merged.id,
                others[0],
                Relation.CONFLICT,
                edit.reason or f"they disagree on {edit.attribute}",
                by,
            )

    def _same(self, edit: Edit, ids: Sequence[str], by: str) -> None:
        keep = edit.keep if edit.keep in ids else ids[0]
        others = [self.stories[i] for i in ids if i != keep]
        merged = self.writer.same(self.stories[keep], others)
        self.merged.append(merged)
        reason = edit.reason or "it says the same"
        if merged.origin == "kept":
            self.rows[keep] = LedgerRow(
                keep, Outcome.KEPT, merged.id, "", None, f"stands for {len(ids)} stories", by
            )
        for story in ids:
            if story in self.rows:
                continue
            linked = merged.origin == "kept"
            outcome = Outcome.DUPLICATE_OF if linked else Outcome.MERGED_INTO
            other = keep if story != keep else ""
            self.rows[story] = LedgerRow(
                story, outcome, merged.id, other, Relation.SAME, reason, by
            )

    def _unite(
        self, ids: Sequence[str], relation: Relation, fallback: str, by: str, reason: str = ""
    ) -> None:
        merged = self.writer.united([self.stories[i] for i in ids], fallback=fallback)
        self._enter(merged, reason, by, relation)

    def _enter(
        self,
        merged: MergedStory,
        reason: str,
        by: str,
        relation: Relation = Relation.OVERLAP,
    ) -> None:
        """A merged story and the rows of its sources; one that says just what another source
        says is ``same``, linked to it."""
        self.merged.append(merged)
        earlier: list[Story] = []
        for source in merged.sources:
            story = self.stories[source]
            twin = next((e.id for e in earlier if self._says_the_same(e, story)), "")
            earlier.append(story)
            self.rows[source] = LedgerRow(
                source,
                Outcome.MERGED_INTO,
                merged.id,
                twin,
                Relation.SAME if twin else relation,
                reason or "one need, each with details of its own",
                by,
            )

    def _says_the_same(self, a: Story, b: Story) -> bool:
        return relate(a, b, self.writer.weights).relation is Relation.SAME

    def _duplicate(self, story: str, original: str) -> None:
        """An exact copy: it stands where its original stands."""
        row = self.rows.get(original)
        if row is None or row.outcome is Outcome.SKIPPED:
            self.rows[story] = LedgerRow(
                story, Outcome.SKIPPED, "", "", None, f"a copy of {original}, left out", "code"
            )
            return
        new = self._stand_in(story, row.target)
        conflicting = row.outcome is Outcome.CONFLICT_WITH
        self.rows[story] = LedgerRow(
            story,
            Outcome.CONFLICT_WITH if conflicting else Outcome.DUPLICATE_OF,
            new.id,
            row.other if conflicting else original,
            Relation.CONFLICT if conflicting else Relation.SAME,
            "a copy, word for word" + (" of one that disagrees" if conflicting else ""),
            "code",
        )

    def _link(self, story: str, keep: str, decision: Decision) -> None:
        """A story for which a person keeps another; what only it said stands in the reason."""
        target = self.rows[self.settled.root(keep)].target
        only = unsaid(self.stories[story], self.stories[keep], self.writer.weights)
        lost = f"; only here: {', '.join(f'“{text}”' for text in only)}" if only else ""
        self.rows[story] = LedgerRow(
            story,
            Outcome.DUPLICATE_OF,
            self._stand_in(story, target).id,
            keep,
            Relation.SAME,
            f"another is kept for it, {decision}{lost}",
            PERSON,
        )

    def _stand_in(self, story: str, target: str) -> MergedStory:
        """Make a merged story stand for one more source, its text as it is."""
        index = next(i for i, m in enumerate(self.merged) if m.id == target)
        old = self.merged[index]
        sources = (*old.sources, story)
        new = replace(old, id=merged_id(sources), sources=sources)
        self.merged[index] = new
        for source in old.sources:
            self.rows[source] = replace(self.rows[source], target=new.id)
        return new

    def _say_what_is_kept_apart(self) -> None:
        """The rows of stories that stand alone because a person wants it so."""
        for pair, decision in self.settled.apart.items():
            for story, other in (sorted(pair), sorted(pair, reverse=True)):
                row = self.rows[story]
                if row.outcome is Outcome.KEPT and row.decided_by != PERSON:
                    reason = f"never merged with {other}, {decision}"
                    self.rows[story] = replace(row, reason=reason, decided_by=PERSON)
