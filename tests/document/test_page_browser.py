"""The document's page as a person uses it, in real Chromium, opened from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.document.page import page_text
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.document.structure.residue import NotShown
from pipeline.entries import Conflict, Fold, Line, Side
from pipeline.stories import Document, Span
from tests.support.browser import chromium_thread, has_count

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[ThreadPoolExecutor, object]]:
    with chromium_thread() as opened:
        yield opened


@pytest.fixture
def content(desk) -> Content:
    """The desk's stories in a document with prose between them."""
    prose = "Some prose that is in no story. " * 60
    text, stories = "\U0001f600" + prose, {}
    for name, one in desk.stories.items():
        start = len(text)
        text += one.text + "\n" + prose
        sha256 = "d" * 64
        source = replace(one.source, spans=(Span(start, start + len(one.text)),), author="Lena")
        stories[name] = replace(one, source=source)
    documents = {sha256: Document(sha256, ("pile/a.md",), "markdown", text)}
    left = NotShown((("pile/a.md", 9, 10),), (("pile/c.md", "it is locked"),))
    return replace(desk.content, stories=stories, documents=documents, left=left)


@pytest.fixture
def look(chromium, content, tmp_path: Path) -> Callable[..., None]:
    """Open the page as a file and do something there. Whatever is done, the console stays empty,
    nothing hostile runs, and nothing but the file is asked for."""
    thread, browser = chromium

    def look(
        does, *, hash: str = "", width: int = 1280, dark: bool = False, of=None, blocked=0, **how
    ):
        file = tmp_path / "merged.html"
        written = page_text(lay_out(of or content), {"units": 9, "missing": []}, **how)
        file.write_text("".join(written), encoding="utf-8")

        def there():
            scheme = "dark" if dark else "light"
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            said, asked = [], []
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            tab.set_default_timeout(10_000)
            try:
                tab.goto(file.as_uri() + hash)
                does(tab)
                tab.wait_for_timeout(100 if blocked else 0)
                assert [line for line in said if "Security Policy" not in line] == []
                assert len(said) == blocked and tab.evaluate("() => window.hurt") is None
                assert {url.partition("#")[0] for url in asked} == {file.as_uri()}
            finally:
                tab.close()

        thread.submit(there).result()

    return look


def article(tab, words: str):
    return tab.locator("article").filter(has_text=words).first


def test_an_entry_shows_its_tellings_and_what_became_of_them(look):
    def does(tab):
        rooms = article(tab, "to book a room")
        assert "2 tellings, 2 roles, 1 folded by a judge" in rooms.inner_text()
        assert "also as guest" in rooms.inner_text() and "also: reserve" in rooms.inner_text()
        assert "so that: our group can talk" in rooms.inner_text()
        rooms.click()
        shown = tab.inner_text("#panel")
        assert "2 tellings of S-1" in shown and "Its words stand." in shown
        assert "folded under S-1 by a judge (judge-1, record 7), 98 %" in shown
        assert "As a guest, I want to reserve a room for 2 hours." in shown
        tab.locator("#panel").get_by_text("Show it in its document").nth(1).click()
        own = tab.locator("#panel .telling").nth(1).locator(".text").nth(1)
        assert (
            own.locator(".own").inner_text() == "As a guest, I want to reserve a room for 2 hours."
        )
        before = len(own.inner_text())
        own.locator(".more").first.click()
        assert len(own.inner_text()) > before

    look(does)


def test_two_tellings_stand_side_by_side_with_what_differs(look):
    def does(tab):
        article(tab, "to book a room").click()
        tab.locator("#panel").get_by_text("Beside S-1").click()
        marks = tab.locator("#panel .sides > section")
        assert marks.nth(0).locator("mark").all_inner_texts() == ["reader", "book"]
        assert marks.nth(1).locator("mark").all_inner_texts() == ["guest", "reserve"]

    look(does)


def test_a_conflict_shows_where_it_stands_and_side_by_side(look):
    def does(tab):
        group = tab.locator(".group.conflict")
        has_count(group.locator("article"), 2)
        assert group.locator("article b").all_inner_texts() == ["2", "3"]
        group.get_by_text("side by side").click()
        assert tab.locator("#panel .sides mark").all_inner_texts() == ["2", "3"]
        decides = tab.locator("#panel code")
        assert decides.inner_text() == "storytransformer review RUN S-3 S-4"
        tab.locator("#panel select").first.select_option("4")
        assert tab.locator("#panel .sides mark").all_inner_texts() == []
        alike = tab.locator(".group").filter(has_text="Alike")
        assert alike.locator("em").all_inner_texts() == ["overdue", "damaged"]

    look(does)


