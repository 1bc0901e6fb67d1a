"""How much of every insight of a reference a document tells, from 0 to 1."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.declared import Argument, Asked, Eval
from evals.result_tables import Table
from pipeline.errors import InputError

if TYPE_CHECKING:
    from evals.metrics.coverage_share import Covered
    from pipeline.store.rows.eval_rows import Score

#: What stands in place of a model: the share is counted by code.
CODE = "code"
#: Under which an insight's text, or the list of insights, may stand in JSON.
_TEXT, _LISTED = ("insight", "text"), ("insights", "summary")
#: Insights shown, the least told first, and missing stems shown of each.
_MOST, _MISSING = 20, 5


def read_told(file: Path) -> list[str]:
    """The insights or bullets of a file: of ``.json`` a list, of ``.jsonl`` one a line (texts, or
    objects with ``insight`` or ``text``), else those of a text
    (:func:`evals.metrics.coverage_share.bullets`).

    Raises:
        InputError: it cannot be read, or holds none.
    """
    from evals.metrics.coverage_share import bullets

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


def _run(asked: Asked) -> dict[str, Any]:
    """How much of a reference a document tells.

    Returns:
        The run, the mean share with interval and n, and every insight with its share, its best
        bullet, and what is missing there.

    Raises:
        InputError: as :func:`read_told` does.
    """
    from evals.metrics.coverage_share import coverage, overall

    insights, told = (read_told(Path(asked.given[name])) for name in ("reference", "document"))
    found = coverage(insights, told)
    with asked.recorded(strategy="", model=CODE) as run:
        asked.store.save_scores(run, scores(found))
    return {
        "run": run,
        "scores": {"coverage": overall(found)._asdict()},
        "bullets": len(told),
        "insights": [asdict(one) for one in found],
    }


def scores(found: Sequence[Covered]) -> list[Score]:
    """The mean, and one figure for each insight, by its number from 1."""
    from evals.metrics.coverage_share import overall
    from evals.recorded import figure
    from pipeline.store.rows.eval_rows import Score

    single = [Score("covered", str(n), one.share) for n, one in enumerate(found, 1)]
    return [figure("coverage", overall(found)), *single]


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """The insights that are told least, and the mean of all."""
    insights = sorted(result["insights"], key=lambda one: float(one["share"]))
    yield Table(
        ("share", "insight", "words that its best bullet lacks"),
        [
            (f"{one['share']:.2f}", one["insight"], " ".join(one["missing"][:_MISSING]) or None)
            for one in insights[:_MOST]
        ],
        title="least told first",
    )
    if len(insights) > _MOST:
        yield f"and {len(insights) - _MOST:,} more: --json"
    whole = result["scores"]["coverage"]
    yield (
        f"coverage {whole['mean']:.3f} [{whole['low']:.3f}, {whole['high']:.3f}] of "
        f"n = {whole['n']} insights in {result['bullets']:,} bullets; words by rarity, so that a "
        "contradiction in the same words counts as told"
    )


#: As the pages of the dashboard are written.
_DRAWN = """
filters:
  coverage:
    label: Coverage
    kind: choices
    options: >-
      SELECT id, json_extract(parameters, '$.document') || ' · ' || replace(substr(started, 1, 16),
      'T', ' ')
      FROM run WHERE kind = 'coverage' AND state = 'completed' ORDER BY started DESC LIMIT 60
    default: >-
      SELECT id FROM run WHERE kind = 'coverage' AND state = 'completed' ORDER BY started DESC
      LIMIT 8
cards:
  coverage:
    title: How much of a reference a text tells
    sql: >-
      SELECT json_extract(r.parameters, '$.document') AS document, json_extract(r.parameters,
      '$.reference') AS reference, r.id AS run,
      w.value AS coverage, w.low, w.high, w.n,
      (SELECT count(*) FROM score s WHERE s.run = r.id AND s.name = 'covered' AND s.value < 0.5) AS
      below_half
      FROM json_each(:coverage) chosen JOIN run r ON r.id = chosen.value JOIN score w ON w.run =
      r.id AND w.name = 'coverage' AND w.item = ''
      ORDER BY chosen.key
    empty: "Not measured yet. Measure it: storytransformer eval coverage REFERENCE DOCUMENT"
    note: >-
      Words weighed by how rare they are, so that a contradiction in the same words counts as told;
      the mean over insights orders texts, a single share proves nothing.
    display:
      columns:
        - {field: document, as: below, below: reference}
        - {field: coverage, as: share, band: [low, high]}
        - {field: n, label: insights, as: integer}
        - {field: below_half, label: told by less than half, as: integer}
"""

EVAL = Eval(
    name="coverage",
    help="How much of every insight of a reference a document tells, from 0 to 1.",
    place=80,
    arguments=(
        Argument(
            "reference",
            "What should be told: .json, .jsonl, or a list as text.",
            "Reference",
            file=True,
        ),
        Argument("document", "The text that should tell it.", "Document", file=True),
    ),
    run=_run,
    shown=_shown,
    page="quality",
    chooser="coverage",
    drawn=_DRAWN,
    goes_on=True,
)
