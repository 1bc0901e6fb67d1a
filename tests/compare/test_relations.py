"""Relations: same, overlap, conflict, distinct, on pairs that are not from the sample."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare.contrast import contrast
from pipeline.compare.relations import relate, stem_weights
from pipeline.outcomes import Relation
from pipeline.stories import Locator, Source, Span, Story


def story(role: str, goal: str, benefit: str = "", *criteria: str) -> Story:
    text = f"As a {role}, I want to {goal}" + (f", so that {benefit}" if benefit else "")
    text = "\n".join([text, *criteria])
    return Story(
        id=str(abs(hash((role, goal, benefit, criteria)))),
        kind="agile",
        source=Source("d", "d.md", Locator(), (Span(0, len(text)),)),
        text=text,
        role=role,
        goal=goal,
        benefit=benefit,
        criteria=criteria,
    )


SAME, OVER = Relation.SAME, Relation.OVERLAP
CONF, DIST = Relation.CONFLICT, Relation.DISTINCT
CASES = [
    # the same, reworded
    (SAME, story("patient", "cancel my appointment online", "I need not phone"),
        story("patient", "call off my appointment on the website", "I need not phone")),
    (SAME, story("editor", "delete a draft", "my list stays short"),
        story("editor", "remove a draft", "the list stays short")),
    (SAME, story("teacher", "get notified when homework is handed in"),
        story("teacher", "be told when homework is handed in")),
    # one need, other details
    (OVER, story("shopper", "filter products by price", "I only see what I can afford"),
        story("shopper", "filter products by price", "I compare shops faster")),
    (OVER, story("shopper", "track my parcel", "", "the map shows the van"),
        story("shopper", "track my parcel", "", "I get a message at the door")),
    # contradictions
    (CONF, story("admin", "lock an account after 3 failed logins"),
        story("admin", "lock an account after 5 failed logins")),
    (CONF, story("user", "get a report on 1 March"), story("user", "get a report on 1 April")),
    (CONF, story("clerk", "close the case", "", "a case must be closed by two clerks"),
        story("clerk", "close the case", "", "a case must not be closed by two clerks")),
    (CONF, story("nurse", "change a dose", "", "only doctors may approve the change"),
        story("nurse", "change a dose", "", "any nurse may approve the change")),
    (CONF, story("user", "log in", "", "the password must be changed every year"),
        story("user", "log in", "", "the password may be changed every year")),
    (CONF, story("user", "see orders", "", "orders are listed in ascending order of date"),
        story("user", "see orders", "", "orders are listed in descending order of date")),
    # look-alikes
    (DIST, story("clerk", "export the invoice list as a CSV file", "I can work on it offline"),
        story("clerk", "export the supplier list as a CSV file", "I can work on it offline")),
    (DIST, story("user", "change my password", "my account stays safe"),
        story("user", "change my address", "my account stays safe")),
    (DIST, story("guard", "open the front gate"), story("guard", "close the front gate")),
    (DIST, story("user", "see who has liked my post"), story("user", "see who has shared my post")),
    # nothing in common
    (DIST, story("user", "reset my password"), story("nurse", "print wristbands")),
]  # fmt: skip


@pytest.mark.parametrize(("relation", "a", "b"), CASES)
def test_relations(relation: Relation, a: Story, b: Story):
    related = relate(a, b)
    assert related.relation is relation, related.why
    assert related.why


@pytest.mark.parametrize(("relation", "a", "b"), CASES)
def test_relations_are_symmetric(relation: Relation, a: Story, b: Story):
    there, back = relate(a, b), relate(b, a)
    assert there.relation is back.relation
    assert there.score == pytest.approx(back.score)
    assert there.attribute == back.attribute
    assert there.values == back.values[::-1]


def test_conflicts_say_what_differs_in_the_texts_own_words():
    related = relate(CASES[5][1], CASES[5][2])
    assert related.attribute == "number"
    assert related.values == ("3 failed", "5 failed")
    related = relate(CASES[8][1], CASES[8][2])
    assert related.attribute == "role"
    assert related.values == ("only doctors", "any nurse")


WORDS = st.sampled_from(
    ["open", "close", "print", "send", "list", "user", "card", "file", "page", "map"]
)
PHRASES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
STORIES = st.builds(story, WORDS, PHRASES, PHRASES)


@given(STORIES, STORIES)
def test_any_two_stories_relate_the_same_both_ways(a: Story, b: Story):
    weights = stem_weights([a, b])
    there, back = relate(a, b, weights), relate(b, a, weights)
    assert (there.relation, there.attribute) == (back.relation, back.attribute)
    assert 0 <= there.score <= 1 and there.score == pytest.approx(back.score)


@given(STORIES)
def test_a_story_is_the_same_as_itself(a: Story):
    assert relate(a, a).relation is Relation.SAME


def test_a_swapped_word_is_a_contrast_and_a_rewording_is_none():
    assert contrast("export the loan list", "export the member list") == ("loan", "member")
    assert contrast("delete a draft", "remove my draft") is None
    assert contrast("pay by card", "see the opening hours of a branch") is None


def test_a_longer_story_told_anew_is_one_need_and_keeps_both_wordings():
    a = story(
        "clerk",
        "see the yearly inspection report of every pressure boiler in the northern plant",
        benefit="auditors get answers about safety on the same day",
    )
    b = story(
        "clerk",
        "look at the annual inspection report of each pressure boiler in the northern plant",
        benefit="auditors are given answers about safety within one day or so",
    )
    assert relate(a, b).relation is Relation.OVERLAP


def test_a_short_series_with_a_copied_benefit_stays_apart():
    a = story("clerk", "approve each new tool before its first loan", benefit="I know what is here")
    b = story(
        "clerk", "approve any new helper before the first shift", benefit="I know what is here"
    )
    assert relate(a, b).relation is Relation.DISTINCT


def test_a_swapped_word_counts_though_the_copied_benefit_holds_it():
    benefit = "I get rid of old accounts, delete what is left and sleep well"
    a = story("clerk", "delete several accounts of the archive at once", benefit=benefit)
    b = story("clerk", "create several accounts of the archive at once", benefit=benefit)
    assert relate(a, b).relation is Relation.DISTINCT


def test_units_of_one_measure_contradict_each_other_unless_they_are_one():
    def limited(limit: str) -> Story:
        return story("clerk", "attach drawings to a repair", "", f"A file has up to {limit}.")

    assert relate(limited("5 MB"), limited("5 GB")).relation is Relation.CONFLICT
    assert relate(limited("1 GB"), limited("1024 MB")).relation is not Relation.CONFLICT
    assert relate(limited("30 days"), limited("1 month")).relation is not Relation.CONFLICT


def test_a_right_for_some_contradicts_the_same_right_for_others():
    def ruled(rule: str) -> Story:
        return story("clerk", "sign the monthly shift plan", "", rule)

    found = relate(ruled("Only stewards may amend it."), ruled("Any clerk may amend it."))
    assert found.relation is Relation.CONFLICT and found.attribute == "role"
    assert set(found.values) == {"Only stewards", "Any clerk"}
    other = relate(ruled("Only stewards may amend it."), ruled("Any clerk may print it."))
    assert other.relation is not Relation.CONFLICT


def test_steps_of_two_scenarios_do_not_contradict_each_other():
    plain = "Plain shop: When I open the page; Then I should not see a banner"
    themed = "Themed shop: When I choose a theme; Then I should see a banner"
    a = story("clerk", "see a banner in a themed shop", "", plain, themed)
    b = story("clerk", "see a banner in a themed shop", "", themed)
    assert relate(a, b).relation is Relation.OVERLAP
    denied = "Themed shop: When I choose a theme; Then I should not see a banner"
    c = story("clerk", "see a banner in a themed shop", "", denied)
    assert relate(b, c).relation is Relation.CONFLICT


def test_one_exchanged_word_is_another_need_though_the_rest_names_both_things():
    """The frame is the same and nothing else differs: what is exchanged is the whole difference,
    even where the other story says the word in passing."""
    one = story(
        "admin", "assign a fixed port to the mail service, which other services and pods use"
    )
    other = story("admin", "assign a fixed port to the mail pod, which other services and pods use")
    assert relate(one, other).relation is Relation.DISTINCT


def test_a_copied_benefit_is_no_series_where_the_goals_differ_in_three_ways():
    benefit = "no tram stands still"
    one = "monitor the delivery of brake parts for old trams in the northern depot"
    other = "keep an eye on how brake parts for old trams get to the northern depot"
    assert relate(story("fitter", one, benefit), story("fitter", other, benefit)).relation is (
        Relation.OVERLAP
    )


def test_an_order_is_a_thing_and_in_order_to_is_grammar():
    order = story("clerk", "see the address on the order page", "I send it to the right place")
    invoice = story("clerk", "see the address on the invoice page", "I send it to the right place")
    assert relate(order, invoice).relation is Relation.DISTINCT
    assert contrast("print it in order to sign it", "print it to sign it") is None
