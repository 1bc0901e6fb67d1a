from __future__ import annotations

import pytest
import torch

from pipeline.engine.attention.attention_kernels import Scoring, attend, choose_attention
from pipeline.engine.probing import probe_attention
from pipeline.errors import EngineError

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["sdpa_flash", "sdpa"])
@pytest.mark.parametrize(("n", "n_keys"), [(7, 7), (5, 12), (1, 9), (300, 1100)])
@pytest.mark.parametrize("heads", [(4, 4), (6, 2)])
def test_fused_kernels_equal_the_explicit_score_matrix(
    name: str, n: int, n_keys: int, heads: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    q = torch.randn(1, heads[0], n, 16)
    k, v = torch.randn(2, 1, heads[1], n_keys, 16)
    expected = attend("eager", q, k, v, Scoring(0.25))
    torch.testing.assert_close(attend(name, q, k, v, Scoring(0.25)), expected)
    # causal: the first query sees nothing that comes after it
    changed = k.clone()
    changed[:, :, n_keys - n + 1 :] += 1
    again = attend(name, q, changed, v, Scoring(0.25))
    torch.testing.assert_close(again[:, :, 0], expected[:, :, 0])


def test_reading_on_writes_no_mask_down() -> None:
    """A mask of the last 512 of 4,096 tokens would be 8 MB of float32, for each head's scores too;
    what is kept is two outputs and a weight for each token."""
    torch.set_num_threads(1)
    q = torch.randn(1, 4, 512, 16)
    k, v = torch.randn(2, 1, 2, 4096, 16)
    with torch.profiler.profile(profile_memory=True) as told:
        attend("sdpa_flash", q, k, v, Scoring(0.25))
    largest = max(event.self_cpu_memory_usage for event in told.events())
    assert 0 < largest < 512 * 4096


def test_the_choice_says_why() -> None:
    chosen = choose_attention(CPU, torch.bfloat16, 64)
    assert chosen.name == "sdpa_flash"
    assert "needs a GPU" in chosen.reason
    assert choose_attention(CPU, torch.float32, 64, "eager").reason == "asked for by name"


def test_a_kernel_that_cannot_run_is_refused_not_replaced() -> None:
    with pytest.raises(EngineError, match="flash_attention_2 cannot run here: it needs a GPU"):
        choose_attention(CPU, torch.bfloat16, 64, "flash_attention_2")
    with pytest.raises(EngineError, match="unknown attention 'flash'"):
        choose_attention(CPU, torch.bfloat16, 64, "flash")


def test_memory_growth_tells_flash_from_eager() -> None:
    torch.set_num_threads(1)
    flash = probe_attention("sdpa_flash", lengths=(1024, 2048))
    eager = probe_attention("eager", lengths=(1024, 2048))
    assert flash.linear and not eager.linear
    scores = 8 * 2048 * 2048 * 4
    assert flash.n_bytes[1] < scores / 4 < eager.n_bytes[1]
