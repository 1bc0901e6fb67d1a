"""Which models an estimate shows when none is asked for: the small one that comes along, the best
local one that fits the card, and of each cloud the cheapest and the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.calls import Usage
from pipeline.catalog import Catalog
from pipeline.cost.prices import price, price_is_dated, price_note, usd_per_mtok
from pipeline.cost.ranking import best_fit, rank_local
from pipeline.models import Gpu, ModelSpec
from pipeline.providers.local import DEFAULT_LOCAL
from pipeline.providers.provider_registry import providers

#: Tokens of a word of story English in a vocabulary like o200k: 1.142 to 1.167, measured on the
#: same public stories as the ratios of the catalogue.
TOKENS_PER_WORD = Decimal("1.155")
#: What a merge writes, as a share of what it reads, before there is a plan.
WRITTEN_SHARE = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Choice:
    """A model to estimate, and in how many bits its weights are held where it is local."""

    model: str
    bits: int = 16


def default_choices(
    catalog: Catalog, *, words: int, as_of: date, today: date, gpu: Gpu | None
) -> list[Choice]:
    """The models of an estimate that names none.

    Of each cloud the cheapest and the best of those that answer today. For a day in the past they
    are the models with a dated price on that day, where there are any: a price of today says
    nothing about them.

    Args:
        words: of the corpus; they decide which local model fits best.
        gpu: the card to fit; None leaves the best fitting local model out.
    """
    found = [Choice(DEFAULT_LOCAL)]
    if gpu is not None:
        n_input = int(words * TOKENS_PER_WORD)
        fit = best_fit(
            rank_local(
                catalog, gpu, input_tokens=n_input, output_tokens=int(n_input * WRITTEN_SHARE)
            )
        )
        if fit is not None:
            found.append(Choice(fit.model, fit.bits))
    for cloud in (provider for provider in providers().values() if provider.is_cloud):
        specs = [spec for spec in catalog if spec.provider == cloud]
        found += (Choice(spec.name) for spec in _of_one_cloud(specs, as_of, today))
    return list(dict.fromkeys(found))


def _of_one_cloud(specs: Sequence[ModelSpec], as_of: date, today: date) -> list[ModelSpec]:
    if as_of < today:
        then = [
            spec
            for spec in specs
            if price_is_dated(spec, as_of) and (spec.retired is None or spec.retired > as_of)
        ]
        if then:
            return then
    answering = [spec for spec in specs if spec.retired is None or spec.retired > max(as_of, today)]
    shown = [cheapest(answering, as_of), *(spec for spec in answering if spec.best)]
    return [spec for spec in shown if spec is not None]


def cheapest(specs: Iterable[ModelSpec], as_of: date) -> ModelSpec | None:
    """The model that reads and writes the same text for the fewest dollars, by its own tokens."""

    def usd(spec: ModelSpec) -> Decimal | None:
        ratio = spec.ratio.likely if spec.ratio else Decimal(1)
        n_input = int(10_000 * ratio)
        written = n_input * WRITTEN_SHARE * (1 + spec.thinking)
        found = price(spec, Usage(n_input, int(written)), as_of=as_of)
        return None if found is None else found.usd

    priced = [(found, spec.name, spec) for spec in specs if (found := usd(spec)) is not None]
    return min(priced, key=lambda one: one[:2])[2] if priced else None


#: The corpus that this project was first asked about, where no other is named.
FIRST_USERS_WORDS = 440_000


def list_models(catalog: Catalog, *, today: date) -> list[dict[str, Any]]:
    """What ``models --json`` prints, one entry a model.

    Prices are dollars per million tokens as decimal strings; null is unknown. ``leaves_machine``
    says whether a call sends text to another machine.
    """
    listed = []
    for spec in catalog:
        rates = usd_per_mtok(spec, as_of=today)
        note = price_note(spec, today)
        listed.append(
            {
                "model": spec.name,
                "provider": spec.provider.name,
                "window": spec.window,
                "effective": spec.effective,
                "output_cap": spec.output_cap,
                "usd_per_mtok_in": None if rates is None else f"{rates[0].normalize():f}",
                "usd_per_mtok_out": None if rates is None else f"{rates[1].normalize():f}",
                "price_date": today.isoformat() if price_is_dated(spec, today) else None,
                "leaves_machine": spec.leaves_machine,
                "retired": spec.retired.isoformat() if spec.retired else None,
                "licence": spec.licence,
                "notes": [*filter(None, [note]), *spec.notes],
            }
        )
    return listed


def rank_models(
    catalog: Catalog, gpu: Gpu, *, words: int, usd_per_kwh: Decimal = Decimal("0.17")
) -> dict[str, Any]:
    """What ``models --gpu NAME --json`` prints: every local model at 16, 8 and 4 bit on a card,
    the most useful first, with the longest window and the hours for a corpus of ``words``."""
    n_input = int(words * TOKENS_PER_WORD)
    fits = rank_local(
        catalog, gpu, input_tokens=n_input, output_tokens=int(n_input * WRITTEN_SHARE)
    )
    return {
        "gpu": gpu.name,
        "memory_bytes": gpu.memory_bytes,
        "words": words,
        "assumptions": f"{TOKENS_PER_WORD} tokens a word; everything is read once and "
        f"{WRITTEN_SHARE:.0%} of it written again; ${usd_per_kwh} a kWh",
        "models": [
            {
                "model": fit.model,
                "bits": fit.bits,
                "fits": fit.fits,
                "weights_bytes": fit.weights_bytes,
                "window": fit.window,
                "limit": fit.limit,
                "windows_needed": fit.windows_needed,
                "rows": fit.rows,
                "seconds": fit.seconds,
                "seconds_band": fit.seconds_band
                and dict(zip(("low", "high"), fit.seconds_band, strict=True)),
                "limit_share": fit.limit_share,
                "kwh": fit.kwh,
                "usd_energy": None
                if fit.kwh is None
                else f"{Decimal(repr(fit.kwh)) * usd_per_kwh:.4f}",
                "usd_rent": None if fit.usd_rent is None else str(fit.usd_rent),
                "eager_bytes": fit.eager_bytes,
            }
            for fit in fits
        ],
    }
