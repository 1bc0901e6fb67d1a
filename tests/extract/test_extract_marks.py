"""The mark that a document stays on this machine: seen in every form and format, or not there."""

from __future__ import annotations

import io
import zipfile

import pytest

from pipeline.extract.extraction import extract
from pipeline.extract.marks import SOVEREIGNTY, is_open
from pipeline.extract.properties import properties_of
from tests import marked
from tests.marked_beside import BESIDE, SPOKEN_OF

MARKED = {**marked.MARKED, **BESIDE}
OPEN = {**marked.OPEN, **SPOKEN_OF}


def mark_of(form: tuple[str, bytes], folder) -> tuple[str | None, str]:
    name, data = form
    path = folder / name
    path.write_bytes(data)
    (found,) = extract([path])
    assert found.stories, "a document without a story sends nothing anyway"
    return found.document.front_matter.get(SOVEREIGNTY), found.document.problem or ""


@pytest.mark.parametrize("form", MARKED)
def test_every_form_of_the_mark_keeps_its_document_here(form: str, tmp_path) -> None:
    value, problem = mark_of(MARKED[form], tmp_path)
    assert value is not None and not is_open(value)
    if "local" not in value.casefold():
        assert "not understood" in problem, "what was not understood is said"


@pytest.mark.parametrize("form", OPEN)
def test_what_plainly_may_leave_is_not_kept(form: str, tmp_path) -> None:
    value, problem = mark_of(OPEN[form], tmp_path)
    assert value is None or is_open(value)
    assert "sovereignty" not in problem


def test_forty_forms_over_all_formats() -> None:
    assert len(MARKED) >= 40
    assert {name for name, _ in MARKED.values()} >= {
        f"a.{suffix}"
        for suffix in (
            "md",
            "txt",
            "rst",
            "feature",
            "csv",
            "tsv",
            "json",
            "jsonl",
            "html",
            "docx",
            "xlsx",
            "xls",
            "pdf",
        )
    }


@pytest.mark.parametrize("part", ["docProps/core.xml", "word/settings.xml", "word/header9.xml"])
def test_a_part_that_cannot_be_read_keeps_the_document_here(part: str, tmp_path) -> None:
    """Its sum is wrong, so nobody knows what stood there; the text itself can be read."""
    import docx

    file, out = io.BytesIO(), io.BytesIO()
    document = docx.Document()
    document.add_paragraph("As a cook, I want salt.")
    document.save(file)
    with zipfile.ZipFile(file) as plain, zipfile.ZipFile(out, "w") as made:
        for name in plain.namelist():
            if name != part:
                made.writestr(name, plain.read(name))
        made.writestr(part, b"<a>UNHARMED</a>")
    whole = out.getvalue()
    damaged = whole.replace(b"UNHARMED", b"DAMAGED!")
    for data, kept in ((whole, False), (damaged, True)):
        found = properties_of(data, "docx", "utf-8")
        assert any("not readable" in one.value for one in found) is kept
    if part == "word/header9.xml":  # the reader of the text does not look at it
        assert mark_of(("a.docx", whole), tmp_path)[0] is None
        value, problem = mark_of(("b.docx", damaged), tmp_path)
        assert value is not None and not is_open(value) and "not understood" in problem
