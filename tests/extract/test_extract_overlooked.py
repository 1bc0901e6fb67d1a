"""What is said of text that looks like stories and was read as none, and that the advice holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pipeline.extract.extraction import extract, said_of_passed_over
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.stories import Extraction

SHALL = "# Pump\n\nThe pump shall stop.\n\nThe pump shall start.\n\nThe display shall glow.\n"
WISHES = (
    "# Backlog\n\n- As a clerk, I want to find forms.\n- Clerk needs to print forms\n"
    "- Guard needs to lock doors\n- Cook wants to order gas\n"
)
PURPOSES = (
    "# Wishes\n\n- A lamp, so that I read\n- A chair, so that I sit\n- A bed, so that I sleep\n"
)


def read(text: str, name: str = "a.md", pattern: str | None = None) -> Extraction:
    return find_stories(read_bytes(text.encode(), (name,)), pattern=pattern)


def test_the_pattern_that_is_advised_reads_what_was_overlooked() -> None:
    for text, before, after in ((SHALL, 0, 3), (WISHES, 1, 4), (PURPOSES, 0, 3)):
        first = read(text)
        assert len(first.stories) == before
        advised = re.search(r"--pattern '([^']+)'", first.document.problem or "")
        assert advised
        again = read(text, pattern=advised[1])
        assert len(again.stories) == after
        assert again.document.problem is None, "nothing is left to say"


def test_shall_sentences_count_anywhere_on_request() -> None:
    document = read_bytes(SHALL.encode(), ("a.md",))
    found = find_stories(document, ears=True).stories
    assert [story.body for story in found] == [
        ("The pump shall stop.",),
        ("The pump shall start.",),
        ("The display shall glow.",),
    ]


def test_the_share_of_text_in_no_story_is_said_with_it() -> None:
    assert re.search(r"\d+% of its text is in no story$", read(WISHES).document.problem or "")


def test_a_heading_that_announces_stories_above_none_is_said() -> None:
    text = "# Plan\n\n## Use cases\n\nWe met and talked of ships, of tides and of the long way.\n"
    assert "nothing below line 3 (Use cases) was read as a story" in (
        read(text).document.problem or ""
    )


def test_rows_that_are_called_stories_are_said() -> None:
    table = "Key,Type,Summary\nA-1,Story,Dark mode\nA-2,Bug,Crash\nA-3,Story,Offline\n"
    problem = read(table, "a.csv").document.problem or ""
    assert problem.startswith("2 rows (2, 4) are said to be stories")


def test_items_beside_stories_are_said() -> None:
    text = "# Plan\n\n- As a cook, I want salt.\n- bread\n- butter\n- cheese\n"
    assert "3 lines (4, 5, 6) stand beside stories" in (read(text).document.problem or "")


def test_prose_about_wishes_is_not_said() -> None:
    text = (
        "# Letter\n\nWe want to thank you. It rained, so that we stayed in. Nobody came.\n\n"
        "The house stood empty.\n\nIn order to sleep we read aloud.\n\nSo we went to bed.\n"
    )
    assert read(text).document.problem is None


def test_files_passed_over_are_counted_by_suffix(tmp_path: Path) -> None:
    for name in ("a.md", "b.png", "c.PNG", "d.py", "LICENSE", ".hidden.png"):
        (tmp_path / name).write_text("As a cook, I want salt.", encoding="utf-8")
    passed: Counter[str] = Counter()
    assert len(list(extract([tmp_path], passed_over=passed))) == 1
    assert passed == {".png": 2, ".py": 1, "": 1}
    assert said_of_passed_over(passed) == "4 files passed over: 2 .png, 1 without a suffix, 1 .py"
    assert said_of_passed_over(Counter()) == ""
