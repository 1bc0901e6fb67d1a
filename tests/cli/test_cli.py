"""The front door: contracts of `--json`, exit codes, what is loaded. Run as a user runs it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"


def run(*arguments: str, cwd: Path, env: dict[str, str] | None = None, fresh: bool = False):
    return commands.run(
        [*arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        fresh=fresh,
    )


def result_of(*arguments: str, cwd: Path, fresh: bool = False) -> dict:
    done = run(*arguments, "--json", "--quiet", cwd=cwd, fresh=fresh)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def refused(*arguments: str, cwd: Path, code: int, kind: str, **env: str) -> dict:
    done = run(*arguments, "--json", cwd=cwd, env=env)
    assert done.returncode == code, done.stdout + done.stderr
    error = json.loads(done.stdout)
    assert error["kind"] == kind and error["error"]
    assert set(error) == {"error", "kind", "where", "next"}
    assert "Traceback" not in done.stderr
    return error


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory of its own, in which the sample was merged once with `extractive`."""
    folder = tmp_path_factory.mktemp("walk")
    result_of(
        "merge", str(SAMPLE), "--model", "extractive", "--out", "first", cwd=folder, fresh=True
    )
    return folder


def test_merge_balances_and_a_second_run_says_the_same(folder: Path):
    truth = json.loads((SAMPLE / "truth.json").read_text())
    again = ("merge", str(SAMPLE), "--model", "extractive", "--out", "m")
    merged = result_of(*again, cwd=folder, fresh=True)  # with another order of sets
    assert merged["stories"] == len(truth["stories"])
    assert sum(merged["ledger"].values()) == merged["stories"]
    assert set(merged["ledger"]) == {
        "kept",
        "duplicate_of",
        "merged_into",
        "conflict_with",
        "skipped",
    }
    assert merged["calls"] == merged["reused_replies"] == 0
    assert merged["usd"] == "0"
    assert all((folder / path).is_file() for path in merged["out"].values())
    first = (folder / "first" / "merged.md").read_text().splitlines()
    again = (folder / "m" / "merged.md").read_text().splitlines()
    differing = [a for a, b in zip(first, again, strict=True) if a != b]
    assert len(differing) <= 3  # the run's id and counts


def test_extract_covers_every_character(folder: Path):
    found = result_of("extract", str(SAMPLE), cwd=folder)
    truth = json.loads((SAMPLE / "truth.json").read_text())
    assert len(found["stories"]) == len(truth["stories"])
    for document in found["documents"]:
        assert document["story_chars"] + document["residue_chars"] == document["chars"]
        assert document["problem"] is None
    for story in found["stories"]:
        assert story["kind"] in ("agile", "scenario", "narrative")
        assert 0 <= story["start"] < story["end"]


def test_extract_joins_criteria_of_other_documents_by_key(tmp_path: Path):
    (tmp_path / "stories.md").write_text(
        "## PAN-7: Salt\n\nAs a cook, I want salt.\n\n## PAN-8: Soup\n\nAs a guest, I want soup.\n"
    )
    checks = "# Checks\n\n## PAN-7\n\n- it is dry\n- it is white\n\n## PAN-9\n\n- of no story\n"
    (tmp_path / "checks.md").write_text(checks)
    paths = ("checks.md", "stories.md")
    found = result_of("extract", *paths, cwd=tmp_path)
    (link,) = found["links"]
    (salt,) = [story for story in found["stories"] if story["key"] == "PAN-7"]
    assert (link["story"], link["key"], link["criteria"]) == (
        salt["id"],
        "PAN-7",
        ["it is dry", "it is white"],
    )
    assert (link["document"], link["locator"]) == ("checks.md", "line 3, Checks › PAN-7")
    assert checks[link["start"] : link["end"]].split("\n")[-1] == "- it is white"
    assert salt["criteria"] == [], "a link changes no story"
    said = run("extract", *paths, cwd=tmp_path).stdout
    assert "2 criteria of other documents joined to 1 story." in " ".join(said.split())
    assert "joined" not in run("extract", "stories.md", cwd=tmp_path).stdout


def test_names_and_texts_do_not_command_the_terminal(tmp_path: Path):
    (tmp_path / "two\nlines.txt").write_text("As a cook, I want salt.\n")
    (tmp_path / "red\x1b[31m.txt").write_text("As a guest, I want soup.\n\n\x1b]0;title\x07\n")
    shown = run("extract", ".", cwd=tmp_path).stdout
    assert "two\\nlines.txt" in shown and "red\\x1b[31m.txt" in shown
    residue = run("extract", ".", "--show", "residue", cwd=tmp_path).stdout
    assert "\\x1b]0;title\\x07" in residue
    assert "\x1b" not in shown + residue
    paths = [document["path"] for document in result_of("extract", ".", cwd=tmp_path)["documents"]]
    assert any("two\nlines.txt" in path for path in paths), "--json gives the name itself"


