"""What the sentences of a merge come to against their sources, by the gate's own checks, and how
much of the sources is still said. Either figure alone can be had for nothing: an empty document
invents nothing, and a copy of everything loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evals.statistics import Interval, share
from pipeline.compare.coverage import says
from pipeline.compare.relations import stem_weights
from pipeline.gate.grounding import fields_of, missing, sentence_verdicts
from pipeline.merge.opinion import Entails, second_opinion
from pipeline.merge.run import WAVE
from pipeline.gate.sources import statements_of, verbatim
from pipeline.outcomes import StoryText, Verdict
from pipeline.plan.decisions import PERSON
from pipeline.store.books import Books
from pipeline.stories import Story, normalise
from pipeline.text.words import sentences

Mark = Literal["supported", "unsupported", "contradicted"]

#: What a sentence may have wrong while all of its words are its sources': a changed fact.
_FACTS = frozenset(("number", "date", "negation", "modality"))
#: The batch of stories that no call showed.
NO_CALL = "no call"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a merged story.

    Args:
        story: id of the merged story; "" for a reply that was not entered as it was.
        batch: see :func:`batches`.
        new: it stands in no source word for word.
        why: what the gate found, "" for a supported one.
    """

    story: str
    batch: str
    field: str
    text: str
    mark: Mark
    new: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """One field of a source story, and whether the merged document still says it.

    Args:
        source: the story it is of; ``story`` is the merged one.
    """

    source: str
    story: str
    batch: str
    field: str
    text: str
    said: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A text with the stories it was made of."""

    id: str
    batch: str
    text: StoryText
    sources: tuple[Story, ...]


def mark(verdict: Verdict) -> Mark:
    """``contradicted`` when only numbers, dates, denials or strength are not the sources',
    ``unsupported`` when anything else is not."""
    if verdict.grounded:
        return "supported"
    return "contradicted" if {f.check for f in verdict.findings} <= _FACTS else "unsupported"


def judged(
    text: StoryText, sources: Sequence[Story], entails: Entails | None = None
) -> tuple[Verdict, ...]:
    """The verdict on every sentence, coverage left out.

    Args:
        entails: an entailment model's opinion on what the gate's rules let pass: the rules alone
            find nothing in a document that they have let through themselves.
    """
    verdicts = sentence_verdicts(text, sources)
    return verdicts if entails is None else second_opinion(verdicts, sources, text.role, entails)


def claims(text: Text, entails: Entails | None = None) -> Iterator[Claim]:
    """Every sentence of a text, :func:`judged` against the stories it was made of."""
    known = [statement for story in text.sources for statement in statements_of(story)]
    for verdict in judged(text.text, text.sources, entails):
        yield Claim(
            text.id,
            text.batch,
            verdict.field,
            verdict.text,
            mark(verdict),
            new=not verbatim(verdict.text, known),
            why="; ".join(found.message for found in verdict.findings),
        )


def batches(books: Books, strategy: str) -> dict[str, str]:
    """The batch of every story that a call showed: its window, or, where every cluster is a call
    of its own (``edit``), the wave of calls that were sent together."""
    return {
        story: f"calls {1 + n // WAVE * WAVE} to {n // WAVE * WAVE + WAVE}"
        if strategy == "edit"
        else call
        for n, (call, stories) in enumerate(books.shown.items())
        for story in stories
    }


def document(books: Books, batch: Mapping[str, str]) -> list[Text]:
    """The merged stories as they stand in the document."""
    return [
        Text(m.id, _batch(m.sources, batch), m.text, tuple(books.stories[s] for s in m.sources))
        for m in books.merged
    ]


def replies(books: Books, batch: Mapping[str, str]) -> list[Text]:
    """What was written for groups of stories before the gate, persons' texts left out."""
    return [
        Text(
            books.ledger[edit.stories[0]].target,
            _batch(edit.stories, batch),
            edit.text,
            tuple(books.stories[story] for story in edit.stories),
        )
        for edit in books.edits
        if edit.text is not None and books.ledger[edit.stories[0]].decided_by != PERSON
    ]


def _batch(stories: Iterable[str], batch: Mapping[str, str]) -> str:
    return next((batch[story] for story in stories if story in batch), NO_CALL)


def held(texts: Sequence[Text], books: Books) -> Iterator[Held]:
    """Every field of every source, and whether the text made of it says it, or the text of the
    story whose words made it shorter."""
    weights = stem_weights(books.stories.values())
    whole = {text.id: text for text in texts}
    for text in texts:
        lost = missing(text.text, text.sources, weights=weights)
        gone = {(field, normalise(what)) for field, what, _ in lost}
        for story in text.sources:
            other = books.ledger[story.id].other
            target = books.ledger[other].target if other in books.ledger else ""
            elsewhere = whole.get(target)
            for field, what in story.fields:
                said = (field, normalise(what)) not in gone
                if not said and elsewhere is not None and elsewhere is not text:
                    said = _stands(what, elsewhere.text, text.text, weights)
                yield Held(story.id, text.id, text.batch, field, what, said)


def _stands(what: str, there: StoryText, here: StoryText, weights: Mapping[str, float]) -> bool:
    """Whether every sentence is said in one of two texts."""
    both = "\n".join(text for _, text in (*fields_of(there), *fields_of(here)))
    return all(says(both, sentence, weights) for sentence in sentences(what) or (what,))


def rates(found: Sequence[Claim], kept: Sequence[Held]) -> dict[str, Interval]:
    """The figures of one document, or of one part of it.

    ``fabricated`` is ``unsupported`` and ``contradicted`` together, of all sentences;
    ``fabricated_new`` is their share of the sentences that stand in no source word for word;
    ``fabricated_stories`` the share of stories with one; ``covered`` the share of the sources'
    fields that are still said, by their words: a benefit that another story words anew counts as
    not said, so that it errs on the strict side.
    """
    marks = [claim.mark for claim in found]
    wrong: dict[str, bool] = {}
    for claim in found:
        wrong[claim.story] = wrong.get(claim.story, False) or claim.mark != "supported"
    return {
        "fabricated": share([m != "supported" for m in marks]),
        "unsupported": share([m == "unsupported" for m in marks]),
        "contradicted": share([m == "contradicted" for m in marks]),
        "fabricated_new": share([c.mark != "supported" for c in found if c.new]),
        "fabricated_stories": share(list(wrong.values())),
        "covered": share([field.said for field in kept]),
    }
