"""What a terminal sees and what a pipe gets: tables, progress, the one screen that explains."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shlex
import sqlite3
import struct
import subprocess
import sys
import termios
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.amounts import band, short
from pipeline.cli.commands import WELCOME, app
from pipeline.console import Telling
from pipeline.progress import Pace, Progress
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """What was written to a terminal, and what stands on its last line."""

    def isatty(self) -> bool:
        return True

    @property
    def last_line(self) -> str:
        line = ""
        for part in self.getvalue().rpartition("\n")[2].split("\r"):
            line = part + line[len(part) :]
        return line.rstrip()


def in_a_terminal(*arguments: str, columns: int, cwd: Path, **env: str) -> str:
    """What a command shows in a terminal of so many columns."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = commands.Command(
        [*arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=other,
        stderr=other,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **env},
    )
    os.close(other)
    shown = b""
    with os.fdopen(main, "rb", buffering=0) as screen:
        while True:
            try:
                part = screen.read(65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            shown += part
    assert process.wait(timeout=60) == 0, shown
    return shown.decode().replace("\r\n", "\n")


def test_a_bar_says_how_far_how_fast_and_how_long():
    clock, screen = Clock(), Terminal()
    say = Telling(stream=lambda: screen, clock=clock)
    say.show(Progress("merge", "calls", 0, 200, seconds=100.0))
    assert "0 of 200 calls · 100" not in screen.last_line and "1.7 min left" in screen.last_line
    clock.now = 10.0
    now = Progress("merge", "calls", 70, 200, fresh=20, tokens=51_800, usd=Decimal("0.42"))
    say.show(now)
    assert screen.last_line.startswith("merge ▕████░░░░░░▏ 70 of 200 calls")
    assert "65 s left · $0.42 · 51.8k tokens" in screen.last_line
    say("warning: bad.pdf")
    assert "\nmerge" not in screen.getvalue() and "warning: bad.pdf\n" in screen.getvalue()
    assert screen.last_line.startswith("merge"), "the bar stays below what is said"
    say.show(Progress("merge", "calls", 200, 200, fresh=150))
    assert screen.last_line == "", "a finished bar goes away"


def test_a_pipe_hears_of_long_work_only_and_quiet_of_none():
    clock, pipe = Clock(), io.StringIO()
    say = Telling(stream=lambda: pipe, clock=clock)
    for second in range(0, 100, 5):
        clock.now = float(second)
        say.show(Progress("read", "documents", second, 100, fresh=second))
    lines = pipe.getvalue().splitlines()
    assert lines == [
        "read: 30 of 100 documents, 70 s left, 1.0/s",
        "read: 60 of 100 documents, 40 s left, 1.0/s",
        "read: 90 of 100 documents, 10 s left, 1.0/s",
    ]
    quiet = Telling(True, stream=lambda: pipe, clock=clock)
    quiet.show(Progress("x", "calls", 1, 1))
    quiet("line")
    assert pipe.getvalue().splitlines() == lines


def test_replies_of_the_journal_do_not_make_the_pace():
    clock = Clock()
    pace = Pace(clock)
    clock.now = 10.0
    now = Progress("merge", "calls", done=90, total=100, fresh=5)
    assert pace.rate(now) == 0.5 and pace.seconds_left(now) == 20.0


@given(
    done=st.integers(0, 10_000),
    more=st.integers(0, 10_000),
    seconds=st.floats(0, 1e6),
    data=st.data(),
)
def test_no_time_left_is_negative_and_none_remains_at_the_end(done, more, seconds, data):
    clock = Clock()
    pace = Pace(clock)
    clock.now = seconds
    fresh = data.draw(st.integers(0, done))
    now = Progress("w", "calls", done, done + more, fresh, seconds=data.draw(st.floats(0, 1e6)))
    left = pace.seconds_left(now)
    assert left is not None and left >= 0
    if more == 0 and fresh and seconds >= 0.5:
        assert left == 0 and not any("left" in word for word in pace.words(now))


@given(st.integers(0, 10**9))
def test_short_amounts_are_near(n: int):
    text = short(n)
    value = float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1)
    assert len(text) <= 5 and abs(value - n) <= max(0.5, 0.05 * n)


def test_a_band_of_one_amount_is_that_amount():
    assert band(1, 1, 1, str) == "1" and band(1, 2, 3, str) == "2 (1 – 3)"


