"""Rows that need more than SQL: intervals, grids with their gaps, two runs compared."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from evals.dashboard.judge_rows import record_kinds, record_windows, records
from evals.dashboard.kinds import over_of
from evals.metrics.statistics import (
    Interval,
    known_of_length,
    paired_difference,
    unpaired_difference,
    wilson,
)

Row = dict[str, Any]
Values = Mapping[str, str | None]

_CELLS = """
    SELECT r.id AS run, n.task, n.target_tokens, n.depth_target, n.seed, n.status, n.score
      FROM json_each(:run) chosen
      JOIN run r ON r.id = chosen.value
      JOIN run_cell rc ON rc.run = r.id
      JOIN needle_cell n ON n.key = rc.cell
     WHERE :task IS NULL OR n.task = :task
     ORDER BY chosen.key, n.target_tokens, n.depth_target, n.seed
"""
_GRIDS = """
    SELECT r.id AS run, r.model, r.kind, r.strategy, r.parameters FROM json_each(:run) chosen
      JOIN run r ON r.id = chosen.value ORDER BY chosen.key
"""
_EFFECTIVE = """
    SELECT r.model, r.kind, r.id AS run, s.name, s.value, s.low, s.high, s.n, s.detail
      FROM json_each(:run) chosen
      JOIN run r ON r.id = chosen.value
      JOIN score s ON s.run = r.id
     WHERE s.name LIKE 'effective%' AND s.item = coalesce(:task, '')
     ORDER BY chosen.key, s.name
"""


def heatmaps(connection: sqlite3.Connection, values: Values) -> list[Row]:
    """The cells of needle runs by length and depth: mean score with its 95 % interval and n, how
    many ended otherwise than with a reply, and the places of the grid that were never measured
    (``n`` is 0).

    A cell that was truncated, refused or failed counts as a miss and is told apart; one that was
    skipped does not count. A run that was not asked for the task chosen has no row.
    """
    if not values.get("run"):
        return []
    found: dict[tuple[str, int, float], list[sqlite3.Row]] = {}
    for cell in _read(connection, _CELLS, values):
        found.setdefault((cell["run"], cell["target_tokens"], cell["depth_target"]), []).append(
            cell
        )
    rows = []
    for grid in _read(connection, _GRIDS, values):
        run = grid["run"]
        try:
            asked = dict(json.loads(grid["parameters"]))
        except (TypeError, ValueError):  # damaged: what was measured is shown all the same
            asked = {}
        task = values.get("task")
        if task and task not in grid["strategy"].split(","):
            continue
        lengths = {length for owner, length, _ in found if owner == run}
        depths = {depth for owner, _, depth in found if owner == run}
        lengths |= set(map(int, asked.get("lengths", ())))
        depths |= set(map(float, asked.get("depths", ())))
        rows += [
            {
                "run": run,
                "model": grid["model"],
                "over": over_of(grid["kind"]),
                "prompt_tokens": length,
                "depth": depth,
            }
            | _cell(found.get((run, length, depth), []))
            for length, depth in product(sorted(lengths), sorted(depths))
        ]
    return rows


def effective(connection: sqlite3.Connection, values: Values) -> list[Row]:
    """The effective lengths of grids by each definition, of all tasks or of one: what is known of
    each, in words (:func:`evals.metrics.statistics.known_of_length`)."""
    if not values.get("run"):
        return []
    rows = []
    for row in _read(connection, _EFFECTIVE, values):
        tried = sorted(json.loads(row["detail"]).get("lengths", ()))
        known = known_of_length(row["value"], row["low"], row["high"], tried)
        rows.append(
            known
            | {"model": row["model"], "run": row["run"], "over": over_of(row["kind"]),
               "definition": row["name"].removeprefix("effective_").replace("_", " "),
               "n": row["n"], "band": f"95 %: {known['band']}"}
        )  # fmt: skip
    return rows


def _cell(cells: list[sqlite3.Row]) -> Row:
    ended = [cell["status"] for cell in cells]
    measured = [cell for cell in cells if cell["status"] != "skipped"]
    hits, n = sum(cell["score"] or 0.0 for cell in measured), len(measured)
    low, high = wilson(hits, n) if n else (None, None)
    return {
        "n": n,
        "score": hits / n if n else None,
        "low": low,
        "high": high,
        "truncated": ended.count("truncated"),
        "refused": ended.count("refused"),
        "failed": ended.count("error"),
        "skipped": ended.count("skipped"),
    }


def compared(connection: sqlite3.Connection, values: Values) -> list[Row]:
    """Two runs of one eval: mean of ``b - a`` over the items that both have, with its bootstrap
    interval; a figure without items to pair is compared by its interval in both runs."""
    sides = [_figures(connection, values.get(name)) for name in ("a", "b")]
    rows = []
    for name in sorted(sides[0].keys() & sides[1].keys()):
        one, other = (side[name] for side in sides)
        whole = (one.pop("", None), other.pop("", None))
        if one.keys() & other.keys():
            pairs = [{item: found.mean for item, found in side.items()} for side in (one, other)]
            difference, how = paired_difference(pairs[0], pairs[1], seed=0, rounds=500), "paired"
        elif whole[0] is not None and whole[1] is not None:
            difference, how = unpaired_difference(whole[0], whole[1]), "by interval"
        else:
            continue
        means = [
            figure.mean if figure else sum(f.mean for f in items.values()) / len(items)
            for figure, items in ((whole[0], one), (whole[1], other))
        ]
        rows.append(
            {"name": name, "a": means[0], "b": means[1], "difference": difference.mean,
             "low": difference.low, "high": difference.high, "n": difference.n, "how": how,
             "verdict": _verdict(difference)}
        )  # fmt: skip
    return rows


def _verdict(difference: Interval) -> str:
    if difference.low > 0 or difference.high < 0:
        return "differs"
    return "no difference shown"


_FIGURES = "SELECT name, item, value, low, high, n FROM score WHERE run = :run AND value NOT NULL"


def _figures(connection: sqlite3.Connection, run: str | None) -> dict[str, dict[str, Interval]]:
    """Name → item → figure; a run of needles has a figure for each of its cells."""
    found: dict[str, dict[str, Interval]] = {}
    for row in _read(connection, _FIGURES, {"run": run}):
        low, high = (row["value"] if row[end] is None else row[end] for end in ("low", "high"))
        figure = Interval(row["value"], low, high, row["n"])
        found.setdefault(row["name"], {})[row["item"]] = figure
    for row in _read(connection, _CELLS, {"run": json.dumps([run]), "task": None}):
        if row["score"] is not None:
            place = f"{row['target_tokens']}/{row['depth_target']:g}/{row['seed']}"
            found.setdefault(row["task"], {})[place] = Interval(row["score"], 0.0, 1.0, 1)
    return found


def _read(connection: sqlite3.Connection, sql: str, values: Values) -> list[sqlite3.Row]:
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, values).fetchall()


MEASURES: dict[str, Callable[[sqlite3.Connection, Values], list[Row]]] = {
    "heatmaps": heatmaps,
    "effective": effective,
    "compared": compared,
    "records": records,
    "record_kinds": record_kinds,
    "record_windows": record_windows,
}
