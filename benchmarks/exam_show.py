"""The exam's drawn pairs, compactly, for a reader.

    python benchmarks/exam_show.py CORPORA FROM TO [--drawn data/exam/drawn.jsonl]

Prints pairs number FROM to TO (counted from 1, both included): the id, and of both stories their
own text, cut at 600 characters. Before it stand goal, role and benefit, the last two shortened,
where the text says more than these. Where the documents are not those that the pairs were drawn
from, it ends.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.extract.extraction import extract
from pipeline.stories import Story

_ROOT = Path(__file__).parents[1]
#: Characters of a story's own text, and of its role and benefit, that are shown.
TEXT, SHORT = 600, 80

Place = tuple[str, int, int]


def read_drawn(path: Path) -> list[dict[str, Any]]:
    """The drawn pairs, in order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stories_of(pairs: Sequence[Mapping[str, Any]], corpora: Path) -> dict[Place, Story]:
    """The stories of pairs by sha256, start and end.

    Raises:
        SystemExit: a story is not where it was when the pairs were drawn.
    """
    sides = [pair[side] for pair in pairs for side in ("a", "b")]
    paths = sorted({corpora / side["document"] for side in sides})
    if missing := [path for path in paths if not path.is_file()]:
        raise SystemExit(f"{missing[0]} is not there: the pairs were drawn from other folders.")
    found = {
        (story.source.document, story.start, story.end): story
        for extraction in extract(paths)
        for story in extraction.stories
    }
    for side in sides:
        if place_of(side) not in found:
            raise SystemExit(
                f"{side['document']} has no story at {side['start']} to {side['end']}: it, or the "
                "way it is read, has changed since the pairs were drawn."
            )
    return found


def place_of(side: Mapping[str, Any]) -> Place:
    """Where a side of a pair stands, as :func:`stories_of` knows it."""
    return side["sha256"], side["start"], side["end"]


def cut(text: str, n: int) -> str:
    """A text on one line, no longer than ``n`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= n else flat[: n - 1].rstrip() + "…"


def shown(story: Story) -> str:
    """One side of a pair."""
    text = cut(story.text, TEXT)
    if not story.goal or not (story.criteria or story.body):
        return text
    around = [
        f"{name}: {cut(said, SHORT)}"
        for name, said in (("role", story.role), ("so that", story.benefit))
        if said
    ]
    head = cut(story.goal, TEXT) + (f" ({'; '.join(around)})" if around else "")
    return f"{head}\n    {text}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpora", type=Path, nargs="?")
    parser.add_argument("first", type=int, metavar="FROM", nargs="?", default=1)
    parser.add_argument("last", type=int, metavar="TO", nargs="?", default=1)
    parser.add_argument("--drawn", type=Path, default=_ROOT / "data" / "exam" / "drawn.jsonl")
    asked = parser.parse_args()
    if asked.corpora is None:
        print("Nothing is shown without CORPORA.")
        return 0
    pairs = read_drawn(asked.drawn)
    if not 1 <= asked.first <= asked.last <= len(pairs):
        raise SystemExit(f"FROM and TO are between 1 and {len(pairs)}.")
    pairs = pairs[asked.first - 1 : asked.last]
    stories = stories_of(pairs, asked.corpora)
    for pair in pairs:
        a, b = (shown(stories[place_of(pair[side])]) for side in ("a", "b"))
        print(f"{pair['id']}\n  A: {a}\n  B: {b}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
