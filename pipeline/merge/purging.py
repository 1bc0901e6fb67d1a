"""Purging a run or a document: found, counted, asked about, deleted, and what is left outside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.store import reports
from pipeline.store.purge import Target, find_target, purge
from pipeline.store.record import Store

#: What a merge writes into its folder, whole or ``*.incomplete``.
_WRITTEN = ("merged.*", "since.md*", "topics/*.md*")


def purge_text(
    store: Store, name: str, *, sure: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any]:
    """Delete the text of a run or a document from the database.

    Args:
        name: a run, or a document by its path or (the start of) its sha256.
        sure: shown what would be deleted; nothing is, unless it says yes.

    Returns:
        What ``purge --json`` prints: ``runs``, ``documents``, ``rows`` and ``bytes`` by table,
        and ``files``, written by those runs, that still hold text.

    Raises:
        InputError: nothing of that name is here, or the answer was no.
        StoreError: the bytes cannot go yet, as another program has the file open.
    """
    target = find_target(store, name, sha256=_sha256(Path(name)))
    found = _as_json(store, name, target)
    trial = purge(store, target, trial=True)
    found |= {"rows": trial.rows, "bytes": trial.n_bytes}
    if not sure(found):
        raise InputError("nothing was deleted.", where=name, next="Answer y, or add --yes.")
    done = purge(store, target)
    return found | {"purged": True, "rows": done.rows, "bytes": done.n_bytes}


def _as_json(store: Store, name: str, target: Target) -> dict[str, Any]:
    files: dict[str, None] = {}
    for run in target.runs:
        report = reports.run_report(store, run) or {}
        out = Path(str(report.get("parameters", {}).get("out") or "."))
        if report.get("kind") == "merge":
            found = sorted(path for pattern in _WRITTEN for path in out.glob(pattern))
            files.update((str(path), None) for path in found if path.is_file())
    return {
        "name": name,
        "purged": False,
        "runs": list(target.runs),
        "documents": len(target.documents),
        "kept_documents": target.kept,
        "files": list(files),
    }


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""