def test_the_command_alone_explains_itself_on_one_screen(tmp_path: Path):
    done = commands.run(
        [],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    lines = done.stdout.rstrip("\n").splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    from typer.main import get_command

    for name in get_command(app).commands:
        assert re.search(rf"\b{name}\b", WELCOME), name


def test_every_command_can_answer_in_json_and_takes_no_option_twice():
    from typer.main import get_command

    def walk(group, name=""):
        for key, command in group.commands.items():
            if getattr(command, "commands", None):
                yield from walk(command, f"{name}{key} ")
            else:
                yield f"{name}{key}", command

    commands = dict(walk(get_command(app)))
    assert "eval needle" in commands and "merge" in commands
    for name, command in commands.items():
        options = [flag for one in command.params for flag in one.opts]
        assert "--json" in options, name
        assert len(options) == len(set(options)), name


def test_an_unfinished_run_tells_the_command_that_resumes_it(tmp_path: Path):
    (tmp_path / "a b.md").write_text("As a member, I want to borrow a drill, so that I save.\n")

    def run(*arguments: str) -> str:
        done = commands.run(
            [*arguments],
            cwd=tmp_path,
            text=True,
            capture_output=True,
            check=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return done.stdout

    run("merge", "a b.md", "--propose", "--max-cost", "2.5", "--about", "drill", "--out", "m")
    database = tmp_path / "data" / "runs" / "storytransformer.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        (name,) = connection.execute("update run set state = 'failed' returning id").fetchone()
    assert run("runs").splitlines()[-1] == f"next       storytransformer runs {name}"
    step = run("runs", name).splitlines()[-1]
    lead = "next       storytransformer merge 'a b.md' "
    said = ("--judge extractive", "--max-cost 2.5", "--about drill", "--propose", "--out m")
    assert step.startswith(lead) and len(step) == len(lead) + len(" ".join(said))
    assert all(one in step for one in said)
    run(*shlex.split(step.removeprefix("next       storytransformer ")))


def test_tables_for_people_and_lines_for_pipes(tmp_path: Path):
    (tmp_path / "a\tb.md").write_text("As a member, I want to borrow a drill, so that I save.\n")
    piped = commands.run(
        ["extract", "."],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout
    head, row, summary, last = piped.splitlines()
    assert head.split("\t") == [
        "document", "format", "encoding", "stories", "in stories", "problem"
    ]  # fmt: skip
    assert len(row.split("\t")) == 6 and row.split("\t")[3] == "1"
    assert summary.startswith("1 story in 1 document;")
    assert last == "next       storytransformer estimate ."
    assert not re.search("[─│┃\x1b]", piped)
    shown = in_a_terminal("extract", ".", columns=90, cwd=tmp_path)
    assert "───" in shown and "\t" not in shown
    assert all(len(ESCAPE.sub("", line)) <= 90 for line in shown.splitlines())


@pytest.mark.parametrize("columns", [80, 200])
def test_a_narrow_terminal_goes_without_some_columns_and_says_so(columns: int, tmp_path: Path):
    (tmp_path / "a.md").write_text("As a member, I want to borrow a drill, so that I save.\n")
    shown = in_a_terminal(
        "estimate", "a.md", "--model", "extractive", "--model", "claude/claude-haiku-5-5",
        "--notes", columns=columns, cwd=tmp_path, NO_COLOR="1",
    )  # fmt: skip
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", shown), "a colour"
    shown = ESCAPE.sub("", shown)
    assert ("A wider terminal" in shown) == (columns == 80)
    assert ("as batch  " in shown) == (columns == 200)
    assert "(1) the text would leave this machine" in shown
    assert "next       storytransformer merge a.md --judge extractive" in shown


def test_what_follows_an_estimate_of_a_model_asks_it_something(tmp_path: Path):
    (tmp_path / "a.md").write_text("As a member, I want to borrow a drill, so that I save.\n")
    priced = ("--model", "claude/claude-haiku-5-5", "--allow-cloud", "all")
    shown = ESCAPE.sub("", in_a_terminal("estimate", "a.md", *priced, columns=200, cwd=tmp_path))
    followed = "merge a.md --judge claude/claude-haiku-5-5 --propose --allow-cloud all"
    assert f"next       storytransformer {followed}" in shown


def test_help_loads_no_room_that_it_does_not_need():
    code = (
        "import sys; sys.argv = ['storytransformer', '--help']\n"
        "from pipeline.cli.commands import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.startswith(('pipeline', 'evals'))))\n"
        "print({'rich', 'numpy', 'pydantic', 'tomllib', 'socket'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *_, rooms, heavy = done.stdout.splitlines()
    assert heavy == "set()", heavy
    assert set(eval(rooms)) <= {
        "evals", "evals.benchmark", "evals.benchmark.benchmark_options", "pipeline",
        "pipeline.cli", "pipeline.config",
        "pipeline.text", "pipeline.train", "pipeline.train.training_report",
        *(
            f"pipeline.{name}"
            for name in (
                "amounts", "calls", "columns", "console", "engine", "engine.weights",
                "engine.weights.hashes", "engine.weights.weight_files", "errors",
                "config.installer",
                "models", "progress", "runtime", "text.invisible",
            )
        ),
        *(
            f"pipeline.cli.{name}"
            for name in (
                "benchmark_command", "command_options", "commands", "exam_command", "exit_codes",
                "help_layout", "machine_commands", "price_screen", "run_commands", "screen",
                "train_command",
            )
        ),
        # Each provider's file says which settings it has; the registry reads all that lie there.
        "pipeline.providers",
        *(
            f"pipeline.providers.{name}"
            for name in (
                "base", "claude", "doctor", "extractive", "gemini", "local", "local.generators",
                "openai", "opening", "provider_registry", "remote", "remote.batches",
                "remote.cloud",
                "remote.logprobs", "remote.pacing", "remote.retries", "remote.served_model",
            )
        ),
        *(
            f"pipeline.config.{name}"
            for name in (
                "config_file", "configuration", "egress", "extras", "load_options", "options",
                "processes", "settings",
            )
        ),
    }  # fmt: skip


def test_the_same_again_keeps_a_limit_of_nothing_and_leaves_out_what_was_not_given():
    from pipeline.cli.screen import the_same_again

    given = {"paths": ["a.md"], "pairs": 0, "max_seconds": 0, "max_usd": None, "batch": False,
             "propose": True, "since": "", "about": []}  # fmt: skip
    again = the_same_again({"model": "m", "parameters": given})
    assert again[:4] == ["merge", "a.md", "--judge", "m"]
    said = " ".join(again[4:])
    for one in ("--pairs 0", "--max-seconds 0", "--propose"):
        assert one in said
        said = said.replace(one, "", 1)
    assert not said.split(), "nothing that was not given"
