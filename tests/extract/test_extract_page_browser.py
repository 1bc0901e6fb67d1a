"""The page of what was read, in Chromium: marks, keys, links, and that it asks for nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.extract.page import page
from pipeline.stories import (
    Document,
    Extraction,
    Locator,
    Source,
    Span,
    Story,
    StoryKind,
    residue_of,
    story_id,
)
from tests.support.browser import chromium_thread, has_count

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

#: The text of the marked-up document as a person reads it: labels of stories left out.
TEXT = """(() => {
  const copy = document.getElementById("text").cloneNode(true);
  for (const tag of copy.querySelectorAll(".tag")) tag.remove();
  return copy.textContent;
})()"""
#: [text, numbers of the stories it is marked for] of every mark, in order.
MARKS = """[...document.querySelectorAll("#text mark")].map((mark) => {
  const copy = mark.cloneNode(true);
  for (const tag of copy.querySelectorAll(".tag")) tag.remove();
  return [copy.textContent, mark.dataset.s];
})"""


def build(path: str, text: str, *told: tuple[StoryKind, tuple[str, ...]], **more) -> Extraction:
    """A document and its stories, each (kind, the runs of text that are its spans)."""
    sha256 = hashlib.sha256(path.encode()).hexdigest()
    stories = []
    for kind, runs in told:
        spans = tuple(Span(text.index(run), text.index(run) + len(run)) for run in runs)
        source = Source(sha256, path, Locator(line=3, heading=("Kitchen",)), spans, **more)
        stories.append(
            Story(story_id(sha256, spans, kind), kind, source, " ".join(runs), goal=runs[-1])
        )
    covered = [span for story in stories for span in story.source.spans]
    return Extraction(
        Document(sha256, (path,), "markdown", text),
        tuple(stories),
        residue_of(len(text), covered),
    )


HOSTILE = (
    "\U0001f600 </script><img src=x onerror='window.hurt=1'><b>bold</b> As a guest, I want soup."
)
SHARED = "Notes first.\n\nAs a cook:\n- I want salt\n- I want a bigger pan\n\nThe rest is prose.\n"

KITCHEN = build(
    "pile/kitchen.md", SHARED,
    ("agile", ("As a cook:", "I want salt")),
    ("agile", ("As a cook:", "I want a bigger pan")),
    key="KIT-7", written=date(2026, 3, 9), author="Lena",
)  # fmt: skip
GUESTS = build(
    "pile/deep/guests.md",
    f"{HOSTILE}\r\n\r\nGiven a table\tand so on\nStory 2: The long evening.\n",
    ("agile", ("As a guest, I want soup.",)),
    ("scenario", ("Given a table\tand so on",)),
    ("narrative", ("Story 2: The long evening.",)),
)
NESTED = build(
    "pile/nested.md", "0123456789",
    ("narrative", ("0123456",)), ("agile", ("234",)), ("agile", ("45678",)),
)  # fmt: skip
LOCKED = build("pile/locked.pdf", "")
LOCKED = replace(LOCKED, document=replace(LOCKED.document, problem="it is <b>encrypted</b>"))

Look = Callable[..., None]


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[ThreadPoolExecutor, object]]:
    with chromium_thread() as opened:
        yield opened


@pytest.fixture
def look(chromium, tmp_path: Path) -> Look:
    """Open the page of some extractions as a file and do something there. Whatever is done, the
    console stays empty, nothing hostile runs, and nothing but the file is asked for."""
    thread, browser = chromium

    def look(does, *extractions: Extraction, at: str = "", width: int = 1280, dark=False, **limits):
        file = tmp_path / "p.html"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(page(extractions, **limits))

        def there():
            tab = browser.new_page(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if dark else "light",
            )
            said, asked = [], []
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            tab.set_default_timeout(10_000)
            try:
                tab.goto(file.as_uri() + at)
                does(tab)
                assert said == [] and tab.evaluate("window.hurt") is None
                assert {url.partition("#")[0] for url in asked} == {file.as_uri()}
            finally:
                tab.close()

        thread.submit(there).result()

    return look


def key(extraction: Extraction) -> str:
    return extraction.document.sha256[:12]


def choose(tab, extraction: Extraction) -> None:
    """Click a document in the list and wait until it is shown."""
    path = extraction.document.path
    tab.locator("#list").get_by_title(path, exact=True).click()
    tab.locator("#head").get_by_title(path, exact=True).wait_for()


def test_the_text_is_whole_and_its_stories_are_marked(look: Look):
    def does(tab):
        for extraction in (KITCHEN, GUESTS, NESTED):
            text = extraction.document.text
            choose(tab, extraction)
            assert tab.evaluate(TEXT) == text
            marks = tab.evaluate(MARKS)
            for i, story in enumerate(extraction.stories):
                marked = "".join(said for said, stories in marks if str(i) in stories.split())
                assert marked == "".join(text[a:b] for a, b in story.source.spans)

    look(does, KITCHEN, GUESTS, NESTED)


def test_text_of_several_stories_is_marked_for_each(look: Look):
    def does(tab):
        assert tab.evaluate(MARKS) == [
            ["01", "0"],
            ["23", "0 1"],
            ["4", "0 1 2"],
            ["56", "0 2"],
            ["78", "2"],
        ]
        shared = tab.locator("#text mark.many").nth(1)
        shown = tab.locator("#panel .top .soft")
        seen = []
        for _ in range(4):
            shared.click()
            seen.append(shown.inner_text())
        assert seen == [f"story {n} of 3" for n in (1, 2, 3, 1)]
        assert tab.locator("#panel .facets button").all_inner_texts() == ["agile 2", "agile 3"]
        tab.locator("#panel .facets button").last.click()
        assert shown.inner_text() == "story 3 of 3"

    look(does, NESTED)


def test_labels_tell_kinds_apart_and_stand_on_a_storys_own_text(look: Look):
    def does(tab):
        choose(tab, GUESTS)
        labels = tab.locator("#text .tag").all_text_contents()
        assert labels == ["agile 1", "scenario 2", "narrative 3"]
        choose(tab, KITCHEN)
        hosts = "[...document.querySelectorAll('#text .tag')].map((t) => t.parentNode.textContent)"
        assert tab.evaluate(hosts) == ["agile 1I want salt", "agile 2I want a bigger pan"]

    look(does, KITCHEN, GUESTS)


def test_a_story_shows_its_fields(look: Look):
    story = replace(
        KITCHEN.stories[0], role="cook", goal="salt", benefit="it <i>tastes</i>", title="Seasoning",
        criteria=("white", "dry"), body=("More of it.",),
    )  # fmt: skip

    def does(tab):
        tab.get_by_text("I want salt").click()
        panel = tab.locator("#panel").inner_text()
        for said in ("Seasoning", "cook", "salt", "it <i>tastes</i>", "white", "dry", "More of it.",
                     "KIT-7", "2026-03-09", "Lena", "line 3, Kitchen", story.id):  # fmt: skip
            assert said in panel
        has_count(tab.locator("#text mark.on"), 2)
        tab.keyboard.press("Escape")
        has_count(tab.locator("#text mark.on"), 0)
        assert (
            story.id not in tab.url and "Choose marked text" in tab.locator("#panel").inner_text()
        )

    look(does, replace(KITCHEN, stories=(story, *KITCHEN.stories[1:])))


def test_keys_go_from_story_to_story_and_from_document_to_document(look: Look):
    def does(tab):
        here = "document.activeElement.textContent"
        ids = [story.id for story in GUESTS.stories]
        for pressed, expected in [
            ("j", 0), ("j", 1), ("ArrowDown", 2), ("j", 2), ("k", 1), ("ArrowUp", 0), ("k", 0),
        ]:  # fmt: skip
            tab.keyboard.press(pressed)
            assert tab.evaluate(here).split()[1] == str(expected + 1)
            assert tab.url.endswith(f"&story={ids[expected]}")
        tab.keyboard.press("/")
        tab.keyboard.type("kitchen")
        assert tab.url.endswith(f"&story={ids[0]}")  # its k was typed, not obeyed
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Enter")
        tab.wait_for_function("document.title.startsWith('kitchen.md')")
        assert tab.url.endswith(f"#doc={key(KITCHEN)}")
        tab.go_back()
        tab.wait_for_function("document.title.startsWith('deep/guests.md')")

    look(does, GUESTS, KITCHEN, NESTED)


def test_one_story_at_a_time_is_a_tab_stop(look: Look):
    def does(tab):
        stops = tab.locator("#text .tag[tabindex='0']")
        has_count(stops, 1)
        tab.keyboard.press("j")
        tab.keyboard.press("j")
        assert stops.all_text_contents() == ["scenario 2"]
        assert tab.locator("#text .tag[aria-pressed=true]").all_text_contents() == ["scenario 2"]

    look(does, GUESTS)


def test_a_link_leads_to_its_document_and_story(look: Look):
    story = GUESTS.stories[2]

    def there(tab):
        tab.locator("#panel:not(.empty)").wait_for()
        assert tab.locator("#panel .top .soft").inner_text() == "story 3 of 3"
        assert tab.evaluate("document.activeElement.textContent") == "narrative 3"
        assert tab.locator("#list a[aria-current]").get_attribute("title") == "pile/deep/guests.md"
        assert tab.locator("#lost").is_hidden()

    def lost(tab):
        assert tab.locator("#lost").is_visible()
        assert tab.evaluate(TEXT) == KITCHEN.document.text

    look(there, KITCHEN, GUESTS, at=f"#doc={key(GUESTS)}&story={story.id}")
    look(there, KITCHEN, GUESTS, at=f"#story={story.id}")
    look(lost, KITCHEN, GUESTS, at="#doc=0123")
    look(lost, KITCHEN, GUESTS, at=f"#doc={key(KITCHEN)}&story=4711")


def test_the_list_is_filtered_and_problems_are_marked(look: Look):
    def does(tab):
        left = tab.locator("#list li:not([hidden]) b")
        assert left.all_inner_texts() == ["kitchen.md", "deep/guests.md", "locked.pdf"]
        assert "3 documents, 5 stories" in tab.locator("#sum").inner_text()
        tab.locator("#filter").fill("deep MARKDOWN")
        assert left.all_inner_texts() == ["deep/guests.md"]
        assert tab.locator("#left").inner_text() == "1 of 3 documents"
        tab.locator("#filter").fill("")
        tab.get_by_role("button", name="1 with problems").click()
        assert left.all_inner_texts() == ["locked.pdf"]
        choose(tab, LOCKED)
        assert "it is <b>encrypted</b>" in tab.locator("#head .callout").inner_text()
        assert tab.locator("#text").is_hidden()

    look(does, KITCHEN, GUESTS, LOCKED)


def test_what_was_left_out_is_said(look: Look):
    def does(tab):
        assert "The texts of 1 document were left out" in tab.locator("#notes").inner_text()
        choose(tab, GUESTS)
        assert "left out of this page" in tab.locator("#head .callout").inner_text()
        tab.keyboard.press("j")
        choose(tab, NESTED)
        assert tab.evaluate(TEXT) == NESTED.document.text

    look(does, KITCHEN, GUESTS, NESTED, text_limit=len(SHARED) + 20)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_and_can_be_read(look: Look, width: int, dark: bool):
    contrast = """(() => {
      const context = document.createElement("canvas")
        .getContext("2d", { willReadFrequently: true });
      const light = (colour) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
          .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      };
      const style = getComputedStyle(document.documentElement);
      const value = (name) => light(style.getPropertyValue(name));
      return [["--ink", "--back"], ["--soft", "--back"], ["--soft", "--card"], ["--ink", "--blue"],
        ["--ink", "--gold"], ["--warn", "--warnback"], ["--warn", "--back"], ["--accent", "--card"],
        ["--bluerule", "--card"]].map(([a, b]) => {
          const [low, high] = [value(a), value(b)].sort((x, y) => x - y);
          return [a + " on " + b, high / low];
        });
    })()"""

    def does(tab):
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for pair, ratio in tab.evaluate(contrast):
            assert ratio >= 4.5, f"{pair}: {ratio:.2f}"
        if width < 500:
            tab.locator("#burger").click()
        choose(tab, GUESTS)
        tab.locator("#text mark").last.click()
        tab.locator("#panel:not(.empty)").wait_for()
        mark = tab.locator("#text mark").last.bounding_box()
        panel = tab.locator("#panel").bounding_box()
        aside = mark["x"] + mark["width"] <= panel["x"]
        assert aside or mark["y"] + mark["height"] <= panel["y"]
        assert tab.evaluate("document.documentElement.scrollWidth") <= width

    long = build("pile/long.md", "A line of prose.\n" * 80 + "As a cook, I want salt.",
                 ("agile", ("As a cook, I want salt.",)))  # fmt: skip
    look(does, long, GUESTS, width=width, dark=dark)


def test_a_large_document_stays_fluid(look: Look):
    lines = [
        f"- As a cook, I want pan {i} of the large set, so that I can cook.\n"
        for i in range(30_000)
    ]
    text = "".join(lines)
    spans, at = [], 0
    for line in lines:
        spans.append((Span(at + 2, at + len(line) - 1),))
        at += len(line)
    stories = tuple(
        Story(f"{i:016x}", "agile", Source("ef" * 32, "big.md", Locator(line=i + 1), span), "",
              goal=f"pan {i}") for i, span in enumerate(spans)
    )  # fmt: skip
    big = Extraction(Document("ef" * 32, ("big.md",), "markdown", text), stories)

    def does(tab):
        choose(tab, big)
        tab.locator("#text .tag").first.wait_for()
        tab.keyboard.press("k")
        place = tab.locator(":focus").bounding_box()
        assert tab.evaluate("document.activeElement.textContent") == "agile 30000"
        assert 0 <= place["y"] <= 800
        assert tab.evaluate(TEXT) == text

    look(does, KITCHEN, big)