def test_many_conflicts_are_counted_once_and_each_stands_at_its_sides(look, kit):
    told = [kit.story(f"s{n}", f"a loan of {n} days") for n in range(1, 6)]
    first, *others = told
    conflicts = [
        Conflict(
            f"k{n}", "possible",
            tuple(Side(one.id, one.text, (f"{one.id[1:]} days",)) for one in (first, other)),
            "days", "code",
        )
        for n, other in enumerate(others)
    ]  # fmt: skip
    merged = kit.merge([kit.entry(one) for one in told], conflicts=conflicts)
    many = Content(merged, {one.id: one for one in told})

    def does(tab):
        group = tab.locator(".group.possible")
        top = group.locator(":scope > details > summary")
        assert top.all_inner_texts() == ["4 possible conflicts"]
        has_count(group.locator(":scope > p.kind"), 0)
        lines = group.locator("article > p.kind").all_inner_texts()
        assert [line.partition(" ·")[0] for line in lines] == [
            "Possibly in conflict with S-2", *["Possibly in conflict with S-1"] * 4
        ]  # fmt: skip
        group.locator("article summary").click()
        has_count(group.locator("article details p.kind"), 3)
        top.click()
        has_count(group.locator(":scope > details > p.kind"), 4)
        group.locator("article").nth(3).get_by_text("side by side").click()
        assert tab.locator("#panel .sides mark").all_inner_texts() == ["4", "1"]

    look(does, of=many)


def test_cells_and_prose_side_by_side_read_as_sentences(look, kit):
    prose = "As an editor, I want to charge a late fee, so that tools come back."
    cells = "editor\nto charge a fee\ntools come back"
    told = [
        kit.story("a", "charge a late fee", role="editor", benefit="tools come back", text=prose),
        kit.story("b", "charge a fee", role="editor", benefit="tools come back", text=cells),
    ]
    pair = Content(kit.merge([kit.entry(*told)]), {one.id: one for one in told})

    def does(tab):
        article(tab, "a late fee").click()
        tab.locator("#panel").get_by_text("Beside S-1").click()
        sides = tab.locator("#panel .sides .own").all_inner_texts()
        assert sides == [prose, "As an editor, I want to charge a fee, so that tools come back"]
        assert tab.locator("#panel .sides mark").all_inner_texts() == ["late"]

    look(does, of=pair)


def test_where_did_a_story_go(look):
    def does(tab):
        tab.fill("#q", "S-2")
        tab.get_by_text("Where did S-2 go?").wait_for()
        shown = tab.inner_text("#panel")
        assert "is told under an entry" in shown and "b.md" in shown and "Lena" in shown
        tab.locator("#panel").get_by_text("Show S-1 in ").click()
        assert "to book a room" in tab.locator("article.here").inner_text()
        tab.fill("#q", "s-8")
        tab.get_by_text("Where did S-8 go?").wait_for()
        assert "was left out. Not asked for (--about)." in tab.inner_text("#panel")

    look(does)


def test_search_and_filters_narrow_what_is_listed_and_the_address_keeps_it(look):
    def does(tab):
        tab.fill("#q", "PRINT books")
        tab.locator("#found:not(:empty)").wait_for(state="attached")
        assert tab.inner_text("#found") == "2 of 6 entries"
        assert "q=PRINT+books" in tab.url
        tab.click("#clear")
        tab.locator("#role > summary").click()
        options = tab.locator("#role .option").all_inner_texts()
        assert [name.split("\n")[0] for name in options][:2] == ["All", "librarian"]
        tab.locator("#role .option").nth(1).click()
        assert tab.inner_text("#found") == "4 of 6 entries"
        tab.get_by_role("button", name="1 conflict").click()
        assert tab.inner_text("#found") == "2 of 6 entries"
        assert "role=librarian" in tab.url and "state=conflict" in tab.url
        tab.reload()
        assert tab.inner_text("#found") == "2 of 6 entries"

    look(does)


