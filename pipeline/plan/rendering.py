"""How stories look in a prompt: a line in a question about two, or fields with handles.

A prompt shows fields, never offsets, ids or hashes: the same words make the same request, so a
journalled reply is found again after a document was moved.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pipeline.compare.telling_sentence import purpose, wanted
from pipeline.outcomes import StoryText
from pipeline.stories import Story
from pipeline.text.invisible import visible


@lru_cache(maxsize=1 << 17)
def pair_text(story: Story) -> str:
    """A telling in a question about two of them: its title, its sentence without the role, and
    its criteria and body, on one line. Cached: a story stands in many questions, for every model.
    """
    return telling_text(story) or _one_line(visible(story.text))


def telling_text(told: Story | StoryText) -> str:
    """The same of a telling that stands nowhere; "" where its fields say nothing."""
    parts = [f"{told.title}." if told.title else ""]
    if told.goal:
        sentence = wanted(told.goal)
        if told.benefit:
            sentence += f", {purpose(told.benefit)}"
        parts.append(sentence.rstrip(" .") + ".")
    parts += [text.rstrip(" .;") + "." for text in (*told.criteria, *told.body)]
    return _one_line(" ".join(filter(None, parts)))


def story_text(story: Story, handle: str) -> str:
    """A story with its handle, place and fields, each part with a handle of its own.

    Lines after the first of a part are indented, so that no text of a story can pass for the
    handle of another.
    """
    shown = _shown(story)
    parts = [f"\n  {handle}.{part}" for part in shown.parts]
    return f"{handle}{shown.fields}{''.join(parts)}"


class _Shown(NamedTuple):
    """What a story's text is made of, its handle put in."""

    fields: str
    parts: tuple[str, ...]


@lru_cache(maxsize=1 << 17)
def _shown(story: Story) -> _Shown:
    """Cached: every strategy and every model shows every story, under one handle or another."""
    told = [(name, getattr(story, name)) for name in ("title", "role", "goal", "benefit")]
    fields = [f"\n  {name}: {_indented(text)}" for name, text in told if text]
    return _Shown(
        f" ({visible(_origin(story))}){''.join(fields)}",
        (
            *(f"c{i}: {_indented(text)}" for i, text in enumerate(story.criteria, 1)),
            *(f"b{i}: {_indented(text)}" for i, text in enumerate(story.body, 1)),
        ),
    )


def _origin(story: Story) -> str:
    """Where a story stands, for the model's judgement: document, its own key, date."""
    name = story.source.path.replace("\\", "/").rsplit("/", 1)[-1]
    written = story.source.written.isoformat() if story.source.written else ""
    return ", ".join(filter(None, [_one_line(name), _one_line(story.source.key), written]))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _indented(text: str) -> str:
    return "\n      ".join(line.strip() for line in text.strip().splitlines())
