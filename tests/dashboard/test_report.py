"""The report: the pages' figures as one file, without a word of a story."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

from evals.dashboard.report_page import write_report
from evals.dashboard.serve import Served
from evals.dashboard.value_text import FORMATS, told
from pipeline.config.settings import read_settings
from pipeline.errors import InputError
from pipeline.store.record import open_store

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def source(worked: SimpleNamespace) -> Served:
    return Served(worked.path, models_toml=read_settings({}).models_toml)


@pytest.fixture(scope="module")
def whole(source: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of what is newest."""
    file = tmp_path_factory.mktemp("report") / "new folder" / "report.html"
    assert len(write_report(source, file, [], now=NOW)) > 10
    return file


def rows(worked: SimpleNamespace, sql: str, *values: object) -> list[tuple]:
    connection = sqlite3.connect(worked.path)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def test_the_heatmaps_hold_what_the_database_holds(source, worked, tmp_path):
    write_report(source, tmp_path / "r.html", [worked.needles], now=NOW)
    text = (tmp_path / "r.html").read_text()
    label = r'aria-label="prompt tokens: (\d+); depth of the needle, %: (\d+); said: ([\d.]+)"'
    drawn = {(int(a), float(b), c) for a, b, c in re.findall(label, text)}
    cells = "FROM run_cell c JOIN needle_cell n ON n.key = c.cell WHERE c.run = ?"
    places = rows(
        worked,
        "SELECT n.target_tokens, n.depth_target, sum(coalesce(n.score, 0)) / count(*) "
        f"{cells} AND n.status <> 'skipped' GROUP BY 1, 2",
        worked.needles,
    )
    assert len(drawn) > 6 and drawn == {(a, b, f"{score:.2f}") for a, b, score in places}
    signs = {"truncated": "▼", "error": "✕", "refused": "–"}
    odd = " ".join(re.findall(r'; odd: ([^"]+)"', text))
    for status, sign in signs.items():
        ((n,),) = rows(worked, f"SELECT count(*) {cells} AND n.status = ?", worked.needles, status)
        assert sum(map(int, re.findall(f"{sign}(\\d+)", odd))) == n, status
    assert odd


def test_every_kind_of_figure_is_drawn(whole):
    text = whole.read_text()
    titles = {
        "ranges": "dollars", "history": "actual ÷ likely", "intervals": "share of sentences",
        "lines": "tokens before it", "heatmaps": "prompt tokens", "canaries": "document, %",
    }  # fmt: skip
    for kind, title in titles.items():
        card = text.partition(f'class="card kind-{kind}"')[2].partition("</figure>")[0]
        assert re.search(f'aria-label="[^"]*{title}[^"]*: ', card), kind
    assert "data:image/svg+xml;base64," in text and "2026-11-22 09:30 UTC" in text


def test_no_word_of_a_story_a_prompt_or_a_reply_is_in_it(source, worked, whole, tmp_path):
    everything = [row[0] for row in rows(worked, "SELECT id FROM run")]
    write_report(source, tmp_path / "all.html", everything, now=NOW)
    texts = rows(
        worked,
        "SELECT text FROM story UNION SELECT text FROM reply UNION SELECT reply FROM needle_cell "
        "UNION SELECT text FROM entry_line UNION SELECT text FROM fold "
        "UNION SELECT text FROM conflict_side",
    )
    words = {text for (text,) in texts if text and len(text) > 12}
    words |= {
        content
        for (body,) in rows(worked, "SELECT body FROM request")
        for _, content in json.loads(body)["messages"]
    }
    assert len(words) > 50
    for file in (whole, tmp_path / "all.html"):
        shown = unescape(file.read_text())
        assert [text for text in words if text in shown] == []


def test_an_error_that_quotes_a_document_stays_out(tmp_path):
    file = tmp_path / "st.sqlite"
    with open_store(f"sqlite:///{file}", now=lambda: NOW) as store:
        run = store.start_run(kind="merge", corpus=None, model="extractive", strategy="edit")
        store.finish_run(run, "failed", error="a.md, “As a clerk I want a marked thing”: unread")
    for runs in ([], [run]):
        write_report(Served(file), tmp_path / "r.html", runs, now=NOW)
        shown = (tmp_path / "r.html").read_text()
        assert run in shown and "marked thing" not in shown


