"""The command shown beside an open run is the one that was typed."""

from __future__ import annotations

import json
import shlex

import pytest
from typer.testing import CliRunner

from evals.dashboard.taking_up import command_for

MERGE = {
    "paths": ["my docs/it's here", "more.md"], "about": ["late fee"],
    "allow_cloud": ["docs/", "all"],
    "out": "fees", "group": "role", "edition": "full", "since": "merge-1", "propose": True,
    "pairs": 500, "max_cost": "2.50", "max_seconds": 0, "batch": False,
}  # fmt: skip


def test_a_merge_with_all_that_was_asked_for():
    command = command_for("merge", "claude/x", "pairs", json.dumps(MERGE), "my runs.sqlite")
    assert shlex.split(command) == [
        "storytransformer", "merge", "my docs/it's here", "more.md", "--judge", "claude/x",
        "--max-cost", "2.50", "--allow-cloud", "docs/", "--allow-cloud", "all", "--about",
        "late fee", "--pairs", "500", "--propose", "--max-seconds", "0", "--out", "fees", "--group",
        "role", "--edition", "full", "--since", "merge-1", "--db", "my runs.sqlite",
    ]  # fmt: skip


def test_a_merge_as_it_comes():
    assert command_for("merge", "extractive", "none", '{"paths": ["a.md"], "group": "topic"}') == (
        "storytransformer merge a.md --judge extractive"
    )


def test_a_needle_grid():
    asked = {"tasks": ["single"], "lengths": [512, 1024], "depths": [0.0, 12.5], "seeds": 2,
             "style": "chat", "haystack": "stories", "max_usd": None}  # fmt: skip
    assert command_for("needle", "local/m", "single", json.dumps(asked)) == (
        "storytransformer eval needle --model local/m --task single --lengths 512,1024 "
        "--depths 0,12.5 --seeds 2 --style chat --haystack stories"
    )


def test_an_aggregation_grid_a_round_trip_and_a_coverage():
    asked = {"tasks": ["count", "version"], "lengths": [1024], "depths": [0], "seeds": 1,
             "style": "chat", "haystack": "stories:a.md;b c.md", "max_usd": "2.50",
             "likelihood": False, "allow_cloud": ["a.md"]}  # fmt: skip
    assert command_for("aggregation", "local/m", "count,version", json.dumps(asked)) == (
        "storytransformer eval aggregation a.md 'b c.md' --model local/m --max-cost 2.50 "
        "--allow-cloud a.md --task count,version --lengths 1024 --depths 0 --seeds 1 --style chat "
        "--no-likelihood"
    )
    asked = {"paths": ["a.md"], "by": "role", "rounds": 3, "parts": 2, "seed": 0}
    assert command_for("roundtrip", "local/m", "tree", json.dumps(asked)) == (
        "storytransformer eval roundtrip a.md --model local/m --by role --strategy tree "
        "--rounds 3 --parts 2"
    )
    asked = {"reference": "insights.json", "document": "summary.md"}
    assert command_for("coverage", "code", "", json.dumps(asked)) == (
        "storytransformer eval coverage insights.json summary.md"
    )


@pytest.mark.parametrize("kind", ["aggregation", "roundtrip", "coverage"])
def test_the_commands_of_evals_know_every_option_of_it(kind):
    from evals.cli.eval_commands import app

    everything = {"tasks": ["count"], "lengths": [1024], "depths": [0], "seeds": 1, "style": "chat",
                  "haystack": "stories:a.md", "max_usd": "1", "likelihood": False,
                  "allow_cloud": ["all"], "paths": ["a.md"], "by": "role", "rounds": 3,
                  "parts": 2, "seed": 0, "reference": "a", "document": "b"}  # fmt: skip
    words = shlex.split(command_for(kind, "m", "tree", json.dumps(everything), "x.sqlite"))
    shown = CliRunner().invoke(app, [words[2], "--help"], env={"COLUMNS": "120"}).output
    options = {word for word in words if word.startswith("--")}
    assert options and all(option in shown for option in options)


@pytest.mark.parametrize(
    "kind", ["merge", "needle", "canary", "aggregation", "roundtrip", "coverage"]
)
def test_what_cannot_be_taken_up_has_none(kind):
    assert command_for(kind, "m", "edit", "{}") is None


def test_the_command_line_knows_every_option_of_it():
    from pipeline.cli.commands import app

    command = command_for("merge", "extractive", "tree", json.dumps(MERGE), "x.sqlite")
    options = {word for word in shlex.split(command) if word.startswith("--")}
    shown = CliRunner().invoke(app, ["merge", "--help"], env={"COLUMNS": "120"}).output
    assert options and all(option in shown for option in options)
