"""Cut a corpus into windows whose borders its own words decide.

A border depends on the words that stand there and on nothing that came long before. So a story
that is added, edited or taken out changes the window it stands in, now and then the next one, and
no other: those requests stay the same to the byte, and their journalled replies are found again.
This is content-defined chunking, as backup programs cut files (Muthitacharoen et al., LBFS, 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.errors import InputError


class Piece(NamedTuple):
    """What is never cut: a cluster, or a story that is in none.

    Args:
        tokens: of a window that it takes up.
        fingerprint: of its first story.
    """

    tokens: int
    fingerprint: str


def cut(pieces: Sequence[Piece], limit: int, *, least: int) -> list[range]:
    """Neighbouring pieces as windows: the places of each window's pieces, in order.

    A window ends where the smallest fingerprint stands of all places that leave it full enough: two
    corpora that differ somewhere soon agree on such a place again.

    Args:
        limit: tokens that a window may hold, prompt and template taken off.
        least: tokens that make a window full enough to end; ``limit`` fills every window, wherever
            that puts the borders.

    Raises:
        InputError: a piece is larger than the limit. The planner keeps such a piece out and says
            so; it does not reach this place.
    """
    windows: list[range] = []
    start = 0
    while start < len(pieces):
        end = _end(pieces, start, limit, least)
        windows.append(range(start, end))
        start = end
    return windows


def _end(pieces: Sequence[Piece], start: int, limit: int, least: int) -> int:
    """Where the window that begins at ``start`` ends; the last one holds all that is left."""
    tokens, ends = 0, []
    for place in range(start, len(pieces)):
        piece = pieces[place]
        if piece.tokens > limit:
            raise InputError(
                f"a cluster needs {piece.tokens} tokens, a window holds {limit}.",
                next="Use a model with a longer window.",
            )
        full = tokens + piece.tokens > limit
        if place > start and (full or tokens >= least):
            ends.append(place)
        if full:
            return min(ends, key=lambda end: pieces[end].fingerprint)
        tokens += piece.tokens
    return len(pieces)
