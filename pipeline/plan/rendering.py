"""How stories look in a prompt: a numbered line, a cluster with handles, or JSON.

A prompt shows fields, never offsets, ids or hashes: the same words make the same request, so a
journalled reply is found again after a document was moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.calls import Cluster, canonical_json
from pipeline.compare.union import purpose, wanted
from pipeline.stories import Story, as_role


def story_line(story: Story) -> str:
    """A story as one sentence of role, goal and benefit, criteria left out.

    "As a shopper, I want to filter by price, so that I only see what I can afford." A story
    without a goal is shown by its title and body.
    """
    if not story.goal:
        return _one_line(" ".join([story.title, *story.body]) or story.text)
    parts = []
    if story.role:
        parts.append(as_role(story.role))
    parts.append(wanted(story.goal, story.text))
    if story.benefit:
        told = purpose(story.benefit, story.text)
        parts.append(told[0].lower() + told[1:])
    return _one_line(", ".join(parts)).rstrip(" .") + "."


def numbered(stories: Sequence[Story]) -> str:
    """The lines of a cluster, numbered from 1."""
    return "\n".join(f"{i}. {story_line(story)}" for i, story in enumerate(stories, 1))


def vocabulary(stories: Sequence[Story]) -> str:
    """The words that a cluster's merged story may be made of: those of the lines shown, and no
    other. Criteria are carried over by reference, so their words are nobody's goal."""
    return "\n".join(story_line(story) for story in stories)


def cluster_text(stories: Sequence[Story], handles: Sequence[str], number: int) -> str:
    """A cluster for a model that judges: every story with its handle, every part with its own.
    Cached: a dry run shows the same clusters to every model."""
    return _cluster_text(tuple(stories), tuple(handles), number)


@lru_cache(maxsize=1 << 14)
def _cluster_text(stories: tuple[Story, ...], handles: tuple[str, ...], number: int) -> str:
    shown = (story_text(story, handle) for story, handle in zip(stories, handles, strict=True))
    return "\n".join([f"Cluster {number}", *shown])


def story_text(story: Story, handle: str) -> str:
    """A story with its handle, place and fields, each part with a handle of its own.

    Lines after the first of a part are indented, so that no text of a story can pass for the
    handle of another.
    """
    shown = _shown(story)
    lines = [f"{handle} ({shown.origin})", *shown.fields]
    lines += [f"  {handle}.{part}" for part in shown.parts]
    return "\n".join(lines)


class _Shown(NamedTuple):
    """What a story's text is made of, its handle put in."""

    origin: str
    fields: tuple[str, ...]
    parts: tuple[str, ...]


@lru_cache(maxsize=1 << 16)
def _shown(story: Story) -> _Shown:
    """Cached: every strategy and every model shows every story, under one handle or another."""
    told = [(name, getattr(story, name)) for name in ("title", "role", "goal", "benefit")]
    return _Shown(
        _origin(story),
        tuple(f"  {name}: {_indented(text)}" for name, text in told if text),
        (
            *(f"c{i}: {_indented(text)}" for i, text in enumerate(story.criteria, 1)),
            *(f"b{i}: {_indented(text)}" for i, text in enumerate(story.body, 1)),
        ),
    )


def union_text(cluster: Cluster, stories: Sequence[Story], handles: Sequence[str]) -> str:
    """A cluster as the deterministic merge reads it: canonical JSON."""
    listed: list[Mapping[str, object]] = [
        {
            "handle": handle,
            "title": story.title,
            "role": story.role,
            "goal": story.goal,
            "benefit": story.benefit,
            "criteria": list(story.criteria),
            "body": list(story.body),
        }
        for story, handle in zip(stories, handles, strict=True)
    ]
    return canonical_json({"clusters": [{"relation": cluster.relation, "stories": listed}]})


def _origin(story: Story) -> str:
    """Where a story stands, for the model's judgement: document, its own key, date."""
    name = story.source.path.replace("\\", "/").rsplit("/", 1)[-1]
    written = story.source.written.isoformat() if story.source.written else ""
    return ", ".join(filter(None, [_one_line(name), _one_line(story.source.key), written]))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _indented(text: str) -> str:
    return "\n      ".join(line.strip() for line in text.strip().splitlines())
