"""Is every sentence of the documents in a merged one? The check, with the stories read anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import InputError, LedgerError
from pipeline.extract.extraction import extract
from pipeline.kept import DamagedEdition, Told, check, read_edition


class GapError(LedgerError):
    """A merged document that does not hold everything. With ``--json`` its figures go along."""

    def __init__(self, result: dict[str, Any], *, where: str) -> None:
        gaps, faults = len(result["missing"]), len(result["faults"])
        told = []
        if gaps:
            are = "is" if gaps == 1 else "are"
            told.append(f"{gaps:,} of {result['units']:,} sentences {are} missing")
        if faults:
            do = "thing does" if faults == 1 else "things do"
            told.append(f"{faults:,} {do} not fit together")
        super().__init__(
            f"{', and '.join(told)}.",
            where=where,
            next="Merge again; if it was made of other documents, give those.",
        )
        self.result = result

    def as_dict(self) -> dict[str, Any]:
        """The error and the figures as one object."""
        return {**self.result, **super().as_dict()}


def run_kept(file: Path, paths: Sequence[str]) -> dict[str, Any]:
    """Look for every sentence of the documents in a merged document.

    Args:
        file: ``merged.json``, or ``merged.md`` with the files it links to.
        paths: the documents, in the order in which they were merged: the Markdown edition calls
            their stories by their place.

    Returns:
        What ``eval kept --json`` prints: ``stories``, ``units`` (sentences, table cells, steps,
        titles), ``kept`` of them, ``standing``, ``folded`` by whom, ``missing`` with story,
        place and sentence, ``faults``.

    Raises:
        InputError: a path does not exist, there is no story, or the file is not a merged document.
    """
    try:
        edition = read_edition(file)
    except DamagedEdition as exc:
        raise InputError(exc.message, where=exc.where, next=exc.next) from exc
    stories = {story.id: story for found in extract(paths) for story in found.stories}
    if not stories:
        raise InputError(
            "there is no story in these documents.",
            where=", ".join(paths),
            next="Give the documents that were merged.",
        )
    found = check(edition, {i: Told(story.text, story.kind) for i, story in stories.items()})
    return {
        "file": str(file),
        "stories": len(stories),
        "units": found.units,
        "kept": found.units - len(found.missing),
        "standing": found.standing,
        "folded": dict(found.folded),
        "missing": [
            {"story": story, "place": str(stories[story].source), "sentence": sentence}
            for story, sentence in found.missing
        ],
        "faults": list(found.faults),
    }
