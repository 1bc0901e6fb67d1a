"""The price of one request, at a date.

Prices are per request and never per total, because tiers are cliffs: one token more than the
threshold bills every token of the request at the higher rate. They come from ``genai-prices``,
which is offline and dated; what it lacks or has wrong is overlaid by ``[[price]]`` tables of
``data/models.toml``. What neither knows is ``None``, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipeline.calls import Usage
from pipeline.models import DatedPrice, ModelSpec

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

#: Characters a token is taken for where a price is per character (Google's own rule of thumb).
CHARACTERS_PER_TOKEN = 4
_MILLION = Decimal(1_000_000)
# A request of each size class probes every tier of the catalogue's models.
_PROBES = (Usage(input=1_000, output=1_000), Usage(input=900_000, output=1_000))


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars of one request.

    Args:
        source: which catalogue and rule made it, for people.
    """

    usd: Decimal
    source: str


def price(spec: ModelSpec, usage: Usage, *, as_of: date, batch: bool = False) -> Price | None:
    """What one request costs at the prices of ``as_of``.

    Args:
        usage: the tokens of one request, never a sum over requests.
        batch: through the provider's batch API.

    Returns:
        None when the price, or its batch price at that date, is not known. Zero for models that
        run here.
    """
    if not spec.leaves_machine:
        return Price(Decimal(0), "runs on this machine")
    if spec.prices:
        return None if batch else _overlay_price(spec.prices, usage, as_of)
    found = _catalogue_price(*_address(spec), as_of, batch)
    if found is None:
        return None
    from genai_prices import Usage as CatalogueUsage

    usd = found.calc_price(
        CatalogueUsage(
            input_tokens=usage.prompt,
            cache_read_tokens=usage.cache_read,
            cache_write_tokens=usage.cache_write,
            output_tokens=usage.output,
        )
    )["total_price"]
    return Price(usd, f"genai-prices {_catalogue_version()}{', batch' if batch else ''}")


@lru_cache(maxsize=1)
def _catalogue_version() -> str:
    return version("genai-prices")


def usd_per_mtok(spec: ModelSpec, *, as_of: date) -> tuple[Decimal, Decimal] | None:
    """Dollars of a million input and a million output tokens of short requests."""
    sizes = (Usage(input=1_000), Usage(output=1_000))
    found = [price(spec, usage, as_of=as_of) for usage in sizes]
    if found[0] is None or found[1] is None:
        return None
    return found[0].usd * 1_000, found[1].usd * 1_000


def price_is_dated(spec: ModelSpec, as_of: date) -> bool:
    """Whether the price is known to be that of the day.

    Most entries of the price catalogue have no date: they are the prices of the day on which our
    own catalogue was checked, and of later days as far as is known, but not of any day before.
    """
    if not spec.leaves_machine:
        return True
    if spec.prices:
        return any(entry.start <= as_of for entry in spec.prices)
    if spec.checked is not None and as_of >= spec.checked:
        return True
    return any(day <= as_of for day in _starts(spec))


def undated_note(spec: ModelSpec, as_of: date) -> str:
    """What has to be said of a price that is not known to be that of the day, else ""."""
    if price_is_dated(spec, as_of) or price(spec, Usage(1, 1), as_of=as_of) is None:
        return ""
    checked = f"it held on {spec.checked.isoformat()}" if spec.checked else "nobody checked it"
    return f"the price is undated: {checked}, whether on {as_of.isoformat()} is not known"


def price_note(spec: ModelSpec, as_of: date) -> str:
    """What will happen to this model's price, and whether it answers on that day, in words.

    "doubles on 2027-01-01", "retired 2026-01-05, cannot be run", "" when there is nothing to say.
    """
    said = [_change_note(spec, as_of), retirement_note(spec, as_of)]
    return "; ".join(filter(None, said))


def retirement_note(spec: ModelSpec, day: date) -> str:
    """Whether the model has stopped answering on that day, or when it will."""
    if spec.retired is None:
        return ""
    if spec.retired <= day:
        return f"retired {spec.retired.isoformat()}, cannot be run"
    return f"stops answering on {spec.retired.isoformat()}"