def test_an_address_opens_what_it_names(look):
    def story(tab):
        assert "Where did S-3 go?" in tab.inner_text("#panel")

    def entry(tab):
        assert "2 tellings of S-1" in tab.inner_text("#panel")

    look(story, hash="#story=S-3")
    look(entry, hash="#entry=S-1")
    look(entry, hash="#entry=E-1")  # as links of before have it
    look(lambda tab: tab.get_by_text("Nothing fits.").wait_for(), hash="#role=nobody&topic=99x")


def test_the_keyboard_walks_through_the_entries(look):
    def does(tab):
        for _ in range(3):
            tab.keyboard.press("j")
        third = tab.locator("article").nth(2)
        assert "on" in third.get_attribute("class")
        tab.keyboard.press("k")
        assert "on" in tab.locator("article").nth(1).get_attribute("class")
        tab.keyboard.press("/")
        assert tab.evaluate("() => document.activeElement.id") == "q"
        tab.keyboard.press("Escape")
        has_count(tab.locator("article.on"), 0)

    look(does)


def test_the_ledger_has_a_row_for_every_story(look):
    def does(tab):
        tab.get_by_text("Ledger: what became of every story").click()
        rows = tab.locator("#ledger tbody tr")
        rows.nth(7).wait_for()  # the list opens when the browser comes to it
        has_count(rows, 8)
        assert "conflict with" in rows.nth(2).inner_text()
        rows.nth(7).locator("button").first.click()
        assert "Where did S-8 go?" in tab.inner_text("#panel")

    look(does)


def test_what_is_not_shown_is_said(look):
    def does(tab):
        tab.get_by_text("Not shown: 90 % of the text is in no story, 1 story left out").click()
        assert "c.md: it is locked" in tab.inner_text("#overview")
        assert "all 9 sentences are here" in tab.inner_text("main")

    look(does)


def test_what_sources_say_is_text_and_what_nobody_sees_is_shown(look):
    def does(tab):
        hostile = article(tab, "</script>")
        assert "</script>" in hostile.inner_text() and "<U+202E>evil" in hostile.inner_text()
        hostile.click()
        assert "<U+202E>evil" in tab.inner_text("#panel")
        assert "\u202e" not in tab.inner_text("body")
        has_count(tab.locator("img"), 0)

    look(does)


def test_a_script_of_anybody_elses_may_not_run(look, content):
    policy = "".join(page_text(lay_out(content))).partition("Policy")[2].partition(">")[0]
    assert "unsafe" not in policy and "default-src 'none'" in policy

    def does(tab):
        tab.evaluate(
            """() => document.querySelector("#overview").innerHTML =
            "<img src=data:x onerror='window.hurt = 1'>" """
        )

    look(does, blocked=2)  # the picture, and what it runs where there is none


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_runs_out_of_the_page(look, width, dark):
    def does(tab):
        def fits():
            wide = tab.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= width

        fits()
        article(tab, "to book a room").click()
        fits()
        node = tab.locator("article.on")
        assert node.bounding_box()["y"] < tab.locator("#panel").bounding_box()["y"] + (
            0 if width == 400 else 800
        )
        tab.locator("#panel").get_by_text("Compare two").click()
        fits()
        for picker in ("topic", "role", "document", "state"):
            tab.locator(f"#{picker} > summary").click()
            box = tab.locator(f"#{picker} > div").bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
            tab.locator(f"#{picker} > summary").click()

    look(does, width=width, dark=dark)


def test_a_document_too_large_for_the_page_is_left_out_and_said(look):
    def does(tab):
        article(tab, "to book a room").click()
        assert "The document's text was left out of this page." in tab.inner_text("#panel")
        assert "As a guest, I want to reserve" in tab.inner_text("#panel")

    look(does, text_limit=10)


def test_what_was_decided_against_reads_so(look, content):
    reason = "decided against by Lena on 2026-11-30"
    rooms = content.merge.entries[0]
    lost = Fold("b", "sentence", content.stories["b"].text, "person", "a",
                otherwise=("reserve",), reason=reason)  # fmt: skip
    entries = (replace(rooms, folds=(lost,)), *content.merge.entries[1:])
    against = replace(content, merge=replace(content.merge, entries=entries))

    def does(tab):
        rooms = article(tab, "to book a room")
        assert f"{reason}: reserve" in rooms.inner_text()
        rooms.click()
        assert f"What it asks for: {reason}." in tab.inner_text("#panel")

    look(does, of=against)


