"""The page of a large merged document in a real browser: does it stay fluid?

    python benchmarks/merged_page.py                   # 2,000 stories, in seconds
    python benchmarks/merged_page.py --stories 15000

Writes so many stories (a quarter of them told again by another role, every hundredth with another
number of the same; seeded), merges them without a model, and looks at the page in headless
Chromium: how long it takes to open, to choose an entry, to search, to clear, to show where a story
went, and how long a frame takes while it is scrolled fast (300 pixels a frame). Prints a table and,
last, one JSON line. Without Chromium it says so and ends well.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import merge
from pipeline.document.page import page_text
from pipeline.run.corpus import Corpus, gather
from pipeline.run.output import laid_out

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ROLES = ("clerk", "shopper", "courier", "planner", "auditor", "guest", "trainer", "buyer")
DEEDS = ("see", "change", "print", "share", "sort", "cancel", "copy", "archive")
THINGS = ("order", "invoice", "route", "shelf", "rating", "voucher", "shift", "label")
PER_FILE = 250

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
_TYPED = (
    "const q = document.getElementById('q'); q.value = '{}';"
    "q.dispatchEvent(new Event('input', {{bubbles: true}}))"
)
DEEDS_IN_PAGE = {
    "choose an entry": "document.querySelectorAll('article')[2].click()",
    "search all words": _TYPED.format("voucher 17"),
    "where a story went": _TYPED.format("S-777"),
    "show all": "document.getElementById('clear').click()",
}


def told(n: int, *, seed: int = 0) -> list[str]:
    """So many stories."""
    draw = random.Random(seed)
    found: list[str] = []
    for i in range(n):
        what = f"I want to {draw.choice(DEEDS)} {draw.choice(THINGS)} {i}"
        limit = f"so that I lose no more than {draw.randint(2, 90)} minutes a day"
        found.append(f"As a {draw.choice(ROLES)}, {what}, {limit}.")
        if i % 4 == 0:
            found.append(f"As a {draw.choice(ROLES)}, {what}, {limit}.")
        elif i % 100 == 1:
            found.append(found[-1].replace("no more than", "at least"))
    return found[:n]


def make(n: int, folder: Path) -> Corpus:
    """The stories in documents, read again."""
    stories = told(n)
    for start in range(0, n, PER_FILE):
        file = folder / f"part-{start // PER_FILE:03}.md"
        file.write_text("\n\n".join(stories[start : start + PER_FILE]), encoding="utf-8")
    return gather([folder])


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
        tab.locator("article").nth(2).wait_for()
        found = {"open": (time.perf_counter() - begun) * 1000}
        for name, does in DEEDS_IN_PAGE.items():
            found[name] = tab.evaluate(TIMED, does)
            tab.wait_for_timeout(300)
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
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in").mkdir()
        corpus = make(asked.stories, Path(folder) / "in")
        merged = merge(corpus)
        begun = time.perf_counter()
        page = Path(folder) / "merged.html"
        with page.open("w", encoding="utf-8") as file:
            file.writelines(page_text(laid_out(corpus, merged, {"judge": None})))
        written = time.perf_counter() - begun
        size = page.stat().st_size
        found = look(page, binary)
    result: dict[str, Any] = {
        "benchmark": "merged_page",
        "stories": len(corpus.stories),
        "entries": len(merged.entries),
        "marks": len(merged.conflicts),
        "megabytes": round(size / 1e6, 1),
        "seconds_to_write": round(written, 2),
        "ms": {name: round(value, 1) for name, value in found.items()},
    }
    print(f"{len(corpus.stories):,} stories in {len(merged.entries):,} entries: "
          f"{result['megabytes']} MB, written in {written:.2f} s")  # fmt: skip
    for name, value in found.items():
        print(f"{name:32} {value:9.1f} ms")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
