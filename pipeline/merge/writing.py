"""One group of stories becomes one story of the merged document, gated.

Whatever a model wrote is checked sentence by sentence; where a sentence fails, the deterministic
union of the sources stands instead; where something the sources say is missing, it is carried
over word for word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.compare.coverage import unsaid
from pipeline.compare.union import by_fullness, purpose, union, wanted
from pipeline.merge.grounding import check, grounded, missing, sentence_verdicts
from pipeline.merge.opinion import Entails, second_opinion
from pipeline.outcomes import Check, MergedStory, StoryText
from pipeline.stories import Story
from pipeline.text.words import sentences

#: What the gate found, in words of ours: the document tells none of a model's, which may be
#: somebody's who wants them read. The verdicts of the run have them.
FOUND: Mapping[Check, str] = {
    "number": "a number that is in no source",
    "date": "a date that is in no source",
    "name": "a name, role or quoted term that is in no source",
    "negation": "it denies what the sources say, or says what they deny",
    "modality": "it asks more or less strongly than the sources",
    "support": "words that are in no source, or not together",
    "entailment": "by a second opinion it does not follow from the sources",
}
#: (field, its text, its story): whether the kept text says it.
Said = Callable[[str, str, Story], bool]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes merged stories.

    Args:
        texts: document texts by sha256, for exact source places.
        weights: rarity of stems in the corpus, for what counts as said.
        entails: a second opinion on what a model wrote, None for none.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    entails: Entails | None = None

    def kept(self, story: Story) -> MergedStory:
        """A story that stands alone, word for word."""
        text = text_of(story)
        verdicts = sentence_verdicts(text, [story], self.texts, stage="final")
        return MergedStory(merged_id([story.id]), text, (story.id,), "kept", verdicts=verdicts)

    def same(self, keep: Story, others: Sequence[Story]) -> MergedStory:
        """The story that is kept for several that say the same, with what only another says
        carried over."""
        sources = [keep, *by_fullness([o for o in others if o.id != keep.id])]
        text = self._complete(text_of(keep), sources[1:], said=self._said_by(keep))
        untouched = text == text_of(keep)
        return MergedStory(
            merged_id([s.id for s in sources]),
            text,
            tuple(s.id for s in sources),
            "kept" if untouched else "union",
            verdicts=sentence_verdicts(text, sources, self.texts, stage="final"),
        )

    def united(self, stories: Sequence[Story], *, fallback: str = "") -> MergedStory:
        """The deterministic union; ``fallback`` says why no model's text stands here."""
        sources = by_fullness(stories)
        text = union(sources).text
        return MergedStory(
            merged_id([s.id for s in sources]),
            text,
            tuple(s.id for s in sources),
            "union",
            fallback=fallback,
            verdicts=sentence_verdicts(text, sources, self.texts, stage="final"),
        )

    def overlap(self, text: StoryText, stories: Sequence[Story]) -> MergedStory:
        """A model's text for stories of one need, where the gate lets it pass."""
        sources = by_fullness(stories)
        if text == union(sources).text:
            return self.united(stories)
        asked = check(text, sources, self.texts, stage="reply", weights=self.weights)
        if self.entails is not None and all(
            f.check == "coverage" for v in asked for f in v.findings
        ):
            asked = second_opinion(asked, sources, text.role, self.entails)
        refused = tuple(verdict for verdict in asked if not verdict.grounded)
        invented = [v for v in refused if any(f.check != "coverage" for f in v.findings)]
        if invented:
            first = invented[0]
            found = next(f.check for f in first.findings if f.check != "coverage")
            merged = self.united(stories, fallback=f"{first.field}: {FOUND[found]}")
            return replace(merged, verdicts=(*merged.verdicts, *asked))
        final = self._complete(text, sources)
        verdicts = sentence_verdicts(final, sources, self.texts, stage="final")
        if not grounded(verdicts):
            return replace(
                self.united(stories, fallback="what was carried over did not pass the gate"),
                verdicts=(*self.united(stories).verdicts, *asked),
            )
        return MergedStory(
            merged_id([s.id for s in sources]),
            final,
            tuple(s.id for s in sources),
            "model",
            verdicts=(*verdicts, *refused),
        )

    def _said_by(self, keep: Story) -> Said:
        """Whether a kept story says a field of another, a goal or benefit in other words too."""

        def said(field: str, text: str, story: Story) -> bool:
            if field in ("title", "role"):
                return field == "title"
            own = unsaid(story, keep, self.weights)
            return not any(sentence in own for sentence in sentences(text) or (text,))

        return said

    def _complete(
        self, text: StoryText, sources: Sequence[Story], said: Said | None = None
    ) -> StoryText:
        """The text with every field of its sources that it does not say, word for word.

        Args:
            said: lets a field go that is said in other words.
        """
        roles, criteria, body = [text.role] if text.role else [], list(text.criteria), []
        title = text.title
        for kind, lost, story in missing(text, sources, weights=self.weights):
            if said is not None and said(kind, lost, story):
                continue
            if kind == "role":
                roles.append(lost)
            elif kind == "criterion":
                criteria.append(lost)
            elif kind == "goal":
                body.append(wanted(lost, story.text))
            elif kind == "benefit":
                body.append(purpose(lost, story.text))
            elif kind == "title" and not title:
                title = lost
            else:
                body.append(lost)
        return replace(
            text,
            role=" or ".join(roles),
            criteria=tuple(criteria),
            title=title,
            body=(*text.body, *body),
        )


def text_of(story: Story) -> StoryText:
    """A story's fields as a merge would write them."""
    return StoryText(
        role=story.role,
        goal=story.goal,
        benefit=story.benefit,
        criteria=story.criteria,
        title=story.title,
        body=story.body if story.fields else (story.text,),
    )


def merged_id(sources: Sequence[str]) -> str:
    """The same merge has the same id: 16 hex digits of a sha256 over its sorted sources."""
    return hashlib.sha256("|".join(sorted(set(sources))).encode()).hexdigest()[:16]
