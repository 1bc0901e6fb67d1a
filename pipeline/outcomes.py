"""Texts that a model writes, and what the gate finds of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.stories import Span


@dataclass(frozen=True, slots=True)
class StoryText:
    """The fields of a story as text, without a place: what a merge writes.

    The field meanings are those of :class:`pipeline.stories.Story`.
    """

    role: str = ""
    goal: str = ""
    benefit: str = ""
    criteria: tuple[str, ...] = ()
    title: str = ""
    body: tuple[str, ...] = ()


#: What the gate looks at.
Check = Literal["number", "date", "name", "negation", "modality", "support"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the gate found wrong with a sentence."""

    check: Check
    message: str


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """A run of characters of a source document that supports a sentence."""

    story: str
    span: Span


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's result for one sentence (field) of a merged story.

    Args:
        field: role, goal, benefit, criterion, title or body.
        text: the sentence as it was checked.
        grounded: False when any finding stops it.
        findings: empty when grounded.
        sources: where the sentence is supported; never empty when grounded.
    """

    field: str
    text: str
    grounded: bool
    findings: tuple[Finding, ...] = ()
    sources: tuple[SourceSpan, ...] = ()


def _strict(properties: dict[str, object]) -> dict[str, object]:
    """A JSON-schema object with every property required and none besides: what the providers'
    strict modes and constrained decoding both accept."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: dict[str, object] = {"type": "string"}

_TEXTS: dict[str, object] = {"type": "array", "items": _TEXT}

#: What a reply looks like that writes every story of a window again (strategies ``tree`` and
#: ``fold``): each story with the handles of all it was made of.
STORIES_SCHEMA: dict[str, object] = _strict(
    {
        "stories": {
            "type": "array",
            "items": _strict(
                {
                    "handles": _TEXTS,
                    "title": {"type": "string"},
                    "role": {"type": "string"},
                    "goal": {"type": "string"},
                    "benefit": {"type": "string"},
                    "criteria": _TEXTS,
                    "body": _TEXTS,
                }
            ),
        }
    }
)
