"""The other order is asked for just above a threshold, and the smaller likelihood counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.plan.orders import Orders, orders_told, smaller

ORDERS = Orders((("same", 0.8), ("conflict", 0.6)), margin=0.1)
CHANCE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("likelihoods", "again"),
    [
        ({"same": 0.80, "conflict": 0.1}, True),
        ({"same": 0.90, "conflict": 0.1}, True),
        ({"same": 0.79, "conflict": 0.1}, False),
        ({"same": 0.91, "conflict": 0.0}, False),
        ({"same": 0.20, "conflict": 0.65}, True),
        ({"overlap": 0.85}, False),
        ({}, False),
        (None, False),
    ],
)
def test_near_is_from_the_threshold_up(likelihoods, again):
    assert ORDERS.asks_again(likelihoods) is again


@given(CHANCE, CHANCE, CHANCE, CHANCE)
def test_what_is_not_asked_again_from_below_could_not_have_counted(threshold, margin, one, other):
    """Below its threshold an answer does not count, whatever the other order says."""
    orders = Orders((("same", threshold),), margin)
    least = smaller({"same": one}, {"same": other})
    assert least == {"same": min(one, other)}
    if one < threshold:
        assert not orders.asks_again({"same": one}) and least["same"] < threshold


def test_nothing_known_of_one_order_is_nothing_known():
    assert smaller(None, {"same": 1.0}) is None and smaller({"same": 1.0}, None) is None
    assert smaller({"same": 0.5, "overlap": 0.5}, {"same": 0.7}) == {"same": 0.5, "overlap": 0.0}


def test_what_a_plan_records_gives_the_same_orders_back():
    found = orders_told(ORDERS.told)
    assert found is not None and found.told == ORDERS.told
    for value in (0.0, 0.65, 0.8, 0.85, 1.0):
        assert found.asks_again({"same": value}) is ORDERS.asks_again({"same": value})
    assert orders_told("") is None


@pytest.mark.parametrize("wrong", [{"margin": -0.1}, {"share": 1.5}, {"margin": float("nan")}])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(ValueError, match="from 0 to 1"):
        Orders((("same", 0.5),), **wrong)
    with pytest.raises(ValueError, match="from 0 to 1"):
        Orders((("same", 1.1),))
