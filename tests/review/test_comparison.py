"""Markup stays behind, words stay, and the words that differ are marked where they stand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.document.structure.readable import without_markup
from pipeline.entries import Fold, Line
from pipeline.review.comparison import (
    Marks,
    Told,
    compared,
    differing,
    likeness,
    side_by_side,
    stacked,
    telling,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**As a** member, I want *to borrow* it", "As a member, I want to borrow it"),
        ("- [ ] the list is `empty`", "the list is empty"),
        ("## Borrow a tool", "Borrow a tool"),
        ("see [the rules](rules.md) first", "see the rules first"),
        ("![a form](form.png) is shown", "a form is shown"),
        ("see [the rules](a_(b).html \"T\")", "see the rules"),
        ("| member | borrow a tool |", "member · borrow a tool"),
        ("<p>fish &amp; chips</p>", "fish & chips"),
        ("a <b>bold</b> <span class='x'>word</span>", "a bold word"),
        ("\\*not bold\\* and 5 \\< 6", "*not bold* and 5 < 6"),
        ("> quoted\n> twice", "quoted twice"),
        ("fewer than <5 items>", "fewer than <5 items>"),
        ("snake_case and 2*3*4 stay", "snake_case and 2*3*4 stay"),
        ("<div>one</div><div>two</div>", "one · two"),
        ("<tr><td>member</td><td>lend</td></tr><tr><td>guest</td></tr>", "member · lend · guest"),
        ("|a|b|\n|---|:-:|\n|c|d|", "a · b · c · d"),
        ("||head||more||\nmember\tlend", "head · more · member · lend"),
        ("+---+---+\n| a | b |\n+===+===+", "a · b"),
        ("**a**b, **Bold:**next and **unpaired", "ab, Bold:next and unpaired"),
        ("2**3 and a ** b", "2**3 and a ** b"),
        ("un<b>do</b> it <!-- not this -->now", "undo it now"),
        ("copy <b> to <i>", "copy <b> to <i>"),
        ("&lt;div&gt;told by an export&lt;/div&gt;", "told by an export"),
        ("<center>x</center><ac:link ac:name='y'>z</ac:link>", "x · z"),
        ("h3. Head\n{color:red}red{color} {{mono}} [text|http://x]", "Head red mono text"),
        ("```js\nrun()\n```\n-----\n[ref][1] <https://x.y>", "run() ref https://x.y"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_stays_behind_and_words_stay(text, shown):
    assert without_markup(text) == shown


def drawn(lines, marks=None) -> str:
    return "\n".join(line for told in lines for line in stacked("", [told], marks or Marks()))


def told(*texts: str) -> tuple[Told, ...]:
    return tuple(Told("sentence", text) for text in texts)


@pytest.mark.parametrize(
    ("one", "other", "left", "right"),
    [
        ("keep it for 14 days", "keep it for 28 days", "[14]", "[28]"),
        ("Turn it on.", "turn it off", "[on.]", "[off]"),
        ("see my old orders", "see orders", "[my old]", ""),
        ("all is equal", "all is equal", "", ""),
    ],
)
def test_differing_words_are_marked_in_both(one, other, left, right):
    sides = compared(told(one), told(other))
    for side, marked in zip(sides, (left, right), strict=True):
        assert "".join(re.findall(r"\[.*?\]", drawn(side))) == marked


def test_what_only_one_field_says_is_marked_as_a_whole():
    one = (Told("sentence", "see orders"), Told("criterion", "It shows a count."))
    left, right = compared(one, told("see orders"))
    assert "[It shows a count.]" in drawn(left) and "[" not in drawn(right)


def test_every_word_is_shown_at_any_width():
    text = "see the " + "x" * 90 + " of 日本語の長い文字列です and more words than fit"
    for width in (20, 40, 80, 200):
        for marks in (Marks(width), Marks(width, "\x1b[1m", "\x1b[0m", visible=False)):
            left, right = compared(told(text), ())
            lines = list(side_by_side(("", ""), (left, right), marks))
            plain = re.sub(r"\x1b\[\d+m", "", "".join(lines))
            kept = re.sub(r"[\s│\[\]]", "", plain)
            assert kept == "".join(text.split()), (width, marks)


def test_no_line_is_wider_than_the_terminal():
    left, right = compared(told("a b c " * 60), told("a 日本 c " * 60))
    for width in (80, 110, 140):
        for line in side_by_side(("[1] S-1", "[2] S-2"), (left, right), Marks(width)):
            assert sum(2 if ord(c) > 0x2E80 else 1 for c in line) <= width
        for line in stacked("[1]", left, Marks(width)):
            assert len(line) <= width


def test_differing_words_come_without_their_signs():
    assert differing("keep it for 14 days.", "keep it for 28 days") == ("14", "28")
    assert likeness("a b c d", "a b c e") == 0.75 and likeness("a", "b") == 0


def test_a_telling_is_what_stands_and_what_is_folded_of_it(finished):
    entry = finished.entries[-1]
    first, second = (finished.stories[story] for story in entry.sources)
    assert [t.text for t in telling(second, entry)] == [second.text]
    more = replace(
        entry,
        lines=(*entry.lines, Line("criterion", "It *rings*.", (second.id,))),
        folds=(*entry.folds, Fold(second.id, "title", "Due", "proof", first.id)),
    )
    assert [(t.field, t.text) for t in telling(second, more)] == [
        ("title", "Due"), ("sentence", second.text), ("criterion", "It rings.")
    ]  # fmt: skip
    assert [t.field for t in telling(first, more)] == ["sentence"]
    assert telling(first, None)[0].text == first.text
