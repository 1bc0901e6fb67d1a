"""Take the pictures of the README from the sample: the real command, page and document.

    python docs/pictures.py                 # writes docs/pictures/*.png
    python docs/pictures.py --model extractive    # all but the needles

Needs Chromium and the packages playwright and pillow. A merge and a small needle grid are run in a
folder of their own, without the network; the terminal's picture is what the terminal shows.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: A page's picture, in CSS pixels; a terminal's width, in characters.
WIDTH, HEIGHT, COLUMNS = 1180, 720, 118
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_SCREEN = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 16px 20px; background: #1d2126; color: #e6e6e6; display: inline-block }}
pre {{ margin: 0; font: 13px/1.38 "DejaVu Sans Mono", Menlo, Consolas, monospace }}
</style><pre><b style="color:#8fc7ff">$ {command}</b>
{shown}</pre>"""


def storytransformer(*arguments: str) -> list[str]:
    """The command, as this checkout has it."""
    return [sys.executable, "-m", "pipeline", *arguments]


def environment() -> dict[str, str]:
    """Of the commands: this checkout, and a terminal that shows bold."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}


def in_a_terminal(arguments: list[str], folder: Path) -> str:
    """What a command shows in a terminal, escapes included."""
    main, other = pty.openpty()
    ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    process = subprocess.Popen(
        storytransformer(*arguments), cwd=folder, env=environment(), stdout=other,
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(other)
    shown = b""
    with os.fdopen(main, "rb", buffering=0) as screen:
        while True:
            try:
                part = screen.read(65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            shown += part
    process.wait(timeout=600)
    return shown.decode().replace("\r\n", "\n")


def as_page(command: str, shown: str) -> str:
    """A terminal's text as a page, bold kept."""
    text = html.escape(shown.rstrip())
    text = _ESCAPE.sub(lambda code: "<b>" if code[1] == "1" else "</b>", text)
    return _SCREEN.format(command=html.escape(command), shown=text)


@contextmanager
def dashboard(folder: Path) -> Iterator[str]:
    """The address of the pages over the folder's database."""
    process = subprocess.Popen(
        storytransformer("dashboard", "--port", "0", "--json"), cwd=folder, env=environment(),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(timeout=20)


def take(folder: Path, merged: dict[str, Any], estimate: str, pages: Sequence[str]) -> None:
    """Every picture, of what was run in a folder."""
    from playwright.sync_api import sync_playwright

    binary = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright, dashboard(folder) as url:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(estimate)
        page.locator("body").screenshot(path=PICTURES / "estimate.png")
        page.goto((folder / merged["out"]["html"]).resolve().as_uri())
        # What may contradict, where it stands, and its tellings beside each other.
        page.locator(".group.possible").get_by_text("side by side").first.click()
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
        page.screenshot(path=PICTURES / "merged.png")
        base = url.rpartition("/")[0]
        for name in pages:
            page.goto(f"{base}/{name}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


def lighten(picture: Path) -> None:
    """Keep the 96 colours that matter: a third of the bytes."""
    from PIL import Image

    with Image.open(picture) as image:
        image.convert("RGB").quantize(96).save(picture, optimize=True)


def main() -> None:
    """Run what the pictures show, and take them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="local/smollm2-135m")
    model = parser.parse_args().model
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-") as name:
        folder = Path(name)
        shutil.copytree(ROOT / "data" / "sample", folder / "sample")

        def run(*arguments: str) -> dict[str, Any]:
            done = subprocess.run(
                storytransformer(*arguments, "--json", "--quiet"), cwd=folder, env=environment(),
                stdout=subprocess.PIPE, check=True, timeout=1800,
            )  # fmt: skip
            found: dict[str, Any] = json.loads(done.stdout)
            return found

        command = "storytransformer estimate sample --strategy pairs"
        # Before the merge: afterwards the journal has every reply, and nothing costs anything.
        estimate = as_page(command, in_a_terminal(command.split()[1:], folder))
        merged = run("merge", "sample")
        if model != "extractive":
            run(
                "eval", "needle", "--model", model,
                "--lengths", "512,1024,2048", "--depths", "0,50,100",
            )  # fmt: skip
        take(folder, merged, estimate, ["run"] if model == "extractive" else ["run", "needles"])
    for picture in sorted(PICTURES.glob("*.png")):
        lighten(picture)
        print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
