"""Grids as runs on models with known answers: priced, stopped by a budget, and what they say of
the length that a model really uses."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from evals.grids.grids import PROFILES, Grid, NeedleOptions, needle_grid
from evals.grids.likelihood import answer_losses, likelihood, overall
from evals.grids.needle_price import price_needles, worst_usage
from evals.grids.needle_run import effective_figures, run_needles, told_of
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.hardware import detect_hardware
from pipeline.cost.prices import price
from pipeline.errors import BudgetError, InputError
from pipeline.providers.base import ModelOptions
from pipeline.store.reading import reports
from pipeline.store.record import StoreJournal, open_store
from pipeline.tokens.token_counters import counter_for
from tests.support.fakes import FakeModel

SETTINGS = read_settings({"HOME": "/nowhere"})
HAIKU = Catalog(SETTINGS.models_toml).find("claude/claude-haiku-5-5")
DAY = date(2026, 11, 21)
GRID = Grid(("single", "uuid"), (500, 700), (0, 100))


@pytest.fixture
def store(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as opened:
        yield opened


@pytest.fixture
def haiku(eval_cache, prompts):
    """The trials of the grid, and a fake that answers them for the priced model."""
    count = counter_for(HAIKU, cache=eval_cache).count_request

    def make(sees=lambda request: True):
        revision = HAIKU.model_id
        trials = list(GRID.trials(HAIKU, revision, count, prompts))
        model = FakeModel(HAIKU, count, {t.request.key: t.expected for t in trials}, "oracle", sees)
        model.revision = revision
        return trials, model

    return make


def measure(store, model, prompts, tmp_path, **more):
    return run_needles(
        HAIKU, ModelOptions(cache=tmp_path), store, prompts, grid=GRID, as_of=DAY,
        allow_cloud=("all",), opened=model, **more,
    )  # fmt: skip


def test_the_dry_run_prices_the_very_cells_that_are_asked(
    store, haiku, prompts, tmp_path, eval_cache
):
    trials, model = haiku()
    dry = price_needles(
        HAIKU, eval_cache, prompts, grid=GRID, hardware=detect_hardware({}), as_of=DAY
    )
    assert (dry["cells"], dry["asked"]) == (8, 8)
    assert dry["input_tokens"] == sum(t.prompt_tokens for t in trials)
    worst = sum(price(HAIKU, worst_usage(HAIKU, t), as_of=DAY).usd for t in trials)
    assert Decimal(dry["usd"]["high"]) == worst
    done = measure(store, model, prompts, tmp_path)
    assert set(model.asked) == {t.request.key for t in trials}
    assert Decimal(0) < Decimal(done["usd"]) <= worst
    again = price_needles(
        HAIKU, eval_cache, prompts, grid=GRID, hardware=detect_hardware({}), as_of=DAY,
        known=reports.cells_by_key(store).__contains__,
    )  # fmt: skip
    assert (again["known"], again["asked"], again["usd"]["high"]) == (8, 0, "0")


class Page(FakeModel):
    """A server that answers with a page, with 200: what came has been paid."""

    def complete(self, requests, progress=None):
        for reply in super().complete(requests, progress):
            yield replace(reply, finish="error", text="<html>", detail="the reply is not JSON")


def test_a_reply_that_came_and_cannot_be_used_is_paid_once(store, haiku, prompts, tmp_path):
    _, model = haiku()
    model.__class__ = Page
    first = measure(store, model, prompts, tmp_path)
    assert len(model.asked) == 8 and {c["status"] for c in first["cells"]} == {"error"}
    _, second = haiku()
    again = measure(store, second, prompts, tmp_path)
    assert again["reused"] == 8 and not second.asked
    _, third = haiku()
    anew = measure(store, third, prompts, tmp_path, ask_again=True)
    assert len(third.asked) == 8 and {c["status"] for c in anew["cells"]} == {"ok"}


def test_a_budget_stops_before_the_cell_that_might_not_fit(store, haiku, prompts, tmp_path):
    trials, model = haiku()
    worst = [price(HAIKU, worst_usage(HAIKU, t), as_of=DAY).usd for t in trials]
    most = sum(worst[:3]) + Decimal("0.00001")  # reservations are rounded up
    with pytest.raises(BudgetError) as stopped:
        measure(store, model, prompts, tmp_path, max_usd=most)
    assert stopped.value.exit_code == 4
    n = len(model.asked)
    assert model.asked == [t.request.key for t in trials[:n]] and 3 <= n < 8
    (run,) = reports.list_runs(store, kind="needle")
    paid = StoreJournal(store, run["run"]).charged()
    assert paid <= most < paid + worst[n]
    assert run["state"] == "failed" and len(reports.needle_grid(store, run["run"])) == n
    assert not reports.scores(store, run["run"]), "half a grid says nothing of lengths"
    _, second = haiku()
    done = measure(store, second, prompts, tmp_path)
    assert (done["reused"], len(second.asked)) == (n, 8 - n)


def test_a_model_that_fails_long_prompts_is_effective_up_to_the_short_ones(
    store, haiku, prompts, tmp_path
):
    trials, _ = haiku()
    short = {t.request.key for t in trials if t.recipe.length == 500}
    done = measure(store, haiku(lambda r: r.key in short)[1], prompts, tmp_path)
    assert {n: f["tokens"] for n, f in done["effective"].items()} == {
        "absolute": 500, "relative": 500, "every_depth": 500
    }  # fmt: skip
    assert {f["told"] for f in done["effective"].values()} == {"between 500 and 700 tokens"}
    assert done["tasks"]["uuid"]["mean"] == done["mean"] == 0.5
    rows = {(r["name"], r["item"]): r for r in reports.scores(store, done["run"])}
    assert rows["effective_relative", "uuid"]["n"] == 4
    assert rows["effective_relative", ""]["detail"]["lengths"] == [500, 700]


def cell(length, score, task="single", depth=0.0, status="ok"):
    return {"task": task, "target_tokens": length, "depth_target": depth, "score": score,
            "status": status}  # fmt: skip


def test_effective_lengths_have_a_band_and_leave_failed_cells_out():
    cells = [cell(500, 1.0)] * 6 + [cell(900, 1.0)] * 5 + [cell(900, 0.0)]
    found = {f.name: f for f in effective_figures(cells) if not f.item}
    assert found["effective_every_depth"].value == 500
    assert found["effective_relative"].value == 500
    assert (found["effective_relative"].low, found["effective_relative"].high) == (500, 900)
    down = [*cells[:-1], cell(900, 0.0, status="error")]
    assert {f.value for f in effective_figures(down)} == {900}
    assert [told_of(found[f"effective_{name}"])["band"] for name in ("absolute", "relative")] == [
        "at least 500 tokens", "at least 500 tokens"
    ]  # fmt: skip
    blind = effective_figures([cell(500, 0.0), cell(900, 1.0)])
    assert {told_of(f)["told"] for f in blind} == {"below 500 tokens"}
    whole = effective_figures([cell(500, 1.0), cell(900, 1.0)])
    assert {told_of(f)["told"] for f in whole} == {"at least 900 tokens"}
    assert {(f.detail["lengths"][-1], f.detail["below"]) for f in whole} == {(900, None)}
    assert {f.value for f in blind} == {None} and {f.low for f in blind} == {0}


class Bigrams:
    """An engine whose losses are known: the distance of a token from the one before."""

    class tokenizer:
        @staticmethod
        def encode(text):
            return [ord(c) for c in text]

    def ids(self, prompt):
        return [ord(c) for _, content in prompt for c in content]

    def losses(self, ids, *, since=1):
        return [abs(b - a) for a, b in itertools.pairwise(ids)][since - 1 :]


def test_the_likelihood_is_that_of_the_answer_and_not_of_the_prompt(haiku):
    (trial, *_), _ = haiku()
    text = trial.request.messages[-1].content
    losses = answer_losses(Bigrams(), trial.request, "abd")
    assert losses == [abs(ord("a") - ord(text[-1])), 1, 2]
    score = likelihood("k", [1.0, 2.0])
    assert (score.value, score.n, score.detail["nll_sum"]) == (-1.5, 2, 3.0)
    one = overall([score, likelihood("l", [0.5])])
    assert one is not None and one.mean == -1.0 and one.n == 2 and overall([]) is None


@pytest.mark.model
def test_a_right_answer_is_likelier_than_a_wrong_one(smollm, eval_cache, prompts):
    from pipeline.providers.local.local_model import LocalModel

    model = LocalModel(smollm, ModelOptions(cache=eval_cache, threads=1))
    grid = Grid(lengths=(400,), depths=(50,))
    (trial,) = grid.trials(smollm, model.revision, model.count, prompts)
    wrong = trial.answer.replace(trial.expected[0], "9017265")
    right, false = (
        math.fsum(answer_losses(model.engine(), trial.request, text))
        for text in (trial.answer, wrong)
    )
    model.close()
    assert wrong != trial.answer and right < false


def test_profiles_are_grids_and_what_is_given_replaces_their_values():
    for name, profile in PROFILES.items():
        assert needle_grid(NeedleOptions(profile=name)) == profile and profile.n_cells > 0
    found = needle_grid(NeedleOptions(profile="nightly", tasks=("kv",), lengths=(900, 700, 900)))
    assert (found.tasks, found.lengths, found.seeds) == (("kv",), (700, 900), 3)
    with pytest.raises(InputError, match="no profile"):
        needle_grid(NeedleOptions(profile="weekly"))
    with pytest.raises(InputError, match="no cell"):
        needle_grid(NeedleOptions(seeds=0))
