"""What is in no story is one count: what `extract`, its page and the merged document say of it."""

from __future__ import annotations

from pathlib import Path

from pipeline.document.structure.residue import not_shown
from pipeline.extract.page import page
from pipeline.run.corpus import extraction_as_json, read

BLANKS = "\n" * 40
TEXT = (
    f"# Desk{BLANKS}As a reader, I want to see the shelf, so that I can read.{BLANKS}"
    f"The desk was built in 1920.{BLANKS}As a guest, I want to sit, so that I can rest.\n"
)


def test_the_share_in_no_story_is_the_same_wherever_it_is_said(tmp_path: Path):
    (tmp_path / "a.md").write_text(TEXT, encoding="utf-8")
    corpus = read([tmp_path])
    (document,) = extraction_as_json(corpus)["documents"]
    left = not_shown(corpus.extractions)
    words = "#Desk" + "Thedeskwasbuiltin1920."
    assert document["residue_chars"] == len(words), "blanks are no text"
    assert left.residue == (
        (corpus.extractions[0].document.path, len(words), len("".join(TEXT.split()))),
    )
    assert left.share == document["residue_chars"] / document["chars"]
    written = "".join(page(corpus.extractions))
    assert f'"residue":{len(words)}' in written
