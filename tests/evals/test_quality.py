"""Merge quality against truths that are known: made by hand, written beside the sample, planted."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from evals.claims import Text, held
from evals.clusterings import pairwise
from evals.commands import app
from evals.judges import CodeJudge
from evals.merging import MIX, originals
from evals.merging_run import run_merging
from evals.planting import plant
from evals.quality import quality, shares
from evals.reading import figures, show
from evals.statistics import wilson
from evals.truth import Arrangement, Backlog, Place, Truth, read_truth, recognise
from pipeline.edge import Edge
from pipeline.errors import BudgetError, InputError, SovereigntyError
from pipeline.merge.corpus import gather
from pipeline.merge.job import MergeJob
from pipeline.outcomes import (
    Conflict,
    LedgerRow,
    MergedStory,
    Outcome,
    StoryText,
)
from pipeline.settings import read_settings
from pipeline.store.books import Books
from pipeline.store.record import Store
from pipeline.store.reports import list_runs
from pipeline.stories import Locator, Source, Span, Story
from pipeline.tokens import counter_for

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
WORDS = (
    "anchor", "barrel", "candle", "dagger", "engine", "fiddle", "goblet", "hammer", "island",
    "jersey", "kettle", "ladder",
)  # fmt: skip


def story(name: str, *criteria: str, goal: str = "") -> Story:
    source = Source("0" * 64, "a.md", Locator(line=1), (Span(0, 9),))
    return Story(name, "agile", source, " ".join((goal, *criteria)), "", goal, "", criteria)


def books(
    *merged: MergedStory, stories: list[Story], conflicts: tuple[Conflict, ...] = ()
) -> Books:
    rows = {
        source: LedgerRow(source, Outcome.MERGED_INTO, m.id, "", None, "", "code")
        for m in merged
        for source in m.sources
    }
    return Books("r", {s.id: s for s in stories}, merged, conflicts, rows)


def test_figures_of_a_merge_made_by_hand() -> None:
    stories = [
        story(name, f"every {word} is counted")
        for name, word in zip("abcde", WORDS[:5], strict=True)
    ]

    def one(name: str, *sources: str) -> MergedStory:
        told = tuple(c for s in stories if s.id in sources for c in s.criteria)
        return MergedStory(name, StoryText(criteria=told), sources, "union")

    truth = Truth(
        {"A": "1", "B": "1", "C": "2", "D": "2", "E": "3"},
        {},
        frozenset([frozenset("CE"), frozenset("AE")]),
        frozenset([frozenset("BC"), frozenset("DE")]),
        {"light": frozenset([frozenset("AB")]), "heavy": frozenset([frozenset("CD")])},
    )
    ids = {name: name.lower() for name in "ABCDE"}
    found = quality(
        truth,
        ids,
        books(
            one("x", "a", "b", "c"), one("y", "d"), one("z", "e"), stories=stories,
            conflicts=(Conflict(("c", "e"), "n", ("1", "2"), ""), Conflict(("d", "e"), "", (), "")),
        ),
    ).figures  # fmt: skip
    assert found["pairwise_precision"][::3] == (pytest.approx(1 / 3), 3)
    assert found["pairwise_recall"][::3] == (0.5, 2)
    assert found["pairwise_precision"][1:3] == pytest.approx(wilson(1, 3))
    assert found["b_cubed_precision"].mean == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert found["b_cubed_recall"].mean == pytest.approx((1 + 1 + 0.5 + 0.5 + 1) / 5)
    assert found["over_merged"][::3] == (1.0, 1) and found["under_merged"][::3] == (0.5, 2)
    assert found["lookalikes_merged"][::3] == (0.5, 2)
    assert (found["joined_light"].mean, found["joined_heavy"].mean) == (1.0, 0.0)
    assert found["conflict_precision"].mean == found["conflict_recall"].mean == 0.5
    assert found["covered"][::3] == (1.0, 5) and found["words_left"].mean == 1.0
    for value in found.values():
        assert value.low <= value.mean <= value.high


def test_nothing_found_where_nothing_is_wanted_is_perfect_and_unsure() -> None:
    alone = {name: name for name in "abc"}
    found = shares("p", pairwise(alone, alone), alone.values())
    assert found["p_f1"] == (1.0, 0.0, 1.0, 0)


@settings(max_examples=60, deadline=None)
@given(
    kept=st.lists(st.sets(st.integers(0, 3)), min_size=1, max_size=3),
    data=st.randoms(use_true_random=False),
)
def test_coverage_equals_a_count_of_words(kept: list[set[int]], data: random.Random) -> None:
    """A sentence is covered when its word, which no other has, stands in the merged text."""
    stories = [
        story(str(n), *(f"the {WORDS[4 * n + i]} shall shine" for i in range(4)))
        for n in range(len(kept))
    ]
    told = [s.criteria[i] for s, of in zip(stories, kept, strict=True) for i in of]
    data.shuffle(told)
    merged = MergedStory(
        "m", StoryText(criteria=tuple(told)), tuple(s.id for s in stories), "union"
    )
    text = Text("m", "", merged.text, tuple(stories))
    ours = {(h.source, h.text): h.said for h in held([text], books(merged, stories=stories))}
    words = set(" ".join(told).split())
    twin = {(s.id, c): c.split()[1] in words for s in stories for c in s.criteria}
    assert ours == twin


def test_the_truth_of_the_sample_is_read_and_found() -> None:
    truth = read_truth(SAMPLE / "truth.json")
    assert len(truth.clusters) == 122 and len(truth.conflicts) == 8
    assert truth.clusters["T010"] == truth.clusters["T043"] == truth.clusters["T108"]
    assert {k: len(v) for k, v in truth.copies.items()} == {
        "exact": 4,
        "overlap": 12,
        "reworded": 16,
    }
    corpus = gather([SAMPLE])
    ids = recognise(truth, corpus)
    assert len(set(ids.values())) == 122
    lost = Truth({"x": "x"}, {"x": Place("lending-desk.md", starts="nobody wrote this")})
    with pytest.raises(InputError, match="x of the truth was not extracted"):
        recognise(lost, corpus)


def test_a_planted_backlog_keeps_its_truth_however_it_is_laid_out(tmp_path: Path) -> None:
    texts = originals(gather([SAMPLE]).stories, seed=1, most=40)
    backlog = Backlog(planted=plant(texts, seed=1, shares=MIX))
    seen = []
    for how in (Arrangement("a"), Arrangement("b", seed=3), Arrangement("c", per_document=7)):
        paths, truth = backlog.lay_out(tmp_path / how.name, how)
        corpus = gather(paths)
        ids = recognise(truth, corpus)
        assert len(corpus.stories) == len(ids) == len(backlog.planted)
        texts_by_name = {name: corpus.by_id[story].text for name, story in ids.items()}
        seen.append((truth.clusters, texts_by_name, len(corpus.extractions)))
        order = list(truth.clusters)
        assert (order == [p.id for p in backlog.planted]) is (how.seed is None)
    assert seen[0][:2] == seen[1][:2]
    assert seen[2][2] > seen[0][2] and seen[2][0] == seen[0][0]


@pytest.mark.parametrize("body", ["{broken", '{"stories": [{"id": 1}]}', "3", '[{"id": "a"}]'])
def test_a_bad_truth_is_named(tmp_path: Path, body: str) -> None:
    file = tmp_path / "t.json"
    file.write_text(body)
    with pytest.raises(InputError, match=r"t\.json"):
        read_truth(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path / "none.json")


@pytest.fixture
def edge(tmp_path: Path, shared_cache: Path) -> Edge:
    return Edge(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache)}, db=f"sqlite:///{tmp_path}/x.sqlite"
        )
    )


#: A model with a price; who answers in its place judges by what code finds.
JUDGE = "claude/claude-haiku-5-5"


@pytest.fixture
def judged(edge: Edge) -> Callable[..., Any]:
    """Runs the eval with a model that judges by what code finds."""
    spec = edge.find(JUDGE)
    counter = counter_for(spec, cache=edge.settings.cache)
    model = CodeJudge(spec, counter.count_text)

    def run(store: Store, *strategies: str, **wanted: Any) -> dict[str, Any]:
        def job(paths: Sequence[str], out: Path, strategy: str) -> MergeJob:
            made = edge.merge_job(
                paths, JUDGE, store=store, out=str(out), strategy=strategy, allow_cloud=("all",)
            )
            made.spec = replace(made.spec, window=8192, output_cap=4096)
            made.opener = lambda spec, options: model
            return made

        truth = SAMPLE / "truth.json"
        wanted |= {
            "truth": truth,
            "strategies": strategies,
            "again": False,
            "allow_cloud": ("all",),
        }
        return run_merging([str(SAMPLE)], spec, job, store, **wanted)

    return run


def test_strategies_are_held_against_one_truth_and_against_each_other(
    edge: Edge, judged: Callable[..., Any]
) -> None:
    with edge.store() as store:
        result = judged(store, "edit", "tree", max_usd=Decimal(5))
        stored = figures(show(store, result["run"]))
    edit, tree = result["strategies"]["edit"], result["strategies"]["tree"]
    assert edit["scores"]["b_cubed_f1"]["mean"] > 0.95
    assert 0 < edit["output_tokens"] < tree["output_tokens"]
    assert 0 < Decimal(edit["usd"]) < Decimal(tree["usd"])
    assert stored["tree_b_cubed_f1"].mean == tree["scores"]["b_cubed_f1"]["mean"]
    assert {(d["a"], d["b"], d["figure"]) for d in result["differences"]} == {
        ("edit", "tree", "b_cubed"), ("edit", "tree", "covered"),
    }  # fmt: skip
    assert all(d["n"] == 122 for d in result["differences"])


def test_a_dry_run_prices_every_merge_and_leaves_none(
    edge: Edge, judged: Callable[..., Any]
) -> None:
    with edge.store() as store:
        priced = judged(store, "edit", "tree", dry_run=True)
        assert list_runs(store) == []
    assert priced["merges"] == 2 and priced["calls"] > 0 and priced["input_tokens"] > 0
    usd = [Decimal(priced["usd"][name]) for name in ("low", "likely", "high")]
    assert 0 < usd[0] <= usd[1] <= usd[2]


def test_a_budget_holds_and_the_run_says_so(edge: Edge, judged: Callable[..., Any]) -> None:
    with edge.store() as store:
        with pytest.raises(BudgetError):
            judged(store, "edit", max_usd=Decimal("0.001"))
        assert [r["state"] for r in list_runs(store, kind="merging")] == ["failed"]


def test_a_cloud_needs_permission(edge: Edge) -> None:
    spec = edge.find("claude/claude-haiku-5-5")

    def job(paths: Sequence[str], out: Path, strategy: str) -> MergeJob:
        raise AssertionError("nothing is merged")

    with edge.store() as store, pytest.raises(SovereigntyError):
        run_merging([str(SAMPLE)], spec, job, store)


def test_too_few_stories_to_plant_are_refused(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("As a cook, I want salt, so that it tastes.\n")
    done = CliRunner().invoke(
        app, ["merging", str(tmp_path / "a.md"), "--db", edge.settings.database]
    )
    assert isinstance(done.exception, InputError) and "too few" in str(done.exception)


def test_the_command_measures_planted_copies(edge: Edge) -> None:
    asked = ["merging", str(SAMPLE), "--most", "30", "--strategy", "edit", "--json"]
    done = CliRunner().invoke(app, [*asked, "--quiet", "--db", edge.settings.database])
    found = json.loads(done.stdout)
    assert found["truth"] == "planted" and set(found["strategies"]) == {"edit"}
    edit = found["strategies"]["edit"]
    assert edit["scores"]["b_cubed_f1"]["mean"] > 0.8
    assert edit["scores"]["joined_exact"]["mean"] == 1.0
    assert set(edit["stability"]) == {"shuffled", "other parts"}
    assert edit["stability"]["shuffled"]["stable_f1"]["mean"] > 0.95
