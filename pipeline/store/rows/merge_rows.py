"""What a merge came to, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pipeline.entries import Conflict, Entry, Fold, LedgerRow, Link, Merge

#: The tables that hold a merge, parents first.
TABLES = (
    "entry", "entry_source", "entry_role", "entry_line", "fold", "conflict", "conflict_side",
    "link", "ledger", "proposal", "failed_call", "kept",
)  # fmt: skip


def merge_rows(
    run: str, merge: Merge, kept: Mapping[str, Any] | None
) -> dict[str, Iterator[dict[str, Any]]]:
    """Everything a merge came to, by the names of :data:`TABLES`; each row when it is asked for.

    Args:
        kept: as ``merged.json`` has it; None where nobody looked.
    """
    entries = merge.entries
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "entry": (
            {"id": entry.id, "position": n, "standing": entry.standing}
            for n, entry in enumerate(entries)
        ),
        "entry_source": _of_entries(
            entries, lambda entry: ({"story": story} for story in entry.sources)
        ),
        "entry_role": _of_entries(
            entries,
            lambda entry: ({"text": r.text, "stories": list(r.stories)} for r in entry.roles),
        ),
        "entry_line": _of_entries(
            entries,
            lambda entry: (
                {"field": line.field, "text": line.text, "stories": list(line.stories)}
                for line in entry.lines
            ),
        ),
        "fold": _of_entries(entries, lambda entry: map(_fold_row, entry.folds)),
        "conflict": (_conflict_row(c, n) for n, c in enumerate(merge.conflicts)),
        "conflict_side": (
            {"conflict": n, "position": at, **_plain(asdict(side))}
            for n, conflict in enumerate(merge.conflicts)
            for at, side in enumerate(conflict.sides)
        ),
        "link": (_link_row(link, n) for n, link in enumerate(merge.links)),
        "ledger": map(_ledger_row, merge.ledger),
        "proposal": ({"position": n, "a": a, "b": b} for n, (a, b) in enumerate(merge.proposals)),
        "failed_call": ({"position": n, "why": why} for n, why in enumerate(merge.failed_calls)),
        "kept": [] if kept is None else [_kept_row(kept)],
    }
    return {name: ({**row, "run": run} for row in rows[name]) for name in TABLES}


def _of_entries(entries: Iterable[Entry], told: Any) -> Iterator[dict[str, Any]]:
    """Rows of parts of entries, each with its entry and its place there."""
    for entry in entries:
        for n, row in enumerate(told(entry)):
            yield {"entry": entry.id, "position": n, **row}


def _fold_row(fold: Fold) -> dict[str, Any]:
    return _plain(asdict(fold))


def _conflict_row(conflict: Conflict, position: int) -> dict[str, Any]:
    names = ("id", "kind", "about", "by", "reason")
    return {"position": position, **{name: getattr(conflict, name) for name in names}}


def _link_row(link: Link, position: int) -> dict[str, Any]:
    return {"position": position, **_plain(asdict(link))}


def _ledger_row(row: LedgerRow) -> dict[str, Any]:
    return _plain(asdict(row)) | {"outcome": row.outcome.value}


def _kept_row(kept: Mapping[str, Any]) -> dict[str, Any]:
    folded = kept["folded"]
    return {
        "units": kept["units"],
        "standing": kept["standing"],
        **{f"folded_{by}": folded.get(by, 0) for by in ("proof", "judge", "person")},
        "missing": [[gone["story"], gone["sentence"]] for gone in kept["missing"]],
        "faults": list(kept["faults"]),
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with lists for tuples, as JSON has them."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in row.items()}
