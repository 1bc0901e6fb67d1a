"""``eval rewrite``: what a strategy that writes everything again leaves of the stories; budget,
journal and resume are those of a merge."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cli.eval_commands import app
from evals.merges.rewrite_job import rewrite_job
from evals.merges.rewriting import look_for
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.errors import BudgetError, InputError, ModelError, SovereigntyError
from pipeline.plan.near.similarity import unique
from pipeline.run.corpus import gather
from pipeline.runtime import Runtime
from pipeline.store.reading.reports import list_runs
from pipeline.store.record import Store
from pipeline.tokens.token_counters import counter_for
from tests.support.asked import Answered, ask
from tests.support.rewriters import FAULTS, Rewriter

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
#: A model with a price; who answers in its place is of the tests' own.
MODEL = "claude/claude-haiku-5-5"
STRATEGIES = ("tree", "fold")


@pytest.fixture
def runtime(tmp_path: Path, shared_cache: Path) -> Runtime:
    return Runtime(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache), "ANTHROPIC_API_KEY": "never sent"},
            db=f"sqlite:///{tmp_path}/x.sqlite",
        )
    )


@pytest.fixture
def rewriter(runtime: Runtime) -> Callable[..., Rewriter]:
    spec = runtime.find(MODEL)
    counter = counter_for(spec, cache=runtime.settings.cache)
    return lambda **how: Rewriter(spec, counter.count_text, **how)


def rewritten(
    runtime: Runtime, store: Store, model: Rewriter, strategy: str, out: Path, **more: Any
) -> dict[str, Any]:
    """A run over the sample in windows small enough for several levels."""

    return ask(
        "rewrite",
        Answered(runtime.settings, model, 8192),
        store,
        paths=[str(SAMPLE)],
        model=MODEL,
        strategy=strategy,
        out=str(out),
        allow_cloud=("all",),
        **more,
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_model_that_joins_nothing_leaves_every_story(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path, strategy: str
) -> None:
    model = rewriter(words=99)
    with runtime.store() as store:
        found = rewritten(runtime, store, model, strategy, tmp_path / "out")
        assert [run["kind"] for run in list_runs(store)] == ["rewrite"]
    text = Path(found["out"]).read_text(encoding="utf-8")
    corpus = gather([SAMPLE])
    # A text of another shape: sentences are joined anew, what is in the fields is all there.
    assert not found["left_out"] and not found["failed_calls"]
    for story in corpus.stories:
        assert story.goal in text and all(c.splitlines()[0] in text for c in story.criteria)
    assert found["scores"]["left_out"]["mean"] == 0 and found["scores"]["left_out"]["n"] == 122
    assert found["verbatim"] / found["units"] > 0.8
    assert 0.85 < found["words_out"] / found["words_in"] < 1.15
    assert len(model.asked) == found["calls"] > 2
    assert {r.purpose for r in model.asked} == {"stories"}
    prompts = {r.prompt for r in model.asked}
    assert ("merge-fold.v1" in prompts) == (strategy == "fold")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_a_reply_leaves_out_is_gone_and_said_to_be(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path, strategy: str
) -> None:
    with runtime.store() as store:
        whole = rewritten(runtime, store, rewriter(words=99), strategy, tmp_path / "whole")
    other = Runtime(
        read_settings(
            {
                "STORYTRANSFORMER_CACHE": str(runtime.settings.cache),
                "ANTHROPIC_API_KEY": "never sent",
            },
            db=f"sqlite:///{tmp_path}/y.sqlite",
        )
    )
    forgetful = rewriter(words=99, failing=1.0, faults=("forgets",))
    with other.store() as store:
        found = rewritten(other, store, forgetful, strategy, tmp_path / "less")
    assert found["left_out"] and found["verbatim"] < whole["verbatim"]
    text = Path(found["out"]).read_text(encoding="utf-8")
    by_id = gather([SAMPLE]).by_id
    gone = [by_id[name] for name in found["left_out"]]
    copies = {s.goal for s in by_id.values()} - {s.goal for s in gone}
    alone = [story for story in gone if story.goal and story.goal not in copies]
    assert alone and not any(story.goal in text for story in alone)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "forgets"])
def test_a_failed_call_leaves_its_stories_as_they_were(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path, strategy: str, fault: str
) -> None:
    model = rewriter(failing=1.0, faults=(fault,))
    with runtime.store() as store:
        with pytest.raises(ModelError, match="all calls failed"):
            rewritten(runtime, store, model, strategy, tmp_path / "out")
        assert [run["state"] for run in list_runs(store)] == ["failed"]
    text = (tmp_path / "out" / "rewritten.md").read_text(encoding="utf-8")
    found = look_for(unique(gather([SAMPLE]).stories), text)
    assert found.verbatim == found.units > 300


def test_a_second_run_asks_nothing_and_says_the_same(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path
) -> None:
    with runtime.store() as store:
        first = rewritten(runtime, store, rewriter(), "tree", tmp_path / "a")
        silent = rewriter()
        again = rewritten(runtime, store, silent, "tree", tmp_path / "b")
    assert not silent.asked and again["calls"] == 0 and again["reused_replies"] == first["calls"]
    assert (tmp_path / "a/rewritten.md").read_text() == (tmp_path / "b/rewritten.md").read_text()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_run_that_broke_off_goes_on_where_it_was(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path, strategy: str
) -> None:
    class Breaking(Rewriter):
        def complete(self, requests: Any, progress: Any = None) -> Any:
            for request in requests:
                if len(self.asked) == 3:
                    raise KeyboardInterrupt
                yield from super().complete([request], progress)

    spec = runtime.find(MODEL)
    broken = Breaking(spec, counter_for(spec, cache=runtime.settings.cache).count_text)
    with runtime.store() as store:
        with pytest.raises(KeyboardInterrupt):
            rewritten(runtime, store, broken, strategy, tmp_path / "a")
        (interrupted,) = list_runs(store)
        assert interrupted["state"] == "interrupted"
        model = rewriter()
        found = rewritten(runtime, store, model, strategy, tmp_path / "a")
        assert [run["run"] for run in list_runs(store)] == [interrupted["run"]] == [found["run"]]
    before = {request.key for request in broken.asked}
    assert not before & {request.key for request in model.asked} and model.asked


def test_a_budget_is_kept(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path
) -> None:
    with runtime.store() as store:
        with pytest.raises(BudgetError):
            rewritten(runtime, store, rewriter(), "tree", tmp_path / "a", max_cost=Decimal("0.001"))
        assert not (tmp_path / "a").exists()


def test_a_dry_run_prices_and_leaves_no_run(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path
) -> None:
    model = rewriter()
    with runtime.store() as store:
        priced = rewritten(runtime, store, model, "fold", tmp_path / "a", dry_run=True)
        assert not list_runs(store) and not model.asked
    assert priced["calls"] > 1 and Decimal(priced["usd"]["likely"]) > 0


def test_canaries_are_looked_for_in_the_text(
    runtime: Runtime, rewriter: Callable[..., Rewriter], tmp_path: Path
) -> None:
    with runtime.store() as store:
        found = rewritten(runtime, store, rewriter(words=99), "tree", tmp_path / "a", canaries=6)
    scores = found["scores"]
    assert scores["canaries_survived"]["n"] == 9
    # Twins have one goal, so this model makes one story of the two, with the first one's benefit.
    assert scores["canaries_survived"]["mean"] == 1.0
    assert scores["canaries_unmutated"]["mean"] == pytest.approx(6 / 9)


def test_a_merge_names_no_rewriting_strategy_and_a_rewrite_no_other(
    runtime: Runtime, tmp_path: Path
) -> None:
    with runtime.store() as store:
        merge = runtime.merge_job(
            [str(SAMPLE)],
            MODEL,
            MergeOptions(out=str(tmp_path), strategy="tree", allow_cloud=("all",)),
            store=store,
        )
        with pytest.raises(InputError, match="eval rewrite"):
            merge.read()
        pairs = rewrite_job(
            runtime.merge_job(
                [str(SAMPLE)],
                MODEL,
                MergeOptions(out=str(tmp_path), strategy="pairs", allow_cloud=("all",)),
                store=store,
            )
        )
        pairs.read()
        with pytest.raises(InputError, match="tree, fold"):
            pairs.make_plan()


@pytest.mark.parametrize(
    ("more", "error", "told"),
    [
        (["--model", "extractive"], InputError, "writes nothing"),
        (["--model", MODEL], SovereigntyError, "allow-cloud"),
        (["--strategy", "pairs"], InputError, "tree, fold"),
    ],
)
def test_the_command_refuses_what_cannot_be_run(
    runtime: Runtime, more: list[str], error: type[Exception], told: str
) -> None:
    asked = ["rewrite", str(SAMPLE), *more, "--quiet", "--db", runtime.settings.database]
    done = CliRunner().invoke(app, asked)
    assert isinstance(done.exception, error) and told in f"{done.exception} {done.exception.next}"


def test_the_command_prices_the_local_model(runtime: Runtime, shared_cache: Path) -> None:
    asked = ["rewrite", str(SAMPLE / "volunteers.txt"), "--dry-run", "--json", "--quiet"]
    environment = {"STORYTRANSFORMER_CACHE": str(shared_cache)}
    done = CliRunner(env=environment).invoke(app, [*asked, "--db", runtime.settings.database])
    priced = json.loads(done.stdout)
    assert priced["strategy"] == "tree" and priced["calls"] > 0
