"""Extraction by size: seconds a MB and peak memory of one file, and the growth of each format and
shape.

    python benchmarks/extract_growth.py [--full | --shapes]       default: up to 10 MB, a minute

``--full`` adds files of 100 and 300 MB and a single line of 200 MB; ``--shapes`` measures only how
many times longer twice the text takes, for every reader and shape of a document, and ends with 8
where one takes more than 2.5 times as long. Processor seconds, since others may be using the
machine; each size in a process of its own, its start included. Prints a table and, last, one JSON
line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_bytes

STORY = "As a cook, I want salt, so that it tastes."
LINE = "The kettle stood on the stove and nobody had filled it. "
PARAGRAPH = LINE * 6 + f"\n\n- {STORY}\n\n"
SIZES = [("text", 1, PARAGRAPH), ("text", 10, PARAGRAPH)]
FULL = [("text", 100, PARAGRAPH), ("text", 300, PARAGRAPH), ("single_line", 200, LINE)]

#: A piece of each format that is repeated to a size.
UNITS = {
    "prose.md": f"Prose that goes on for a while.\n\n- {STORY}\n\n",
    "headed.md": f"## Part\n\nProse.\n\n{STORY}\n\n",
    "lines.txt": f"{STORY}\n",
    "rows.csv": f'K-1,"{STORY}",open\n',
    "scenarios.feature": "  Scenario: x\n    Given a\n    Then b\n",
    "list.html": f"<p>Prose.</p><ul><li>{STORY}</li></ul>",
}
SMALL, LARGE = 100_000, 1_000_000

_KETTLE = "The kettle stood on the stove {n}."
#: What is told again and again, {n} its number, within what stands before and after it.
SHAPES = {
    "one line.md": ("", "As a cook, I want salt {n}, so that it tastes. ", ""),
    "one line without blanks.md": ("", "As a cook, I want salt {n}, so that it tastes.", ""),
    "one line without ends.md": ("", "As a cook, I want salt {n}; ", ""),
    "one line.txt": ("", "As a cook, I want salt {n}, so that it tastes. ", ""),
    "one line.rst": ("", "As a cook, I want salt {n}, so that it tastes. ", ""),
    "one paragraph.md": ("", "As a cook, I want salt {n}, so that it tastes.\n", ""),
    "one item.md": ("- ", "As a cook, I want salt {n}, so that it tastes. ", ""),
    "one heading.md": ("# ", "As a cook, I want salt {n}. ", ""),
    "under a heading.md": ("# User stories\n\n", "As a cook, I want salt {n}. ", ""),
    "quoted.md": ("", "> As a cook, I want salt {n}.\n", ""),
    "purpose first.md": ("", "In order to eat, as a cook, I want salt {n}. ", ""),
    "three lines.md": ("", "As a cook\nI want salt {n}\nSo that it tastes\n", ""),
    "many wishes.md": ("As a cook, I want:\n\n", "- to have salt {n}\n", ""),
    "criteria.md": ("As a cook, I want salt.\n\nAcceptance criteria:\n\n", "- {n} is met\n", ""),
    "criteria in a line.md": ("As a cook, I want salt. Acceptance criteria: ", "{n} is met; ", ""),
    "stories by heading.md": ("", "# Story {n}\n\nAs a cook, I want salt.\n\n", ""),
    "narratives.md": ("# User stories\n\n", "## S{n}\n\nA thing that is told here.\n\n", ""),
    "rows.md": ("| Role | Goal |\n|---|---|\n", "| cook | have salt {n} |\n", ""),
    "unclosed fences.md": ("", "```\ncode {n}\n\n", ""),
    "stops.md": ("As a cook, I want salt", ".", " {n}"),
    "stops in a wish.md": ("As a cook, I want ", ".", ", so that it tastes."),
    "dashes.md": ("As a cook, I want salt ", "- ", "a"),
    "brackets.md": ("As a cook, I want salt ", "(", "a"),
    "marked heading.md": ("# ", "_", "\n\nAs a cook, I want salt.\n"),
    "dashes.de.md": ("Als Koch möchte ich Salz ", "- ", "a"),
    "links.md": ("As a cook, I want ", "[salt {n}](http://x/{n}) ", ""),
    "one cell.csv": ('Story\n"', "As a cook, I want salt {n}. ", '"\n'),
    "rows.csv": ("Key,Summary,Description\n", 'K-{n},s,"As a cook, I want salt {n}."\n', ""),
    "criteria in a cell.csv": ('Story,Acceptance criteria\n"As a cook, I want salt."," ',
                               "- salt {n} is white\n", '"\n'),
    "one string.json": ('{"story":"', "As a cook, I want salt {n}. ", '"}'),
    "escaped quotes.json": ("[", '\\"', "]"),
    "struck.json": ('[{"marks":[', '"strike",', ""),
    "objects.jsonl": ("", '{"summary":"s","description":"As a cook, I want salt {n}."}\n', ""),
    "one paragraph.html": ("<p>", "As a cook, I want salt {n}.<br>", "</p>"),
    "unclosed macros.xml": ("", '<ac:structured-macro ac:name="code"><ac:plain-text-body>{n} ', ""),
    "unclosed sections.xml": ("<ac:task>", "<![CDATA[ salt {n} ", ""),
    "unclosed titles.xml": ("<ac:task>", '<ac:parameter ac:name="title">salt {n} ', ""),
    "a macro without an end.xml": ("<ac:structured-macro ", 'ac:name="code" x{n} ', ""),
    "one cell.html": ("<table><tr><td>", "As a cook, I want salt {n}. ", "</td></tr></table>"),
    "a description.feature": ("Feature: x\n", f"  {_KETTLE}\n", "\n  Scenario: a\n    Given b\n"),
    "a narrative.feature": ("Feature: x\n  As a cook\n  I want salt\n", f"  {_KETTLE}\n",
                            "\n  Scenario: a\n    Given b\n"),
    "nearly a narrative.feature": ("Feature: x\n", "  As a thing {n} stood\n",
                                   "\n  Scenario: a\n    Given b\n"),
    "invalid.feature": ("", "Given b {n}\n", ""),
    "steps.feature": ("Feature: x\n  Scenario: a\n", "    Given b {n}\n", ""),
    "scenarios.feature": ("Feature: x\n  Background:\n    Given u\n",
                          "  Scenario: s{n}\n    Given b\n    Then c\n", ""),
    "rules.feature": ("Feature: x\n  As a cook\n  I want salt\n",
                      "  Rule: r{n}\n    Scenario: a\n      Given b\n", ""),
}  # fmt: skip
#: Bytes of the smaller document, and how many times longer twice as much may take.
SHAPE, MOST = 120_000, 2.5

_ONE_FILE = """
import sys, time
from pipeline.extract.extraction import extract
from pipeline.run.dispatch.usage import peak_memory_bytes
(only,) = extract([sys.argv[1]])
print(time.process_time(), peak_memory_bytes() / 2**20)
"""


def measure_sizes(sizes: list[tuple[str, int, str]]) -> dict[str, float]:
    """Processor seconds a MB, and peak MB, of one text file of each size."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.txt"
        for name, size_mb, unit in sizes:
            path.write_text(unit * (size_mb * 1_000_000 // len(unit)), encoding="ascii")
            command = [sys.executable, "-c", _ONE_FILE, str(path)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds, peak = map(float, output.split())
            figures[f"{name}_{size_mb}mb_cpu_seconds_per_mb"] = round(seconds / size_mb, 3)
            figures[f"{name}_{size_mb}mb_peak_mb"] = round(peak)
    return figures


def measure_growth() -> dict[str, float]:
    """How many times longer ten times the text takes, by format; 10 is linear."""

    def seconds(name: str, unit: str, size: int) -> float:
        data = (unit * (size // len(unit))).encode()
        started = time.process_time()
        find_stories(read_bytes(data, (name,)))
        return time.process_time() - started

    figures = {}
    for name, unit in UNITS.items():
        seconds(name, unit, SMALL)
        small = min(seconds(name, unit, SMALL) for _ in range(3))
        figures[f"{name}_tenfold"] = round(seconds(name, unit, LARGE) / small, 1)
    return figures


def measure_shapes() -> dict[str, float]:
    """How many times longer twice the text takes, by shape, at the least busy of three times."""
    return {f"{name}_twofold": round(twofold(name, SHAPE), 2) for name in SHAPES}


def twofold(name: str, size: int) -> float:
    """The ratio of one shape."""
    before, unit, after = SHAPES[name]
    runs = count()

    def seconds(bytes_: int) -> float:
        # Other numbers each time: what was read before is remembered, as far as that has room.
        first = 10_000 + 100_000 * next(runs)
        text = "".join(unit.replace("{n}", str(first + n)) for n in range(bytes_ // len(unit)))
        data = (before + text + after).encode()
        started = time.process_time()
        find_stories(read_bytes(data, (name,)))
        return time.process_time() - started

    seconds(size)
    took = [(seconds(size), seconds(2 * size)) for _ in range(3)]
    return min(double for _, double in took) / min(single for single, _ in took)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--shapes", action="store_true")
    asked = parser.parse_args()
    found = measure_shapes()
    if not asked.shapes:
        found |= measure_growth() | measure_sizes(SIZES + FULL * asked.full)
    for name, value in found.items():
        print(f"{name:40} {value}")
    print(json.dumps({"benchmark": "extract_growth", **found}))
    over = [n for n, value in found.items() if n.endswith("_twofold") and value > MOST]
    sys.exit(8 if over else 0)
