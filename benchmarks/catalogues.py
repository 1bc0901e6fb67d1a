"""Two price catalogues side by side: what `genai-prices` says, which every estimate uses, and what
`metergraph-core` says, which nobody here uses for anything else.

    python benchmarks/catalogues.py [--as-of 2026-11-21]

Every cloud model of our catalogue, by the price of single requests: short and long (below, at and
above its cliffs), cached, as a batch, and on the days on which either catalogue changes a price.
A difference is listed with both numbers; one that is not on the committed list of explained
differences fails the check. Only the data file of metergraph-core is read; nothing of it runs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.calls import Usage
from pipeline.catalog import Catalog
from pipeline.cost.prices import price
from pipeline.models import ModelSpec

ROOT = Path(__file__).parents[1]
CHANNELS = {"claude": "anthropic-api", "gemini": "google-api", "openai": "openai-api"}
REQUESTS = {
    "short": Usage(input=10_000, output=2_000),
    "written cache": Usage(input=9_000, output=2_000, cache_write=1_000),
    "read cache": Usage(input=9_000, output=2_000, cache_read=1_000),
    "100,000": Usage(input=100_000, output=2_000),
    "100,001": Usage(input=100_001, output=2_000),
    "200,000": Usage(input=200_000, output=2_000),
    "200,001": Usage(input=200_001, output=2_000),
    "500,000": Usage(input=500_000, output=2_000),
}
_MILLION = Decimal(1_000_000)

#: Differences that are understood: model and request, and why. "*" is every request of a model.
EXPLAINED: dict[tuple[str, str], str] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One request that the catalogues price differently; None is unknown to a catalogue."""

    model: str
    request: str
    batch: bool
    day: date
    ours: Decimal | None
    theirs: Decimal | None

    @property
    def why(self) -> str:
        """The committed explanation, "" where there is none."""
        exact = EXPLAINED.get((self.model, self.request))
        return exact or EXPLAINED.get((self.model, "*"), "")


def other_catalogue() -> Mapping[str, Any] | None:
    """The data of metergraph-core, None where it is not installed."""
    found = importlib.util.find_spec("metergraph_core")
    if found is None or not found.submodule_search_locations:
        return None
    import yaml

    file = Path(found.submodule_search_locations[0]) / "data" / "prices.yaml"
    loaded: Mapping[str, Any] = yaml.load(
        file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return loaded


def rows_of(data: Mapping[str, Any], spec: ModelSpec) -> list[Mapping[str, Any]]:
    """The dated prices that the other catalogue has for a model at its own vendor."""
    channel = CHANNELS[spec.provider.name]
    for model in data["models"]:
        names = {a["alias"] for a in model.get("aliases", ()) if a.get("channel") == channel}
        if spec.model_id in names:
            return [
                row
                for row in model.get("prices", ())
                if row["channel"] == channel and row.get("region") in (None, "global")
            ]
    return []


def their_price(
    rows: list[Mapping[str, Any]], usage: Usage, day: date, *, batch: bool
) -> Decimal | None:
    """What the other catalogue says that one request costs on a day, None where it does not say."""
    for row in rows:
        until = row.get("effective_to")
        if not row["effective_from"] <= day.isoformat() or (until and until <= day.isoformat()):
            continue
        parts = {
            "input_per_mtok": usage.input,
            "output_per_mtok": usage.output,
            "cache_read_per_mtok": usage.cache_read,
            "cache_write_5m_per_mtok": usage.cache_write,
        }
        tier = row.get("rules", {}).get("long_context")
        long = tier is not None and usage.prompt > tier["threshold"]
        total = Decimal(0)
        for name, tokens in parts.items():
            rate = row.get(f"batch_{name}" if batch else name)
            if tokens and rate is None:
                return None
            factor = Decimal(1)
            if long:
                kind = "output" if name.startswith("output") else "input"
                factor = Decimal(str(tier[f"{kind}_multiplier"]))
            total += tokens * Decimal(str(rate or 0)) * factor / _MILLION
        return total
    return None


def change_days(rows: list[Mapping[str, Any]], as_of: date) -> list[date]:
    """The day asked for, and the later days on which the other catalogue changes a price."""
    starts = {date.fromisoformat(row["effective_from"]) for row in rows}
    return [as_of, *sorted(day for day in starts if day > as_of)]


def differences(
    catalog: Catalog, data: Mapping[str, Any], as_of: date
) -> Iterator[Difference | str]:
    """Every difference, and the name of every model that was compared."""
    for spec in catalog:
        if not spec.leaves_machine or (spec.retired is not None and spec.retired <= as_of):
            continue
        rows = rows_of(data, spec)
        if not rows:
            continue
        yield spec.name
        for day in change_days(rows, as_of):
            for batch in (False, True):
                for request, usage in REQUESTS.items():
                    if usage.prompt + usage.output > spec.window:
                        continue
                    theirs = their_price(rows, usage, day, batch=batch)
                    if theirs is None:
                        continue  # it says nothing
                    found = price(spec, usage, as_of=day, batch=batch)
                    ours = None if found is None else found.usd
                    if ours != theirs:
                        yield Difference(spec.name, request, batch, day, ours, theirs)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 21))
    asked = arguments.parse_args()
    data = other_catalogue()
    if data is None:
        print("metergraph-core is not installed: nothing to compare with.")
        print(json.dumps({"benchmark": "catalogues", "compared": 0}))
        return
    catalog = Catalog(ROOT / "data" / "models.toml")
    found = list(differences(catalog, data, asked.as_of))
    compared = [one for one in found if isinstance(one, str)]
    differing = [one for one in found if isinstance(one, Difference)]
    print(f"{len(compared)} models in both; metergraph-core of {data['pricing_verified_at']}")
    for one in differing:
        kind = "batch" if one.batch else "standard"
        print(
            f"  {one.model}, {one.request}, {kind}, {one.day}: ${one.ours} here, "
            f"${one.theirs} there: {one.why or 'NOT EXPLAINED'}"
        )
    missing = [s.name for s in catalog if s.leaves_machine and not s.retired]
    missing = [name for name in missing if name not in compared]
    print(f"not in the other catalogue: {', '.join(missing) or 'none'}")
    print(
        json.dumps(
            {
                "benchmark": "catalogues",
                "compared": len(compared),
                "differences": len(differing),
                "unexplained": sum(not one.why for one in differing),
                "only_here": missing,
            }
        )
    )


if __name__ == "__main__":
    main()
