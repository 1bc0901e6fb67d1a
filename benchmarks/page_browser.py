"""A large merge as a person meets it in a browser: its own page, and its run on the pages.

    python benchmarks/page_browser.py                      # 1,550 stories
    python benchmarks/page_browser.py --scale 1            # ten times as many, 440,000 words
    python benchmarks/page_browser.py --keep FOLDER        # made there once, and looked at again

Tells the stories of data/sample again until there are enough (benchmarks/load.py), merges them by
proof with the command, and opens both pages in Chromium: how long until entries can be read, until
a search is answered and a story is found, from frame to frame on the way down, and until the whole
of it is laid out for paper; then every tab of the run. Times are those on the clock, with the load
of the machine beside them. Needs Chromium and the package playwright.
Prints a table and, last, one JSON line; exits with 1 where a goal is not met.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: Seconds: what a person does not wait for, a frame that is seen to stutter, a dialog to print.
GOALS = {
    "open": 3.0, "search": 0.5, "find": 0.5, "frame, middle": 0.05, "frame, 99 of 100": 0.1,
    "paper": 60.0, "tab": 1.0,
}  # fmt: skip
TABS = ("document", "conflicts", "stopped", "ledger", "calls", "cost", "how")
#: On the way down: so many pixels a frame, as somebody who looks for something drags the bar.
STEP, FRAMES = 400, 600
_SCROLL = """([step, frames]) => new Promise((done) => {
  const took = []; let last = performance.now(), left = frames;
  const next = (now) => {
    took.push((now - last) / 1000); last = now;
    const end = document.documentElement.scrollHeight - 2;
    if (left-- === 0 || scrollY + innerHeight >= end) done(took);
    else { scrollBy(0, step); requestAnimationFrame(next); }
  };
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(next); });
})"""


def command(*arguments: str) -> list[str]:
    """The command, as this checkout has it."""
    return [sys.executable, "-m", "pipeline", *arguments]


def made(folder: Path, scale: float) -> dict[str, Any]:
    """The merge in a folder, made where it is not there: what the command told of it."""
    told = folder / "merged.json.told"
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        paths = ["--out", str(folder / "in"), "--scale", str(scale)]
        subprocess.run([sys.executable, str(ROOT / "benchmarks" / "load.py"), *paths], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        done = subprocess.run(
            command("merge", "in", "--out", "out", "--json", "--db", "st.sqlite"),
            cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        told.write_text(done.stdout)
    return dict(json.loads(told.read_text()))


@contextmanager
def dashboard(folder: Path) -> Iterator[str]:
    """The address of the pages over the folder's database."""
    process = subprocess.Popen(
        command("dashboard", "--port", "0", "--json", "--db", "st.sqlite"), cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"].rpartition("/")[0]
    finally:
        process.terminate()
        process.wait(timeout=20)


def timed(act: Callable[[], object]) -> float:
    """Seconds on the clock."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def of_the_page(tab: Any, address: str, last: str) -> Iterator[tuple[str, float]]:
    """What a person does with a merged page, and how long each takes."""
    entries = tab.locator("article")

    def opened() -> None:
        tab.goto(address)
        entries.nth(5).wait_for()

    yield "open", timed(opened)

    def searched() -> None:
        tab.fill("#q", "treasurer")
        tab.locator("#found:not(:empty)").wait_for(state="attached")

    yield "search", timed(searched)
    tab.click("#clear")

    def found() -> None:
        tab.fill("#q", last)
        tab.get_by_text(f"Where did {last} go?").wait_for()

    yield "find", timed(found)
    tab.goto(address)
    entries.nth(5).wait_for()
    frames = sorted(tab.evaluate(_SCROLL, [STEP, FRAMES]))
    yield "frame, middle", frames[len(frames) // 2]
    yield "frame, 99 of 100", frames[len(frames) * 99 // 100]
    # As many seconds pass before a browser's dialog to print is there.
    yield "paper", timed(lambda: tab.pdf(path=os.devnull))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=0.1, help="share of 15,500 stories")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    binary = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with tempfile.TemporaryDirectory() as spare:
        folder = (asked.keep or Path(spare)).resolve()
        begun = time.perf_counter()
        told = made(folder, asked.scale)
        page = folder / "out" / "merged.html"
        size, seconds = page.stat().st_size / 1e6, time.perf_counter() - begun
        print(f"{told['stories']:,} stories in {told['entries']:,} entries")
        print(f"made in {seconds:.0f} s, a page of {size:.1f} MB")
        took: dict[str, float] = {}
        with sync_playwright() as playwright, dashboard(folder) as base:
            browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            tab.set_default_timeout(120_000)
            for what, seconds in of_the_page(tab, page.as_uri(), f"S-{told['stories'] - 1}"):
                took[what] = seconds
            for name in TABS:
                address = f"{base}/run?run={told['run']}&tab={name}"

                def drawn(address: str = address) -> None:
                    tab.goto(address)
                    tab.wait_for_load_state("networkidle")

                drawn()  # the first one brings the scripts
                # The browser calls a network idle that was so for half a second.
                took[f"tab {name}"] = timed(drawn) - 0.5
            browser.close()
    missed = []
    for what, seconds in took.items():
        goal = GOALS["tab" if what.startswith("tab ") else what]
        missed += [what] if seconds > goal else []
        print(f"{what:18} {seconds:8.3f} s   goal {goal:g} s")
    load = os.getloadavg()[0]
    print(f"load {load:.1f}; missed: {', '.join(missed) or 'none'}")
    rounded = {what: round(seconds, 3) for what, seconds in took.items()}
    told = {"benchmark": "page_browser", "stories": told["stories"], "load": round(load, 1)}
    print(json.dumps(told | {"seconds": rounded, "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
