"""Files that are not what their name says, and files that this program wrote itself."""

from __future__ import annotations

import random
import sys
import zlib
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.extract.file_walk import is_own
from pipeline.extract.readers.reader_registry import read_document
from pipeline.run import corpus as corpora

STORY = "As a clerk, I want to export dues so that auditors see them."
NOISE = random.Random(7).randbytes(3000)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        ("a.md", b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture"),
        ("a.csv", b"%PDF-1.7\n", "a PDF; call it .pdf"),
        ("a.feature", b"PK\x03\x04" + NOISE, "a ZIP archive or an office document"),
        ("a.html", NOISE, "a program's, a picture's or an archive's bytes"),
        ("a.json", zlib.compress(NOISE), "a program's, a picture's or an archive's bytes"),
        ("a.txt", Path(sys.executable).resolve().read_bytes()[:40_000], "a program"),
        ("b.txt", Path(sys.executable).resolve().read_bytes()[64:40_000], "bytes"),
    ],
)
def test_bytes_that_are_no_text_are_said_to_be_none(
    name: str, data: bytes, said: str, tmp_path: Path
):
    (tmp_path / name).write_bytes(data)
    document = read_document(tmp_path / name)
    assert document.problem and document.problem.startswith("not the ") and said in document.problem
    assert not document.text


@pytest.mark.parametrize(
    "data",
    [
        STORY.encode("utf-16"), STORY.encode("utf-16-le"), STORY.encode("utf-32"),
        ("是" * 50 + STORY).encode("big5"), (STORY + "é" * 60).encode("cp1252"),
        ("日本" * 30 + STORY).encode("iso2022_jp"), STORY.encode() + b"\0" * 900,
        STORY.encode() + b"\x01", b"\x0c" + STORY.encode() + b"\x1a", b"BM, MZ and II: " * 9,
        ("Ж" * 90).encode("cp1251"), b"GIF pictures. " + STORY.encode(),
    ],
)  # fmt: skip
def test_text_of_any_encoding_is_text(data: bytes, tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(data)
    document = read_document(tmp_path / "a.txt")
    assert document.text and "not the" not in (document.problem or "")


def merged(folder: Path, n: int) -> Path:
    """A merge of so many stories among its documents."""
    from pipeline.config.options import MergeOptions
    from pipeline.run.job import run
    from pipeline.runtime import Runtime

    (folder / "a.md").write_text(
        "\n\n".join(f"As a clerk, I want to export list {i} of {i * 7} dues." for i in range(n))
    )
    edge, out = Runtime.read(str(folder / "a.sqlite")), folder / "found"
    with edge.store() as store:
        run(
            edge.merge_job(
                [str(folder / "a.md")], "extractive", MergeOptions(out=str(out)), store=store
            )
        )
        corpora.gather([str(folder)])
    return out


@pytest.mark.parametrize("n", [3, 320])
def test_an_earlier_merge_is_not_read_as_documents(n: int, tmp_path: Path):
    out = merged(tmp_path, n)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) >= 5 and all(is_own(str(path)) for path in written), written
    (out / "merged.md").rename(tmp_path / "renamed.md")  # wherever it lies, whatever its name
    read = corpora.gather([str(tmp_path)])
    assert [e.document.path for e in read.extractions] == [str(tmp_path / "a.md")]
    assert f"{len(written)} of an earlier merge" in read.passed_over
    assert "name one to have it read" in read.passed_over
    named = corpora.gather([str(out / "merged.json"), str(tmp_path / "renamed.md")])
    assert len(named.extractions) == 2 and named.stories and not named.passed_over


def test_a_folder_without_a_document_says_which_there_could_be(tmp_path: Path):
    with pytest.raises(InputError, match=r"no document of a known format is there\. Known are .*"):
        corpora.read([str(tmp_path)])
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"\(1 file passed over: 1 \.png\)\. Known .*\.docx .*"):
        corpora.read([str(tmp_path)])


def test_documents_without_a_story_are_named_line_by_line(tmp_path: Path):
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(f"Nothing is wanted in {name}.")
    with pytest.raises(InputError) as caught:
        corpora.read([str(tmp_path)])
    first, *lines = caught.value.message.splitlines()
    assert first == "no story found in 2 documents:"
    assert [line.split(":")[0].rpartition("/")[2] for line in lines] == ["a.md", "b.md"]
