"""Goals of the same words that may ask for opposite things are marked, harmless changes are not."""

from __future__ import annotations

import pytest

from pipeline.compare.differences import changed_runs, only_in
from pipeline.compare.opposed import opposition


@pytest.mark.parametrize(
    ("one", "other", "about"),
    [
        ("lock the vault before midnight", "lock the vault after midnight", "small words"),
        ("switch the heating on", "switch the heating off", "small words"),
        ("invite all members to the meeting", "invite some members to the meeting", "small words"),
        ("keep at least 3 copies of a file", "keep at most 3 copies of a file", "small words"),
        ("be called when the oven is hot", "be called unless the oven is hot", "small words"),
        ("see the first page of a report", "see the last page of a report", "small words"),
        ("move crates into the store", "move crates out of the store", "small words"),
        ("send copies to the archive", "send copies from the archive", "small words"),
        ("pay with a card", "pay without a card", "small words"),
        ("print invoices", "not print invoices", "small words"),
        ("print all open invoices", "not print all open invoices", "small words"),
        ("move users from trial to paid", "move users from paid to trial", "order"),
        ("let teachers grade students", "let students grade teachers", "order"),
        ("compare this year's sales with last year's costs",
         "compare last year's sales with this year's costs", "order"),
        ("activate the alarm of a room", "deactivate the alarm of a room", "opposites"),
        ("see visible notes of a page", "see invisible notes of a page", "opposites"),
        ("approve late requests of my team", "reject late requests of my team", "opposites"),
    ],
)  # fmt: skip
def test_what_may_be_opposed_is_marked_both_ways_round(one, other, about):
    for a, b in ((one, other), (other, one)):
        found = opposition(a, b)
        assert (found.about if found else "") == about, (a, b)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("print a list of members", "print the list of members"),
        ("print my list of members", "print our lists of members"),
        ("be able to print a list of members", "print a list of members"),
        ("export the member list as a CSV file", "export the loan history as a CSV file"),
        ("borrow a tool for a weekend", "borrow a tool for a week"),
        ("see new members of a branch", "see members of a new branch of ours today"),
        ("pay", "pay by card"),
        ("", ""),
    ],
)
def test_what_only_reads_differently_or_is_another_need_is_not(one, other):
    assert opposition(one, other) is None and opposition(other, one) is None


def test_the_words_that_differ_are_told_in_their_order():
    found = opposition("send copies to the archive daily", "send copies from the archive daily")
    assert found is not None and (found.one, found.two) == (("to",), ("from",))


def test_runs_of_changed_words_keep_signs_and_leave_case_and_marks_alone():
    assert changed_runs("Pay by card.", "pay by card") == ()
    assert changed_runs("load in < 5 s", "load in > 5 s") == (("<", ">"),)
    assert changed_runs("pay by card or cash", "pay by cash") == (("card or", ""),)
    assert only_in("notify me by e-mail", "notify me by letter") == ("e-mail",)
    assert only_in("notify me", "notify me by letter") == ()
