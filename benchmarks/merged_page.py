"""The page of a large merged document in a real browser: does it stay fluid?

    python benchmarks/merged_page.py                   # 2,000 stories, in seconds
    python benchmarks/merged_page.py --stories 10000

Writes the page of so many merged stories (a quarter of them united from two sources, every
hundredth in conflict; seeded, through our own writer) and looks at it in headless Chromium: how
long it takes to open, to choose a sentence, to search, to filter, to follow a source story, and
how long a frame takes while it is scrolled fast (300 pixels a frame). Prints a table and, last, one
JSON line. Without Chromium it says so and ends well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.merge.page import html
from pipeline.merge.writing import Writer
from pipeline.outcomes import Conflict, LedgerRow, MergedStory, Outcome, Outcomes, Relation
from pipeline.stories import Document, Locator, Source, Span, Story, story_id

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ROLES = ("clerk", "shopper", "courier", "planner", "auditor", "guest", "trainer", "buyer")
DEEDS = ("see", "change", "print", "share", "sort", "cancel", "copy", "archive")
THINGS = ("order", "invoice", "route", "shelf", "rating", "voucher", "shift", "label")

#: What is done in the page, and the milliseconds until it is painted.
TIMED = """async (does) => {
  const begun = performance.now();
  new Function(does)();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - begun;
}"""
SCROLLED = """async () => {
  const frames = [];
  let before = performance.now();
  for (let n = 0; n < 200; n += 1) {
    window.scrollBy(0, 300);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - before);
    before = now;
  }
  return frames.sort((a, b) => a - b);
}"""
DEEDS_IN_PAGE = {
    "choose a sentence": "document.querySelectorAll('.s')[40].click()",
    "search all words": "document.getElementById('q').value = 'voucher 17'; filter()",
    "search again": "document.getElementById('q').value = 'invoice'; filter()",
    "filter by role": "document.getElementById('q').value = '';"
    "document.getElementById('role').value = 'guest'; filter()",
    "show all": "document.getElementById('role').value = ''; filter()",
    "follow a source": "follow(777)",
    "open the ledger": "document.getElementById('ledger').open = true",
}


@dataclass(frozen=True)
class Merged:
    """A merged document and what it was made from."""

    outcomes: Outcomes
    stories: dict[str, Story]
    documents: dict[str, Document]


def make(n: int, *, seed: int = 0) -> Merged:
    """``n`` merged stories from five quarters as many sources, in documents of 250 stories."""
    draw = random.Random(seed)
    told = [
        f"As a {draw.choice(ROLES)}, I want to {draw.choice(DEEDS)} {draw.choice(THINGS)} {i}, "
        f"so that I lose no more than {draw.randint(2, 90)} minutes a day."
        for i in range(n + n // 4)
    ]
    stories: dict[str, Story] = {}
    documents: dict[str, Document] = {}
    for first in range(0, len(told), 250):
        text = "\n\n".join(told[first : first + 250])
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        path = f"backlog/part-{first // 250:03}.md"
        documents[sha256] = Document(sha256, (path,), "markdown", text)
        at = 0
        for line, words in enumerate(told[first : first + 250]):
            span = Span(at, at + len(words))
            at = span.end + 2
            role, goal, benefit = words.removesuffix(".").split(", ", 2)
            found = Story(
                story_id(sha256, (span,), "agile"), "agile",
                Source(sha256, path, Locator(line=2 * line + 1), (span,)), words,
                role=role.removeprefix("As a "), goal=goal.removeprefix("I want to "),
                benefit=benefit.removeprefix("so that "),
            )  # fmt: skip
            stories[found.id] = found
    return Merged(_outcomes(list(stories.values()), n, documents), stories, documents)


def _outcomes(stories: list[Story], n: int, documents: dict[str, Document]) -> Outcomes:
    writer = Writer({sha256: document.text for sha256, document in documents.items()})
    merged: list[MergedStory] = []
    ledger: list[LedgerRow] = []
    conflicts: list[Conflict] = []
    left = iter(stories)
    for i in range(n):
        one = next(left)
        if i % 4 == 0:
            other = next(left)
            merged.append(writer.united([one, other]))
            for story in (one, other):
                ledger.append(
                    LedgerRow(story.id, Outcome.MERGED_INTO, merged[-1].id, "", Relation.OVERLAP,
                              "one need, each with details of its own", "code")
                )  # fmt: skip
            continue
        merged.append(writer.kept(one))
        against = stories[0].id if i % 100 == 1 else ""
        outcome = Outcome.CONFLICT_WITH if against else Outcome.KEPT
        ledger.append(
            LedgerRow(
                one.id, outcome, merged[-1].id, against, None, "nothing else says this", "code"
            )
        )
        if against:
            conflicts.append(Conflict((one.id, against), "minutes", ("10", "20"), "they differ"))
    return Outcomes(tuple(merged), tuple(conflicts), tuple(ledger))


def look(page: Path, binary: str) -> dict[str, float]:
    """Milliseconds of everything that is done in the page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=binary, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        tab = browser.new_page(viewport={"width": 1280, "height": 900}, bypass_csp=True)
        begun = time.perf_counter()
        tab.goto(page.as_uri())
        found = {"open": (time.perf_counter() - begun) * 1000}
        for name, does in DEEDS_IN_PAGE.items():
            found[name] = tab.evaluate(TIMED, does)
        frames = tab.evaluate(SCROLLED)
        found["frame while scrolling, median"] = frames[len(frames) // 2]
        found["frame while scrolling, 95 %"] = frames[int(0.95 * len(frames))]
        browser.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stories", type=int, default=2_000)
    asked = parser.parse_args()
    binary = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if binary is None:
        print("No browser to look with: none of", ", ".join(CHROMIUM), "is installed.")
        print(json.dumps({"benchmark": "merged_page", "skipped": "no browser"}))
        return 0
    merged = make(asked.stories)
    begun = time.perf_counter()
    text = html(merged.outcomes, merged.stories, merged.documents, {"model": "extractive"})
    written = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "merged.html"
        page.write_text(text, encoding="utf-8")
        found = look(page, binary)
    result: dict[str, Any] = {
        "benchmark": "merged_page",
        "stories": asked.stories,
        "sources": len(merged.stories),
        "megabytes": round(len(text.encode()) / 1e6, 1),
        "seconds_to_write": round(written, 2),
        "ms": {name: round(value, 1) for name, value in found.items()},
    }
    print(f"{asked.stories:,} merged stories of {len(merged.stories):,}: "
          f"{result['megabytes']} MB, written in {written:.2f} s")  # fmt: skip
    for name, value in found.items():
        print(f"{name:32} {value:9.1f} ms")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
