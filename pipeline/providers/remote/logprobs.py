"""From the log-probabilities that a server gives with a reply to the likelihoods of its answers.

Looked at is the token with which the answer's word begins, and what might have stood in its place.
Alternatives that begin the same word are added up. Servers list the likeliest tokens only: a word
that is not among them counts with the most that it may have, so that no answer looks surer than it
is. Whatever does not fit together is not a likelihood at all.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.calls import Request
from pipeline.errors import ModelError
from pipeline.providers.base import choices, likeliest
from pipeline.providers.remote.retries import UnreadableError

#: How many alternatives a server is asked for: the most that those known give, then what the
#: smaller ones do.
MOST = (20, 5)
#: By how much a logarithm may be above 0 by rounding.
_ROUNDING = 1e-3
#: How what is asked for is called in an error.
_NAMED = re.compile(r"log_?-?prob", re.IGNORECASE)


class TokenTold(NamedTuple):
    """A token of a reply: its text, and (text, log-probability in nats) of those that might have
    stood there, itself among them."""

    text: str
    alternatives: Sequence[tuple[str, float]]


def likelihoods(
    request: Request, text: str, tokens: Sequence[TokenTold]
) -> dict[str, float] | None:
    """Probability of each answer by its word, adding up to 1; None where the tokens do not say.

    Args:
        text: the reply's.
        tokens: of the reply, in order; what a server thought aloud may stand before it.
    """
    words = list(choices(request))
    word = _word(text, words)
    begins = "".join(token.text for token in tokens).rfind(text) if text else -1
    if not word or begins < 0 or not all(map(_sound, tokens)):
        return None
    start = begins + text.rindex(word)
    for token in tokens:
        if start < len(token.text):
            return _shared_out(words, word, token, before=token.text[:start])
        start -= len(token.text)
    return None


def asks_for(request: Request) -> bool:
    """Whether log-probabilities say something of a request: there are answers to choose from."""
    return len(choices(request)) > 1


class Asking:
    """How many alternatives a server gives, found out by asking: some refuse every question that
    wants them."""

    def __init__(self) -> None:
        self._most = list(MOST)

    def ask(self, request: Request, send: Callable[[int], Any]) -> Any:
        """What ``send(n)`` brings for the most alternatives that the server does not refuse; 0
        for none.

        Raises:
            ModelError: as ``send``, for any other reason.
        """
        while self._most and asks_for(request):
            n = self._most[0]
            try:
                return send(n)
            except ModelError as refused:
                if refused.retryable or not _NAMED.search(str(refused)):
                    raise
                if isinstance(refused, UnreadableError):  # paid for: it is not asked again
                    self._most.clear()
                    raise
                if self._most[:1] == [n]:  # no other thread has found it out meanwhile
                    del self._most[0]
        return send(0)


def as_told(entries: Iterable[Mapping[str, Any]]) -> list[TokenTold]:
    """Tokens as they came, each a mapping of ``token``, ``logprob`` and ``others``, those of the
    same kind that might have stood there. Empty where one has another shape."""
    found = []
    for entry in entries:
        listed = [(one["token"], one["logprob"]) for one in (entry["others"] or ())]
        own = (entry["token"], entry["logprob"])
        if entry["logprob"] is not None and own[0] not in {text for text, _ in listed}:
            listed.append(own)
        if not isinstance(entry["token"], str):
            return []
        found.append(TokenTold(entry["token"], listed))
    return found


def _word(text: str, words: Sequence[str]) -> str:
    """The answer that a reply gives, "" where it gives none of them."""
    try:
        said = json.loads(text)
    except ValueError:
        said = text.strip().strip('".')
    if isinstance(said, dict) and len(said) == 1:
        (said,) = said.values()
    return said if isinstance(said, str) and said in words and said in text else ""


def _sound(token: TokenTold) -> bool:
    """Whether what is told of a token can be: texts, and logarithms of probabilities."""
    return all(
        isinstance(text, str)
        and isinstance(log, float | int)
        and not isinstance(log, bool)
        and log <= _ROUNDING  # no number is not
        for text, log in token.alternatives
    )


def _shared_out(
    words: Sequence[str], word: str, token: TokenTold, *, before: str
) -> dict[str, float] | None:
    """The probabilities of a token's alternatives, given to the words that they begin.

    Args:
        before: what of the token stands before the word.
    """
    listed = {text: math.exp(min(0.0, log)) for text, log in token.alternatives}
    found = dict.fromkeys(words, 0.0)
    for text, share in listed.items():
        rest = text[len(before) :] if text.startswith(before) else ""
        begun = [one for one in words if rest and (one.startswith(rest) or _written(rest, one))]
        if len(begun) > 1:
            return None  # which of them it is, a later token says
        for one in begun:
            found[one] += share
    unlisted = min(min(listed.values(), default=1.0), max(0.0, 1.0 - math.fsum(listed.values())))
    found = {one: share or unlisted for one, share in found.items()}
    total = math.fsum(found.values())
    if not listed or total <= 0 or found[word] < found[likeliest(found, words)]:
        return None  # what was written is not what the numbers speak for
    return {one: share / total for one, share in found.items()}


def _written(rest: str, word: str) -> bool:
    """Whether a token holds all of a word and its end."""
    return rest.startswith(word) and not rest[len(word) : len(word) + 1].isalnum()
