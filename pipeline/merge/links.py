"""Criteria that stand in another document than their story, as ``extract`` shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.extract.links import link_criteria
from pipeline.stories import Extraction


def links_as_json(extractions: Iterable[Extraction]) -> list[dict[str, Any]]:
    """One entry for each place that holds criteria of a story elsewhere, joined by its key.

    ``story`` is the story's id; ``document``, ``locator``, ``start`` and ``end`` (characters) say
    where the criteria stand. The stories themselves are the same with or without links.
    """
    return [
        {
            "story": link.story,
            "key": link.key,
            "document": link.path,
            "locator": str(link.locator),
            "start": link.span.start,
            "end": link.span.end,
            "criteria": list(link.criteria),
        }
        for link in link_criteria(extractions)
    ]
