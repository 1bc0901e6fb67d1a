"""Where a story stands may say in what scope: its sheet, file and folder. And what an office format
says by its marks and not by letters, powers and links, keeps two tellings apart."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from pipeline.judge.proof import prove, prove_need
from pipeline.stories import Story
from pipeline.text.scope import names_that_change
from tests.extract.documents.word import body, paragraph, run

WISH = "As a reader, I want to see the books of the shelf, so that I can read."
SAME = "As a reader, I would like to see the books of the shelf, so that I can read."


def story_in(path: Path, data: bytes) -> Story:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    (extraction,) = extract([path])
    (story,) = extraction.stories
    return story


@pytest.mark.parametrize(
    ("one", "other", "proved"),
    [
        ("wishes/a.md", "wishes/b.md", True),
        ("wishes/a.md", "rejected/a.md", False),
        ("wishes/a.md", "out of scope/a.md", False),
        ("wishes/a.md", "Out_of-Scope.md", False),
        ("phase 1/a.md", "phase-2/a.md", False),
        ("phase 1/a.md", "phase-1/b.md", True),
        ("a/shelf.md", "a/shelf-archived.md", False),
        ("a/old/shelf.md", "b/old/shelf.md", True),
        ("wishes/a.md", "wishes/not yet.md", True),
    ],
)
def test_names_of_files_and_folders(one: str, other: str, proved: bool, tmp_path: Path) -> None:
    a = story_in(tmp_path / one, WISH.encode())
    b = story_in(tmp_path / other, SAME.encode())
    assert (prove(a, b) is not None) is proved
    assert (prove_need(a, b) is not None) is proved


@pytest.mark.parametrize(
    ("head", "proved"),
    [
        ("status: draft", True),
        ("status: draft 3", True),
        ("state: Working draft", True),
        ("status: draft, rejected", False),
        ("status: rejected", False),
        ("status: withdrawn", False),
        ("phase: 3", False),
        ("scope: later", False),
    ],
)
def test_what_a_head_says_of_the_state(head: str, proved: bool, tmp_path: Path) -> None:
    one = story_in(tmp_path / "a.md", f"{WISH}\n".encode())
    other = story_in(tmp_path / "b.md", f"---\n{head}\n---\n\n{SAME}\n".encode())
    assert (prove(one, other) is not None) is proved


def test_folders_far_above_say_nothing() -> None:
    assert names_that_change("rejected/a/b/c/d.md") == ()
    assert names_that_change("x/rejected/b/Old draft.v2.md") == ("rejected", "old", "draft")
    assert names_that_change("golden/folders/withdrawal.md") == ()


@pytest.mark.parametrize(
    ("one", "other", "proved"),
    [
        ("Sheet1", "Sheet2", True),
        ("Wishes", "Rejected", False),
        ("Wishes", "Won't have", False),
        ("Phase 1", "Phase 2", False),
        ("Out of scope", "Out of scope", True),
    ],
)
def test_names_of_sheets(one: str, other: str, proved: bool, tmp_path: Path) -> None:
    import openpyxl

    def book(sheet: str, words: str) -> bytes:
        workbook = openpyxl.Workbook()
        workbook.active.title = sheet
        for row in (["ID", "Story"], ["A-1", words]):
            workbook.active.append(row)
        target = io.BytesIO()
        workbook.save(target)
        return target.getvalue()

    a = story_in(tmp_path / "a.xlsx", book(one, WISH))
    b = story_in(tmp_path / "b.xlsx", book(other, SAME))
    assert (prove(a, b) is not None) is proved


def word(count: str, properties: str = "", link: str = "") -> bytes:
    target = f' w:anchor="{link}"' if link else ""
    linked = f"<w:hyperlink{target}>{run('books')}</w:hyperlink>" if link else run("books")
    parts = (run("As a reader, I want to see 10"), run(count, properties), run(" "), linked)
    return body(paragraph(*parts, run(" of the shelf, so that I can read.")))()


def odt(count: str, position: str = "", link: str = "") -> bytes:
    style = f'style:text-position="{position}"' if position else ""
    books = f'<text:a xlink:href="{link}">books</text:a>' if link else "books"
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink"><office:automatic-styles>'
        f'<style:style style:name="T1" style:family="text"><style:text-properties {style}/>'
        "</style:style></office:automatic-styles><office:body><office:text><text:p>As a reader, I "
        f'want to see 10<text:span text:style-name="T1">{count}</text:span> {books} of the shelf, '
        "so that I can read.</text:p></office:text></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
    return target.getvalue()


def rtf(count: str, mark: str = "", link: str = "") -> bytes:
    number = f"{{\\{mark} {count}}}" if mark else count
    books = (
        f'{{\\field{{\\*\\fldinst{{HYPERLINK "https://{link}.example"}}}}{{\\fldrslt books}}}}'
        if link
        else "books"
    )
    return (
        f"{{\\rtf1\\ansi\\pard As a reader, I want to see 10{number} {books} of the shelf, "
        "so that I can read.\\par}"
    ).encode()


def pptx(count: str, baseline: str = "", link: str = "") -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    (paragraph,) = slide.shapes.add_textbox(0, 0, Inches(9), Inches(2)).text_frame.paragraphs
    for words in ("As a reader, I want to see 10", count, " ", "books"):
        part = paragraph.add_run()
        part.text = words
        if words == count and baseline:
            part._r.get_or_add_rPr().set("baseline", baseline)
        if words == "books" and link:
            part.hyperlink.address = f"https://{link}.example"
    paragraph.add_run().text = " of the shelf, so that I can read."
    target = io.BytesIO()
    deck.save(target)
    return target.getvalue()


def page(*paragraphs: str) -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    style = getSampleStyleSheet()["BodyText"]
    target = io.BytesIO()
    SimpleDocTemplate(target).build([Paragraph(words, style) for words in paragraphs])
    return target.getvalue()


def linked(books: str = "", shelf: str = "") -> str:
    words = WISH
    for word, link in (("books", books), ("shelf", shelf)):
        words = words.replace(word, f'<a href="{link}">{word}</a>') if link else words
    return words


_UP = '<w:vertAlign w:val="superscript"/>'
_DOWN = '<w:vertAlign w:val="subscript"/>'
MADE: dict[str, tuple[Callable[..., bytes], str, str]] = {
    "docx": (word, _UP, _DOWN),
    "odt": (odt, "super 58%", "sub 58%"),
    "rtf": (rtf, "super", "sub"),
    "pptx": (pptx, "30000", "-25000"),
}


@pytest.mark.parametrize("suffix", MADE)
def test_powers_and_links_of_office_documents(suffix: str, tmp_path: Path) -> None:
    make, up, down = MADE[suffix]
    stories = [
        story_in(tmp_path / f"{n}.{suffix}", data)
        for n, data in enumerate(
            (make("2"), make("2", up), make("2", down), make("2", "", "a"), make("2", "", "b"))
        )
    ]
    assert "10² books" in stories[1].goal and "10₂ books" in stories[2].goal
    for number, one in enumerate(stories):
        for other in stories[number + 1 :]:
            assert prove(one, other) is None and prove_need(one, other) is None
    again = story_in(tmp_path / f"again.{suffix}", make("2", up) + b"")
    assert prove(again, stories[1]) is not None


def test_links_of_printed_pages(tmp_path: Path) -> None:
    salt, oil = "https://salt.example/a", "https://oil.example/b"
    told = [
        story_in(tmp_path / f"{n}.pdf", page(linked(*links)))
        for n, links in enumerate(((), (salt,), (oil,), (salt, oil), (oil, salt), ("", salt)))
    ]
    assert len({story.goal for story in told}) == 1
    for number, one in enumerate(told):
        for other in told[number + 1 :]:
            assert prove(one, other) is None
    beside = f'As a cook, I want <a href="{oil}">that</a> and <a href="{salt}">books</a>.'
    (tmp_path / "again.pdf").write_bytes(page(linked(salt), beside))
    (extraction,) = extract([tmp_path / "again.pdf"])
    again, _ = extraction.stories
    assert prove(again, told[1]) is not None  # a link elsewhere on its page is none of its own


def test_a_link_over_two_lines_of_a_page_is_one(tmp_path: Path) -> None:
    to = "https://salt.example/a"
    one, other = (
        story_in(
            tmp_path / f"{len(words)}.pdf",
            page(f'As a cook, I want <a href="{to}">{words}</a>, so that it tastes.'),
        )
        for words in ("salt from<br/>the sea", "salt from the sea")
    )
    assert (
        one.source.locator.beside
        == other.source.locator.beside
        == (f"link: salt from the sea → {to}",)
    )
    assert prove(one, other) is not None


@pytest.mark.parametrize(
    ("places", "proved"),
    [
        (("wishes/a.md", "more/a.md"), True),
        (("wishes/a.md", "rejected/a.md"), False),
        (("a/shelf.md", "release 2/shelf.md"), False),
        (("old/a.md", "old/b.md"), True),
    ],
)
def test_one_file_in_places_of_different_scopes(
    places: tuple[str, ...], proved: bool, tmp_path: Path
) -> None:
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(WISH)
    other = story_in(tmp_path / places[0].replace(".md", "-again.md"), SAME.encode())
    found = list(extract([tmp_path / place for place in places]))
    (extraction,) = found
    assert len(extraction.document.paths) == 2
    (story,) = extraction.stories
    assert (prove(story, other) is not None) is proved
    said = extraction.document.problem or ""
    assert ("lies in 2 places" in said) is not proved
