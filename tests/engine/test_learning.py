"""Adapters learn the answer alone, the same each time, and answer here as they were trained."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.engine.loading.lora import add_adapter
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.engine.tokenizers.tokenizer import load_tokenizer
from pipeline.engine.training.learning import STATE, Learned, _tokenizer, learn
from pipeline.engine.training.samples import Collator, Sample, dataset, encode, in_batches
from pipeline.engine.weights.adapters import CARD, WEIGHTS, adapter_sha256
from pipeline.errors import EngineError

TEXTS = ['{"answer":"same"}', '{"answer":"other"}']
SETTINGS: dict[str, Any] = {
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 1,
    "r": 4,
    "learning_rate": 0.02,
    "warmup_steps": 0,
    "logging_steps": 1,
    "eval_steps": 2,
    "save_steps": 2,
}

needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("trl") is None or importlib.util.find_spec("peft") is None,
    reason="the extra `train` is not installed: pip install 'storytransformer[train]'",
)


def sample(model: Path, text: str, right: int) -> Sample:
    tokenizer = load_tokenizer(model, cache=model, sha256="")
    return encode(tokenizer, [("user", text)], TEXTS, right)


@pytest.fixture(scope="module")
def samples(tiny_model: Path) -> list[Sample]:
    return [sample(tiny_model, f"{'ab'[n % 2] * 2} {n % 3}", n % 2) for n in range(16)]


def trained(model: Path, samples: list[Sample], out: Path, **more: Any) -> Learned:
    settings = SETTINGS | more.pop("settings", {})
    return learn(
        model, samples, samples[:4], out,
        seed=3, pad_id=259, dtype=torch.float32, settings=settings, threads=1, **more,
    )  # fmt: skip


def test_the_loss_is_on_the_answer_alone(tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model, cache=tiny_model, sha256="")
    for right, text in enumerate(TEXTS):
        one = sample(tiny_model, "one and the same", right)
        tokens = tokenizer.encode(text)
        (at,) = [n for n, bears in enumerate(one.learned) if bears]
        prompt = tokenizer.apply_chat_template([("user", "one and the same")])
        assert list(one.ids[: len(prompt)]) == prompt
        assert at >= len(prompt) and at == len(one.ids) - 1
        assert one.ids[at] == tokens[at - len(prompt)]
        assert one.ids[at] != tokenizer.encode(TEXTS[1 - right])[at - len(prompt)]


@needs_extra
def test_rows_padded_together_have_the_loss_and_gradients_of_rows_alone(tiny_model: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    model = get_peft_model(
        base, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    )
    found = [sample(tiny_model, "short", 0), sample(tiny_model, "a much longer question", 1)]
    rows = list(dataset(found))
    together = _gradients(model, [Collator(259)(rows)])
    apart = _gradients(model, [Collator(259)([row]) for row in rows])
    assert together[0] == pytest.approx(apart[0], abs=1e-5)
    assert len(together[1]) == len(apart[1]) > 0
    for one, other in zip(together[1], apart[1], strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def _gradients(model: Any, batches: list[Any]) -> tuple[float, list[torch.Tensor]]:
    model.zero_grad()
    total = 0.0
    for batch in batches:
        loss = model(**batch).loss / len(batches)
        loss.backward()
        total += float(loss.detach())
    return total, [p.grad.clone() for p in model.parameters() if p.grad is not None]


@needs_extra
def test_reading_the_answers_alone_has_the_loss_and_gradients_of_reading_everything(
    tiny_model: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig

    from pipeline.engine.training.learning import _report_to_nobody, _trainer

    _report_to_nobody()
    found = [sample(tiny_model, "short", 0), sample(tiny_model, "a much longer question", 1)]
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    rows = dataset(found)
    batch = Collator(259)(list(rows))
    whole = _gradients(model, [batch])
    trainer = _trainer(
        model=model,
        args=SFTConfig(
            output_dir=str(tmp_path),
            use_cpu=True,
            report_to="none",
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=rows,
        data_collator=Collator(259),
        processing_class=_tokenizer(tiny_model, 259),
    )
    model.zero_grad()
    for among in (None, torch.tensor(2)):
        model.zero_grad()
        loss = trainer.compute_loss(model, batch, num_items_in_batch=among)
        loss.backward()
        assert float(loss.detach()) == pytest.approx(whole[0], abs=1e-5)
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        assert len(grads) == len(whole[1]) > 0
        for one, other in zip(grads, whole[1], strict=True):
            assert torch.allclose(one, other, atol=1e-5)


def test_what_makes_a_step_stays_together(tiny_model: Path) -> None:
    found = [sample(tiny_model, "x" * (n * 7 % 11), n % 2) for n in range(13)]
    ordered = in_batches(found, 4)
    for start in (0, 4, 8, 12):
        lengths = [len(one.ids) for one in ordered[start : start + 4]]
        assert lengths == sorted(lengths)
        assert set(ordered[start : start + 4]) == set(found[start : start + 4])


@needs_extra
def test_what_it_learns_it_answers(tiny_model: Path, samples: list[Sample], tmp_path: Path) -> None:
    told: list[tuple[int, int, float]] = []
    found = trained(
        tiny_model, samples, tmp_path / "out",
        settings={"num_train_epochs": 6, "eval_steps": 8, "save_steps": 8},
        progress=lambda *step: told.append(step),
    )  # fmt: skip
    assert found.dev_losses[-1][1] < found.dev_losses[0][1] or found.dev_losses[0][1] < 0.1
    assert told and told[-1][0] <= told[-1][1]
    assert found.peak_bytes > 0 and found.n_trained <= 96
    assert json.loads((tmp_path / "out" / STATE).read_text())["best_step"] == found.best_step

    engine = StoryTransformer.load(
        tiny_model, cache=tmp_path, dtype="float32", lora=str(tmp_path / "out")
    )
    asked = [[("user", "aa 1")], [("user", "bb 2")]]
    logs = [done.logs for done in engine.choose(asked, TEXTS)]
    assert math.exp(logs[0][0]) > 0.6 and math.exp(logs[1][1]) > 0.6


@needs_extra
def test_an_added_adapter_answers_as_pefts(
    tiny_model: Path, samples: list[Sample], tmp_path: Path
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    trained(tiny_model, samples, tmp_path)
    ids = torch.tensor([samples[0].ids])
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    before = base(ids).logits
    theirs = PeftModel.from_pretrained(base, tmp_path)(ids).logits
    ours = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    assert add_adapter(ours, str(tmp_path)) == 14
    assert torch.allclose(ours(ids).logits, theirs, atol=1e-4)
    assert not torch.allclose(before, theirs, atol=1e-2)


@needs_extra
def test_the_same_seed_makes_the_same_adapter_and_an_interrupted_one_goes_on(
    tiny_model: Path, samples: list[Sample], tmp_path: Path
) -> None:
    trained(tiny_model, samples, tmp_path / "one")

    def stop(step: int, steps: int, loss: float) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(tiny_model, samples, tmp_path / "two", progress=stop)
    assert not (tmp_path / "two" / WEIGHTS).exists()
    steps: list[int] = []
    trained(tiny_model, samples, tmp_path / "two", progress=lambda n, _, __: steps.append(n))
    assert min(steps) == 5, "it began again instead of going on"
    assert _weights(tmp_path / "one") == pytest.approx(_weights(tmp_path / "two"), abs=1e-6)


def _weights(folder: Path) -> list[float]:
    from safetensors.torch import load_file

    tensors = load_file(folder / WEIGHTS)
    return [float(x) for name in sorted(tensors) for x in tensors[name].flatten()[:50]]


@needs_extra
def test_an_adapter_is_kept_in_16_bits(
    tiny_model: Path, samples: list[Sample], tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    trained(tiny_model, samples, tmp_path, settings={"max_steps": 2})
    kept = load_file(tmp_path / WEIGHTS)
    whole = load_file(tmp_path / "checkpoints" / "checkpoint-2" / WEIGHTS)
    assert kept.keys() == whole.keys()
    for name, tensor in kept.items():
        assert tensor.dtype is torch.float16 and whole[name].dtype is torch.float32
        assert torch.allclose(tensor.float(), whole[name], rtol=1e-3, atol=1e-7)


@needs_extra
def test_settings_keep_the_libraries_names(
    tiny_model: Path, samples: list[Sample], tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="no_such_setting") as caught:
        trained(tiny_model, samples, tmp_path, settings={"no_such_setting": 1})
    assert "LoraConfig" in caught.value.next
    with pytest.raises(EngineError, match=r"do not go together: .*layers_to_transform"):
        trained(tiny_model, samples, tmp_path, settings={"layers_to_transform": [0]})
    found = trained(tiny_model, samples, tmp_path, settings={"max_steps": 2, "use_rslora": True})
    assert found.settings["use_rslora"] is True and found.n_trained == 4
    base = StoryTransformer.load(tiny_model, cache=tmp_path, dtype="float32", lora=str(tmp_path))
    assert base.loaded.sha256


@needs_extra
def test_a_training_asks_nobody_anything(
    tiny_model: Path, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    asked: list[object] = []

    def ask(*address: object, **_: object) -> list[object]:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr("socket.getaddrinfo", ask)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", False)
    trained(tiny_model, samples, tmp_path, settings={"max_steps": 2})
    for thread in threading.enumerate():
        if "telemetry" in thread.name.lower():
            thread.join(timeout=5)
    assert asked == []


@needs_extra
def test_an_adapter_of_other_weights_is_refused(
    tiny_model: Path, samples: list[Sample], tmp_path: Path
) -> None:
    trained(tiny_model, samples, tmp_path, settings={"max_steps": 2})
    plain = adapter_sha256(str(tmp_path), tmp_path / "cache")
    card = {"base": "local/other", "base_sha256": "0" * 64, "prompt": "judge-brief.v1"}
    (tmp_path / CARD).write_text(json.dumps(card))
    assert adapter_sha256(str(tmp_path), tmp_path / "cache") != plain
    with pytest.raises(EngineError, match="trained on other weights: local/other"):
        StoryTransformer.load(tiny_model, cache=tmp_path / "cache", lora=str(tmp_path))


def test_a_folder_without_an_adapter_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no adapter is here"):
        StoryTransformer.load(tiny_model, cache=tmp_path, lora=str(tmp_path / "nothing"))
