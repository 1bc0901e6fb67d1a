"""The real small model: 135M parameters, from its package."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipeline.engine.story_transformer import Asked, StoryTransformer

pytestmark = pytest.mark.model

SYSTEM = "You merge user stories into one. Keep every detail. Invent nothing."
EXAMPLE = (
    "Merge into one user story:\n"
    "1. As a customer, I want to reset my password by email.\n"
    "2. As a customer, I want a password reset link that expires after 30 minutes."
)
MERGED = (
    "As a customer, I want to reset my password by an email link that expires after 30 minutes."
)
PAIRS = [
    ("As a driver, I want to report an accident.", "As a driver, I want to attach 3 photos."),
    ("As a cook, I want to scale a recipe.", "As a cook, I want to print a shopping list."),
    ("As an admin, I want to lock accounts.", "As an admin, I want to see who locked an account."),
]
TURNS = [
    [
        ("system", SYSTEM),
        ("user", EXAMPLE),
        ("assistant", MERGED),
        ("user", f"Merge into one user story:\n1. {a}\n2. {b}"),
    ]
    for a, b in PAIRS
]


@pytest.fixture(scope="module")
def engine(smollm_gguf: Path, engine_cache: Path) -> StoryTransformer:
    return StoryTransformer.load(smollm_gguf, cache=engine_cache, threads=1, dtype="float32")


def test_together_equals_plain_transformers_alone(engine: StoryTransformer) -> None:
    together = sorted(engine.generate(TURNS, max_tokens=14), key=lambda d: d.index)
    for turns, ours in zip(TURNS, together, strict=True):
        ids = torch.tensor([engine.tokenizer.apply_chat_template(turns)])
        theirs = engine.loaded.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=14,
            do_sample=False,
            pad_token_id=2,
        )[0, ids.shape[1] :].tolist()
        assert list(ours.ids) == [token for token in theirs if token != 2]


def test_it_writes_a_story_of_source_words(engine: StoryTransformer) -> None:
    asked = [
        Asked(turns, 40, stop=("\n",), vocabulary=" ".join(pair))
        for turns, pair in zip(TURNS, PAIRS, strict=True)
    ]
    for done in engine.answer(asked):
        assert done.finish == "stop"
        role = PAIRS[done.index][0].split(",")[0]
        assert done.text.startswith(role), done.text