def price_cliffs(spec: ModelSpec, as_of: date | None = None) -> tuple[int, ...]:
    """Prompt lengths beyond which every token of a request costs more, ascending.

    The price catalogue's word at that date; without a date or a catalogue entry, the spec's own.
    """
    if as_of is not None and not spec.prices and spec.leaves_machine:
        found = _catalogue_price(*_address(spec), as_of, False)
        if found is not None:
            tiers = getattr(found.input_mtok, "tiers", ())
            return tuple(tier.start for tier in tiers)
    return spec.cliffs


def _overlay_price(prices: tuple[DatedPrice, ...], usage: Usage, as_of: date) -> Price | None:
    current = [entry for entry in prices if entry.start <= as_of]
    if not current:
        return None
    entry = current[-1]
    units = CHARACTERS_PER_TOKEN if entry.unit == "character" else 1
    usd = (
        usage.input * entry.usd_input
        + usage.cache_read * _or(entry.usd_cache_read, entry.usd_input)
        + usage.cache_write * _or(entry.usd_cache_write, entry.usd_input)
        + usage.output * entry.usd_output
    )
    usd = usd * units / _MILLION
    rule = f", {units} characters a token" if entry.unit == "character" else ""
    return Price(usd, f"models.toml, from {entry.start.isoformat()}{rule}")


def _address(spec: ModelSpec) -> tuple[str, str, str]:
    """By what the price catalogue finds a model: its provider's id there, its own, and its
    server's address where the provider has no id."""
    price_id = spec.provider.price_id
    return price_id, spec.model_id, "" if price_id else spec.base_url


def _or(rate: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if rate is None else rate


@lru_cache(maxsize=256)
def _catalogue_model(price_id: str, model_id: str, base_url: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, model = get_snapshot().find_provider_model(
            model_id, None, price_id or None, base_url or None
        )
    except LookupError:
        return None
    return model


@lru_cache(maxsize=1024)
def _catalogue_price(
    price_id: str, model_id: str, base_url: str, as_of: date, batch: bool
) -> ModelPrice | None:
    model = _catalogue_model(price_id, model_id, base_url)
    if model is None:
        return None
    when = datetime.combine(as_of, time(), tzinfo=UTC)
    if not batch:
        return model.get_prices(when)
    # Where it knows no batch price for the date the catalogue silently falls back to the standard
    # one, which would be called a discount here: unknown is the honest answer.
    known = any(
        variant.when == {"processing": "batch"}
        and (variant.constraint is None or variant.constraint.active(when))
        for variant in model.price_variants or ()
    )
    return model.get_prices(when, {"processing": "batch"}) if known else None


def _starts(spec: ModelSpec) -> list[date]:
    """The days on which this model's price changes."""
    if spec.prices:
        return [entry.start for entry in spec.prices]
    if not spec.leaves_machine:
        return []
    model = _catalogue_model(*_address(spec))
    if model is None or not isinstance(model.prices, list):
        return []
    constraints = (entry.constraint for entry in model.prices)
    found = (getattr(constraint, "start_date", None) for constraint in constraints)
    return sorted(day for day in found if day is not None)


def _change_note(spec: ModelSpec, as_of: date) -> str:
    change = _next_change(spec, as_of)
    if change is None:
        return ""
    day, factor = change
    return f"{_in_words(factor)} on {day.isoformat()}"


def _next_change(spec: ModelSpec, as_of: date) -> tuple[date, Decimal] | None:
    """The next scheduled day on which a request's price changes, and by which factor."""
    for day in _starts(spec):
        if day <= as_of:
            continue
        for probe in _PROBES:
            before = price(spec, probe, as_of=day - timedelta(days=1))
            after = price(spec, probe, as_of=day)
            if before and after and before.usd and before.usd != after.usd:
                return day, after.usd / before.usd
    return None


def _in_words(factor: Decimal) -> str:
    if factor == 2:
        return "doubles"
    if factor == Decimal("0.5"):
        return "halves"
    percent = abs(factor - 1) * 100
    return f"{'rises' if factor > 1 else 'falls'} by {percent.normalize():f} %"
