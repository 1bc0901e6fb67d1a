"""Markup in the cells of tables: a person reads items and words, no tag and no run-together text;
what is meant as text stays, and the check finds every sentence of the source in what is written."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from pipeline.document.document_files import write_document
from pipeline.document.page.page_data import page_data
from pipeline.document.structure.readable import without_markup
from pipeline.kept import Told, check, read_edition
from pipeline.merge.conclusion import conclude
from pipeline.run.corpus import read
from pipeline.run.output import laid_out
from pipeline.stories import Story

HEAD = ("Role", "Goal", "Benefit", "Acceptance criteria")
WISH = ("member", "borrow a book", "I can read at home")
#: (a cell of criteria, what a person reads of it: an item each).
CELLS = (
    ("<ul><li>Marked lent</li><li>At most 5 books</li></ul>", ("Marked lent", "At most 5 books")),
    ("<ul><li>Marked lent<li>At most 5 books</ul>", ("Marked lent", "At most 5 books")),
    ("<ol>\n<li>Marked lent.</li>\n<li>5 books.</li>\n</ol>", ("Marked lent.", "5 books.")),
    ("<div>mail when there</div><div>held 3 days</div>", ("mail when there", "held 3 days")),
    ("<p>Mail when there</p><p>Held <b>3 days</b></p>", ("Mail when there", "Held 3 days")),
    ("at desk<br>fee is **1 EUR** a day<br/>paid", ("at desk", "fee is 1 EUR a day", "paid")),
    ("one<BR />two<br\n/>three", ("one", "two", "three")),
    ("- [ ] as typed<br>- [x] on saving", ("[ ] as typed", "[x] on saving")),
    ("<p>The tag <code>&lt;br&gt;</code> is shown</p>", ("The tag `<br>` is shown",)),
    ("the tag `<li>` is shown<br>so is `</ul>`", ("the tag `<li>` is shown", "so is `</ul>`")),
    ("&lt;ul&gt;&lt;li&gt;Lent&lt;/li&gt;&lt;li&gt;Held&lt;/li&gt;&lt;/ul&gt;", ("Lent", "Held")),
    ("a < 5 and b > 3", ("a < 5 and b > 3",)),
)  # fmt: skip
_ITEM = re.compile(r"^  - (.*)$", re.MULTILINE)
_TAG = re.compile(r"</?(?:ul|ol|li|div|p|br|b|code)\b[^<>]*>", re.IGNORECASE)

Table = Callable[[tuple[str, ...]], Path]


@pytest.fixture(params=["csv", "xlsx", "md"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    """Writes a table with one row in one of the formats."""

    def write(row: tuple[str, ...]) -> Path:
        path = tmp_path / "pile" / f"table.{request.param}"
        path.parent.mkdir()
        if request.param == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([HEAD, row])
        elif request.param == "xlsx":
            book = openpyxl.Workbook()
            for cells in (HEAD, row):
                book.active.append(cells)
            book.save(path)
        else:
            if any("\n" in cell for cell in row):
                pytest.skip("a cell of a Markdown table is one line")
            rows = (HEAD, ("---",) * len(HEAD), row)
            path.write_text("\n".join(f"| {' | '.join(cells)} |" for cells in rows) + "\n")
        return path

    return write


def _merged(source: Path) -> tuple[dict[str, str], list[Story], list[str]]:
    """The Markdown files of a merge of one source, by name, its stories, and their texts on the
    page; both editions are checked."""
    corpus = read([source])
    told = {story.id: Told(story.text, story.kind) for story in corpus.stories}
    layout = laid_out(corpus, conclude(corpus.by_id, corpus.pairs, {}), {})
    out = write_document(source.parent.parent / "out", layout)
    for kind in ("markdown", "json"):
        found = check(read_edition(out[kind]), told)
        assert found.whole, (kind, found.missing, found.faults)
    folder = Path(out["markdown"]).parent
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    page = [story["text"] for story in dict(page_data(layout))["stories"]]
    return files, list(corpus.stories), page


def _said(markdown: str) -> str:
    """Markdown without its escapes."""
    return html.unescape(re.sub(r"\\(?=[^a-zA-Z0-9\s])", "", markdown))


@pytest.mark.parametrize(("cell", "items"), CELLS)
def test_each_item_of_a_cell_is_one_criterion(table: Table, cell: str, items: tuple[str, ...]):
    files, (story,), page = _merged(table((*WISH, cell)))
    bare = [item.removeprefix("[ ] ").removeprefix("[x] ") for item in items]
    assert [*story.criteria] == bare
    lines = [text for line in _ITEM.findall(_said(files["merged.md"])) for text in line.split("; ")]
    assert lines == [*items]
    told = _said(files["merged.tellings.md"])
    assert all(item in told for item in bare)
    assert not _TAG.search(re.sub(r"`[^`]*`|<br>|<a [^>]*>", "", told))
    shown = [line.removeprefix("• ") for line in page[0].splitlines()]
    for item in bare:
        assert item.replace("`", "") in shown, shown


@pytest.mark.parametrize(("cell", "items"), CELLS)
def test_a_review_keeps_items_apart(cell: str, items: tuple[str, ...]):
    told = without_markup(cell)
    assert not _TAG.search(told) or "`" in cell or "<code>" in cell
    for item in items:
        assert item.replace("`", "").removeprefix("[ ] ").removeprefix("[x] ") in told
    for one, next_ in pairwise(items):
        assert f"{one} {next_}".replace("`", "") not in told or one.endswith(".")


@pytest.mark.parametrize(
    ("goal", "stands"),
    [
        ("see `<ul><li>` in the preview", "see `<ul><li>` in the preview"),
        ("type `__init__` and `**kw`", "type `__init__` and `**kw`"),
        ("type `a &amp; b`", "type `a &amp; b`"),
        ("<p>borrow a <b>new</b> book</p>", "borrow a new book"),
        ("**borrow** a _new_ book", "borrow a new book"),
    ],
)
def test_what_a_goal_says_of_code_stays(table: Table, goal: str, stands: str):
    files, (story,), _ = _merged(table(("member", goal, "I am quick", "Done")))
    assert story.goal == stands
    written = re.sub(r"\\(?=[^a-zA-Z0-9\s])", "", files["merged.md"]).replace("&amp;", "&")
    assert f"As a member, I want to {stands}, so that I am quick" in written


@pytest.mark.parametrize("other", ["`<ol>`", "`__a__`", "`&lt;`"])
def test_goals_that_differ_in_code_alone_are_two(tmp_path: Path, other: str):
    one = {"`<ol>`": "`<ul>`", "`__a__`": "`a`", "`&lt;`": "`<`"}[other]
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [("member", f"see {code} on the page", "I am quick", "") for code in (one, other)]
        csv.writer(file).writerows([HEAD, *rows])
    first, second = read([path]).stories
    assert first.fingerprint != second.fingerprint


def test_paragraphs_of_a_description_stay_apart(table: Table):
    story = "<p>As a member, I want to borrow a book, so that I can read.</p>"
    notes = "<p>First note</p><div>Second note</div>"
    files, (told,), _ = _merged(table(("", story + notes, "", "")))
    assert told.body == ("First note", "Second note")
    assert "First note Second note" not in _said(files["merged.md"])
