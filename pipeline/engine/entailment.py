"""A model that says whether one text follows from another, as a second opinion on the gate.

Any Hugging Face sequence-classification model with a label for entailment will do; it runs on this
machine, from weights that lie here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.converting import quiet
from pipeline.engine.loading import choose_device, choose_dtype
from pipeline.engine.weights import locate_weights
from pipeline.errors import EngineError

#: Pairs that go through the model together.
_BATCH = 16


class Entailment:
    """A loaded classifier of (premise, hypothesis) pairs.

    Args:
        label: index of its label for "entailed".
        window: tokens of a pair, at most.
    """

    def __init__(
        self, model: Any, tokenizer: Any, label: int, window: int, device: torch.device
    ) -> None:
        self._model, self._tokenizer, self._device = model, tokenizer, device
        self._label, self._window = label, window

    @classmethod
    def load(cls, weights: str, *, cache: Path) -> Entailment:
        """Load a folder of safetensors, or a hub model that was downloaded into the cache.

        Raises:
            EngineError: missing or damaged weights, or no label for entailment.
        """
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        folder = locate_weights(weights, cache=cache)
        device = choose_device()
        try:
            with quiet():
                tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                model: Any = AutoModelForSequenceClassification.from_pretrained(
                    folder,
                    dtype=choose_dtype("auto", device),
                    local_files_only=True,
                    trust_remote_code=False,
                    use_safetensors=True,
                )
        except Exception as exc:  # a damaged file surfaces as many kinds
            raise EngineError(
                f"the entailment model cannot be loaded ({type(exc).__name__}: {exc}).",
                where=str(folder),
                next="Name a folder with config.json, tokenizer and safetensors.",
            ) from exc
        names = {i: str(name).casefold() for i, name in model.config.id2label.items()}
        labels = [i for i, name in names.items() if name.startswith("entail")]
        if not labels:
            raise EngineError(
                f"the model has no label for entailment, only {', '.join(names.values())}.",
                where=str(folder),
                next="Name a natural-language-inference model.",
            )
        window = min(int(model.config.max_position_embeddings), int(tokenizer.model_max_length))
        return cls(model.to(device).eval(), tokenizer, int(labels[0]), window, device)

    def chances(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """The probability that each hypothesis follows from its premise, in [0, 1]; None where
        the two do not fit into the model's window: half a premise proves nothing."""
        found: list[float | None] = []
        for start in range(0, len(pairs), _BATCH):
            found += self._batch(pairs[start : start + _BATCH])
        return found

    @torch.inference_mode()
    def _batch(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        premises, hypotheses = ([pair[i] for pair in pairs] for i in (0, 1))
        asked = self._tokenizer(premises, hypotheses, padding=True, return_tensors="pt")
        lengths = asked["attention_mask"].sum(1).tolist()
        fits = [i for i, n in enumerate(lengths) if n <= self._window]
        found: list[float | None] = [None] * len(pairs)
        if fits:
            longest = max(lengths[i] for i in fits)
            # Padding stands on one side; cut to what the fitting pairs need.
            left = self._tokenizer.padding_side == "left"
            cut = slice(-longest, None) if left else slice(0, longest)
            rows = {key: value[fits][:, cut].to(self._device) for key, value in asked.items()}
            chances = self._model(**rows).logits.float().softmax(-1)[:, self._label].tolist()
            for i, chance in zip(fits, chances, strict=True):
                found[i] = chance
        return found
