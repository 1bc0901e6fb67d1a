"""Questions with their right answers as tokens to learn from, and rows of them.

What bears the loss are the tokens at which the answers part: the places where
:mod:`pipeline.engine.decoding.best_of` reads the likelihoods, behind the very same tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.engine.decoding.best_of import forks
from pipeline.engine.tokenizers.tokenizer import Tokenizer

#: The label of a token that bears no loss.
UNLEARNED = -100


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt with its right answer, as ids, and which of them bear the loss."""

    ids: tuple[int, ...]
    learned: tuple[bool, ...]


def encode(
    tokenizer: Tokenizer, turns: Sequence[tuple[str, str]], texts: Sequence[str], right: int
) -> Sample:
    """A question with its right answer.

    Args:
        texts: every answer that may be given, in full. right: the place of the right one.
    """
    prompt = tokenizer.apply_chat_template(turns)
    tokens = [tuple(tokenizer.encode(text)) for text in texts]
    answer = tokens[right]
    places = [len(fork.path) for fork in forks(tokens) if answer[: len(fork.path)] == fork.path]
    ids = (*prompt, *answer[: max(places) + 1])
    bearing = {len(prompt) + place for place in places}
    return Sample(tuple(ids), tuple(n in bearing for n in range(len(ids))))


def in_batches(samples: Sequence[Sample], step: int) -> list[Sample]:
    """Samples in their order, those of one step sorted by length: rows that are passed together
    need little padding, and which samples make a step does not follow from their length.

    Args:
        step: samples of a step of the optimizer, in all processes.
    """
    ordered: list[Sample] = []
    for start in range(0, len(samples), step):
        ordered += sorted(samples[start : start + step], key=lambda one: len(one.ids))
    return ordered


def dataset(samples: Sequence[Sample]) -> Any:
    """Samples as the trainer reads them: ids, and labels where something is learned."""
    from datasets import Dataset

    return Dataset.from_dict(
        {
            "input_ids": [list(one.ids) for one in samples],
            "labels": [
                [
                    token if bears else UNLEARNED
                    for token, bears in zip(one.ids, one.learned, strict=True)
                ]
                for one in samples
            ],
        }
    )


class Collator:
    """Rows padded on the right to the longest, a multiple of 8."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, torch.Tensor]:
        longest = -(-max(len(row["input_ids"]) for row in rows) // 8) * 8

        def padded(name: str, fill: int) -> torch.Tensor:
            return torch.tensor(
                [[*row[name], *[fill] * (longest - len(row[name]))] for row in rows]
            )

        ids = padded("input_ids", self.pad_id)
        mask = torch.tensor(
            [[n < len(row["input_ids"]) for n in range(longest)] for row in rows], dtype=torch.long
        )
        return {"input_ids": ids, "attention_mask": mask, "labels": padded("labels", UNLEARNED)}
