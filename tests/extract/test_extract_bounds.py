"""Small files that would exhaust the machine, hang it, or never end: bounded, said, and passed."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import resource
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import stories
from pipeline.errors import InputError
from pipeline.extract import reading_limits
from pipeline.extract.extraction import extract
from pipeline.extract.globs import matches
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers import condensing, plain
from pipeline.extract.readers import reader_registry as readers
from pipeline.extract.readers.reader_registry import FORMATS, add_reader, read_bytes

ROOT = Path(__file__).resolve().parents[2]
STORY = "As a cook, I want salt, so that it tastes."

#: The most memory that a process held, in bytes. Where the system tells it, of the process alone:
#: what ``getrusage`` says begins with the memory of the process that started it.
PEAK = """
import resource, sys
from pipeline.extract.extraction import extract

def peak():
    try:
        with open("/proc/self/status") as told:
            return next(int(line.split()[1]) * 1024 for line in told if line[:6] == "VmHWM:")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

"""


def sheet(*rows: str) -> bytes:
    """A workbook of one sheet with these rows, as XML."""
    import openpyxl

    file, out = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(file)
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    told = f"<worksheet {space}><sheetData>{''.join(rows)}</sheetData></worksheet>"
    with zipfile.ZipFile(file) as plain, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in plain.namelist():
            is_sheet = name.startswith("xl/worksheets/")
            made.writestr(name, told if is_sheet else plain.read(name))
    return out.getvalue()


def row(number: int, *cells: tuple[str, str]) -> str:
    inner = "".join(
        f'<c r="{column}{number}" t="inlineStr"><is><t>{words}</t></is></c>'
        for column, words in cells
    )
    return f'<row r="{number}">{inner}</row>'


def letters(number: int) -> str:
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


@pytest.mark.parametrize(
    "far",
    [
        lambda n: (n, "XFD"),  # one cell in the last column of every row
        lambda n: (n, letters(2 + 3 * n)),  # in a column of its own
        lambda n: (1 + 500 * n, "B"),  # far apart in their column
        lambda n: (1_048_576 - 2000 + n, "XFD"),  # in the far corner
    ],
)
def test_far_cells_cost_what_they_hold(far: Callable[[int], tuple[int, str]], tmp_path: Path):
    rows = [row(1, ("A", "Summary"), ("B", "Story"))]
    rows += [row(far(n)[0], (far(n)[1], f"{STORY} {n}")) for n in range(2, 2000)]
    path = tmp_path / "a.xlsx"
    path.write_bytes(sheet(*rows))
    assert path.stat().st_size < 100_000
    code = PEAK + (
        "(e,) = extract([sys.argv[1]])\n"
        "print(e.document.text.count('As a cook'), 'brought together' in e.document.problem,\n"
        "      peak() // 1_000_000)\n"
    )
    started = time.process_time()
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert told[:2] == ["1998", "True"]
    assert int(told[2]) < 200, "MB"
    assert time.process_time() - started < 60


def test_a_wide_table_is_left_as_it_is() -> None:
    names = [(letters(n), f"Field {n}") for n in range(1, 700)]
    rows = [row(1, ("A", "Story"), *names[1:])]
    rows += [row(n, ("A", f"{STORY} {n}"), ("ZZ", "x")) for n in range(2, 40)]
    read = find_stories(read_bytes(sheet(*rows), ("a.xlsx",)))
    assert len(read.stories) == 38 and read.document.problem is None


@pytest.mark.parametrize(
    "head",
    [
        "a: &a [x, x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n"
            for n in range(20)),
        "a: &a\n" + "  - x\n" * 200 + f"b: &b [{', '.join(['*a'] * 200)}]\nc: [*b, *b]\n",
        "a: &a\n  b: *a\n",
        "a: &a {b: c}\n" + "".join(f"d{n}:\n  <<: *a\n" for n in range(200)),
        "a: " + "[" * 3000 + "\n",
        "a: " + "9" * 9000 + "\n",
    ],
)  # fmt: skip
def test_aliases_of_yaml_end(head: str) -> None:
    started = time.process_time()
    read = find_stories(read_bytes(f"---\nauthor: Ann\n{head}---\n\n{STORY}\n".encode(), ("a.md",)))
    assert time.process_time() - started < 2
    assert len(read.stories) == 1
    assert read.document.front_matter["author"] == "Ann" and "YAML" in (read.document.problem or "")


def test_pipes_sockets_devices_and_links_to_them_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"{STORY}\n")
    os.mkfifo(tmp_path / "b.md")
    (tmp_path / "c.md").symlink_to(tmp_path / "b.md")
    (tmp_path / "d.md").symlink_to("/dev/zero")
    here = os.getcwd()
    os.chdir(tmp_path)  # the name of a socket has to be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("e.md")
    finally:
        os.chdir(here)
    found = {Path(e.document.path).name: e.document.problem for e in extract([tmp_path])}
    assert found["a.md"] is None and set(found) == {"a.md", "b.md", "c.md", "d.md", "e.md"}
    for name, what in (("b", "pipe"), ("c", "pipe"), ("e", "socket")):
        assert what in (found[f"{name}.md"] or "")
    assert "link that leads out" in (found["d.md"] or "")
    followed = {e.document.path: e.document.problem for e in extract([tmp_path], follow_links=True)}
    assert "device" in (followed[str(tmp_path / "d.md")] or "")
    (named,) = extract([tmp_path / "b.md"])
    assert "pipe" in (named.document.problem or "")


def test_an_ignore_file_that_is_a_pipe_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"{STORY}\n")
    os.mkfifo(tmp_path / ".storyignore")
    assert len(list(extract([tmp_path]))) == 1


def test_links_that_lead_out_of_a_named_folder_are_followed_when_asked(tmp_path: Path) -> None:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "in" / "a.md").write_text(f"{STORY}\n")
    (tmp_path / "in" / "again.md").symlink_to("a.md")
    (tmp_path / "out" / "b.md").write_text(f"{STORY} Twice.\n")
    (tmp_path / "in" / "b.md").symlink_to(tmp_path / "out" / "b.md")
    (tmp_path / "in" / "sub").symlink_to(tmp_path / "out", target_is_directory=True)
    found = list(extract([tmp_path / "in"]))
    assert sum(bool(e.stories) for e in found) == 1
    assert sum("leads out" in (e.document.problem or "") for e in found) == 2
    found = list(extract([tmp_path / "in"], follow_links=True))
    assert sum(bool(e.stories) for e in found) == 2 and not any(e.document.problem for e in found)
    (named,) = extract([tmp_path / "in" / "b.md"])
    assert named.stories, "a file named outright is read"


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 60 + "b", "**/" * 60 + "b", "*" * 3000 + "b", "?*" * 500 + "b", "a*" * 90 + "[!a]",
     "**/*a*a*a*a*/" * 20 + "x"],
)  # fmt: skip
def test_repeated_stars_end(pattern: str) -> None:
    started = time.process_time()
    assert not matches("/".join(["a" * 200] * 20), pattern)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("pattern", ["[z-a].md", "", "!", "/", "x" * 5000, "a\0b"])
def test_patterns_that_mean_nothing_are_errors_of_usage(pattern: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"{STORY}\n")
    with pytest.raises(InputError) as wrong:
        list(extract([tmp_path], exclude=[pattern]))
    assert wrong.value.where == "--exclude" and wrong.value.exit_code == 2


def test_a_pattern_that_means_nothing_in_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / ".storyignore").write_text("*.bak\n[z-a].md\n")
    with pytest.raises(InputError) as wrong:
        list(extract([tmp_path]))
    assert wrong.value.where.endswith(".storyignore")


@pytest.fixture
def slow_format() -> Iterator[None]:
    """Readers that do not end, by suffix: in Python, in a regular expression, in memory."""

    def spins(data: bytes, encoding: str | None) -> readers.Reading:
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))

    def backtracks(data: bytes, encoding: str | None) -> readers.Reading:
        import re

        re.match(r"(a+)+$", "a" * 60 + "b")
        raise AssertionError

    def grows(data: bytes, encoding: str | None) -> readers.Reading:
        held = []
        while True:
            held.append(bytes(10_000_000))

    for suffix, read in ((".spins", spins), (".backtracks", backtracks), (".grows", grows)):
        add_reader(suffix, suffix[1:], read)
    yield
    for suffix in (".spins", ".backtracks", ".grows"):
        del readers.ADDED[FORMATS.pop(suffix)]


@pytest.mark.usefixtures("slow_format")
@pytest.mark.parametrize("files", [2, 12])
def test_a_document_over_its_limit_is_said_and_the_others_go_on(
    files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_limits, "SECONDS", 0.5)
    monkeypatch.setattr(reading_limits, "BYTES", 200 << 20)
    for suffix in ("spins", "backtracks", "grows"):
        (tmp_path / f"a.{suffix}").write_text("a" * len(suffix))
    for number in range(files):
        (tmp_path / f"b{number}.md").write_text(f"{STORY} {number}\n")
    before = resource.getrlimit(resource.RLIMIT_AS)
    found = {Path(e.document.path).name: e for e in extract([tmp_path])}
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    for name, what in (("spins", "seconds"), ("backtracks", "seconds"), ("grows", "MB of memory")):
        assert what in (found[f"a.{name}"].document.problem or "")
        assert found[f"a.{name}"].document.sha256
    assert sum(len(e.stories) for e in found.values()) == files


PROSE = "The kettle stood on the stove and nobody had filled it. "


@pytest.mark.parametrize(
    "unit",
    [PROSE * 6 + "\n\n", PROSE + "\n", f"- {PROSE}\n", "ab cd\n\n", "## Part\n\nProse.\n\n", PROSE,
     PROSE.replace("kettle", "kettle – ") + "\n\n"],
    ids=["paragraphs", "lines", "items", "short", "headings", "one line", "wide letters"],
)  # fmt: skip
def test_long_markdown_without_a_story_takes_at_most_twice_its_size_and_200_mb(
    unit: str, tmp_path: Path
) -> None:
    path, size = tmp_path / "a.md", 3_000_000
    path.write_text(unit * (size // len(unit.encode())), encoding="utf-8")
    code = PEAK + (
        "before = peak()\n(e,) = extract([sys.argv[1]])\nprint(len(e.stories), peak() - before)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert told[0] == "0" and int(told[1]) < 2 * size + 40_000_000


def test_stories_of_a_long_document_are_found_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Blocks that are let go of change no story: the same text, read with and without."""
    monkeypatch.setattr(condensing, "RUN", 1000)
    filler = "## Part {n}\n\nProse that goes on.\n\n- an item\n\n"
    parts = []
    for n in range(4000):
        parts.append(filler.format(n=n))
        if n % 977 == 5:
            parts.append(f"{STORY[:-1]} {n}.\n\n- it is white\n\n")
        if n == 2100:
            parts.append("# User stories\n\n- print a receipt {n}\n- see the total\n\n# End\n\n")
        if n == 3001:
            parts.append("| Story |\n|---|\n" + f"| {STORY} |\n" * 3 + "\n")
    text = "".join(parts)
    whole = find_stories(read_bytes(text.encode(), ("a.md",)))
    monkeypatch.setattr(plain, "settle_stretches", lambda t: condensing.settle_stretches(t, 1))
    let_go = find_stories(read_bytes(text.encode(), ("a.md",)))
    assert len(let_go.document.blocks) < 0.8 * len(whole.document.blocks)
    assert let_go.stories == whole.stories and len(whole.stories) >= 7
    assert let_go.residue == whole.residue


def test_words_of_long_texts_are_counted_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a bb  ccc\n" * 500 + "x" * 40 + " end"
    for size in (1, 2, 7, 39, 10_000):
        monkeypatch.setattr(stories, "_WORDS_AT_ONCE", size)
        assert stories.count_words(text) == len(text.split())


@pytest.mark.parametrize(
    "shape",
    ["one line.md", "one line without blanks.md", "one paragraph.md", "a description.feature",
     "nearly a narrative.feature", "invalid.feature"],
)  # fmt: skip
def test_twice_the_text_takes_about_twice_as_long(shape: str) -> None:
    place = ROOT / "benchmarks" / "extract_growth.py"
    spec = importlib.util.spec_from_file_location("bench_extract_growth", place)
    assert spec is not None and spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    # Quadratic would be 4; the benchmark holds 2.5 on larger documents.
    assert bench.twofold(shape, 60_000) < 3
