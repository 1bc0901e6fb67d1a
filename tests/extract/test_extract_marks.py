"""The mark that a document stays on this machine: seen in every form and format, or not there."""

from __future__ import annotations

import pytest

from pipeline.extract.corpus import extract
from pipeline.extract.marks import SOVEREIGNTY, is_open
from tests.marked import MARKED, OPEN


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
