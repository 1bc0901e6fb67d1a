"""`review` as a person and as a script use it, on merges that were really made."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import commands

ROOT = Path(__file__).resolve().parents[1]
BACKLOG = """# Desk

- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to delete a reader's account, so that our data stays clean.
- As a head librarian, I want to remove a reader's account, so that our data stays clean.
- As a librarian, I want to print a list of overdue books, so that I can write to the readers.
- As a librarian, I want to print a list of damaged books, so that I can write to the readers.
"""


def run(folder: Path, *arguments: str, answers: str = "", code: int = 0) -> str:
    done = commands.run(
        [*arguments],
        cwd=folder,
        input=answers,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def merged(folder: Path) -> dict:
    return json.loads(run(folder, "merge", "desk.md", "--json", "--quiet"))


def asked(folder: Path, run_id: str, *more: str) -> dict[tuple[str, ...], dict]:
    """The questions of a run by the names of their stories."""
    told = json.loads(run(folder, "review", run_id, "--json", *more))["questions"]
    return {tuple(story["name"] for story in question["stories"]): question for question in told}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk.md").write_text(BACKLOG)
    return tmp_path


def test_keys_decide_and_the_next_run_applies_it(folder: Path):
    first = merged(folder)
    assert first["possible_conflicts"] == 1 and first["folded"]["person"] == 0
    found = asked(folder, first["run"])
    assert set(found) == {("S-1", "S-2"), ("S-3", "S-4"), ("S-5", "S-6")}
    keys = {("S-1", "S-2"): "2", ("S-3", "S-4"): "o", ("S-5", "S-6"): "d"}
    shown = run(
        folder, "review", first["run"], "--by", "ann",
        answers="?\n9\n" + "".join(f"{keys[names]}\n" for names in found),
    )  # fmt: skip
    assert "[14]" in shown and "[28]" in shown and "desk.md, line 3" in shown
    assert "there is no story 9" in shown
    assert "1 preferred" in shown and "1 one need" in shown and "0 open." in shown
    second = merged(folder)
    assert second["possible_conflicts"] == 0 and second["folded"]["person"] == 2
    assert second["standing_words"] < first["standing_words"]
    assert not second["kept"]["missing"]
    assert asked(folder, second["run"]) == {}
    again = asked(folder, second["run"], "--again")
    assert again["S-3", "S-4"]["decided"]["answer"] == "one_need"
    assert again["S-3", "S-4"]["decided"]["told"].startswith("decided by ann on ")


@pytest.mark.parametrize("how", ["mark", "option"])
def test_a_marks_decision_bears_it_wherever_it_is_applied(folder: Path, how: str):
    """Decided over a document that stays here; applied to one of the same words that may leave."""
    told = BACKLOG if how == "option" else f"---\nsovereignty: local\n---\n{BACKLOG}"
    (folder / "secret.md").write_text(told)
    kept = ["--local-only", "secret.md"] if how == "option" else []
    first = json.loads(run(folder, "merge", "secret.md", *kept, "--json", "--quiet"))["run"]
    found = asked(folder, first)
    assert {question["sovereignty"] for question in found.values()} == {"local"}
    line = {"question": found["S-3", "S-4"]["question"], "answer": "one_need", "note": "for Acme"}
    (folder / "answers.jsonl").write_text(json.dumps(line))
    run(folder, "review", first, "--decide", "answers.jsonl")
    (folder / "other.md").write_text("# Else\n\n- As a cook, I want to bake bread.\n")
    before = json.loads(run(folder, "merge", "other.md", "--json", "--quiet"))
    assert "sovereignty" not in (folder / before["out"]["markdown"]).read_text()
    second = merged(folder)
    assert second["folded"]["person"] == 1
    document = json.loads((folder / "merged" / "merged.json").read_text())
    assert document["sovereignty"] == "local", "the note of the decision stands in it"
    assert (folder / "merged" / "merged.md").read_text().startswith("---\nsovereignty: local\n---")
    assert not any("sovereignty" in q for q in asked(folder, second["run"], "--again").values())


def test_stories_named_are_asked_about_alone(folder: Path):
    """The command that pages show beside a conflict."""
    run_id = merged(folder)["run"]
    assert list(asked(folder, run_id, "S-1", "S-2")) == [("S-1", "S-2")]
    assert list(asked(folder, run_id, "S-5")) == [("S-5", "S-6")]
    assert list(asked(folder, run_id, "S-1", "S-5")) == [("S-1", "S-5")], "by hand"
    shown = run(folder, "review", run_id, "S-1", "S-2", answers="preferred 2\n")
    assert "about: 14 days / 28 days" in shown and "1 preferred, 0 open." in shown
    assert ("S-1", "S-2") not in asked(folder, run_id)
    assert asked(folder, run_id, "S-2", "S-1")["S-1", "S-2"]["decided"]["answer"] == "preferred"
    assert "there is no story 'S-99'" in run(folder, "review", run_id, "S-99", "--json", code=2)


def test_a_kind_is_named_as_a_shell_likes_it(folder: Path):
    run_id = merged(folder)["run"]
    assert list(asked(folder, run_id, "--only", "possible-conflict")) == [("S-1", "S-2")]
    shown = run(folder, "review", run_id, "--list", "--most", "1")
    assert "1 open." in shown and "--most asks for more" in shown


def test_answers_come_from_a_file_all_or_none(folder: Path):
    first = merged(folder)["run"]
    found = asked(folder, first)
    lines = [{"question": q["question"], "answer": "different"} for q in found.values()]
    answers = folder / "answers.jsonl"
    bad = {"question": "nowhere", "answer": "different"}
    answers.write_text("\n".join(json.dumps(line) for line in [*lines, bad]))
    told = json.loads(run(folder, "review", first, "--decide", "answers.jsonl", "--json", code=2))
    assert told["where"] == "answers.jsonl, line 4"
    assert len(asked(folder, first)) == 3
    answers.write_text("\n".join(json.dumps(line) for line in lines))
    told = json.loads(run(folder, "review", first, "--decide", "answers.jsonl", "--json"))
    assert told == {"run": first, "decided": 3, "open": 0}
    second = merged(folder)
    assert second["entries"] == 6 and second["possible_conflicts"] == 0
    listed = run(folder, "review", second["run"], "--list").splitlines()
    assert listed[0] == "0 open." and not any("review" in line for line in listed)


def test_any_two_are_merged_by_hand(folder: Path):
    first = merged(folder)["run"]
    told = json.loads(run(folder, "review", first, "--together", "S-6", "S-3", "--json"))
    assert told["stands"] == "S-6"
    second = merged(folder)
    assert second["folded"]["person"] == 1 and second["entries"] == 5
    document = json.loads((folder / "merged" / "merged.json").read_text())
    names = {story: told["name"] for story, told in document["sources"].items()}
    (entry,) = (e for e in document["entries"] if len(e["sources"]) == 2)
    assert [names[story] for story in entry["sources"]] == ["S-6", "S-3"]
    error = json.loads(run(folder, "review", first, "--together", "S-6", "S-9", "--json", code=2))
    assert "S-9" in error["error"] and "S-1 to S-6" in error["next"]


def test_an_edit_that_proof_calls_harmless_keeps_a_decision_and_another_asks_anew(folder: Path):
    run(folder, "review", merged(folder)["run"], "--together", "S-1", "S-2")
    desk = folder / "desk.md"
    desk.write_text(
        BACKLOG.replace("I want to keep a book for 28", "I would like to keep a book for 28")
    )
    assert merged(folder)["folded"]["person"] == 1
    desk.write_text(BACKLOG.replace("28 days", "30 days"))
    last = merged(folder)
    assert last["folded"]["person"] == 0 and ("S-1", "S-2") in asked(folder, last["run"])


def test_roles_share_a_heading(folder: Path):
    first = merged(folder)["run"]
    told = json.loads(run(folder, "review", first, "--glossary", "--json"))
    assert [(r["role"], r["stories"]) for r in told["roles"]] == [
        ("librarian", 3), ("head librarian", 1), ("reader", 2)
    ]  # fmt: skip
    shown = run(
        folder, "review", first, "--glossary",
        answers="2 1\n7 1\ntopic lending = loans\n3 -\n\n",
    )  # fmt: skip
    assert "kept: head librarian → librarian" in shown and "there is no role '7'" in shown
    told = json.loads(run(folder, "review", first, "--glossary", "--json"))
    assert told["roles"][1]["heading"] == "librarian"
    assert told["topics"] == [{"topic": "lending", "heading": "loans"}]
    terms = folder / "terms.jsonl"
    terms.write_text('{"role": "head librarian", "heading": ""}\n{"role": 1, "heading": "x"}\n')
    error = json.loads(
        run(folder, "review", first, "--glossary", "--decide", "terms.jsonl", "--json", code=2)
    )
    assert error["where"] == "terms.jsonl, line 2"
    terms.write_text('{"role": "head librarian", "heading": ""}\n')
    run(folder, "review", first, "--glossary", "--decide", "terms.jsonl")
    assert "→ librarian" not in run(folder, "review", first, "--glossary", "--list")


def test_decisions_of_before_are_asked_about_and_confirmed(folder: Path):
    """ann decided on three pairs of these stories before the first release."""
    dump = ROOT / "tests" / "store" / "released" / "v0007.sql"
    with closing(sqlite3.connect(folder / "old.sqlite")) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    told = json.loads(run(folder, "decisions", "import", "old.sqlite", "--json"))
    assert told["imported"] == 5
    first = merged(folder)
    found = asked(folder, first["run"])
    assert found["S-1", "S-2"]["kind"] == "earlier"
    assert found["S-1", "S-2"]["decided"]["answer"] == "contradicting"
    assert "the board decides in May" in found["S-1", "S-2"]["because"]
    assert first["conflicts"] == 0, "nothing of before acts before it is confirmed"
    answers = folder / "answers.jsonl"
    line = {"question": found["S-1", "S-2"]["question"], "answer": "as_before"}
    answers.write_text(json.dumps(line))
    run(folder, "review", first["run"], "--decide", "answers.jsonl", "--by", "bo")
    second = merged(folder)
    assert second["conflicts"] == 1
    assert ("S-1", "S-2") not in asked(folder, second["run"])


def test_a_run_that_is_not_there_is_named(folder: Path):
    merged(folder)
    error = json.loads(run(folder, "review", "merge-of-yesterday", "--json", code=2))
    assert "merge-of-yesterday" in error["error"]
    error = json.loads(run(folder, "review", "merge-of-yesterday", "--only", "x", "--json", code=2))
    assert error["next"]
