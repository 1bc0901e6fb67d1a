"""Encoder-decoders: rows of similar length encoded together, padded and masked, then decoded.

A row that ends leaves the batch, so that no pass computes what nobody reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from pipeline.engine.decoding.prompt_rows import Limits, Row, accept, device_of


def decode_seq2seq(
    model: Any,
    rows: Sequence[Row],
    *,
    eos: frozenset[int],
    limits: Limits,
    pad: int,
    progress: Callable[[int], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Row]:
    """Decode every row, those of similar length together; yields each when it ends.

    Args:
        pad: id that fills the shorter prompts; masked out wherever it stands.
    """
    ordered = sorted(rows, key=lambda row: (-len(row.prompt), row.index))
    for start in range(0, len(ordered), limits.slots):
        batch = _Batch(model, ordered[start : start + limits.slots], pad)
        started = clock()
        while batch.rows:
            n_new = batch.step(eos)
            if progress is not None and n_new:
                progress(n_new)
            for row in batch.drop_finished():
                row.seconds = clock() - started
                yield row


class _Batch:
    """Rows that are decoded together, and what the encoder made of their prompts."""

    def __init__(self, model: Any, rows: Sequence[Row], pad: int) -> None:
        from transformers import DynamicCache, EncoderDecoderCache

        self._model, self.rows = model, list(rows)
        device = device_of(model)
        width = max(len(row.prompt) for row in rows)
        ids = [row.prompt + [pad] * (width - len(row.prompt)) for row in rows]
        seen = [[1] * len(row.prompt) + [0] * (width - len(row.prompt)) for row in rows]
        self._mask = torch.tensor(seen, device=device)
        with torch.inference_mode():
            self._encoded: torch.Tensor = model.get_encoder()(
                input_ids=torch.tensor(ids, device=device), attention_mask=self._mask
            ).last_hidden_state[:, :width]  # LED pads to a multiple of its window
        self._cache: Any = EncoderDecoderCache(DynamicCache(), DynamicCache())
        self._next = torch.full((len(rows), 1), start_token(model), device=device)
        self._forced = model.generation_config.forced_bos_token_id

    def step(self, eos: frozenset[int]) -> int:
        """One token for every row; returns how many became part of a text."""
        from transformers.modeling_outputs import BaseModelOutput

        with torch.inference_mode():
            out = self._model(
                encoder_outputs=BaseModelOutput(last_hidden_state=self._encoded),
                attention_mask=self._mask,
                decoder_input_ids=self._next,
                past_key_values=self._cache,
                use_cache=True,
            )
        self._cache = out.past_key_values
        if self._forced is not None:  # BART's kin begin every reply with the same control token
            self._next, self._forced = torch.full_like(self._next, self._forced), None
            return 0
        chosen = [
            row.choose(scores)
            for row, scores in zip(self.rows, out.logits[:, -1].float(), strict=True)
        ]
        self._next = torch.tensor(chosen, device=self._next.device)[:, None]
        return sum(accept(row, token, eos) for row, token in zip(self.rows, chosen, strict=True))

    def drop_finished(self) -> list[Row]:
        """Take the rows that ended out of the batch."""
        done = [row for row in self.rows if row.finish]
        keep = [i for i, row in enumerate(self.rows) if not row.finish]
        if done and keep:
            index = torch.tensor(keep, device=self._next.device)
            self._mask, self._encoded = self._mask[index], self._encoded[index]
            self._next = self._next[index]
            self._cache.batch_select_indices(index)
        self.rows = [self.rows[i] for i in keep]
        return done


def start_token(model: Any) -> int:
    """The id with which the decoder begins."""
    for config in (model.generation_config, model.config):
        for name in ("decoder_start_token_id", "bos_token_id"):
            found = getattr(config, name, None)
            if found is not None:
                return int(found)
    return int(model.config.pad_token_id or 0)
