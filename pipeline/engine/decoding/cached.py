"""One prompt at a time over transformers' own cache, for causal models that cannot be packed.

Hybrids keep a state beside their keys and values, and some attentions cannot be exchanged;
the model's own code knows how. The shared prefix is still read once and long prompts in pieces.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from pipeline.engine.decoding.prompt_rows import Limits, Row, accept, common_prefix, device_of


def decode_cached(
    model: Any,
    rows: Sequence[Row],
    *,
    eos: frozenset[int],
    limits: Limits,
    in_pieces: bool = True,
    progress: Callable[[int], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Row]:
    """Decode every row, one after the other; yields each when it ends.

    Args:
        in_pieces: whether the model may read a text in several passes, see :func:`reads_in_pieces`.
    """
    n_prefix = common_prefix([row.prompt for row in rows]) if len(rows) > 1 and in_pieces else 0
    prefix: Reading | None = None
    if n_prefix:
        prefix = Reading(model)
        prefix.read(rows[0].prompt[:n_prefix], limits.chunk)
    for row in rows:
        row.started = clock()
        reading = prefix.fork() if prefix is not None else Reading(model)
        rest = row.prompt[n_prefix:]
        logits = reading.read(rest, limits.chunk if in_pieces else len(rest))
        while True:
            n_new = accept(row, row.choose(logits[-1]), eos)
            if progress is not None and n_new:
                progress(n_new)
            if row.finish:
                break
            logits = reading.read(row.out[-1:], limits.chunk)
        row.seconds = clock() - row.started
        yield row


def read_cached(
    model: Any, ids: Sequence[int], *, chunk: int
) -> Iterator[tuple[int, torch.Tensor]]:
    """Read one text in passes of ``chunk`` tokens; yields (first position, logits [n, V])."""
    reading = Reading(model)
    for start in range(0, len(ids), chunk):
        yield start, reading.step(ids[start : start + chunk], last=False)


def reads_in_pieces(model: Any) -> bool:
    """Whether a text read in two passes gives the logits of the text read in one.

    Some state-space models of transformers start afresh with every pass of several tokens. Tried
    out on a few tokens, because no attribute tells.
    """
    ids = [1 + 7 * i % 23 for i in range(12)]
    whole = Reading(model).read(ids, len(ids))
    pieces = Reading(model).read(ids, 5)
    return float((whole - pieces).abs().mean()) < 0.05 * float(whole.std())


class Reading:
    """How far a model has read one text, with its cache."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._device = device_of(model)
        known = inspect.signature(model.forward).parameters
        # models that are nothing but state call their cache otherwise
        self._name = "cache_params" if "cache_params" in known else "past_key_values"
        self._keeps = "logits_to_keep" in known
        self._cache: Any = None
        self._n = 0

    def fork(self) -> Reading:
        """The same reading, to be read on independently."""
        other = copy.copy(self)
        other._cache = copy.deepcopy(self._cache)
        return other

    def read(self, ids: Sequence[int], chunk: int) -> torch.Tensor:
        """Read on in pieces; float logits of the last token, [1, V]."""
        for start in range(0, len(ids), chunk):
            logits = self.step(ids[start : start + chunk], last=True)
        return logits

    def step(self, ids: Sequence[int], *, last: bool) -> torch.Tensor:
        """One pass; float logits of its tokens [n, V], or of the last one only."""
        places = torch.arange(self._n, self._n + len(ids), device=self._device)[None]
        given: dict[str, Any] = {self._name: self._cache, "use_cache": True}
        if self._name == "past_key_values":
            given["position_ids"] = places
        if self._keeps and last:
            given["logits_to_keep"] = 1
        with torch.inference_mode():
            out = self._model(torch.tensor([list(ids)], device=self._device), **given)
        self._cache = out[self._name]
        self._n += len(ids)
        logits: torch.Tensor = out.logits[0].float()
        return logits[-1:] if last else logits
