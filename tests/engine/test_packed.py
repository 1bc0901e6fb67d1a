"""Shapes of a decoding pass: few, because kernels are compiled and kept for each."""

from __future__ import annotations

import torch

from pipeline.engine.packed import KeyValues, Pack, Segment

CPU = torch.device("cpu")


def test_a_token_more_is_seldom_another_shape():
    """1,000 steps of three rows: 16 shapes of scores, none of which leaves the storage."""
    cache = KeyValues(1, 3)
    like = torch.zeros(2, 1, 4)
    shapes = set()
    for step in range(1000):
        rows = [Segment(slot, slot, 1, past) for slot, past in enumerate((step, step // 2, 7))]
        pack = Pack(cache, rows, 3, CPU)
        keys, _ = cache._room(0, pack.n_stored, like)
        shapes.add((pack.n_keys, keys.shape[2]))
        assert pack.n_stored <= pack.n_keys <= keys.shape[2]
        assert pack.hidden.shape[-1] == pack.n_keys
        seen = (~pack.hidden).sum(-1).flatten().tolist()
        assert seen == [step + 1, step // 2 + 1, 8]
    assert len({n for n, _ in shapes}) == 16 and len(shapes) < 30


def test_what_is_hidden_behind_the_last_token_is_zero():
    """Zero times nothing is zero; what was left in memory might not be a number."""
    cache = KeyValues(1, 2)
    keys, values = cache._room(0, 5, torch.ones(2, 1, 4))
    assert keys.shape[2] == 64 and not keys.any() and not values.any()
