"""What a run says whose calls failed, and what it keeps set aside for attempts that broke."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.calls import Reply, Usage
from pipeline.errors import BudgetError
from pipeline.replies.call_failures import all_failed, kind_of, warning
from pipeline.run.dispatch.budget import Budget


@pytest.mark.parametrize(
    ("finish", "detail", "kind"),
    [
        ("error", "claude/x: the server answered 429: slow down", "429"),
        ("error", "openai/x: the request timed out.", "in time"),
        ("refusal", "stop reason refusal", "refused"),
        ("error", "gemini/x: the server answered 503: busy", "5xx"),
        ("error", "openai/x: the connection was dropped.", "connection"),
        ("error", "the reply is not readable: no choice.", "not a reply"),
        ("length", "finish reason length", "cut off"),
        ("stop", "", "could not be used"),
    ],
)
def test_failures_have_a_kind_that_a_person_can_act_on(finish, detail, kind):
    assert kind in kind_of(Reply("k", "", finish, Usage(), 0.0, detail=detail), "")


def test_all_or_some_of_the_calls():
    failed = {"refused": 2, "the account's limit was reached (429)": 3}
    error = all_failed(5, failed, where="claude/x")
    assert error is not None and error.exit_code == 6
    assert "All 5 calls failed: 3 the account's limit was reached (429), 2 refused" in str(error)
    assert all_failed(6, failed, where="") is None and all_failed(0, {}, where="") is None
    assert "5 of 6 calls failed: 3 " in warning(6, failed) and warning(6, {}) == ""


class Journal:
    def __init__(self) -> None:
        self.reserved: list[str] = []

    def find(self, keys):
        return {}

    def unusable(self, keys):
        return {}

    def put(self, request, reply, *, good, why):
        raise AssertionError

    def reserve(self, key, usd):
        self.reserved.append(key)

    def settle(self, key, usd):
        pass


def test_attempts_that_broke_stay_set_aside():
    budget = Budget(Journal(), Decimal(10))
    budget.reserve("a", Decimal(3), "m")
    budget.reserve_possible("a", Decimal(3))
    budget.settle("a", Decimal(1))
    assert budget.held == Decimal(4) and budget.possible == Decimal(3)
    assert budget.journal.reserved == ["a", "a"]
    with pytest.raises(BudgetError):
        budget.reserve("b", Decimal(7), "m")
