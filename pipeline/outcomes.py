"""What became of the stories: edits, verdicts, ledger rows, the merged document."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pipeline.stories import Span


class Relation(StrEnum):
    """How the stories of a group relate."""

    SAME = "same"
    OVERLAP = "overlap"
    CONFLICT = "conflict"
    DISTINCT = "distinct"


class Outcome(StrEnum):
    """What became of one source story, in order of precedence."""

    CONFLICT_WITH = "conflict_with"
    MERGED_INTO = "merged_into"
    DUPLICATE_OF = "duplicate_of"
    KEPT = "kept"
    SKIPPED = "skipped"


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


@dataclass(frozen=True, slots=True)
class Edit:
    """One operation of a reply, handles resolved to story ids.

    ``same``: keep ``keep``, link the rest. ``overlap``: ``text`` merges the stories, None stands
    for their union. ``conflict``: keep all, record ``attribute`` and ``values``. ``distinct``:
    keep all.
    """

    relation: Relation
    stories: tuple[str, ...]
    keep: str = ""
    text: StoryText | None = None
    attribute: str = ""
    values: tuple[str, ...] = ()
    reason: str = ""


#: What the gate looks at.
Check = Literal[
    "number", "date", "name", "negation", "modality", "support", "coverage", "entailment"
]


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
        stage: ``reply`` (what the model wrote) or ``final`` (what stands in the document).
    """

    field: str
    text: str
    grounded: bool
    findings: tuple[Finding, ...] = ()
    sources: tuple[SourceSpan, ...] = ()
    stage: Literal["reply", "final"] = "final"


@dataclass(frozen=True, slots=True)
class MergedStory:
    """One story of the merged document.

    Args:
        id: hash of its sorted source ids: the same merge has the same id.
        sources: ids of the stories it stands for, the fullest first.
        origin: ``kept`` (one source, word for word), ``model`` (written by a model and passed
            by the gate), ``union`` (deterministic merge).
        fallback: why no model's text stands here though one was asked: the gate refused it, the
            call failed, or the reply left the story out; "" otherwise.
        verdicts: one per sentence of the final text, and those of the refused reply.
    """

    id: str
    text: StoryText
    sources: tuple[str, ...]
    origin: Literal["kept", "model", "union"]
    fallback: str = ""
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Stories that disagree: all are kept and the disagreement recorded."""

    stories: tuple[str, ...]
    attribute: str
    values: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What became of one source story: exactly one row a story.

    Args:
        target: the merged story it stands in ("" for ``skipped``).
        other: the story it duplicates or conflicts with, "" otherwise.
        decided_by: ``code``, a model name, or ``person``.
    """

    story: str
    outcome: Outcome
    target: str
    other: str
    relation: Relation | None
    reason: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on a group of stories, kept by fingerprint and applied in later runs.

    ``same``: ``keep`` stands for all of them, word for word. ``overlap``: they are one story, whose
    ``text`` the person has seen (None: their union). ``conflict``: they disagree, all are kept.
    ``distinct``: no two of them are ever merged.

    Args:
        fingerprints: of the stories, sorted, each once, two or more.
        keep: a fingerprint, for ``same`` only.
        attribute, values: what a conflict is about, a value for each fingerprint.
        by, at: who decided, and when (UTC).
    """

    fingerprints: tuple[str, ...]
    relation: Relation
    keep: str = ""
    note: str = ""
    text: StoryText | None = None
    attribute: str = ""
    values: tuple[str, ...] = ()
    by: str = ""
    at: datetime | None = None

    def __str__(self) -> str:
        """Who decided it, and when, for a ledger's reason."""
        when = f" on {self.at:%Y-%m-%d}" if self.at else ""
        note = f" ({self.note})" if self.note else ""
        return f"decided by {self.by or 'a person'}{when}{note}"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything a finished merge decided, before anything is written.

    Args:
        lost: stories that some reply left out when it wrote the document again, and that
            therefore stand as they were; in corpus order.
    """

    merged: tuple[MergedStory, ...]
    conflicts: tuple[Conflict, ...]
    ledger: tuple[LedgerRow, ...]
    edits: tuple[Edit, ...] = ()
    failed_calls: tuple[str, ...] = field(default=())
    lost: tuple[str, ...] = ()


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

#: What a reply of edits looks like: only what changes something is written. Handles are those of
#: the prompt ("S1"), the story that leads first. ``same``: the first stands for all. ``conflict``:
#: what they disagree ``on``, and a value for each. ``overlap``: one story with the title, role,
#: goal and benefit of the first and the criteria and body of all, but for what ``rewrite`` puts
#: ``at`` a field ("goal") or a part ("S1.c2"; "" leaves it out). Its texts may name places
#: ("S2.goal", "S2.b1"), which move there by reference. Stories that no edit names stay as they are.
#:
#: Strict modes want the first properties of alternatives to differ. Requests hold schemas with
#: sorted keys, so properties are named such that what decides stands first even then.
EDITS_SCHEMA: dict[str, object] = _strict(
    {
        "edits": {
            "type": "array",
            "items": {
                "anyOf": [
                    _strict({"same": _TEXTS}),
                    _strict({"conflict": _TEXTS, "on": _TEXT, "values": _TEXTS}),
                    _strict(
                        {
                            "overlap": _TEXTS,
                            "rewrite": {
                                "type": "array",
                                "items": _strict({"at": _TEXT, "text": _TEXT}),
                            },
                        }
                    ),
                ]
            },
        }
    }
)

#: The same as ``merge-edits.v1`` asked for it: every field in every edit. ``text`` matters for
#: ``overlap`` only; in ``criteria`` and ``body`` a part's handle ("S1.c2") moves it by reference.
#: ``attribute`` and ``values`` matter for ``conflict`` only.
FULL_EDITS_SCHEMA: dict[str, object] = _strict(
    {
        "edits": {
            "type": "array",
            "items": _strict(
                {
                    "relation": {"type": "string", "enum": [r.value for r in Relation]},
                    "handles": _TEXTS,
                    "keep": {"type": "string"},
                    "text": _strict(
                        {
                            "title": {"type": "string"},
                            "role": {"type": "string"},
                            "goal": {"type": "string"},
                            "benefit": {"type": "string"},
                            "criteria": _TEXTS,
                            "body": _TEXTS,
                        }
                    ),
                    "attribute": {"type": "string"},
                    "values": _TEXTS,
                    "reason": {"type": "string"},
                }
            ),
        }
    }
)

#: What a reply looks like that names the contradictions of a window of stories.
CONFLICTS_SCHEMA: dict[str, object] = _strict(
    {
        "conflicts": {
            "type": "array",
            "items": _strict({"handles": _TEXTS, "on": _TEXT, "values": _TEXTS}),
        }
    }
)

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
