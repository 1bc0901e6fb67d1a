"""Words of the sources as the pages show them: without markup, one cell apart from the next."""

from __future__ import annotations

import json


def readable(text: str | None, spans: str = "[]") -> str | None:
    """A story's text on one line without its markup; its cells and title stand apart.

    Args:
        spans: of the story in its document, as JSON: a cell of a row is a span of its own.
    """
    if text is None:
        return None
    from pipeline.document.readable import on_one_line

    return on_one_line(text, [end - start for start, end in json.loads(spans)])


def opposed_words(about: str, sides: str) -> str:
    """What a conflict's sides oppose each other in: "2 euros / 1 euro".

    Args:
        about: what it is about where no words are known.
        sides: as JSON, ``[{"text": …, "differs": […]}, …]``.
    """
    from pipeline.document.opposing import opposed
    from pipeline.entries import Conflict, Side

    told = tuple(Side("", one["text"], tuple(one["differs"])) for one in json.loads(sides))
    return opposed(Conflict("", "conflict", told, about, "code"))
