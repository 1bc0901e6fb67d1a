"""How long the dry run takes at the first user's size: 440,000 words of stories.

    python benchmarks/estimate_speed.py [PATHS…]      real stories to make the corpus of
    python benchmarks/estimate_speed.py [PATHS…] --old CHECKOUT    this code against an older one

Without PATHS the sample is told again to a twentieth of the size, so that it runs anywhere; the
goals are for the full size. `estimate` is timed as a person waits for it, in a process of its own:
6 models × 3 strategies (pairs, groups, tree), cold (no database, no cache, no tokenizer unpacked)
and warm; beside it stands the processor time, which others on the machine change less. Counting is
compared with the bare tokenizer on the same prompts in the same run.

With ``--old`` the same command of another checkout of this repository takes turns with it, for as
many rounds as are asked for, with three strategies each (those above, where it knows them) and
with the packages that are installed here: what stands against what are the medians.

Planning is compared with a corpus of ten times the stories. Its similar pairs, which are printed
beside it, grow faster than its stories: real text has new words in every story, the generator has
those of its real stories and no more. Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.load import Load, RealStories, tell, write
from pipeline.calls import Plan, Request
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.cost.estimate import window_limits
from pipeline.plan.near.similarity import nearest
from pipeline.plan.pairs import NEAREST
from pipeline.plan.strategies import make_plan
from pipeline.run.corpus import Corpus, read
from pipeline.tokens.token_counters import (
    LocalCounter,
    TiktokenCounter,
    TokenCounter,
    counter_for,
    forget_counts,
)

#: As the command does: see pipeline.cli.commands.main.
COLLECTION = (100_000, 20, 100)
MODELS = (
    "local/smollm2-135m",
    "claude/claude-haiku-5-5",
    "claude/claude-sonnet-5-5",
    "claude/claude-opus-5-5",
    "gemini/gemini-2.5-flash-lite",
    "gemini/gemini-3.1-pro-preview",
)
#: The strategies that the goals are for: `none` asks nothing, and `fold` is for evals alone.
ASKED = ("pairs", "groups", "tree")
ROOT = Path(__file__).resolve().parents[1]
COLD_SECONDS, WARM_SECONDS, COUNTING_RATIO, PLANNING_RATIO = 10.0, 2.0, 1.5, 13.0
#: Stories of the smaller of the two corpora that are planned, at full size.
SMALLER = 7_000


def wait_for_estimate(
    folder: Path, home: Path, strategies: Sequence[str] = ASKED, code: Path = ROOT
) -> tuple[float, float]:
    """Seconds and processor seconds of the whole command.

    Args:
        home: where it keeps database and caches.
        code: the checkout whose command it is; its compiled modules stand beside ``home``.
    """
    command = [sys.executable, "-m", "pipeline", "estimate", str(folder), "--json", "--quiet"]
    command += ["--db", str(home / "estimate.sqlite")]
    for model in MODELS:
        command += ["--model", model]
    for strategy in strategies:
        command += ["--strategy", strategy]
    start, busy = time.perf_counter(), _children()
    done = subprocess.run(
        command,
        env=_environment(home, code),
        cwd=code,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, busy = time.perf_counter() - start, _children() - busy
    lines = json.loads(done.stdout)["lines"]
    if len(lines) != len(MODELS) * len(strategies):
        raise SystemExit(f"{len(lines)} lines came back.")
    return seconds, busy


def _environment(home: Path, code: Path) -> dict[str, str]:
    """That of a command which is installed: its modules were compiled once."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "STORYTRANSFORMER_CACHE": str(home / "cache"),
        "PYTHONPATH": str(code),
        "PYTHONPYCACHEPREFIX": str(home.parent / f"compiled-{_named(code)}"),
    }


def _named(code: Path) -> str:
    return "this" if code == ROOT else "old"


