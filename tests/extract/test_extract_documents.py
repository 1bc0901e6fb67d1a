"""Small documents, a property each, read as a careful reader counts them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from tests.extract.documents import (
    formats,
    printed,
    printed_neighbours,
    printed_notes,
    trackers,
    web,
    word,
    workbook,
)
from tests.extract.documents.cases import Case, faults, read
from tests.extract.test_extract_invariants import check_invariants

CASES = [
    case
    for group in (
        word,
        workbook,
        web,
        trackers,
        printed,
        printed_neighbours,
        printed_notes,
        formats,
    )
    for case in group.CASES
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_read_as_a_reader_tells_it(case: Case) -> None:
    assert faults(case) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_text_is_in_stories_or_residue(case: Case) -> None:
    check_invariants(read(case))


STORY = "As a sailor, I want to mend a sail so that we can race.\n"


def archive(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, words in members.items():
            made.writestr(name, words)
    return path


def test_an_archive_gives_the_documents_in_it(tmp_path: Path) -> None:
    members = {
        "a.md": f"---\nsovereignty: local\n---\n{STORY}",
        "deep/b.csv": 'Key,User story\nY-1,"As a cook, I want ""sea"" salt"\n',
        "readme.png": "x",
        "__MACOSX/a.md": STORY,
    }
    archive(tmp_path / "exports.zip", members)
    first, second = extract([tmp_path])
    assert first.document.path == f"{tmp_path}/exports.zip/a.md"
    assert first.document.front_matter == {"sovereignty": "local"}
    assert second.document.path.endswith("exports.zip/deep/b.csv")
    assert [(s.role, s.goal, s.source.key) for s in second.stories] == [
        ("cook", '"sea" salt', "Y-1")
    ]


def test_an_archive_that_gives_none_says_why(tmp_path: Path) -> None:
    archive(tmp_path / "a.zip", {"x.png": "x"})
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 cut off")
    archive(tmp_path / "c.zip", {"bomb.txt": " " * (80 << 20)})
    problems = [e.document.problem or "" for e in extract([tmp_path])]
    for problem, words in zip(problems, ("without a document", "damaged", "zip bomb"), strict=True):
        assert "ZIP archive" in problem and words in problem


def test_the_same_bytes_under_two_names_are_each_named(tmp_path: Path) -> None:
    for name in ("x.zip", "x.epub", "x.org"):
        (tmp_path / name).write_bytes(b"PKxx\r\n")
    said = {Path(e.document.path).suffix: e.document.problem or "" for e in extract([tmp_path])}
    assert {suffix for suffix, words in said.items() if words} == {".zip", ".epub", ".org"}
    assert "EPUB" in said[".epub"] and "Org" in said[".org"] and "ZIP" in said[".zip"]
