"""How likely each of a few texts is as a model's reply, read off the logits: nothing is decoded.

A choice is made where the texts' tokens part. At each such place the model's probabilities of the
tokens that lead on to a text are scaled to add up to 1, as they are when decoding is constrained to
the texts; the probability of a text is the product over its places. The texts' tokens are those of
the tokenizer, each text encoded by itself. Many prompts share a pass, and whatever several of them
begin with is read once: the instructions of all, the first telling of those that compare it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING, Any

import torch

from pipeline.engine.attention.kv_cache import KeyValues
from pipeline.engine.attention.packed import Segment
from pipeline.engine.attention.prefix_tree import PrefixTree, tokens_of
from pipeline.engine.decoding.cached import read_cached
from pipeline.engine.decoding.generate import MIN_PREFIX, read_packed, read_tree
from pipeline.engine.decoding.prompt_rows import Limits, common_prefix, device_of, out_of_memory
from pipeline.errors import EngineError

if TYPE_CHECKING:
    from pipeline.engine.story_transformer import Prompt, StoryTransformer

#: Questions that are put in order together; the first is answered when these are.
_TOGETHER = 2048


@dataclass(frozen=True)
class Chosen:
    """What a prompt's texts are worth.

    Args:
        index: position of its prompt.
        logs: log-probability (nats) of each text, in their order; their exponentials add up to 1.
        n_prompt: tokens of the prompt, template included.
        seconds: its share of its pass, by tokens.
    """

    index: int
    logs: tuple[float, ...]
    n_prompt: int
    seconds: float


@dataclass(frozen=True)
class Fork:
    """A place where texts part: the tokens before it, and those that may follow."""

    path: tuple[int, ...]
    tokens: tuple[int, ...]


def forks(texts: Sequence[Sequence[int]]) -> list[Fork]:
    """Where texts part, given as tokens; the longest paths last.

    Raises:
        EngineError: fewer than two texts, an empty one, or one that another begins with: without
            an end, how likely it is cannot be told.
    """
    ids = [tuple(text) for text in texts]
    if len(ids) < 2 or any(a == b[: len(a)] for a in ids for b in ids if a is not b):
        raise EngineError(
            "a choice needs two texts or more, none of them the beginning of another.",
            next="Close each text, by a quotation mark for instance.",
        )
    found = []
    for path in {text[:n] for text in ids for n in range(len(text))}:
        after = dict.fromkeys(text[len(path)] for text in ids if text[: len(path)] == path)
        if len(after) > 1:
            found.append(Fork(path, tuple(after)))
    return sorted(found, key=lambda fork: (len(fork.path), fork.path))


@dataclass
class _Row:
    """A prompt with one path of its texts behind it.

    ``wanted`` are the forks on that path; a path within a longer one has no row of its own.
    """

    index: int
    ids: list[int]
    n_prompt: int
    wanted: tuple[Fork, ...]

    def places(self, n_prefix: int) -> list[int]:
        """Positions of the logits at the forks, without the prefix."""
        return [self.n_prompt - n_prefix + len(fork.path) - 1 for fork in self.wanted]


class SharedPrefix:
    """What the prompts asked last began with, kept for those that begin alike."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._cache: KeyValues | None = None

    def forget(self) -> None:
        """Let go of the memory."""
        self._ids, self._cache = [], None

    def of(
        self, prompts: Sequence[list[int]], make: Callable[[list[int]], KeyValues]
    ) -> KeyValues | None:
        """The keys and values of a prefix that all prompts share; None where it is too short to
        be worth a pass.

        Args:
            make: reads a prefix.
        """
        n = common_prefix(prompts)
        known = sum(1 for _ in takewhile(bool, map(eq, self._ids, prompts[0][:n])))
        if self._cache is not None and known == len(self._ids):
            return self._cache
        if known >= MIN_PREFIX:
            n = known  # two waves agree so far, which the next is likely to do, too
        if n < MIN_PREFIX or len(prompts) < 2:
            return None
        self._ids = prompts[0][:n]
        self._cache = make(self._ids)
        return self._cache


