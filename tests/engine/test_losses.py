"""How likely a text is: in pieces as whole, and as transformers computes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipeline.engine.attention.attention_kernels import Scoring
from pipeline.engine.decoding.losses import losses
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.errors import EngineError

IDS = [int(n) for n in torch.randint(0, 256, (200,), generator=torch.Generator().manual_seed(1))]


@pytest.fixture(scope="module")
def tiny(tiny_model: Path, engine_cache: Path) -> StoryTransformer:
    return StoryTransformer.load(tiny_model, cache=engine_cache, threads=1, dtype="float32")


def test_losses_are_those_of_transformers(tiny: StoryTransformer) -> None:
    ids = torch.tensor([IDS])
    with torch.inference_mode():
        logits = tiny.loaded.model(input_ids=ids).logits[0, :-1]
    wanted = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
    assert len(tiny.losses(IDS)) == len(IDS) - 1
    assert tiny.losses(IDS) == pytest.approx(wanted.tolist(), abs=1e-5)


@pytest.mark.parametrize("chunk", [1, 7, 64, 199, 512])
def test_a_text_read_in_pieces_is_as_likely_as_read_whole(
    tiny: StoryTransformer, chunk: int
) -> None:
    assert losses(tiny, IDS, chunk=chunk) == pytest.approx(tiny.losses(IDS), abs=2e-4)


@pytest.mark.parametrize("cache_bits", [16, 8])
def test_an_answered_prompt_is_not_read_again_for_another_answer(
    tiny_model: Path, engine_cache: Path, cache_bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = StoryTransformer.load(
        tiny_model, cache=engine_cache, threads=1, dtype="float32", cache_bits=cache_bits
    )
    prompt, answer = IDS[:150], IDS[150:]
    alone = losses(tiny, IDS, chunk=len(prompt) - 1)[len(prompt) - 1 :]
    (written,) = tiny.generate([prompt], max_tokens=12)
    n_read: list[int] = []
    forward = tiny.loaded.model.forward

    def counted(*args: object, **given: torch.Tensor) -> object:
        n_read.append(given["input_ids"].shape[1])
        return forward(*args, **given)

    monkeypatch.setattr(tiny.loaded.model, "forward", counted)
    after = tiny.losses(IDS, since=len(prompt))
    assert sum(n_read) <= len(answer) + 1
    assert after == pytest.approx(alone, abs=1e-4)
    # and what the other answer left behind changes nothing
    whole = tiny.losses(IDS)
    assert tiny.losses(IDS, since=len(prompt)) == pytest.approx(whole[149:], abs=1e-4)
    assert tiny.losses(IDS[::-1], since=100) == pytest.approx(tiny.losses(IDS[::-1])[99:], abs=1e-4)
    (again,) = tiny.generate([prompt], max_tokens=12)
    assert again.ids == written.ids


def test_of_prompts_answered_together_nothing_is_held(tiny: StoryTransformer) -> None:
    list(tiny.generate([IDS[:50], IDS[50:120]], max_tokens=3))
    assert tiny.losses(IDS[:60], since=50) == pytest.approx(tiny.losses(IDS[:60])[49:], abs=1e-4)


def test_the_kernels_agree(tiny: StoryTransformer) -> None:
    found = {parity.name: parity for parity in tiny.compare_kernels(IDS)}
    assert set(found) == {"eager", "sdpa", "sdpa_flash", "flash_attention_2"}
    assert "GPU" in found["flash_attention_2"].why_not or torch.cuda.is_available()
    for name in ("eager", "sdpa", "sdpa_flash"):
        parity = found[name]
        assert parity.largest_gap is not None and parity.largest_gap < 1e-4
        assert parity.same_choice == 1.0
        assert parity.loss == pytest.approx(sum(tiny.losses(IDS)) / (len(IDS) - 1), abs=1e-5)


def test_a_kernel_that_errs_is_told(
    tiny: StoryTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engine.attention import packed

    true = packed.attend

    def attend(name, query, key, value, how):
        wrong = Scoring(how.scale * (0.5 if name == "sdpa" else 1))
        return true(name, query, key, value, wrong)

    monkeypatch.setattr(packed, "attend", attend)
    found = {parity.name: parity for parity in tiny.compare_kernels(IDS)}
    assert found["sdpa"].largest_gap > 1e-3 > found["sdpa_flash"].largest_gap


def test_what_has_no_likelihood_is_refused(tiny: StoryTransformer) -> None:
    with pytest.raises(EngineError, match="one token"):
        tiny.losses([1])
    with pytest.raises(EngineError, match="window of 256"):
        tiny.compare_kernels([1] * 257)
