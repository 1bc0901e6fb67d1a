"""Which requests have a closed list of answers, and what log-probabilities say about them."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Message, Request
from pipeline.outcomes import STORIES_SCHEMA
from pipeline.plan.pairs import SCHEMA, WORDS
from pipeline.providers.base import choices, likeliest, shares


def asked(schema: str) -> Request:
    return Request("local/x", "r", "pair", "p", "s", (Message("user", "?"),), 16, schema=schema)


def test_a_pair_question_allows_the_words_of_its_schema_written_as_its_reply():
    found = choices(asked(SCHEMA))
    assert list(found) == list(WORDS), "in the order of the schema"
    assert [json.loads(text) for text in found.values()] == [{"answer": word} for word in WORDS]
    assert found["same"] == '{"answer":"same"}', "as a constrained reply writes it"


@pytest.mark.parametrize(
    "schema",
    [
        "",
        json.dumps(STORIES_SCHEMA),
        '{"type":"string"}',
        "[]",
        '{"properties":{"a":{"enum":["x"]},"b":{"enum":["y"]}}}',
        '{"properties":{"answer":{"enum":[1,2]}}}',
        '{"properties":{"answer":{"type":"string"}}}',
        '{"properties":[]}',
    ],
)
def test_any_other_schema_has_no_closed_list(schema):
    assert choices(asked(schema)) == {}


@given(st.lists(st.floats(-800, 0), min_size=1, max_size=9))
def test_shares_add_up_and_keep_the_order(values):
    found = shares({str(i): value for i, value in enumerate(values)})
    assert found is not None
    assert math.fsum(found.values()) == pytest.approx(1, abs=1e-12)
    best = max(range(len(values)), key=lambda i: values[i])
    assert found[str(best)] == max(found.values())


def test_what_is_no_number_says_nothing_and_what_cannot_be_is_zero():
    assert shares({"a": math.nan, "b": -1.0}) is None
    assert shares({"a": -math.inf, "b": -math.inf}) is None
    assert shares({"a": math.inf, "b": -1.0}) is None
    assert shares({}) is None
    assert shares({"a": -math.inf, "b": -3.0}) == {"a": 0.0, "b": 1.0}


def test_of_equal_answers_the_first_of_the_schema_is_taken():
    assert likeliest({"b": 0.5, "a": 0.5}, ["a", "b"]) == "a"
    assert likeliest({"b": 0.6, "a": 0.4}, ["a", "b"]) == "b"
