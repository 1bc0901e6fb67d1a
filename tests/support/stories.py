"""A story of a document that is not there."""

from __future__ import annotations

from typing import Any

from pipeline.stories import Locator, Source, Span, Story

SOURCE = Source("d" * 64, "backlog.md", Locator(line=1), (Span(0, 1),))


def story(name: str, goal: str = "", *, text: str = "", **fields: Any) -> Story:
    """An agile story of which only what is given is known.

    Args:
        text: its author's words; the goal, or else the name, where none are given.
    """
    return Story(name, "agile", SOURCE, text or goal or name, goal=goal, **fields)
