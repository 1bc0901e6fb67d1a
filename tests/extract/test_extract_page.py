"""The page of what was read: everything in it, nothing that can break out, written whole."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli.commands import main
from pipeline.extract.page import page
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.stories import Document, Extraction, Locator, Source, Span, Story, residue_of


def extraction(text: str, path: str = "notes/a.md", sha256: str = "ab" * 32, *spans: Span):
    """A document with one story a span, whatever the text says."""
    document = Document(sha256, (path,), "markdown", text)
    stories = tuple(
        Story(f"{i:016x}", "agile", Source(sha256, path, Locator(line=1), (span,)),
              text[span.start : span.end], goal=text[span.start : span.end])
        for i, span in enumerate(spans)
    )  # fmt: skip
    return Extraction(document, stories, residue_of(len(text), list(spans)))


class Seen(HTMLParser):
    """What a browser would find in the source: elements, their attributes, the JSON islands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.islands: dict[str, object] = {}
        self._island = ""
        self._data: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self._island, self._data = dict(attrs).get("id", ""), []

    def handle_data(self, data):
        self._data.append(data)

    def handle_endtag(self, tag):
        if tag == "script" and self._island:
            self.islands[self._island] = json.loads("".join(self._data))
            self._island = ""


def seen(*extractions: Extraction, **options: int) -> Seen:
    html = "".join(page(extractions, **options))
    return Seen(html.encode("utf-8").decode("utf-8"))


def in_browser(text: str, start: int, end: int) -> str:
    """``text.slice(start, end)`` as JavaScript would: in units of UTF-16."""
    units = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return units.decode("utf-16-le", "surrogatepass")


def test_every_document_is_listed_and_held():
    paths = ("in/copy.md", "in/kitchen.md")
    good = find_stories(read_bytes(b"- As a cook, I want salt, so that it tastes.\n", paths))
    bad = extraction("", "in/locked.pdf", "")
    bad = replace(bad, document=replace(bad.document, problem="it is encrypted"))
    found = seen(good, bad)
    first, second = found.islands["index"]["documents"]
    assert (first["path"], first["others"], first["stories"]) == (
        "in/copy.md",
        ["in/kitchen.md"],
        1,
    )
    assert first["chars"] == len("".join(good.document.text.split())) and first["problem"] is None
    assert second["problem"] == "it is encrypted" and second["stories"] == 0
    assert found.islands["index"]["folder"] == "in/"
    [story] = found.islands["d0"]["stories"]
    source = good.stories[0]
    assert (story["id"], story["kind"]) == (source.id, "agile")
    assert [story[name] for name in ("role", "goal", "benefit")] == ["cook", "salt", "it tastes"]
    assert story["where"] == str(source.source.locator)
    assert found.islands["d1"] == {"text": "", "stories": []}


_HOSTILE = (
    "</script><script>hurt()</script><!-- <script> ]]> &lt; \" ' `${hurt()}` \u2028\u2029"
    "<img src=x onerror=hurt()>\x00\r\n"
)


def test_no_text_breaks_out_of_its_island():
    text = f"{_HOSTILE} \U0001f600 {_HOSTILE}"
    hostile = extraction(text, f"{_HOSTILE}.md", "ab" * 32, Span(3, len(text) - 3))
    hostile = replace(hostile, document=replace(hostile.document, problem=_HOSTILE))
    found = seen(hostile)
    harmless = seen(extraction("x", "x.md", "ab" * 32, Span(0, 1)))
    assert found.tags == harmless.tags
    assert found.islands["d0"]["text"] == text
    assert found.islands["index"]["documents"][0]["problem"] == _HOSTILE


