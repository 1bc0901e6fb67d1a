from __future__ import annotations

import pytest
import torch

from pipeline.engine.attention import Scoring, attend, choose_attention
from pipeline.engine.probing import probe_attention
from pipeline.errors import EngineError

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["sdpa_flash", "sdpa"])
@pytest.mark.parametrize(("n", "n_keys"), [(7, 7), (5, 12), (1, 9)])
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
