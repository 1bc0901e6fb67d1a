"""Which models an estimate shows unasked, whether a price is that of its day, and which line is
marked as the cheapest."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.calls import Usage
from pipeline.catalog import Catalog
from pipeline.cost.bare import bare_text_estimate
from pipeline.cost.hardware import Hardware, nearest_gpus
from pipeline.cost.line import as_lines
from pipeline.cost.model_choice import TOKENS_PER_WORD, Choice, cheapest, default_choices
from pipeline.cost.prices import price, price_is_dated, undated_note
from pipeline.providers.local import DEFAULT_LOCAL

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
TODAY = date(2026, 11, 21)
THEN = date(2024, 3, 9)
HAIKU = CATALOG.find("claude/claude-haiku-5-5")


def names(as_of: date = TODAY, gpu: str = "", words: int = 440_000) -> list[str]:
    card = CATALOG.gpus[gpu] if gpu else None
    chosen = default_choices(CATALOG, words=words, as_of=as_of, today=TODAY, gpu=card)
    return [choice.model for choice in chosen]


def test_the_cheapest_and_the_best_of_each_cloud_beside_the_small_local_model():
    assert names() == [
        DEFAULT_LOCAL,
        "claude/claude-haiku-5-5",
        "claude/claude-fable-5-2",
        "gemini/gemini-2.5-flash-lite",
        "gemini/gemini-4-argon",
    ]


def test_with_a_card_the_best_fitting_local_model_joins_in_the_precision_that_fits():
    for gpu in ("RTX 4090", "H100"):
        local = [name for name in names(gpu=gpu) if name.startswith("local/")]
        assert len(local) == 2 and local[0] == DEFAULT_LOCAL
    small = default_choices(
        CATALOG, words=10**6, as_of=TODAY, today=TODAY, gpu=CATALOG.gpus["RTX 4090"]
    )
    assert small[1].bits < 16, "a card of 24 GB holds the longest windows in fewer bits"


def test_a_past_day_shows_the_models_whose_price_is_known_for_it():
    assert set(names(THEN)) == {
        DEFAULT_LOCAL,
        "claude/claude-3-opus-20240229",
        "claude/claude-3-sonnet-20240229",
        "claude/claude-3-haiku-20240307",
        "gemini/gemini-1.0-pro",
    }


def test_a_model_that_stops_answering_before_the_day_is_not_shown():
    soon = replace(HAIKU, retired=date(2026, 12, 1))
    assert cheapest([soon, CATALOG.find("claude/claude-opus-5-5")], TODAY) is soon
    assert "claude/claude-sonnet-4-5" not in names(date(2026, 12, 24))


def test_the_cheapest_is_judged_by_its_own_tokens_and_an_unknown_price_is_never_the_cheapest():
    """Sonnet 5.5 has lower prices than Sonnet 4.6, and a tokenizer that eats most of it."""
    unknown = CATALOG.find("openai/some-model@https://models.example.com/v1")
    assert cheapest([unknown], TODAY) is None
    assert cheapest([unknown, HAIKU], TODAY) is HAIKU


def test_an_undated_price_is_not_called_that_of_an_earlier_day():
    assert price_is_dated(HAIKU, TODAY) and not undated_note(HAIKU, TODAY)
    assert not price_is_dated(HAIKU, THEN)
    line = bare_text_estimate(1_000, Decimal(1), HAIKU, as_of=THEN, today=TODAY)
    (shown,) = as_lines([line])
    assert shown["price_date"] is None and shown["usd"] is not None
    assert any("undated" in note and "2024-03-09" in note for note in shown["notes"])
    dated = bare_text_estimate(1_000, Decimal(1), HAIKU, as_of=TODAY, today=TODAY)
    assert as_lines([dated])[0]["price_date"] == "2026-11-21"


@pytest.mark.parametrize(
    ("name", "day", "dated"),
    [
        ("claude/claude-opus-4-6", date(2026, 3, 12), False),
        ("claude/claude-opus-4-6", date(2026, 3, 13), True),
        ("claude/claude-3-opus-20240229", date(2024, 3, 4), True),
        ("claude/claude-3-opus-20240229", date(2024, 3, 3), False),
        ("gemini/gemini-4-argon", date(2026, 12, 1), True),
        ("local/smollm2-135m", date(2020, 1, 1), True),
    ],
)
def test_a_price_is_dated_from_its_first_day(name, day, dated):
    assert price_is_dated(CATALOG.find(name), day) is dated


def test_before_its_first_day_a_dated_price_is_unknown():
    opus = CATALOG.find("claude/claude-3-opus-20240229")
    assert price(opus, Usage(1), as_of=date(2024, 3, 3)) is None
    line = bare_text_estimate(9, Decimal(1), opus, as_of=date(2024, 3, 3), today=TODAY)
    assert line.usd is None


def test_the_askers_assumption_stands_alone_and_the_measured_one_is_the_models_own():
    given = bare_text_estimate(1_000, Decimal("2.0"), HAIKU, as_of=TODAY, today=TODAY)
    assert given.input_tokens.n == given.input_tokens.high == 2_000
    assert "as given" in given.input_tokens.counter
    assert not any("o200k" in note for note in given.notes)
    own = bare_text_estimate(100_000, None, HAIKU, as_of=TODAY, today=TODAY)
    assert HAIKU.ratio is not None
    assert own.input_tokens.n == round(100_000 * TOKENS_PER_WORD * HAIKU.ratio.likely)
    assert own.input_tokens.low < own.input_tokens.n < own.input_tokens.high
    assert any("o200k" in note for note in own.notes)


def test_the_cheapest_line_that_can_run_is_marked_with_its_electricity():
    machine = Hardware(threads=1, memory_bytes=2**34)
    lines = as_lines(
        [
            bare_text_estimate(
                1_000_000, None, CATALOG.find(name), as_of=TODAY, today=TODAY, hardware=machine
            )
            for name in (DEFAULT_LOCAL, "claude/claude-haiku-5-5", "claude/claude-3-opus-20240229")
        ]
    )
    assert [line["cheapest"] for line in lines] == [True, False, False]
    assert lines[0]["seconds"] > 0 and Decimal(lines[0]["usd_energy"]) > 0
    retired = as_lines(
        [
            bare_text_estimate(
                9, None, CATALOG.find("gemini/gemini-1.0-pro"), as_of=THEN, today=TODAY
            )
        ]
    )
    assert not retired[0]["cheapest"], "what cannot run is never marked"


def test_weights_that_do_not_fit_are_a_reason():
    card = Hardware(
        threads=1, memory_bytes=2**34, gpu=CATALOG.gpus["RTX 4090"], gpu_name="RTX 4090"
    )
    big = CATALOG.find("local/gemma-4-31b")
    terms = {"as_of": TODAY, "today": TODAY, "hardware": card}
    full = bare_text_estimate(1_000, None, big, **terms)
    assert not full.feasible and "does not fit" in full.reason
    assert bare_text_estimate(1_000, None, big, bits=4, **terms).feasible


@pytest.mark.parametrize(
    ("typed", "meant"), [("RTX 4900", "RTX 4090"), ("H10", "H100"), ("a10", "A100"), ("Radeon", "")]
)
def test_a_misspelt_card_is_suggested(typed, meant):
    assert (nearest_gpus(CATALOG.gpus, typed) or [""])[0] == meant


def test_choices_are_not_repeated():
    assert len(names(gpu="H100", words=1)) == len(set(names(gpu="H100", words=1)))
    assert Choice("a") == Choice("a", 16)
