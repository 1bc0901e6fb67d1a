"""Shapes of a decoding pass: few, because kernels are compiled and kept for each."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.attention.kv_cache import Held, KeyValues
from pipeline.engine.attention.packed import Pack, Segment

CPU = torch.device("cpu")


def test_a_token_more_is_seldom_another_shape():
    """1,000 steps of three rows: 16 shapes of scores, none of which leaves the storage."""
    cache, held = KeyValues(1, 3), Held(16)
    like = torch.zeros(2, 1, 4)
    shapes = set()
    for step in range(1000):
        rows = [Segment(slot, slot, 1, past) for slot, past in enumerate((step, step // 2, 7))]
        pack = Pack(cache, rows, 3, CPU)
        held.make_room(3, pack.n_stored, like)
        capacity = held.get(...).shape[2]
        shapes.add((pack.n_keys, capacity))
        assert pack.n_stored <= pack.n_keys <= capacity
        hidden = pack.hidden(None)
        before = pack.n_keys - hidden.shape[-1]  # everyone sees what is before
        seen = (~hidden).sum(-1).flatten().tolist()
        assert [before + n for n in seen] == [step + 1, step // 2 + 1, 8]
    assert len({n for n, _ in shapes}) == 16 and len(shapes) < 30


def test_what_is_hidden_behind_the_last_token_is_zero():
    """Zero times nothing is zero; what was left in memory might not be a number."""
    for bits in (16, 8):
        held = Held(bits)
        held.make_room(2, 5, torch.ones(2, 1, 4))
        assert held.get(...).shape[2] == 64 and not held.get(...).any()


@given(rows=st.lists(st.lists(st.floats(-9, 9, width=32), min_size=4, max_size=4), min_size=1))
def test_eight_bits_are_off_by_half_a_step_at_most(rows: list[list[float]]) -> None:
    new = torch.tensor(rows)[None]  # [K, T, D]
    held = Held(8)
    held.make_room(1, len(rows), new)
    held.put((0, slice(None), slice(len(rows))), new)
    found = held.get((0, slice(None), slice(len(rows))))
    step = new.abs().amax(-1, keepdim=True) / 127
    assert ((found - new).abs() <= step / 2 + 1e-6).all()
    as_they_are = Held(16)
    as_they_are.make_room(1, len(rows), new.bfloat16().repeat(1, 1, 16))
    wide = Held(8)
    wide.make_room(1, len(rows), new.bfloat16().repeat(1, 1, 16))
    assert wide.n_bytes() < as_they_are.n_bytes() * 0.54
