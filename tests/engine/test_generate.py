"""Whatever is decoded together equals what is decoded alone, token by token (float32)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.attention.kv_cache import KeyValues
from pipeline.engine.attention.packed import Segment, register
from pipeline.engine.decoding import generate
from pipeline.engine.decoding.generate import decode, look_up, read_packed
from pipeline.engine.decoding.prompt_rows import Limits, Row, common_prefix
from pipeline.engine.loading.loader import Loaded, load

EOS = frozenset({259})


@pytest.fixture(scope="module")
def tiny(tiny_model: Path, engine_cache: Path) -> Loaded:
    torch.set_num_threads(1)
    register()
    return load(tiny_model, cache=engine_cache, dtype="float32")


def prompts(n: int, *, shared: int, seed: int = 1) -> list[list[int]]:
    """Prompts of unequal length over a small alphabet, so that lookups find something."""
    rng = random.Random(seed)
    head = [rng.randrange(250) for _ in range(shared)]
    return [head + [rng.randrange(12) for _ in range(rng.randrange(1, 40))] for _ in range(n)]


def run(tiny: Loaded, texts: list[list[int]], *, n: int = 24, **limits: int) -> list[list[int]]:
    rows = [Row(i, list(text), n) for i, text in enumerate(texts)]
    done = decode(tiny.model, rows, eos=EOS, limits=Limits(**{"drafts": 0, **limits}))
    return [row.out for row in sorted(done, key=lambda row: row.index)]


@pytest.fixture(scope="module")
def expected(tiny: Loaded) -> list[list[int]]:
    """Plain greedy decoding of each prompt alone, by transformers."""
    out = []
    for ids in prompts(7, shared=20):
        tensor = torch.tensor([ids])
        found = tiny.model.generate(
            tensor,
            attention_mask=torch.ones_like(tensor),
            max_new_tokens=24,
            do_sample=False,
            pad_token_id=0,
        )
        out.append([token for token in found[0, len(ids) :].tolist() if token not in EOS])
    assert len({tuple(o) for o in out}) == len(out)  # the random model tells prompts apart
    return out


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"slots": 1},
        {"slots": 3},  # refilled as rows end
        {"chunk": 5},  # prompts read in pieces, between others' decoding
        {"slots": 2, "chunk": 3, "drafts": 8},
        {"drafts": 64},
    ],
)
def test_together_equals_alone(
    tiny: Loaded, expected: list[list[int]], limits: dict[str, int]
) -> None:
    assert run(tiny, prompts(7, shared=20), **limits) == expected


def test_a_shared_prefix_changes_nothing(tiny: Loaded, expected: list[list[int]]) -> None:
    texts = prompts(7, shared=20)
    assert common_prefix(texts) >= 20
    alone = [run(tiny, [text])[0] for text in texts]  # one prompt has no prefix to share
    assert alone == expected


@pytest.mark.parametrize("kernel", ["sdpa_flash", "sdpa", "eager"])
def test_every_kernel_writes_the_same(tiny: Loaded, expected: list[list[int]], kernel: str) -> None:
    rows = [Row(i, list(text), 24) for i, text in enumerate(prompts(7, shared=20))]
    done = decode(tiny.model, rows, eos=EOS, limits=Limits(chunk=11), kernel=kernel)
    assert [row.out for row in sorted(done, key=lambda row: row.index)] == expected


@pytest.mark.parametrize("kernel", ["sdpa_flash", "sdpa", "eager"])
def test_packed_with_borders_equals_padded_and_masked(tiny: Loaded, kernel: str) -> None:
    """Prompts behind one another in one pass against a padded batch of the model's own code."""
    texts = prompts(5, shared=3, seed=7)
    width, starts, parts = max(map(len, texts)), [], []
    for slot, text in enumerate(texts):
        starts.append(sum(map(len, texts[:slot])))
        parts.append((Segment(slot, starts[-1], len(text), 0), text))
    keep = [start + len(text) - 1 for start, text in zip(starts, texts, strict=True)]
    cache = KeyValues(2, len(texts), kernel)
    packed = read_packed(tiny.model, cache, parts, 0, torch.device("cpu"), keep=keep)
    mask = torch.tensor([[0] * (width - len(t)) + [1] * len(t) for t in texts])
    padded = tiny.model(
        torch.tensor([[0] * (width - len(t)) + t for t in texts]),
        attention_mask=mask,
        position_ids=(mask.cumsum(-1) - 1).clamp_min(0),
    ).logits[:, -1]
    torch.testing.assert_close(packed, padded, rtol=1e-4, atol=1e-4)


