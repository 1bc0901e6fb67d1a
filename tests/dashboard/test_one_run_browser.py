"""A run that was really made, some of whose calls failed, on its page: everything that a person
may click there, and the merged page that the run wrote."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evals.dashboard.serve import Served, pages
from pipeline.config.settings import read_settings
from tests.dashboard.test_pages_browser import figures, grave, table
from tests.support import commands
from tests.support.browser import has_count
from tests.support.providers import Provider, chance

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

ROOT = Path(__file__).resolve().parents[2]
TABS = ("document", "conflicts", "stopped", "ledger", "calls", "cost", "how")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, embedded: Any) -> Iterator[SimpleNamespace]:
    """A merge of the sample by a server that refuses, cuts off and garbles four of ten replies."""
    folder = tmp_path_factory.mktemp("made")
    embedded([ROOT / "data" / "sample"], folder / "data" / "runs" / "storytransformer.sqlite")
    with Provider() as provider:
        provider.fault = chance(0.4, ["refusal", "length", "empty", "garbage"], seed=3)
        command = ["merge", str(ROOT / "data" / "sample"), "--propose", "--pairs", "30"]
        command += ["--judge", "gemini/gemini-2.5-flash-lite", "--allow-cloud", "all", "--json"]
        done = commands.run(
            [*command], cwd=folder, text=True,
            capture_output=True, timeout=300,
            env=os.environ | {"PYTHONPATH": str(ROOT), "GEMINI_BASE_URL": provider.url,
                              "GEMINI_API_KEY": "sk-none"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    path = folder / "data" / "runs" / "storytransformer.sqlite"
    with pages(Served(path, models_toml=read_settings({}).models_toml), 0) as (url, _):
        base = url.rpartition("/")[0]
        merged = json.loads((folder / "merged" / "merged.json").read_text())
        yield SimpleNamespace(
            folder=folder, path=path, base=base, run=result["run"], result=result, merged=merged
        )


def at(made, tab: str = "") -> str:
    return f"{made.base}/run?run={made.run}" + (f"&tab={tab}" if tab else "")


def rows(made, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(made.path)) as connection:
        return connection.execute(sql).fetchall()


def test_failed_calls_show_in_the_states_colour_and_words(look, made):
    failed = made.result["failed_calls"]
    assert 5 < failed < 25
    page = look(f"{made.base}/runs")
    row, remark = table(page, "runs")
    assert f"{failed} of 30 calls failed" in row[1]
    assert "storytransformer merge" in remark[0]
    assert "odd" in page.locator("#runs .badge").first.get_attribute("class")
    page = look(at(made))
    assert f"{failed} of 30 calls failed" in figures(page, "head")["state"]
    assert "odd" in page.locator("#head .badge").get_attribute("class")
    assert f"{failed} calls failed." in page.inner_text("#open")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_whole_accessible_and_no_longer_than_four_screens(look, made, tab):
    page = look(at(made, tab))
    assert page.locator(".drawing[data-state=failed]").count() == 0
    assert page.evaluate("document.documentElement.scrollHeight") < 3_600
    for width, scheme in ((1280, "light"), (400, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.settled()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert grave(page) == {}, (width, scheme)
    assert page.said == [] and page.bad == []


def test_tabs_answer_clicks_and_arrow_keys_and_the_address_keeps_them(look, made):
    page = look(at(made))
    shown = "[role=tabpanel]:not([hidden])"
    assert page.locator(shown).get_attribute("id") == "panel-document"
    drawn = page.locator("#ledger[data-state=drawn]")
    has_count(drawn, 0)  # what nobody looks at is not asked for
    page.get_by_role("tab", name="Ledger").click()
    page.settled()
    has_count(drawn, 1)
    assert page.locator(shown).get_attribute("id") == "panel-ledger"
    page.keyboard.press("ArrowRight")
    assert page.locator(shown).get_attribute("id") == "panel-calls" and "tab=calls" in page.url
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert page.locator(shown).get_attribute("id") == "panel-how"
    page.go_back()
    page.settled()
    assert page.locator(shown).get_attribute("id") == "panel-document"
    # A link of before names no tab, but what it narrows is on one.
    again = look(f"{at(made)}&outcome=merged_into")
    assert again.locator(shown).get_attribute("id") == "panel-ledger"


def test_what_was_stopped_stands_with_what_the_model_wrote(look, made):
    page = look(at(made, "stopped"))
    told = table(page, "stopped")
    bad = rows(made, "SELECT why, text FROM reply WHERE NOT good")
    assert len(bad) >= made.result["failed_calls"] and len(told) == min(15, len(bad))
    for call, stories, state, why, wrote in told:
        assert re.fullmatch(r"S-\d+, S-\d+", stories.strip()) and state == "given up"
        assert (why, "" if wrote == "–" else wrote) in {(w, text.strip()) for w, text in bad}
        assert call.startswith("pairs-")
    assert any(row[4] != "–" for row in told)
    page.click("#stopped tbody tr:first-child a.open")
    page.locator("#reader[data-state=drawn]").wait_for()
    assert "Reply, not used:" in page.inner_text("#reader")


def test_a_conflict_says_what_about_and_the_command_asks_just_that(look, made):
    page = look(at(made, "conflicts"))
    late = page.locator("#conflicts article").filter(has_text="late fee of").first
    assert "2 euros / 1 euro" in late.locator("h3").inner_text()
    command = late.locator("code").inner_text().split()
    assert command[:3] == ["storytransformer", "review", made.run]
    done = commands.run(
        [*command[1:], "--json"], cwd=made.folder, text=True,
        capture_output=True, timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    (question,) = json.loads(done.stdout)["questions"]
    assert [story["name"] for story in question["stories"]] == command[3:]
    assert question["opposed"] == "2 euros / 1 euro"
    assert f"storytransformer review {made.run}" in page.inner_text("#decide")
    assert len(table(page, "proposals")) == 6


def test_a_pair_is_counted_and_shown_once(look, made):
    page = look(at(made, "conflicts"))
    sides = rows(made, f"SELECT conflict, story FROM conflict_side WHERE run = '{made.run}'")
    contested = [{story for k, story in sides if k == n} for n in {k for k, _ in sides}]
    proposed = rows(made, f"SELECT a, b FROM proposal WHERE run = '{made.run}'")
    others = [pair for pair in proposed if not any(set(pair) <= one for one in contested)]
    assert 0 < len(others) < len(proposed), "some are in conflict, and some are not"
    tab = page.get_by_role("tab", name="Conflicts").inner_text()
    assert tab.split()[-1] == f"{len(contested) + len(others):,}"
    assert f"of {len(others):,}" in page.inner_text("#proposals .pager")
    conflicts = page.locator("#conflicts article code").all_inner_texts()
    shown = [frozenset(command.split()[3:5]) for command in conflicts]
    for name in ("proposals", "links"):
        for row in table(page, name):
            pair = frozenset((row[0].strip(), row[2].strip()))
            assert pair not in shown
            shown.append(pair)
            assert row[1].startswith(("As a", "In order", "I ", "“")) or " · " not in row[1], row


def test_a_story_has_one_name_everywhere(look, made):
    """On the pages, in the Markdown, in the ledger's JSON and to a person who reviews."""
    text = "to export the loan history as a CSV file"
    by_json = [s for s in made.merged["sources"].values() if text in s["text"]]
    (name,) = {source["name"] for source in by_json}
    page = look(f"{at(made, 'ledger')}&q=loan+history")
    assert name in [row[0].strip() for row in table(page, "ledger") if text in row[1]]
    folder = made.folder / "merged"
    assert f"[{name}](" in (folder / "merged.md").read_text()
    assert f"### {name}" in (folder / "merged.tellings.md").read_text()
    done = commands.run(
        ["review", made.run, name, "--json"], cwd=made.folder,
        text=True, capture_output=True, timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    told = [story for q in json.loads(done.stdout)["questions"] for story in q["stories"]]
    assert any(one["name"] == name and text in one["telling"][-1]["text"] for one in told)
    page.goto(f"{made.base}/merged/{made.run}")
    page.fill("#q", name)
    page.get_by_text(f"Where did {name} go?").wait_for()
    assert text in page.inner_text("#panel")


def test_the_merged_page_opens_from_the_run_and_reaches_nothing(look, made):
    page = look(at(made))
    page.get_by_role("link", name="Read it here").click()
    page.locator("article").first.wait_for()
    assert page.url == f"{made.base}/merged/{made.run}"
    page.locator("article").first.click()
    assert "telling" in page.inner_text("#panel h2")
    # Apart from the pages, whatever the file holds: it may neither ask nor read them.
    asked = "fetch('/runs').then(() => 'answered', () => 'refused')"
    assert page.evaluate(asked) == "refused" and page.evaluate("origin") == "null"
    assert [text for kind, text in page.said if kind == "error" and "Content" not in text] == []


def test_a_page_of_another_run_is_not_shown_as_this_ones(look, made):
    page = made.folder / "merged" / "merged.html"
    before = page.read_text()
    try:
        page.write_text(before.replace(f"run {made.run}<", "run merge-of-later<"))
        shown = look(at(made))
        assert "was replaced by a later run" in shown.inner_text("#read")
        assert shown.request.get(f"{made.base}/merged/{made.run}").status == 404
        assert shown.request.get(f"{made.base}/merged/..%2f..%2fetc").status == 404
    finally:
        page.write_text(before)


def test_what_it_took_names_the_hardware(look, made):
    page = look(at(made, "cost"))
    took = figures(page, "spent")
    (machine,) = {row[0] for row in rows(made, "SELECT machine FROM actual")}
    assert f"on {machine}" in took["peak memory"] and f"on {machine}" in took["whole run"]
    assert "on the provider's machines" in took["model's time"]
    assert re.match(r"\$0\.\d{2,4}\n|under \$0\.0001\n", took["paid"])


def test_no_markup_of_a_document_and_no_cell_runs_into_the_next(look, made):
    page = look(at(made, "ledger"))
    page.fill("input[name=q]", "membership year to begin on 1 January")
    page.wait_for_url("**q=membership*")
    page.settled()
    ((_, says, *_),) = table(page, "ledger")
    assert says.startswith("treasurer · every membership year to begin on 1 January · the member")