def test_of_an_empty_database_it_says_what_was_not_measured(tmp_path):
    file = tmp_path / "st.sqlite"
    open_store(f"sqlite:///{file}", now=lambda: NOW).close()
    shown = write_report(Served(file), tmp_path / "r.html", [], now=NOW)
    assert set(shown) <= {"In all"}
    text = (tmp_path / "r.html").read_text()
    assert "Not measured: Share found, by prompt length and depth;" in text


def test_what_was_not_asked_for_is_left_out(source, worked, tmp_path):
    write_report(source, tmp_path / "r.html", [worked.second], now=NOW)
    shown = (tmp_path / "r.html").read_text()
    assert worked.second in shown and worked.needles not in shown and worked.newest not in shown


def test_grids_over_several_stories_round_trips_and_coverage_are_in_it(source, worked, tmp_path):
    runs = [worked.aggregation, worked.roundtrip_pairs, worked.roundtrip_tree, worked.coverage]
    runs.append(worked.models)
    write_report(source, tmp_path / "r.html", runs, now=NOW)
    shown = unescape((tmp_path / "r.html").read_text())
    assert f"local/many · several stories together · {worked.aggregation}" in shown
    card = shown.partition("How long a prompt it really uses")[2].partition("</section>")[0]
    assert "between 2,048 and 4,096 tokens" in card and "below 1,024 tokens" in card
    assert "at least 4,096 tokens" in card and "95 %: at least 1,024 tokens" in card
    card = shown.partition("what is kept, round by round")[2].partition("</section>")[0]
    assert "<svg" in card and "local/writer · pairs · by role" in card
    card = shown.partition("Round trips in numbers")[2].partition("</section>")[0]
    assert "90.0 %" in card and "100.0 %" in card and "5.0 %" in card
    card = shown.partition("How much of a reference a text tells")[2].partition("</section>")[0]
    assert "insights.json" in card and "50.0 %" in card
    card = shown.partition("What can be run or reached")[2].partition("</section>")[0]
    assert "extractive" in card and "below 1,024 tokens" in card
    assert worked.needles not in shown


def test_two_runs_of_an_eval_are_compared(source, worked, tmp_path):
    write_report(source, tmp_path / "r.html", [worked.needles, worked.second], now=NOW)
    shown = (tmp_path / "r.html").read_text()
    assert shown.count("kind-heatmaps") == 1 and shown.count("<figcaption>") == 2
    card = shown.partition("Two runs compared")[2].partition("</section>")[0]
    assert "no difference shown" in card and "paired" in card


def test_a_run_that_is_not_there_and_a_place_that_cannot_be_written_are_named(source, tmp_path):
    with pytest.raises(InputError, match="no run 'merge-0'"):
        write_report(source, tmp_path / "r.html", ["merge-0"], now=NOW)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(source, tmp_path / "file" / "r.html", [], now=NOW)
    with pytest.raises(InputError):
        write_report(Served(tmp_path / "none.sqlite"), tmp_path / "r.html", [], now=NOW)
    assert not (tmp_path / "r.html").exists()


def test_numbers_read_as_on_the_pages():
    assert told(None, "usd", {}) == told("", "", {}) == "–"
    dollars = {
        0: "$0.00", 0.00002: "under $0.0001", 0.00007: "$0.0001", 0.0022: "$0.0022",
        0.042: "$0.042", 0.2: "$0.20", 0.99999: "$1.00", 1234.5: "$1,234.50", -0.2: "-$0.20",
    }  # fmt: skip
    assert {value: FORMATS["usd"](value) for value in dollars} == dollars
    times = {0.05: "0.1 s", 4.25: "4 s", 71: "71 s", 600: "10.0 min", 9000: "2.5 h", 2e5: "55.6 h"}
    assert {value: FORMATS["seconds"](value) for value in times} == times
    assert told(900_000_000, "amount", {"unit": "bytes"}) == "0.90 GB"
    assert told(12, "amount", {"unit": "calls"}) == "12" and told("x", "integer", {}) == "x"


@pytest.mark.browser
@pytest.mark.enable_socket
def test_it_is_whole_accessible_and_asks_nobody(browser, whole):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    for width, scheme in ((1280, "light"), (400, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(whole.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(page).response["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    assert {url for url in asked if not url.startswith("data:")} == {whole.as_uri()} and said == []
    # what stands in a cell of the map can be read on its colour, whatever the page's colours are
    label = page.locator(".kind-heatmaps text", has_text="1.00").first
    assert label.evaluate("one => getComputedStyle(one).fill") == "rgb(17, 24, 39)"
    page.close()
