"""Similar stories: found without comparing all, gathered into stars, never chained."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compare.measures import likeness, stem_weights
from pipeline.compare.relations import relate
from pipeline.outcomes import Relation
from pipeline.plan.index import Index
from pipeline.plan.similarity import LIMIT, THRESHOLD, cluster, similar_pairs, unique
from pipeline.stories import Locator, Source, Span, Story


def story(name: str, goal: str, role: str = "reader", benefit: str = "", **more) -> Story:
    source = Source("d", "b.md", Locator(), (Span(0, 1),))
    return Story(name, "agile", source, goal, role=role, goal=goal, benefit=benefit, **more)


WORDS = st.sampled_from(
    ["open", "gate", "card", "list", "user", "print", "room", "book", "plan", "map", "5", "7 days"]
)
GOALS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
CORPORA = st.lists(st.tuples(GOALS, GOALS), max_size=14).map(
    lambda found: [story(f"s{i}", goal, benefit=b) for i, (goal, b) in enumerate(found)]
)


@given(CORPORA)
def test_small_corpora_are_searched_completely(stories: list[Story]):
    weights = stem_weights(stories)
    found = {(p.a, p.b) for p in similar_pairs(stories, weights=weights)}
    ones = unique(stories)
    for i, a in enumerate(ones):
        for b in ones[i + 1 :]:
            alike = likeness(a, b, weights) >= THRESHOLD
            assert ((a.id, b.id) in found) == alike, (a, b)


@given(CORPORA, st.booleans())
def test_clusters_are_a_partition_of_related_stories(stories: list[Story], decide: bool):
    weights = stem_weights(stories)
    pairs = similar_pairs(stories, weights=weights)
    clusters = cluster(stories, pairs, decide=decide, weights=weights)
    members = [m for c in clusters for m in c.members]
    assert len(members) == len(set(members))
    assert set(members) <= {s.id for s in unique(stories)}
    measured = {frozenset((p.a, p.b)) for p in pairs}
    by_id = {s.id: s for s in stories}
    for found in clusters:
        assert 2 <= len(found.members) <= LIMIT
        # A star: somebody was measured against every other member.
        assert any(
            all(frozenset((c, m)) in measured for m in found.members if m != c)
            for c in found.members
        )
        if not decide:
            assert found.relation == ""
            continue
        assert found.relation in ("same", "overlap", "conflict") and found.why
        if found.relation == "conflict":
            assert found.attribute and len(found.values) == len(found.members)
        else:
            for i, a in enumerate(found.members):
                for b in found.members[i + 1 :]:
                    if frozenset((a, b)) in measured:
                        between = relate(by_id[a], by_id[b], weights).relation
                        assert between is not Relation.CONFLICT


@settings(max_examples=50)
@given(CORPORA, st.randoms())
def test_the_order_of_the_corpus_does_not_matter(stories: list[Story], rng: random.Random):
    ones = unique(stories)
    shuffled = ones[:]
    rng.shuffle(shuffled)

    def gathered(corpus: list[Story]) -> set[tuple[str, frozenset[str]]]:
        weights = stem_weights(corpus)
        pairs = similar_pairs(corpus, weights=weights)
        return {(c.relation, frozenset(c.members)) for c in cluster(corpus, pairs, weights=weights)}

    assert gathered(ones) == gathered(shuffled)


def test_copies_are_compared_once():
    stories = [story("a", "print a map"), story("b", "print  a map"), story("c", "print my map")]
    assert [s.id for s in unique(stories)] == ["a", "c"]
    assert {(p.a, p.b) for p in similar_pairs(stories)} == {("a", "c")}


def test_likeness_is_never_chained():
    chain = [
        story("a", "print a coloured map of the village"),
        story("b", "print a coloured map of roads"),
        story("c", "print a plan of roads for hikers"),
    ]
    weights = stem_weights(chain)
    pairs = similar_pairs(chain, weights=weights, threshold=0.3)
    assert {(p.a, p.b) for p in pairs} >= {("a", "b")}
    clusters = cluster(chain, [p for p in pairs if {p.a, p.b} != {"a", "c"}], decide=False)
    for found in clusters:
        assert "b" in found.members or set(found.members) != {"a", "c"}


def corpus_of(n: int, rng: random.Random) -> list[Story]:
    verbs = [f"verb{i}" for i in range(40)]
    things = [f"thing{i}" for i in range(n // 3 + 5)]
    stories = []
    for i in range(n):
        goal = f"{rng.choice(verbs)} the {rng.choice(things)} of {rng.choice(things)}"
        stories.append(story(f"s{i}", goal, benefit=f"my {rng.choice(things)} grows"))
        if i % 10 == 0:
            copy = replace(stories[-1], id=f"s{i}x", goal=goal.replace(" the ", " a "),
                           benefit=f"the {rng.choice(things)} grows")  # fmt: skip
            stories.append(copy)
    return stories


def test_ten_times_the_stories_take_at_most_thirteen_times_the_work():
    small, large = corpus_of(500, random.Random(1)), corpus_of(5000, random.Random(1))
    few = len(Index(unique(small), stem_weights(small)).candidates())
    weights = stem_weights(large)
    many = Index(unique(large), weights).candidates()
    assert len(many) <= 13 * few
    assert len(similar_pairs(large, weights=weights)) <= 0.005 * len(large) ** 2 / 2


def test_a_copy_of_a_contradicted_story_is_contradicted_too():
    stories = [
        story("a", "lock an account after 3 failed logins", criteria=("a mail is sent",)),
        story("b", "lock an account after 3 failed logins", criteria=("a mail is sent.", "")),
        story("c", "lock my account after 3 failed logins", criteria=("a mail is sent",)),
        story("d", "lock an account after 9 failed logins", criteria=("a mail is sent",)),
    ]
    weights = stem_weights(stories)
    (found,) = cluster(stories, similar_pairs(stories, weights=weights), weights=weights)
    assert found.relation == "conflict"
    told = dict(zip(found.members, found.values, strict=True))
    assert told["a"] == told["c"] != told["d"]


def test_look_alikes_do_not_meet_in_a_third_story():
    stories = [
        story("a", "print the list of loans and members", benefit="I see who has what"),
        story("b", "print the list of loans", benefit="the day is planned"),
        story("c", "print the list of members", benefit="the evening is planned"),
    ]
    weights = stem_weights(stories)
    for found in cluster(stories, similar_pairs(stories, weights=weights), weights=weights):
        assert not {"b", "c"} <= set(found.members)
