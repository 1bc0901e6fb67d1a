"""The module ``storytransformer``, as a program uses it."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import storytransformer as st

HERE = Path(__file__).parents[1]
SAMPLE = HERE / "data/sample"


def test_the_worked_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(HERE / "docs/examples/merge_from_python.py"))
    done = example["main"](str(SAMPLE), str(tmp_path / "out"), f"sqlite:///{tmp_path}/x.sqlite")
    assert done.markdown.read_text(encoding="utf-8").startswith("#") and done.html.exists()
    assert done.missing == () and done.usd == Decimal(0)
    assert 0 < done.entries < done.stories
    told = capsys.readouterr().out
    assert f"{done.stories} stories in {done.entries} entries" in told
    assert "claude/claude-haiku-5-5 by pairs" in told


def test_an_estimate_is_of_values(tmp_path: Path) -> None:
    corpus = st.read([SAMPLE / "lending-desk.md"])
    priced = st.estimate(
        corpus, models=["claude/claude-haiku-5-5"], db=f"sqlite:///{tmp_path}/x.sqlite"
    )
    assert priced.stories == len(corpus.stories) and priced.lines
    line = priced.lines[0]
    assert isinstance(line.usd, Decimal) and line.usd_low <= line.usd <= line.usd_high
    by_paths = st.estimate(
        [SAMPLE / "lending-desk.md"], models=[line.model], db=f"sqlite:///{tmp_path}/x.sqlite"
    )
    assert by_paths.words == priced.words


def test_a_judge_by_code_is_examined(tmp_path: Path) -> None:
    record = st.exam("code", db=f"sqlite:///{tmp_path}/x.sqlite")
    assert record.n > 500 and record.judge.model == "code"


def test_errors_are_those_of_the_product(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/x.sqlite"
    with pytest.raises(st.InputError):
        st.merge([tmp_path / "nothing.md"], out=tmp_path / "out", db=db)
    with pytest.raises(st.SovereigntyError):
        st.merge([SAMPLE], out=tmp_path / "out", judge="claude/claude-haiku-5-5", db=db)


def test_everything_public_is_there_and_documented() -> None:
    tree = ast.parse(Path(st.__file__).read_text(encoding="utf-8"))
    for name in st.__all__:
        assert getattr(st, name).__doc__, name
    told = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert {name for name in told if not name.startswith("_")} <= set(st.__all__)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "torch", "transformers", "prefect", "anthropic", "sqlalchemy"
    code = f"import sys, storytransformer; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE)
    assert done.stdout.strip() == "[]", done.stderr
