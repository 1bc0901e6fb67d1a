"""One plan, one price: sums of single requests, reasons, bands, and the first user's table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calls import (
    Band,
    Call,
    Message,
    Plan,
    Request,
    SkippedStory,
    TokenCount,
    Usage,
    WindowLimits,
)
from pipeline.catalog import Catalog
from pipeline.cost.bill import total_usd
from pipeline.cost.estimate import (
    as_line,
    bare_text_estimate,
    estimate,
    infeasible,
    window_limits,
)
from pipeline.cost.hardware import Hardware
from pipeline.cost.prices import price

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
TODAY = date(2026, 11, 21)
MACHINE = Hardware(threads=2, memory_bytes=24 * 2**30)
HAIKU = "claude/claude-haiku-5-5"


def call(number: int, model: str, tokens: tuple[int, int, int], output: Band) -> Call:
    low, likely, high = tokens
    request = Request(
        model, "r", "pair", "p.v1", "0" * 64, (Message("user", str(number)),), output.high
    )
    count = TokenCount(likely, "test", low == high, low, high)
    handles = (("S1", f"a{number}"), ("S2", f"b{number}"))
    return Call(f"edit-{number:04d}", "edit", request, handles, (("S1", "S2"),), count, output)


def plan_of(model: str, *calls: Call, journalled: frozenset[str] = frozenset()) -> Plan:
    limits = WindowLimits(100_000, 10_000, "test")
    return Plan("pairs", model, limits, calls, (SkippedStory("x", "single"),), 5, 2,
                journalled=journalled)  # fmt: skip


def priced(model: str, *calls: Call, **more):
    made = plan_of(model, *calls, journalled=more.pop("journalled", frozenset()))
    terms = {"as_of": TODAY, "today": TODAY, "hardware": MACHINE, **more}
    return estimate(made, CATALOG.find(model), **terms)


def test_the_price_is_the_sum_of_requests_not_the_price_of_the_sum():
    calls = [call(i, HAIKU, (90_000, 90_000, 90_000), Band(100, 200, 300)) for i in range(2)]
    line = priced(HAIKU, *calls)
    one = price(CATALOG.find(HAIKU), Usage(90_000, 200), as_of=TODAY)
    together = price(CATALOG.find(HAIKU), Usage(180_000, 400), as_of=TODAY)
    assert line.usd is not None and one is not None and together is not None
    assert line.usd[1] == 2 * one.usd < together.usd / 4
    assert line.usd_batch == line.usd[1] / 2
    assert line.usd_worst == line.usd[2] > line.usd[1] > line.usd[0]


def test_bands_of_uncounted_tokenizers_and_replies_reach_the_price():
    line = priced(HAIKU, call(1, HAIKU, (900, 1_000, 1_100), Band(10, 50, 200)))
    assert line.input_tokens == TokenCount(1_000, "test", False, 900, 1_100)
    spec = CATALOG.find(HAIKU)
    expected = [
        price(spec, Usage(i, o), as_of=TODAY) for i, o in ((900, 10), (1_000, 50), (1_100, 200))
    ]
    assert line.usd == tuple(p.usd for p in expected if p is not None)


def test_journalled_calls_cost_nothing_again():
    calls = [call(i, HAIKU, (500, 500, 500), Band(1, 2, 3)) for i in range(3)]
    line = priced(HAIKU, *calls, journalled=frozenset([calls[0].request.key]))
    assert (line.calls, line.journalled_calls) == (2, 1)
    assert line.input_tokens.n == 1_000
    everything = frozenset(c.request.key for c in calls)
    done = priced(HAIKU, *calls, journalled=everything)
    assert done.usd == (0, 0, 0) and done.output_tokens == Band(0, 0, 0)


def test_the_hash_of_the_line_is_that_of_the_plan():
    one = call(1, HAIKU, (5, 5, 5), Band(1, 2, 3))
    assert priced(HAIKU, one).plan_sha256 == plan_of(HAIKU, one).sha256


def test_a_cloud_needs_permission_and_a_retired_model_cannot_be_run():
    one = call(1, HAIKU, (500, 500, 500), Band(1, 2, 3))
    assert priced(HAIKU, one, allow_cloud=None).feasible
    assert priced(HAIKU, one, allow_cloud=True).feasible
    refused = priced(HAIKU, one, allow_cloud=False)
    assert not refused.feasible and "--allow-cloud" in refused.reason
    assert refused.usd is not None
    opus = "claude/claude-3-opus-20240229"
    old = priced(opus, call(1, opus, (5, 5, 5), Band(1, 2, 3)), as_of=date(2024, 3, 9))
    assert old.reason == "retired 2026-01-05, cannot be run" and old.price_date == "2024-03-09"


def test_a_reply_over_the_models_limit_is_not_feasible():
    line = priced(HAIKU, call(1, HAIKU, (5, 5, 5), Band(1, 2, 200_000)))
    assert not line.feasible and "200,000 tokens is over its limit of 128,000" in line.reason


def test_a_local_model_costs_time_memory_and_energy():
    name = "local/smollm2-135m"
    calls = [call(i, name, (300, 300, 300), Band(10, 30, 60)) for i in range(20)]
    line = priced(name, *calls, usd_per_kwh=Decimal("0.20"))
    assert line.usd == (0, 0, 0) and line.usd_batch is None and line.feasible
    assert line.seconds is not None and line.seconds_band is not None
    assert line.seconds_band[0] < line.seconds < line.seconds_band[1]
    assert line.kwh is not None and line.usd_energy is not None
    assert float(line.usd_energy) == pytest.approx(line.kwh * 0.20, abs=1e-6)
    assert line.usd_rent is None
    assert 500 * 2**20 < (line.peak_memory_bytes or 0) < 1500 * 2**20


def test_weights_of_fewer_bits_take_less_memory_by_their_name_alone():
    name = "local/smollm2-135m"
    whole, small = (
        priced(one, call(1, one, (500, 500, 500), Band(60, 60, 60)))
        for one in (name, f"{name}@4bit")
    )
    given = priced(name, call(1, name, (500, 500, 500), Band(60, 60, 60)), bits=4)
    assert (whole.bits, small.bits, given.bits) == (16, 4, 4)
    assert small.peak_memory_bytes == given.peak_memory_bytes < whole.peak_memory_bytes
    tight = {"memory_bytes": 900_000_000, "runtime_bytes": 450_000_000}
    roomy, narrow = (
        window_limits(CATALOG.find(one), **tight).input_tokens for one in (f"{name}@4bit", name)
    )
    assert roomy > narrow


def test_what_does_not_fit_says_so():
    """Llama-3.1-8B in bf16 with windows of 66,000 tokens is too much for 24 GB."""
    name = "local/llama-3.1-8b"
    card = replace(MACHINE, gpu=CATALOG.gpus["RTX 4090"], gpu_name="RTX 4090")
    calls = [call(i, name, (60_000, 60_000, 60_000), Band(1, 3_000, 6_000)) for i in range(4)]
    line = priced(name, *calls, hardware=card)
    assert not line.feasible and "does not fit" in line.reason and "RTX 4090" in line.reason
    assert line.usd_rent is not None and line.usd_rent > 0
    assert priced(name, *calls, hardware=card, bits=4).feasible
    assert priced(name, *calls, hardware=replace(card, gpu=CATALOG.gpus["H100"])).feasible


def test_only_as_many_calls_run_side_by_side_as_fit():
    """Four windows of 30,000 tokens do not fit beside 15 GiB of weights on 24 GB; one does."""
    name = "local/llama-3.1-8b"
    card = replace(MACHINE, gpu=CATALOG.gpus["RTX 4090"], gpu_name="RTX 4090")
    calls = [call(i, name, (24_000, 24_000, 24_000), Band(1, 3_000, 6_000)) for i in range(4)]
    line = priced(name, *calls, hardware=card)
    assert line.feasible and f"{name}: 1 of 4 calls fit into memory side by side" in line.notes
    wide = priced(name, *calls, hardware=replace(card, gpu=CATALOG.gpus["H100"]))
    assert not any("side by side" in note for note in wide.notes)


def test_an_unknown_price_and_configuration_stay_unknown():
    remote = "openai/some-model@https://models.example.com/v1"
    line = priced(remote, call(1, remote, (5, 5, 5), Band(1, 2, 3)), allow_cloud=True)
    assert line.usd is None and line.usd_worst is None and line.feasible
    server = "openai/some-model@http://127.0.0.1:8000/v1"
    here = priced(server, call(1, server, (5, 5, 5), Band(1, 2, 3)))
    assert here.usd == (0, 0, 0) and here.seconds is None and here.peak_memory_bytes is None
    assert as_line(line)["usd"] is None and as_line(here)["kwh"] is None


@pytest.mark.parametrize(
    ("name", "usd", "windows", "ceiling"),
    [
        ("claude/claude-3-opus-20240229", ("13.2", "29.7", "79.2"), 5, "20,480"),
        ("claude/claude-3-sonnet-20240229", ("2.64", "5.94", "15.84"), 5, "20,480"),
        ("claude/claude-3-haiku-20240307", ("0.22", "0.495", "1.32"), 5, "20,480"),
        ("gemini/gemini-1.0-pro", ("0.44", "0.77", "1.76"), 36, "294,912"),
    ],
)
def test_the_first_users_table(name, usd, windows, ceiling):
    """440,000 words at two tokens a word, at the prices of March 2024."""
    line = as_line(
        bare_text_estimate(
            440_000, Decimal("2.0"), CATALOG.find(name), as_of=date(2024, 3, 9), today=TODAY
        )
    )
    assert tuple(line["usd"].values()) == usd
    assert line["calls"] == windows and line["input_tokens"] == 880_000
    assert line["output_tokens"] == {"low": 0, "likely": 220_000, "high": 880_000}
    assert not line["feasible"] and line["reason"].startswith("retired")
    assert ceiling in line["notes"][0] and line["price_date"] == "2024-03-09"


@pytest.mark.parametrize(
    ("name", "tokens", "cents"),
    [
        ("claude/claude-haiku-5-5", 774_000, "0.17"),
        ("gemini/gemini-3.1-pro-preview", 526_000, "2.63"),
    ],
)
def test_windows_below_a_cliff_make_the_same_job_cheaper(name, tokens, cents):
    spec = CATALOG.find(name)
    line = bare_text_estimate(tokens, Decimal(1), spec, as_of=TODAY, today=TODAY)
    one = price(spec, Usage(tokens, tokens // 4), as_of=TODAY)
    assert line.usd is not None and one is not None
    assert line.usd[1].quantize(Decimal("0.01")) == Decimal(cents)
    assert line.usd[1] < one.usd * Decimal("0.6")
    assert line.calls > 1 and "price cliff" in line.notes[0]


def test_windows_stay_below_every_limit_and_name_the_one_that_binds():
    haiku = window_limits(CATALOG.find(HAIKU), as_of=TODAY)
    assert haiku == WindowLimits(100_000, 128_000, "price cliff at 100,000 tokens")
    opus = window_limits(CATALOG.find("claude/claude-opus-5-5"), as_of=TODAY)
    assert opus == WindowLimits(500_000, 128_000, "rate limit of 500,000 input tokens a minute")
    unlimited = window_limits(replace(CATALOG.find("claude/claude-opus-5-5"), rates=None))
    assert (unlimited.input_tokens, unlimited.output_tokens) == (872_000, 128_000)
    llama = CATALOG.find("local/llama-3.1-8b")
    assert window_limits(llama).reason == "measured effective context of 32,768 tokens"
    small = window_limits(llama, memory_bytes=20 * 2**30)
    assert "memory" in small.reason and small.input_tokens < 32_768
    assert window_limits(llama, memory_bytes=2**30).input_tokens == 0


def test_a_line_that_could_not_be_planned_knows_nothing_but_its_reason():
    line = as_line(infeasible(CATALOG.find(HAIKU), "edit", "no key", as_of=TODAY))
    assert line["reason"] == "no key" and not line["feasible"]
    assert line["usd"] is None and line["input_tokens"] is None and line["calls"] is None


def test_the_shape_of_a_line():
    line = as_line(priced(HAIKU, call(1, HAIKU, (900, 1_000, 1_100), Band(10, 50, 200))))
    assert set(line) >= {
        "model", "strategy", "feasible", "reason", "calls", "input_tokens", "exact",
        "output_tokens", "usd", "usd_batch", "seconds", "peak_memory_bytes", "kwh", "price_date",
    }  # fmt: skip
    assert set(line["output_tokens"]) == set(line["usd"]) == {"low", "likely", "high"}
    assert all(Decimal(value) > 0 for value in line["usd"].values())
    free = as_line(priced("extractive", call(1, "extractive", (0, 0, 0), Band(0, 0, 1))))
    assert free["usd"] == {"low": "0", "likely": "0", "high": "0"}


def test_scheduled_changes_are_said_in_words():
    name = "gemini/gemini-4-argon"
    line = priced(name, call(1, name, (5, 5, 5), Band(1, 2, 3)))
    assert f"{name}: the price doubles on 2026-12-01" in line.notes


@settings(max_examples=40)
@given(
    st.lists(st.builds(Usage, *[st.integers(0, 90_000)] * 4), max_size=12),
    st.sampled_from(
        ("claude/claude-haiku-5-5", "claude/claude-opus-5-5", "gemini/gemini-3.1-pro-preview")
    ),
)
def test_a_sum_of_prices_is_the_sum_of_single_prices(usages, name):
    """Also beyond cliffs, where tokens may not be added up first."""
    spec, day = CATALOG.find(name), TODAY
    singly = [price(spec, usage, as_of=day) for usage in usages]
    assert total_usd(spec, [(usage, 1) for usage in usages], day) == sum(
        (one.usd for one in singly), Decimal(0)
    )
