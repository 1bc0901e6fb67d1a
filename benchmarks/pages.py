"""How long the pages take over a large database.

    python benchmarks/pages.py                                # 5,000 stories, 12 runs: in seconds
    python benchmarks/pages.py --stories 100000 --runs 50     # the size that is promised

Makes a database of so many stories and runs through the store's own functions, from a seed: three
merges of the whole corpus, each with ledger, calls, replies, verdicts and conflicts, and for the
rest merges of parts of it, needle grids, canaries, fabrication and merging evals. Starts the
pages over it and asks for each page as a browser does: its HTML, then the rows of all its cards, a
few at once, with a call or a cell opened. Every page is asked for three times and the slowest
counts: by the processor seconds of the process that serves it, which other work on the machine
does not change, with the seconds on the clock and the load beside them.
Prints a table and, last, one JSON line; exits with 1 when a page takes more than a second of the
processor.

`--keep FILE` makes the database there and keeps it; one that is there is used as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from evals.dashboard.cards import Page, load_pages
from evals.dashboard.serve import Served, pages
from pipeline.calls import (
    Band,
    Call,
    Message,
    Plan,
    Reply,
    Request,
    SkippedStory,
    TokenCount,
    Usage,
    WindowLimits,
)
from pipeline.config.settings import read_settings
from pipeline.entries import (
    Conflict,
    Entry,
    Fold,
    LedgerRow,
    Line,
    Link,
    Merge,
    Outcome,
    RoleTold,
    Side,
    entry_id,
)
from pipeline.estimates import Estimate
from pipeline.store.journal import StoreJournal
from pipeline.store.record import Store, open_store
from pipeline.store.rows.eval_rows import Score
from pipeline.stories import Document, Extraction, Locator, Source, Span, Story, story_id

GOAL = 1.0
START_GOAL = 3.0
TIMES = 3
#: A browser asks one server for so many things at once.
AT_ONCE = 6
IN_A_DOCUMENT = 250
#: Pairs of a large merge that wait for a person.
UNDECIDED = 2_000
MODELS = ("local/smollm2-135m", "claude/claude-haiku-5-5", "gemini/gemini-4-argon", "extractive")
KINDS = ("merge", "needle", "fabrication", "merging", "canary", "perplexity")


@dataclass(frozen=True)
class Cell:
    """A needle cell as the store takes it."""

    key: str
    model: str
    target_tokens: int
    prompt_tokens: int
    depth_target: float
    depth_actual: float
    seed: int
    score: float
    request: Request
    status: str = "ok"
    reply: str = "The code is 4711."
    expected: str = "4711"
    task: str = "single"
    revision: str = "r1"
    style: str = "chat"
    haystack: str = "stories"
    finish: str = "stop"
    seconds: float = 1.0
    flags: tuple[str, ...] = ()


class Maker:
    """Fills a database; the same seed makes the same rows."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.draw = random.Random(seed)

    def extractions(self, n: int) -> list[Extraction]:
        """Documents of 250 stories each."""
        return [
            self._extraction(first // IN_A_DOCUMENT, min(IN_A_DOCUMENT, n - first))
            for first in range(0, n, IN_A_DOCUMENT)
        ]

    def _extraction(self, number: int, n: int) -> Extraction:
        told = [
            f"As a {self.draw.choice(('clerk', 'guest', 'buyer', 'planner'))}, I want to see "
            f"order {number}.{i} within {self.draw.randint(1, 60)} days, so that I can plan."
            for i in range(n)
        ]
        text = "\n".join(told)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        path, at, stories = f"backlog/part-{number:04}.md", 0, []
        for line, words in enumerate(told, 1):
            span = Span(at, at + len(words))
            at = span.end + 1
            source = Source(sha256, path, Locator(line=line), (span,))
            stories.append(
                Story(story_id(sha256, (span,), "agile"), "agile", source, words,
                      role="clerk", goal=words[12:-1])
            )  # fmt: skip
        return Extraction(Document(sha256, (path,), "markdown", text), tuple(stories))

    def merge(self, extractions: Sequence[Extraction], model: str) -> None:
        """A completed merge with everything in it."""
        stories = [story for extraction in extractions for story in extraction.stories]
        corpus = self.store.save_corpus(extractions)
        run = self.store.start_run(
            kind="merge", corpus=corpus, model=model, strategy="pairs",
            parameters={"paths": ["backlog"]}, describe={"attention": "sdpa_flash"},
        )  # fmt: skip
        plan = self._plan(stories, model)
        self.store.save_plan(run, plan)
        usd = Decimal(len(stories)) / 10_000
        for other in MODELS:
            estimate = Estimate(
                other, "pairs", True, "", plan.sha256, len(plan.calls), 0,
                TokenCount(len(stories) * 40, "own", True, len(stories) * 40, len(stories) * 40),
                Band(100, 300, 900), (usd / 2, usd, usd * 2), None, usd * 2, "2026-11-21",
                seconds=80.0, seconds_band=(40.0, 160.0), peak_memory_bytes=900_000_000,
            )  # fmt: skip
            self.store.save_estimate(run if other == model else None, corpus, estimate)
        journal = StoreJournal(self.store, run)
        for call in plan.calls:
            usage = Usage(call.input.n, 40)
            reply = Reply(
                call.request.key, '{"answer":"different"}', "stop", usage, 1.0, model, usd=usd
            )
            journal.put(call.request, reply, good=True)
        self.store.save_merge(run, self._merge(stories))
        self.store.save_actuals(
            run, input_tokens=len(stories) * 40, output_tokens=400, usd=usd, seconds=90.0,
            peak_memory_bytes=950_000_000, calls=len(plan.calls), reused=0, model_seconds=85.0,
            asked=len(plan.calls), prompt="judge-pair.v1",
        )  # fmt: skip
        self.store.finish_run(run, "completed")

    def _plan(self, stories: Sequence[Story], model: str) -> Plan:
        n_calls = min(2_000, len(stories) // 10)
        calls = []
        for n in range(n_calls):
            shown = stories[2 * n : 2 * n + 2]
            message = Message("user", "\n".join(story.text for story in shown))
            request = Request(model, "r1", "pair", "judge-pair.v1", "p", (message,), 256)
            calls.append(
                Call(f"pairs-{n + 1:04}", "pairs", request,
                     tuple(zip("AB", (story.id for story in shown), strict=True)),
                     (("A", "B"),), TokenCount(400, "own", True, 400, 400),
                     Band(20, 40, 90))
            )  # fmt: skip
        rest = tuple(SkippedStory(story.id, "single") for story in stories[2 * n_calls :])
        limits = WindowLimits(7_168, 1_024, "the model's window")
        return Plan("pairs", model, limits, tuple(calls), rest, len(stories), 2 * n_calls)

    def _merge(self, stories: Sequence[Story]) -> Merge:
        """Every story an entry of its own, one in two hundred folded under the one before it, one
        in a hundred possibly in conflict with it; two of three next to another one, the first of
        those pairs for a person to decide."""
        entries: list[Entry] = []
        ledger: list[LedgerRow] = []
        conflicts: list[Conflict] = []
        for n, story in enumerate(stories):
            line = Line("sentence", story.text, (story.id,))
            role = (RoleTold("clerk", (story.id,)),)
            if n % 200 == 2:
                first = entries.pop()
                names = (*first.sources, story.id)
                fold = Fold(story.id, "sentence", story.text, "proof", first.standing)
                entry = Entry(entry_id(names), first.standing, names, role, first.lines, (fold,))
                ledger[-1] = replace(ledger[-1], entry=entry.id)
                row = LedgerRow(story.id, Outcome.MERGED_INTO, entry.id, first.standing,
                                "its goal and benefit are the same", "proof")  # fmt: skip
            else:
                entry = Entry(entry_id((story.id,)), story.id, (story.id,), role, (line,))
                row = LedgerRow(story.id, Outcome.KEPT, entry.id, "", "nothing else", "code")
            entries.append(entry)
            ledger.append(row)
            if n % 100 == 1:
                sides = tuple(Side(s.id, s.text, ("14",)) for s in (stories[n - 1], story))
                conflicts.append(Conflict(f"{n:012}", "possible", sides, "days", "code"))
        near = [(a, b) for n, (a, b) in enumerate(zip(entries, entries[3:], strict=False)) if n % 3]
        links = [
            Link(a.id, b.id, "alike", 1 - n / len(near), ("a list",), ("it",))
            for n, (a, b) in enumerate(near)
        ]
        asked = [(a.standing, b.standing) for a, b in near[:UNDECIDED]]
        return Merge(tuple(entries), tuple(conflicts), tuple(links), tuple(ledger), tuple(asked))

    def needle(self, model: str) -> None:
        """A grid of 8 lengths, 11 depths and 3 seeds."""
        lengths = [512 * 2**n for n in range(8)]
        depths = [10.0 * n for n in range(11)]
        run = self.store.start_run(
            kind="needle", corpus=None, model=model, strategy="single",
            parameters={"lengths": lengths, "depths": depths},
        )  # fmt: skip
        for length in lengths:
            for depth in depths:
                for seed in range(3):
                    salt = f"{run} {length} {depth} {seed}"
                    request = Request(model, "r1", "answer", "needle.v1", "p",
                                      (Message("user", salt),), 16)  # fmt: skip
                    score = float(self.draw.random() > length / 80_000)
                    self.store.save_cell(
                        run,
                        Cell(request.key, model, length, length, depth, depth, seed, score,
                             request),
                    )  # fmt: skip
        self.store.finish_run(run, "completed")

    def scores(self, kind: str, model: str) -> None:
        """A run of an eval with a thousand figures."""
        run = self.store.start_run(kind=kind, corpus=None, model=model, strategy="pairs")
        found = [Score("together", "", 0.97, 0.95, 0.99, 1_000)]
        found += [Score("pairwise_f1", "", 0.9, 0.85, 0.93, 1_000)]
        found += [Score("b_cubed_of_story", f"{n:06}", self.draw.random()) for n in range(1_000)]
        if kind == "canary":
            found += [
                Score("canary", f"w{n}", 1.0, detail={"document": n % 12, "name": "part.md",
                      "depth": 50 * (n % 3), "depth_actual": 50.0, "kind": "twin", "word": f"w{n}",
                      "lost_at": ""}) for n in range(108)
            ]  # fmt: skip
        if kind == "perplexity":
            found += [
                Score("loss", f"{2**n:06}", 4.0, n=64, detail={"low": 2**n, "high": 2 ** (n + 1)})
                for n in range(12)
            ]
        self.store.save_scores(run, found)
        self.store.finish_run(run, "completed")


def fill(file: Path, n_stories: int, n_runs: int, seed: int = 0) -> None:
    """A database of so many stories and runs."""
    moments = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(10**8))
    with open_store(f"sqlite:///{file}", now=lambda: next(moments)) as store:
        maker = Maker(store, seed)
        whole = maker.extractions(n_stories)
        for n in range(n_runs):
            model = MODELS[n % len(MODELS)]
            kind = KINDS[n % len(KINDS)]
            # The whole corpus first, once in the middle and last: the pages show the newest.
            if n in (0, n_runs // 2, n_runs - 1):
                maker.merge(whole, model)
            elif kind == "merge":
                size = max(1, len(whole) // 50)
                first = maker.draw.randrange(len(whole) - size + 1)
                maker.merge(whole[first : first + size], model)
            elif kind == "needle":
                maker.needle(model)
            else:
                maker.scores(kind, model)


def fetch(url: str) -> tuple[str, str]:
    """(where it led, what it says)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as answer:
        return str(answer.url), answer.read().decode()


def opened(base: str, page: str, query: str) -> str:
    """The query with a call or a cell opened, where a page shows one."""
    for name, table, parameter in (("run", "calls", "request"), ("needles", "cells", "cell")):
        if page == name:
            rows = json.loads(fetch(f"{base}/cards/{page}/{table}.json?{query}")[1])["rows"]
            return f"{query}&{parameter}={rows[0][parameter]}" if rows else query
    return query


def busy(process: int) -> float:
    """Seconds that a process has had of the processor."""
    behind_the_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, behind_the_name[11:13])) / os.sysconf("SC_CLK_TCK")


def seconds_of(
    base: str, page: Page, process: int
) -> Iterator[tuple[float, float, dict[str, float]]]:
    """(processor seconds of a page, those on the clock, those of each card alone), once for every
    time it is asked for."""
    cards = [name for name, card in page.cards.items() if card.sql or card.measure]
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        query = opened(base, page.name, fetch(f"{base}/{page.name}")[0].partition("?")[2])
        for _ in range(TIMES):
            begun, before = time.perf_counter(), busy(process)
            fetch(f"{base}/{page.name}?{query}")

            def timed(name: str) -> float:
                begun = time.perf_counter()
                fetch(f"{base}/cards/{page.name}/{name}.json?{query}")
                return time.perf_counter() - begun

            took = dict(zip(cards, at_once.map(timed, cards), strict=True))
            yield busy(process) - before, time.perf_counter() - begun, took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stories", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = asked.keep or Path(folder) / "pages.sqlite"
        begun = time.perf_counter()
        if not file.exists():
            fill(file, asked.stories, asked.runs)
            print(
                f"made in {time.perf_counter() - begun:.0f} s: {file.stat().st_size / 1e6:.0f} MB"
            )
        begun = time.perf_counter()
        slowest: dict[str, float] = {}
        clock: dict[str, float] = {}
        with pages(Served(file, models_toml=read_settings({}).models_toml), 0) as (url, process):
            started = time.perf_counter() - begun
            base = url.rpartition("/")[0]
            head = f"{'page':10} {'processor':>10} {'clock':>8} {'of the goal':>12}"
            print(f"\n{head}   slowest cards")
            for page in load_pages().values():
                took, wall, cards = max(seconds_of(base, page, process.pid), key=lambda one: one[0])
                slowest[page.name], clock[page.name] = took, wall
                worst = sorted(cards.items(), key=lambda one: -one[1])[:3]
                told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in worst)
                print(f"{page.name:10} {took:8.2f} s {wall:6.2f} s {took / GOAL:11.2f}×   {told}")
    load = os.getloadavg()[0]
    print(f"started in {started:.2f} s, {started / START_GOAL:.2f} of the goal; load {load:.1f}")
    met = max(slowest.values()) < GOAL and started < START_GOAL
    print(
        json.dumps(
            {
                "benchmark": "pages", "stories": asked.stories, "runs": asked.runs,
                "processor_seconds": {name: round(took, 3) for name, took in slowest.items()},
                "seconds": {name: round(took, 3) for name, took in clock.items()},
                "load": round(load, 1),
                "ratio": round(max(slowest.values()) / GOAL, 3),
                "seconds_to_start": round(started, 2), "met": met,
            }
        )
    )  # fmt: skip
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
