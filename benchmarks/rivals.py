"""Ours beside programs that merge or extract with a language model, on one model, corpus and truth.

    python benchmarks/rivals.py [PATH …] [--truth FILE] [--envs FOLDER] [--server FILE]
        [--gguf FILE] [--url URL] [--stories N] [--only NAME …]

Default: three files of the sample (50 stories) and its truth; `data/sample` is all of it, and
`--stories N` draws so many, pairs of every kind that the truth knows first. Every program asks the
same model (SmolLM2-135M, or `--gguf`) behind one llama.cpp `llama-server` (`real_server.py` says
how to build one, `packaged_server.py` how to do without). Each has an environment of its own under
`--envs` (default: the environment variable RIVALS), made with

    for name in docetl llama langextract; do python -m venv ENVS/$name; done
    ENVS/docetl/bin/pip install docetl
    ENVS/llama/bin/pip install llama-index-core llama-index-llms-openai-like
    ENVS/langextract/bin/pip install 'langextract[openai]'

and its defaults, but for what `rival_programs/with_….py` sets. One without an environment is "not
run".

The programs that merge are given the extracted stories, those that extract the documents. One
measure for all, that of round trips (`roundtrip.py`): of the stories' sentences those *kept*
word for word, *altered* (half of their words, by rarity, are in a sentence of the text that is new)
and *lost*; *made up*, of the text's sentences those that no sentence of the stories tells by half.
Of ours, what the Markdown edition tells is read again. *Joined*: new sentences that tell stories of
two needs by half, by the truth; sentences that look alike from the start are not told apart so,
nor is what is wrong in the right words: read the texts (`--keep FOLDER`). *F1*: pairs of stories
put together against the truth; none where a program tells no groups. *Stands*: o200k tokens of the
text for each of the stories', of ours those of the lines that stand. Tokens in and out are the
server's own counts. Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from itertools import combinations, takewhile, zip_longest
from pathlib import Path
from typing import Any

from real_server import ROOT, WEIGHTS, not_run, serving, version

from evals.corpora.truth import Truth, read_truth, recognise
from evals.merges.rounds import ALTERED, Original, edition_of, read_again, write_parts
from evals.metrics.clusterings import Agreement, pairwise
from evals.metrics.coverage_share import coverage
from evals.metrics.statistics import wilson
from pipeline.config.settings import read_settings
from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError
from pipeline.kept import units
from pipeline.kept.normal_form import find_whole, settle
from pipeline.run.corpus import Corpus, read
from pipeline.stories import Story
from pipeline.tokens.token_counters import load_encoding, prepare_vocabularies

WINDOW, REPLY, CONTEXT = 8192, 1024, 32_768
NAME = "model"
Row = Callable[[str, Mapping[str, Any], Corpus, Truth], dict[str, Any]]
INSTRUCTION = (
    "Merge these user stories into one document. Say every need once. Leave nothing out and "
    "invent nothing."
)
#: Program, environment ("": this one), what it is run with.
MERGING = (
    ("all in one window", "", "with_one_window.py"),
    ("LlamaIndex tree summarize", "llama", "with_llama_index.py"),
    ("DocETL resolve + reduce", "docetl", "with_docetl.py"),
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
    parser.add_argument("--url", help="a server that runs already, and answers nobody else")
    parser.add_argument("--patience", type=int, default=3600, help="seconds for each program")
    parser.add_argument("--stories", type=int, help="draw so many")
    parser.add_argument("--only", nargs="*", help="programs whose name has one of these words")
    parser.add_argument("--keep", type=Path, help="folder to leave the texts in")
    asked = parser.parse_args()
    server = shutil.which(asked.server)
    if server is None and not asked.url:
        return not_run(
            f"there is no {asked.server}; real_server.py says how to build one", "rivals"
        )
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        corpus = read(asked.paths)
        truth = known_of(read_truth(asked.truth), corpus)
        if asked.stories:
            corpus, truth = drawn(corpus, truth, asked.stories, scratch / "drawn")
        corpus = as_told(corpus)
        rows: list[dict[str, Any]] = []
        try:
            gguf = asked.gguf or locate_weights(WEIGHTS)
        except EngineError as error:
            return not_run(str(error), "rivals")
        there = nullcontext(asked.url) if asked.url else serving(server, gguf, CONTEXT, scratch)
        with there as url:
            rows += measured(asked, corpus, truth, url, scratch)
    show(rows, len(corpus.stories))
    found = {
        "benchmark": "rivals",
        "run": True,
        "server": version(server) if server else asked.url,
        "rows": rows,
    }
    print(json.dumps(found | {"stories": len(corpus.stories), "model": gguf.stem}))
    return 0


def measured(
    asked: argparse.Namespace, corpus: Corpus, truth: Truth, url: str, scratch: Path
) -> Iterator[dict[str, Any]]:
    """A row for each program, as it ends."""
    task = scratch / "task.json"
    task.write_text(json.dumps(as_task(corpus, url)))
    paths = [Path(e.document.path) for e in corpus.extractions]
    model = f"openai/{NAME}@{url}/v1?window={WINDOW}"

    def others(env: str, program: str) -> Callable[[], dict[str, Any]]:
        return lambda: ask(asked.envs / env if env else None, program, task, asked.patience)

    programs: list[tuple[str, Row, Callable[[], dict[str, Any]]]] = [
        ("ours, no model", merged, lambda: merge(paths, scratch / "none")),
        ("tree, by our runner", merged, lambda: rewrite(paths, model, scratch / "tree")),
        *((name, merged, others(env, program)) for name, env, program in MERGING),
        *((name, extracted, others(env, program)) for name, env, program in EXTRACTING),
        ("ours", extracted, lambda: extraction(paths)),
    ]
    for name, row, run in programs:
        if asked.only is not None and not any(word in name for word in asked.only):
            continue
        before = tokens(url)
        said = run()
        found = row(name, said, corpus, truth) | spent(before, tokens(url))
        if asked.keep and "texts" in said:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{name}.md").write_text("\n\n".join(said["texts"]))
        print(found, file=sys.stderr, flush=True)
        yield found


def known_of(truth: Truth, corpus: Corpus) -> Truth:
    """What a truth knows of the documents that were read, by story id."""
    here = {Path(e.document.path).name for e in corpus.extractions}
    places = {name: place for name, place in truth.places.items() if place.document in here}
    ids = recognise(replace(truth, places=places), corpus)
    clusters = {ids[name]: kind for name, kind in truth.clusters.items() if name in ids}
    return replace(truth, places=places, clusters=clusters)


def drawn(corpus: Corpus, truth: Truth, n: int, folder: Path) -> tuple[Corpus, Truth]:
    """So many stories as documents of their own, in the order and by the documents that they come
    from, and what is known of them: pairs of every kind in turn, then others by lot."""
    ids = recognise(truth, corpus)
    kinds = [*truth.copies.values(), truth.conflicts, truth.lookalikes]
    ranked = [sorted(sorted(ids[name] for name in pair) for pair in pairs) for pairs in kinds]
    lots = [story.id for story in corpus.stories if story.id in truth.clusters]
    random.Random(0).shuffle(lots)
    turns = (pair for turn in zip_longest(*ranked) for pair in turn if pair)
    chosen: set[str] = set()
    for pair in (*takewhile(lambda _: len(chosen) <= n - 4, turns), *([story] for story in lots)):
        if len(chosen.union(pair)) <= n:
            chosen.update(pair)
    parts: dict[str, list[Story]] = {}
    for story in corpus.stories:
        if story.id in chosen:
            parts.setdefault(story.source.path, []).append(story)
    again = read(write_parts(list(parts.values()), folder))
    old = [story for part in parts.values() for story in part]
    clusters = {new.id: truth.clusters[was.id] for was, new in zip(old, again.stories, strict=True)}
    return again, Truth(clusters, {})


def as_told(corpus: Corpus) -> Corpus:
    """The stories without the headings that were put above them when they were drawn."""
    paths = [Path(e.document.path) for e in corpus.extractions]
    text = {story.id: story.text for story in read_again(paths)}
    return Corpus(
        tuple(
            replace(e, stories=tuple(replace(s, text=text[s.id]) for s in e.stories))
            for e in corpus.extractions
        )
    )


def as_task(corpus: Corpus, url: str) -> dict[str, Any]:
    """What every other program is given."""
    return {
        "url": url,
        "model": NAME,
        "window": WINDOW,
        "max_tokens": REPLY,
        "instruction": INSTRUCTION,
        "stories": [{"id": story.id, "text": story.text} for story in corpus.stories],
        "documents": [
            {"path": e.document.path, "text": e.document.text} for e in corpus.extractions
        ],
    }


def ask(env: Path | None, program: str, task: Path, patience: int) -> dict[str, Any]:
    """What a program answers, with its seconds; or why it has not run, or not to the end."""
    python = env / "bin" / "python" if env else Path(sys.executable)
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
    folder.mkdir()
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
    document = json.loads((folder / "out" / "merged.json").read_text())
    return {
        "texts": [story.text for story in read_again(edition_of(folder / "out"))],
        "groups": [entry["sources"] for entry in document["entries"]],
        "stands": [line["text"] for entry in document["entries"] for line in entry["lines"]],
        "seconds": seconds,
    }


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
    text = "\n\n".join(said["texts"])
    found = Original(corpus.stories).compare(1, [replace(corpus.stories[0], text=text)])
    row |= {key: round(getattr(found, key), 3) for key in ("kept", "altered", "lost", "invented")}
    row |= {"units": found.units, "told": found.told, "joined": joined(text, corpus, truth)}
    row["stands"] = round(
        size(said.get("stands", [text])) / size(s.text for s in corpus.stories), 2
    )
    if said.get("groups") is not None:
        agreement = together(said["groups"], truth)
        row |= {"f1": round(agreement.f1, 2)}
    return row


def size(texts: Iterable[str]) -> int:
    """o200k tokens."""
    return sum(len(one) for one in _encoding().encode_ordinary_batch(list(texts)))


@cache
def _encoding() -> Any:
    return load_encoding("o200k_base", read_settings().cache)


def joined(text: str, corpus: Corpus, truth: Truth) -> int:
    """New sentences that tell, by half, sentences of two stories of other needs that do not tell
    each other so."""
    stories = [s for s in corpus.stories if s.id in truth.clusters]
    told = [(story, unit) for story in stories for unit in units(story.text, story.kind)]
    sources = [unit for _, unit in told]
    whole = settle("\n\n".join(sources))
    near = {unit: held(sources, unit) for unit in sources}
    found = 0
    for new in units(text, stories[0].kind):
        if find_whole(settle(new), whole):
            continue
        there = [told[n] for n in held(sources, new)]
        found += any(
            truth.clusters[one.id] != truth.clusters[other.id]
            and sources.index(b) not in near[a] and sources.index(a) not in near[b]
            for (one, a), (other, b) in combinations(there, 2)
        )  # fmt: skip
    return found


def held(sources: Sequence[str], text: str) -> list[int]:
    """Which of these a sentence tells by half."""
    return [n for n, one in enumerate(coverage(sources, [text])) if one.share >= ALTERED]


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
        "stories": len(wanted),
        "answers": n,
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
    heads = ("kept", "altered", "lost", "made up", "joined", "F1", "stands")
    print(f"{'merge of ' + str(n) + ' stories':26}" + "".join(f"{head:>9}" for head in heads)
          + f"{'in':>9}{'out':>8}{'seconds':>9}")  # fmt: skip
    keys = ("kept", "altered", "lost", "invented", "joined", "f1", "stands")
    for row in rows:
        if row["kind"] == "merge":
            told = "".join(f"{row.get(key, '–'):>9}" for key in keys)
            print(f"{row['program']:26}{told}{_spent(row)}")
            print(_intervals(row, kept="units", lost="units", invented="told"))
    print(f"{'extraction':26}{'recall':>9}{'precision':>10}{'in':>9}{'out':>8}{'seconds':>9}")
    for row in rows:
        if row["kind"] == "extract":
            told = f"{row.get('recall', '–'):>9}{row.get('precision', '–'):>10}"
            print(f"{row['program']:26}{told}{_spent(row)}")
            print(_intervals(row, recall="stories", precision="answers"))


def _intervals(row: Mapping[str, Any], **of: str) -> str:
    """Each share as a count with its 95 % interval (Wilson)."""
    told = []
    for key, n in ((key, row[size]) for key, size in of.items() if row.get(size)):
        low, high = wilson(hits := round(row[key] * n), n)
        told.append(f"{key} {hits} of {n} [{low:.0%}, {high:.0%}]")
    return "  " + ", ".join(told)


def _spent(row: Mapping[str, Any]) -> str:
    told = f"{row['tokens_in']:9}{row['tokens_out']:8}{row.get('seconds', '–'):>9}"
    return f"{told}  {row['why']}" if "why" in row else told


if __name__ == "__main__":
    sys.exit(main())
