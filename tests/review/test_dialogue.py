"""A script of keys, as from a pipe: what is shown, kept and left."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.entries import Line
from pipeline.review.comparison import Marks
from pipeline.review.dialogue import describe, walk
from pipeline.review.questions import questions

ROOT = Path(__file__).resolve().parents[2]


def walked(found, *keys: str, marks: Marks | None = None):
    """What was shown, which answers were kept, and the counts."""
    left = list(keys)
    shown: list[str] = []
    kept: list = []

    def read(prompt: str) -> str:
        shown.append(prompt)
        if not left:
            raise EOFError
        return left.pop(0)

    counts = walk(found, read, shown.append, kept.append, by="ann", marks=marks)
    return "\n".join(shown), kept, counts


@pytest.fixture
def found(finished):
    return questions(finished)


def test_one_key_an_answer_kept_at_once(found):
    shown, kept, counts = walked(found, "o", "d", "2", "v", "c")
    assert [a.given for a in kept] == [
        "one_need", "different", "preferred", "overlapping", "contradicting"
    ]  # fmt: skip
    assert [a.question.id for a in kept] == [q.id for q in found]
    assert counts == {
        "one need": 1, "different": 1, "preferred": 1, "overlapping": 1, "contradicting": 1,
        "open": 0,
    }  # fmt: skip
    assert all(d.by == "ann" for a in kept for d in a.decisions)
    assert "1 of 5 (5 left)" in shown and "kept: one need. 4 left." in shown
    assert "deciding saves up to" in shown and "words less will stand" in shown


def test_moves_skip_go_back_and_leave(found):
    _, kept, counts = walked(found, "", "b", "d", "q", "o")
    assert [a.question.id for a in kept] == [found[0].id] and counts["open"] == 4
    _, kept, counts = walked(found)
    assert kept == [] and counts == {"open": 5}


def test_what_is_no_answer_says_so_and_asks_again(found):
    shown, kept, _ = walked(found, "x", "9", "y", "O 2", "?", "o 2")
    assert shown.count("is not an answer") == 2 and "there is no story 9" in shown
    assert "whoever built one has built the other" in shown
    assert kept[0].decisions[0].keep == found[0].fingerprints[1]


@pytest.mark.parametrize(
    ("line", "given", "number"),
    [
        ("one need", "one_need", None), ("One_need 2", "one_need", 2),
        ("different", "different", None),
        ("overlapping", "overlapping", None), ("contradicting", "contradicting", None),
        ("first", "preferred", 1), ("2 ", "preferred", 2), ("preferred 2", "preferred", 2),
        ("second is preferred", "preferred", 2),
    ],
)  # fmt: skip
def test_the_words_of_the_prompt_are_answers_too(found, line, given, number):
    _, kept, _ = walked(found, line)
    assert kept[0].given == given
    if number:
        assert kept[0].decisions[0].keep == found[0].fingerprints[number - 1]


def test_moves_in_words_and_what_words_lack(found):
    shown, kept, counts = walked(found, "help", "preferred", "first 2", "skip", "back", "quit")
    assert (
        "whoever built one has built the other" in shown and "which of them is preferred?" in shown
    )
    assert "'first 2' is not an answer" in shown
    assert kept == [] and counts == {"open": 5}


def test_a_batch_is_asked_about_until_it_is_answered(found):
    shown, kept, _ = walked(found, "D", "maybe", "yes")
    assert shown.count("All 2 different? y n") == 2 and "y decides them all" in shown
    assert len(kept) == 2


def test_a_conflict_says_in_which_words_its_sides_oppose_each_other(found):
    (conflict,) = (question for question in found if question.kind == "possible conflict")
    told = "\n".join(describe(conflict))
    assert f"about: {conflict.opposed}" in told and " / " in conflict.opposed


def test_a_capital_decides_all_that_are_like_it_once_they_were_shown(found):
    like = [q for q in found if q.batch == found[0].batch]
    assert len(like) == 2
    shown, kept, counts = walked(found, "D", "n", "D", "y")
    assert shown.count("All 2 different? y n") == 2
    assert all(" / ".join(q.names) in shown for q in like)
    assert [a.question.id for a in kept] == [q.id for q in like]
    assert counts == {"different": 2, "open": 3}
    last = [q for q in found if q.kind == "fold"]
    shown, kept, _ = walked(last, "D")
    assert kept == [] and "nothing else here is like it" in shown


def test_80_columns_stand_below_each_other_with_brackets(found):
    conflict = next(q for q in found if q.kind == "possible conflict")
    lines = list(describe(conflict))
    head = " ".join(line.strip() for line in lines[:3])
    assert head.startswith("[1] S-1 · ") and "desk.md, line 3" in head
    # A path is one word, which can be copied; whatever else there is breaks between words.
    assert all(len(line) <= 80 for line in lines if "/" not in line)
    text = "\n".join(lines)
    assert "[14]" in text and "[28]" in text and "**" not in text
    assert "about:" in text and "the same words but for a number" in text


def test_a_wide_terminal_has_them_side_by_side(found):
    conflict = next(q for q in found if q.kind == "possible conflict")
    lines = list(describe(conflict, Marks(140)))
    (row,) = (line for line in lines if "[14]" in line)
    assert "[28]" in row and "│" in row


def test_a_document_cannot_command_the_terminal(finished_from, stories, merge):
    first = merge.entries[0]
    hostile = replace(first, lines=(Line("sentence", "\x1b[2Jgone \x07", (first.standing,)),))
    finished = finished_from(stories, replace(merge, entries=(hostile, *merge.entries[1:])))
    (question,) = questions(finished, only=["possible conflict"])
    for marks in (Marks(), Marks(140, "\x1b[1m", "\x1b[0m", visible=False)):
        shown = re.sub(r"\x1b\[[01]m", "", "\n".join(describe(question, marks)))
        assert "\x1b" not in shown and "\x07" not in shown and "\\x1b[2Jgone" in shown


PROGRAM = """
from pipeline.review.dialogue import terminal_marks, terminal_read
print(terminal_marks().visible, flush=True)
while True:
    print(repr(terminal_read("key > ")), flush=True)
"""


def test_a_terminal_gives_single_keys():
    """No Enter is needed; an arrow is one key and no answer; Ctrl-D is the end."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=other, stdout=other, stderr=other, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}, start_new_session=True,
    )  # fmt: skip
    os.close(other)
    said = ""

    def until(text: str) -> None:
        nonlocal said
        while text not in said:
            assert select.select([main], [], [], 20)[0], said
            said += os.read(main, 4096).decode()

    try:
        until("key > ")
        assert said.startswith("False"), "a terminal's own signs take up no room"
        for key, told in ((b"o", "'o'"), (b"\x1b[D", "'\\x1b[D'"), (b"\n", "'\\n'")):
            os.write(main, key)
            until(told)
            said = said.partition(told)[2]
            until("key > ")
        os.write(main, b"\x04")
        until("EOFError")
    finally:
        process.wait(timeout=20)
        os.close(main)
