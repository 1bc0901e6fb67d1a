"""Questions with a closed list of answers, and how likely each answer is to whoever is asked.

A model that can say so has ``choose``; of any other, and for any other request, ``complete`` is
asked. Either way the reply's text is the JSON that the schema allows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, runtime_checkable

from pipeline.calls import Reply, Request, canonical_json
from pipeline.models.base import Model


@runtime_checkable
class Chooser(Protocol):
    """What a model has beside :class:`~pipeline.models.base.Model` that knows likelihoods."""

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
