"""Extraction by size: seconds a MB and peak memory of one file, and the growth of each format.

    python benchmarks/extract_growth.py [--full]       default: up to 10 MB, half a minute

``--full`` adds files of 100 and 300 MB and a single line of 200 MB. Processor seconds, since others
may be using the machine; each size in a process of its own, its start included. Prints a table and,
last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipeline.extract.patterns import find_stories
from pipeline.extract.readers import read_bytes

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

_ONE_FILE = """
import resource, sys, time
from pipeline.extract.corpus import extract
(only,) = extract([sys.argv[1]])
print(time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true")
    found = measure_growth() | measure_sizes(SIZES + FULL * parser.parse_args().full)
    for name, value in found.items():
        print(f"{name:40} {value}")
    print(json.dumps({"benchmark": "extract_growth", **found}))
