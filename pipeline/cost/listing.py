"""The catalogue as a person reads it: windows, prices on a day, what can be run."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.catalog import Catalog, Gpu
from pipeline.cost.choice import TOKENS_PER_WORD, WRITTEN_SHARE
from pipeline.cost.prices import price_is_dated, price_note, usd_per_mtok
from pipeline.cost.ranking import rank_local

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
                "provider": spec.provider,
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
