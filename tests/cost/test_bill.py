"""Cached prefixes, worst cases, calls that follow on replies, and rate limits."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.calls import (
    Band,
    Call,
    LaterCall,
    Message,
    Plan,
    Request,
    TokenCount,
    Usage,
    WindowLimits,
)
from pipeline.catalog import Catalog
from pipeline.cost.bill import asked, bill, total_input, total_output, worst_usage
from pipeline.cost.prices import price
from pipeline.cost.remarks import cache_note, rate_limit_minutes, rate_note

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
TODAY = date(2026, 11, 21)
HAIKU = CATALOG.find("claude/claude-haiku-5-5")
OLD_HAIKU = CATALOG.find("claude/claude-haiku-4-5")
GEMINI = CATALOG.find("gemini/gemini-2.5-flash-lite")


def call(number: int, shared: int = 600) -> Call:
    request = Request("m", "r", "edits", "p.v1", "0", (Message("user", str(number)),), 500)
    count = TokenCount(10_000, "t", False, 9_000, 11_000)
    return Call(f"edit-{number}", "edit", request, (), (), count, Band(10, 100, 500), shared)


def plan(*calls: Call, later: tuple[LaterCall, ...] = ()) -> Plan:
    return Plan("edit", "m", WindowLimits(1, 1, ""), calls, (), (), 0, 0, later=later)


def test_the_first_call_writes_the_cache_and_the_others_read_it():
    first, second = asked(HAIKU, plan(call(1), call(2)))
    assert first.likely == Usage(9_400, 100, cache_write=600)
    assert second.likely == Usage(9_400, 100, cache_read=600)
    assert first.likely.prompt == second.likely.prompt == 10_000


def test_at_worst_every_call_writes_the_cache():
    first, second = asked(HAIKU, plan(call(1), call(2)))
    assert first.high == second.high == worst_usage(HAIKU, call(2))
    assert worst_usage(HAIKU, call(2)) == Usage(10_400, 500, cache_write=600)


def test_a_prefix_below_the_minimum_is_not_cached_and_that_is_said():
    (only,) = asked(OLD_HAIKU, plan(call(1)))
    assert only.likely == Usage(10_000, 100)
    two = plan(call(1), call(2))
    assert "below the 4,096" in cache_note(OLD_HAIKU, two)
    assert not cache_note(GEMINI, two) and not cache_note(OLD_HAIKU, plan(call(1)))


def test_caching_makes_many_calls_cheaper_and_one_call_dearer():
    def usd(calls: int, shared: int) -> Decimal:
        made = plan(*(call(i, shared) for i in range(calls)))
        found = bill(HAIKU, asked(HAIKU, made), TODAY).usd
        assert found is not None
        return found[1]

    assert usd(10, 5_000) < usd(10, 0)
    assert usd(1, 5_000) > usd(1, 0)
    assert "45% of the input" in cache_note(HAIKU, plan(*(call(i, 5_000) for i in range(10))))


def test_calls_that_follow_on_replies_are_priced_as_bands():
    later = LaterCall("fold-0002", "fold", Band(1, 1_000, 2_000), Band(1, 10, 20))
    made = plan(call(1, 0), later=(later,))
    assert total_input(made) == TokenCount(11_000, "t", False, 9_001, 13_000)
    assert total_output(asked(HAIKU, made)) == Band(11, 110, 520)
    found = bill(HAIKU, asked(HAIKU, made), TODAY).usd
    one = price(HAIKU, Usage(10_000, 100), as_of=TODAY)
    two = price(HAIKU, Usage(1_000, 10), as_of=TODAY)
    assert found is not None and one is not None and two is not None
    assert found[1] == one.usd + two.usd


def test_a_model_that_thinks_reserves_its_thinking():
    opus = CATALOG.find("claude/claude-opus-5-5")
    assert opus.reply_limit(500) == 500 + 2_048
    assert opus.reply_limit(10_000) == 30_000
    assert opus.reply_limit(100_000) == opus.output_cap
    assert HAIKU.reply_limit(500) == 500


def test_rate_limits_bound_the_time_from_below():
    usages = [(Usage(90_000, 24_250), 8)]
    assert HAIKU.rates is not None
    minutes = rate_limit_minutes(HAIKU, usages)
    assert minutes == 8 * 24_250 / HAIKU.rates.output_tokens
    assert rate_note(HAIKU, usages).endswith("allow it in 1.9 minutes at the earliest")
    assert not rate_note(HAIKU, [(usages[0][0], 1)])
    cached = [(Usage(0, 1, cache_read=10**9), 1)]
    assert rate_limit_minutes(HAIKU, cached) == 1 / HAIKU.rates.requests
    assert rate_limit_minutes(replace(HAIKU, rates=None), usages) is None
