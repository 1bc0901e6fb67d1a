"""Long stories by passage: each is told once, nothing that only one says is lost."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.compare.coverage import says
from pipeline.merge.ledger import balance
from pipeline.merge.passages import share_passages
from pipeline.merge.writing import Writer
from pipeline.outcomes import LedgerRow, Outcome, Outcomes, Relation
from pipeline.stories import Locator, Source, Span, Story

PARAGRAPHS = [
    "The harbour master writes every arriving vessel into a ledger of paper. "
    "He copies the ledger by hand at midnight, and he is tired of it by now. "
    "Nobody has ever found a page again that was older than one winter.",
    "Fishermen sell their catch at an auction that starts before sunrise on weekdays. "
    "Bidders outside the hall cannot hear the price and shout for it through the gate. "
    "A board above the gate must show the price of the current lot.",
    "The crane at the northern quay lifts at most 12 tonnes and nothing more. "
    "Its driver keeps the list of heavy loads on a slate that the rain washes clean. "
    "He would like to see tomorrow's loads on the telephone he carries anyway.",
    "Tourists ask at the ticket window when the ferry leaves for the island. "
    "The clerk answers the same question four hundred times on a summer day. "
    "A timetable that speaks several languages would let her sell tickets instead.",
    "Every third year the mooring chains are inspected by a diver from the capital. "
    "His report is a folder of photographs that nobody can search through. "
    "The engineer wants the photographs to be found by chain and by year.",
]


def long_story(name: str, *body: str) -> Story:
    source = Source("d", "d.md", Locator(heading=(name,)), (Span(0, 1),))
    return Story(name, "narrative", source, "\n\n".join(body), title=name, body=body)


def kept(*stories: Story) -> tuple[Outcomes, dict[str, Story]]:
    merged = tuple(Writer().kept(story) for story in stories)
    rows = tuple(
        LedgerRow(s.id, Outcome.KEPT, m.id, "", None, "alone", "code")
        for s, m in zip(stories, merged, strict=True)
    )
    return Outcomes(merged, (), rows), {story.id: story for story in stories}


def test_a_shared_passage_is_told_once_and_the_rest_stays():
    a = long_story("a", *PARAGRAPHS[:3], "A quiet place, all in all, for those who like ropes.")
    b = long_story("b", PARAGRAPHS[3], f"{PARAGRAPHS[1]} Today this is a nuisance.", PARAGRAPHS[4])
    found = share_passages(*kept(a, b))
    texts = {m.sources[0]: m.text.body for m in found.merged}
    assert texts["a"] == a.body
    assert texts["b"] == (PARAGRAPHS[3], "Today this is a nuisance.", PARAGRAPHS[4])
    row = {r.story: r for r in found.ledger}["b"]
    assert (row.outcome, row.other, row.relation) == (Outcome.KEPT, "a", Relation.OVERLAP)


def test_a_story_of_other_stories_passages_is_merged_into_one_of_them():
    a, b = long_story("a", *PARAGRAPHS[:4]), long_story("b", *PARAGRAPHS[1:])
    c = long_story("c", PARAGRAPHS[0], PARAGRAPHS[4], PARAGRAPHS[3], PARAGRAPHS[1])
    found = share_passages(*kept(a, b, c))
    row = {r.story: r for r in found.ledger}["c"]
    assert row.outcome is Outcome.MERGED_INTO and row.other in ("a", "b")
    assert len(found.merged) == 2
    assert "c" in next(m.sources for m in found.merged if m.id == row.target)


def test_another_number_a_denial_or_a_weaker_demand_is_not_said():
    crane, board = PARAGRAPHS[2], PARAGRAPHS[1]
    assert says(crane, "The crane at the northern quay lifts at most 12 tonnes and nothing more.")
    for sentence, text in (
        ("The crane at the northern quay lifts at most 14 tonnes and nothing more.", crane),
        ("Bidders outside the hall can hear the price and shout for it through the gate.", board),
        ("A board above the gate may show the price of the current lot.", board),
        ("A board above the gate must show the name of the current lot.", board),
        ("Yes.", board),
    ):
        assert not says(text, sentence), sentence


def test_short_stories_and_those_in_conflict_are_left_alone():
    a, b = long_story("a", *PARAGRAPHS[:2]), long_story("b", PARAGRAPHS[1])
    outcomes, stories = kept(a, b)
    assert share_passages(outcomes, stories) is outcomes


@settings(max_examples=40)
@given(st.lists(st.lists(st.sampled_from(PARAGRAPHS), min_size=3, max_size=5, unique=True),
                min_size=2, max_size=6))  # fmt: skip
# A story that takes others in is itself shortened.
@example(
    [[PARAGRAPHS[i] for i in told] for told in ((4, 3, 0, 1), (0, 1, 2, 4), (0, 1, 2), (0, 1, 2))]
)
def test_every_paragraph_still_stands_somewhere_and_the_books_balance(told: list[list[str]]):
    outcomes, stories = kept(*(long_story(str(i), *body) for i, body in enumerate(told)))
    found = share_passages(outcomes, stories)
    standing = [text for merged in found.merged for text in merged.text.body]
    assert set(standing) == {text for body in told for text in body}
    assert balance(stories.values(), found.ledger, found.merged) == found.ledger
    assert {m.sources[0] for m in found.merged} <= set(stories)
