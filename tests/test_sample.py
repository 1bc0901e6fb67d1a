"""The sample holds what its truth.json says, and its binaries are what its script builds.

The documents are read here with each format's plain library, so that a fault of the extraction
room cannot hide a fault of the sample; the last test holds the extraction room to the truth.
"""

import csv
import itertools
import json
import re
import runpy
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from docx import Document
from gherkin.parser import Parser
from openpyxl import load_workbook
from pypdfium2 import PdfDocument

from pipeline.extract.extraction import extract

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
TRUTH: dict[str, Any] = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
STORIES: dict[str, dict[str, Any]] = {story["id"]: story for story in TRUTH["stories"]}
FILES = [document["file"] for document in TRUTH["documents"]]
NOT_DOCUMENTS = {"README.md", "truth.json", "build.py", ".storyignore"}


class VisibleText(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def raw_text(name: str) -> str:
    """A document's text, its cells and paragraphs on lines of their own."""
    path = SAMPLE / name
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            return "\n".join("\n".join(row) for row in csv.reader(lines))
    if path.suffix == ".xlsx":
        sheets = load_workbook(path).worksheets
        rows = itertools.chain.from_iterable(sheet.values for sheet in sheets)
        return "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    if path.suffix == ".docx":
        document = Document(str(path))
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        return "\n".join([p.text for p in document.paragraphs] + cells)
    if path.suffix == ".pdf":
        with PdfDocument(path) as pdf:
            return "\n".join(page.get_textpage().get_text_range() for page in pdf)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        visible = VisibleText()
        visible.feed(text)
        return "".join(visible.parts)
    return text


def collapse(text: str) -> str:
    return " ".join(text.split())


def members(entry: dict[str, Any] | list[str]) -> list[str]:
    if isinstance(entry, list):
        return entry
    return entry["stories"] if "stories" in entry else [entry["long"], entry["story"]]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {name: collapse(raw_text(name)) for name in FILES}


def test_every_document_is_listed_and_nothing_else_lies_there() -> None:
    there = {path.name for path in SAMPLE.iterdir() if path.is_file()}
    assert there == set(FILES) | NOT_DOCUMENTS
    counted = Counter(story["document"] for story in STORIES.values())
    assert counted == {document["file"]: document["stories"] for document in TRUTH["documents"]}


def test_the_sample_holds_at_least_what_was_promised() -> None:
    assert len(TRUTH["stories"]) == len(STORIES) >= 110
    assert len({document["format"] for document in TRUTH["documents"]}) >= 8
    assert len({document["author"] for document in TRUTH["documents"]}) >= 8
    assert len(TRUTH["duplicates"]) >= 12
    assert {group["kind"] for group in TRUTH["duplicates"]} == {"exact", "reworded"}
    assert len(TRUTH["overlaps"]) >= 10
    assert {group["differs"] for group in TRUTH["overlaps"]} == {"criteria", "benefit"}
    assert len(TRUTH["conflicts"]) >= 5
    kinds = {conflict["kind"] for conflict in TRUTH["conflicts"]}
    assert kinds == {"number", "date", "role", "modality"}
    assert len(TRUTH["lookalikes"]) >= 12
    assert sum(story["long"] for story in STORIES.values()) >= 6
    assert {entry["long"] for entry in TRUTH["long_overlaps"]} == {
        story["id"] for story in STORIES.values() if story["long"]
    }
    assert len(TRUTH["not_stories"]) >= 10


def test_the_sample_is_of_a_believable_size(texts: dict[str, str]) -> None:
    assert 7_000 <= sum(len(text.split()) for text in texts.values()) <= 9_000


@pytest.mark.parametrize("kind", ["stories", "not_stories"])
def test_every_start_stands_exactly_once_in_its_document(texts: dict[str, str], kind: str) -> None:
    wrong = [
        (entry["document"], entry["starts"], count)
        for entry in TRUTH[kind]
        if (count := texts[entry["document"]].count(entry["starts"])) != 1
    ]
    assert wrong == []


def test_starts_are_long_enough_to_be_found_again() -> None:
    # A table row's "I want" cell may be short; it is given whole.
    tables = {"payments-and-reports.xlsx", "privacy-and-access.docx"}
    short = [s for s in STORIES.values() if len(s["starts"]) < 60 and s["document"] not in tables]
    assert short == []


def test_roles_and_keys_stand_in_their_documents(texts: dict[str, str]) -> None:
    for story in STORIES.values():
        assert story["role"] in texts[story["document"]]
        assert story["key"] in texts[story["document"]]
        assert (story["role"] == "") == (story["kind"] == "narrative")


def test_every_story_named_exists_and_no_pair_stands_twice() -> None:
    lists = ("duplicates", "overlaps", "conflicts", "lookalikes", "long_overlaps")
    pairs = Counter(
        pair
        for name in lists
        for entry in TRUTH[name]
        for pair in itertools.combinations(sorted(members(entry)), 2)
    )
    assert {id for pair in pairs for id in pair} <= set(STORIES)
    assert [pair for pair, n in pairs.items() if n > 1 or pair[0] == pair[1]] == []


def test_exact_duplicates_say_the_same_words(texts: dict[str, str]) -> None:
    for group in TRUTH["duplicates"]:
        stories = [STORIES[id] for id in group["stories"]]
        words = min((story["starts"] for story in stories), key=len).removeprefix("to ")
        exact = [
            words in texts[s["document"]][texts[s["document"]].index(s["starts"]) :][:220]
            for s in stories
        ]
        assert all(exact) == (group["kind"] == "exact")
        assert len({story["role"] for story in stories}) == 1 or group["kind"] == "reworded"


def test_duplicates_stand_in_different_documents() -> None:
    for group in TRUTH["duplicates"]:
        documents = [STORIES[id]["document"] for id in group["stories"]]
        assert len(set(documents)) == len(documents) >= 2


def test_the_values_of_a_conflict_stand_in_their_stories(texts: dict[str, str]) -> None:
    for conflict in TRUTH["conflicts"]:
        for id, value in zip(conflict["stories"], conflict["values"], strict=True):
            story = STORIES[id]
            text = texts[story["document"]]
            assert value in text[text.index(story["starts"]) :][:220]


def test_long_stories_have_200_to_800_words_and_hold_their_passages() -> None:
    notes = (SAMPLE / "workshop-notes.md").read_text(encoding="utf-8")
    sections = [collapse(section) for section in re.split(r"^## .*$", notes, flags=re.MULTILINE)]
    for story in STORIES.values():
        if not story["long"]:
            continue
        (section,) = [s for s in sections if s.startswith(story["starts"])]
        assert 200 <= len(section.split()) <= 800
        overlaps = [entry for entry in TRUTH["long_overlaps"] if entry["long"] == story["id"]]
        assert all(section.count(entry["passage"]) == 1 for entry in overlaps)


def test_front_matter_and_gherkin_are_valid() -> None:
    for name in ("lending-desk.md", "workshop-notes.md"):
        _, head, _ = (SAMPLE / name).read_text(encoding="utf-8").split("---\n", 2)
        document = next(d for d in TRUTH["documents"] if d["file"] == name)
        meta = yaml.safe_load(head)
        assert (meta["author"], str(meta["date"])) == (document["author"], document["date"])
    for path in SAMPLE.glob("*.feature"):
        feature = Parser().parse(path.read_text(encoding="utf-8"))["feature"]
        assert feature["description"].split()[:3] == ["In", "order", "to"]


def test_the_script_builds_the_committed_binaries_byte_for_byte(tmp_path: Path) -> None:
    script = runpy.run_path(str(SAMPLE / "build.py"))
    script["build"](tmp_path)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {name: (SAMPLE / name).read_bytes() for name in script["BUILDERS"]}


def test_extraction_finds_every_story_and_no_other() -> None:
    found = {Path(e.document.path).name: e for e in extract([SAMPLE])}
    assert set(found) == set(FILES)
    for name, extraction in found.items():
        assert extraction.document.problem is None
        expected = [story for story in STORIES.values() if story["document"] == name]
        assert len(extraction.stories) == len(expected)
        for truth in expected:
            starts = truth["starts"]
            (story,) = [s for s in extraction.stories if collapse(s.text).count(starts) == 1]
            assert (story.role, story.kind) == (truth["role"], truth["kind"])
            assert story.source.key == truth["key"]
            if name.endswith(".xlsx"):  # there the "I want" cell is the goal, to its last word
                assert story.goal == starts.removeprefix("to ")
        told = collapse(" ".join(story.text for story in extraction.stories))
        prose = [n["starts"] for n in TRUTH["not_stories"] if n["document"] == name]
        assert [starts for starts in prose if starts in told] == []
