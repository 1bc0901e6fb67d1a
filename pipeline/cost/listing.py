"""The catalogue as a person reads it: windows, prices on a day, what can be run."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipeline.catalog import Catalog
from pipeline.cost.prices import price_note, usd_per_mtok


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
                "ability": spec.ability,
                "window": spec.window,
                "effective": spec.effective,
                "output_cap": spec.output_cap,
                "usd_per_mtok_in": None if rates is None else f"{rates[0].normalize():f}",
                "usd_per_mtok_out": None if rates is None else f"{rates[1].normalize():f}",
                "price_date": today.isoformat(),
                "leaves_machine": spec.leaves_machine,
                "retired": spec.retired.isoformat() if spec.retired else None,
                "licence": spec.licence,
                "notes": [*filter(None, [note]), *spec.notes],
            }
        )
    return listed
