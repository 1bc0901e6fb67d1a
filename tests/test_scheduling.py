"""`make test` in two processes: what a file's tests share is made once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.conftest import run_together

ROOT = Path(__file__).resolve().parents[1]
#: Small files of several tests each.
FILES = ("tests/text/test_words.py", "tests/text/test_web_marks.py", "tests/test_values.py")


def test_the_tests_of_a_file_are_run_by_one_process():
    line = next(x for x in (ROOT / "Makefile").read_text().splitlines() if "-m pytest" in x)
    options = line.partition("-m pytest")[2].split()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-vvv", "-p", "no:cacheprovider", *FILES],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    by: dict[str, set[str]] = defaultdict(set)
    tests: dict[str, int] = defaultdict(int)
    for process, file in re.findall(r"^\[(gw\d)\].*PASSED (\S+?)::", done.stdout, re.MULTILINE):
        by[file].add(process)
        tests[file] += 1
    assert set(by) == set(FILES) and all(n > 2 for n in tests.values())
    assert all(len(processes) == 1 for processes in by.values()), dict(by)
    assert len(set.union(*by.values())) == 2, "both are used"


def test_the_flows_are_one_piece_of_work():
    names = ("flows/test_a.py", "flows/test_b.py", "run/test_a.py")
    assert {run_together(f"tests/{name}::test_it[a::b]") for name in names} == {
        "tests/flows", "tests/run/test_a.py"
    }  # fmt: skip
