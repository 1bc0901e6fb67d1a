"""Merge quality against truths that are known: made by hand, written beside the sample, planted."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cli.eval_commands import app
from evals.corpora.planted_merge import MIX, originals
from evals.corpora.planting import plant
from evals.corpora.truth import Arrangement, Backlog, Place, Truth, read_truth, recognise
from evals.eval_results import figures, show
from evals.metrics.clusterings import pairwise
from evals.metrics.quality import quality, shares
from evals.metrics.statistics import wilson
from pipeline.config.settings import read_settings
from pipeline.entries import Answer, Conflict, Entry, Line, Link, Merge, Side
from pipeline.errors import BudgetError, InputError, SovereigntyError
from pipeline.run.corpus import gather
from pipeline.runtime import Runtime
from pipeline.store.reading.reports import list_runs
from pipeline.store.record import Store
from pipeline.tokens.token_counters import counter_for
from tests.support.asked import Answered, ask
from tests.support.judges import PairJudge, Says, always, knowing
from tests.support.stories import story

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
WORDS = ("anchor", "barrel", "candle", "dagger", "engine", "fiddle", "goblet")


def entry(name: str, *sources: str) -> Entry:
    lines = tuple(Line("sentence", f"every {WORDS['abcdefg'.index(s)]}", (s,)) for s in sources[:1])
    return Entry(name, sources[0], sources, (), lines)


def test_figures_of_a_merge_made_by_hand() -> None:
    """x holds a, b and c; y, z and w hold one each; y stands next to z, z next to w."""
    stories = {n: story(n, f"every {word}") for n, word in zip("abcdefg", WORDS, strict=True)}

    def pairs(*names: str) -> frozenset[frozenset[str]]:
        return frozenset(frozenset(name) for name in names)

    truth = Truth(
        {"A": "1", "B": "1", "C": "2", "D": "2", "E": "3", "F": "2"},
        {},
        conflicts=pairs("CE", "AE"),
        lookalikes=pairs("BC", "DE"),
        copies={"light": pairs("AB"), "heavy": pairs("CD", "DF")},
    )
    merge = Merge(
        (entry("x", "a", "b", "c"), entry("y", "d"), entry("z", "e"), entry("w", "f"),
         entry("v", "g")),
        (Conflict("1", "possible", (Side("b", ""), Side("e", "")), "", "code"),
         Conflict("2", "conflict", (Side("d", ""), Side("f", "")), "", "judge"),
         Conflict("3", "possible", (Side("g", ""), Side("f", "")), "", "code")),
        (Link("y", "z", "alike", 0.5, (), ()), Link("z", "w", "alike", 0.5, (), ())),
        (),
    )  # fmt: skip
    ids = {name: name.lower() for name in "ABCDEF"}
    found = quality(truth, ids, merge, stories, kept=(9, 10)).figures
    assert (found["folded_light"].mean, found["folded_heavy"].mean) == (1.0, 0.0)
    # d and f are both linked to e's entry, so they stand in one place; c and d do not.
    assert found["together_heavy"][::3] == (0.5, 2)
    assert found["folded"][::3] == (pytest.approx(1 / 3), 3)
    assert found["next_to"][::3] == (pytest.approx(1 / 3), 3)
    assert found["together"][::3] == (pytest.approx(2 / 3), 3)
    assert found["lookalikes_folded"][::3] == (0.5, 2)
    # b against e marks the entries of a, b and c: their reader sees it there.
    assert found["conflicts_marked"][::3] == (1.0, 2)
    assert found["conflicts_in_one_entry"].mean == 0.0
    # Of two marks between named stories one is true; that of a stranger counts for nothing.
    assert found["marks_true"][::3] == (0.5, 2)
    assert found["pairwise_precision"][::3] == (pytest.approx(1 / 3), 3)
    assert found["pairwise_recall"][::3] == (0.25, 4)
    assert found["pairwise_precision"][1:3] == pytest.approx(wilson(1, 3))
    assert found["over_merged"][::3] == (1.0, 1) and found["under_merged"][::3] == (0.5, 2)
    assert found["standing_words"][::3] == (pytest.approx(5 / 7), 5)
    assert found["kept"][::3] == (0.9, 10)
    for value in found.values():
        assert value.low <= value.mean <= value.high


def test_nothing_found_where_nothing_is_wanted_is_perfect_and_unsure() -> None:
    alone = {name: name for name in "abc"}
    found = shares("p", pairwise(alone, alone), alone.values())
    assert found["p_f1"] == (1.0, 0.0, 1.0, 0)


def test_the_truth_of_the_sample_is_read_and_found() -> None:
    truth = read_truth(SAMPLE / "truth.json")
    assert len(truth.clusters) == 122 and len(truth.conflicts) == 8
    assert truth.clusters["T010"] == truth.clusters["T043"] == truth.clusters["T108"]
    assert {k: len(v) for k, v in truth.copies.items()} == {
        "exact": 4,
        "overlap": 12,
        "reworded": 16,
    }
    assert len(truth.belonging) == 32
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
def runtime(tmp_path: Path, shared_cache: Path, embedded: Any) -> Runtime:
    embedded([SAMPLE], tmp_path / "x.sqlite")
    return Runtime(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache), "ANTHROPIC_API_KEY": "never sent"},
            db=f"sqlite:///{tmp_path}/x.sqlite",
        )
    )


#: A model with a price; who answers in its place is of the tests' own.
JUDGE = "claude/claude-haiku-5-5"


@pytest.fixture
def judged(runtime: Runtime) -> Callable[..., Any]:
    """Runs the eval on the sample with a judge that says what it is told to."""
    spec = runtime.find(JUDGE)
    counter = counter_for(spec, cache=runtime.settings.cache)

    def run(store: Store, says: Says, **wanted: Any) -> dict[str, Any]:
        judge = PairJudge(spec, counter.count_text, says)
        wanted = {"propose": True, "again": False} | wanted
        return ask(
            "merging",
            Answered(runtime.settings, judge, 8192),
            store,
            paths=[str(SAMPLE)],
            model=JUDGE,
            truth=str(SAMPLE / "truth.json"),
            allow_cloud=("all",),
            **wanted,
        )

    return run


@pytest.fixture(scope="module")
def the_truth() -> Says:
    corpus, truth = gather([SAMPLE]), read_truth(SAMPLE / "truth.json")
    return knowing(truth, recognise(truth, corpus), corpus.by_id)


def test_a_judge_that_knows_is_right_and_its_answers_act_on_nothing(
    runtime: Runtime, judged: Callable[..., Any], the_truth: Says
) -> None:
    with runtime.store() as store:
        result = judged(store, the_truth, max_cost=Decimal(5))
        stored = figures(show(store, result["run"]))
    judge = result["judge"]
    assert judge["asked"] == result["calls"] > 50 and not judge["failed"]
    assert judge["scores"]["right"]["mean"] == 1.0
    assert {row["truth"] for row in judge["answers"]} == {a.value for a in Answer}
    assert all(row["truth"] == row["said"] for row in judge["answers"])
    # The merge itself is by proof; were the judge believed, more would be in one entry.
    assert result["scores"]["folded"]["mean"] < judge["believed"]["folded"]["mean"]
    assert judge["believed"]["lookalikes_folded"]["mean"] == 0
    assert result["scores"]["kept"]["mean"] == 1.0
    assert stored["judge_right"].n == judge["compared"] == result["calls"]
    assert stored["believed_folded"].mean == judge["believed"]["folded"]["mean"]
    assert Decimal(result["usd"]) > 0


def test_a_judge_that_says_yes_to_everything_is_seen_through(
    runtime: Runtime, judged: Callable[..., Any]
) -> None:
    with runtime.store() as store:
        result = judged(store, always(Answer.ONE_NEED))
    judge = result["judge"]
    assert judge["scores"]["one_need_recall"]["mean"] == 1.0
    assert judge["scores"]["one_need_precision"]["high"] < 0.5
    assert judge["believed"]["lookalikes_folded"]["mean"] > 0
    assert result["scores"]["lookalikes_folded"]["mean"] == 0


def test_a_judge_that_says_nothing_is_told_to_have_failed(
    runtime: Runtime, judged: Callable[..., Any]
) -> None:
    """The merge ends with an error of the model, and so does the eval; its run says so."""
    with runtime.store() as store:
        with pytest.raises(Exception, match="calls failed"):
            judged(store, always(None))
        assert {run["state"] for run in list_runs(store, kind="merging")} == {"failed"}


def test_a_dry_run_prices_the_questions_and_leaves_no_run(
    runtime: Runtime, judged: Callable[..., Any], the_truth: Says
) -> None:
    with runtime.store() as store:
        priced = judged(store, the_truth, dry_run=True)
        assert list_runs(store) == []
    assert priced["merges"] == 1 and priced["calls"] > 0 and priced["input_tokens"] > 0
    usd = [Decimal(priced["usd"][name]) for name in ("low", "likely", "high")]
    assert 0 < usd[0] <= usd[1] <= usd[2]


def test_a_budget_holds_and_the_run_says_so(
    runtime: Runtime, judged: Callable[..., Any], the_truth: Says
) -> None:
    with runtime.store() as store:
        with pytest.raises(BudgetError):
            judged(store, the_truth, max_cost=Decimal("0.001"))
        assert [r["state"] for r in list_runs(store, kind="merging")] == ["failed"]


def test_a_cloud_that_is_asked_needs_permission(runtime: Runtime) -> None:
    with runtime.store() as store:
        with pytest.raises(SovereigntyError):
            ask("merging", runtime, store, paths=[str(SAMPLE)], model=JUDGE, propose=True)
        assert list_runs(store) == []


def test_too_few_stories_to_plant_are_refused(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("As a cook, I want salt, so that it tastes.\n")
    asked = ["merging", str(tmp_path / "a.md"), "--db", runtime.settings.database]
    done = CliRunner().invoke(app, asked)
    assert isinstance(done.exception, InputError) and "too few" in str(done.exception)


def test_a_question_needs_somebody_to_ask(runtime: Runtime) -> None:
    asked = ["merging", str(SAMPLE), "--propose", "--db", runtime.settings.database]
    done = CliRunner().invoke(app, asked)
    assert isinstance(done.exception, InputError) and "nobody to ask" in str(done.exception)


def test_the_command_measures_planted_copies_without_a_model(runtime: Runtime) -> None:
    asked = ["merging", str(SAMPLE), "--most", "30", "--json", "--quiet"]
    done = CliRunner().invoke(app, [*asked, "--db", runtime.settings.database])
    found = json.loads(done.stdout)
    assert found["truth"] == "planted" and found["judge"] is None and found["calls"] == 0
    assert found["scores"]["folded_exact"]["mean"] == found["scores"]["kept"]["mean"] == 1.0
    assert found["scores"]["together"]["mean"] > 0.8
    assert set(found["stability"]) == {"shuffled", "other parts"}
    assert all(found["stability"][how]["stable_f1"]["mean"] == 1.0 for how in found["stability"])
    told = CliRunner().invoke(
        app, ["merging", str(SAMPLE), "--no-again", "--db", runtime.settings.database, "--quiet",
              "--truth", str(SAMPLE / "truth.json")]
    )  # fmt: skip
    assert told.exit_code == 0 and "conflicts marked" in told.stdout
