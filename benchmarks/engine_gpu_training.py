"""The memory of a training step on a card, for the rows of the bert-large table.

    python benchmarks/engine_gpu_training.py [--rehearse]

Random weights of bert-large's numbers, random tokens, transformers' own Trainer with the table's
settings, each row in a process of its own: nothing is downloaded. Beside what is measured stand
what the table's source measured and what the formula of ``train judge`` says. A row whose optimizer
needs a package that is not here is not run, and says so. ``--rehearse`` runs all rows with a tiny
model on the processor, where its figures mean nothing. Last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from typing import Any

from pipeline.train.training_memory import CONTEXT, MIB, PUBLISHED, published

#: bert-large-uncased, and what stands for it in a rehearsal.
LARGE = {"hidden": 1024, "layers": 24, "heads": 16, "intermediate": 4096, "vocab": 30_522}
SMALL = {"hidden": 32, "layers": 2, "heads": 2, "intermediate": 64, "vocab": 500}
STEPS = 3


def settings_of(said: dict[str, Any], cuda: bool) -> dict[str, Any]:
    """A row under the names of transformers' TrainingArguments."""
    batch = int(said.get("batch", 4))
    names = {"adamw": "adamw_torch", "adamw_8bit": "adamw_bnb_8bit", "adafactor": "adafactor"}
    return {
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": 4 // batch,
        "gradient_checkpointing": bool(said.get("checkpointing")),
        "optim": names[said.get("optimizer", "adamw")],
        "fp16": bool(said.get("mixed")) and cuda,
        "bf16": bool(said.get("mixed")) and not cuda,
    }


def measure(said: dict[str, Any], rehearse: bool) -> dict[str, Any]:
    """Peak bytes of a few steps in this process."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    from pipeline.engine.probing import peak_bytes, start_peak

    cuda = torch.cuda.is_available() and not rehearse
    device = torch.device("cuda" if cuda else "cpu")
    shape, tokens = (SMALL, 32) if rehearse else (LARGE, 512)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=shape["vocab"], hidden_size=shape["hidden"],
        num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"],
        intermediate_size=shape["intermediate"], max_position_embeddings=512,
    )  # fmt: skip
    settings = settings_of(said, cuda)
    steps = 1 if rehearse else STEPS
    n = steps * settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"]
    data = [
        {"input_ids": torch.randint(0, shape["vocab"], (tokens,)),
         "attention_mask": torch.ones(tokens, dtype=torch.long), "labels": torch.tensor(i % 2)}
        for i in range(n)
    ]  # fmt: skip
    began = start_peak(device)
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            out, max_steps=steps, report_to=[], save_strategy="no", logging_strategy="no",
            disable_tqdm=True, use_cpu=not cuda, dataloader_pin_memory=cuda, **settings,
        )  # fmt: skip
        # The table's source ran eager attention: flash came to BERT later.
        model = BertForSequenceClassification._from_config(config, attn_implementation="eager")
        Trainer(model, arguments, train_dataset=data).train()
    peak = peak_bytes(device)
    return {"bytes": peak + CONTEXT if cuda else peak - began, "settings": settings,
            "device": torch.cuda.get_device_name(device) if cuda else "cpu"}  # fmt: skip


def rows(rehearse: bool) -> list[dict[str, Any]]:
    """Every row of the table, measured or with the reason why not."""
    found = []
    for (name, said, mib), (_, _, formula) in zip(PUBLISHED, published(), strict=True):
        if rehearse:  # a process each would import for longer than it trains
            found.append(rehearsed({"row": name, "published_mib": mib,
                                    "formula_mib": round(formula)}, dict(said)))  # fmt: skip
            continue
        done = subprocess.run(
            [sys.executable, __file__, "--one", json.dumps(dict(said))],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        row: dict[str, Any] = {"row": name, "published_mib": mib, "formula_mib": round(formula)}
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
            found.append(row | {"why_not": why[:200]})
            continue
        told = json.loads(done.stdout.strip().splitlines()[-1])
        found.append(row | {"measured_mib": round(told["bytes"] / MIB), **told})
    return found


def rehearsed(row: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """A row of a rehearsal, in this process."""
    import torch

    try:
        with torch.inference_mode(False):
            told = measure(said, True)
    except (ImportError, RuntimeError, ValueError) as exc:
        return row | {"why_not": f"{type(exc).__name__}: {exc}".splitlines()[0][:200]}
    return row | {"measured_mib": round(told["bytes"] / MIB), **told}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rehearse", action="store_true")
    options.add_argument("--one", default="", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.one:
        print(json.dumps(measure(json.loads(asked.one), asked.rehearse)))
        return
    import torch

    rehearse = asked.rehearse or not torch.cuda.is_available()
    found = rows(rehearse)
    for row in found:
        told = row.get("why_not") or f"{row['measured_mib']:,} MiB measured"
        print(f"{row['row']:52} {row['published_mib']:>7,} published {row['formula_mib']:>7,} by "
              f"the formula  {told}")  # fmt: skip
    if rehearse:
        print("a rehearsal with a tiny model on the processor: the figures mean nothing")
    print(json.dumps({"benchmark": "engine_gpu_training", "rehearsal": rehearse, "rows": found}))


if __name__ == "__main__":
    main()
