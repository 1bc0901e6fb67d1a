"""The page as a person sees it, in real Chromium."""

from __future__ import annotations

import re
import sqlite3

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def rows(worked, sql: str, *values: object) -> list[tuple]:
    connection = sqlite3.connect(worked.path)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def table(page, name: str) -> list[list[str]]:
    """The body of a card's table, as shown."""
    return page.eval_on_selector_all(
        f"#chart-{name} tbody tr", "trs => trs.map(tr => [...tr.cells].map(td => td.innerText))"
    )


def heading(page, name: str) -> str:
    return page.inner_text(f"#chart-{name} .metric")


def test_it_loads_without_errors_and_asks_nobody_else(look, served):
    page = look(served)
    assert page.said == []
    assert page.bad == []
    assert len(page.asked) > 10
    assert all(url.startswith(served.partition("/-/")[0]) for url in page.asked)
    assert page.locator(".drawing[data-state=failed]").count() == 0


def test_every_card_is_drawn(look, served):
    page = look(served)
    for chart in ("ratio", "outcomes", "needles"):
        box = page.locator(f"#chart-{chart} svg.marks").bounding_box()
        assert box["width"] > 150 and box["height"] > 60
        assert page.locator(f"#chart-{chart} svg path[aria-roledescription]").count() > 0
    for name in ("runs", "compared", "ledger", "conflicts", "cells"):
        assert len(table(page, name)) > 2


def test_nothing_overflows_at_1280_or_400_pixels(look, served):
    for width in (1280, 400):
        page = look(served, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_heatmap_shows_what_the_database_holds(look, served, worked):
    page = look(served)
    labels = page.eval_on_selector_all(
        "#chart-needles path[aria-roledescription='rect mark']",
        "marks => marks.map(mark => mark.getAttribute('aria-label'))",
    )
    shown = {}
    for label in labels:
        found = dict(part.split(": ") for part in label.split("; "))
        place = int(found["prompt tokens"].replace(",", "")), float(found["depth %"])
        shown[place] = (found["mean score"], found["n"])
    truth = {
        (length, depth): ("null" if score is None else f"{score:.3f}", str(asked))
        for length, depth, score, asked in rows(
            worked,
            "SELECT target_tokens, depth_target,"
            " avg(CASE WHEN status <> 'skipped' THEN coalesce(score, 0) END),"
            " sum(status <> 'skipped')"
            " FROM needle_cell GROUP BY 1, 2",
        )
    }
    assert len(truth) == 20 and shown == truth


def test_failed_and_skipped_cells_are_told_apart_from_misses(look, served):
    page = look(served)
    words = page.eval_on_selector_all(
        "#chart-needles .mark-text.role-mark text", "marks => marks.map(mark => mark.textContent)"
    )
    assert words.count("skipped") == 1
    assert words.count("0.00 ✕3") == 1  # truncated, refused and failed: counted as misses, marked
    assert words.count("0.00") > 0


def test_the_numbers_are_the_newest_completed_runs(look, served, worked):
    page = look(served)
    assert heading(page, "stories") == "48"
    assert heading(page, "price") == "$0.1050"
    assert page.inner_text("#chart-price .note") == "estimated $0.0420"
    compared = {row[0]: row[1:] for row in table(page, "compared")}
    assert compared["price"] == ["$0.0210", "$0.0420", "$0.0840", "$0.1050", "2.50", "outside", "3"]
    assert compared["time"] == ["40 s", "80 s", "2.7 min", "71 s", "0.89", "inside", "–"]
    assert compared["peak memory"] == ["–", "858 MiB", "–", "954 MiB", "1.11", "–", "–"]
    (taught,) = table(page, "learned")
    assert taught == ["claude/claude-haiku-5-5", "edit", "merge-edits.v1", "1", "12", "1.00",
                      "0.93", "1", "1.42"]  # fmt: skip
    counted = page.eval_on_selector_all(
        "#chart-outcomes .mark-text.role-mark text", "marks => marks.map(mark => mark.textContent)"
    )
    truth = rows(
        worked, "SELECT count(*) FROM ledger WHERE run = ? GROUP BY outcome", worked.newest
    )
    assert sorted(counted) == sorted(str(n) for (n,) in truth)


def test_the_filters_choose_run_and_outcome(look, served, worked):
    page = look(served)
    page.select_option("select[name=run]", worked.first)
    page.select_option("select[name=outcome]", "merged_into")
    with page.expect_navigation():
        page.click("button:has-text('Show')")
    page.wait_for_selector("#chart-ledger[data-state]")
    page.wait_for_selector("#chart-stories[data-state]")
    assert heading(page, "stories") == "8"
    shown = table(page, "ledger")
    truth = rows(
        worked,
        "SELECT excerpt FROM v_ledger WHERE run = ? AND outcome = 'merged_into' ORDER BY position",
        worked.first,
    )
    assert [row[0] for row in shown] == [text for (text,) in truth]
    assert {row[2] for row in shown} == {"merged into"}
    assert page.input_value("select[name=run]") == worked.first
    assert re.search(rf"run={worked.first}", page.url)  # a link that can be shared


def test_a_run_in_the_table_is_a_link_to_it(look, served, worked):
    page = look(served)
    with page.expect_navigation():
        page.click(f"#chart-runs a:has-text('{worked.first}')")
    page.wait_for_selector("#chart-stories[data-state]")
    assert heading(page, "stories") == "8"
    page.wait_for_selector("#chart-runs tr.chosen")
    assert worked.first in page.inner_text("#chart-runs tr.chosen")


def test_text_of_documents_never_runs(look, served):
    page = look(served)
    assert page.evaluate("window.hurt") is None
    assert page.locator("#chart-ledger img, #chart-ledger script").count() == 0
    assert "<script>window.hurt=1</script>" in table(page, "ledger")[0][0]


def test_conflicts_stand_side_by_side(look, served):
    page = look(served)
    sides = table(page, "conflicts")
    assert [row[:3] for row in sides[:2]] == [["1", "days", "14"], ["1", "days", "30"]]


def test_a_card_has_a_page_of_its_own_and_its_numbers_as_csv(look, served):
    page = look(f"{served}/needles")
    assert page.locator("#chart-needles svg.marks").count() == 1
    href = page.get_attribute("[data-csv=needles]", "href")
    answer = page.request.get(served.partition("/-/")[0] + href)
    assert answer.ok and len(answer.text().splitlines()) == 21


def test_an_empty_database_says_what_to_run(look, empty):
    page = look(empty)
    assert page.said == [] and page.bad == []
    assert page.locator(".drawing[data-state=failed]").count() == 0
    assert "storytransformer merge" in page.inner_text("#chart-runs")
    assert "storytransformer eval needle" in page.inner_text("#chart-needles")
    assert heading(page, "stories") == "–"


def test_a_run_is_chosen_by_keyboard_alone(look, served, worked):
    page = look(served)
    page.focus("select[name=run]")
    page.keyboard.press("ArrowDown")
    page.focus("button:has-text('Show')")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "run=merge-" in page.url
