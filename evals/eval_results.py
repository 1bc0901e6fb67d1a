"""What was measured, read again: shown, compared, judged by gates, written out. No model is asked.

The values of a run are its figures (``score`` rows) and, for needles, one value a cell; two runs
are compared over the values that both have.
"""

from __future__ import annotations

import csv
import io
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.grids.aggregations import find_task
from evals.metrics.scoring import score
from evals.metrics.statistics import Interval, paired_difference, share, unpaired_difference
from pipeline.calls import Message, Request
from pipeline.errors import GateError, InputError
from pipeline.store.reading import reports
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

_CONDITION = re.compile(r"(?P<name>[\w-]+)(?:@(?P<longest>\d+))?\s*=\s*(?P<bound>-?\d+(?:\.\d+)?)")


def show(store: Store, run: str) -> dict[str, Any]:
    """A run of an eval with its figures and cells.

    Raises:
        InputError: there is no such run.
    """
    report = reports.run_report(store, run)
    if report is None:
        raise InputError(
            f"no run {run!r}.", where="eval", next="`storytransformer runs` lists them."
        )
    names = ("run", "kind", "state", "model", "revision", "strategy", "parameters", "started")
    return {name: report[name] for name in names} | {
        "scores": reports.scores(store, run),
        "cells": reports.needle_grid(store, run),
    }


def run_before(store: Store, found: Mapping[str, Any]) -> str | None:
    """The completed run of the same eval that came before one, which :func:`show` returned; None
    where there is none."""
    earlier = (
        str(run["run"])
        for run in reports.list_runs(store, kind=found["kind"])
        if run["state"] == "completed"
        and (run["started"], run["run"]) < (found["started"], found["run"])
    )
    return next(earlier, None)


def figures(found: Mapping[str, Any], *, longest: int | None = None) -> dict[str, Interval]:
    """The figures of a whole run by name; for needles the mean of each task.

    Args:
        found: as :func:`show` returns it.
        longest: leave out cells of more tokens.

    Returns:
        what is counted, and has no interval, with None for its ends.
    """
    result = {
        row["name"]: Interval(row["value"], row["low"], row["high"], row["n"])
        for row in found["scores"]
        if row["item"] == "" and row["value"] is not None
    }
    by_task: dict[str, list[float]] = {}
    for cell in found["cells"]:
        if cell["score"] is not None and (longest is None or cell["target_tokens"] <= longest):
            by_task.setdefault(cell["task"], []).append(cell["score"])
    for task, values in by_task.items():
        result[task] = share(values)
    return result


def compare(store: Store, a: str, b: str) -> dict[str, Any]:
    """Two runs over the values that both have: mean of ``b - a`` with its bootstrap interval. A
    figure that has no single values to pair is compared by its own interval in both runs.

    Raises:
        InputError: no such run, or no value in common.
    """
    shown = [show(store, run) for run in (a, b)]
    one, other = map(_values, shown)
    whole = [figures(found) for found in shown]
    names = sorted(one.keys() & other.keys())
    if not names:
        raise InputError(
            "the two runs have no value in common.",
            where=f"{a}, {b}",
            next="Compare runs of the same eval with the same options.",
        )
    differences: dict[str, dict[str, Any]] = {}
    for name in names:
        pairs = [{item: v for item, v in values[name].items() if item} for values in (one, other)]
        if pairs[0].keys() & pairs[1].keys():
            found = paired_difference(pairs[0], pairs[1], seed=0)
            differences[name] = found._asdict() | {"paired": True}
        elif all(name in known and known[name].low is not None for known in whole):
            found = unpaired_difference(whole[0][name], whole[1][name])
            differences[name] = found._asdict() | {"paired": False}
    changed = [
        {"name": name, "item": item, "a": one[name][item], "b": other[name][item]}
        for name in names
        for item in sorted(one[name].keys() & other[name].keys())
        if one[name][item] != other[name][item]
    ]
    return {"a": a, "b": b, "differences": differences, "changed": changed}


