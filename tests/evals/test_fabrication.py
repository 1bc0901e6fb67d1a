"""The gate is measured by labels, and by nothing else; without them the answer is "unknown"."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.cli.eval_commands import app
from evals.eval_results import figures, show
from evals.metrics.statistics import share, wilson
from evals.tasks.fabrication import Label, judge, rates, read_labels, told_of_trust
from pipeline.config.settings import read_settings
from pipeline.errors import InputError
from pipeline.runtime import Runtime
from tests.support.asked import ask

LOAN = "As a member, I want to renew a loan within 14 days, so that I can finish the book."
FEE = "As a treasurer, I want to charge 2 euros for each late day, so that tools come back."
#: (sources, sentence, good): what a careful reader says, whatever the gate does.
LABELLED = (
    ((LOAN,), "I can finish the book", True),
    ((LOAN, FEE), "renew a loan within 14 days", True),
    ((LOAN,), "renew a loan within 40 days", False),
    ((LOAN, FEE), "charge 3 euros for each late day", False),
    ((LOAN,), "renew a loan by telephone within 14 days", False),
)


def write(file: Path, rows: object) -> Path:
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    rows = [{"sources": list(s), "sentence": t, "good": g} for s, t, g in LABELLED]
    return write(tmp_path / "labels.jsonl", rows)


def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/x.sqlite"


def test_each_label_is_held_against_its_own_sources(labels: Path) -> None:
    judged = judge(read_labels(labels))
    assert [bool(one.why) for one in judged] == [False, False, True, True, True]
    assert "40" in judged[2].why and "telephon" in judged[4].why
    assert all(one.right for one in judged)
    swapped = [Label((FEE,), "renew a loan within 14 days", good=False)]
    assert judge(swapped)[0].why, "another story's words are not support"


def test_both_shares_have_their_interval_and_n(labels: Path) -> None:
    judged = judge(read_labels(labels))
    found = rates(judged)
    assert found["bad_stopped"][:1] == (1.0,) and found["bad_stopped"][1:] == (*wilson(3, 3), 3)
    assert found["good_stopped"][:1] == (0.0,) and found["good_stopped"][1:] == (*wilson(0, 2), 2)


def test_a_wrong_label_is_a_disagreement_and_the_figures_follow(labels: Path) -> None:
    turned = [Label(one.sources, one.sentence, not one.good) for one in read_labels(labels)]
    found = rates(judge(turned))
    assert found["bad_stopped"][::3] == (0.0, 2) and found["good_stopped"][::3] == (1.0, 3)


def test_the_run_is_stored_and_names_what_they_disagree_on(tmp_path: Path) -> None:
    file = write(
        tmp_path / "l.jsonl",
        [{"sources": [LOAN], "sentence": "renew a loan within 40 days", "good": True}],
    )
    runtime = Runtime(read_settings({}, db=database(tmp_path)))
    with runtime.store() as store:
        result = ask("fabrication", runtime, store, labels=str(file))
        stored = figures(show(store, result["run"]))
    assert result["known"] and stored["good_stopped"].mean == 1.0
    assert stored["bad_stopped"].n == 0
    (one,) = result["disagreed"]
    assert one["line"] == 1 and one["good"] and "40" in one["why"]


def test_without_labels_the_answer_is_unknown_and_says_how(tmp_path: Path) -> None:
    db = database(tmp_path)
    told = CliRunner().invoke(app, ["fabrication", "--db", db])
    assert told.exit_code == 0 and told.stdout.startswith("Unknown") and "--labels" in told.stdout
    found = json.loads(CliRunner().invoke(app, ["fabrication", "--json", "--db", db]).stdout)
    assert found["known"] is False and found["scores"] == {} and found["run"] is None
    assert not (tmp_path / "x.sqlite").exists(), "nothing was measured, so there is no run"


def test_the_command_tells_both_shares(labels: Path, tmp_path: Path) -> None:
    asked = ["fabrication", "--labels", str(labels), "--quiet", "--db", database(tmp_path)]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "bad stopped: 1.000" in told.stdout and "n=3" in told.stdout
    assert "good stopped: 0.000" in told.stdout and "n=2" in told.stdout
    assert "not to be believed because it passed" in told.stdout, "two that pass show little"


def test_passing_is_believed_only_where_99_of_100_that_pass_are_shown_to_be_good() -> None:
    assert "may be believed" in told_of_trust(share([True] * 400))
    for few in ([], [True] * 50, [True] * 9000 + [False] * 1000):
        assert "not to be believed" in told_of_trust(share(few))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{broken", "not valid JSON"),
        ("3", "not an object"),
        ('{"sentence": "x", "good": true}', "sources"),
        ('{"sources": [], "sentence": "x", "good": true}', "sources"),
        ('{"sources": ["a", 3], "sentence": "x", "good": true}', "source"),
        ('{"sources": ["a"], "sentence": " ", "good": true}', "sentence"),
        ('{"sources": ["a"], "sentence": "x", "good": "yes"}', "good"),
    ],
)
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "l.jsonl"
    good = json.dumps({"sources": ["a"], "sentence": "x", "good": True})
    file.write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=why) as raised:
        read_labels(file)
    assert "line 3" in raised.value.where


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text("\n\n", encoding="utf-8")
    with pytest.raises(InputError, match="no label"):
        read_labels(tmp_path / "l.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "none.jsonl")