def test_nothing_is_asked_for_from_outside():
    html = "".join(page([extraction("x")]))
    found = Seen(html)
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(found.tags)
    assert not {"src", "action", "data", "background"} & {name for name, _ in found.attributes}
    policy = dict(found.attributes)["content"] or ""
    assert policy.startswith("default-src 'none'") and "http" not in policy
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttpRequest|innerHTML|eval\(", html)


@settings(max_examples=150)
@given(st.data())
def test_offsets_point_at_the_same_text_in_a_browser(data):
    anything = st.characters(codec=None, exclude_categories=())
    text = data.draw(st.text(anything | st.sampled_from("<>&\U0001f600\ud83d\u2028\n"), min_size=1))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = seen(extraction(text, "a.md", "ab" * 32, Span(start, end)))
    held = found.islands["d0"]
    units = text.encode("utf-16-le", "surrogatepass")
    assert held["text"].encode("utf-16-le", "surrogatepass") == units
    [[left, right]] = held["stories"][0]["spans"]
    expected = text[start:end].encode("utf-16-le", "surrogatepass")
    assert units[2 * left : 2 * right] == expected


def test_offsets_after_signs_of_two_units():
    text = "\U0001f600\U0001f600 As a cook"
    found = seen(extraction(text, "a.md", "ab" * 32, Span(3, len(text))))
    [[left, right]] = found.islands["d0"]["stories"][0]["spans"]
    assert (left, right) == (5, 14)
    assert in_browser(text, left, right) == "As a cook"


def test_what_does_not_fit_is_listed_and_said_to_be_left_out():
    many = [extraction("x" * size, f"{i}.md", f"{i:064x}") for i, size in enumerate((60, 50, 40))]
    found = seen(*many, text_limit=100)
    assert [d["held"] for d in found.islands["index"]["documents"]] == [True, False, True]
    assert set(found.islands) == {"d0", "d2", "index"}
    assert found.islands["index"]["documents"][1]["chars"] == 50
    assert found.islands["index"]["limit"] == 100


def test_keys_are_of_the_bytes_and_never_shared():
    here = extraction("x", "a/notes.md", "cd" * 32)
    there = extraction("x", "b/notes.md", "cd" * 32)
    assert key(here) == key(there)
    both = [d["key"] for d in seen(here, there).islands["index"]["documents"]]
    assert len(set(both)) == 2
    unread = [extraction("", path, "") for path in ("a.pdf", "b.pdf")]
    assert len({d["key"] for d in seen(*unread).islands["index"]["documents"]}) == 2


def key(one: Extraction) -> str:
    return seen(one).islands["index"]["documents"][0]["key"]


def test_one_extraction_is_held_at_a_time():
    asked = []

    def extractions():
        for i in range(3):
            asked.append(i)
            yield extraction("x" * 10, f"{i}.md", f"{i:064x}")

    pieces = page(extractions())
    assert next(pieces).startswith("<!doctype html>") and asked == []
    assert 'id="d0"' in next(pieces) and asked == [0]
    assert 'id="d1"' in next(pieces) and asked == [0, 1]


def test_no_document_is_a_page_too():
    assert seen().islands["index"] == {"folder": "", "limit": 30_000_000, "documents": []}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The command in a folder of its own: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["storytransformer", *arguments, "--db", "st.sqlite"])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err

    return run


STORY = "- As a cook, I want salt, so that it tastes.\n"


def test_extract_writes_the_page_and_says_where(run, tmp_path: Path):
    (tmp_path / "a.md").write_text(STORY)
    code, out, _ = run("extract", "a.md", "--page", "out/pages/p.html")
    assert code == 0 and ["page", "out/pages/p.html"] in map(str.split, out.splitlines())
    written = tmp_path / "out" / "pages" / "p.html"
    assert Seen(written.read_text()).islands["d0"]["stories"][0]["role"] == "cook"
    assert [p.name for p in written.parent.iterdir()] == ["p.html"]
    _, out, _ = run("extract", "a.md", "--page", "p.html", "--json")
    assert json.loads(out)["page"] == "p.html"
    _, out, _ = run("extract", "a.md", "--json")
    assert "page" not in json.loads(out)


@pytest.mark.parametrize("target", ["folder", "a.md/p.html"])
def test_a_page_that_cannot_be_written_names_its_path(run, tmp_path: Path, target: str):
    (tmp_path / "a.md").write_text(STORY)
    (tmp_path / "folder").mkdir()
    code, out, _ = run("extract", "a.md", "--page", target, "--json")
    error = json.loads(out)
    assert code == 2 and error["kind"] == "input" and error["where"] == target and error["next"]
    left = {p.name for p in tmp_path.iterdir() if not p.name.startswith("st.sqlite")}
    assert left == {"a.md", "folder"}


def test_a_pile_without_a_story_has_its_page_all_the_same(run, tmp_path: Path):
    (tmp_path / "a.md").write_text("Prose about the weather.\n")
    code, _, err = run("extract", "a.md", "--page", "p.html")
    assert code == 2 and "no story found" in err
    assert Seen((tmp_path / "p.html").read_text()).islands["d0"]["stories"] == []
