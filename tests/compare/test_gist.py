"""What similar stories are found by is a part of a text's features, however it is come by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compare.features import features, gist
from pipeline.compare.quantities import quantities
from pipeline.compare.synonyms import as_words

WORDS = ["log", "in", "the", "backlog", "non-urgent", "signing", "up", "half", "a", "day", "noon",
         "3", "five", "days", "within", "must", "not", "can't", "e-mail", "shelves", "an", "hour",
         "no", "later", "than", "Monday", "21", "November", "v2.1", "\n", "“quoted”"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


@given(TEXTS)
def test_a_gist_is_the_numbers_and_topics_of_the_features(text: str):
    whole = features(text)
    assert gist(text) == (whole.numbers, whole.topics)


@given(TEXTS, TEXTS)
def test_what_is_skipped_in_a_text_without_quantities_is_nothing(before: str, after: str):
    # A number at the end sends the same words through the whole search.
    text = f"{before} {after}"
    if not (found := quantities(text)).numbers and not found.dates and not found.versions:
        searched = quantities(f"{text} . 77")
        assert [n.value for n in searched.numbers] == ["77"]
        assert searched.rest.startswith(found.rest)


@pytest.mark.parametrize(
    ("text", "found"),
    [("at noon", "12:00"), ("at Midnight", "00:00"), ("TWELVE loans", "12"), ("a dozen", "12")],
)
def test_quantities_without_a_digit_are_found(text: str, found: str):
    got = quantities(text)
    assert found in [*got.dates, *(n.value for n in got.numbers)]


@pytest.mark.parametrize(
    ("text", "word"),
    [("Call it off? I called off", "cancel"), ("SIGN UP", "register"), ("get rid of", "delete"),
     ("found out", "learn"), ("taking pictures of", "photograph"), ("E-mails", "email"),
     ("Non-urgent", "nonurgent"), ("filled in", "complete"), ("set up", "configure")],
)  # fmt: skip
def test_phrases_are_found_in_any_case(text: str, word: str):
    assert word in as_words(text)
