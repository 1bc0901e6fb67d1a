"""Words of the sources as the pages show them: without markup, one cell apart from the next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def worded(row: dict[str, Any], words: Mapping[str, int]) -> dict[str, Any]:
    """A row whose words of documents are without markup, on one line, cells and titles apart.

    Args:
        words: of a card (:class:`evals.dashboard.cards.Card`).
    """
    for name, most in words.items():
        spans = json.loads(row.pop(f"{name}_spans", None) or "[]")
        if row[name] is not None:
            row[name] = excerpt(row[name], [end - start for start, end in spans], most)
    return row


def excerpt(text: str, lengths: Sequence[int] = (), most: int = 0) -> str:
    """As many whole words of a text as so many characters hold, without markup; "…" where there are
    more.

    Args:
        lengths: of the pieces that it is put together of.
        most: characters; 0 for all.
    """
    from pipeline.document.structure.readable import on_one_line

    if not most:
        return on_one_line(text, lengths)
    # Marks take room too: twice as much of the text is enough to fill it.
    told = on_one_line(text[: 2 * most + 100], lengths)
    if len(told) <= most:
        return told
    return told[: most + 1].rpartition(" ")[0].rstrip(" ·,;:") + " …"


def opposed_words(about: str, sides: str) -> str:
    """What a conflict's sides oppose each other in: "2 euros / 1 euro".

    Args:
        about: what it is about where no words are known.
        sides: as JSON, ``[{"text": …, "differs": […]}, …]``.
    """
    from pipeline.document.markdown.opposing import opposed
    from pipeline.entries import Conflict, Side

    told = tuple(Side("", one["text"], tuple(one["differs"])) for one in json.loads(sides))
    return opposed(Conflict("", "conflict", told, about, "code"))