def choose(
    engine: StoryTransformer,
    prompts: Sequence[Prompt],
    texts: Sequence[str],
    progress: Callable[[int], None] | None = None,
) -> Iterator[Chosen]:
    """How likely each text is after each prompt, in the order of the prompts.

    Args:
        progress: told 1 for each prompt that is done.

    Raises:
        EngineError: texts without a choice (:func:`forks`), an encoder-decoder, a prompt that with
            the longest text does not fit the window, or too little memory for one.
    """
    if engine.decoder.name == "seq2seq":
        raise EngineError(
            "an encoder-decoder gives a text no likelihood of its own.", next="Ask for the text."
        )
    tokens = [engine.tokenizer.encode(text) for text in texts]
    places = forks(tokens)
    given = [engine.ids(prompt) for prompt in prompts]
    for ids in given:
        engine.check_fits(len(ids), max(map(len, tokens)))
    rows = [row for index, ids in enumerate(given) for row in _rows(index, ids, places)]
    read = _packed if engine.decoder.name == "packed" else _one_by_one
    found: dict[int, dict[Fork, torch.Tensor]] = {}
    seconds: dict[int, float] = {}
    left = Counter(row.index for row in rows)
    ready: dict[int, Chosen] = {}
    next_ = 0
    for row, logits, took in read(engine, rows):
        for fork, at in zip(row.wanted, logits, strict=True):
            wanted = torch.tensor(fork.tokens, device=at.device)
            found.setdefault(row.index, {})[fork] = at[wanted].double().log_softmax(-1).cpu()
        seconds[row.index] = seconds.get(row.index, 0.0) + took
        left[row.index] -= 1
        if left[row.index]:
            continue
        if progress is not None:
            progress(1)
        i, places_ = row.index, found.pop(row.index)
        logs = tuple(_log(text, places_) for text in tokens)
        ready[i] = Chosen(i, logs, len(given[i]), seconds[i])
        while next_ in ready:
            yield ready.pop(next_)
            next_ += 1


def _rows(index: int, prompt: list[int], places: Sequence[Fork]) -> list[_Row]:
    paths = [fork.path for fork in places]
    ends = [p for p in paths if not any(p != q and q[: len(p)] == p for q in paths)]
    rows: list[_Row] = []
    taken: set[Fork] = set()
    for end in ends:
        wanted = tuple(f for f in places if end[: len(f.path)] == f.path and f not in taken)
        taken.update(wanted)
        rows.append(_Row(index, [*prompt, *end], len(prompt), wanted))
    return rows


def _log(text: Sequence[int], found: dict[Fork, torch.Tensor]) -> float:
    total = 0.0
    for fork, logs in found.items():
        n = len(fork.path)
        if tuple(text[:n]) == fork.path and n < len(text):
            total += float(logs[fork.tokens.index(text[n])])
    return total


def _packed(
    engine: StoryTransformer, rows: Sequence[_Row]
) -> Iterator[tuple[_Row, torch.Tensor, float]]:
    """Rows with their logits at the forks, [forks, V], many rows a pass; in the order of their
    tokens, so that those that begin alike meet, some thousand at a time."""
    for start in range(0, len(rows), _TOGETHER):
        yield from _in_passes(engine, sorted(rows[start : start + _TOGETHER], key=_ids))


def _ids(row: _Row) -> list[int]:
    return row.ids