def _values(found: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Name → item → value."""
    values: dict[str, dict[str, float]] = {}
    for row in found["scores"]:
        if row["value"] is not None:
            values.setdefault(row["name"], {})[row["item"]] = row["value"]
    for cell in found["cells"]:
        if cell["score"] is not None:
            item = f"{cell['target_tokens']}/{cell['depth_target']:g}/{cell['seed']}"
            values.setdefault(cell["task"], {})[item] = cell["score"]
    return values


def gate(
    store: Store, run: str, *, least: Sequence[str] = (), most: Sequence[str] = ()
) -> dict[str, Any]:
    """Hold the figures of a run against bounds.

    Args:
        least, most: ``NAME=BOUND`` or, for needles, ``TASK@TOKENS=BOUND`` for cells no longer
            than that.

    Returns:
        every condition with its figure.

    Raises:
        GateError: one of them does not hold; the message says which, with n and interval.
        InputError: a condition cannot be read, or the run has no such figure.
    """
    found = show(store, run)
    checks = [(text, operator.ge, "--min") for text in least]
    checks += [(text, operator.le, "--max") for text in most]
    if not checks:
        raise InputError("no condition.", where="eval gate", next="Add --min survived=0.95.")
    held = []
    for text, compares, where in checks:
        match = _CONDITION.fullmatch(text.strip())
        if match is None:
            raise InputError(
                f"{text!r} is not a condition.", where=where, next="Write it as NAME=0.95."
            )
        longest = int(match["longest"]) if match["longest"] else None
        known = figures(found, longest=longest)
        if match["name"] not in known:
            raise InputError(
                f"the run has no figure {match['name']!r}.",
                where=run,
                next=f"There are: {', '.join(sorted(known)) or 'none'}.",
            )
        figure, bound = known[match["name"]], float(match["bound"])
        held.append({"condition": f"{where} {text}", "figure": figure._asdict()})
        if not compares(figure.mean, bound):
            within = "" if figure.low is None else f" [{figure.low:.4g}, {figure.high:.4g}]"
            raise GateError(
                f"{match['name']} is {figure.mean:.4g}{within}, n={figure.n}: "
                f"{where} {text} is not met.",
                where=run,
                next="`storytransformer eval show RUN` shows where.",
            )
    return {"run": run, "held": held}


def rescore(store: Store, run: str) -> dict[str, Any]:
    """Score the stored replies of a needle run again, with today's scorer.

    The cells stay as they were; the new values become figures of the run.

    Raises:
        InputError: no such run, or one without cells.
    """
    cells = show(store, run)["cells"]
    if not cells:
        raise InputError("the run has no cells.", where=run, next="Name a run of `eval needle`.")
    changed, rows = [], []
    for cell in cells:
        if cell["score"] is None:
            continue
        value = 0.0
        expected = tuple(filter(None, cell["expected"].split("\n")))
        # Where nothing or one thing alone is expected, naming another is wrong; which values
        # those were is not stored, that one of them was named is.
        reads = find_task(cell["task"]).reads
        alone = not expected or reads == "alone"
        named_another = alone and "distractor" in cell["flags"]
        if cell["status"] in ("ok", "truncated") and not named_another:
            value = score(cell["reply"], expected, reads=reads).value
        rows.append(Score("rescored", cell["cell"], value))
        if value != cell["score"]:
            changed.append({"cell": cell["cell"], "was": cell["score"], "is": value})
    values = [row.value or 0.0 for row in rows]
    total = share(values)
    store.save_scores(run, [Score("rescored", "", *total), *rows])
    return {"run": run, "n": len(rows), "mean": total.mean, "changed": changed}


def reconstruct(store: Store, cell: str) -> dict[str, Any]:
    """The exact prompt of a cell, its hash checked.

    Args:
        cell: the cell's key, or as much of its head as no other has.

    Raises:
        InputError: no such cell, or several; a stored prompt that is not what its hash says.
    """
    found = reports.find_cell(store, cell)
    if len(found) != 1:
        raise InputError(
            f"{len(found) or 'no'} cells begin with {cell!r}.",
            where="eval reconstruct",
            next="`storytransformer eval show RUN --json` has the keys.",
        )
    (row,) = found
    body = dict(row.pop("body"))
    request = Request(
        **{
            **body,
            "messages": tuple(Message(*message) for message in body["messages"]),
            "stop": tuple(body["stop"]),
        }
    )
    if request.key != row["request"]:
        raise InputError(
            "the stored prompt is not the one that was asked.",
            where=f"cell {row['key']}",
            next="The database was changed by something else; measure the cell again.",
        )
    messages = [{"role": m.role, "content": m.content} for m in request.messages]
    return row | {"messages": messages, "max_tokens": request.max_tokens}


def export(found: Mapping[str, Any], form: str) -> str:
    """A run's cells, or its figures where it has none, as JSON lines or CSV.

    Raises:
        InputError: no such form.
    """
    rows: Sequence[Mapping[str, Any]] = found["cells"] or found["scores"]
    writers: dict[str, Callable[[Sequence[Mapping[str, Any]]], str]] = {
        "jsonl": lambda rows: "".join(
            json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows
        ),
        "csv": _csv,
    }
    if form not in writers:
        raise InputError(f"no form {form!r}.", next=f"There are: {', '.join(writers)}.")
    return writers[form](rows)


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    target = io.StringIO()
    if rows:
        writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            nested = {n: json.dumps(v) for n, v in row.items() if isinstance(v, list | dict)}
            writer.writerow(dict(row) | nested)
    return target.getvalue()


def hold_all(
    store: Store,
    runs: Mapping[str, str],
    gates: Mapping[str, Mapping[str, Sequence[str]]],
) -> None:
    """Hold every eval's figures against its bounds.

    Args:
        runs: the run of each eval, by a name.
        gates: by the same names the bounds ``min`` and ``max``, as ``eval gate`` takes them.

    Raises:
        InputError: bounds for what was not measured, or that cannot be read.
        GateError: all that are not met, at once.
    """
    missing = sorted(gates.keys() - runs.keys())
    if missing:
        raise InputError(
            f"there are gates for {', '.join(missing)}, which nobody measured.",
            where="gates",
            next=f"Measured were {', '.join(sorted(runs))}.",
        )
    unmet = []
    for name, bounds in gates.items():
        conditions = [("least", text) for text in bounds.get("min", ())]
        conditions += [("most", text) for text in bounds.get("max", ())]
        for side, text in conditions:
            try:
                gate(store, runs[name], **{side: [text]})
            except GateError as error:
                unmet.append(f"{name} ({error.where}): {error.message}")
    if unmet:
        raise GateError(
            " ".join(unmet), where="gates", next="`storytransformer eval show RUN` shows where."
        )
