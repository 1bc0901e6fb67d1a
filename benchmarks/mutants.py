"""What the tests of a room find: small faults put into its code, one at a time.

    python benchmarks/mutants.py [WHAT…] [--n N] [--seed N] [--tree PATH] [--those FILE]

WHAT is ``SOURCE=TESTS``, paths of files or folders, TESTS several with commas between them; the
default is a few rooms with fast tests. N mutants (40) are drawn over all sources by the seed: a
comparison, a boolean, a number or a constant is another, or a statement is not there. Each is put
into a copy of the tree, and the source's tests run there until one fails. Prints a table and, last,
one JSON line. The same seed over the same sources draws the same mutants. To compare two sets of
tests, ``--tree`` names the checkout whose code and tests are taken, and ``--those`` a file with the
output of a run: its survivors alone are tried.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "pipeline/judge=tests/judge",
    "pipeline/gate=tests/gate",
    "pipeline/compare=tests/compare",
    "pipeline/kept=tests/kept",
    "pipeline/run/dispatch=tests/run",
    "evals/metrics=tests/evals",
)
#: Others' code, loaded once: every run is a fork of this process.
_LOADED = ("pytest", "hypothesis", "numpy", "pydantic", "sqlmodel", "alembic", "typer", "rich")
_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One fault: the characters from ``start`` to ``end`` of a file are ``text``."""

    file: str
    line: int
    start: int
    end: int
    text: str
    was: str
    tests: tuple[str, ...]


def mutants_of(file: Path, name: str, tests: tuple[str, ...]) -> Iterator[Mutant]:
    """All that a file can have."""
    source = file.read_text(encoding="utf-8")
    lines = source.encode().splitlines(keepends=True)
    begins = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]

    def place(row: int, column: int) -> int:
        return len(source.encode()[: begins[row - 1] + column].decode())

    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in (inner for part in function.body for inner in ast.walk(part)):
            text = _changed(node)
            if text is None or isinstance(node, ast.FunctionDef):
                continue
            assert isinstance(node, ast.expr | ast.stmt)
            assert node.end_lineno is not None and node.end_col_offset is not None
            start = place(node.lineno, node.col_offset)
            end = place(node.end_lineno, node.end_col_offset)
            yield Mutant(name, node.lineno, start, end, text, source[start:end], tests)


def _changed(node: ast.AST) -> str | None:
    """What stands in the place of a node; None where it is left alone."""
    match node:
        case ast.Compare(left, [operator, *more], right) if type(operator) in _OTHER:
            other = _OTHER[type(operator)]()
            assert isinstance(other, ast.cmpop)
            return f"({ast.unparse(ast.Compare(left, [other, *more], right))})"
        case ast.BoolOp(operator, values):
            other = _OTHER[type(operator)]()
            assert isinstance(other, ast.boolop)
            return f"({ast.unparse(ast.BoolOp(other, values))})"
        case ast.UnaryOp(ast.Not(), operand):
            return f"bool({ast.unparse(operand)})"
        case ast.Constant(bool() as value):
            return str(not value)
        case ast.Constant(int() | float() as value):
            return str(value + 1)
        case ast.Expr(ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            return "pass"
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            return "return None"
    return None


def drawn(tree: Path, rooms: Sequence[str], n: int, seed: int) -> list[Mutant]:
    """Mutants of all rooms, each as likely as any other."""
    found = []
    for room in rooms:
        source, _, tests = room.partition("=")
        files = [tree / source] if source.endswith(".py") else sorted((tree / source).rglob("*.py"))
        for file in files:
            name = file.relative_to(tree).as_posix()
            found += mutants_of(file, name, tuple(tests.split(",")))
    # One place in a nested function is found twice.
    found = sorted(set(found), key=lambda one: (one.file, one.start, one.end))
    return random.Random(seed).sample(found, min(n, len(found)))


def tested(tree: Path, tests: Sequence[str], only: str, limit: float) -> tuple[int | None, str]:
    """The exit status of pytest in a fork of this process, None where it takes longer; its output.

    Args:
        only: as of ``pytest -k``.
    """
    log = tree / "pytest.log"
    pid = os.fork()
    if not pid:
        os.setsid()
        os.chdir(tree)
        sys.path[0] = str(tree)
        os.environ["PYTHONPATH"] = str(tree)
        sys.dont_write_bytecode = True
        number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(number, 1)
        os.dup2(number, 2)
        import pytest

        words = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]
        words += ["-m", "not browser and not prefect and not postgres and not model"]
        os._exit(pytest.main([*words, *(["-k", only] if only else [])]))
    deadline = time.monotonic() + limit
    status: int | None = None
    while time.monotonic() < deadline:
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended:
            status = os.waitstatus_to_exitcode(code)
            break
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # and what it left behind
    if status is None:
        os.waitpid(pid, 0)
    return status, log.read_text(errors="replace")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("rooms", nargs="*", default=ROOMS, metavar="SOURCE=TESTS")
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--only", default="", help="as of pytest -k")
    parser.add_argument("--those", type=Path, help="survivors of an earlier run")
    options = parser.parse_args()
    for name in _LOADED:
        importlib.import_module(name)
    if options.those:
        told = json.loads(options.those.read_text().splitlines()[-1])
        chosen = [Mutant(**one | {"tests": tuple(one["tests"])}) for one in told["survived"]]
    else:
        chosen = drawn(options.tree.resolve(), options.rooms, options.n, options.seed)
    rows = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        copy = Path(scratch) / "tree"
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=options.tree, capture_output=True, text=True, check=True
        )
        for name in listed.stdout.split("\0"):
            if name and (options.tree / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(options.tree / name, copy / name)
        seconds: dict[tuple[str, ...], float] = {}
        for tests in sorted({one.tests for one in chosen}):
            begun = time.monotonic()
            status, said = tested(copy, tests, options.only, 3600)
            if status:
                print(said[-3000:], f"{tests} fail without a mutant", sep="\n", file=sys.stderr)
                return 1
            seconds[tests] = time.monotonic() - begun
        print(f"{'verdict':<9} {'s':>5}  mutant")
        for one in chosen:
            file = copy / one.file
            source = file.read_text(encoding="utf-8")
            file.write_text(source[: one.start] + one.text + source[one.end :], encoding="utf-8")
            begun = time.monotonic()
            status, _ = tested(copy, one.tests, options.only, 60 + 3 * seconds[one.tests])
            file.write_text(source, encoding="utf-8")
            verdict = {0: "survived", None: "too long"}.get(status, "killed")
            rows.append((one, verdict))
            was, now = (" ".join(text.split())[:45] for text in (one.was, one.text))
            took = time.monotonic() - begun
            print(f"{verdict:<9} {took:5.0f}  {one.file}:{one.line} {was} → {now}", flush=True)
    alive = [asdict(one) for one, verdict in rows if verdict == "survived"]
    told = {"seed": options.seed, "mutants": len(rows), "killed": len(rows) - len(alive)}
    print(json.dumps(told | {"survived": alive}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
