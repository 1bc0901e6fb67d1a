"""Evals killed half-way come to the rows of an undisturbed run and ask for nothing twice: a real
process, a real server on this machine, a real kill -9."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import run
from tests.support.rewriters import rewritten
from tests.support.slow_server import SlowServer, journalled, killed_when, stored

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"

pytestmark = pytest.mark.enable_socket


def grouped(shown: str) -> str:
    """Puts the first two of a window together, and says of every pair that they overlap."""
    if shown.startswith("A: "):
        return '{"answer":"overlap"}'
    handles = re.findall(r"^(\w\d+)\b", shown, re.MULTILINE)[:2]
    return json.dumps({"groups": [{"handles": handles, "relation": "overlap"}]})


def first_number(shown: str) -> str:
    """Right where the needle's number comes first."""
    found = re.search(r"\d{4,}", shown)
    return f"It is {found[0] if found else 'not there'}."


class Eval:
    """One eval command, run undisturbed in one database and killed and resumed in another."""

    def __init__(self, folder: Path, cache: Path, server: SlowServer, *words: str) -> None:
        self.folder, self.server, self.words = folder, server, words
        self.env = os.environ | {"PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(cache)}

    def database(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite"

    def command(self, name: str) -> list[str]:
        return ["eval", *self.words, "--json", "--quiet",
                "--model", f"openai/judge@{self.server.address}",
                "--db", f"sqlite:///{self.database(name)}"]  # fmt: skip

    def run(self, name: str) -> tuple[dict[str, Any], list[str]]:
        """What it prints, and what it asked."""
        before = len(self.server.asked)
        done = run(
            self.command(name), cwd=self.folder, env=self.env,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout), self.server.asked[before:]

    def kill(self, name: str, reached: Callable[[Path], bool]) -> list[str]:
        """What was asked until it was killed."""
        before = len(self.server.asked)
        database = self.database(name)
        killed_when(lambda: reached(database), self.command(name), self.folder, self.env)
        return self.server.asked[before:]

    def rows(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database(name))) as connection:
            return connection.execute(sql).fetchall()

    def figures(self, name: str, run: str) -> list[tuple[Any, ...]]:
        """What a run left for the pages."""
        sql = "select name, item, value, low, high, n, detail from score where run = '{}' order by"
        return self.rows(name, f"{sql.format(run)} name, item")


@pytest.mark.parametrize(
    ("strategy", "rule", "rounds"), [("tree", rewritten, 6), ("groups", grouped, 3)]
)
def test_a_killed_round_trip_comes_to_the_same_rows_and_asks_nothing_again(
    tmp_path: Path, shared_cache: Path, strategy: str, rule: Callable[[str], str], rounds: int
) -> None:
    server = SlowServer(0.15, rule)
    document = str(SAMPLE / "lending-desk.md")
    asked = Eval(tmp_path, shared_cache, server, "roundtrip", document, "--strategy", strategy,
                 "--rounds", str(rounds), "--parts", "2")  # fmt: skip
    whole, all_asked = asked.run("whole")
    half = len(all_asked) // 2
    assert half >= 2 and len(whole["rounds"]) == rounds + 1

    first = asked.kill("killed", lambda at: sum(journalled(at).values()) >= half)
    kept = sum(journalled(asked.database("killed")).values())
    assert half <= kept < len(all_asked), "killed too late to show anything"
    figures = "select 1 from score join run on run.id = score.run where run.kind = 'roundtrip'"
    assert not stored(asked.database("killed"), figures), "no figures of half a trip"

    resumed, then_asked = asked.run("killed")
    ignored = {"run", "usd"}
    assert {k: v for k, v in resumed.items() if k not in ignored} == {
        k: v for k, v in whole.items() if k not in ignored
    }
    assert asked.figures("killed", resumed["run"]) == asked.figures("whole", whole["run"])
    again = Counter(first) & Counter(then_asked)
    assert sum(again.values()) <= len(first) - kept, "but for what was in flight"
    assert set(first) | set(then_asked) == set(all_asked)
    assert max(journalled(asked.database("killed")).values()) == 1
    assert journalled(asked.database("killed")) == journalled(asked.database("whole"))

    _, third = asked.run("killed")
    assert third == []
    server.close()


CELLS = """select key, task, target_tokens, prompt_tokens, depth_target, depth_actual, seed, status,
    score, expected, reply, finish, flags from needle_cell order by key"""


@pytest.mark.parametrize(
    "words",
    [
        ("needle", "--task", "single,latest", "--lengths", "400,600", "--depths", "0,100"),
        ("aggregation", str(SAMPLE / "volunteers.txt"), "--task", "version,count",
         "--lengths", "900,1200", "--depths", "0,100"),
    ],
    ids=["needle", "aggregation"],
)  # fmt: skip
def test_a_killed_grid_comes_to_the_same_rows_and_asks_nothing_again(
    tmp_path: Path, shared_cache: Path, words: Sequence[str]
) -> None:
    server = SlowServer(0.2, first_number)
    asked = Eval(tmp_path, shared_cache, server, *words)
    whole, all_asked = asked.run("whole")
    assert len(all_asked) == len(whole["cells"]) == 8
    assert {cell["score"] for cell in whole["cells"]} == {0.0, 1.0}, "an answer can be right here"

    first = asked.kill("killed", lambda at: len(stored(at, "select 1 from needle_cell")) >= 4)
    kept = len(stored(asked.database("killed"), "select 1 from needle_cell"))
    assert 4 <= kept < 8, "killed too late to show anything"
    assert not stored(asked.database("killed"), "select 1 from score"), "no figures of half a grid"

    resumed, then_asked = asked.run("killed")
    assert resumed["reused"] == kept and len(then_asked) == 8 - kept
    assert sum((Counter(first) & Counter(then_asked)).values()) <= len(first) - kept
    assert asked.rows("killed", CELLS) == asked.rows("whole", CELLS)
    assert asked.figures("killed", resumed["run"]) == asked.figures("whole", whole["run"])
    for told in ("n", "mean", "interval", "tasks", "effective"):
        assert resumed[told] == whole[told]

    _, third = asked.run("killed")
    assert third == []
    server.close()
