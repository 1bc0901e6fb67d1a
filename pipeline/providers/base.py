"""The one seam every model stands behind."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol, runtime_checkable

from pipeline.calls import Reply, Request, TokenCount, canonical_json
from pipeline.models import ModelSpec
from pipeline.providers.remote.pacing import Paces


class Model(Protocol):
    """Something that answers requests.

    ``complete`` yields one reply per request, in any order, as they finish; a request that failed
    for good yields a reply with ``finish="error"`` and the reason in ``detail``. Errors that make
    every further request pointless (bad key, missing weights) are raised.
    """

    spec: ModelSpec
    #: What exactly answers: sha256 of the local weights, or the provider's model id.
    revision: str

    def count(self, request: Request) -> TokenCount:
        """Prompt tokens of a request, template included."""
        ...

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer a wave of requests. ``progress`` is told of newly generated tokens.

        Each is taken when there is room to send it, and no sooner: taking it sets money aside.
        """
        ...

    def describe(self) -> Mapping[str, str]:
        """What runs and why, for the run's row: attention kernel, dtype, device, SDK version."""
        ...

    def close(self) -> None:
        """Let go of memory and connections."""
        ...


class OnlineModel(Model, Protocol):
    """A model whose server counts, too."""

    def count_online(self, request: Request) -> TokenCount:
        """Prompt tokens by the server's own count. Sends the request's text.

        Raises:
            ModelError: the server did not answer, or does not count.
        """
        ...


def _say_nothing(line: str) -> None:
    """Where nobody waits."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Plain values an edge hands down to whoever opens a model.

    Args:
        cache: folder for converted weights and tokenizer files.
        threads: CPU threads, 0 for what the machine has.
        key: the provider's key, "" when there is none. Left out of ``repr``.
        base_url: another address than the provider's own.
        patience: seconds that a server may take for a reply; 0 for any.
        served: which model a server of one's own had loaded when the run began, as its description
            says; "" when that is not known.
        vllm: whether vLLM answers for local models (:mod:`pipeline.providers.local.vllm_server`).
        card: tells name and bytes of the first NVIDIA card, None without one.
        now: the clock, aware.
        paces: what models share that are opened with them: their accounts' limits.
        say: told what a person who waits wants to know, such as that weights are being loaded.
    """

    cache: Path
    threads: int = 0
    key: str = field(default="", repr=False)
    base_url: str = ""
    max_attempts: int = 5
    patience: float = 600.0
    served: str = ""
    vllm: str = "off"
    card: Callable[[], tuple[str, int] | None] = field(default=lambda: None, repr=False)
    now: Callable[[], datetime] = field(default=partial(datetime.now, UTC), repr=False)
    paces: Paces = field(default_factory=Paces, repr=False)
    say: Callable[[str], None] = field(default=_say_nothing, repr=False)


@runtime_checkable
class Chooser(Protocol):
    """What a model has beside :class:`~pipeline.providers.base.Model` that knows likelihoods."""

    def choose(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """As ``complete``, for questions with a closed list of answers; every reply that is no
        failure carries ``likelihoods`` where they are known, and its text is one of the answers.
        """
        ...


def choose(
    model: Model, requests: Iterable[Request], progress: Callable[[int], None] | None = None
) -> Iterator[Reply]:
    """Ask a judge: by ``choose`` where the model has it, else by ``complete``.

    Every request has to have a closed list of answers (:func:`choices`).
    """
    if isinstance(model, Chooser):
        return model.choose(requests, progress)
    return model.complete(requests, progress)


@lru_cache(maxsize=32)
def _closed(schema: str) -> Mapping[str, str]:
    found = json.loads(schema) if schema else {}
    properties = found.get("properties") if isinstance(found, dict) else None
    if not isinstance(properties, dict) or len(properties) != 1:
        return {}
    ((name, asked),) = properties.items()
    words = asked.get("enum") if isinstance(asked, dict) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return {}
    return {word: canonical_json({name: word}) for word in words}


def choices(request: Request) -> Mapping[str, str]:
    """The answers that a request allows, by their words, and how each is written; empty where its
    schema is not an object of a single property with an ``enum`` of words."""
    return _closed(request.schema)


def shares(weights: Mapping[str, float]) -> dict[str, float] | None:
    """Log-probabilities (nats) of some answers as probabilities that add up to 1 over them; None
    where one is not a number, or none of them is possible.

    -inf is an answer that cannot be.
    """
    most = max(weights.values(), default=-math.inf)
    if any(math.isnan(value) for value in weights.values()) or not math.isfinite(most):
        return None
    terms = {word: math.exp(value - most) for word, value in weights.items()}
    total = math.fsum(terms.values())
    return {word: value / total for word, value in terms.items()}


def likeliest(likelihoods: Mapping[str, float], order: Sequence[str]) -> str:
    """The word of the largest probability; of equal ones the first in ``order``."""
    return max(order, key=lambda word: likelihoods[word])
