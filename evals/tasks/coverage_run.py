"""Coverage of files: a reference of insights against a document, as a run of the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals.metrics.coverage import Covered, bullets, coverage, overall
from evals.recorded import figure, recorded
from pipeline.errors import InputError
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

#: What stands in place of a model: the share is counted by code.
CODE = "code"
#: Under which an insight's text, or the list of insights, may stand in JSON.
_TEXT, _LISTED = ("insight", "text"), ("insights", "summary")


def read_told(file: Path) -> list[str]:
    """The insights or bullets of a file: of ``.json`` a list, of ``.jsonl`` one a line (texts, or
    objects with ``insight`` or ``text``), else those of a text
    (:func:`evals.metrics.coverage.bullets`).

    Raises:
        InputError: it cannot be read, or holds none.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError("cannot be read.", where=str(file)) from exc
    try:
        if file.suffix.lower() == ".json":
            found = _listed(json.loads(text))
        elif file.suffix.lower() == ".jsonl":
            found = _listed([json.loads(line) for line in text.splitlines() if line.strip()])
        else:
            found = bullets(text)
    except ValueError as exc:
        raise InputError(
            f"this is not a list of texts: {exc}.",
            where=str(file),
            next='Write ["…", "…"], or one {"insight": "…"} a line, or a list in Markdown.',
        ) from exc
    if not found:
        raise InputError("there is no sentence in it.", where=str(file))
    return found


def _listed(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = next((value[name] for name in _LISTED if name in value), None)
    if not isinstance(value, list):
        raise ValueError("there is no list in it")
    return [_text(one, number) for number, one in enumerate(value, 1)]


def _text(one: Any, number: int) -> str:
    if isinstance(one, dict):
        one = next((one[name] for name in _TEXT if name in one), None)
    if not isinstance(one, str) or not one.strip():
        raise ValueError(f"entry {number} is not text")
    return one


def run_coverage(reference: Path, document: Path, store: Store) -> dict[str, Any]:
    """How much of a reference a document tells.

    Returns:
        What ``eval coverage --json`` prints: run, the mean share with interval and n, and every
        insight with its share, its best bullet, and what is missing there.

    Raises:
        InputError: as :func:`read_told` does.
    """
    insights, told = read_told(reference), read_told(document)
    found = coverage(insights, told)
    with recorded(
        store,
        kind="coverage",
        model=CODE,
        strategy="",
        parameters={"reference": str(reference), "document": str(document)},
    ) as run:
        store.save_scores(run, scores(found))
    return {
        "run": run,
        "scores": {"coverage": overall(found)._asdict()},
        "bullets": len(told),
        "insights": [asdict(one) for one in found],
    }


def scores(found: Sequence[Covered]) -> list[Score]:
    """The mean, and one figure for each insight, by its number from 1."""
    single = [Score("covered", str(n), one.share) for n, one in enumerate(found, 1)]
    return [figure("coverage", overall(found)), *single]
