"""The registry of evals: what the file of one says is what the whole program knows of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_group

from evals.cli.eval_commands import app
from evals.dashboard.cards import load_pages
from evals.dashboard.kinds import eval_kinds, links, shown_on, unit_of
from evals.dashboard.taking_up import command_for
from evals.declared import Eval
from evals.eval_flows import FLOWS
from evals.eval_registry import evals_by_name
from pipeline.config.options import flag_of, option_of

ROOT = Path(__file__).resolve().parents[2]
EVALS = evals_by_name()


def test_there_is_one_for_every_file_of_the_room() -> None:
    files = {file.stem for file in (ROOT / "evals" / "tasks").glob("*.py")} - {"__init__"}
    assert {one.run.__module__.rpartition(".")[2] for one in EVALS.values()} <= files
    assert files == set(EVALS), "a file is called as its command"
    places = [one.place for one in EVALS.values()]
    assert places == sorted(places)


@pytest.mark.parametrize("task", EVALS.values(), ids=lambda task: task.name)
def test_command_flow_and_pages_are_made_of_what_it_says(task: Eval) -> None:
    command: Any = get_group(app).commands[task.name]
    params = {one.name: one for one in command.params}
    assert command.help == task.help and (task.price is None) == (task.priced is None)
    assert {one.name for one in task.arguments} <= params.keys()
    for one in fields(task.options):
        shown = params[one.name]
        assert flag_of(one.name, option_of(one)) in [*shown.opts, *shown.secondary_opts]
    assert ("model" in params) == bool(task.model) and ("dry_run" in params) == bool(task.price)
    assert ("prefect" in params) == (task.name in FLOWS) == (task.deployment is not None)
    page, chooser = shown_on(task.name)
    assert links()[task.name] == (page, chooser) and task.name in json.loads(eval_kinds())
    assert chooser in {"", *load_pages()[page].filters}
    assert unit_of(task.name) == (task.unit or None)


@pytest.mark.parametrize("task", EVALS.values(), ids=lambda task: task.name)
def test_what_goes_on_is_told_with_its_arguments(task: Eval) -> None:
    kept = {one.name: ["a b.md"] if one.several else "a b.md" for one in task.arguments}
    told = command_for(task.name, "m", "s", json.dumps(kept | {"lengths": [512]}))
    assert (told is not None) == task.goes_on
    if told is not None:
        assert told.startswith(f"storytransformer eval {task.name} ")


def test_what_evals_say_of_themselves_loads_nothing_that_they_need() -> None:
    code = (
        "import sys; from evals.eval_registry import evals_by_name; evals_by_name();"
        "heavy = {'torch', 'prefect', 'sqlalchemy', 'numpy', 'anthropic', 'datasette'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
