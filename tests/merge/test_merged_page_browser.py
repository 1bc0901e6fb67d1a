"""The merged document's page as a person uses it, in real Chromium, opened from a file."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.merge.document import html
from pipeline.merge.writing import Writer
from pipeline.outcomes import Conflict, LedgerRow, Outcome, Outcomes, Relation
from pipeline.stories import Document, Locator, Source, Span, Story, story_id

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LINES = (
    "\U0001f600 As a reader, I want to book a room, so that I can work.",
    "As a reader, I want to book a room on my phone, so that I can work.",
    "As a librarian, I want a late fee of 2 euros.",
    "As a librarian, I want a late fee of 3 euros.",
    "As a guest, I want <img src=x onerror='window.hurt=1'></script> to be text.",
    "As a reader, I want to book a room, so that I can work.",
)


def _stories() -> tuple[dict[str, Story], dict[str, Document]]:
    stories, documents = {}, {}
    for path, lines, day in (("pile/a.md", LINES[:3], 4), ("pile/deep/b.md", LINES[3:], 9)):
        prose = "Some prose that is in no story. " * 30
        text = prose + f"\n{prose}\n".join(lines) + f"\n{prose}"
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        documents[sha256] = Document(sha256, (path,), "markdown", text)
        for n, line in enumerate(lines):
            words = line.removeprefix("\U0001f600 ")
            at = text.index(words)
            role, goal, *benefit = words.removesuffix(".").split(", ", 2)
            source = Source(sha256, path, Locator(line=2 * n + 2), (Span(at, at + len(words)),),
                            written=date(2026, 3, day), author="Lena")  # fmt: skip
            story = Story(
                story_id(sha256, source.spans, "agile"), "agile", source, words,
                role=role.partition(" ")[2].partition(" ")[2],
                goal=goal.removeprefix("I want ").removeprefix("to "),
                benefit="".join(benefit).removeprefix("so that "),
            )  # fmt: skip
            stories[story.id] = story
    return stories, documents


@pytest.fixture(scope="module")
def merged() -> SimpleNamespace:
    """Two stories united, two in conflict, one that is hostile, one duplicate."""
    stories, documents = _stories()
    one, two, cheap, dear, hostile, again = stories.values()
    writer = Writer({sha256: document.text for sha256, document in documents.items()})
    rooms = replace(writer.united([one, two, again]), fallback="number: 7 is in no source")
    alone = [writer.kept(story) for story in (cheap, dear, hostile)]
    ledger = (
        LedgerRow(one.id, Outcome.MERGED_INTO, rooms.id, "", Relation.OVERLAP, "one need", "code"),
        LedgerRow(two.id, Outcome.MERGED_INTO, rooms.id, "", Relation.OVERLAP, "one need", "code"),
        LedgerRow(cheap.id, Outcome.CONFLICT_WITH, alone[0].id, dear.id, Relation.CONFLICT,
                  "2 or 3 euros", "code"),
        LedgerRow(dear.id, Outcome.CONFLICT_WITH, alone[1].id, cheap.id, Relation.CONFLICT,
                  "2 or 3 euros", "code"),
        LedgerRow(hostile.id, Outcome.KEPT, alone[2].id, "", None, "nothing else says it", "code"),
        LedgerRow(again.id, Outcome.DUPLICATE_OF, rooms.id, one.id, Relation.SAME, "word for word",
                  "a person"),
    )  # fmt: skip
    conflict = Conflict((cheap.id, dear.id), "fee", ("2 euros", "3 euros"), "they differ")
    outcomes = Outcomes((rooms, *alone), (conflict,), ledger)
    return SimpleNamespace(outcomes=outcomes, stories=stories, documents=documents)


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[ThreadPoolExecutor, object]]:
    """Headless Chromium on a thread of its own: another suite's may run on this one."""
    binary = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip(f"no browser to look with (none of {', '.join(CHROMIUM)} is installed)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with ThreadPoolExecutor(1) as thread:
        driver = thread.submit(playwright.sync_playwright().start).result()
        browser = thread.submit(
            driver.chromium.launch,
            executable_path=binary,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run"],
        ).result()
        yield thread, browser
        thread.submit(browser.close).result()
        thread.submit(driver.stop).result()


@pytest.fixture
def look(chromium, merged, tmp_path: Path) -> Callable[..., None]:
    """Open the page as a file and do something there. Whatever is done, the console stays empty,
    nothing hostile runs, and nothing but the file is asked for."""
    thread, browser = chromium

    def look(does, *, hash: str = "", width: int = 1280, dark: bool = False, **limits) -> None:
        file = tmp_path / "merged.html"
        page = html(merged.outcomes, merged.stories, merged.documents, {"run": "r-1"}, **limits)
        file.write_text(page, encoding="utf-8")

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
                tab.goto(file.as_uri() + hash)
                does(tab)
                assert said == [] and tab.evaluate("window.hurt") is None
                assert {url.partition("#")[0] for url in asked} == {file.as_uri()}
            finally:
                tab.close()

        thread.submit(there).result()

    return look


def sentence(tab, text: str):
    return tab.locator("#story .s").get_by_text(text, exact=True).first


def test_a_sentence_shows_the_words_that_support_it_at_their_place(look, merged):
    def does(tab):
        sentence(tab, "book a room on my phone").click()
        assert tab.locator("#panel mark").all_inner_texts() == ["book a room on my phone"]
        shown = tab.inner_text("#panel .text")
        assert "Some prose" in shown and LINES[1] in shown
        assert "a.md, line 4" in tab.inner_text("#panel .where")
        assert "Lena, 2026-03-04" in tab.inner_text("#panel .where")
        tab.locator("#panel .more").first.click()
        assert len(tab.inner_text("#panel .text")) > 2 * len(shown)
        assert tab.locator("#panel mark").all_inner_texts() == ["book a room on my phone"]
        sentence(tab, "reader").click()
        assert tab.locator("#panel .source").count() >= 2
        assert {text.strip() for text in tab.locator("#panel mark").all_inner_texts()} == {"reader"}

    look(does)


def test_a_conflict_stands_in_both_versions_with_origin_and_date(look):
    def does(tab):
        sides = tab.locator(".conflict blockquote")
        assert sides.locator("b").all_inner_texts() == ["2 euros", "3 euros"]
        first, second = sides.all_inner_texts()
        assert "pile/a.md" in first and "2026-03-04" in first
        assert "pile/deep/b.md" in second and "2026-03-09" in second
        sides.nth(1).locator(".s").click()
        assert tab.locator("#panel mark").all_inner_texts() == [LINES[3]]

    look(does)


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ("S-1", "It was merged. One need. Decided by code."),
        ("s3", "It is in conflict with S-4. 2 or 3 euros. Decided by code."),
        ("S-6", "It is a duplicate of S-1. Word for word. Decided by a person."),
    ],
)
def test_where_a_story_went(look, asked, outcome):
    def does(tab):
        tab.fill("#q", asked)
        tab.locator("#panel h2", has_text="Where did S-").wait_for()
        assert tab.locator("#panel .went").first.inner_text() == outcome
        tab.get_by_role("button", name="Show it in the document").click()
        assert tab.locator("article.here").count() == 1

    look(does)


