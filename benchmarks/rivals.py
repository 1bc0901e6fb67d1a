"""Ours beside programs that merge or extract with a language model, on one model, corpus and truth.

    python benchmarks/rivals.py [PATH …] [--truth FILE] [--envs FOLDER] [--server FILE]

Default: three files of the sample (50 stories) and its truth; `data/sample` is all of it. Every
program asks the same SmolLM2-135M behind one llama.cpp `llama-server` (see `real_server.py`, whose
docstring says how to build one). Each has an environment of its own under `--envs` (default: the
environment variable RIVALS), made with

    for name in docetl llama langextract; do python -m venv ENVS/$name; done
    ENVS/docetl/bin/pip install docetl
    ENVS/llama/bin/pip install llama-index-core llama-index-llms-openai-like
    ENVS/langextract/bin/pip install 'langextract[openai]'

and its defaults, but for what `rival_programs/with_….py` sets. One without an environment is "not
run".

The programs that merge are given the extracted stories, those that extract the documents.
*verbatim*: of the stories' sentences those that the text still has word for word, *words*: of the
text for each word of the stories (`evals/tasks/rewriting.py`, one measure for all, ours among them,
whose text is the Markdown edition with its tellings). *F1*: pairs of stories put together against
the truth; none where a program tells no groups. What a text makes up is not told: nobody labelled
it.
Tokens are the server's own counts. The model is small: larger ones (`--gguf`) do better with every
program. Prints a table and, last, one JSON line.
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
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from real_server import ROOT, WEIGHTS, not_run, serving, version

from evals.corpora.truth import Truth, read_truth, recognise
from evals.metrics.clusterings import Agreement, pairwise
from evals.tasks.rewriting import look_for
from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError
from pipeline.run.corpus import Corpus, read
from pipeline.tokens.token_counters import prepare_vocabularies

WINDOW, REPLY, CONTEXT = 8192, 1024, 32_768
INSTRUCTION = (
    "Merge these user stories into one document. Say every need once. Leave nothing out and "
    "invent nothing."
)
#: Program, environment, what it is run with.
MERGING = (
    ("DocETL resolve + reduce", "docetl", "with_docetl.py"),
    ("LlamaIndex tree summarize", "llama", "with_llama_index.py"),
)
EXTRACTING = (("LangExtract", "langextract", "with_langextract.py"),)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    sample = ROOT / "data" / "sample"
    some = ("jira-export.csv", "lending-desk.md", "support-memo.pdf")
    parser.add_argument("paths", nargs="*", type=Path, default=[sample / name for name in some])
    parser.add_argument("--truth", type=Path, default=sample / "truth.json")
    parser.add_argument("--envs", type=Path, default=Path(os.environ.get("RIVALS", "/nowhere")))
    parser.add_argument("--server", default=os.environ.get("LLAMA_SERVER", "llama-server"))
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--patience", type=int, default=3600, help="seconds for each program")
    asked = parser.parse_args()
    server = shutil.which(asked.server)
    if server is None:
        return not_run(
            f"there is no {asked.server}; real_server.py says how to build one", "rivals"
        )
    corpus = read(asked.paths)
    truth = known_of(read_truth(asked.truth), corpus)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        try:
            gguf = asked.gguf or locate_weights(WEIGHTS)
        except EngineError as error:
            return not_run(str(error), "rivals")
        with serving(server, gguf, CONTEXT, Path(scratch)) as url:
            task = Path(scratch) / "task.json"
            task.write_text(json.dumps(as_task(corpus, url)))
            ours = f"openai/smollm2@{url}/v1?window={WINDOW}"
            for name, model in (
                ("ours, no model", ""), ("tree, by our runner", ours),
            ):  # fmt: skip
                folder = Path(scratch) / name
                folder.mkdir()
                before = tokens(url)
                said = rewrite(asked.paths, model, folder) if model else merge(asked.paths, folder)
                rows.append(merged(name, said, corpus, truth))
                rows[-1] |= spent(before, tokens(url))
                print(rows[-1], file=sys.stderr)
            for kind, programs in ((merged, MERGING), (extracted, EXTRACTING)):
                for name, env, program in programs:
                    before = tokens(url)
                    said = ask(asked.envs / env, program, task, asked.patience)
                    row = kind(name, said, corpus, truth)
                    rows.append(row | spent(before, tokens(url)))
                    print(rows[-1], file=sys.stderr)
            rows.append(extracted("ours", extraction(asked.paths), corpus, truth))
    show(rows, len(corpus.stories))
    found = {"benchmark": "rivals", "run": True, "server": version(server), "rows": rows}
    print(json.dumps(found | {"stories": len(corpus.stories)}))
    return 0


def known_of(truth: Truth, corpus: Corpus) -> Truth:
    """What a truth knows of the documents that were read, by story id."""
    here = {Path(e.document.path).name for e in corpus.extractions}
    places = {name: place for name, place in truth.places.items() if place.document in here}
    ids = recognise(replace(truth, places=places), corpus)
    clusters = {ids[name]: kind for name, kind in truth.clusters.items() if name in ids}
    return replace(truth, places=places, clusters=clusters)


def as_task(corpus: Corpus, url: str) -> dict[str, Any]:
    """What every other program is given."""
    return {
        "url": url,
        "model": "smollm2",
        "window": WINDOW,
        "max_tokens": REPLY,
        "instruction": INSTRUCTION,
        "stories": [{"id": story.id, "text": story.text} for story in corpus.stories],
        "documents": [
            {"path": e.document.path, "text": e.document.text} for e in corpus.extractions
        ],
    }


def ask(env: Path, program: str, task: Path, patience: int) -> dict[str, Any]:
    """What a program answers, with its seconds; or why it has not run, or not to the end."""
    python = env / "bin" / "python"
    if not python.exists():
        return {"why": f"not run: no environment {env}"}
    answer = task.parent / f"{program}.json"
    command = [
        str(python),
        str(ROOT / "benchmarks/rival_programs" / program),
        str(task),
        str(answer),
    ]
    started = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=task.parent,
            # Two of them count with a vocabulary that they would download.
            env=os.environ | {"TIKTOKEN_CACHE_DIR": str(prepare_vocabularies(task.parent))},
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"why": f"not done after {patience} s", "seconds": patience}
    seconds = round(time.monotonic() - started, 1)
    if done.returncode or not answer.exists():
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        return {"why": f"failed: {last[:200]}", "seconds": seconds}
    said: dict[str, Any] = json.loads(answer.read_text())
    return said | {"seconds": seconds}


def command(paths: Sequence[Path], folder: Path, *words: str) -> tuple[dict[str, Any], float, str]:
    """What one of our own commands prints, its seconds, and why it failed ("" where it did not)."""
    started = time.monotonic()
    line = [sys.executable, "-m", "pipeline", *words, *(str(p.resolve()) for p in paths),
            "--json", "--quiet", "--out", str(folder / "out")]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "STORYTRANSFORMER_CACHE": str(folder / "cache")
    }  # fmt: skip
    done = subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = round(time.monotonic() - started, 1)
    printed = json.loads(done.stdout) if done.returncode == 0 else {}
    return printed, seconds, (done.stdout + done.stderr).strip()[-200:] if done.returncode else ""


def merge(paths: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Our own merge: the text of its files and the groups of its entries."""
    _, seconds, why = command(paths, folder, "merge")
    if why:
        return {"why": f"failed: {why}", "seconds": seconds}
    texts = [file.read_text() for file in sorted((folder / "out").rglob("*.md"))]
    document = json.loads((folder / "out" / "merged.json").read_text())
    groups = [entry["sources"] for entry in document["entries"]]
    return {"texts": texts, "groups": groups, "seconds": seconds}