@pytest.mark.model
def test_estimate_prices_the_plan_of_every_model(folder: Path):
    priced = result_of(
        "estimate",
        str(SAMPLE),
        "--model",
        "extractive",
        "--model",
        "local/smollm2-135m",
        "--model",
        "claude/claude-haiku-5-5",
        "--as-of",
        "2026-11-21",
        cwd=folder,
    )
    lines = {line["model"]: line for line in priced["lines"] if line["strategy"] == "pairs"}
    assert set(priced) >= {"words", "stories", "clusters", "skipped", "lines"}
    local, claude = lines["local/smollm2-135m"], lines["claude/claude-haiku-5-5"]
    # Exact, but for pairs that only sentence vectors would find, which a merge computes first.
    assert local["exact"] is not any("no sentence vectors yet" in note for note in local["notes"])
    assert local["feasible"] and local["usd"]["likely"] == "0"
    assert local["seconds"] > 0 and local["peak_memory_bytes"] > 0
    assert not claude["exact"] and not claude["feasible"]
    assert "--allow-cloud" in claude["reason"]
    low, likely, high = (Decimal(claude["usd"][k]) for k in ("low", "likely", "high"))
    assert 0 < low <= likely <= high
    assert claude["price_date"] == "2026-11-21"
    every = {(line["model"], line["strategy"]) for line in priced["lines"]}
    asked = {(m, s) for m in lines for s in ("pairs", "groups", "tree", "fold")}
    assert every == {("extractive", "none"), *asked}
    marked = [line for line in priced["lines"] if line["cheapest"]]
    assert len(marked) == 1 and marked[0]["feasible"]


def test_the_first_users_question_gets_the_first_users_table(tmp_path: Path):
    asked = ("--as-of", "2024-03-09", "--words", "440000", "--tokens-per-word", "2.0")
    priced = result_of("estimate", *asked, cwd=tmp_path)
    clouds = {line["model"]: line for line in priced["lines"] if "local/" not in line["model"]}
    assert {name: (n["usd"]["low"], n["usd"]["high"]) for name, n in clouds.items()} == {
        "claude/claude-3-opus-20240229": ("13.2", "79.2"),
        "claude/claude-3-sonnet-20240229": ("2.64", "15.84"),
        "claude/claude-3-haiku-20240307": ("0.22", "1.32"),
        "gemini/gemini-1.0-pro": ("0.44", "1.76"),
    }
    assert all(line["reason"].startswith("retired") for line in clouds.values())
    assert {line["price_date"] for line in clouds.values()} == {"2024-03-09"}
    shown = run("estimate", *asked, cwd=tmp_path).stdout
    assert "2.0 tokens a word, as given" in shown and "o200k" not in shown
    drawn = result_of("estimate", *asked, "--picture", "made/cost.svg", cwd=tmp_path)
    assert drawn["picture"] == "made/cost.svg"
    assert (tmp_path / "made" / "cost.svg").read_text().startswith("<svg")
    refused("estimate", *asked, "--picture", "cost.png", cwd=tmp_path, code=2, kind="input")
    refused("estimate", "--words", "0", cwd=tmp_path, code=2, kind="input")
    refused("estimate", *asked[2:4], "--tokens-per-word", "x", cwd=tmp_path, code=2, kind="input")


def test_models_are_ranked_for_a_card_and_a_corpus(folder: Path):
    ranked = result_of("models", str(SAMPLE), "--gpu", "RTX 4090", cwd=folder)
    assert {m["bits"] for m in ranked["models"]} == {16, 8, 4}
    fits = [m for m in ranked["models"] if m["fits"]]
    assert all(0 < m["limit_share"] < 1 and m["eager_bytes"] > 0 for m in fits)
    assert all(m["seconds_band"]["low"] < m["seconds"] < m["seconds_band"]["high"] for m in fits)
    longer = result_of("models", "--words", "1000000", "--gpu", "RTX 4090", cwd=folder)
    assert longer["words"] > ranked["words"] > 0
    error = refused("models", "--gpu", "RTX 4900", cwd=folder, code=2, kind="input")
    assert "Did you mean RTX 4090" in error["next"]
    refused("models", "--words", "9", cwd=folder, code=2, kind="input")


def test_runs_show_estimate_against_actual(folder: Path):
    listed = result_of("runs", cwd=folder)["runs"]
    report = result_of("runs", listed[0]["run"], cwd=folder)
    assert report["state"] == "completed"
    assert sum(report["ledger"].values()) == report["stories"]
    refused("runs", "no-such-run", cwd=folder, code=2, kind="input")