def test_fifteen_thousand_stories_are_drawn_as_they_are_looked_at(look, kit):
    told = [kit.story(f"s{i}", f"to see thing{i % 97} number{i}") for i in range(15_000)]
    many = Content(kit.merge([kit.entry(one) for one in told]), {one.id: one for one in told})

    def does(tab):
        assert 20 <= tab.locator("article").count() < 1_000
        tab.fill("#q", "number14321")
        tab.locator("#found:not(:empty)").wait_for(state="attached")
        has_count(tab.locator("article"), 1)
        tab.click("#clear")
        tab.fill("#q", "S-14000")
        tab.get_by_text("Where did S-14000 go?").wait_for()
        tab.locator("#panel").get_by_text("Show it in ").click()
        here = tab.locator("article.here")
        assert "number13999" in here.inner_text()
        assert tab.locator("article").count() < 1_500
        tab.wait_for_timeout(300)
        assert 0 <= here.bounding_box()["y"] < 800

    look(does, of=many)


@pytest.mark.parametrize("width", [400, 1280])
def test_the_scroll_bar_tells_how_much_there_is_before_it_is_drawn(look, kit, width):
    """What is not drawn takes the room that it will take, within a twentieth."""
    told = [
        kit.story(f"s{i}", "to see " + " ".join(f"thing{n}" for n in range(1 + i * 7 % 40)))
        for i in range(400)
    ]
    long = Content(kit.merge([kit.entry(one) for one in told]), {one.id: one for one in told})

    def does(tab):
        tall = "() => document.documentElement.scrollHeight"
        before = tab.evaluate(tall)
        assert tab.locator("article").count() < 300
        for _ in range(400):
            tab.evaluate("() => scrollBy(0, 700)")
            tab.wait_for_timeout(15)
            if tab.evaluate("() => scrollY + innerHeight >= document.body.scrollHeight - 2"):
                break
        has_count(tab.locator("article"), 400)
        assert tab.evaluate(tall) == pytest.approx(before, rel=0.05)

    look(does, of=long, width=width)


def test_on_paper_is_all_that_stands_and_nothing_to_press(look, kit):
    told = [kit.story(f"s{i}", f"to see thing{i}") for i in range(200)]
    long = Content(kit.merge([kit.entry(one) for one in told]), {one.id: one for one in told})

    def does(tab):
        assert tab.locator("article").count() < 200
        tab.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        tab.emulate_media(media="print")
        has_count(tab.locator("article"), 200)
        assert "thing199" in tab.inner_text("main")
        for name in (".tools", "aside", ".beside", ".figures"):
            assert not any(one.is_visible() for one in tab.locator(name).all())

    look(does, of=long)


def test_markup_of_sources_is_read_and_not_shown(look, content):
    marked = replace(
        content.stories["a"],
        text="**As a** reader\n\n- I want <b>rooms</b>\n\n| role | goal |\n|---|---|\n| a | b |",
    )
    rooms = content.merge.entries[0]
    cells = (
        "<tr><td>paid</td><td>green</td></tr> {color:red}now{color} **and** &lt;p&gt;then&lt;/p&gt;"
    )
    entries = (
        replace(rooms, lines=(*rooms.lines, Line("criterion", cells, ("a",)))),
        *content.merge.entries[1:],
    )
    told = replace(
        content,
        stories={**content.stories, "a": marked},
        merge=replace(content.merge, entries=entries),
    )

    def does(tab):
        assert "paid · green · now and then" in article(tab, "to book a room").inner_text()
        article(tab, "to book a room").click()
        shown = tab.locator("#panel .own").first.inner_text()
        assert shown == "As a reader\n• I want rooms\nrole · goal\na · b"

    look(does, of=told)


def test_the_same_merge_is_the_same_page(content):
    text = "".join(page_text(lay_out(content)))
    assert text == "".join(page_text(lay_out(content)))


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_is_accessible(look, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")

    def does(tab):
        def check():
            found = axe.Axe().run(tab).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []

        check()
        article(tab, "to book a room").click()
        check()
        tab.locator("#panel").get_by_text("Compare two").click()
        tab.locator("#role > summary").click()
        check()
        tab.get_by_text("Ledger: what became of every story").click()
        check()

    look(does, dark=dark)