def rewrite(paths: Sequence[Path], model: str, folder: Path) -> dict[str, Any]:
    """What a tree of this model comes to, run by us."""
    words = ("eval", "rewrite", "--model", model, "--strategy", "tree")
    _, seconds, why = command(paths, folder, *words)
    if why:
        return {"why": f"failed: {why}", "seconds": seconds}
    return {"texts": [(folder / "out" / "rewritten.md").read_text()], "seconds": seconds}


def extraction(paths: Sequence[Path]) -> dict[str, Any]:
    """What our own extraction finds, timed from nothing."""
    started = time.monotonic()
    found = [
        {"document": e.document.path, "span": [story.start, story.end], "text": story.text}
        for e in read(paths).extractions
        for story in e.stories
    ]
    return {"extracted": found, "seconds": round(time.monotonic() - started, 1)}


def merged(name: str, said: Mapping[str, Any], corpus: Corpus, truth: Truth) -> dict[str, Any]:
    """The figures of a merge."""
    row = {"program": name, "kind": "merge"} | {
        key: said[key] for key in ("seconds", "why") if key in said
    }
    if "texts" not in said:
        return row
    found = look_for(corpus.stories, "\n".join(said["texts"]))
    row |= {"verbatim": found.verbatim, "units": found.units}
    row["words"] = round(found.words_out / found.words_in, 2)
    if said.get("groups") is not None:
        row["f1"] = round(together(said["groups"], truth).f1, 2)
    return row


