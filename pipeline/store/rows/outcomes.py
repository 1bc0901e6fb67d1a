"""What became of the stories, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from pipeline.outcomes import Edit, LedgerRow, MergedStory, Outcomes, Verdict
from pipeline.store.rows import text_columns


def outcome_rows(run: str, outcomes: Outcomes) -> dict[str, Iterator[dict[str, Any]]]:
    """Everything a merge decided, by table name, parents first; each row when it is asked for."""
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "merged_story": (_merged_row(story, n) for n, story in enumerate(outcomes.merged)),
        "merged_source": (
            {"merged": merged.id, "position": n, "story": story}
            for merged in outcomes.merged
            for n, story in enumerate(merged.sources)
        ),
        "verdict": (
            _verdict_row(merged.id, n, verdict)
            for merged in outcomes.merged
            for n, verdict in enumerate(merged.verdicts)
        ),
        "edit": (_edit_row(edit, n) for n, edit in enumerate(outcomes.edits)),
        "conflict": (
            {"position": n, "attribute": conflict.attribute, "reason": conflict.reason}
            for n, conflict in enumerate(outcomes.conflicts)
        ),
        "conflict_side": (
            {"conflict": n, "position": side, "story": story, "value": value}
            for n, conflict in enumerate(outcomes.conflicts)
            for side, (story, value) in enumerate(_sides(conflict.stories, conflict.values))
        ),
        "ledger": map(_ledger_row, outcomes.ledger),
        "failed_call": ({"call": call} for call in dict.fromkeys(outcomes.failed_calls)),
    }
    return {name: ({**row, "run": run} for row in table) for name, table in rows.items()}


def _ledger_row(row: LedgerRow) -> dict[str, Any]:
    return {
        "story": row.story,
        "outcome": row.outcome.value,
        "target": row.target,
        "other": row.other,
        "relation": row.relation.value if row.relation else None,
        "reason": row.reason,
        "decided_by": row.decided_by,
    }


def _sides(stories: Sequence[str], values: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Each story with what it says; "" where the edit gave fewer values than stories."""
    return zip_longest(stories, values[: len(stories)], fillvalue="")


def _merged_row(story: MergedStory, position: int) -> dict[str, Any]:
    return {
        "id": story.id,
        "position": position,
        "origin": story.origin,
        "fallback": story.fallback,
        **text_columns(story.text),
    }


def _verdict_row(merged: str, position: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "merged": merged,
        "position": position,
        "stage": verdict.stage,
        "field": verdict.field,
        "text": verdict.text,
        "grounded": verdict.grounded,
        "findings": [[found.check, found.message] for found in verdict.findings],
        "sources": [[s.story, s.span.start, s.span.end] for s in verdict.sources],
    }


def _edit_row(edit: Edit, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "relation": edit.relation.value,
        "stories": list(edit.stories),
        "keep": edit.keep,
        "text": None if edit.text is None else asdict(edit.text),
        "attribute": edit.attribute,
        "values": list(edit.values),
        "reason": edit.reason,
    }
