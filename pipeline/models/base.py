"""The one seam every model stands behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from pipeline.calls import Reply, Request, TokenCount
from pipeline.catalog import ModelSpec
from pipeline.models.pacing import Paces


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
        vllm: whether vLLM answers for local models (:mod:`pipeline.models.vllm_server`).
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