def test_bad_input_says_what_and_where(folder: Path, tmp_path: Path):
    refused("merge", "missing.md", cwd=folder, code=2, kind="input")
    refused("estimate", str(SAMPLE), "--as-of", "soon", cwd=folder, code=2, kind="input")
    error = refused(
        "merge", str(SAMPLE), "--model", "claude/claude-haiku-55", cwd=folder, code=2, kind="input"
    )
    assert "claude-haiku-5-5" in error["next"]
    refused("merge", str(SAMPLE), "--nonsense", cwd=folder, code=2, kind="usage")
    empty = tmp_path / "empty.md"
    empty.write_text("")
    refused("merge", str(empty), cwd=folder, code=2, kind="input")


def test_an_unreadable_document_is_reported_and_the_rest_goes_on(folder: Path, tmp_path: Path):
    (tmp_path / "good.md").write_text("- As a member, I want to borrow a drill, so that I save.\n")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 cut off")
    done = run("merge", str(tmp_path), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stories"] == 1
    assert "bad.pdf" in done.stderr
    refused("merge", str(tmp_path), "--strict", cwd=tmp_path, code=2, kind="input")


def test_a_cloud_needs_permission_and_a_key(folder: Path):
    refused(
        "merge",
        str(SAMPLE),
        "--model",
        "claude/claude-haiku-5-5",
        cwd=folder,
        code=5,
        kind="sovereignty",
        ANTHROPIC_API_KEY="k",
    )
    error = refused(
        "merge",
        str(SAMPLE),
        "--model",
        "claude/claude-haiku-5-5",
        "--allow-cloud",
        "all",
        "--propose",
        cwd=folder,
        code=6,
        kind="model",
        ANTHROPIC_API_KEY="",
    )
    assert "ANTHROPIC_API_KEY" in error["next"]


def test_a_document_marked_local_is_never_sent(tmp_path: Path):
    (tmp_path / "secret.md").write_text(
        "---\nsovereignty: local\n---\n- As a member, I want to borrow a drill, so that I save.\n"
    )
    refused(
        "merge",
        "secret.md",
        "--model",
        "claude/claude-haiku-5-5",
        "--allow-cloud",
        "all",
        cwd=tmp_path,
        code=5,
        kind="sovereignty",
        ANTHROPIC_API_KEY="k",
    )


def test_missing_weights_are_named_with_the_remedy(folder: Path):
    error = refused(
        "merge",
        str(SAMPLE),
        "--model",
        "local/no/such-folder",
        cwd=folder,
        code=6,
        kind="engine",
        HF_HUB_OFFLINE="1",
    )
    assert error["next"]


def test_a_database_from_a_newer_version_is_refused_and_left_alone(folder: Path, tmp_path: Path):
    newer = tmp_path / "newer.sqlite"
    shutil.copy(folder / "data" / "runs" / "storytransformer.sqlite", newer)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("update alembic_version set version_num = '9999_from_the_future'")
    before = newer.read_bytes()
    refused("merge", str(SAMPLE), "--db", str(newer), cwd=folder, code=2, kind="input")
    assert newer.read_bytes() == before


def test_a_file_that_is_no_database_is_a_store_error(folder: Path, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("these are notes, not a database" * 50)
    refused(
        "merge", str(SAMPLE), "--db", str(tmp_path / "notes.txt"), cwd=folder, code=7, kind="store"
    )


def test_importing_and_helping_load_nothing_heavy():
    heavy = (
        "{'torch', 'transformers', 'prefect', 'anthropic', 'openai', 'sqlmodel', 'google.genai'}"
    )
    for module in ("pipeline", "pipeline.cli", "pipeline.run.pricing"):
        loads = heavy if module != "pipeline.run.pricing" else heavy.replace("'sqlmodel', ", "")
        code = f"import sys, {module}; print({loads} & set(sys.modules))"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "set()", f"{module}: {done.stdout}"


def test_help_takes_under_half_a_second_of_cpu():
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("--help", cwd=ROOT, fresh=True).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.5


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mer", {"merge"}),
        ("doctor ", {"local", "flows", "claude"}),
        ("merge --prop", {"--propose"}),
    ],
)
def test_a_shell_completes_commands_options_and_choices(words: str, offered: set[str]):
    line = f"storytransformer {words}"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv = ['storytransformer'];"
            "from pipeline.cli.commands import main; main()",
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_STORYTRANSFORMER_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        },
        text=True,
        capture_output=True,
        check=True,
    )
    assert offered <= set(done.stdout.split())


def test_no_library_beneath_reports_to_anybody_unless_somebody_wants_it(tmp_path: Path):
    code = (
        "import os, pipeline.cli.commands as cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print(os.environ['DO_NOT_TRACK'], os.environ['PREFECT_SERVER_ANALYTICS_ENABLED'], "
        "os.environ['HF_HUB_DISABLE_TELEMETRY'])"
    )
    said = ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY")
    env = {name: value for name, value in os.environ.items() if name not in said}
    for wish, expected in (({}, "1 false 1"), ({"DO_NOT_TRACK": "0"}, "0 false 1")):
        done = subprocess.run(
            [sys.executable, "-c", code, "models", "--json"],
            cwd=tmp_path,
            env=env | wish | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == expected
