"""Decode many prompts together: shared prefix read once, rows refilled as others finish.

Greedy unless a temperature is given. In float32 each row's text equals that of the row alone; in
bfloat16 a near-tie may fall either way, because the number of rows changes the order of sums.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from pipeline.engine.attention.kv_cache import KeyValues, LastRead
from pipeline.engine.attention.packed import PACKED, Pack, Segment
from pipeline.engine.attention.prefix_tree import PrefixTree
from pipeline.engine.decoding.prompt_rows import Limits, Row, accept, common_prefix, device_of

#: A prefix shorter than this is not worth a pass of its own.
MIN_PREFIX = 16


def decode(
    model: Any,
    rows: Sequence[Row],
    *,
    eos: frozenset[int],
    limits: Limits,
    kernel: str = "sdpa",
    bits: int = 16,
    last: LastRead | None = None,
    progress: Callable[[int], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Row]:
    """Decode every row; yields each when it ends.

    Args:
        model: a causal model of transformers whose attention is exchangeable.
        eos: ids that end a reply; not part of it.
        kernel: the attention for rows being read, by its name in :mod:`pipeline.engine.attention`.
        bits: of the cache, 16 or 8.
        last: is given the cache of a prompt that came alone.
        progress: told of newly generated tokens.
    """
    device = device_of(model)
    n_layers = model.config.get_text_config(decoder=True).num_hidden_layers
    if last is not None:
        last.forget()
    if not rows:
        return
    cache = KeyValues(n_layers, min(limits.slots, len(rows)), kernel, bits)
    cache = _read_prefix(model, cache, rows, device)
    # Long prompts first: a straggler that starts last would decode alone.
    queue = deque(sorted(rows, key=lambda row: (-len(row.prompt), row.index)))
    free = list(reversed(range(cache.n_slots)))
    active: list[Row] = []
    while queue or active:
        while queue and free:
            row = queue.popleft()
            row.slot, row.started = free.pop(), clock()
            active.append(row)
        n_new = _step(model, cache, active, eos, limits, device)
        if progress is not None and n_new:
            progress(n_new)
        for row in [row for row in active if row.finish]:
            row.seconds = clock() - row.started
            active.remove(row)
            free.append(row.slot)
            if last is not None and len(rows) == 1:
                last.keep((row.prompt + row.out)[: row.stored], cache)
            yield row


def read(
    model: Any,
    ids: Sequence[int],
    *,
    kernel: str,
    chunk: int,
    bits: int = 16,
    last: LastRead | None = None,
    since: int = 0,
) -> Iterator[tuple[int, torch.Tensor]]:
    """Read one text in passes of ``chunk`` tokens; yields (first position, logits [n, V]).

    Args:
        last: what was read before; its part of ``ids`` before ``since`` is not read again.
        since: the first position whose logits are wanted.
    """
    device = device_of(model)
    n_layers = model.config.get_text_config(decoder=True).num_hidden_layers
    known, cache = (0, None) if last is None else last.take(ids, kernel, bits)
    cache = cache or KeyValues(n_layers, 1, kernel, bits)
    for start in range(min(known, since), len(ids), chunk):
        part = ids[start : start + chunk]
        segment = Segment(0, 0, len(part), start)
        yield start, read_packed(model, cache, [(segment, part)], 0, device, keep=range(len(part)))


def _read_prefix(
    model: Any, cache: KeyValues, rows: Sequence[Row], device: torch.device
) -> KeyValues:
    """Read what all prompts begin with, once, and cut it off the rows."""
    n = common_prefix([row.prompt for row in rows])
    if len(rows) < 2 or n < MIN_PREFIX:
        return cache
    single = KeyValues(len(cache.prefix), 1, cache.kernel, cache.bits)
    ids = rows[0].prompt[:n]
    read_packed(model, single, [(Segment(0, 0, n, 0), ids)], 0, device, keep=[n - 1])
    single.make_prefix(0, n)
    for row in rows:
        row.prompt = row.prompt[n:]
    return single.share_prefix(cache.n_slots)


def _step(
    model: Any,
    cache: KeyValues,
    active: Sequence[Row],
    eos: frozenset[int],
    limits: Limits,
    device: torch.device,
) -> int:
    """One pass for all active rows: decode those that are read, read on with the others.

    Returns:
        how many tokens were generated.
    """
    decoding = [row for row in active if len(row.waiting) == 1 and row.out]
    room = limits.drafts if len(decoding) * 4 <= limits.drafts else 0
    parts: list[tuple[Row, list[int], int]] = []  # row, tokens, number of drafts among them
    for row in decoding:
        budget = min(room * row.reach, row.max_tokens - len(row.out) - 1)
        drafts = look_up(row.prompt + row.out, budget) if budget > 0 else []
        parts.append((row, row.waiting + drafts, len(drafts)))
    n_short, left = len(parts), limits.chunk
    for row in active:
        if row not in decoding and left > 0:
            tokens = row.waiting[:left]
            parts.append((row, tokens, 0))
            left -= len(tokens)

    packed: list[tuple[Segment, list[int]]] = []
    keep: list[int] = []
    start = 0
    for row, tokens, n_drafts in parts:
        packed.append((Segment(row.slot, start, len(tokens), row.stored), tokens))
        start += len(tokens)
        keep.extend(range(start - n_drafts - 1, start))
    logits = read_packed(model, cache, packed, n_short, device, keep=keep)
    plain = logits.argmax(-1).tolist()

    n_new, at = 0, 0
    for row, tokens, n_drafts in parts:
        row.stored += len(tokens)
        whole, right_before = row.stored >= len(row.prompt), row.n_accepted
        for i in range(n_drafts + 1):
            if not whole:  # the prompt goes on in the next pass
                break
            free_choice = row.constraint is None and row.temperature <= 0
            token = plain[at + i] if free_choice else row.choose(logits[at + i])
            n_new += accept(row, token, eos)
            drafted = tokens[len(tokens) - n_drafts + i] if i < n_drafts else None
            if row.finish or token != drafted:
                row.stored -= n_drafts - i  # what was drafted beyond is not true
                row.n_accepted += i
                break
        if n_drafts:
            row.n_drafted += n_drafts
            row.reached(right=row.n_accepted - right_before == n_drafts)
        at += n_drafts + 1
    return n_new


def look_up(ids: Sequence[int], n: int, longest: int = 3) -> list[int]:
    """Prompt lookup: the tokens that followed the latest earlier place where the text's end
    already stood (its last 3 tokens, else 2). Merged stories copy their sources.

    Source: Saxena, "Prompt Lookup Decoding" (2023).
    """
    for size in range(longest, 1, -1):
        tail = list(ids[-size:])
        for start in range(len(ids) - size - 1, -1, -1):
            if ids[start] == tail[0] and list(ids[start : start + size]) == tail:
                return list(ids[start + size : start + size + n])
    return []


def read_packed(
    model: Any,
    cache: KeyValues,
    packed: Sequence[tuple[Segment, Sequence[int]]],
    n_short: int,
    device: torch.device,
    *,
    keep: Sequence[int],
) -> torch.Tensor:
    """One packed pass; returns float logits of the kept tokens, [len(keep), V]."""
    ids = [token for _, tokens in packed for token in tokens]
    places = [cache.n_prefix + s.past + i for s, tokens in packed for i in range(len(tokens))]
    pack = Pack(cache, [segment for segment, _ in packed], n_short, device)
    return _read(model, pack, ids, places, keep, device)


def read_tree(
    model: Any, tree: PrefixTree, device: torch.device, *, keep: Sequence[int]
) -> torch.Tensor:
    """One pass over a prefix tree; returns float logits of the kept tokens, [len(keep), V]."""
    return _read(model, tree, tree.ids, tree.positions, keep, device)


def _read(
    model: Any,
    pack: Pack | PrefixTree,
    ids: Sequence[int],
    places: Sequence[int],
    keep: Sequence[int],
    device: torch.device,
) -> torch.Tensor:
    with torch.inference_mode(), _packed_attention(model):
        logits = model(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([places], device=device),
            use_cache=False,
            logits_to_keep=torch.tensor(keep, device=device),
            pack=pack,
        ).logits
    result: torch.Tensor = logits[0].float()
    return result


@contextmanager
def _packed_attention(model: Any) -> Iterator[None]:
    """Switch the model to packed attention for one pass, so that it stays usable otherwise."""
    config = model.config.get_text_config(decoder=True)
    before = config._attn_implementation
    config._attn_implementation = PACKED
    try:
        yield
    finally:
        config._attn_implementation = before
