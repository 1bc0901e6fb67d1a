"""A new reader: Org files (``.org``).

    python docs/examples/org_reader.py extract notes.org

A reader turns bytes into text and blocks; stories are then found in it as in any other format. The
text is what all places point into, so lines stay where they were.
"""

from __future__ import annotations

import re

from pipeline.cli.commands import main
from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.reader_registry import Reading, add_reader


def read_org(data: bytes, encoding: str | None) -> Reading:
    """An Org file: its headings are stars, the rest is near enough to Markdown."""
    used = encoding or "utf-8"
    text = re.sub(r"(?m)^\*+(?= )", lambda stars: "#" * len(stars[0]), data.decode(used))
    return Reading(text, tuple(read_blocks(text, "markdown")), used)


add_reader(".org", "org", read_org)

if __name__ == "__main__":
    main()