def together(groups: Iterable[Sequence[str]], truth: Truth) -> Agreement:
    """Stories that were put together, each group joined with those it shares a story with."""
    group_of = {story: story for story in truth.clusters}

    def first(story: str) -> str:
        while group_of[story] != story:
            story = group_of[story]
        return story

    for group in groups:
        known = [first(story) for story in group if story in group_of]
        for other in known[1:]:
            group_of[other] = known[0]
    return pairwise(truth.clusters, {story: first(story) for story in truth.clusters})


def extracted(name: str, said: Mapping[str, Any], corpus: Corpus, truth: Truth) -> dict[str, Any]:
    """The figures of an extraction: an answer is a story where it covers half of one's words."""
    row = {"program": name, "kind": "extract"} | {
        key: said[key] for key in ("seconds", "why") if key in said
    }
    if "extracted" not in said:
        return row
    wanted = [s for s in corpus.stories if s.id in truth.clusters]
    found, hits = set(), 0
    for answer in said["extracted"]:
        hit = [s.id for s in wanted if covers(answer, s.source.path, s.start, s.end)]
        found.update(hit)
        hits += bool(hit)
    n = len(said["extracted"])
    return row | {
        "recall": round(len(found) / len(wanted), 3),
        "precision": round(hits / n, 3) if n else None,
        "without_place": sum(answer["span"] is None for answer in said["extracted"]),
    }


def covers(answer: Mapping[str, Any], path: str, start: int, end: int) -> bool:
    """Whether an answer stands in a document and holds half of a stretch of it."""
    if answer["span"] is None or answer["document"] != path:
        return False
    shared = min(end, answer["span"][1]) - max(start, answer["span"][0])
    return 2 * shared >= end - start


def tokens(url: str) -> tuple[int, int]:
    """Prompt tokens (those from the server's cache among them) and tokens written, so far."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    counts = dict(line.split() for line in lines if line and line[0] != "#")
    read_ = sum(float(counts[f"llamacpp:prompt_tokens{kind}_total"]) for kind in ("", "_cached"))
    return int(read_), int(float(counts["llamacpp:tokens_predicted_total"]))


def spent(before: tuple[int, int], after: tuple[int, int]) -> dict[str, int]:
    """Tokens between two looks."""
    return {"tokens_in": after[0] - before[0], "tokens_out": after[1] - before[1]}


def show(rows: Sequence[Mapping[str, Any]], n: int) -> None:
    """The tables."""
    print(f"{'merge of ' + str(n) + ' stories':28} {'verbatim':>12} {'words':>6} {'F1':>5} "
          f"{'in':>8} {'out':>7} {'seconds':>8}")  # fmt: skip
    for row in rows:
        if row["kind"] == "merge":
            told = f"{row['verbatim']}/{row['units']}" if "units" in row else "–"
            print(
                f"{row['program']:28} {told:>12} {row.get('words', '–'):>6} "
                f"{row.get('f1', '–'):>5} "
                f"{row.get('tokens_in', 0):8} {row.get('tokens_out', 0):7} "
                f"{row.get('seconds', '–'):>8}  {row.get('why', '')}"
            )
    print(f"{'extraction':28} {'recall':>7} {'precision':>10} {'in':>8} {'out':>7} {'seconds':>8}")
    for row in rows:
        if row["kind"] == "extract":
            print(
                f"{row['program']:28} {row.get('recall', '–'):>7} {row.get('precision', '–'):>10} "
                f"{row.get('tokens_in', 0):8} {row.get('tokens_out', 0):7} "
                f"{row.get('seconds', '–'):>8}  {row.get('why', '')}"
            )


if __name__ == "__main__":
    sys.exit(main())
