"""Options are declared once: commands, Prefect's forms and the rows of runs are made of them."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from typer.main import get_command

from evals.benchmark.benchmark_options import BenchmarkOptions
from evals.eval_registry import evals_by_name
from evals.grids.grids import GridOptions
from pipeline.cli.commands import app
from pipeline.cli.screen import the_same_again
from pipeline.config import options
from pipeline.config.options import (
    EstimateOptions,
    ExamOptions,
    MergeOptions,
    Options,
    ReadOptions,
    flag_of,
    option_of,
)
from pipeline.errors import InputError

KINDS = sorted(
    {
        kind
        for kind in vars(options).values()
        if isinstance(kind, type) and issubclass(kind, Options) and kind is not Options
    }
    | {BenchmarkOptions, *(task.options for task in evals_by_name().values())},
    key=lambda kind: kind.__name__,
)
#: Commands with the values of options that they take, and the flows that do the same.
TAKEN = {
    "extract": ([ReadOptions], "extract_stories"),
    "estimate": ([EstimateOptions, ReadOptions], "estimate_stories"),
    "merge": ([MergeOptions, ReadOptions], "merge_stories"),
    "exam": ([ExamOptions], "examine_judges"),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_option_has_a_default_a_meaning_and_a_title(kind: Any) -> None:
    for one in fields(kind):
        known = option_of(one)
        assert one.default is not MISSING and known.help.endswith((".", "]")) and known.title


@pytest.mark.parametrize("command", TAKEN)
def test_a_command_and_its_flow_have_the_same_options(command: str) -> None:
    from pipeline.flows import flows

    kinds, flow = TAKEN[command]
    shown = {one.name: one for one in get_command(app).commands[command].params}  # type: ignore[attr-defined]
    schema = getattr(flows, flow).parameters.properties
    for one in (one for kind in kinds for one in fields(kind)):
        known = option_of(one)
        assert flag_of(one.name, known) in [*shown[one.name].opts, *shown[one.name].secondary_opts]
        assert known.help.split(".")[0] in schema[one.name]["description"]
        assert schema[one.name]["title"] == known.title


def test_a_flow_lies_in_its_own_file() -> None:
    from pipeline.flows import flows

    assert inspect.getsourcefile(flows.merge_stories.fn) == flows.__file__


CHOSEN = [
    MergeOptions(),
    MergeOptions(about=("pay", "refund"), allow_cloud=("all",), pairs=0, max_cost=Decimal("2.50")),
    MergeOptions(strategy="groups", max_seconds=0, group="role", edition="full", since="merge-1"),
    MergeOptions(propose=True, batch=True, local_only=("hr/",)),
]


@pytest.mark.parametrize("chosen", CHOSEN, ids=str)
def test_what_a_run_keeps_makes_the_same_command_again(
    chosen: MergeOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = ReadOptions(shape="ears", exclude=("a.md", "b/"), strict=True)
    kept = {"paths": ["in"], **chosen.said(), **read.said()}
    words = the_same_again({"parameters": kept, "model": "extractive"})
    taken: dict[str, Any] = {}

    def merge_job(self: Any, paths: Any, model: str, chosen: Any, *, how: Any, **more: Any) -> None:
        taken.update(paths=paths, model=model, chosen=chosen, how=how)
        raise InputError("far enough.")

    monkeypatch.setattr("pipeline.runtime.Runtime.merge_job", merge_job)
    monkeypatch.setattr("pipeline.runtime.Runtime.store", lambda self: _Nothing())
    with pytest.raises(InputError, match="far enough"):
        app(words, standalone_mode=False)
    assert taken == {"paths": ["in"], "model": "extractive", "chosen": chosen, "how": read}


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


@pytest.mark.parametrize(
    ("kind", "given", "where"),
    [
        (MergeOptions, {"max_cost": "two"}, "--max-cost"),
        (MergeOptions, {"max_cost": "-1"}, "--max-cost"),
        (EstimateOptions, {"as_of": "yesterday"}, "--as-of"),
        (GridOptions, {"lengths": "512,many"}, "--lengths"),
        (ReadOptions, {"shape": "nose"}, "--shape"),
    ],
)
def test_a_text_that_is_no_value_names_the_option(kind: Any, given: Any, where: str) -> None:
    with pytest.raises(InputError) as refused:
        kind.taken(given)
    assert refused.value.where == where


def test_texts_become_values() -> None:
    assert EstimateOptions.taken({"as_of": "2026-11-21"}).as_of == date(2026, 11, 21)
    assert MergeOptions.taken({"max_cost": "$2.50", "about": None}).max_cost == Decimal("2.50")
    assert GridOptions.taken({"lengths": "512,1024"}).lengths == (512, 1024)
