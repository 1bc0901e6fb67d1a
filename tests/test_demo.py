"""After `make demo` every page of the dashboard has something to show."""

from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.dashboard import card_rows
from evals.dashboard.cards import Page, load_pages
from pipeline.cli.commands import app

ROOT = Path(__file__).parents[1]
#: Cards that have a row over any database, or a row of nothing.
ALWAYS = {("runs", "totals")}


def commands() -> list[list[str]]:
    """What the demo runs, without the shell's part of it."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    demo = re.search(r"^demo:.*\n((?:\t.*\n)+)", text, re.M)
    assert demo
    lines = re.findall(r"^\t\$\(BIN\)/storytransformer (.*)$", demo[1], re.M)
    return [shlex.split(line.partition(">")[0]) for line in lines]


def has_rows(connection: sqlite3.Connection, page: Page) -> list[str]:
    """The cards with something to show where nobody chose anything."""
    values = page.values(card_rows.filled(connection, page, {}))
    return [
        name
        for name, card in page.cards.items()
        if card.kind != "picture" and (page.name, name) not in ALWAYS
        if card_rows.answer(connection, card, values).rows
    ]


def test_no_page_is_empty_after_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "demo.sqlite"
    for words in commands():
        asked = [word.replace("$(DEMO)", str(tmp_path)) for word in words if word != "--prefect"]
        if "needle" in asked:  # the same command, over fewer and shorter prompts
            asked += ["--lengths", "256,512", "--depths", "0"]
        done = CliRunner().invoke(app, [*asked, "--db", f"sqlite:///{file}", "--quiet"])
        assert done.exit_code == 0, (asked, done.output)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        card_rows.prepare(connection)
        shown = {page.name: has_rows(connection, page) for page in load_pages().values()}
    assert [name for name, cards in shown.items() if not cards] == []
    assert {"f1", "together"} <= {*shown["quality"]}
    assert {"heatmaps", "effective", "cells"} <= {*shown["needles"]}
    assert {"models", "unmeasured"} <= {*shown["models"]} and "records" in shown["records"]
    assert {"prices", "times"} <= {*shown["costs"]}
