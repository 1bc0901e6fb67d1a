"""A prefix tree tells every text whole, each token once, and is read as its texts are alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.engine_gguf import make
from pipeline.engine.attention.kv_cache import KeyValues
from pipeline.engine.attention.packed import register
from pipeline.engine.attention.prefix_tree import Node, PrefixTree, tokens_of
from pipeline.engine.decoding.best_of import forks
from pipeline.engine.story_transformer import StoryTransformer

texts = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=14)


@given(texts)
def test_every_text_is_on_its_path(given_: list[list[int]]) -> None:
    ordered = sorted(given_)
    tree = PrefixTree(ordered, KeyValues(1, 1))
    assert len(tree.ids) == len(tree.positions) == sum(node.n for node in tree.nodes)
    assert all(node.n for node in tree.nodes)
    for i, text in enumerate(ordered):
        at = [tree.place(i, n) for n in range(len(text))]
        assert [tree.ids[place] for place in at] == text
        assert [tree.positions[place] for place in at] == list(range(len(text)))
        node: Node = tree._paths[i][-1]
        assert tree._paths[i] == (*node.above, node)
    for node, end in tree._ends.items():  # what is below a node stands right behind it
        below = [other for other in tree.nodes if node in other.above]
        assert sum(other.n for other in below) == end - node.start - node.n
        assert all(node.start < other.start < end for other in below)
    assert len(tree.ids) <= sum(map(len, ordered))
    assert sum(tokens_of(ordered, 0)) <= len(tree.ids)


def test_what_is_shared_is_laid_out_once() -> None:
    head, one, other = [9] * 30, [1] * 20, [2] * 20
    ordered = sorted(head + a + [i] for a in (one, other) for i in range(5))
    tree = PrefixTree(ordered, KeyValues(1, 1))
    assert len(tree.ids) == 30 + 2 * 20 + 10
    ordered = sorted([[0, *one, 3], [0, *one, 4], [0, 7]])  # little by all, much by two of them
    assert len(PrefixTree(ordered, KeyValues(1, 1)).ids) <= 1 + 20 + 2 + 2 + 1


def test_thousands_of_texts_one_within_the_next_are_no_deep_recursion() -> None:
    ordered = [[1] * n for n in range(1, 1500)]
    tree = PrefixTree(ordered, KeyValues(1, 1))
    assert tree.ids[tree.place(1400, 900)] == 1


@pytest.mark.parametrize("name", ["Qwen 3", "Gemma 3", "gpt-oss", "Gemma 2", "SmolLM 3"])
@pytest.mark.parametrize("kernel", [None, "sdpa", "eager"])
@pytest.mark.parametrize("shared", [0, 40])
def test_a_tree_is_read_as_its_texts_are_alone(
    name: str, kernel: str | None, shared: int, tmp_path: Path
) -> None:
    """With windows, sinks and capped scores, by each kernel, behind a prefix and without one."""
    folder, _ = make(name, tmp_path)
    engine = StoryTransformer.load(folder, cache=tmp_path, dtype="float32", attention=kernel)
    assert engine.decoder.name == "packed"
    register()
    rng = random.Random(1)
    head = [rng.randrange(300, 900) for _ in range(shared)]
    firsts = [[rng.randrange(300, 900) for _ in range(20)] for _ in range(3)]
    asked = [
        [*head, *rng.choice(firsts), *(rng.randrange(300, 900) for _ in range(rng.randrange(1, 9)))]
        for _ in range(12)
    ]
    words = ["same", "similar", "other"]
    ids = [engine.tokenizer.encode(word) for word in words]
    found = list(engine.choose(asked, words))
    assert [one.index for one in found] == list(range(12))
    places = forks(ids)
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    for one, prompt in zip(found, asked, strict=True):
        total = dict.fromkeys(words, 0.0)
        for fork in places:
            with torch.no_grad():
                row = model(torch.tensor([[*prompt, *fork.path]])).logits[0, -1]
            logs = row.double()[list(fork.tokens)].log_softmax(-1)
            n = len(fork.path)
            for word, text in zip(words, ids, strict=True):
                if tuple(text[:n]) == fork.path and n < len(text):
                    total[word] += float(logs[fork.tokens.index(text[n])])
        assert list(one.logs) == pytest.approx(list(total.values()), abs=1e-3)
