"""Coverage: a graded share of every insight, by words and their rarity, against our own labels."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cli.eval_commands import app
from evals.metrics.coverage_share import bullets, coverage, overall, rarity, terms
from evals.tasks.coverage import read_told
from pipeline.config.settings import read_settings
from pipeline.errors import InputError
from pipeline.runtime import Runtime
from pipeline.store.reading import reports
from pipeline.store.record import Store
from tests.support.asked import ask

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
REFERENCE = [
    "The boiler runs all night although nobody needs warm water.",
    "Tenants open the windows because radiators cannot be turned down.",
    "The attic is not insulated.",
]


def shares(insights: list[str], summary: str | list[str]) -> list[float]:
    return [one.share for one in coverage(insights, summary)]


def test_what_is_told_word_for_word_is_whole_and_what_is_not_told_is_nothing() -> None:
    assert shares(REFERENCE, REFERENCE) == [1.0, 1.0, 1.0]
    assert shares(REFERENCE, []) == [0.0, 0.0, 0.0]
    assert shares(REFERENCE, ["Bread bakes slowly."]) == [0.0, 0.0, 0.0]
    assert shares([], REFERENCE) == []


def test_a_part_counts_as_its_words_weigh_and_rare_ones_weigh_more() -> None:
    insights = ["red kettle", "red lantern", "red mirror"]
    weight = rarity([frozenset(terms(one)) for one in insights])
    assert weight[terms("kettle")[0]] > weight[terms("red")[0]] > 0
    common, rare = shares(insights, ["red"])[0], shares(insights, ["a kettle"])[0]
    assert 0 < common < 0.5 < rare < 1
    assert common + rare == pytest.approx(1)


def test_one_bullet_has_to_hold_it() -> None:
    whole, apart = ["brass lantern garden"], ["brass gate", "a lantern", "the garden"]
    assert shares(whole, apart) == pytest.approx([1 / 3])
    (found,) = coverage(whole, apart)
    assert found.bullet == "brass gate" and set(found.missing) == {"lantern", "garden"}


def test_inflections_citations_and_case_are_apart() -> None:
    assert shares(["Tenants opened a window"], ["the TENANT opens windows [3][1, 4]"]) == [1.0]
    assert terms("as told [12] by [1-3] all") == terms("as told by all")
    assert terms("[2] 4 of 5") == terms("4 of 5")


def test_an_insight_of_small_words_only_and_one_without_words() -> None:
    assert shares(["it is as it was"], ["it is as it was"]) == [1.0]
    assert shares(["…"], ["it is"]) == [0.0]


def test_scripts_without_blanks_are_compared_by_pairs_of_signs() -> None:
    part = shares(["利用者は予約を変更できる"], ["予約を変更する"])
    assert 0.3 < part[0] < 1
    assert shares(["利用者は予約を変更できる"], ["天気が良い"]) == [0.0]


def test_bullets_keep_what_is_indented_and_prose_is_cut_into_sentences() -> None:
    text = "# Minutes\n\nWe met. It was\nlate.\n\n- One thing. And\n  its rest\n- Two\n\n3. Three\n"
    text += "After."
    assert bullets(text) == [
        "Minutes", "We met.", "It was late.", "One thing. And its rest", "Two", "Three", "After.",
    ]  # fmt: skip


def test_references_are_read_in_every_form(tmp_path: Path) -> None:
    forms = {
        "a.json": json.dumps(REFERENCE),
        "b.json": json.dumps({"insights": [{"insight": one} for one in REFERENCE]}),
        "c.jsonl": "\n".join(json.dumps({"text": one}) for one in REFERENCE),
        "d.md": "\n".join(f"* {one}" for one in REFERENCE),
        "e.txt": " ".join(REFERENCE),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert read_told(tmp_path / name) == REFERENCE, name


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.json", "{"), ("x.json", "{}"), ("x.json", "[1]"), ("x.jsonl", '{"a": 1}'), ("x.md", "…")],
)
def test_a_file_that_holds_no_insight_is_refused(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"not a list|not text|no sentence"):
        read_told(file)


def test_it_is_a_run_with_its_figures(tmp_path: Path, store: Store) -> None:
    (tmp_path / "wanted.json").write_text(json.dumps(REFERENCE))
    (tmp_path / "told.md").write_text("- The attic is not insulated.\n- Boilers run at night.\n")
    files = {"reference": str(tmp_path / "wanted.json"), "document": str(tmp_path / "told.md")}
    done = ask("coverage", Runtime(read_settings({})), store, given=files)
    whole = done["scores"]["coverage"]
    assert whole["n"] == 3 and 0.3 < whole["mean"] < 0.9
    assert whole["mean"] == overall(coverage(REFERENCE, read_told(tmp_path / "told.md"))).mean
    rows = {(row["name"], row["item"]): row["value"] for row in reports.scores(store, done["run"])}
    assert rows["covered", "3"] == 1.0 and rows["coverage", ""] == whole["mean"]


def test_the_command_prints_the_least_told_first(tmp_path: Path) -> None:
    (tmp_path / "wanted.md").write_text("\n".join(f"- {one}" for one in REFERENCE))
    (tmp_path / "told.md").write_text("The attic is not insulated.")
    args = ["coverage", str(tmp_path / "wanted.md"), str(tmp_path / "told.md")]
    db = ["--db", f"sqlite:///{tmp_path}/x.sqlite"]
    shown = CliRunner().invoke(app, [*args, *db])
    assert shown.exit_code == 0, shown.output
    assert shown.output.index("boiler") < shown.output.index("attic")
    result = json.loads(CliRunner().invoke(app, [*args, *db, "--json"]).stdout)
    assert [one["share"] for one in result["insights"]] == [0.0, 0.0, 1.0]


def test_it_agrees_with_labels_better_than_the_gate_does() -> None:
    bench: dict[str, Any] = runpy.run_path(str(BENCHMARK))
    samples = bench["read"](bench["LABELS"])
    assert sum(len(sample["insights"]) for sample in samples) == 150
    ours, gate = (
        [pair for sample in bench["score"](samples, bench[name]) for pair in sample]
        for name in ("graded", "by_gate")
    )
    assert bench["pearson"](ours) > 0.45 > bench["pearson"](gate)
    assert bench["auc"](ours) > 0.7
    plain = [pair for pair in ours if pair.kind not in bench["MISLEADING"]]
    assert bench["pearson"](plain) > 0.6
