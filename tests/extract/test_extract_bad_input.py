"""What is broken, hostile or odd is one reported problem; the rest goes on."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.decoding import decode
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.stories import Extraction

STORY = "As a cook, I want salt, so that it tastes."


def read(data: bytes, name: str, encoding: str | None = None) -> Extraction:
    return find_stories(read_bytes(data, (name,), encoding=encoding))


def problem(data: bytes, name: str) -> str:
    extraction = read(data, name)
    assert extraction.stories == ()
    assert extraction.document.problem is not None
    return extraction.document.problem


def pdf(*, password: str | None = None, drawn: bool = False) -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    lock = StandardEncryption(password, ownerPassword=password) if password else None
    canvas = Canvas(target, encrypt=lock)
    if drawn:
        canvas.rect(50, 50, 100, 100)
    else:
        canvas.drawString(72, 700, STORY)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return target.getvalue()


def test_pdfs() -> None:
    assert len(read(pdf(), "a.pdf").stories) == 1
    assert "encrypted" in problem(pdf(password="secret"), "a.pdf")
    assert "no text layer" in problem(pdf(drawn=True), "a.pdf")
    assert "damaged" in problem(pdf()[:300], "a.pdf")
    assert "damaged" in problem(b"%PDF-1.7 and nothing else", "a.pdf")


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx"])
def test_office_files(name: str) -> None:
    assert "damaged" in problem(b"PK\x03\x04 cut off", name)
    assert "encrypted" in problem(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), name)
    assert "cannot" in problem(b"PK\x03\x04", name) or "damaged" in problem(b"PK\x03\x04", name)
    assert "can be read" in problem(zipped(readme_dot_txt=b"hello"), name)


def xls() -> bytes:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Wishes")
    sheet.write(0, 0, "User story")
    sheet.write(1, 0, STORY)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_old_workbooks() -> None:
    whole = xls()
    assert len(read(whole, "a.xls").stories) == 1
    locked = whole.replace(b"\xe1\0\2\0", b"\x2f\0\2\0", 1)
    assert locked != whole and "encrypted" in problem(locked, "a.xls")
    assert "can be read" in problem(b"no workbook", "a.xls")


def test_a_truncated_old_workbook_ends_its_readers_process_and_not_ours() -> None:
    whole = xls()
    problems = {problem(whole[:cut], "a.xls") for cut in (9, 600, 3000, len(whole) - 1200)}
    assert all("can be read" in each for each in problems)
    gave_up = [each for each in problems if "(damaged)" in each or "(damaged, or" in each]
    assert gave_up, "none of the cuts made the reader give up"


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx"])
def test_zip_bombs_are_not_unpacked(name: str) -> None:
    bomb = zipped(word__document_dot_xml=bytes(80 << 20), xl__worksheets__sheet1_dot_xml=bytes(9))
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    try:
        assert "zip bomb" in problem(bomb, name)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_xml_entities_do_not_expand() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{levels}]><d>&l11;</d>'
    data = zipped(_content_types__dot_xml=xml.encode(), word__document_dot_xml=xml.encode())
    tracemalloc.start()
    try:
        assert problem(data, "a.docx")
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_empty_and_blank_files() -> None:
    assert problem(b"", "a.txt") == "the file is empty"
    assert problem(b" \n\t\n", "a.md") == "the file is empty"
    assert problem(b"\0\0\0\0", "picture.raw")
    assert "no text" in problem(b"<html><body></body></html>", "a.html")


def test_nul_bytes_are_reported_and_the_stories_found() -> None:
    extraction = read(f"{STORY}\n\0\0\n".encode(), "a.txt")
    assert len(extraction.stories) == 1
    assert extraction.document.problem == "2 NUL characters in the text"


@pytest.mark.parametrize(
    ("encoding", "marked"),
    [("utf-8-sig", True), ("utf-16", True), ("utf-32", True), ("utf-16-le", False)],
)
def test_unicode_encodings(encoding: str, marked: bool) -> None:
    extraction = read(f"As a chef, I want crème brûlée – “now”.\n{STORY}".encode(encoding), "a.txt")
    assert [story.role for story in extraction.stories] == ["chef", "cook"]
    assert extraction.stories[0].goal == "crème brûlée – “now”"
    assert extraction.document.guessed is (not marked)
    assert extraction.document.text.startswith("As a chef")


def test_western_bytes_are_guessed_and_said_to_be() -> None:
    text = "As a chef, I want crème brûlée – it’s “good” – every day.\n" + f"{STORY}\n" * 20
    document = read(text.encode("cp1252"), "a.txt").document
    assert (document.encoding, document.guessed) == ("cp1252", True)
    assert document.text == text


def test_big5_punctuation_inside_ascii() -> None:
    text = "It is America’s year.　We say: “go”—now.\n" * 3 + f"{STORY}\n" * 30
    document = read(text.encode("big5", errors="replace"), "a.txt").document
    assert (document.encoding, document.guessed) == ("big5", True)
    assert "America’s" in document.text


def test_a_stated_encoding_wins() -> None:
    data = "As a señor, I want paella".encode("mac_roman")
    document = read(data, "a.txt", encoding="mac_roman").document
    assert (document.encoding, document.guessed) == ("mac_roman", False)
    assert "señor" in document.text
    wrong = read(data, "a.txt", encoding="utf-8").document
    assert wrong.problem is not None and "1 characters could not be read as utf-8" in wrong.problem


def test_web_pages_state_their_encoding() -> None:
    html = '<html><head><meta charset="iso-8859-2"></head><body><p>Łódź</body></html>'
    assert "Łódź" in read(html.encode("iso-8859-2"), "a.html").document.text


def test_a_guess_never_fails() -> None:
    for data in (bytes(range(128, 256)), b"\x81" * 50, b"abc \xff\xfe def", b"\x00\xd8" * 40):
        assert decode(data).encoding


@pytest.mark.parametrize(
    "head",
    [
        "authors:\n  - @mina",
        "title: a: b: c",
        "created: 2024-13-45",
        "key: [1, 2",
        "a:\n\t- tab",
        "? [complex]\n: *nowhere",
        "- just\n- a list",
        "plain words",
        "%bad directive",
        "a: &x [*x]",
    ],
)
def test_invalid_front_matter_never_costs_the_stories(head: str) -> None:
    extraction = read(f"---\nauthor: Mina\n{head}\n---\n\n- {STORY}\n".encode(), "a.md")
    assert len(extraction.stories) == 1
    assert extraction.stories[0].source.locator.line == 4 + head.count("\n") + 2


def test_an_impossible_date_is_reported_and_the_author_kept() -> None:
    document = read(f"---\nauthor: Mina\ndate: 2024-13-45\n---\n{STORY}".encode(), "a.md")
    assert document.document.problem is not None
    assert "invalid YAML front matter" in document.document.problem
    assert document.stories[0].source.author == "Mina"
    assert document.stories[0].source.written is None


def test_a_table_of_two_thousand_columns() -> None:
    header = ",".join(["Summary", "Description", *(f"Custom {n}" for n in range(2000))])
    row = ",".join(["Salt", f'"{STORY}"', *["x"] * 2000])
    extraction = read("\n".join([header, *[row] * 40]).encode(), "a.csv")
    assert len(extraction.stories) == 40


def test_an_unclosed_quote_ends_with_the_file() -> None:
    extraction = read(f'Key,Story\nA-1,"{STORY}\nA-2,more'.encode(), "a.csv")
    assert extraction.document.text.endswith("more")


@pytest.mark.parametrize(
    "line",
    [
        mark * (2_000_000 // len(mark))
        for mark in ("x", "As a ", "so that ", "**", "[", "> ", "- ", '"', "<b>", "a. ", "\\", "|")
    ],
    ids=lambda line: repr(line[:8]),
)
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.json", "a.feature"])
def test_one_endless_line_ends_and_is_kept_or_reported(line: str, name: str) -> None:
    """What is not linear here takes hours, and never ends the suite."""
    document = read(line.encode(), name).document
    assert document.problem is not None or len(document.text) >= len(line.strip()) // 2


def test_deep_nesting_does_not_overflow() -> None:
    assert read(("<div>" * 20_000 + STORY).encode(), "a.html").document.problem is None
    assert read(b"[" * 50_000, "a.json").document.problem is not None
    deep = "\n".join(" " * n + "- item" for n in range(2000)) + "\n" + "#" * 6 + " x"
    assert read(deep.encode(), "a.md").document.problem is None
    assert read(("> " * 500 + STORY).encode(), "a.md").stories


def test_a_bad_document_never_stops_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf()[:200])
    (tmp_path / "b.docx").write_bytes(b"no zip")
    (tmp_path / "c.txt").write_text(STORY)
    (tmp_path / "d.xlsx").write_bytes(zipped(word__x_dot_xml=bytes(80 << 20)))
    (tmp_path / "e.json").write_bytes(b"{")
    problems = {Path(e.document.path).name: e.document.problem for e in extract([tmp_path])}
    assert problems.pop("c.txt") is None
    assert all(problems.values())
    assert len(problems) == 4


def test_a_defect_of_a_reader_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.extract.readers import reader_registry as readers

    def fail(data: bytes, encoding: str | None) -> readers.Reading:
        raise ZeroDivisionError("by design")

    monkeypatch.setitem(readers.ADDED, "text", fail)
    assert "by design" in problem(b"x", "a.txt")
