"""Every architecture answers as transformers' own plain generate does, token by token (float32):
packed where it can be, over its own cache where it cannot, encoder-decoders in padded batches."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.engine.decoding.losses import losses
from pipeline.engine.decoding.prompt_rows import Limits
from pipeline.engine.loading.blocked import BlockedLinear, supported
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.errors import EngineError

SIZES = {
    "vocab_size": 260,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "eos_token_id": 259,
    "bos_token_id": 258,
    "pad_token_id": 0,
    "initializer_range": 0.6,
}
SLIDING = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 16}


@dataclass(frozen=True)
class Kind:
    """A family of models, by the class names of transformers and what its configuration adds."""

    name: str
    decoder: str
    more: dict[str, Any] = field(default_factory=dict)
    said: str = ""


KINDS = [
    Kind("Mistral", "packed", {"sliding_window": 16}, "sliding layers"),
    Kind("Gemma3:Text", "packed", {**SLIDING, "query_pre_attn_scalar": 8}, "16 tokens"),
    Kind("Gemma2", "packed", {**SLIDING, "attn_logit_softcapping": 2.0}, "capped scores leave it"),
    Kind(
        "GptOss",
        "packed",
        {**SLIDING, "num_local_experts": 4, "num_experts_per_tok": 2},
        "attention sinks",
    ),
    Kind("GPT2", "packed", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}),
    Kind(
        "Qwen3Next",
        "cached",
        {
            "layer_types": ["linear_attention", "full_attention"],
            "linear_key_head_dim": 8,
            "linear_value_head_dim": 8,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 16,
        },
        "linear attention",
    ),
    Kind("Mamba", "cached", {"state_size": 4, "expand": 2}, "each read whole"),
    Kind("Bloom", "cached", {"n_layer": 2, "n_head": 4}, "cannot be exchanged"),
]
SEQ2SEQ = [
    Kind(
        "T5",
        "seq2seq",
        {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4},
        "encoder-decoder",
    ),
    Kind(
        "LED",
        "seq2seq",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "attention_window": 8,
            "max_encoder_position_embeddings": 256,
            "max_decoder_position_embeddings": 64,
            "init_std": 0.6,
        },
        "knows only eager",
    ),
]


@pytest.fixture(scope="module")
def open_kind(
    tmp_path_factory: pytest.TempPathFactory, write_tiny_tokenizer: Callable[..., Path]
) -> Callable[..., StoryTransformer]:
    """Builds a random model of a family, saves it and loads it as a user would; each once."""
    folders: dict[str, Path] = {}

    def open_kind(kind: Kind, **options: Any) -> StoryTransformer:
        if kind.name not in folders:
            folders[kind.name] = folder = tmp_path_factory.mktemp("kind")
            write_tiny_tokenizer(folder)
            save(kind, folder)
        return StoryTransformer.load(
            folders[kind.name],
            cache=folders[kind.name] / "cache",
            threads=1,
            **{"dtype": "float32", **options},
        )

    return open_kind


def save(kind: Kind, folder: Path) -> None:
    import transformers

    family, _, infix = kind.name.partition(":")
    config = getattr(transformers, f"{family}{infix}Config")(**SIZES | kind.more)
    torch.manual_seed(1)
    ending = "ForConditionalGeneration" if kind.decoder == "seq2seq" else "ForCausalLM"
    ending = {"GPT2": "LMHeadModel"}.get(family, ending)
    if family == "LED":
        config.decoder_start_token_id = 258
    model = getattr(transformers, family + ending)(config)
    with torch.no_grad():  # random models that disagree about the next token
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and "conv" not in name:
                weight.normal_(0, 0.6 if kind.decoder == "seq2seq" else 0.3)
    model.generation_config.eos_token_id = 259
    model.save_pretrained(folder)


def prompts() -> list[list[int]]:
    """Unequal prompts that share 20 tokens; the longest is far beyond the tiny windows."""
    rng = random.Random(3)
    head = [rng.randrange(250) for _ in range(20)]
    return [head + [rng.randrange(12) for _ in range(n)] for n in (3, 40, 17, 25)]


def alone(model: Any, n: int = 12) -> list[list[int]]:
    """What transformers writes after each prompt alone."""
    found = []
    for ids in prompts():
        tensor = torch.tensor([ids])
        out = model.generate(
            tensor,
            attention_mask=torch.ones_like(tensor),
            max_new_tokens=n,
            do_sample=False,
            num_beams=1,
            pad_token_id=0,
            eos_token_id=259,
        )[0].tolist()
        written = out[1:] if model.config.is_encoder_decoder else out[len(ids) :]
        found.append([token for token in written if token != 259])
    assert len({tuple(text) for text in found}) > 1
    return found


def ours(engine: StoryTransformer, limits: Limits, n: int = 12) -> list[list[int]]:
    engine.limits = limits
    done = sorted(engine.generate(prompts(), max_tokens=n), key=lambda one: one.index)
    return [[token for token in one.ids if token != 259] for one in done]


@pytest.mark.parametrize("kind", [*KINDS, *SEQ2SEQ], ids=lambda kind: kind.name)
def test_every_architecture_answers_as_alone(
    kind: Kind, open_kind: Callable[..., StoryTransformer]
) -> None:
    engine = open_kind(kind)
    assert engine.decoder.name == kind.decoder
    assert kind.said in engine.describe()["attention_reason"]
    expected = alone(engine.loaded.model)
    for limits in (Limits(), Limits(slots=2, chunk=7, drafts=16)):
        assert ours(engine, limits) == expected, limits


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_read_in_pieces_equals_read_whole(
    kind: Kind, open_kind: Callable[..., StoryTransformer]
) -> None:
    engine = open_kind(kind)
    ids = prompts()[1]
    with torch.inference_mode():
        logits = engine.loaded.model(torch.tensor([ids])).logits[0].float()
    likely = logits[:-1].log_softmax(-1)
    expected = -likely.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]

    for chunk in (7, 512):
        found = torch.tensor(losses(engine, ids, chunk=chunk))
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_choice_is_what_the_model_says_of_each_prompt_alone(
    kind: Kind, open_kind: Callable[..., StoryTransformer]
) -> None:
    engine = open_kind(kind)
    texts = ["same.", "similar.", "other."]
    first, second = ([engine.tokenizer.encode(t)[n] for t in texts] for n in (0, 1))
    for limits in (Limits(), Limits(chunk=30)):
        engine.limits = limits
        for found, ids in zip(engine.choose(prompts(), texts), prompts(), strict=True):
            with torch.inference_mode():
                at = engine.loaded.model(torch.tensor([[*ids, first[0]]])).logits[0].double()
            outer = at[-2][[first[0], first[2]]].log_softmax(-1)
            inner = at[-1][[second[0], second[1]]].log_softmax(-1)
            expected = [float(outer[0] + inner[0]), float(outer[0] + inner[1]), float(outer[1])]
            assert list(found.logs) == pytest.approx(expected, abs=1e-3)


def test_an_encoder_decoder_has_a_window_for_each_side(
    open_kind: Callable[..., StoryTransformer],
) -> None:
    engine = open_kind(SEQ2SEQ[1])
    assert (engine.window, engine.loaded.reply_window) == (256, 64)
    with pytest.raises(EngineError, match="prompt of 300 tokens does not fit the window of 256"):
        engine.generate([[1] * 300], max_tokens=5)
    with pytest.raises(EngineError, match="reply of 65 tokens does not fit the window of 64"):
        engine.generate([[1] * 30], max_tokens=65)
    with pytest.raises(EngineError, match="no likelihood"):
        engine.losses([1, 2, 3])
    with pytest.raises(EngineError, match="no likelihood"):
        list(engine.choose([[1, 2, 3]], ["one", "two"]))


def test_a_kernel_the_architecture_lacks_is_refused(
    open_kind: Callable[..., StoryTransformer],
) -> None:
    with pytest.raises(EngineError, match=r"LEDForCond\w+ knows only eager"):
        open_kind(SEQ2SEQ[1], attention="sdpa")


@pytest.mark.parametrize(("dtype", "gap"), [("bfloat16", 1e-3), ("float32", 1e-5)])
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.decoder == "packed"], ids=lambda kind: kind.name
)
def test_weights_in_the_processors_order_say_the_same(
    kind: Kind, open_kind: Callable[..., StoryTransformer], dtype: str, gap: float
) -> None:
    if not supported(getattr(torch, dtype)):
        pytest.skip(f"no matrix kernels for {dtype} on this processor")
    plain = open_kind(kind, dtype=dtype, blocked=False)
    blocked = open_kind(kind, dtype=dtype)
    ids = [1 + i * 7 % 250 for i in range(60)]
    assert losses(blocked, ids) == pytest.approx(losses(plain, ids), abs=gap)
    n_bytes = [one.describe()["weights_bytes"] for one in (blocked, plain)]
    assert n_bytes[0] == n_bytes[1]
    n = sum(isinstance(layer, BlockedLinear) for layer in blocked.loaded.model.modules())
    assert n or kind.name.startswith("GPT2")  # whose layers are of another kind
    assert (f"{dtype} in blocks" in blocked.describe()["footprint"]) == bool(n)
