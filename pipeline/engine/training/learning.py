"""Low-rank adapters trained on questions with a closed list of answers: TRL, PEFT, accelerate.

What is learned is the answer and nothing else: of a prompt with its right answer behind it, only
the tokens at which the answers part bear a loss (:mod:`pipeline.engine.training.samples`). Nothing
is packed, so no sample can see another; nothing is cut: what is longer than the limit is left out
by whoever encodes, and counted there.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pipeline.engine.loading.gguf_conversion import convert_gguf, quiet
from pipeline.engine.loading.loader import choose_device, choose_dtype
from pipeline.engine.tokenizers.tokenizer import Tokenizer, load_tokenizer
from pipeline.engine.training.samples import UNLEARNED, Collator, Sample, dataset, in_batches
from pipeline.engine.weights.adapters import WEIGHTS
from pipeline.engine.weights.weight_files import weights_sha256
from pipeline.errors import EngineError

#: Names of the libraries that may be set, with what they are where nothing is said. All others are
#: passed on as they are, to the first of ``LoraConfig`` and ``SFTConfig`` that has them.
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": "all-linear"}
TRAINER = {
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 4,
    "per_device_eval_batch_size": 4,
    "learning_rate": 4e-4,
    "lr_scheduler_type": "linear",
    "warmup_steps": 8,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "num_train_epochs": 1,
    "train_sampling_strategy": "sequential",
    "logging_steps": 5,
    "eval_steps": 50,
    "save_steps": 50,
    "save_total_limit": 3,
}
#: Evaluations without a lower loss on dev after which training stops.
PATIENCE = 3
STATE = "learned.json"


@dataclass(frozen=True)
class Learned:
    """What a training came to.

    Args:
        losses: (step, loss) on the training pairs as logged, and ``dev_losses`` on dev.
        best_step: the step whose adapter was kept. seconds: of the whole.
        peak_bytes: resident memory of the process at its highest, on a card its allocated memory.
        stopped: why it ended.
        leads: of several processes that train together, the one that keeps what comes of it.
    """

    losses: tuple[tuple[int, float], ...]
    dev_losses: tuple[tuple[int, float], ...]
    best_step: int
    n_trained: int
    seconds: float
    peak_bytes: int
    stopped: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    leads: bool = True


def learn_base(
    weights: Path,
    train: Sequence[Sample],
    dev: Sequence[Sample],
    out: Path,
    *,
    cache: Path,
    seed: int,
    settings: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: Callable[[int, int, float], None] | None = None,
) -> Learned:
    """:func:`learn` on weights as they are named: a GGUF file is put into a folder in 16 bits
    first, and what its quantisation took away stays away.

    Raises:
        EngineError: as :func:`learn`, or weights that cannot be read.
    """
    _check_extra()
    folder = convert_gguf(weights, cache) if weights.is_file() else weights
    sha256 = weights_sha256(weights, cache)
    pad_id = load_tokenizer(weights, cache=cache, sha256=sha256).pad_id
    return learn(
        folder,
        train,
        dev,
        out,
        seed=seed,
        pad_id=pad_id,
        dtype=choose_dtype("auto", choose_device()),
        settings=settings,
        threads=threads or max(1, len(os.sched_getaffinity(0)) - 1),
        progress=progress,
    )


def learn(
    folder: Path,
    train: Sequence[Sample],
    dev: Sequence[Sample],
    out: Path,
    *,
    seed: int,
    pad_id: int,
    dtype: torch.dtype,
    settings: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: Callable[[int, int, float], None] | None = None,
) -> Learned:
    """Train an adapter, or go on with the one whose checkpoints lie in ``out``.

    Args:
        folder: the base as a Hugging Face folder.
        out: gets the adapter, and checkpoints below ``checkpoints``.
        settings: of the libraries, under the libraries' names.
        progress: told step, steps in all and the last loss.

    Raises:
        EngineError: the extra is missing, a setting that no library knows, a base that cannot be
            trained.
    """
    _check_extra()
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, PrinterCallback, set_seed
    from trl import SFTConfig

    _report_to_nobody()
    lora, given = _settings(settings or {}, LoraConfig, SFTConfig)
    if threads:
        torch.set_num_threads(threads)
    set_seed(seed)
    with quiet():
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, trust_remote_code=False
        )
    with _naming_settings():
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **lora))
    checkpoints = out / "checkpoints"
    arguments: dict[str, Any] = {
        "output_dir": str(checkpoints),
        "seed": seed,
        "data_seed": seed,
        "bf16": dtype is torch.bfloat16,
        "use_cpu": not torch.cuda.is_available(),
        "report_to": "none",
        "eval_strategy": "steps",
        "save_strategy": "steps",
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
        "max_length": None,
        "packing": False,
        "gradient_checkpointing": False,
        "ddp_find_unused_parameters": False,  # every matrix of an adapter is in every pass
        "dataloader_pin_memory": torch.cuda.is_available(),
        "disable_tqdm": True,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "remove_unused_columns": False,
    } | given
    watcher = _watcher(progress)
    with _naming_settings():
        config = SFTConfig(**arguments)
    step = config.train_batch_size * config.gradient_accumulation_steps * config.world_size
    trainer = _trainer(
        model=model,
        args=config,
        train_dataset=dataset(in_batches(train, step)),
        eval_dataset=dataset(dev),
        data_collator=Collator(pad_id),
        processing_class=_tokenizer(folder, pad_id),
        callbacks=[watcher, _stopper()],
    )
    trainer.remove_callback(PrinterCallback)  # standard output is the command's
    started = time.perf_counter()
    last = _last_checkpoint(checkpoints)
    with quiet():
        trainer.train(resume_from_checkpoint=last)
    seconds = time.perf_counter() - started
    assert isinstance(trainer.model, PeftModel)
    return _finish(trainer, out, seconds, {**lora, **arguments})


def _finish(trainer: Any, out: Path, seconds: float, settings: Mapping[str, Any]) -> Learned:
    state = trainer.state
    best = state.best_model_checkpoint or ""
    step = int(best.rpartition("-")[2]) if best else state.global_step
    if trainer.is_world_process_zero():
        trainer.model.save_pretrained(out)
        _halve(out / WEIGHTS)
    per_step = trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps
    history = state.log_history
    learned = Learned(
        tuple((int(x["step"]), float(x["loss"])) for x in history if "loss" in x),
        tuple((int(x["step"]), float(x["eval_loss"])) for x in history if "eval_loss" in x),
        step,
        state.global_step * per_step * trainer.args.world_size,
        seconds,
        _peak(),
        "the last step" if state.global_step >= state.max_steps else "dev got no better",
        {name: value for name, value in settings.items() if _plain(value)},
        trainer.is_world_process_zero(),
    )
    if trainer.is_world_process_zero():
        (out / STATE).write_text(json.dumps(_as_json(learned), indent=1), encoding="utf-8")
    return learned


def _halve(weights: Path) -> None:
    """An adapter's weights in 16 bits: what it adds is rounded to the base's anyway."""
    from safetensors.torch import load_file, save_file

    halved = {name: tensor.half() for name, tensor in load_file(weights).items()}
    save_file(halved, weights, metadata={"format": "pt"})


@contextmanager
def _naming_settings() -> Iterator[None]:
    """A setting that a library refuses is told as one.

    Raises:
        EngineError: it did.
    """
    try:
        yield
    except (TypeError, ValueError) as exc:
        raise EngineError(
            f"these settings do not go together: {exc}",
            where="--set",
            next="Names and meanings are those of PEFT's LoraConfig and TRL's SFTConfig.",
        ) from exc


def _as_json(learned: Learned) -> dict[str, Any]:
    return {name: getattr(learned, name) for name in Learned.__dataclass_fields__}


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool) or value is None


def _peak() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _check_extra() -> None:
    import importlib.util

    missing = [
        name for name in ("trl", "peft", "datasets") if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise EngineError(
            f"training needs {', '.join(missing)}, which is not installed.",
            next="Install the part [train] (docs/training.md).",
        )


def _report_to_nobody() -> None:
    """The trainer tells its makers that it was made, from a thread of its own."""
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True


def _settings(
    given: Mapping[str, Any], lora_config: Any, trainer_config: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings by whom they are for; the defaults of ours where nothing is said."""
    known_lora = set(lora_config.__dataclass_fields__)
    known_trainer = set(trainer_config.__dataclass_fields__)
    lora: dict[str, Any] = dict(LORA)
    arguments: dict[str, Any] = dict(TRAINER)
    for name, value in given.items():
        if name in known_lora:
            lora[name] = value
        elif name in known_trainer:
            arguments[name] = value
        else:
            raise EngineError(
                f"neither LoraConfig nor SFTConfig has a setting {name!r}.",
                next="Names are those of PEFT's LoraConfig and TRL's SFTConfig.",
            )
    return lora, arguments


