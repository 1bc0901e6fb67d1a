"""Prices are per request and dated: cliffs below, at and above; schedules; what is not known."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.calls import Usage
from pipeline.catalog import Catalog
from pipeline.cost.prices import price, price_cliffs, price_note, retirement_note, usd_per_mtok

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
TODAY = date(2026, 11, 21)


def usd(name: str, n_input: int, n_output: int, as_of: date = TODAY, **more) -> Decimal:
    found = price(CATALOG.find(name), Usage(n_input, n_output), as_of=as_of, **more)
    assert found is not None
    return found.usd


@pytest.mark.parametrize(
    ("name", "n_input", "expected"),
    [
        ("claude/claude-haiku-5-5", 99_999, "0.0149999"),
        ("claude/claude-haiku-5-5", 100_000, "0.0150000"),
        ("claude/claude-haiku-5-5", 100_001, "0.0750005"),
        ("gemini/gemini-3.1-pro-preview", 199_999, "0.519998"),
        ("gemini/gemini-3.1-pro-preview", 200_000, "0.520000"),
        ("gemini/gemini-3.1-pro-preview", 200_001, "0.980004"),
    ],
)
def test_a_cliff_bills_every_token_of_the_request(name, n_input, expected):
    assert usd(name, n_input, 10_000) == Decimal(expected)


def test_cached_tokens_count_towards_the_cliff():
    spec = CATALOG.find("claude/claude-haiku-5-5")
    below = price(spec, Usage(60_000, 0, cache_read=40_000), as_of=TODAY)
    above = price(spec, Usage(60_000, 0, cache_read=40_001), as_of=TODAY)
    assert below is not None and above is not None
    assert above.usd > 4 * below.usd


def test_scheduled_changes_take_effect_on_their_day():
    name = "gemini/gemini-4-argon"
    assert usd(name, 10**6, 0, date(2026, 12, 1)) == 2 * usd(name, 10**6, 0, date(2026, 11, 30))
    assert price_note(CATALOG.find(name), TODAY) == "doubles on 2026-12-01"
    assert price_note(CATALOG.find(name), date(2026, 12, 1)) == ""
    flash = CATALOG.find("gemini/gemini-3.8-flash")
    assert price_note(flash, TODAY) == "doubles on 2027-01-01"


def test_a_retired_model_cannot_be_run_and_one_that_will_be_says_when():
    opus = CATALOG.find("claude/claude-3-opus-20240229")
    assert price_note(opus, TODAY) == "retired 2026-01-05, cannot be run"
    assert retirement_note(opus, date(2026, 1, 4)) == "stops answering on 2026-01-05"
    assert price_note(CATALOG.find("claude/claude-sonnet-4-5"), TODAY) == (
        "stops answering on 2026-11-30"
    )


def test_the_overlay_prices_by_the_character_from_its_first_day():
    name = "gemini/gemini-1.0-pro"
    assert usd(name, 880_000, 0, date(2024, 3, 9)) == Decimal("0.44")
    assert price(CATALOG.find(name), Usage(1), as_of=date(2023, 12, 12)) is None


def test_the_overlay_prices_what_is_cached_like_everything_else():
    haiku = CATALOG.find("claude/claude-3-haiku-20240307")

    def usd_of(usage: Usage, day: date) -> Decimal:
        found = price(haiku, usage, as_of=day)
        assert found is not None
        return found.usd

    million = 10**6
    before, since = date(2024, 8, 13), date(2024, 8, 14)
    assert usd_of(Usage(cache_read=million), before) == usd_of(Usage(million), before)
    assert usd_of(Usage(cache_read=million), since) == Decimal("0.03")
    assert usd_of(Usage(cache_write=million), since) == Decimal("0.30")
    assert usd_of(Usage(million, million, million, million), since) == Decimal("1.83")


def test_batch_costs_half_where_its_price_is_known_and_is_unknown_before():
    name = "claude/claude-opus-5-5"
    assert usd(name, 10**6, 10**6, batch=True) == usd(name, 10**6, 10**6) / 2
    before = price(CATALOG.find(name), Usage(1), as_of=date(2026, 10, 13), batch=True)
    assert before is None
    retired = CATALOG.find("claude/claude-3-opus-20240229")
    assert price(retired, Usage(1), as_of=TODAY, batch=True) is None


def test_what_is_not_known_is_not_free():
    unknown = CATALOG.find("openai/some-model@https://models.example.com/v1")
    assert price(unknown, Usage(1_000, 1_000), as_of=TODAY) is None
    assert usd_per_mtok(unknown, as_of=TODAY) is None


@pytest.mark.parametrize(
    "name",
    ["extractive", "local/smollm2-135m", "openai/some-model@http://127.0.0.1:8000/v1"],
)
def test_what_runs_here_costs_no_dollars(name):
    assert usd(name, 10**9, 10**9) == 0


def test_the_cliffs_of_our_catalogue_are_those_of_the_prices():
    for spec in CATALOG:
        if spec.leaves_machine:
            assert price_cliffs(spec, TODAY) == spec.cliffs, spec.name


def test_a_cliff_that_was_abolished_counts_for_its_time_only():
    opus = CATALOG.find("claude/claude-opus-4-6")
    assert price_cliffs(opus, date(2026, 3, 12)) == (200_000,)
    assert price_cliffs(opus, date(2026, 3, 13)) == ()


def test_every_cloud_model_of_the_catalogue_has_a_price():
    for spec in CATALOG:
        if spec.leaves_machine:
            assert usd_per_mtok(spec, as_of=TODAY) is not None, spec.name
