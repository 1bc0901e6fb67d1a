"""The peak of memory of reading one document of values, against what its size allows.

    python benchmarks/extract_memory.py [SHAPE …] [--mb 1 3 8]

A list or a table of short values that tells no story is the worst that a size can hold: a cell
takes a few bytes of the file, and hundreds as an object with a place. Each document in a process
of its own, its imports included. The limit is twice the file and 200 MB. Prints a table and, last,
one JSON line; ends with 8 where one takes more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

#: What is told again and again, {n} its number, within what stands before and after it.
SHAPES = {
    "rows.csv": ("Key,Value\n", "k{n},v\n", ""),
    "loose rows.csv": ("", "k{n},v\n", ""),
    "roles.csv": ("Role,Goal\n", "cook,salt\n", ""),
    "rows.tsv": ("Key\tValue\n", "k{n}\tv\n", ""),
    "words.csv": ("", "w{n}\n", ""),
    "strings.json": ("[", '"w{n}",', '""]'),
    "objects.json": ("[", '{"k":"w{n}"},', "{}]"),
    "known objects.json": ("[", '{"title":"w{n}"},', "{}]"),
    "numbers.json": ("[", "{n},", "0]"),
    "objects.jsonl": ("", '{"title":"w{n}"}\n', ""),
    "words.txt": ("", "w{n}\n", ""),
    "words.md": ("", "- w{n}\n", ""),
    "words.rst": ("", "- w{n}\n", ""),
    "rows.md": ("| K | V |\n|---|---|\n", "| k{n} | v |\n", ""),
    "words.html": ("<ul>", "<li>w{n}</li>\n", "</ul>"),
    "rows.html": ("<table>", "<tr><td>k{n}</td><td>v</td></tr>\n", "</table>"),
    "words.xml": ("<r>", "<w>w{n}</w>\n", "</r>"),
    "rows.xml": ("<r>", "<o><k>w{n}</k><v>v</v></o>\n", "</r>"),
    "attributes.xml": ("<r>", '<o k="w{n}"/>\n', "</r>"),
    "words.yaml": ("", "- w{n}\n", ""),
    "rows.yaml": ("", "- title: w{n}\n  v: v\n", ""),
    "words.adoc": ("", "* w{n}\n", ""),
    "rows.adoc": ("|===\n", "| k{n} | v\n", "|==="),
}
#: MB that any document may take, and how many times its size.
BASE, TIMES = 200, 2

_ONE_FILE = """
import sys, time
from pipeline.extract.extraction import extract
from pipeline.run.dispatch.usage import peak_memory_bytes
(only,) = extract([sys.argv[1]])
problem = only.document.problem or ""
print(time.process_time(), peak_memory_bytes() / 1e6, len(only.stories), problem[:100])
"""


def measure(name: str, mb: int, folder: Path) -> tuple[float, float, str]:
    """(peak MB, processor seconds, what was said) of one shape of so many MB."""
    before, unit, after = SHAPES[name]
    size, parts, n = 0, [before], 0
    while size < mb * 1_000_000:
        parts.append(unit.replace("{n}", str(n)))
        size += len(parts[-1])
        n += 1
    path = folder / f"one{Path(name).suffix}"
    path.write_text("".join(parts) + after, encoding="utf-8")
    command = [sys.executable, "-c", _ONE_FILE, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, peak, stories, said = [*output.rstrip("\n").split(" ", 3), ""][:4]
    return float(peak), float(seconds), said if stories == "0" else f"{stories} stories"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shapes", nargs="*", default=list(SHAPES))
    parser.add_argument("--mb", nargs="+", type=int, default=[1, 3, 8])
    asked = parser.parse_args()
    print(f"{'shape':20} {'MB':>3} {'peak MB':>8} {'limit':>6} {'seconds':>8}", flush=True)
    figures: dict[str, float] = {}
    over = []
    with tempfile.TemporaryDirectory(prefix="extract-memory-") as folder:
        for name in asked.shapes:
            for mb in asked.mb:
                peak, seconds, said = measure(name, mb, Path(folder))
                limit = BASE + TIMES * mb
                figures[f"{name}_{mb}mb_peak_mb"] = round(peak)
                over += [f"{name}_{mb}mb"] * (peak > limit)
                mark = " !" * (peak > limit)
                print(
                    f"{name:20} {mb:3} {peak:8.0f} {limit:6} {seconds:8.1f}{mark} {said}",
                    flush=True,
                )
    print(json.dumps({"benchmark": "extract_memory", **figures, "over": over}))
    return 8 if over else 0


if __name__ == "__main__":
    sys.exit(main())
