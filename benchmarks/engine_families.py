"""What is really loaded of each family: tokenizer, template, likelihoods and kernel beside others'.

    python benchmarks/engine_families.py [FAMILY …] [--gguf FILE …] [--llama-python FILE]

For every family of ``engine_gguf.py`` a GGUF and the folder it was made of, small and with drawn
weights; and any real GGUF. Compared are: ids of texts with the family's own tokenizer.json (real
files: none) and with llama.cpp; the prompt with transformers' rendering; the loss of
each token with transformers' own model of the folder, in float32. Prints the table of docs/local.md
and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from engine_gguf import FAMILIES, make
from engine_work import HERE, prose
from tokenizers import Tokenizer as Backend

from pipeline.engine.story_transformer import StoryTransformer
from pipeline.engine.tokenizers.chat import inspect_template
from pipeline.engine.tokenizers.tokenizer import Tokenizer

#: Asked of llama.cpp in its own environment: the ids of texts, without any token of its own.
_TOKENIZE = """
import json, sys
from llama_cpp import Llama
job = json.load(sys.stdin)
llama = Llama(job["gguf"], vocab_only=True, verbose=False)
print(json.dumps([llama.tokenize(t.encode(), add_bos=False, special=False) for t in job["texts"]]))
"""
ODD = [
    "  two  blanks\n\n\nlines\t tabs 1234567 HTTP/2 C++ x_y_z",
    "naïve café cafe\u0301 注文 🙂 Ωμέγα",
    "hello World'S ABCdef camelCase 3.5kg",
    "\n",
    " x",
]


def texts() -> list[str]:
    """Prose in paragraphs, and what tokenizers differ about."""
    return [*(part for part in prose([]).split("\n\n")[:400] if part.strip()), *ODD]


def by_llama(chosen: argparse.Namespace, gguf: Path, asked: Sequence[str]) -> Any:
    python = chosen.llama_python or HERE.parent / ".peers" / "llama-cpp" / "bin" / "python"
    if not python.is_file():
        return None
    job = json.dumps({"gguf": str(gguf), "texts": list(asked)})
    done = subprocess.run([str(python), "-c", _TOKENIZE], input=job, capture_output=True, text=True)
    return None if done.returncode else json.loads(done.stdout.strip().splitlines()[-1])


def share(ours: Sequence[Any], theirs: Any) -> str:
    if theirs is None:
        return "not run"
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    return "all" if same == len(ours) else f"{same} of {len(ours)}"


def template_of(tokenizer: Tokenizer) -> str:
    """Whether a prompt is what transformers renders of the same turns, on the same day."""
    from transformers.utils.chat_template_utils import _compile_jinja_template

    chat = tokenizer.chat
    report = inspect_template(chat.template, chat.bos_token, chat.eos_token)
    turns = [("system", "Judge."), ("user", "A: one\nB: two")]
    ours = tokenizer.render(turns)
    if report.folds:
        turns = [("user", "Judge.\n\nA: one\nB: two")]
    said = [{"role": role, "content": content} for role, content in turns]
    theirs = _compile_jinja_template(chat.template).render(
        messages=said, tools=None, documents=None, add_generation_prompt=True,
        bos_token=chat.bos_token, eos_token=chat.eos_token, enable_thinking=False,
    )  # fmt: skip
    same = ours == theirs or (report.dated and len(ours) == len(theirs))
    return ("equal" if same else "differs") + (f"; {report.told()}" if report.told() else "")


def line(chosen: argparse.Namespace, name: str, gguf: Path, folder: Path | None) -> dict[str, str]:
    """A row of the table."""
    asked = texts()
    tokenizer = Tokenizer.from_gguf(gguf)
    ours = [tokenizer.encode(text) for text in asked]
    own = None
    if folder is not None:
        backend = Backend.from_file(str(folder / "tokenizer.json"))
        own = [backend.encode(text, add_special_tokens=False).ids for text in asked]
    row = {
        "family": name,
        "ids as tokenizer.json": share(ours, own) if own else "not here",
        "as llama.cpp": share(ours, by_llama(chosen, gguf, asked)),
        "template": template_of(tokenizer),
    }
    engine = StoryTransformer.load(gguf, cache=chosen.cache, dtype="float32", threads=1)
    row["loss beside transformers"] = "not here"
    if folder is not None:
        from transformers import AutoModelForCausalLM

        ids = [300 + 7 * i % 600 for i in range(90)]
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        with torch.inference_mode():
            logs = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
        gaps = [abs(a + float(logs[i, ids[i + 1]])) for i, a in enumerate(engine.losses(ids))]
        row["loss beside transformers"] = f"within {max(gaps):.0e}"
    row["road, kernel"] = f"{engine.decoder.name}, {engine.attention.name}"
    return row


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("families", nargs="*", default=list(FAMILIES))
    options.add_argument("--gguf", type=Path, nargs="*", default=[])
    options.add_argument("--llama-python", type=Path)
    options.add_argument("--cache", type=Path)
    chosen = options.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as spare:
        chosen.cache = chosen.cache or Path(spare) / "cache"
        for name in chosen.families:
            folder, gguf = make(name, Path(spare))
            rows.append(line(chosen, f"{name}, drawn weights", gguf, folder))
        for gguf in chosen.gguf:
            rows.append(line(chosen, gguf.name, gguf, None))
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(row.values()) + " |")
    print(json.dumps({"benchmark": "engine_families", "rows": rows}))


if __name__ == "__main__":
    main()
