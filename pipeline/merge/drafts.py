"""The stories of the document while it is written again and again (``tree`` and ``fold``).

Every reply is accounted for: what it names alone or not at all stands as it was; what it puts
together becomes a draft that passed the gate against its *original* stories, however many
replies lie between, so that nothing invented at one level reaches the next. A story that a reply
leaves out is lost by the model and not by us: it stands word for word, and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

from pipeline.calls import Call
from pipeline.compare.relations import Related, relate
from pipeline.merge.answers import Answer
from pipeline.merge.writing import Writer
from pipeline.outcomes import Conflict, Edit, MergedStory, Relation
from pipeline.plan.decisions import Settled
from pipeline.stories import Story


@dataclass(frozen=True, slots=True)
class Draft:
    """One story of the document so far.

    Args:
        story: as a later prompt shows it.
        sources: ids of the original stories it stands for.
        merged: None while it is an original, word for word.
        reason: why it stands as it does.
        fallback: what went wrong on the way, "" when nothing did.
    """

    story: Story
    sources: tuple[str, ...]
    merged: MergedStory | None = None
    reason: str = "the model keeps it as a need of its own"
    fallback: str = ""


@dataclass
class Drafts:
    """What stands now, and what was seen on the way there.

    Args:
        stories: the originals by id.
        settled: what persons have decided; what they keep apart stays apart.
        judged: whether the model may decide what belongs together; otherwise code must agree.
    """

    stories: Mapping[str, Story]
    writer: Writer
    settled: Settled = field(default_factory=Settled)
    judged: bool = True
    #: Everything that a handle may point to: originals, and drafts of every level.
    known: dict[str, Story] = field(init=False)
    #: What stands now, by the id of its story.
    standing: dict[str, Draft] = field(default_factory=dict)
    conflicts: dict[frozenset[str], Conflict] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    #: Ids of the originals that some reply left out.
    lost: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = dict(self.stories)

    def take(self, call: Call, answered: Iterable[Answer]) -> list[Story]:
        """Carry out what a call came to. Returns the stories that stand for its prompt's now, in
        the prompt's order."""
        for _, name in call.handles:
            if name not in self.standing:
                self.standing[name] = Draft(self.known[name], (name,))
        now: dict[str, str] = {name: name for _, name in call.handles}
        for answer in answered:
            if answer.failure:
                self.failed.append(answer.call.id)
                why = f"call {answer.call.id} failed: {answer.failure}"
                self._mark((name for _, name in answer.call.handles), why)
                continue
            named: set[str] = set()
            for edit in answer.edits:
                named.update(edit.stories)
                if len(edit.stories) > 1:
                    now.update(dict.fromkeys(edit.stories, self._join(edit, answer.call)))
            left_out = [name for _, name in answer.call.handles if name not in named]
            self._mark(left_out, f"the reply to call {answer.call.id} left it out")
            for name in left_out:
                sources = self.standing[name].sources
                self.lost.update(dict.fromkeys(sources, answer.call.id))
        ends = dict.fromkeys(now[name] or name for _, name in call.handles)
        return [self.standing[name].story for name in ends]

    def _mark(self, names: Iterable[str], fallback: str) -> None:
        """Stories that stand although the model should have said something about them."""
        for name in names:
            draft = self.standing[name]
            self.standing[name] = replace(draft, fallback=draft.fallback or fallback)

    def _join(self, edit: Edit, call: Call) -> str:
        """Several stories as one draft. Returns its id, "" when they are kept apart."""
        drafts = [self.standing[name] for name in edit.stories]
        refusal = self._refusal(drafts)
        if refusal or edit.text is None:
            self._mark(edit.stories, f"kept apart from what call {call.id} put it with: {refusal}")
            return ""
        originals = [self.stories[source] for draft in drafts for source in draft.sources]
        merged = self.writer.overlap(edit.text, originals)
        story = _as_story(merged, [self.stories[source] for source in merged.sources])
        for name in edit.stories:
            del self.standing[name]
        self.standing[story.id] = Draft(story, merged.sources, merged, edit.reason)
        self.known[story.id] = story
        self.edits.append(replace(edit, stories=tuple(s.id for s in originals)))
        return story.id

    def _refusal(self, drafts: Sequence[Draft]) -> str:
        """Why stories may not become one: a person keeps them apart, they contradict each other,
        or a model that cannot judge put together what code finds apart. "" when they may."""
        forbidden = self.settled.forbids([source for draft in drafts for source in draft.sources])
        if forbidden is not None:
            return f"never merged, {forbidden}"
        for a, b in combinations(drafts, 2):
            for one, other in product(a.sources, b.sources):
                if self.disagree(one, other):
                    return "they contradict each other"
            if not self.judged:
                found = self._relate(a.story, b.story)
                if found.relation not in (Relation.SAME, Relation.OVERLAP):
                    return found.why or "another need"
        return ""

    def disagree(self, one: str, other: str) -> bool:
        """Whether code finds that two originals contradict each other; then it is recorded."""
        pair = frozenset((one, other))
        if pair not in self.conflicts:
            found = self._relate(self.stories[one], self.stories[other])
            if found.relation is not Relation.CONFLICT:
                return False
            self.conflicts[pair] = Conflict(
                (one, other), found.attribute, tuple(found.values), found.why
            )
        return True

    def _relate(self, a: Story, b: Story) -> Related:
        return relate(a, b, self.writer.weights)


def _as_story(merged: MergedStory, sources: Sequence[Story]) -> Story:
    """A draft as the next prompt shows it: its own words, the place of its fullest source."""
    text = merged.text
    return Story(
        id=merged.id,
        kind=sources[0].kind,
        source=sources[0].source,
        text="\n".join(source.text for source in sources),
        role=text.role,
        goal=text.goal,
        benefit=text.benefit,
        criteria=text.criteria,
        title=text.title,
        body=text.body,
    )
