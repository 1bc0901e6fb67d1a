"""What fits a card, and what a window size costs."""

import itertools
from datetime import date
from pathlib import Path

from pipeline.catalog import Catalog
from pipeline.cost.hardware import Hardware
from pipeline.cost.ranking import best_fit, rank_local
from pipeline.cost.tradeoff import window_tradeoff

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
TODAY = date(2026, 11, 21)
MACHINE = Hardware(threads=1, memory_bytes=2**34)
CORPUS = {"input_tokens": 511_000, "output_tokens": 132_000}


def fits_on(name: str):
    ranked = rank_local(CATALOG, CATALOG.gpus[name], **CORPUS)
    return {(fit.model, fit.bits): fit for fit in ranked}, ranked


def test_every_local_model_is_tried_in_three_precisions():
    found, ranked = fits_on("RTX 4090")
    local = [spec.name for spec in CATALOG if spec.provider.is_local]
    assert set(found) == {(name, bits) for name in local for bits in (16, 8, 4)}
    usable = [fit.window for fit in ranked]
    assert usable == sorted(usable, reverse=True)
    assert best_fit(ranked) is ranked[0]


def test_eight_billion_parameters_on_24_gigabytes():
    found, _ = fits_on("RTX 4090")
    full, small = found["local/llama-3.1-8b", 16], found["local/llama-3.1-8b", 4]
    assert full.window < small.window and full.limit == "memory"
    assert small.limit == "effective context" and small.window == 32_768
    assert full.seconds is not None and small.usd_rent is not None and small.rows > full.rows
    assert not found["local/gemma-4-31b", 16].fits
    assert found["local/gemma-4-31b", 16].seconds is None


def test_a_larger_card_holds_more_and_is_faster():
    small, _ = fits_on("RTX 4090")
    large, _ = fits_on("H100")
    for key, fit in large.items():
        assert fit.window >= small[key].window
    key = ("local/llama-3.1-8b", 16)
    assert (large[key].seconds or 0) < (small[key].seconds or 0)


def test_a_card_without_a_known_rent_has_none():
    found, _ = fits_on("RTX 3090")
    assert all(fit.usd_rent is None for fit in found.values())


def test_the_picture_shows_both_sides_of_a_cliff():
    haiku = CATALOG.find("claude/claude-haiku-5-5")
    points = {
        point.window: point
        for point in window_tradeoff(
            haiku, input_tokens=774_000, output_tokens=194_000, prompt_tokens=900,
            as_of=TODAY, hardware=MACHINE,
        )
    }  # fmt: skip
    below, above = points[100_000], points[100_001]
    assert below.usd is not None and above.usd is not None
    assert not below.above_cliff and above.above_cliff
    assert 4 < above.usd / below.usd < 5
    assert below.usd < points[4_000].usd < points[512_000].usd
    assert below.seconds is None and below.peak_memory_bytes is None


def test_locally_longer_windows_take_more_memory_and_fewer_calls():
    spec = CATALOG.find("local/llama-3.1-8b")
    card = Hardware(threads=1, memory_bytes=2**34, gpu=CATALOG.gpus["H100"], gpu_name="H100")
    points = window_tradeoff(
        spec, input_tokens=511_000, output_tokens=132_000, prompt_tokens=700, as_of=TODAY,
        hardware=card, sizes=(4_000, 8_000, 16_000, 32_000, 64_000, 100_000),
    )  # fmt: skip
    answered = [point for point in points if point.seconds is not None]
    assert 3 < len(answered) < len(points), "what one reply cannot answer has its memory only"
    assert all(point.usd == 0 and point.seconds_band for point in answered)
    for shorter, longer in itertools.pairwise(points):
        assert longer.calls < shorter.calls
        assert (longer.peak_memory_bytes or 0) > (shorter.peak_memory_bytes or 0)
        assert (longer.eager_bytes or 0) > (shorter.eager_bytes or 0)