def test_the_model_is_as_before(tiny: Loaded) -> None:
    before = tiny.model.config._attn_implementation
    run(tiny, prompts(2, shared=0))
    assert tiny.model.config._attn_implementation == before


def test_drafts_are_used_and_counted(tiny: Loaded) -> None:
    row = Row(0, [5, 6, 7] * 8, 40)
    (done,) = decode(tiny.model, [row], eos=EOS, limits=Limits(drafts=8))
    assert done.out == run(tiny, [[5, 6, 7] * 8], n=40)[0]
    assert 0 < done.n_accepted <= done.n_drafted


def test_drafts_that_are_right_grow(tiny: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that the model fell into is drafted in ever longer pieces, up to four times."""
    lengths: list[int] = []

    def watched(ids: list[int], n: int) -> list[int]:
        lengths.append(n)
        return [*whole[len(ids) - len(prompt) :]][:n]  # a draft that is always right

    prompt = [9, 9]
    (plain,) = decode(tiny.model, [Row(0, prompt, 90)], eos=frozenset(), limits=Limits(drafts=0))
    whole = plain.out
    monkeypatch.setattr(generate, "look_up", watched)
    (done,) = decode(tiny.model, [Row(0, prompt, 90)], eos=frozenset(), limits=Limits(drafts=4))
    assert done.out == whole
    assert lengths == [4, 8, 16, 16, 16, 16, 6]
    row = Row(0, prompt, 90)
    for right in (True, True, True, False):
        row.reached(right)
    assert row.reach == 1


def test_sampling_is_the_rows_own(tiny: Loaded) -> None:
    def sampled(seeds: list[int], **limits: int) -> dict[int, list[int]]:
        rows = [Row(s, [1, 2, 3], 12, temperature=1.0, seed=s) for s in seeds]
        return {r.index: r.out for r in decode(tiny.model, rows, eos=EOS, limits=Limits(**limits))}

    together, alone = sampled([1, 2, 3], slots=2), sampled([2])
    assert together[2] == alone[2]
    assert together[1] != together[2]


def test_finish_reasons(tiny: Loaded) -> None:
    whole = run(tiny, [[9, 9]], n=10)[0]
    assert len(whole) == 10
    (at_limit,) = decode(tiny.model, [Row(0, [9, 9], 3)], eos=EOS, limits=Limits())
    assert (at_limit.finish, at_limit.out) == ("length", whole[:3])
    wanted = frozenset({whole[4]})
    (ended,) = decode(tiny.model, [Row(0, [9, 9], 10)], eos=wanted, limits=Limits())
    assert (ended.finish, ended.out) == ("stop", whole[: whole.index(whole[4])])


def test_nothing_to_do(tiny: Loaded) -> None:
    assert list(decode(tiny.model, [], eos=EOS, limits=Limits())) == []


def test_progress_counts_every_token(tiny: Loaded) -> None:
    told: list[int] = []
    rows = [Row(i, list(text), 9) for i, text in enumerate(prompts(5, shared=0))]
    done = list(
        decode(tiny.model, rows, eos=EOS, limits=Limits(slots=2, drafts=32), progress=told.append)
    )
    assert sum(told) == sum(len(row.out) for row in done)


ids = st.lists(st.integers(0, 3), min_size=1, max_size=30)


@given(texts=st.lists(ids, min_size=1, max_size=5))
def test_common_prefix(texts: list[list[int]]) -> None:
    n = common_prefix(texts)
    assert all(text[:n] == texts[0][:n] for text in texts)
    assert all(len(text) > n for text in texts)
    longer = n + 1
    assert any(len(t) == longer or t[:longer] != texts[0][:longer] for t in texts)


@given(text=ids, n=st.integers(1, 6))
@settings(max_examples=200)
def test_a_lookup_is_a_true_continuation(text: list[int], n: int) -> None:
    draft = look_up(text, n)
    assert len(draft) <= n
    if draft:
        tails = [text[-size:] + draft for size in (2, 3)]
        windows = [text[i : i + len(t)] for t in tails for i in range(len(text))]
        assert any(tail in windows for tail in tails)


def test_neighbours_are_hidden(tiny: Loaded) -> None:
    """Changing one row's prompt changes no other row's text."""
    texts = prompts(4, shared=0)
    before = run(tiny, texts)
    texts[2] = [200, 201, 202]
    after = run(tiny, texts)
    assert [after[i] for i in (0, 1, 3)] == [before[i] for i in (0, 1, 3)]
    assert after[2] != before[2]
