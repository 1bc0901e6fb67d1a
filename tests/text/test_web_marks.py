"""What a web page says by its elements keeps apart from the words around it, in a paragraph and
in a table's cell alike."""

from __future__ import annotations

import pytest

from pipeline.extract.readers.web import read_web_page

SAID = (
    ("10<sup>2</sup> books", "10² books"),
    ("10<sup>-6</sup> m", "10⁻⁶ m"),
    ("2<sup>n</sup> and 2<sup>n*k</sup>", "2ⁿ and 2^(n*k)"),
    ("10<sup>2<sup>3</sup></sup> books", "10^(2³) books"),
    ("H<sub>2</sub>O, x<sub>max</sub>", "H₂O, x_(max)"),
    ("5 km<sup>2</sup> and sin<sup>2</sup>", "5 km² and sin²"),
    ("the 1<sup>st</sup> book", "the 1st book"),
    ("Word<sup>TM</sup> and Word<sup>®</sup>", "Word™ and Word®"),
    ("the town<sup>1</sup>, then", "the town [1], then"),
    ('the sea<sup><a href="#n1">1</a></sup>, then', "the sea [1], then"),
    ('the sea<a href="#n1"><sup>a</sup></a>, then', "the sea [a], then"),
    ("the sea<sup>[2]</sup>, then", "the sea [2], then"),
    ("the sea<sup>*</sup>, then", "the sea *, then"),
    ("the <code>US</code> list", "the `US` list"),
    ("the <code><b>US</b> x</code> list", "the `US x` list"),
    ('the <img src="a.png" alt="not"> red door', "the not red door"),
    ('the<img alt="not">red door', "the not red door"),
    ('the <img src="a.png"> red door', "the red door"),
    ('the <img alt=""> red door', "the red door"),
    ('<input type="checkbox" checked> red', "[x] red"),
    ('<input type="checkbox"> red', "[ ] red"),
    ('<label><input type="RADIO" checked="checked">red</label>', "[x] red"),
    ('<input type="text" value="red"> door', "door"),
    ("an empty <sup> </sup>mark", "an empty mark"),
)


@pytest.mark.parametrize(("html", "text"), SAID)
def test_marks_are_written_in_a_paragraph(html: str, text: str) -> None:
    builder, _ = read_web_page(f"<p>{html}</p>")
    assert builder.text.strip() == text


@pytest.mark.parametrize(("html", "text"), SAID)
def test_marks_are_written_in_a_cell(html: str, text: str) -> None:
    builder, _ = read_web_page(f"<table><tr><th>a</th></tr><tr><td>{html}</td></tr></table>")
    assert text in builder.text


def test_what_is_struck_out_inside_a_mark_stays_left_out() -> None:
    builder, _ = read_web_page("<p>10<sup>2<del>3</del></sup> books</p>")
    assert builder.text.strip() == "10²3 books"
    assert [builder.text[each.start : each.end] for each in builder.left_out] == ["3"]


def test_nested_marks_without_end_are_read_in_time() -> None:
    builder, _ = read_web_page(f"<p>{'<sup>x' * 20_000}{'</sup>' * 20_000}</p>")
    assert builder.text.count("x") == 20_000


def test_preformatted_code_is_set_as_it_is_but_for_powers() -> None:
    builder, _ = read_web_page("<pre><code>if <kbd>a</kbd>:\n  a<sup>2</sup></code></pre>")
    assert builder.text.strip() == "```\nif a:\n  a²\n```"
