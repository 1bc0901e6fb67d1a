"""How documents are read for a merge: the shapes asked for, and what folders hold beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.options import ReadOptions
from pipeline.errors import InputError
from pipeline.run.corpus import extraction_as_json, gather, read

RULES = "# Rules\n\nThe kiln shall stop at 1,250 °C.\n\nWhen the door opens, the kiln shall stop.\n"


def test_ears(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text(RULES, encoding="utf-8")
    with pytest.raises(InputError, match="no story found"):
        read([tmp_path])
    corpus = read([tmp_path], how=ReadOptions(shape="ears"))
    assert [story.text for story in corpus.stories] == [
        "The kiln shall stop at 1,250 °C.",
        "When the door opens, the kiln shall stop.",
    ]


def test_no_such_shape() -> None:
    with pytest.raises(InputError, match="not a shape of stories"):
        ReadOptions(shape="nose")


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text(RULES, encoding="utf-8")
    for name in ("a.png", "b.png", "c.py"):
        (tmp_path / name).touch()
    corpus = gather([tmp_path])
    assert corpus.passed_over == "3 files passed over: 2 .png, 1 .py"
    assert extraction_as_json(corpus)["passed_over"] == corpus.passed_over
    assert gather([tmp_path / "rules.md"]).passed_over == ""