def _in_passes(
    engine: StoryTransformer, rows: Sequence[_Row]
) -> Iterator[tuple[_Row, torch.Tensor, float]]:
    limits, at = engine.limits, 0
    while at < len(rows):
        n = _fitting(rows[at:], limits)
        started = time.perf_counter()
        try:
            logits = _pass(engine, rows[at : at + n], limits.chunk)
        except (RuntimeError, MemoryError) as exc:
            if not out_of_memory(exc):
                raise
            engine.shared_prefix.forget()
            if limits.least:
                raise EngineError(
                    f"out of memory on a question of {len(rows[at].ids):,} tokens, in pieces.",
                    next="Free some memory, or ask about shorter stories.",
                ) from exc
            limits = limits.halved()
            continue
        took = time.perf_counter() - started
        total = sum(len(row.ids) for row in rows[at : at + n])
        for row, one in zip(rows[at : at + n], logits, strict=True):
            yield row, one, took * len(row.ids) / total
        at += n


def _fitting(rows: Sequence[_Row], limits: Limits) -> int:
    """How many rows a pass reads: as many tokens as a chunk holds, what was read before or is read
    for another row not counted."""
    ids = [row.ids for row in rows[: limits.chunk]]
    n_shared = common_prefix(ids) if len(ids) > 1 else 0
    total = 0
    for n, more in enumerate(tokens_of(ids, n_shared)):
        total += more
        if n and total > limits.chunk:
            return n
    return len(ids)


def _pass(engine: StoryTransformer, rows: Sequence[_Row], chunk: int) -> list[torch.Tensor]:
    model = engine.loaded.model
    device = device_of(model)
    n_layers = model.config.get_text_config(decoder=True).num_hidden_layers
    kernel, bits = engine.attention.name, engine.cache_bits

    def make(ids: list[int]) -> KeyValues:
        single = KeyValues(n_layers, 1, kernel, bits)
        _read_on(model, single, ids, [len(ids) - 1], chunk, device)
        single.make_prefix(0, len(ids))
        return single

    # A fork right behind the prompt needs the logits of the prompt's last token, so that no prefix
    # may hold it: common_prefix leaves each row one token, and a path may be all that it leaves.
    shared = engine.shared_prefix.of([row.ids[: row.n_prompt] for row in rows], make)
    cache = KeyValues(n_layers, 1, kernel, bits) if shared is None else shared.share_prefix(1)
    n_prefix = cache.n_prefix
    own = [row.ids[n_prefix:] for row in rows]
    if len(rows) == 1:
        return [_read_on(model, cache, own[0], rows[0].places(n_prefix), chunk, device)]
    tree = PrefixTree(own, cache)
    keep = [tree.place(i, at) for i, row in enumerate(rows) for at in row.places(n_prefix)]
    logits = read_tree(model, tree, device, keep=keep)
    return list(torch.split(logits, [len(row.wanted) for row in rows]))


def _read_on(
    model: Any,
    cache: KeyValues,
    ids: Sequence[int],
    places: Sequence[int],
    chunk: int,
    device: torch.device,
) -> torch.Tensor:
    """Read one row in pieces; its logits at the places, which ascend, [places, V]."""
    found = []
    for start in range(0, len(ids), chunk):
        part = ids[start : start + chunk]
        here = [place - start for place in places if start <= place < start + len(part)]
        segment = Segment(0, 0, len(part), start)
        keep = here or [len(part) - 1]
        logits = read_packed(model, cache, [(segment, part)], 0, device, keep=keep)
        found += [logits] if here else []
    return torch.cat(found)


def _one_by_one(
    engine: StoryTransformer, rows: Sequence[_Row]
) -> Iterator[tuple[_Row, torch.Tensor, float]]:
    """The same over transformers' own cache, for models that cannot be packed."""
    for row in rows:
        started = time.perf_counter()
        chunk = engine.limits.chunk if engine.decoder.in_pieces else len(row.ids)
        places = row.places(0)
        found = [
            logits[[place - start for place in places if start <= place < start + len(logits)]]
            for start, logits in read_cached(engine.loaded.model, row.ids, chunk=chunk)
        ]
        yield row, torch.cat(found), time.perf_counter() - started
