"""The merged document: nothing left out, everything escaped, the same every time."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from pipeline.merge.document import as_json, html, json_text, markdown
from pipeline.merge.run import run_plan
from pipeline.models.extractive import ExtractiveModel
from pipeline.outcomes import Outcomes
from pipeline.stories import Document

NOTHING = Outcomes((), (), ())


@pytest.fixture
def merged(kit, backlog, document):
    plan = kit.plan_for(list(backlog.values()), "union")
    documents = {document.sha256: document}
    model = ExtractiveModel(kit.specs["union"])
    outcomes = run_plan(plan, backlog, model, kit.MemoryJournal(), documents=documents)
    return outcomes, backlog, documents, {"run": "r-1", "model": "extractive"}


def test_markdown_reads_as_stories_with_sources(merged):
    text = markdown(*merged)
    assert "## librarian" in text and "## reader" in text
    assert "As a reader, I want to book a reading room" in text
    assert "so that I can work in peace" in text or "So that I can work in peace" in text
    assert re.search(r"### 1\. number: (14 days against 28 days|28 days against 14 days)", text)
    for number in range(1, 13):
        assert f'<a id="source-{number}"></a>' in text
        assert f"](#source-{number})" in text
    ledger = text.partition("## Ledger")[2].partition("## Sources")[0]
    assert len([line for line in ledger.splitlines() if line.startswith("| [")]) == 12


def test_markdown_says_the_same_every_time(merged):
    assert markdown(*merged) == markdown(*merged)
    assert html(*merged) == html(*merged)


def test_json_holds_everything_with_exact_places(merged):
    outcomes, stories, documents, _ = merged
    value = json.loads(json.dumps(as_json(*merged)))
    assert [row["story"] for row in value["ledger"]] == list(stories)
    assert sum(value["counts"].values()) == len(stories)
    (document,) = documents.values()
    for story in value["stories"]:
        assert story["sentences"]
        for sentence in story["sentences"]:
            assert sentence["grounded"] and sentence["sources"]
    rooms = next(s for s in value["stories"] if "reading room" in s["goal"])
    goal = next(s for s in rooms["sentences"] if s["field"] == "goal")
    place = goal["sources"][0]
    assert document.text[place["start"] : place["end"]] == "book a reading room"
    assert len(value["conflicts"]) == len(outcomes.conflicts) == 1


class Reader(HTMLParser):
    """Collects what a browser would show, run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.islands: dict[str, str] = {}
        self._in = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = dict(attrs).get("id") or "" if tag == "script" else self._in

    def handle_endtag(self, tag) -> None:
        self._in = "" if tag == "script" else self._in

    def handle_data(self, data: str) -> None:
        if self._in:
            self.islands[self._in] = self.islands.get(self._in, "") + data


def test_the_page_asks_for_nothing_from_outside(merged):
    reader = Reader()
    reader.feed(html(*merged))
    for tag, attributes in reader.tags:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert not attributes.get("src")
        assert (attributes.get("href") or "#").startswith("#")
    assert any("default-src 'none'" in (a.get("content") or "") for _, a in reader.tags)


def test_every_sentence_of_the_page_shows_its_sources(merged):
    outcomes, _, documents, _ = merged
    reader = Reader()
    reader.feed(html(*merged))
    places, stories = (json.loads(reader.islands[name]) for name in ("places", "stories"))
    texts = json.loads(reader.islands["texts"])
    shown = [a for t, a in reader.tags if t == "span" and a.get("class") == "s"]
    assert len(shown) > len(outcomes.merged)
    (document,) = documents.values()
    for attributes in shown:
        ids = [int(i) for i in (attributes["data-s"] or "").split()]
        assert ids and attributes["tabindex"] == "0"
        for i in ids:
            number, start, end = places[i]
            assert texts[stories[number - 1]["text"]] == document.text
            assert 0 <= start < end <= len(document.text)


def test_text_of_stories_cannot_become_markup(kit):
    nasty = "</script><script>alert(1)</script> *bold* | [x](y) <img src=x onerror=alert(1)> &amp;"
    stories = [
        kit.story("a", f"see {nasty}", role=f"reader {nasty}", benefit=nasty, title=nasty),
        kit.story("b", "print a map", criteria=(nasty,)),
    ]
    by_id = {s.id: s for s in stories}
    plan = kit.plan_for(stories, "union")
    outcomes = run_plan(plan, by_id, ExtractiveModel(kit.specs["union"]), kit.MemoryJournal())
    documents = {"d" * 64: Document("d" * 64, ("backlog.md",), "markdown", nasty)}
    page = html(outcomes, by_id, documents, {"model": nasty, "run": nasty})
    reader = Reader()
    reader.feed(page)
    assert sum(tag == "script" for tag, _ in reader.tags) == 5
    assert not any(tag == "img" for tag, _ in reader.tags)
    assert json.loads(reader.islands["texts"]) == [nasty]
    text = markdown(outcomes, by_id, documents, {"model": nasty})
    assert "<script" not in text.replace("\\<script", "")
    assert "*bold*" not in text.replace("\\*bold\\*", "")


def test_a_document_without_stories_left(kit):
    outcomes = run_plan(
        kit.plan_for([], "union"), {}, ExtractiveModel(kit.specs["union"]), kit.MemoryJournal()
    )
    assert "# Merged stories" in markdown(outcomes, {}, {}, {})
    assert "<main>" in html(outcomes, {}, {}, {})


def test_the_text_of_the_json_is_its_value_a_story_a_line(merged):
    value = json.loads(json.dumps(as_json(*merged)))
    text = "".join(json_text(*merged))
    assert json.loads(text) == value
    assert list(json.loads(text)) == list(value)
    assert sum(line.startswith('{"id": ') for line in text.splitlines()) == len(value["stories"])


def test_the_json_of_nothing_is_json():
    assert json.loads("".join(json_text(NOTHING, {}, {}))) == as_json(NOTHING, {}, {})
