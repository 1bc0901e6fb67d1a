"""Long stories by passage: what one of them says in a paragraph, another need not say again.

Stories of several paragraphs are seldom the same and often overlap. Every paragraph of those that
stand alone is compared with those of the others, found by the same index and measured whole,
however long. A sentence that a paragraph of an earlier long story says stands there; its own
story keeps every other sentence word for word and refers to the earlier one. A story of which
nothing is left is merged into it. This is code's decision, made after the gate, for every model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.compare.coverage import says
from pipeline.compare.measures import stem_weights
from pipeline.merge.ledger import balance
from pipeline.merge.writing import merged_id
from pipeline.outcomes import LedgerRow, MergedStory, Outcome, Outcomes, Relation, StoryText
from pipeline.plan.similarity import similar_pairs
from pipeline.stories import Locator, Source, Span, Story, count_words
from pipeline.text.words import sentences

#: Words and paragraphs from which a story is a long one.
LONG, PARAGRAPHS = 120, 2
#: Words of a paragraph that is compared.
SHORTEST = 12
#: Weighted Dice of two paragraphs from which one may say what the other says.
ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a long story: the story, its place in the body, its text."""

    story: str
    place: int
    text: str


def share_passages(outcomes: Outcomes, stories: Mapping[str, Story]) -> Outcomes:
    """The outcomes with every passage told once.

    Args:
        stories: by id, in corpus order.

    Raises:
        LedgerError: the books do not balance.
    """
    rows = {row.story: row for row in outcomes.ledger}
    alone = {
        story.sources[0]: story
        for story in outcomes.merged
        if _is_long(story) and rows[story.sources[0]].outcome is Outcome.KEPT
    }
    standing = {name: list(story.text.body) for name, story in alone.items()}
    told: defaultdict[str, list[Passage]] = defaultdict(list)
    for mine, theirs, left in _repeated(alone):
        standing[mine.story][mine.place] = left
        told[mine.story].append(theirs)
    if not told:
        return outcomes
    merged = {story.id: story for story in outcomes.merged}
    moved: list[str] = []
    for name, others in told.items():
        text = replace(alone[name].text, body=tuple(filter(None, standing[name])))
        if any((text.body, text.goal, text.criteria)):
            merged[alone[name].id] = _shortened(alone[name], text)
            rows[name] = _referring(rows[name], others, stories)
        else:
            moved.append(name)
    # Last, because a story that takes another in may be one that was shortened.
    for name in moved:
        _move(alone[name], told[name][0].story, merged, rows)
    order = {name: i for i, name in enumerate(stories)}
    ordered = tuple(sorted(merged.values(), key=lambda m: min(order[s] for s in m.sources)))
    ledger = balance(stories.values(), rows.values(), ordered)
    return replace(outcomes, merged=ordered, ledger=ledger)


def _is_long(story: MergedStory) -> bool:
    return (
        story.origin == "kept"
        and len(story.text.body) >= PARAGRAPHS
        and sum(map(count_words, story.text.body)) >= LONG
    )


def _repeated(alone: Mapping[str, MergedStory]) -> Iterable[tuple[Passage, Passage, str]]:
    """(passage, the earlier one that says some of it, what is left of it), each passage once."""
    taken: set[Passage] = set()
    holding: set[Passage] = set()
    for earlier, later, weights in _alike(alone):
        # What stands for another's words must stay itself.
        if later in taken or later in holding or earlier in taken:
            continue
        parts = sentences(later.text)
        left = [part for part in parts if not says(earlier.text, part, weights)]
        if len(left) < len(parts):
            taken.add(later)
            holding.add(earlier)
            yield later, earlier, " ".join(left)


def _alike(
    alone: Mapping[str, MergedStory],
) -> list[tuple[Passage, Passage, Mapping[str, float]]]:
    """Alike passages of two stories as (earlier, later, rarity of stems), the most alike first."""
    passages = [
        Passage(name, place, text)
        for name, story in alone.items()
        for place, text in enumerate(story.text.body)
        if count_words(text) >= SHORTEST
    ]
    # As stories of a goal, every word of which counts; the number keeps exact copies apart.
    nowhere = Source("", "", Locator(), (Span(0, 1),))
    compared = [
        Story(str(i), "narrative", nowhere, passage.text, goal=passage.text, benefit=str(i))
        for i, passage in enumerate(passages)
    ]
    weights = stem_weights(compared)
    found: list[tuple[Passage, Passage, Mapping[str, float]]] = []
    for pair in similar_pairs(compared, threshold=ALIKE, weights=weights):
        earlier, later = sorted((int(pair.a), int(pair.b)))
        if passages[earlier].story != passages[later].story:
            found.append((passages[earlier], passages[later], weights))
    return found


def _shortened(story: MergedStory, text: StoryText) -> MergedStory:
    said = "\n".join(text.body)
    verdicts = tuple(v for v in story.verdicts if v.field != "body" or v.text in said)
    return replace(story, text=text, verdicts=verdicts)


def _referring(
    row: LedgerRow, others: Sequence[Passage], stories: Mapping[str, Story]
) -> LedgerRow:
    places = dict.fromkeys(str(stories[passage.story].source) for passage in others)
    n = len(others)
    why = f"{n} paragraph{'s' if n > 1 else ''} of it stand, in whole or in part, in "
    return replace(row, other=others[0].story, relation=Relation.OVERLAP,
                   reason=why + "; ".join(places))  # fmt: skip


def _move(
    story: MergedStory, holder: str, merged: dict[str, MergedStory], rows: dict[str, LedgerRow]
) -> None:
    """A story all of whose passages stand elsewhere goes to where the first of them stands."""
    old = merged.pop(rows[holder].target)
    del merged[story.id]
    sources = (*old.sources, *story.sources)
    new = replace(old, id=merged_id(sources), sources=sources)
    merged[new.id] = new
    for source in sources:
        rows[source] = replace(rows[source], target=new.id)
    name = story.sources[0]
    rows[name] = replace(
        rows[name],
        outcome=Outcome.MERGED_INTO,
        other=holder,
        relation=Relation.SAME,
        reason="every paragraph of it is said by paragraphs of other long stories",
    )
