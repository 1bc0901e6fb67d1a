"""Small documents of every shape, each read as a careful reader reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from tests.extract.shape_documents import ShapeDocument, documents, faults

DOCUMENTS = list(documents())


@pytest.mark.parametrize("document", DOCUMENTS, ids=[f"{d.kind}-{d.name}" for d in DOCUMENTS])
def test_a_document_is_read_as_a_reader_reads_it(document: ShapeDocument, tmp_path: Path) -> None:
    path = tmp_path / document.name
    path.write_text(document.text, encoding="utf-8")
    (extraction,) = extract([path])
    assert not faults(document, extraction)


def test_a_quarter_of_the_documents_holds_no_story() -> None:
    without = [document for document in DOCUMENTS if document.said["stories"] == "0"]
    assert len(without) >= len(DOCUMENTS) / 4
