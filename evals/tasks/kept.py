"""Is every sentence of the documents in a merged one? The check, with the stories read anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.declared import PATHS, Argument, Asked, Eval
from evals.result_tables import Table
from pipeline.errors import InputError, LedgerError
from pipeline.kept import DamagedEdition, Told, check, read_edition

#: Lines shown of what is missing, and of what does not fit; ``--json`` has all of them.
_MOST = 20


class GapError(LedgerError):
    """A merged document that does not hold everything. With ``--json`` its figures go along."""

    def __init__(self, result: Mapping[str, Any]) -> None:
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
            where=result["file"],
            next="Merge again; if it was made of other documents, give those.",
        )
        self.result = result

    def as_dict(self) -> dict[str, Any]:
        """The error and the figures as one object."""
        return {**self.result, **super().as_dict()}


def _run(asked: Asked) -> dict[str, Any]:
    """Look for every sentence of the documents in a merged document: ``merged.json``, or
    ``merged.md`` with the files it links to.

    The documents are given in the order in which they were merged: the Markdown edition calls
    their stories by their place.

    Returns:
        ``stories``, ``units`` (sentences, table cells, steps, titles), ``kept`` of them,
        ``standing``, ``folded`` by whom, ``missing`` with story, place and sentence, ``faults``.

    Raises:
        InputError: a path does not exist, there is no story, or the file is not a merged document.
    """
    from pipeline.extract.extraction import extract

    file, paths = asked.given["file"], asked.paths
    try:
        edition = read_edition(Path(file))
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
        "file": file,
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


def _fault(result: Mapping[str, Any]) -> GapError | None:
    return GapError(result) if result["missing"] or result["faults"] else None


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """How much of the documents a merged document holds, and what is missing."""
    yield (
        f"{result['kept']:,} of {result['units']:,} sentences of {result['stories']:,} stories are "
        f"kept: {result['standing']:,} stand, {_folded(result['folded'])} are folded."
    )
    for gap in result["missing"][:_MOST]:
        yield f"missing, {gap['place']}: {' '.join(gap['sentence'].split())}"
    for fault in result["faults"][:_MOST]:
        yield f"fault: {fault}"
    more = sum(max(0, len(result[name]) - _MOST) for name in ("missing", "faults"))
    if more:
        yield f"and {more:,} more: --json"


def _folded(folded: Mapping[str, int]) -> str:
    by = ", ".join(
        f"{n:,} {'by ' if name != 'unstated' else ''}{name}" for name, n in folded.items()
    )
    return f"{sum(folded.values()):,} ({by})" if any(folded.values()) else "none"


EVAL = Eval(
    name="kept",
    help="Whether every sentence of the documents is in a merged document; exit code 3 when not.",
    place=50,
    arguments=(
        Argument("file", "merged.json, or merged.md beside its files.", "Edition", file=True),
        PATHS,
    ),
    run=_run,
    shown=_shown,
    fault=_fault,
)
