"""What is read of many prompts in shared passes equals what transformers says of each alone."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Message, Request
from pipeline.engine.decoding import best_of
from pipeline.engine.decoding.best_of import Fork, forks
from pipeline.engine.decoding.prompt_rows import Limits
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.errors import EngineError
from pipeline.plan.pairs import SCHEMA, WORDS
from pipeline.prompts import load_prompt
from pipeline.providers.base import choices

PROMPTS = Path(__file__).parents[2] / "prompts"
#: A fork within a fork ("same" / "similar"), and one far behind the first token.
TEXTS = ["same.", "similar.", "other.", "o!"]


def alone(model: Any, prompt: Sequence[int], texts: Sequence[Sequence[int]]) -> list[float]:
    """Log-probability of each text, each place read anew by the model's own code: probabilities of
    the tokens that lead on, scaled."""
    found = []
    read: dict[tuple[int, ...], Any] = {}
    for text in texts:
        total = 0.0
        for n, token in enumerate(text):
            alive = sorted({other[n] for other in texts if list(other[:n]) == list(text[:n])})
            if len(alive) == 1:
                continue
            if (place := tuple(text[:n])) not in read:
                with torch.inference_mode():
                    read[place] = model(torch.tensor([[*prompt, *place]])).logits[0, -1].double()
            total += float(read[place][alive].log_softmax(-1)[alive.index(token)])
        found.append(total)
    return found


def prompts(n: int, *, shared: int, seed: int = 3) -> list[list[int]]:
    rng = random.Random(seed)
    head = [rng.randrange(250) for _ in range(shared)]
    return [head + [rng.randrange(12) for _ in range(rng.randrange(1, 40))] for _ in range(n)]


@pytest.fixture
def tiny(tiny_model: Path, engine_cache: Path) -> StoryTransformer:
    return StoryTransformer.load(tiny_model, cache=engine_cache, threads=1, dtype="float32")


def check(
    engine: StoryTransformer,
    asked: list[list[int]],
    texts: list[str] = TEXTS,
    known: dict[tuple[int, ...], list[float]] | None = None,
) -> None:
    """
    Args:
        known: what transformers says of a prompt alone, where it has been asked before.
    """
    known = {} if known is None else known
    ids = [engine.tokenizer.encode(text) for text in texts]
    found = list(engine.choose(asked, texts))
    assert [one.index for one in found] == list(range(len(asked)))
    for one, prompt in zip(found, asked, strict=True):
        if tuple(prompt) not in known:
            known[tuple(prompt)] = alone(engine.loaded.model, prompt, ids)
        expected = known[tuple(prompt)]
        assert list(one.logs) == pytest.approx(expected, abs=1e-3)
        assert math.fsum(map(math.exp, one.logs)) == pytest.approx(1, abs=1e-9)
        assert one.n_prompt == len(prompt)


@pytest.mark.parametrize("limits", [Limits(), Limits(chunk=64), Limits(chunk=7)])
@pytest.mark.parametrize("shared", [0, 20, 100])
def test_together_equals_alone(tiny: StoryTransformer, limits: Limits, shared: int) -> None:
    tiny.limits = limits
    check(tiny, prompts(9, shared=shared))
    check(tiny, prompts(1, shared=shared))


def test_waves_share_what_they_begin_with_and_nothing_else(
    tiny: StoryTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone_read: list[int] = []
    together: list[int] = []
    real, real_tree = best_of.read_packed, best_of.read_tree

    def counting(model: Any, cache: Any, packed: Any, *rest: Any, **more: Any) -> Any:
        alone_read.append(len(packed))
        return real(model, cache, packed, *rest, **more)

    def counting_trees(model: Any, tree: Any, *rest: Any, **more: Any) -> Any:
        together.append(len(tree.ids))
        return real_tree(model, tree, *rest, **more)

    monkeypatch.setattr(best_of, "read_packed", counting)
    monkeypatch.setattr(best_of, "read_tree", counting_trees)
    waves = [prompts(5, shared=60)] + [
        [ids[:60] + other[20:] for ids, other in zip(prompts(5, shared=60), more, strict=True)]
        for more in (prompts(5, shared=20, seed=2), prompts(5, shared=20, seed=3))
    ]
    for wave in waves:
        check(tiny, wave)
    assert 1 <= len(alone_read) <= 2, "what the first waves share is read once, then known"
    own = sum(len(ids) + 12 for wave in waves for ids in wave)
    assert len(together) == len(waves)
    assert sum(together) < own, "no prompt is read twice for the places where its texts part"
    check(tiny, prompts(4, shared=30, seed=9))
    list(tiny.generate(prompts(2, shared=20), max_tokens=2))
    check(tiny, waves[1])


def test_a_pass_that_does_not_fit_is_read_in_smaller_ones(
    tiny: StoryTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = best_of.read_tree

    def tight(model: Any, tree: Any, *rest: Any, **more: Any) -> Any:
        if len(tree.ids) > 48:
            raise torch.OutOfMemoryError("no room")
        return real(model, tree, *rest, **more)

    monkeypatch.setattr(best_of, "read_tree", tight)
    tiny.limits = Limits(slots=8, chunk=256)
    check(tiny, prompts(6, shared=20))

    def never(*given: Any, **more: Any) -> Any:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(best_of, "read_tree", never)
    monkeypatch.setattr(best_of, "read_packed", never)
    with pytest.raises(EngineError, match="out of memory"):
        list(tiny.choose(prompts(2, shared=20), TEXTS))


def test_what_does_not_fit_or_is_no_choice_is_refused(tiny: StoryTransformer) -> None:
    with pytest.raises(EngineError, match="do not fit the window of 256"):
        list(tiny.choose([[1] * 252], TEXTS))
    for texts in (["one"], [], ["a", "a"], ["a", "ab"], ["", "b"]):
        with pytest.raises(EngineError, match="two texts or more"):
            list(tiny.choose([[1, 2, 3]], texts))
    with pytest.raises(EngineError, match="empty"):
        list(tiny.choose([[]], TEXTS))


@given(st.sets(st.text("ab", min_size=1, max_size=5), min_size=2, max_size=9))
def test_every_text_is_told_by_its_forks(words: set[str]) -> None:
    ids = [[*map(ord, word), 0] for word in sorted(words)]
    places = forks(ids)
    told = {
        tuple(
            (fork, text[len(fork.path)])
            for fork in places
            if text[: len(fork.path)] == [*fork.path]
        )
        for text in ids
    }
    assert len(told) == len(ids)
    assert all(len(fork.tokens) > 1 for fork in places)


def test_one_fork_where_all_first_tokens_differ() -> None:
    assert forks([[1, 2, 3], [1, 4, 5], [1, 6]]) == [Fork((1,), (2, 4, 6))]


@pytest.mark.model
def test_the_real_judge_equals_plain_transformers(smollm_gguf: Path, engine_cache: Path) -> None:
    engine = StoryTransformer.load(smollm_gguf, cache=engine_cache, threads=1, dtype="float32")
    prompt = load_prompt(PROMPTS, "judge-pair")
    pairs = [
        ("Send a reminder before a loan ends.", "Send a reminder after a loan ends."),
        ("Renew a loan online.", "Renew loans on the web."),
        ("Print a receipt.", "Lock an account."),
    ]
    asked = [engine.ids(prompt.render(one=a, other=b)) for a, b in pairs]
    request = Request("m", "r", "pair", "p", "s", (Message("user", "?"),), 9, schema=SCHEMA)
    texts = list(choices(request).values())
    known: dict[tuple[int, ...], list[float]] = {}
    check(engine, asked, texts, known)
    check(engine, asked[::-1], texts, known)
    # What decoding under the schema writes is the likeliest of them.
    written = sorted(engine.generate(asked, max_tokens=9, schema=SCHEMA), key=lambda one: one.index)
    for one, done in zip(engine.choose(asked, texts), written, strict=True):
        assert texts[one.logs.index(max(one.logs))] == done.text
    assert list(WORDS) == list(choices(request))
    # A cache in 8 bits reads nearly the same.
    engine.cache_bits = 8
    engine.shared_prefix.forget()
    for one, ids in zip(engine.choose(asked, texts), asked, strict=True):
        expected = [math.exp(value) for value in known[tuple(ids)]]
        assert [math.exp(value) for value in one.logs] == pytest.approx(expected, abs=0.02)
