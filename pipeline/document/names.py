"""The one name of every story and entry, the same in Markdown, JSON, page and ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.entries import Entry
from pipeline.stories import Story


def story_names(stories: Mapping[str, Story]) -> dict[str, str]:
    """Story id → "S-12": its place in corpus order, from 1."""
    return {story: f"S-{n}" for n, story in enumerate(stories, 1)}


def entry_names(entries: Iterable[Entry]) -> dict[str, str]:
    """Entry id → "E-7": its place in the order of the merge, from 1."""
    return {entry.id: f"E-{n}" for n, entry in enumerate(entries, 1)}
