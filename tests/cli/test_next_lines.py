"""What every command ends with, which run it means where none is named, and how it counts."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from pipeline.amounts import counted, outcomes
from pipeline.cli import price_screen, screen
from pipeline.merge.conclusion import MOST_PROPOSALS
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
TWO = """# Desk

- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
"""


def run(folder: Path, *arguments: str, answers: str = "") -> str:
    done = commands.run(
        [*arguments],
        cwd=folder, input=answers, text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr + done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines")
    (folder / "a.md").write_text(TWO)
    (folder / "merge.txt").write_text(run(folder, "merge", "a.md"))
    return folder


LAST = r"next       storytransformer {}"


@pytest.mark.parametrize(
    ("arguments", "following"),
    [
        (("extract", "a.md", "--show", "stories"), "estimate a.md"),
        (("runs",), "runs merge-.*"),
        (("config",), "init"),
        (("report",), "dashboard"),
        (("review", "--list"), "review merge-.*"),
        (("review",), "merge a.md --judge extractive"),
        (("review", "s-1"), "merge a.md --judge extractive"),
        (("review", "--glossary"), "merge a.md --judge extractive"),
        (("exam", "--dry-run", "--model", "code"), "exam --model code"),
        (("doctor", "claude"), "extract PATHS"),
        (
            ("eval", "needle", "--dry-run", "--lengths", "512", "--depths", "50"),
            "eval needle --lengths 512 --depths 50",
        ),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_a_command_ends_with_the_next_one(arguments: tuple[str, ...], following: str, folder: Path):
    text = run(folder, *arguments)
    assert re.fullmatch(LAST.format(following), text.rstrip().splitlines()[-1]), text


def test_the_newest_merge_is_reviewed_and_named(folder: Path):
    (name,) = re.findall(r"  run       (\S+)", (folder / "merge.txt").read_text())
    assert f"reviewing {name}, the newest merge" in run(folder, "review", "--list")
    assert "merge-" not in run(folder, "review", "--help")


def test_a_merge_whose_document_is_gone_is_not_the_one_to_review(folder: Path):
    """What an eval merges goes with its folder; the merge before it is reviewed."""
    (name,) = re.findall(r"  run       (\S+)", (folder / "merge.txt").read_text())
    run(folder, "merge", "a.md", "--out", "gone")
    shutil.rmtree(folder / "gone")
    assert f"reviewing {name}, the newest merge" in run(folder, "review", "--list")


def test_evals_that_are_read_again_end_with_the_next_command(tmp_path: Path):
    (tmp_path / "a.md").write_text(TWO)
    told = [run(tmp_path, "eval", "roundtrip", "a.md", "--rounds", "1") for _ in range(2)]
    first, second = (re.findall(r"roundtrip-\S+", text)[-1] for text in told)
    for arguments, following in (
        (("show", first), "dashboard"),
        (("show", second), f"eval diff {first} {second}"),
        (("diff", first, second), f"eval show {second}"),
        (("gate", second, "--min", "kept=0.1"), f"eval show {second}"),
    ):
        text = run(tmp_path, "eval", *arguments).rstrip()
        assert text.splitlines()[-1] == f"next       storytransformer {following}"
    assert "catastrophes\t0\t–" in run(tmp_path, "eval", "show", first)
    refused = commands.run(
        ["eval", "gate", first, "--min", "catastrophes=1"], cwd=tmp_path, text=True,
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert refused.returncode == 8 and "catastrophes is 0, n=1: --min" in refused.stderr


def test_without_a_merge_there_is_none_to_review(tmp_path: Path):
    done = commands.run(
        ["review"], cwd=tmp_path, text=True,
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2 and "no merge to review. `storytransformer merge" in done.stderr


def documents(n: int, odd: int = 0) -> dict[str, object]:
    one = {"format": "markdown", "encoding": "utf-8", "chars": 10, "story_chars": 5,
           "residue_chars": 5, "problem": None, "stories": 2}  # fmt: skip
    found = [one | {"path": f"{i:03}.md"} for i in range(n)]
    found += [one | {"path": f"odd{i}.csv", "format": "csv", "stories": 0} for i in range(odd)]
    return {"documents": found, "stories": [{}] * 2 * n, "passed_over": "", "links": []}


def test_many_documents_are_told_by_kind(capsys: pytest.CaptureFixture[str]):
    screen.extraction_table(documents(300, odd=3))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 26
    assert [line.split("\t")[0] for line in lines if line.startswith("odd")] == [
        "odd0.csv", "odd1.csv", "odd2.csv",
    ]  # fmt: skip
    assert "… and 283 more documents (283 markdown) with 566 stories: --all" in lines
    screen.extraction_table(documents(300), whole=True)
    assert capsys.readouterr().out.count("\n") >= 301
    screen.extraction_table(documents(20))
    assert "more document" not in capsys.readouterr().out


def test_a_count_has_its_noun():
    assert [counted(n, "story", "stories") for n in (0, 1, 2)] == [
        "0 stories", "1 story", "2 stories",
    ]  # fmt: skip
    assert counted(1234, "call") == "1,234 calls"
    assert outcomes({"kept": 1200, "duplicate_of": 1, "skipped": 0}) == "1,200 kept, 1 duplicate of"


def summary(n: int, proposals: int = 0) -> dict[str, object]:
    return {
        "ledger": {"kept": n}, "stories": n, "entries": n, "conflicts": n, "calls": n,
        "possible_conflicts": n, "proposals": proposals, "reused_replies": n, "not_asked": n,
        "kept": {"units": n, "standing": n, "folded": {"judge": 0}}, "standing_words": n,
        "source_words": n, "input_tokens": n, "output_tokens": n, "usd": "0",
        "estimated_usd": "0", "audit": None, "would_fold": 0, "out": {}, "run": "r",
    }  # fmt: skip


def test_the_end_of_a_merge_counts_as_people_do(capsys: pytest.CaptureFixture[str]):
    screen.merge_summary(summary(1, proposals=1))
    text = capsys.readouterr().out
    assert "1 story in 1 entry: 1 stands by itself." in text
    assert "1 model call, 1 reply reused" in text and "1 pair for a person" in text
    assert not re.search(r"\b1 (?!stands\b)\w+s\b", text), text
    screen.merge_summary(summary(2500, proposals=MOST_PROPOSALS))
    text = capsys.readouterr().out
    assert "2,500 stories in 2,500 entries: 2,500 stand by themselves." in text
    assert "the most promising 2,000 pairs for a person to decide" in text


@pytest.mark.parametrize(
    ("pairs", "alike", "minutes", "told"),
    [
        (1, 1, 1, "1 pair, 1 minute"),
        (200, 200, 50, "200 pairs, 50 minutes"),
        (200, 2514, 50, "200 at a time of 2,514 pairs that are alike, 50 minutes"),
    ],
)
def test_a_cap_is_told_as_one(pairs: int, alike: int, minutes: int, told: str):
    asked = {"pairs": pairs, "alike": alike, "minutes": minutes}
    assert price_screen._asked(asked) == told
