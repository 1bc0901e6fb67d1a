"""The harness on models with known answers, and the exactness of its prompts."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evals.grids.needle_trials import Cell, measure
from evals.grids.needles import NEEDLES
from evals.grids.trials import STYLES, Trial, make_trials
from evals.metrics.scoring import score
from evals.metrics.statistics import wilson
from pipeline.calls import Request, TokenCount
from pipeline.errors import InputError
from pipeline.models import ModelSpec
from pipeline.tokens.token_counters import counter_for, open_tokenizer
from tests.support.fakes import FakeModel

Count = Callable[[Request], TokenCount]


def grid(spec: ModelSpec, model: Any, prompts: Path, known: Any = None, **wanted: Any) -> Any:
    trials = make_trials(spec, model.revision, model.count, prompts, **wanted)
    return measure(spec, model, trials, known=known or (lambda key: False))


slow_start = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def trials_of(spec: ModelSpec, count: Count, prompts: Path) -> Callable[..., list[Trial]]:
    def make(revision: str = "fake-oracle", **wanted: Any) -> list[Trial]:
        wanted = {"lengths": [400], "depths": [0, 50, 100]} | wanted
        return list(make_trials(spec, revision, count, prompts, **wanted))

    return make


@pytest.fixture
def run(
    spec: ModelSpec, count: Count, prompts: Path, trials_of: Callable[..., list[Trial]]
) -> Callable[..., list[Cell]]:
    """A grid on a fake that knows the answers."""

    def measure(kind: str, sees: Any = lambda request: True, **wanted: Any) -> list[Cell]:
        wanted = {"lengths": [400], "depths": [0, 50, 100]} | wanted
        answers = {t.request.key: t.expected for t in trials_of(f"fake-{kind}", **wanted)}
        model = FakeModel(spec, count, answers, kind, sees)  # type: ignore[arg-type]
        cells = list(grid(spec, model, prompts, **wanted))
        assert all(isinstance(cell, Cell) for cell in cells)
        return cells  # type: ignore[return-value]

    return measure


@pytest.mark.parametrize("task", sorted(NEEDLES))
def test_the_oracle_scores_one_and_the_blind_nought(run: Any, task: str) -> None:
    oracle = run("oracle", task=task, seeds=(0, 1))
    assert len(oracle) == 6
    assert {(c.status, c.score) for c in oracle} == {("ok", 1.0)}
    assert {(c.status, c.score) for c in run("blind", task=task)} == {("ok", 0.0)}


@pytest.mark.parametrize("task", sorted(set(NEEDLES) - {"absent"}))
def test_a_denier_is_flagged_and_a_truncator_is_no_silent_miss(run: Any, task: str) -> None:
    for cell in run("denier", task=task):
        assert cell.status == "ok" and "denied" in cell.flags
    for cell in run("truncator", task=task):
        assert cell.status == "truncated" and cell.score is not None and cell.score < 1


@pytest.mark.parametrize(
    ("kind", "status"), [("refuser", "refused"), ("failer", "error"), ("silent", "error")]
)
def test_a_cell_without_an_answer_has_a_status_of_its_own(run: Any, kind: str, status: str) -> None:
    assert {c.status for c in run(kind)} == {status}


def test_a_lossy_model_shows_its_planted_map(run: Any, trials_of: Any) -> None:
    planted = {(400, 0.0): 1.0, (400, 50.0): 0.5, (400, 100.0): 0.9, (800, 50.0): 0.1}
    wanted = {"lengths": [400, 800], "depths": [0, 50, 100], "seeds": range(20)}
    draw = random.Random(4)
    seen = {}
    for trial in trials_of("fake-oracle", **wanted):
        recipe = trial.recipe
        chance = planted.get((recipe.length, recipe.depth), 0.0)
        seen[trial.request.key] = draw.random() < chance
    cells = run("oracle", sees=lambda request: seen[request.key], **wanted)
    for length in (400, 800):
        for depth in (0.0, 50.0, 100.0):
            scores = [
                c.score for c in cells if (c.target_tokens, c.depth_target) == (length, depth)
            ]
            low, high = wilson(sum(scores), len(scores))
            assert len(scores) == 20
            assert low <= planted.get((length, depth), 0.0) <= high


@given(
    length=st.integers(300, 1500),
    depth=st.floats(0, 100).map(lambda d: round(d, 1)),
    seed=st.integers(0, 10**6),
    task=st.sampled_from(sorted(NEEDLES)),
    style=st.sampled_from(["chat", "plain"]),
)
@slow_start
def test_every_prompt_is_exact_to_the_token(
    spec: ModelSpec,
    count: Count,
    prompts: Path,
    length: int,
    depth: float,
    seed: int,
    task: str,
    style: str,
) -> None:
    (trial,) = make_trials(
        spec, "r", count, prompts, task=task, lengths=[length], depths=[depth], seeds=[seed],
        style=style,
    )  # fmt: skip
    assert count(trial.request).n == trial.prompt_tokens == length
    assert_sound(trial)


@pytest.mark.model
@given(
    length=st.integers(300, 2048), depth=st.integers(0, 100), seed=st.integers(0, 10**6),
    task=st.sampled_from(sorted(NEEDLES)), style=st.sampled_from(STYLES),
)  # fmt: skip
@slow_start
def test_every_prompt_is_exact_with_the_real_local_tokenizer(
    smollm: ModelSpec,
    eval_cache: Path,
    prompts: Path,
    length: int,
    depth: int,
    seed: int,
    task: str,
    style: str,
) -> None:
    counter = counter_for(smollm, cache=eval_cache)
    (trial,) = make_trials(
        smollm, "r", counter.count_request, prompts, task=task, lengths=[length], depths=[depth],
        seeds=[seed], style=style,
    )  # fmt: skip
    assert trial.exact and counter.count_request(trial.request).n == length
    ids = open_tokenizer(smollm.weights, eval_cache).apply_chat_template(trial.request.messages)
    assert len(ids) == length
    assert_sound(trial)


@pytest.mark.model
@pytest.mark.parametrize("task", sorted(NEEDLES))
def test_a_begun_reply_gives_nothing_away(
    smollm: ModelSpec, eval_cache: Path, prompts: Path, task: str
) -> None:
    counter, tokenizer = (
        counter_for(smollm, cache=eval_cache),
        open_tokenizer(smollm.weights, eval_cache),
    )
    found = {}
    for style in ("prefix", "raw"):
        (trial,) = make_trials(
            smollm, "r", counter.count_request, prompts, task=task, lengths=[700], depths=[50],
            style=style,
        )  # fmt: skip
        turn = trial.request.messages[-1]
        lead = turn.content.splitlines()[-1]
        assert not any(value in lead for value in (*trial.expected, *trial.wrong))
        text = tokenizer.decode(tokenizer.apply_chat_template(trial.request.messages))
        assert text.endswith(lead), "nothing stands behind the lead"
        assert score(trial.answer, trial.expected, trial.wrong).value == 1.0
        model = FakeModel(smollm, counter.count_request, {trial.request.key: trial.expected})
        (cell,) = measure(smollm, model, [trial])
        assert isinstance(cell, Cell) and (cell.status, cell.score) == ("ok", 1.0)
        found[style] = turn.role, tokenizer.render(trial.request.messages)
    assert found["prefix"][0] == "assistant" and "<|im_start|>" in found["prefix"][1]
    assert found["raw"][0] == "text" and "<|im_start|>" not in found["raw"][1]


def test_only_a_local_model_goes_on_with_a_begun_reply(
    spec: ModelSpec, count: Count, prompts: Path
) -> None:
    for style in ("prefix", "raw"):
        with pytest.raises(InputError, match="only local models"):
            list(make_trials(spec, "r", count, prompts, lengths=[400], depths=[50], style=style))


def assert_sound(trial: Trial) -> None:
    """What must hold for every prompt."""
    text = "\n".join(turn.content for turn in trial.request.messages)
    for value in (*trial.expected, *trial.wrong):
        assert text.count(value) == 1
    assert 0 <= trial.depth_actual <= 100


@pytest.mark.parametrize("depth", [0, 10, 25, 50, 75, 90, 100])
def test_the_depth_comes_out_near_what_was_asked(trials_of: Any, depth: int) -> None:
    (trial,) = trials_of(lengths=[3000], depths=[depth])
    assert trial.depth_actual == pytest.approx(depth, abs=1.5)
    text = trial.request.messages[-1].content
    at = text.index(trial.expected[0]) / len(text)
    assert at == pytest.approx(depth / 100, abs=0.05)


@pytest.mark.parametrize("depth", [0, 40, 100])
def test_updates_stand_in_their_order(trials_of: Any, depth: int) -> None:
    (trial,) = trials_of(task="latest", depths=[depth])
    text = trial.request.messages[-1].content
    places = [text.index(value) for value in (*trial.wrong, *trial.expected)]
    assert places == sorted(places)


def test_no_two_cells_share_a_haystack(trials_of: Any) -> None:
    found = trials_of(lengths=[400, 500], depths=[0, 50, 100], seeds=range(3))
    starts = {t.request.messages[-1].content.splitlines()[2] for t in found}
    assert len(starts) > 0.9 * len(found)
    assert len({t.expected for t in found}) == len({t.key for t in found}) == len(found) == 18


def test_an_inexact_counter_gets_the_nearest_below_and_the_reported_count(
    spec: ModelSpec, count: Count, prompts: Path
) -> None:
    def coarse(request: Request) -> TokenCount:
        n = int(count(request).n * 1.52)
        return TokenCount(n, "coarse", False, n - 50, n + 50)

    (trial,) = make_trials(spec, "fake-oracle", coarse, prompts, lengths=[700], depths=[50])
    assert not trial.exact and 690 <= trial.prompt_tokens <= 700
    model = FakeModel(spec, count, {trial.request.key: trial.expected})
    model.count = coarse  # type: ignore[method-assign]
    (cell,) = grid(spec, model, prompts, lengths=[700], depths=[50])
    assert isinstance(cell, Cell)
    assert cell.prompt_tokens == count(trial.request).n, "what the model reported"


def test_a_model_that_reads_another_prompt_than_was_built_is_an_error(
    spec: ModelSpec, count: Count, prompts: Path, trials_of: Any
) -> None:
    answers = {t.request.key: t.expected for t in trials_of(depths=[50])}

    def cut(request: Request) -> TokenCount:
        return count(request)._replace(n=100)

    model = FakeModel(spec, cut, answers)
    model.count = count  # type: ignore[method-assign]
    (cell,) = grid(spec, model, prompts, lengths=[400], depths=[50])
    assert isinstance(cell, Cell) and cell.status == "error" and "100" in cell.finish


def test_a_grid_goes_on_where_it_stopped(
    spec: ModelSpec, count: Count, prompts: Path, trials_of: Any
) -> None:
    wanted: dict[str, Any] = {"lengths": [300, 400], "depths": [0, 100], "seeds": range(3)}
    answers = {t.request.key: t.expected for t in trials_of(**wanted)}
    whole = FakeModel(spec, count, answers)
    cells = [c for c in grid(spec, whole, prompts, **wanted) if isinstance(c, Cell)]
    stored: dict[str, Cell] = {}
    first = FakeModel(spec, count, answers)
    for cell in grid(spec, first, prompts, **wanted):
        assert isinstance(cell, Cell)
        stored[cell.key] = cell
        if len(stored) == 5:
            break  # killed
    second = FakeModel(spec, count, answers)
    for found in grid(spec, second, prompts, known=stored.__contains__, **wanted):
        if isinstance(found, Cell):
            stored[found.key] = found
        else:
            assert found.key in stored
    assert len(second.asked) == 12 - 5
    assert list(stored.values()) == cells


def test_everything_that_decides_a_reply_is_in_the_key(trials_of: Any) -> None:
    base: dict[str, Any] = {"lengths": [400], "depths": [50], "seeds": [0]}
    keys = [
        trials_of(**base)[0].key,
        trials_of("another revision", **base)[0].key,
        trials_of(**base | {"lengths": [401]})[0].key,
        trials_of(**base | {"depths": [51]})[0].key,
        trials_of(**base | {"seeds": [1]})[0].key,
        trials_of(task="uuid", **base)[0].key,
        trials_of(style="plain", **base)[0].key,
        trials_of(haystack="noise", **base)[0].key,
    ]
    assert len(set(keys)) == len(keys)
    assert trials_of(**base)[0].key == keys[0]


def test_a_prompt_beyond_the_window_is_skipped_and_not_asked(
    spec: ModelSpec, count: Count, prompts: Path
) -> None:
    model = FakeModel(spec, count, {})
    (cell,) = grid(spec, model, prompts, lengths=[8190], depths=[50])
    assert isinstance(cell, Cell)
    assert (cell.status, cell.score, model.asked) == ("skipped", None, [])
    assert "8192" in cell.finish


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"lengths": [40]}, "too short"),
        ({"depths": [101]}, "not a percentage"),
        ({"task": "haystack"}, "unknown needle task"),
        ({"style": "rap"}, "unknown style"),
    ],
)
def test_bad_input_is_named(trials_of: Any, wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        trials_of(**wanted)


def test_a_cell_can_be_stored_as_plain_values(run: Any) -> None:
    row = asdict(run("oracle", depths=[50])[0])
    row.pop("request")
    row.pop("usage")
    assert all(isinstance(v, str | int | float | tuple | type(None)) for v in row.values())


def test_the_reply_budget_holds_the_whole_answer_restated(trials_of: Any, count: Count) -> None:
    for task in sorted(NEEDLES):
        for trial in trials_of(task=task, depths=[50]):
            answer = sum(len(v) for v in trial.expected)
            assert trial.request.max_tokens >= 16 + answer / 3


def test_room_to_think_counts_towards_the_window(
    spec: ModelSpec, count: Count, prompts: Path
) -> None:
    thinker = replace(spec, thinking=Decimal(2), output_cap=4096)
    (plain,) = make_trials(spec, "r", count, prompts, lengths=[7000], depths=[50])
    (thought,) = make_trials(thinker, "r", count, prompts, lengths=[7000], depths=[50])
    assert plain.request == thought.request
    assert not plain.skip and "do not fit" in thought.skip


@pytest.mark.model
def test_the_real_local_model_finds_needles(
    smollm: ModelSpec, eval_cache: Path, prompts: Path
) -> None:
    """One length and three depths of the demo's grid."""
    if importlib.util.find_spec("pipeline.providers.local.local_model") is None:
        pytest.skip("the local model is not here")
    from pipeline.providers.base import ModelOptions
    from pipeline.providers.opening import open_model

    model = open_model(smollm, ModelOptions(cache=eval_cache, threads=1))
    try:
        cells = list(grid(smollm, model, prompts, lengths=(512,), depths=(0, 50, 100)))
    finally:
        model.close()
    assert len(cells) == 3
    for cell in cells:
        assert isinstance(cell, Cell)
        assert cell.prompt_tokens == cell.target_tokens and cell.status in ("ok", "truncated")
    assert sum(cell.score or 0 for cell in cells if isinstance(cell, Cell)) >= 2
