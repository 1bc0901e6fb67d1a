"""Found by fuzzing: what is damaged beside the text does not cost the text."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from pipeline.extract.extraction import extract
from pipeline.extract.properties import properties_of
from pipeline.extract.readers.pdf_layout import group_lines
from pipeline.extract.readers.pdf_words import Word

STORY = "As a clerk, I want to print a receipt, so that the customer has proof."


def word() -> bytes:
    document, file = docx.Document(), io.BytesIO()
    document.add_paragraph(STORY)
    document.save(file)
    return file.getvalue()


def slides() -> bytes:
    deck, file = pptx.Presentation(), io.BytesIO()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.placeholders[1].text_frame.text = STORY
    deck.save(file)
    return file.getvalue()


def workbook() -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Story"])
    book.active.append([STORY])
    book.save(file)
    return file.getvalue()


def changed(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """An office file with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            whole = old.read(name)
            new.writestr(name, change(whole) if name == part else whole)
    return file.getvalue()


@pytest.mark.parametrize("made", [word, slides])
@pytest.mark.parametrize("target", [b"word/styles.xml", b"word/document.xml"])
def test_properties_that_lead_elsewhere_are_said_and_the_text_stays(
    tmp_path: Path, made: Callable[[], bytes], target: bytes
) -> None:
    """The part that should hold them is another one."""
    if made is slides:
        target = target.replace(b"word/", b"ppt/").replace(b"styles", b"presProps")
        target = target.replace(b"document", b"presentation")
    data = changed(made(), "_rels/.rels", lambda x: x.replace(b"docProps/core.xml", target))
    file = tmp_path / ("a.docx" if made is word else "a.pptx")
    file.write_bytes(data)
    (found,) = extract([file])
    assert [story.goal for story in found.stories] == ["print a receipt"]
    assert "properties (author, date) are damaged" in (found.document.problem or "")


def typed(data: bytes, part: str) -> bytes:
    """A Word file that says of one of its parts that it is a picture."""

    def change(types: bytes) -> bytes:
        start = types.index(f'PartName="/word/{part}.xml"'.encode())
        first = types.index(b'ContentType="', start) + len(b'ContentType="')
        return types[:first] + b"image/png" + types[types.index(b'"', first) :]

    return changed(data, "[Content_Types].xml", change)


def marred(data: bytes, kind: bytes, offset: int, value: bytes) -> bytes:
    """A zip file of whose records of a kind each says something else."""
    changed, at = bytearray(data), data.find(kind)
    while at >= 0:
        changed[at + offset : at + offset + len(value)] = value
        at = data.find(kind, at + 4)
    return bytes(changed)


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "pptx", "zip"])
@pytest.mark.parametrize(
    ("kind", "offset", "value"),
    [
        (b"PK\1\2", 6, b"\x97\0"),  # a version of zip that there is not
        (b"PK\1\2", 10, b"\x63\0"),  # a compression that there is not
        (b"PK\1\2", 8, b"\1\0"),  # encrypted
        (b"PK\1\2", 20, b"\xff\xff\xff\x7f"),  # longer than the file
        (b"PK\1\2", 30, b"\xff\xff"),  # an extra field beyond the end
        (b"PK\1\2", 42, b"\xff\xff\xff\xff"),  # begins beyond the end
        (b"PK\3\4", 30, b"\xff\xff"),  # another name at its place
        (b"PK\5\6", 16, b"\xff\xff\xff\xff"),  # the list of parts beyond the end
    ],
)
def test_a_marred_zip_is_said_and_stops_nothing(
    tmp_path: Path, suffix: str, kind: bytes, offset: int, value: bytes
) -> None:
    made = {"docx": word, "xlsx": workbook, "pptx": slides}.get(suffix)
    if made is None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("a.md", f"{STORY}\n")
        data = file.getvalue()
    else:
        data = made()
    (tmp_path / f"a.{suffix}").write_bytes(marred(data, kind, offset, value))
    (tmp_path / "b.md").write_text(f"Beside it.\n\n{STORY}\n")
    found = {Path(each.document.path).name: each for each in extract([tmp_path])}
    assert len(found["b.md"].stories) == 1
    for name, each in found.items():
        assert name == "b.md" or each.stories or each.document.problem
        assert "reader failed" not in (each.document.problem or "")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("styles", "its styles are damaged"),
        ("numbering", ""),
        ("header1", "a header of it is damaged"),
        ("settings", ""),
    ],
)
def test_a_part_beside_the_text_that_is_none_does_not_cost_the_text(
    tmp_path: Path, part: str, said: str
) -> None:
    document, file = docx.Document(), io.BytesIO()
    document.sections[0].header.paragraphs[0].text = "Backlog"
    document.add_paragraph(STORY)
    document.save(file)
    path = tmp_path / "a.docx"
    path.write_bytes(typed(file.getvalue(), part))
    (found,) = extract([path])
    assert [story.goal for story in found.stories] == ["print a receipt"]
    assert said in (found.document.problem or "")
    assert bool(said) == bool(found.document.problem)


@pytest.mark.parametrize(
    "run",
    ["a" * 400_000, "<" + "a:" * 200_000, "<si>" * 100_000, "<script " * 50_000, "a =" * 99_999],
)
def test_a_long_run_in_a_part_is_looked_at_once(tmp_path: Path, run: str) -> None:
    """Names without a value, tags without an end: each was tried from every place in it."""
    parts = {"xl/styles.xml": f"<x {run}".encode(), "xl/sharedStrings.xml": f"<x {run}>".encode()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in parts.items():
            made.writestr(name, data)
    started = time.process_time()
    list(properties_of(file.getvalue(), "xlsx", "utf-8"))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("made", [word, slides, workbook])
def test_what_no_date_can_be_is_no_defect(tmp_path: Path, made: Callable[[], bytes]) -> None:
    suffix = {word: "docx", slides: "pptx", workbook: "xlsx"}[made]
    data = changed(
        made(), "docProps/core.xml", lambda x: x.replace(b"-", b"9").replace(b"python", b"Ann")
    )
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(data)
    (found,) = extract([file])
    assert "failed" not in (found.document.problem or "")


def test_a_line_of_many_words_is_made_in_time_by_their_number() -> None:
    """A page of one line of thousands of words took minutes."""

    def seconds(n: int) -> float:
        words = [Word("w", float(i), i + 0.5, 700.0, 10.0) for i in range(n)]
        started = time.process_time()
        (line,) = group_lines(words)
        assert len(line.words) == n
        return time.process_time() - started

    seconds(1000)
    assert seconds(16_000) < 8 * max(seconds(4000), 0.005)