def test_it_is_filtered_and_the_address_says_so(look):
    seen = []

    def does(tab):
        shown = tab.locator("article:not(.conflict):visible")
        assert shown.count() == 4
        tab.select_option("#document", label="b.md")
        tab.locator("#left", has_text="3 of 4 stories").wait_for()
        tab.select_option("#role", "librarian")
        tab.locator("#left", has_text="1 of 4 stories").wait_for()
        assert "3 euros" in shown.inner_text()
        assert tab.locator("section:visible h2").all_inner_texts() == ["Librarian", "Conflicts"]
        seen.append("#" + tab.url.partition("#")[2])
        tab.select_option("#document", "")
        tab.select_option("#role", "")
        tab.select_option("#relation", "replaced")
        tab.locator("#left", has_text="1 of 4 stories").wait_for()
        tab.select_option("#relation", "")
        tab.fill("#q", "ROOM phone")
        tab.locator("#left", has_text="1 of 4 stories").wait_for()
        tab.fill("#q", "")
        tab.locator("#left:empty").wait_for(state="attached")
        assert shown.count() == 4 and "=" not in tab.url.partition("#")[2]

    look(does)

    def again(tab):
        assert tab.inner_text("#left") == "1 of 4 stories"
        assert tab.input_value("#role") == "librarian"

    look(again, hash=seen[0])


def test_the_ledger_has_every_story_and_leads_to_it(look):
    def does(tab):
        tab.click("#ledger summary")
        rows = tab.locator("#ledger tbody tr")
        rows.nth(5).wait_for()  # drawn when it is opened
        assert rows.count() == 6
        assert rows.nth(5).inner_text().split("\t")[2:4] == ["duplicate of (same)", "S-1"]
        rows.nth(4).get_by_role("button").click()
        assert "Where did S-5 go?" in tab.inner_text("#panel")

    look(does)


def test_keys_lead_through_it(look):
    def does(tab):
        tab.keyboard.press("j")
        tab.keyboard.press("j")
        chosen = "document.querySelector('.s.on').closest('article').id"
        second = tab.evaluate(chosen)
        tab.keyboard.press("j")
        tab.keyboard.press("k")
        assert tab.evaluate(chosen) == second
        tab.keyboard.press("/")
        assert tab.evaluate("document.activeElement.id") == "q"
        tab.keyboard.press("Escape")
        assert tab.locator(".s.on").count() == 0

    look(does)


def test_on_paper_there_is_the_document_and_its_ledger(look):
    def does(tab):
        tab.emulate_media(media="print")
        assert not tab.locator("#ledger").is_visible()
        tab.emulate_media(media="screen")
        tab.click("#ledger summary")
        tab.locator("#ledger tbody tr").nth(5).wait_for()
        tab.emulate_media(media="print")
        assert tab.locator("#ledger tbody tr:visible").count() == 6
        assert not tab.locator("#panel").is_visible() and not tab.locator("#tools").is_visible()
        assert tab.locator("article:visible").count() == 5
        assert len(tab.pdf()) > 10_000

    look(does)


def test_a_text_that_was_left_out_is_said(look):
    def does(tab):
        sentence(tab, "book a room on my phone").click()
        assert "left out of this page" in tab.inner_text("#panel")
        assert LINES[1] in tab.inner_text("#panel .text")

    look(does, text_limit=0)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (400, True)])
def test_it_fits_and_is_accessible(look, width, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")

    def does(tab):
        tab.click("#ledger summary")
        last = tab.locator("article:not(.conflict) .s").last
        last.click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        sight, panel = last.bounding_box(), tab.locator("#panel").bounding_box()
        assert sight["x"] + sight["width"] <= panel["x"] or sight["y"] + 20 <= panel["y"]
        found = axe.Axe().run(tab).response["violations"]
        grave = {v["id"]: [n["target"] for n in v["nodes"]] for v in found
                 if v["impact"] in ("serious", "critical")}  # fmt: skip
        assert grave == {}

    look(does, width=width, dark=dark)
