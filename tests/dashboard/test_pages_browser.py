"""The pages as a person sees them, in real Chromium."""

from __future__ import annotations

import csv
import io
import re
import shlex
import sqlite3

import pytest

from tests.support.browser import has_count

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

PAGES = ("runs", "run", "costs", "models", "needles", "quality", "records")


def rows(worked, sql: str, *values: object) -> list[tuple]:
    connection = sqlite3.connect(worked.path)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def table(page, name: str) -> list[list[str]]:
    """The body of a card's table, as shown."""
    return page.eval_on_selector_all(
        f"#{name} tbody tr", "trs => trs.map(tr => [...tr.cells].map(td => td.innerText))"
    )


def figures(page, name: str) -> dict[str, str]:
    """A card's numbers by their labels."""
    pairs = page.eval_on_selector_all(
        f"#{name} .numbers > div", "all => all.map(one => [...one.children].map(c => c.innerText))"
    )
    return dict(pairs)


def grave(page) -> dict[str, list]:
    """What axe calls serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    found = axe.Axe().run(page).response["violations"]
    return {v["id"]: [node["target"] for node in v["nodes"]] for v in found
            if v["impact"] in ("serious", "critical")}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_accessible_and_asks_nobody_else(look, served, name):
    page = look(f"{served}/{name}")
    assert page.locator(".drawing[data-state=failed]").count() == 0
    assert len(page.asked) > 8 and all(url.startswith(served) for url in page.asked)
    for width, scheme in ((1280, "light"), (400, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.settled()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert grave(page) == {}, (width, scheme)
    assert page.said == [] and page.bad == []


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_database_says_what_to_run(look, empty, name):
    page = look(f"{empty}/{name}")
    assert page.said == [] and page.bad == []
    assert page.locator(".drawing[data-state=failed]").count() == 0
    told = page.locator(".empty code").all_inner_texts()
    assert told and all(text.startswith("storytransformer ") for text in told)


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_column_is_out_of_sight_without_a_word(look, served, name, width):
    page = look(f"{served}/{name}")
    page.set_viewport_size({"width": width, "height": 900})
    page.settled()
    page.wait_for_timeout(200)
    cut = """() => [...document.querySelectorAll('.scroller')].filter((one) => one.offsetParent
      && one.firstElementChild.getBoundingClientRect().width > one.clientWidth + 1
      && !(one.previousElementSibling.offsetHeight && getComputedStyle(one).overflowX === 'scroll'))
      .map((one) => one.getAttribute('aria-labelledby'))"""
    assert page.evaluate(cut) == []
    wide = "document.querySelectorAll('.scroller.wide').length"
    if width == 1280:
        assert page.evaluate(wide) == 0, "there is room for every column"


def test_every_figure_is_drawn(look, served):
    for name, charts in (
        ("costs", ("prices", "times", "history")),
        ("quality", ("gate", "f1", "together", "perplexity", "roundtrip")),
    ):
        page = look(f"{served}/{name}")
        for chart in charts:
            box = page.locator(f"#{chart} svg.marks").bounding_box()
            assert box["width"] > 150 and box["height"] > 60
            assert page.locator(f"#{chart} svg path[aria-roledescription]").count() > 0
        if name == "costs":
            assert page.evaluate("document.querySelector('#windows img').naturalWidth") > 500


def test_an_axis_of_dollars_reads_in_dollars(look, served):
    """Never "$200m"."""
    said = look(f"{served}/costs").locator("#prices svg text").all_text_contents()
    ticks = [text for text in said if text.startswith("$")]
    assert len(ticks) > 2 and all(re.fullmatch(r"\$(0|[\d,]+|0\.\d{2,4})", one) for one in ticks)


def test_cells_that_failed_show_in_the_state_of_their_run(look, served, worked):
    page = look(f"{served}/runs?kind=needle")
    states = {row[0].split("\n")[0]: row[1] for row in table(page, "runs") if len(row) > 1}
    assert states[worked.needles].split("\n") == ["completed", "2 of 60 cells failed"]
    colours = page.locator("#runs .badge").evaluate_all("all => all.map(one => one.className)")
    assert set(colours) == {"badge odd"}


def test_records_say_who_may_fold_and_by_what_figures(look, served, worked):
    page = look(f"{served}/records")
    told = page.locator("#records tbody tr").all_inner_texts()
    by = {one: next(row for row in told if name in row) for one, name in
          (("good", "local/j"), ("coin", "local/coin"), ("forged", "forged"))}  # fmt: skip
    assert len(told) == 3
    assert "exam: English" in by["good"] and "60 of 60 [94.0 %, 100.0 %]" in by["good"]
    assert "0 of 9000 [0.0 %, 0.0 %]" in by["good"] and "0.800" in by["good"]
    assert "nowhere" in by["coin"] and "nowhere: changed since" in by["forged"]
    page = look(f"{served}/records?record={worked.records.guessing.id}")
    assert page.locator("#wrong svg path[aria-roledescription]").count() >= 4
    shown = page.locator("#wrong").inner_text()
    assert "order" in shown and "other words" in shown
    whole = rows(worked, "SELECT n, positives FROM v_records WHERE record = ? AND answer ="
                 " 'one_need' AND kind = 'all'", worked.records.guessing.id)  # fmt: skip
    assert whole == [(60, 40)]
    first = page.locator("#figures tbody tr").first.inner_text().split("\t")
    assert "60" in first and "40" in first
    page = look(f"{served}/records?model=local%2Fcoin")
    has_count(page.locator("#records tbody tr"), 1)


def test_windows_stand_beside_the_records_a_row_a_size(look, served, worked):
    page = look(f"{served}/records")
    told = [row.split("\t") for row in page.locator("#windows tbody tr").all_inner_texts()]
    assert [[cell for cell in row if cell in ("8", "16", "yes")] for row in told] == [
        ["8", "yes"], ["16"],
    ]  # fmt: skip
    assert any("160 of 170 [89.4 %, 97.1 %]" in cell for cell in told[0])
    assert any("clearly less" in cell for cell in told[1])
    assert all(worked.records.windows.id in "".join(row) for row in told)


def test_trainings_stand_beside_the_records(look, served):
    page = look(f"{served}/records")
    (told,) = page.locator("#trainings tbody tr").all_inner_texts()
    assert "local/tiny" in told and "ada9ada9ada9" in told and "0.62" in told
    assert "dev got no better" in told and "48" in told
    assert page.locator("#losses svg path[aria-roledescription]").count() > 0


def test_the_heatmaps_show_what_the_database_holds(look, served, worked):
    page = look(f"{served}/needles")
    for run in (worked.needles, worked.second):
        shown = page.eval_on_selector_all(
            f"#heatmaps [data-run='{run}'] .cell",
            "all => all.map(({ dataset: d }) => [d.length, d.depth, d.score, d.n])",
        )
        seen = {(int(a), float(b)): (float(c) if c else None, int(d)) for a, b, c, d in shown}
        truth = {
            (length, depth): (score, n)
            for length, depth, score, n in rows(
                worked,
                "SELECT target_tokens, depth_target,"
                " avg(CASE WHEN status <> 'skipped' THEN coalesce(score, 0) END),"
                " sum(status <> 'skipped') FROM needle_cell n JOIN run_cell c ON c.cell = n.key"
                " WHERE c.run = ? GROUP BY 1, 2",
                run,
            )
        }
        missing = {(8192, depth): (None, 0) for depth in (0.0, 25.0, 50.0, 75.0, 100.0)}
        assert len(truth) == 20 and seen.keys() == (truth | missing).keys()
        for place, (score, n) in (truth | missing).items():
            assert seen[place][1] == n and seen[place][0] == pytest.approx(score, abs=1e-9)


def test_effective_lengths_say_what_is_known(look, served, worked):
    page = look(f"{served}/needles?run={worked.aggregation}&task=")
    assert "several stories together" in page.locator("#heatmaps figcaption").inner_text()
    told = {row[1]: row[2] for row in table(page, "effective")}
    assert told["relative"].startswith("between 2,048 and 4,096 tokens")
    assert told["absolute"].startswith("below 1,024 tokens")
    assert told["every depth"].startswith("at least 4,096 tokens")
    drawn = page.locator("#heatmaps svg").first.text_content()
    assert all(said in drawn for said in ("2,048 to 4,096", "below 1,024", "at least 4,096"))
    both = f"{served}/needles?run={worked.aggregation}&run={worked.needles}&task=count"
    has_count(look(both).locator("#heatmaps figure"), 1)  # no needle counts


def test_the_models_page_says_which_and_why_and_what_is_not_measured(look, served):
    page = look(f"{served}/models")
    assert "Nothing here has a record." in page.locator("#recommended").inner_text()
    first, second = table(page, "models")
    assert first[0] == "extractive" and "any" in first[2] and first[-1] == "yes"
    assert second[2].startswith("below 1,024 tokens") and second[3] == "not measured"
    assert second[-1] == "no: it does not fit" and "no record" in second[1]
    missing, below = table(page, "unmeasured")
    assert missing[1] == "what it may decide"
    assert below == ["storytransformer exam --model local/many"], "a line of its own, for copying"
    assert table(page, "beyond") == [["1", "no key", "claude/x"]]


def test_cells_that_ended_otherwise_are_told_apart(look, served, worked):
    page = look(f"{served}/needles")
    grid = f"#heatmaps [data-run='{worked.needles}']"
    odd = page.locator(f"{grid} .cell[data-length='4096'][data-depth='50']")
    kinds = odd.locator("[data-sign]").evaluate_all("all => all.map(one => one.dataset.sign)")
    assert sorted(kinds) == ["failed", "refused", "truncated"]
    assert "1 cut off; 1 failed; 1 refused" in odd.get_attribute("aria-label")
    hatched = page.locator(f"{grid} .cell rect[fill^='url(#hatch']")
    has_count(hatched, 6)  # five that the grid asked for in vain, one skipped
    reach = page.eval_on_selector_all(
        f"{grid} [data-effective]", "all => all.map(b => [b.dataset.effective, b.dataset.tokens])"
    )
    assert reach == [["absolute", "1024"], ["every depth", ""]]


def test_a_cell_says_n_and_interval_and_leads_to_prompt_and_reply(look, served, worked):
    page = look(f"{served}/needles?run={worked.needles}&task=single")
    cell = page.locator(".cell[data-length='2048'][data-depth='75']")
    cell.hover()
    assert "n 3" in page.inner_text("#tip") and "95 %" in page.inner_text("#tip")
    cell.click()
    page.settled()
    assert "length=2048&depth=75" in page.url
    assert [row[:2] for row in table(page, "cells")] == [["2,048", "75.4 %\nasked for 75 %"]] * 3
    page.click("#cells tbody tr:first-child a.open")
    page.locator("#reader[data-state=drawn]").wait_for()
    said = page.inner_text("#reader")
    assert "2048 75.0 0" in said and "4711" in said
    link = page.url
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "cell=" not in url)
    again = look(link)  # a link that can be shared
    again.locator("#reader[data-state=drawn]").wait_for()
    assert "2048 75.0 0" in again.inner_text("#reader")


def test_the_heatmap_is_walked_by_keyboard(look, served, worked):
    page = look(f"{served}/needles?run={worked.needles}")
    page.focus(".cell[tabindex='0']")
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.settled()
    assert "length=1024&depth=25" in page.url
    assert {row[0] for row in table(page, "cells")} == {"1,024"}


def test_models_side_by_side_are_chosen_and_the_choice_closes(look, served, worked):
    page = look(f"{served}/needles")
    has_count(page.locator("#heatmaps figure"), 3)
    page.click(".choices summary")
    page.uncheck(f".choices input[value='{worked.second}']")
    page.uncheck(f".choices input[value='{worked.aggregation}']")
    page.settled()
    has_count(page.locator("#heatmaps figure"), 1)
    assert worked.second not in page.url
    page.keyboard.press("Escape")
    assert not page.locator(".choices fieldset").is_visible()
    page.reload()
    page.settled()
    assert page.locator("#heatmaps figure figcaption b").all_inner_texts() == ["local/smollm2-135m"]


def test_a_run_that_is_not_there_is_named_as_asked_for(look, served):
    page = look(f"{served}/run?run=merge-none")
    assert page.input_value("select[name=run]") == "merge-none"
    assert page.locator(".drawing[data-state=failed]").count() == 0 and page.said == []


def test_lost_canaries_are_marked(look, served):
    page = look(f"{served}/needles")
    assert "12 of 18 came through whole" in page.inner_text("#canaries")
    assert page.locator("#canaries .cell[data-lost=merge]").count() == 6


def test_the_numbers_are_the_newest_completed_runs(look, served, worked):
    page = look(f"{served}/run")
    assert f"run={worked.newest}" in page.url
    assert figures(page, "head")["paid"].split("\n") == ["$0.105", "estimated $0.042"]
    steps = page.eval_on_selector_all(
        "#funnel li", "all => all.map(one => [...one.children].map(c => c.innerText))"
    )
    assert [step[:2] for step in steps] == [
        ["documents", "4"], ["stories", "48"], ["calls", "15"], ["entries", "24"],
        ["sentences", "60"], ["conflicts", "1"],
    ]  # fmt: skip
    page.get_by_role("tab", name="Cost and time").click()
    page.settled()
    compared = {row[0]: row[1:] for row in table(page, "compared")}
    assert compared["price"] == ["$0.021", "$0.042", "$0.084", "$0.105", "2.50", "outside", "3"]
    assert compared["time"] == ["40 s", "80 s", "2.7 min", "71 s", "0.89", "inside", "–"]
    assert compared["peak memory"] == ["–", "0.90 GB", "–", "1.00 GB", "1.11", "–", "–"]
    took = figures(page, "spent")
    assert "on the provider's machines" in took["model's time"]
    assert took["peak memory"].split("\n")[2] == "on here: CPU"
    page.get_by_role("tab", name="How it ran").click()
    page.settled()
    assert "sdpa_flash (it fits this machine)" in page.inner_text("#how")
    page.get_by_role("tab", name="Ledger").click()
    page.settled()
    counted = page.locator("#outcomes b").all_inner_texts()
    truth = rows(
        worked, "SELECT count(*) FROM ledger WHERE run = ? GROUP BY outcome", worked.newest
    )
    assert sorted(counted) == sorted(str(n) for (n,) in truth)


def test_the_ledger_is_filtered_and_the_address_says_so(look, served, worked):
    page = look(f"{served}/run?tab=ledger")
    page.select_option("select[name=outcome]", "merged_into")
    page.fill("input[name=q]", "order 2.")
    page.wait_for_url("**q=order*")
    page.settled()
    truth = rows(
        worked,
        "SELECT excerpt FROM v_ledger WHERE run = ? AND outcome = 'merged_into'"
        " AND excerpt LIKE '%order 2.%' ORDER BY position",
        worked.newest,
    )
    assert len(truth) == 3
    again = look(page.url)
    for shown in (page, again):
        assert [row[1] for row in table(shown, "ledger")] == [text for (text,) in truth]
        assert {row[3] for row in table(shown, "ledger")} == {"merged into"}
    page.click("#outcomes button:has-text('kept')")
    page.settled()
    assert page.input_value("select[name=outcome]") == "kept"
    page.go_back()
    page.settled()
    assert page.input_value("select[name=outcome]") == "merged_into"


def test_a_long_ledger_has_further_pages(look, served, worked):
    page = look(f"{served}/run?tab=ledger")
    assert "1–15 of 48" in page.inner_text("#ledger .pager")
    page.click("#ledger .pager button:has-text('Next')")
    page.settled()
    assert "16–30 of 48" in page.inner_text("#ledger .pager")
    assert table(page, "ledger")[0][0] == "S-16" and "ledger.page=2" in page.url
    page.select_option("select[name=document]", "1")
    page.settled()
    assert len(table(page, "ledger")) == 12 and "ledger.page" not in page.url


def test_a_run_in_the_table_is_a_link_to_it(look, served, worked):
    page = look(f"{served}/runs")
    page.click(f"#runs a:has-text('{worked.first}')")
    page.wait_for_url(f"**/run?run={worked.first}*")
    page.settled()
    assert "8" in page.locator("#funnel li").nth(1).inner_text()


def test_a_run_that_failed_shows_the_command_that_takes_it_up(look, served, worked):
    page = look(f"{served}/runs?state=failed")
    row, (remark,) = table(page, "runs")
    assert worked.failed in row[0] and "the weights are missing" in remark
    command = page.inner_text("#runs code")
    assert shlex.split(command) == [
        "storytransformer", "merge", "backlog/it's here", "more.md",
        "--judge", "local/smollm2-135m",
    ]  # fmt: skip


def test_text_of_documents_never_runs(look, served):
    page = look(f"{served}/run?tab=ledger")
    assert page.evaluate("window.hurt") is None
    has_count(page.locator("#ledger img, #ledger script"), 0)
    assert "<script>window.hurt=1</script>" in table(page, "ledger")[0][1]
    page.get_by_role("tab", name="Questions and calls").click()
    page.settled()
    page.click("#calls tbody tr:first-child a.open")
    page.locator("#reader[data-state=drawn]").wait_for()
    assert "<script>window.hurt=1</script>" in page.inner_text("#reader")
    assert page.evaluate("window.hurt") is None


def test_conflicts_stand_side_by_side_with_what_differs_marked(look, served, worked):
    page = look(f"{served}/run?tab=conflicts")
    first, *others = page.locator("#conflicts article").all()
    # What they oppose each other in, as the merged page says it, and the command that decides.
    assert first.locator("h3").inner_text() == "1. it. / it."
    decides = f"storytransformer review {worked.newest} S-4 S-8"
    assert first.locator("code").inner_text() == decides
    assert "in conflict · says ann · the numbers differ" in first.inner_text()
    assert others and all("possibly in conflict" in one.inner_text() for one in others)
    has_count(first.locator("mark"), 2)
    assert "S-4 · " in first.inner_text()
    boxes = [box.bounding_box() for box in first.locator("blockquote").all()]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]


def test_what_is_folded_says_under_what_and_by_whom(look, served):
    page = look(f"{served}/run?tab=ledger")
    rows = table(page, "folds")
    assert [row[:2] + row[3:7] for row in rows[:2]] == [
        ["S-2", "sentence", "S-1", "proof", "story-frame", "–"],
        ["S-3", "sentence", "S-1", "judge", "tiny, record r1", "by e-mail"],
    ]
    page.click("#folded button:has-text('by proof')")
    page.settled()
    assert {row[4] for row in table(page, "folds")} == {"proof"} and "folded=proof" in page.url


def test_an_entry_leads_to_its_stories_by_the_name_of_the_one_that_stands(look, served):
    page = look(f"{served}/run")
    rows = table(page, "entries")
    assert rows[0][0] == "S-1" and rows[0][2] == "3"
    page.click("#entries a.open:has-text('S-5')")
    page.settled()
    assert "tab=ledger" in page.url
    assert page.get_by_role("tab", name="Ledger").get_attribute("aria-selected") == "true"
    assert [row[0] for row in table(page, "ledger")] == ["S-5", "S-6", "S-7"]
    assert [row[4] for row in table(page, "ledger")] == ["–", "S-5", "S-5"]
    for typed, found in (("s-12", ["S-12"]), ("e-3", ["S-5", "S-6", "S-7"])):
        page.fill("input[name=q]", typed)
        page.wait_for_url(f"**q={typed}*")
        page.settled()
        assert [row[0] for row in table(page, "ledger")] == found


def test_neighbours_show_what_only_one_says(look, served):
    page = look(f"{served}/run?tab=conflicts")
    (row,) = table(page, "proposals")
    assert row[0].strip() == "S-1" and row[2].strip() == "S-4"
    assert row[4:6] == ["order 0", "order 3"]
    (row,) = table(page, "links")
    assert row[0].strip() == "S-5" and row[2].strip() == "S-8"
    assert row[5:7] == ["order 4", "order 7"]


def test_a_call_shows_prompt_and_replies(look, served):
    page = look(f"{served}/run?tab=calls")
    asked = [(row[2].strip(), row[3]) for row in table(page, "calls")]
    assert sorted(asked[:2]) == [("S-1, S-2, S-3, S-4", "different"), ("S-1, S-2, S-3, S-4", "–")]
    states = [row[1] for row in table(page, "calls")]
    assert sorted(states[:2]) == ["answered", "bad"] and states[2:] == ["not asked"]
    page.click("#calls tbody tr:first-child a.open")
    page.locator("#reader[data-state=drawn]").wait_for()
    said = page.inner_text("#reader")
    for part in ("Reply, not used: no answer", '"answer": "different"', "Prompt: system",
                 "Merge."):  # fmt: skip
        assert part in said
    assert grave(page) == {}
    page.keyboard.press("Escape")
    assert not page.locator("#reader").is_visible()


def test_two_runs_are_compared(look, served, worked):
    page = look(f"{served}/quality?a={worked.fabrication_1}&b={worked.fabrication_2}")
    compared = {row[0]: row for row in table(page, "compared")}
    assert compared["bad stopped"][1:4] == ["0.900", "0.970", "+0.070"]
    assert compared["bad stopped of story"][3:] == ["+0.070", "+0.070", "+0.070", "40", "differs",
                                                "paired"]  # fmt: skip
    assert compared["good stopped"][7] == "no difference shown"


def test_a_card_is_saved_as_csv_svg_and_png(look, served, worked):
    page = look(f"{served}/needles?run={worked.needles}")
    answer = page.request.get(served + page.get_attribute("[data-csv=heatmaps]", "href"))
    saved = list(csv.DictReader(io.StringIO(answer.text())))
    assert len(saved) == 25 and saved[0]["prompt_tokens"] == "512"
    for form, head in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as loading:
            page.click(f"#card-heatmaps button:has-text('{form}')")
        kept = loading.value.path().read_bytes()
        assert kept.startswith(head) and len(kept) > 3_000
    assert page.said == []


def test_the_csv_of_the_ledger_has_all_of_it(look, served, worked):
    page = look(f"{served}/run?run={worked.newest}&outcome=&tab=ledger")
    answer = page.request.get(served + page.get_attribute("[data-csv=ledger]", "href"))
    assert len(list(csv.reader(io.StringIO(answer.text())))) == 49