def _trainer(**arguments: Any) -> Any:
    """TRL's trainer, which reads the vocabulary's likelihoods where an answer is learned alone.

    On a processor its own loss reads them at every token of a prompt, which in a small model with
    a large vocabulary costs more than all of its layers.
    """
    from trl import SFTTrainer

    class Trainer(SFTTrainer):  # type: ignore[misc]
        def compute_loss(
            self,
            model: Any,
            inputs: Mapping[str, torch.Tensor],
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            wanted = inputs["labels"][:, 1:]
            keep = (wanted != UNLEARNED).any(0).nonzero()[:, 0]
            outputs = model(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                logits_to_keep=keep,
                use_cache=False,
            )
            total = torch.nn.functional.cross_entropy(
                outputs.logits.float().flatten(0, 1),
                wanted[:, keep].flatten(),
                ignore_index=UNLEARNED,
                reduction="sum",
            )
            if num_items_in_batch is None:
                loss = total / (wanted != UNLEARNED).sum()
            else:
                loss = total / num_items_in_batch
                if self.args.average_tokens_across_devices:
                    loss = loss * self.accelerator.num_processes  # which average their gradients
            return (loss, outputs) if return_outputs else loss

    return Trainer(**arguments)


def _tokenizer(folder: Path, pad_id: int) -> Any:
    """What the trainer wants to hold; it tokenizes nothing."""
    from transformers import PreTrainedTokenizerFast

    make: Any = PreTrainedTokenizerFast
    tokenizer = make(tokenizer_object=Tokenizer.from_folder(folder).backend)
    tokenizer.pad_token = tokenizer.eos_token = tokenizer.convert_ids_to_tokens(pad_id)
    return tokenizer


def _last_checkpoint(folder: Path) -> str | None:
    from transformers.trainer_utils import get_last_checkpoint

    find: Any = get_last_checkpoint
    return str(found) if folder.is_dir() and (found := find(str(folder))) else None


def _stopper() -> Any:
    from transformers import EarlyStoppingCallback

    return EarlyStoppingCallback(early_stopping_patience=PATIENCE)


def _watcher(progress: Callable[[int, int, float], None] | None) -> Any:
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            loss = (logs or {}).get("loss", (logs or {}).get("eval_loss"))
            if progress is not None and loss is not None and state.is_world_process_zero:
                progress(state.global_step, state.max_steps, float(loss))

    return Watcher()
