"""How likely a text is to a model, token by token, and whether the kernels agree on it.

The text is read through the same packed passes that generation uses, so what is measured here is
what runs there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from pipeline.engine.attention.attention_kernels import NAMES
from pipeline.engine.decoding.cached import read_cached
from pipeline.engine.decoding.generate import read
from pipeline.errors import EngineError

if TYPE_CHECKING:
    from pipeline.engine.story_transformer import StoryTransformer

#: Tokens whose logits are held at once: 512 x 49k x 4 bytes are 100 MB.
CHUNK = 512


@dataclass(frozen=True)
class Parity:
    """One kernel beside the reference (eager, the explicit score matrix) on the same tokens.

    Args:
        name: the kernel.
        why_not: why it cannot run here; "" when it ran, and then nothing below is None.
        loss: mean negative log-likelihood a token, in nats.
        largest_gap: the largest difference of a logit from the reference's.
        same_choice: the share of positions at which the likeliest token is the reference's.
    """

    name: str
    why_not: str
    loss: float | None = None
    largest_gap: float | None = None
    same_choice: float | None = None


def losses(
    engine: StoryTransformer,
    ids: Sequence[int],
    *,
    since: int = 1,
    kernel: str | None = None,
    chunk: int = CHUNK,
) -> list[float]:
    """Negative log-likelihood (nats) of every token but the first, given all before it.

    Args:
        ids: at most a window of tokens.
        since: of the tokens from here on, at least 1. What comes before is not read again where
            it begins the prompt that was answered last, alone.
        kernel: the engine's own when None.
        chunk: tokens of one pass.

    Raises:
        EngineError: fewer than two tokens, or more than the window holds.
    """
    _check(engine, ids)
    found: list[float] = []
    parts = _read(engine, ids, kernel or engine.attention.name, chunk, since=since - 1)
    for start, logits in parts:
        here = max(start, since - 1)
        wanted = torch.tensor(ids[here + 1 : start + 1 + len(logits)], device=logits.device)
        likely = logits[here - start :][: len(wanted)].log_softmax(-1)
        found += (-likely.gather(1, wanted[:, None])[:, 0]).tolist()
    return found


def compare_kernels(
    engine: StoryTransformer, ids: Sequence[int], *, chunk: int = CHUNK
) -> list[Parity]:
    """Every attention kernel on the same tokens, the one that makes the score matrix first.

    Raises:
        EngineError: as :func:`losses`.
    """
    _check(engine, ids)
    reference = [logits for _, logits in _read(engine, ids, "eager", chunk)]
    choices = [part.argmax(-1) for part in reference]
    result = []
    for name in ("eager", *(name for name in NAMES if name != "eager")):
        try:
            engine.choose_kernel(name)
        except EngineError as exc:
            result.append(Parity(name, exc.message))
            continue
        gap, same = 0.0, 0
        parts = _read(engine, ids, name, chunk)
        for (_, logits), other, choice in zip(parts, reference, choices, strict=True):
            gap = max(gap, float((logits - other).abs().max()))
            same += int((logits.argmax(-1) == choice).sum())
        found = losses(engine, ids, kernel=name, chunk=chunk)
        result.append(Parity(name, "", sum(found) / len(found), gap, same / len(ids)))
    return result


def _read(
    engine: StoryTransformer, ids: Sequence[int], kernel: str, chunk: int, since: int = 0
) -> Iterator[tuple[int, torch.Tensor]]:
    """(first position, logits [n, V]) of every pass, by the decoder that generation takes."""
    model = engine.loaded.model
    if engine.decoder.name == "packed":
        last, bits = engine.last_read, engine.cache_bits
        yield from read(model, ids, kernel=kernel, chunk=chunk, bits=bits, last=last, since=since)
        return
    model.set_attn_implementation(kernel)
    try:
        yield from read_cached(model, ids, chunk=chunk if engine.decoder.in_pieces else len(ids))
    finally:
        model.set_attn_implementation(engine.attention.name)


def _check(engine: StoryTransformer, ids: Sequence[int]) -> None:
    if engine.decoder.name == "seq2seq":
        raise EngineError(
            "an encoder-decoder gives a text no likelihood of its own.",
            next="Measure a causal model.",
        )
    if len(ids) < 2:
        raise EngineError("a text of one token has no likelihood.", next="Give a longer text.")
    if len(ids) > engine.window:
        raise EngineError(
            f"{len(ids):,} tokens do not fit the window of {engine.window:,}.",
            next="Measure a shorter context.",
        )
