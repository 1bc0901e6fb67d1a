"""What is known of each model, and how a model name is read.

Names: ``extractive``, ``local/smollm2-135m``, ``local/PATH-OR-HUB-ID@4bit``, ``claude/…``,
``gemini/…``, ``openai/NAME@BASE_URL``. What the price catalogue lacks (windows, output caps,
tokenizers, retirements, configurations of local models) stands in ``data/models.toml``, each
line with its source and the date it was checked.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pipeline.config.load_options import Setup, split_setup
from pipeline.errors import InputError
from pipeline.models import Architecture, DatedPrice, Gpu, ModelSpec, RateLimits, TokenRatio
from pipeline.providers.provider_registry import providers

_Value = TypeVar("_Value")
#: What a provider puts behind a model's name to say which one of that name it is: a day
#: (-20240229, -2024-08-06), or a month and a day (-0613).
_DATE = re.compile(r"-20\d\d-?[01]\d-?[0-3]\d|-[01]\d[0-3]\d")


def parse_rates(text: str, *, where: str) -> dict[str, RateLimits]:
    """What somebody's own accounts may send a minute, by model or provider.

    Args:
        text: ``NAME=REQUESTS/INPUT TOKENS/OUTPUT TOKENS``, ``-`` where there is no limit, several
            with commas between them.
        where: it was written, for messages.

    Raises:
        InputError: written otherwise.
    """
    found: dict[str, RateLimits] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, amounts = part.rpartition("=")
        try:
            requests, n_input, n_output = (_amount(amount) for amount in amounts.split("/"))
        except ValueError:
            requests = n_input = n_output = 0
        if not name or 0 in (requests, n_input, n_output):
            raise InputError(
                f"{part!r} says no limits.",
                where=where,
                next="Write them as claude=50/30000/8000: requests, input tokens and output "
                "tokens a minute, - where there is no limit.",
            )
        found[name.strip()] = RateLimits(requests, n_input, n_output, where)
    return found


def _amount(text: str) -> int | None:
    """A whole number, None for ``-``."""
    return None if text.strip() == "-" else max(0, int(text))


class Catalog:
    """The models of ``data/models.toml`` by name, with the graphics cards it knows.

    Args:
        path: the TOML file.
        rates: what the user's own accounts may send a minute, by model or provider.

    Raises:
        InputError: the file is missing or a line of it is wrong.
    """

    def __init__(self, path: Path, rates: Mapping[str, RateLimits] | None = None) -> None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except FileNotFoundError as exc:
            raise InputError("the model catalogue is missing.", where=str(path)) from exc
        except tomllib.TOMLDecodeError as exc:
            raise InputError(f"not valid TOML: {exc}.", where=str(path)) from exc
        self.tables: Mapping[str, Any] = table
        self._path = path
        self._rates = rates or {}
        ratios = {
            name: self._read(f"ratio {name!r}", _ratio, row)
            for name, row in table.get("ratio", {}).items()
        }
        self._specs: dict[str, ModelSpec] = {}
        for row in table.get("model", []):
            name = row.get("name", "?")
            if name in self._specs:
                raise InputError(f"model {name!r} stands there twice.", where=str(path))
            prices = [p for p in table.get("price", []) if p.get("model") == name]
            found = self._read(f"model {name!r}", _spec, row, ratios, prices, table.get("rate", {}))
            self._specs[name] = self._with_own_rates(found)
        #: Graphics cards by name.
        self.gpus: dict[str, Gpu] = {
            row.get("name", "?"): self._read(f"gpu {row.get('name', '?')!r}", _gpu, row)
            for row in table.get("gpu", [])
        }

    def _read(self, what: str, read: Callable[..., _Value], *parts: Any) -> _Value:
        try:
            return read(*parts)
        except (KeyError, TypeError, ValueError, ArithmeticError) as exc:
            raise InputError(f"{what} is incomplete: {exc!r}.", where=str(self._path)) from exc

    def _check_spelling(self, name: str) -> None:
        """Refuse what looks like a local model of the catalogue, misspelt: no folder or file
        is called so.

        Raises:
            InputError: with the nearest name.
        """
        rest = name.partition("/")[2]
        near = difflib.get_close_matches(name, self._specs, n=1, cutoff=0.85)
        if near and "/" not in rest and not Path(rest).exists():
            raise InputError(f"unknown model {name!r}.", next=f"Did you mean {near[0]}?")

    def _with_own_rates(self, spec: ModelSpec) -> ModelSpec:
        own = self._rates.get(spec.name) or self._rates.get(spec.provider.name)
        return replace(spec, rates=own) if own else spec

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._specs.values())

    def names(self) -> list[str]:
        """Every name of the catalogue, sorted."""
        return sorted(self._specs)

    def find(self, name: str) -> ModelSpec:
        """The spec of a model name.

        A name without its date is that of the one model which has a date behind it. What a name
        outside the catalogue means, its provider says (:attr:`.Provider.unlisted`); such a model
        gets cautious defaults and says so in ``notes``; what the name says after a question mark
        (``?window=8192``) comes before them. Words behind an ``@`` say how a local model is loaded
        (:mod:`.load_options`).

        Raises:
            InputError: no such model, and the message names the nearest ones; or a name says
                something of its model that cannot be.
        """
        if name in self._specs:
            return self._specs[name]
        if (dated := self._dated(name)) is not None:
            return dated
        before, _, behind = name.partition("/")
        provider = providers().get(before)
        if provider is not None and behind:
            rest, _, told = behind.partition("?")
            if provider.is_local and (setup := split_setup(rest)[1]) != Setup():
                plain = f"{before}/{split_setup(rest)[0]}"
                found = self.find(f"{plain}?{told}" if told else plain)
                window = int(found.window * setup.yarn)
                return replace(found, name=name, window=window, setup=setup)
            if provider.is_local:
                self._check_spelling(f"{before}/{rest}")
            if provider.unlisted is not None:
                return self._with_own_rates(_as_told(provider.unlisted(name, rest), told))
        longer = [known for known in self._specs if known.startswith(name) and behind]
        near = longer or difflib.get_close_matches(name, self._specs, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "See `storytransformer models`."
        raise InputError(f"unknown model {name!r}.", next=hint)

    def _dated(self, name: str) -> ModelSpec | None:
        """The one model whose name is this with a date behind it; None where there is none.

        Raises:
            InputError: there are several.
        """
        found = [
            spec
            for known, spec in self._specs.items()
            # Of local models the date makes another one: two sets of weights.
            if known.startswith(name) and not spec.provider.is_local
            if _DATE.fullmatch(known[len(name) :])
        ]
        if len(found) > 1:
            raise InputError(
                f"{name!r} has several dates.",
                next=f"Name one of {', '.join(spec.name for spec in found)}.",
            )
        return found[0] if found else None


def _as_told(spec: ModelSpec, told: str) -> ModelSpec:
    """A model outside the catalogue with the ``window`` that its name tells."""
    for what, value in parse_qsl(told, keep_blank_values=True):
        if what == "window" and value.isdecimal() and int(value):
            window = int(value)
            note = f"not in the catalogue: a window of {window:,} tokens, as its name says"
            spec = replace(
                spec, window=window, output_cap=min(spec.output_cap, window), notes=(note,)
            )
        else:
            raise InputError(
                f"{spec.name!r} says {what}={value} of its model.",
                next="A name may say window=TOKENS. What a model may decide is shown by its exam.",
            )
    return spec


def _ratio(row: Mapping[str, Any]) -> TokenRatio:
    return TokenRatio(
        base=row["base"],
        likely=Decimal(row["likely"]),
        low=Decimal(row["low"]),
        high=Decimal(row["high"]),
        source=row["source"],
        checked=row["checked"],
        ctok=row.get("ctok", ""),
    )


def _spec(
    row: Mapping[str, Any],
    ratios: Mapping[str, TokenRatio],
    prices: Sequence[Mapping[str, Any]],
    rates: Mapping[str, Mapping[str, Any]],
) -> ModelSpec:
    """One ``[[model]]`` table as a spec."""
    values = dict(row) | {"provider": providers()[row["provider"]]}
    ratio = values.pop("ratio", None)
    architecture = values.pop("architecture", None)
    rate = values.pop("rate", None)
    for name in ("notes", "cliffs"):
        values[name] = tuple(values.get(name, ()))
    if "thinking" in values:
        values["thinking"] = Decimal(values["thinking"])
    spec = ModelSpec(
        **values,
        ratio=ratios[ratio] if ratio else None,
        architecture=Architecture(**architecture) if architecture else None,
        prices=tuple(sorted((_price(price) for price in prices), key=lambda price: price.start)),
        rates=RateLimits(**rates[rate]) if rate else None,
    )
    if spec.provider.marks_cache and spec.min_cacheable:
        for one in spec.prices:
            if one.usd_cache_read is None or one.usd_cache_write is None:
                raise ValueError(
                    f"what it shares is cached, and its price from {one.start} names no "
                    "usd_cache_read or usd_cache_write"
                )
    return spec


def _price(row: Mapping[str, Any]) -> DatedPrice:
    if row["unit"] not in ("token", "character"):
        raise ValueError(f"unit {row['unit']!r} is neither token nor character")
    return DatedPrice(
        start=row["from"],
        unit=row["unit"],
        usd_input=Decimal(row["usd_input"]),
        usd_output=Decimal(row["usd_output"]),
        source=row["source"],
        checked=row["checked"],
        usd_cache_read=_if_told(row, "usd_cache_read"),
        usd_cache_write=_if_told(row, "usd_cache_write"),
    )


def _if_told(row: Mapping[str, Any], name: str) -> Decimal | None:
    return Decimal(row[name]) if name in row else None


def _gpu(row: Mapping[str, Any]) -> Gpu:
    values = dict(row)
    low, likely, high = (Decimal(share) for share in values.pop("mfu"))
    for name in ("tflops", "tb_per_s", "usd_per_hour"):
        if name in values:
            values[name] = Decimal(values[name])
    return Gpu(**values, mfu=(low, likely, high))
