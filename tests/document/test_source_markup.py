"""What the sources mark up reaches the document: nothing of it is lost, and none is a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.document.document_files import write_document
from pipeline.kept import Kept, Told, check, read_edition
from pipeline.kept.listed import items
from pipeline.kept.normal_form import settle
from pipeline.merge.conclusion import conclude
from pipeline.run.corpus import read
from pipeline.run.output import laid_out
from pipeline.text.sentences import plain
from pipeline.text.sequence import inline_items

STORY = "As a reader, I want to see the shelf, so that I can read."
#: The lines below the entry's own, in the document of a text; and what the check finds.
Merged = Callable[[str], list[str]]


@pytest.fixture
def merged(tmp_path: Path) -> Merged:
    """Merge a Markdown text and check both editions that are written of it."""

    def lines(text: str) -> list[str]:
        source = tmp_path / "pile" / "a.md"
        source.parent.mkdir()
        source.write_text(text, encoding="utf-8")
        corpus = read([source])
        told = {story.id: Told(story.text, story.kind) for story in corpus.stories}
        layout = laid_out(corpus, conclude(corpus.by_id, corpus.pairs, {}), {})
        out = write_document(tmp_path / "out", layout)
        for kind in ("markdown", "json"):
            found: Kept = check(read_edition(out[kind]), told)
            assert found.whole, (kind, found.missing, found.faults)
        written = Path(out["markdown"]).read_text(encoding="utf-8")
        return [line for line in written.splitlines() if line.startswith(("- [S-", "  - "))]

    return lines


@pytest.mark.parametrize(
    ("source", "stands"),
    [
        ("see R&amp;D in print", "see R&amp;D in print"),
        ("find a &lt; b", r"find a \< b"),
        ("read a&nbsp;b &copy; &eacute;", "read a b © é"),
        ("print AT&T &chips; &amp;lt;", "print AT&amp;T &amp;chips; &amp;lt;"),
        ("see <b>not</b> this", "see not this"),
        ('un<em>do</em> the <span class="x">red</span> <u>move</u>', "undo the red move"),
        ("copy <b> to <i>", r"copy \<b\> to \<i\>"),
        ("put 10<sup>2</sup> a<b in", r"put 10² a\<b in"),
        ("put 10<sup><b>-3</b></sup> g of H<sub>2</sub>O in", "put 10⁻³ g of H₂O in"),
        ("see x<sub>max</sub> of 2<sup>2<sup>3</sup></sup>", r"see x\_(max) of 2^(2³)"),
        ("walk to town<sup>1</sup> on the 1<sup>st</sup>", r"walk to town \[1\] on the 1st"),
        ("see <ins>a</ins> <abbr title='x y'>VAT</abbr> <q>code</q>", "see a VAT code"),
        (
            'see <a href="http://a.example/b?c=1">the <b>list</b></a>',
            r"see \[the list\](http://a.example/b?c=1)",
        ),
        ('see <a id="top"></a>the list', "see the list"),
        ("put `10<sup>2</sup>` in", r"put \`10\<sup\>2\</sup\>\` in"),
        ("put 10<sup>2 in", r"put 10\<sup\>2 in"),
    ],
)
def test_entities_and_tags_of_formatting_lose_nothing(merged: Merged, source: str, stands: str):
    text = f"# Desk\n\nAs a reader, I want to {source}, so that I can read.\n\n- I {source}.\n"
    head, line = merged(text)
    assert f"As a reader, I want to {stands}, so that I can read." in head
    assert line == f"  - I {stands}."


@pytest.mark.parametrize(
    "criterion",
    [
        "<b>Not this. Nor that.</b> Ever.",
        "One.<br/>Two.</p><p>Three.",
        "<strong>Must.</strong> <i>See <b>this</b>.</i> R&amp;D. Done.",
        "10<sup>2. Not</sup> this. Nor <a href='u'>that. Ever</a> or.",
        "<sup>1. See</sup> 5<sup></sup> of<sup> </sup>it. <a>This</a>.",
        '<a href="u"><div>One.</div></a> <sup>2<br>3</sup> <ins>Two.</ins>',
    ],
)
def test_tags_around_sentences_lose_none(merged: Merged, criterion: str):
    assert merged(f"# Desk\n\n{STORY}\n\n- {criterion}\n")


@pytest.mark.parametrize(
    ("items", "stands"),
    [
        (["1. The oven is hot.", "2. Bread is in it."], ["The oven is hot.", "Bread is in it."]),
        (["1) Heat it. Then wait.", "2) Eat."], ["Heat it. Then wait.", "Eat."]),
        (["a) Heat it", "(b) Eat it", "1.2 Rest"], ["Heat it; Eat it; 1.2 Rest"]),
        (["1.1. Heat it.", "1.2. Eat it. Rest."], ["Heat it.", "Eat it. Rest."]),
        (["1.1) Heat it", "2.10.1) Eat it"], ["Heat it; Eat it"]),
        (["- 1.2 litres of milk", "- Heat 1.5. Rest."], ["1.2 litres of milk", "Heat 1.5. Rest."]),
        (["- Wait for 5. Then eat.", "- Rest"], ["Wait for 5. Then eat.", "Rest"]),
        (["1. Heat it.", "2. ---", "3. Eat."], ["Heat it.", "Eat."]),
    ],
)
def test_an_items_number_is_no_line(merged: Merged, items: list[str], stands: list[str]):
    _, *lines = merged(f"# Desk\n\n{STORY}\n\n" + "\n".join(items) + "\n")
    assert lines == [f"  - {line}" for line in stands]


@pytest.mark.parametrize(
    ("item", "stands"),
    [
        ("- [x] It is red", r"\[x\] It is red"),
        ("* [ ] It is red. It is big.", r"\[ \] It is red. It is big."),
        ("1. [X] It is red.", r"\[X\] It is red."),
        ("- [y] It is red", r"\[y\] It is red"),
    ],
)
def test_what_is_done_is_told_with_a_criterion(merged: Merged, item: str, stands: str):
    _, line = merged(f"# Desk\n\n{STORY}\n\n{item}\n")
    assert line == f"  - {stands}"


def test_the_same_criterion_done_and_not_done_stands_twice(merged: Merged):
    _, _, *lines = merged(
        f"# Desk\n\n{STORY}\n\n- [x] It is red\n- [ ] It is blue\n\n"
        f"{STORY.replace('reader', 'guest')}\n\n- [ ] It is red\n- [x] It is blue\n"
    )
    assert len(lines) == 4 and r"  - \[ \] It is red, S-2" in lines


@pytest.mark.parametrize(
    ("criterion", "stands"),
    [
        ("- # x", r"\- \# x"),
        ("+ or not", r"\+ or not"),
        ("2024. The year", r"2024\. The year"),
        ("> 5 books", r"\> 5 books"),
        ("=== books", r"\=== books"),
        ("-5 degrees", r"\-5 degrees"),
        ("1990 books", "1990 books"),
    ],
)
def test_a_criterion_begins_no_structure_of_its_own(merged: Merged, criterion: str, stands: str):
    _, line = merged(f"# Desk\n\n{STORY}\n\n1. {criterion}\n")
    assert line == f"  - {stands}"


@pytest.mark.parametrize(
    ("item", "stands"),
    [
        ("At most <del>10</del> 20 books", "At most 20 books"),
        ("At most 1<s>0</s>5 books", "At most 1 5 books"),
        ("At most ~~10~~ 20 books, <strike>new</strike> or old", "At most 20 books, or old"),
    ],
)
def test_what_is_struck_out_of_a_line_ends_none(merged: Merged, item: str, stands: str):
    _, line = merged(f"# Desk\n\n{STORY}\n\n- {item}\n")
    assert line == f"  - {stands}"


#: What stands in and around elements, and the elements.
_WORDS = st.lists(
    st.sampled_from(
        ("10", "2", " ", "town", "a", "A", "&amp;", "n", "st", "(", ")", "[1]", ";", ". ", "=")
    ),
    max_size=4,
).map("".join)
_OPEN = ("sup", "sub", "b", "ins", "q", 'a href="http://x.example/_b"', 'a id="t"', "SUP class='x'")


def _inside(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    element = st.builds(
        lambda tag, words: f"<{tag}>{words}</{tag.split()[0]}>", st.sampled_from(_OPEN), text
    )
    return st.lists(st.one_of(_WORDS, element), min_size=1, max_size=4).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.recursive(_WORDS, _inside, max_leaves=6))
def test_the_check_reads_what_the_editions_write(text: str):
    """Two programs that share nothing agree on what powers, indices and links say."""
    assert settle(plain(text)) == settle(text)


@pytest.mark.parametrize(
    ("line", "stands"),
    [
        ("Acceptance criteria: 1. by card 2. by cash", ["by card; by cash"]),
        (
            "AC: 1) shows the name. 2) costs 3.50 EUR on 1. May",
            ["shows the name.", "costs 3.50 EUR on 1. May"],
        ),
        ("Criteria: (1) 3 attempts (2) 5 minutes", ["3 attempts; 5 minutes"]),
        ("Criteria: a) by card b) by cash c) by phone", ["by card; by cash; by phone"]),
    ],
)
def test_items_of_a_list_inside_of_a_line_are_apart(merged: Merged, line: str, stands: list[str]):
    _, *lines = merged(f"# Desk\n\n{STORY}\n\n{line}\n")
    assert lines == [f"  - {each}" for each in stands]


@pytest.mark.parametrize(
    "words",
    [
        "runs with 1.0 and 2.0",
        "prints No. 1 and No. 2 forms",
        "opens at 10.30 on 1. May 2026, costs 2. 50 EUR",
        "is paid on: 1. May 2. June 3. July",
        "costs: 1. 50 EUR 2. 70 EUR",
        "waits for 2. quarter 1. half",
        "is kept: 1. by card in 2. class 2. by cash",
        "is: 2. by card 3. by cash",
        "is a. first b. second",
    ],
)
def test_versions_times_dates_sums_and_numbers_are_no_items(merged: Merged, words: str):
    _, line = merged(f"# Desk\n\n{STORY}\n\n- It {words}\n")
    assert line.replace("\\", "") == f"  - It {words}"
    assert inline_items(f"It {words}") == []


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ("1.", "2.", "3.", "1)", "2)", "(1)", "(2)", "a)", "b)", "b.", "Pay:", "by card", "May",
             "5", "5 days", "2.0", "-", "No.")
        ),
        max_size=9,
    ).map(" ".join)
)  # fmt: skip
def test_the_check_finds_the_items_that_editions_set_apart(line: str):
    """Two programs that share nothing agree on where items begin."""
    numbers = len(inline_items(line))
    assert len([*items(line)]) == (numbers + 1 if numbers else 1)
