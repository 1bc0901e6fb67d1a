"""Features: what a text commits to, in one normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare.features import features
from pipeline.compare.quantities import quantities
from pipeline.text.sentences import sentences


def values(text: str) -> set[tuple[str, str]]:
    return {(n.value, n.unit) for n in features(text).numbers}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("3,000 rows", "3000 rows"),
        ("three thousand rows", "3000 rows"),
        ("2 hours", "120 minutes"),
        ("one hour", "60 minutes"),
        ("within an hour", "within 60 minutes"),
        ("$5", "5 dollars"),
        ("€1,250.50", "1250.50 euros"),
        ("50 %", "fifty percent"),
        ("24h", "one day"),
        ("5k users", "5000 users"),
        ("twenty-five files", "25 files"),
    ],
)
def test_one_quantity_in_two_spellings(a: str, b: str):
    assert values(a) == values(b) != set()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("5 MB", "5 GB"),
        ("30 days", "30 minutes"),
        ("5 %", "$5"),
        ("1 month", "30 days"),
        ("3", "4"),
    ],
)
def test_different_quantities_stay_different(a: str, b: str):
    assert values(a) != values(b)


def test_a_range_shares_its_unit():
    assert values("3 to 5 days") == values("3 days and 5 days")
    assert values("3-5 days") == values("3 days and 5 days")


def test_bounds_are_kept():
    least, most = features("at least 8 characters"), features("at most 8 characters")
    assert {n.bound for n in least.numbers} == {">"}
    assert {n.bound for n in most.numbers} == {"<"}
    assert {n.bound for n in features("no more than 8 characters").numbers} == {"<"}
    assert not features("no later than 8 days").negated


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("on 2026-11-21", "on 21 November 2026"),
        ("on Nov 21, 2026", "on 21st of November 2026"),
        ("at 9:00 am", "at 09:00"),
        ("at 5 pm", "at 17:00"),
        ("at noon", "at 12:00"),
    ],
)
def test_one_date_in_two_spellings(a: str, b: str):
    assert features(a).dates == features(b).dates != frozenset()
    assert not features(a).numbers


def test_versions_and_identifiers_are_no_numbers():
    found = features("TLS v1.3 for SHOP-12 and OAuth2 in release 2.10.4")
    assert found.versions == {"1.3", "2.10.4"}
    assert not found.numbers
    assert {"SHOP-12", "OAuth2", "TLS"} <= found.names


def test_one_without_a_unit_is_no_number():
    assert not features("the one that I like, one of these").numbers


def test_names_inside_a_sentence_only():
    found = features("Members pay with PayPal on Monday. Stripe is off. See user_id or iPhone.")
    assert {"PayPal", "Monday", "user_id", "iPhone"} <= found.names
    assert "Members" not in found.names and "Stripe" not in found.names


def test_quoted_terms():
    assert features("press “Save as” or `undo` or 'cut off'").quoted == {
        "save as",
        "undo",
        "cut off",
    }
    assert not features("the member's book and the users' list").quoted


@pytest.mark.parametrize(
    "text",
    [
        "they must not delete records",
        "they can't delete records",
        "they cannot delete records",
        "nobody may delete records",
        "never delete records",
        "they leave without deleting records",
        "they don’t delete records",
    ],
)
def test_negation_reaches_what_it_denies(text: str):
    assert {"delet", "record"} <= features(text).negated


def test_negation_ends_with_its_clause():
    found = features("I do not pay, if the tool is broken")
    assert "tool" not in found.negated and "broken" not in found.negated
    assert not features("not only members, also guests").negated
    assert not features("it goes without saying that members pay").negated
    assert "pay" in features("it goes without saying that members do not pay").negated
    assert features("export the rows without fail markers").negated
    assert not features("export the rows without fail, by noon").negated
    assert not features("export the rows without fail when it is noon").negated


def test_modality():
    assert features("it must be shown").modality == {"must"}
    assert features("it has to be shown").modality == {"must"}
    assert features("it should or may be shown").modality == {"should", "may"}
    assert features("I can see it on 4 May").modality == frozenset()


def test_inflections_and_synonyms_meet():
    assert features("deleted photos").stems == features("removes a picture").stems
    assert features("when I have left").stems == features("when I leave").stems
    assert features("notification").stems == features("notify").stems
    assert features("call off the visit").stems == features("cancel the visit").stems


def test_sentences_keep_abbreviations_and_decimals_whole():
    assert sentences("Use e.g. a card. It costs 3.5 euros.\nNo cash; no cheque.") == (
        "Use e.g. a card.",
        "It costs 3.5 euros.",
        "No cash;",
        "no cheque.",
    )


@given(st.text(max_size=200))
def test_any_text_has_features(text: str):
    found = features(text)
    assert found.negated >= frozenset() and found.words is not None
    quantities(text)


@given(st.integers(0, 10**9))
def test_thousands_separators_do_not_matter(n: int):
    assert values(f"{n:,} rows") == values(f"{n} rows") == {(str(n), "")}
