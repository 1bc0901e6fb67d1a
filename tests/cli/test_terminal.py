"""What stands in a terminal of 80 columns and 24 lines, and of its neighbours: no word is broken,
no line is too long, and what matters is there."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.amounts import dollars, gigabytes
from pipeline.console import _fitting, folded
from tests.cli.test_console import ESCAPE, in_a_terminal
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (60, 80, 200)
#: Longer than a line of a narrow terminal, and of one piece: a path, a command, a hash.
ONE_PIECE = re.compile(r"^\s*(?:\S{0,4}\s+)?\S+$|`[^`]+`|Run: |next {7}| \\$")


def shown(*arguments: str, columns: int, cwd: Path) -> str:
    """What is left standing: of a line that was drawn over, its last picture."""
    text = ESCAPE.sub("", in_a_terminal(*arguments, columns=columns, cwd=cwd))
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in text.split("\n"))


def fits(text: str, columns: int) -> None:
    for line in text.splitlines():
        assert len(line) <= columns or ONE_PIECE.search(line), f"{len(line)}: {line}"


def every_command() -> Iterator[tuple[str, ...]]:
    from typer.main import get_command

    from pipeline.cli.commands import app

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, one in dict(getattr(command, "commands", {})).items():
            yield from walk(one, (*words, name))

    yield from walk(get_command(app), ())


@pytest.fixture(scope="module")
def helped() -> Mapping[tuple[str, ...], Mapping[int, str]]:
    """The help of every command at each width, by one process a width."""
    code = (
        "import sys, contextlib, io\n"
        "from typer.main import get_command\n"
        "from pipeline.cli.commands import app\n"
        "def walk(command, words):\n"
        "    yield words\n"
        "    for name, one in dict(getattr(command, 'commands', {})).items():\n"
        "        yield from walk(one, (*words, name))\n"
        "for words in list(walk(get_command(app), ())):\n"
        "    print('\\x00' + ' '.join(words))\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        app([*words, '--help'], prog_name='storytransformer')\n"
    )
    found: dict[tuple[str, ...], dict[int, str]] = {}
    for width in WIDTHS:
        done = commands.run(
            [], code=code, cwd=ROOT, text=True, capture_output=True, check=True,
            env={**os.environ, "COLUMNS": str(width), "PYTHONPATH": str(ROOT)}, timeout=120,
        )  # fmt: skip
        for part in done.stdout.split("\0")[1:]:
            name, _, text = part.partition("\n")
            found.setdefault(tuple(name.split()), {})[width] = text
    return found


def test_every_help_fits_and_breaks_and_cuts_no_word(helped):
    assert set(helped) == set(every_command())
    for name, texts in helped.items():
        assert len(texts[80].splitlines()) > 3, name
        for width, text in texts.items():
            assert max(map(len, text.splitlines())) <= width, f"{name} at {width}"
            listed = text.partition("Commands:")[2]
            assert not re.search(r"\.\.\.$", listed, re.MULTILINE), f"{name} cuts a sentence"
            assert text.split() == texts[200].split(), f"{name} at {width} breaks a word"


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_first_screen(columns: int, tmp_path: Path):
    text = shown(columns=columns, cwd=tmp_path)
    fits(text, columns)
    assert columns < 80 or len(text.splitlines()) <= 24
    assert "storytransformer extract" in text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample in it, merged."""
    folder = tmp_path_factory.mktemp("terminal")
    shutil.copytree(ROOT / "data" / "sample", folder / "sample")
    commands.run(
        ["merge", "sample", "--quiet"], cwd=folder, check=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return folder


PAGES: Mapping[str, tuple[str, ...]] = {
    "extract": ("extract", "sample"),
    "estimate": ("estimate", "sample"),
    "estimate --notes": ("estimate", "sample", "--notes"),
    "estimate --about": ("estimate", "sample", "--about", "drill"),
    "estimate --words": ("estimate", "--words", "440000", "--notes"),
    "merge": ("merge", "sample", "--out", "again"),
    "runs": ("runs",),
    "review": ("review", "RUN", "--list"),
    "one run": ("runs", "RUN"),
    "models": ("models",),
    "models --notes": ("models", "--notes"),
    "models --gpu": ("models", "--gpu", "RTX 4090"),
    "config": ("config",),
    "doctor": ("doctor",),
}


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("page", [name for name in PAGES if name != "review"])
def test_every_table_fits_and_names_copy_whole(page: str, columns: int, folder: Path):
    run = next((folder / "merged").glob("merged.json")).read_text()
    name = re.search(r'"run": ?"([^"]+)"', run)
    assert name
    words = [name[1] if word == "RUN" else word for word in PAGES[page]]
    text = shown(*words, columns=columns, cwd=folder)
    fits(text, columns)
    for whole in MATTERS.get(page, ()):
        assert re.search(rf"(?<!\S){re.escape(whole)}", text), f"{whole}\n{text}"
    if columns == 80 and page in ONE_SCREEN:
        assert len(text.splitlines()) <= 24, text


#: What has to be read on a page at any width, in one piece.
MATTERS = {
    "extract": ("sample/payments-and-reports.xlsx", "stories"),
    "estimate": ("local/smollm2-135m", "gemini/gemini-2.5-flash-lite", "dollars", "→"),
    "estimate --notes": ("claude/claude-fable-5-2", "gemini/gemini-2.5-flash-lite", "dollars"),
    "runs": ("extractive", "dollars", "state"),
    "models": ("claude/claude-3-sonnet-20240229", "gemini/gemini-3.1-pro-preview"),
    "models --gpu": ("local/nemotron-3-nano-30b-a3b", "weights", "power"),
    "config": ("anthropic_base_url",),
}
ONE_SCREEN = ("extract", "estimate", "estimate --about", "merge", "doctor")


def test_the_recommended_line_comes_first(folder: Path):
    text = shown("estimate", "sample", columns=80, cwd=folder)
    rows = text[text.index("───") :].splitlines()[1:]
    assert rows[0].startswith("→"), text
    step = re.search(r"--judge (\S+)(?: \\\n *| )--strategy(?: \\\n *| )(\S+)", text)
    assert step and rows[0].split()[1:3] == [step[1], step[2]], "what follows is that line"
    assert "notes on these figures" in text and "o200k_base" not in text
    whole = shown("estimate", "sample", "--notes", columns=80, cwd=folder)
    assert "o200k_base times" in whole and "tree" in whole and "memory" in whole


@given(st.text(st.sampled_from("ab cd`ef\n")), st.integers(1, 40))
def test_folding_moves_blanks_only(text: str, width: int):
    done = folded(text, width)
    assert done.split() == text.split()
    for line in done.split("\n"):
        assert len(line) <= width or " " not in re.sub(r"\S*`[^`]+`\S*", "_", line).strip()


def test_what_is_copied_stays_in_one_piece():
    error = "not here. Run: pip install 'storytransformer[local] @ file:///a/wheel.whl'"
    assert folded(error, 200) == error
    assert folded(error, 60).splitlines() == [
        "not here. Run: pip install \\", "'storytransformer[local] @ file:///a/wheel.whl'",
    ]  # fmt: skip
    assert folded(f"{error}, where x is y", 60).split()[-4:] == ["where", "x", "is", "y"]
    told = "look at `storytransformer review a-run --audit`, then go on"
    assert "`storytransformer review a-run --audit`," in folded(told, 30).splitlines()


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.text(st.sampled_from("abc d"), max_size=50), min_size=n, max_size=n),
            min_size=1,
            max_size=4,
        )
    ),
    st.integers(20, 120),
)
def test_columns_that_are_drawn_fit_and_hold_each_word(cells: list[list[str]], width: int):
    n = len(cells[0])
    names = [f"head {i}" for i in range(n)]
    kept, widths = _fitting(names, cells, [n - 1] if n > 1 else [], range(n), width)
    assert set(kept) >= set(range(n - 1 or 1))
    words = {
        i: max(len(w) for cell in (names[i], *(row[i] for row in cells)) for w in cell.split())
        for i in kept
    }
    if widths:
        assert sum(widths) + 2 * (len(widths) - 1) <= width
        assert all(given >= words[i] for i, given in zip(kept, widths, strict=True))
    else:
        assert sum(words.values()) + 2 * (len(kept) - 1) > width


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (None, "unknown"), ("0", "$0.00"), ("0.2", "$0.20"), ("0.0022", "$0.0022"),
        ("0.00002", "<$0.0001"), ("0.30000", "$0.30"), ("0.123456", "$0.1235"),
        ("0.99999", "$1.00"), ("3.5", "$3.50"), ("99.994", "$99.99"), ("99.996", "$100"),
        ("111.62", "$112"), ("1234.5", "$1,234"), ("123456", "$123,500"), ("-0.2", "-$0.20"),
    ],
)  # fmt: skip
def test_dollars_have_at_most_four_figures(usd: str | None, told: str):
    assert dollars(usd) == told


def test_sizes_have_at_most_four_figures():
    assert [gigabytes(int(n * 1e9)) for n in (0.138, 9.99, 17.71, 412.3, 3592.66)] == [
        "0.14 GB", "9.99 GB", "17.7 GB", "412 GB", "3,593 GB",
    ]  # fmt: skip