def against(folder: Path, room: Path, old: Path, rounds: int) -> dict[str, Any]:
    """Two checkouts in turn, cold and warm: medians of seconds and processor seconds, and how many
    times the old one's this one takes."""
    taken: dict[str, list[float]] = {}
    small = _one_story(room)
    for code in (old, ROOT):  # compiles the modules
        wait_for_estimate(small, room / f"{_named(code)}-first", _three(code), code)
    for number in range(rounds):
        for code in (old, ROOT):
            home = room / f"{_named(code)}-{number}"
            for state in ("cold", "warm"):
                seconds, busy = wait_for_estimate(folder, home, _three(code), code)
                taken.setdefault(f"{_named(code)} {state} seconds", []).append(seconds)
                taken.setdefault(f"{_named(code)} {state} processor", []).append(busy)
            shutil.rmtree(home)
    found = {name: round(statistics.median(values), 2) for name, values in taken.items()}
    for what in ("cold seconds", "cold processor", "warm seconds", "warm processor"):
        found[f"ratio {what}"] = round(found[f"this {what}"] / found[f"old {what}"], 3)
    return found


def _three(code: Path) -> tuple[str, ...]:
    """The strategies that are compared; a checkout from before them judges in its own way."""
    says = "from pipeline.plan.strategies import STRATEGIES; print(*STRATEGIES)"
    known = subprocess.run(
        [sys.executable, "-c", says], cwd=code, env=os.environ | {"PYTHONPATH": str(code)},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return ASKED if set(ASKED) <= set(known) else ("edit", "tree", "fold")


def _children() -> float:
    """Processor seconds of all processes that this one waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def count_against_bare(corpus: Corpus, model: str) -> dict[str, Any]:
    """Seconds of counting the requests of a plan, by the counter and by its bare tokenizer on the
    same messages joined."""
    settings = read_settings({"HOME": os.environ.get("HOME", ".")})
    spec = Catalog(settings.models_toml).find(model)
    requests = [call.request for call in _plan(corpus, model, "tree").calls]
    texts = ["\n".join(message.content for message in request.messages) for request in requests]
    bare = _bare(counter_for(spec, cache=settings.cache))
    bare(texts[:1])
    seconds_bare = _seconds(lambda: bare(texts))
    forget_counts()
    counter = counter_for(spec, cache=settings.cache)
    seconds = _seconds(lambda: _count(counter, requests))
    again = _seconds(lambda: _count(counter, requests))
    return {
        "model": model,
        "requests": len(requests),
        "seconds": round(seconds, 3),
        "bare_seconds": round(seconds_bare, 3),
        "ratio": round(seconds / seconds_bare, 3),
        "ratio_again": round(again / seconds_bare, 3),
    }


def _bare(counter: TokenCounter) -> Callable[[Sequence[str]], None]:
    """The tokenizer's own encoding, one text after the other, and nothing beside it."""
    if isinstance(counter, LocalCounter):
        backend = counter.tokenizer.backend
        return lambda texts: [len(backend.encode(t).ids) for t in texts] and None
    assert isinstance(counter, TiktokenCounter)
    encoding = counter.encoding
    return lambda texts: [len(encoding.encode_ordinary(t)) for t in texts] and None


def _count(counter: TokenCounter, requests: Sequence[Request]) -> None:
    for request in requests:
        counter.count_request(request)


def _plan(corpus: Corpus, model: str, strategy: str) -> Plan:
    settings = read_settings({"HOME": os.environ.get("HOME", ".")})
    spec = Catalog(settings.models_toml).find(model)
    return make_plan(
        strategy,
        corpus.stories,
        corpus.clusters if strategy in ("tree", "fold") else (),
        spec,
        window_limits(spec),
        counter_for(spec, cache=settings.cache),
        settings.prompts,
        revision="timed",
        pairs=list(nearest(corpus.pairs, NEAREST)) if strategy == "pairs" else (),
    )


def plan_seconds(paths: Sequence[str], n_stories: int, folder: Path) -> tuple[float, int]:
    """CPU seconds to plan so many stories, measured and clustered anew, and the similar pairs
    there are; reading is not timed. In a process of its own: the smaller corpus would find in
    memory what an earlier measurement worked out of the same real stories, the larger would not."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_planned, paths, n_stories, folder).result()


def _planned(paths: Sequence[str], n_stories: int, folder: Path) -> tuple[float, int]:
    gc.set_threshold(*COLLECTION)
    real = RealStories(paths)
    write(tell(real, Load().scaled(n_stories / (Load().n_short + Load().n_long))), folder)
    with tempfile.TemporaryDirectory() as room:
        _plan_both(read([_one_story(Path(room))]))  # imports what planning takes
    corpus = read([folder])
    len(corpus.stories)
    start = _processor()
    _plan_both(corpus)
    return _processor() - start, len(corpus.pairs)


def _plan_both(corpus: Corpus) -> None:
    for model, strategy in (("extractive", "none"), ("claude/claude-haiku-5-5", "pairs")):
        _plan(corpus, model, strategy)


def _processor() -> float:
    """CPU seconds of this process and of those that worked for it."""
    return time.process_time() + _children()


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _one_story(room: Path) -> Path:
    folder = room / "one"
    folder.mkdir()
    (folder / "a.txt").write_text("As a cook, I want salt, so that it tastes.\n")
    return folder


def _compare(room: Path, old: Path, rounds: int, *, stories: int, full: bool) -> int:
    found = against(room / "corpus", room, old, rounds)
    print(f"{stories:,} stories; {len(MODELS)} models × 3 strategies; medians of {rounds} rounds")
    for name, value in found.items():
        print(f"{name:24} {value:8.2f} {'×' if name.startswith('ratio') else 's'}")
    told = {"full_size": full, "stories": stories, "rounds": rounds, "cpus": os.cpu_count()}
    print(json.dumps({"benchmark": "estimate_speed --old", **told, **found}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--old", type=Path, help="another checkout, to be compared with this one")
    parser.add_argument("--rounds", type=int, default=3, help="turns of both")
    asked = parser.parse_args()
    gc.set_threshold(*COLLECTION)
    full = bool(asked.paths)
    share = 1.0 if full else 0.05
    paths = asked.paths or ["data/sample"]
    real = RealStories(paths)
    with tempfile.TemporaryDirectory() as temporary:
        room = Path(temporary)
        written = tell(real, Load().scaled(share))
        write(written, room / "corpus")
        if asked.old is not None:
            old = asked.old.resolve()
            return _compare(room, old, asked.rounds, stories=len(written), full=full)
        wait_for_estimate(_one_story(room), room / "first")  # compiles the modules
        cold, cold_busy = wait_for_estimate(room / "corpus", room / "home")
        warm, warm_busy = wait_for_estimate(room / "corpus", room / "home")
        corpus = read([room / "corpus"])
        counting = [count_against_bare(corpus, model) for model in (MODELS[0], MODELS[1])]
        few, few_pairs = plan_seconds(paths, round(SMALLER * share), room / "few")
        many, many_pairs = plan_seconds(paths, round(SMALLER * 10 * share), room / "many")
    rows = [
        ("estimate, cold", cold, "s", COLD_SECONDS),
        ("estimate, warm", warm, "s", WARM_SECONDS),
        *((f"counting, {c['model']}", c["ratio"], "× bare", COUNTING_RATIO) for c in counting),
        ("planning ten times the stories", many / few, "×", PLANNING_RATIO),
    ]
    aside = [
        ("  processor time, cold", cold_busy, "s"),
        ("  processor time, warm", warm_busy, "s"),
        ("  similar pairs of ten times the stories", many_pairs / max(1, few_pairs), "×"),
    ]
    print(f"{len(written):,} stories, {sum(s.n_words for s in written):,} words written; ", end="")
    print(f"{len(corpus.stories):,} stories found again; {len(MODELS)} models × {len(ASKED)}")
    for name, value, unit, goal in rows:
        judged = ("reached" if value <= goal else "MISSED") if full else "for the full size"
        print(f"{name:40} {value:8.2f} {unit:7} goal {goal:5.1f}  {judged}")
    for name, value, unit in aside:
        print(f"{name:40} {value:8.2f} {unit}")
    figures = {
        "full_size": full,
        "stories": len(written),
        "found": len(corpus.stories),
        "words": sum(story.n_words for story in written),
        "cold_seconds": round(cold, 2),
        "warm_seconds": round(warm, 2),
        "processor_seconds": [round(cold_busy, 2), round(warm_busy, 2)],
        "counting": counting,
        "planned": [round(SMALLER * share), round(SMALLER * 10 * share)],
        "planning_seconds": [round(few, 2), round(many, 2)],
        "planning_ratio": round(many / few, 2),
        "pairs": [few_pairs, many_pairs],
        "cpus": os.cpu_count(),
    }
    print(json.dumps({"benchmark": "estimate_speed", **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
