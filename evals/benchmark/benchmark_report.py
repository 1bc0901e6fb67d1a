"""The report of a benchmark: every estimate beside its actual, then what each step found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.amounts import dollars, duration, gigabytes
from pipeline.engine.weights.hashes import write_atomically
from pipeline.errors import InputError

NAMES = {"markdown": "report.md", "json": "report.json"}


def write_report(folder: Path, result: Mapping[str, Any]) -> dict[str, str]:
    """Write both files, each whole or not at all.

    Returns:
        their paths, by form.

    Raises:
        InputError: the folder cannot be written.
    """
    paths = {form: str(folder / name) for form, name in NAMES.items()}
    texts = {
        "markdown": as_markdown(result),
        "json": json.dumps({**result, "out": paths}, indent=1),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form, text in texts.items():
            write_atomically(Path(paths[form]), text.encode())
    except OSError as exc:
        raise InputError(f"cannot be written: {exc.strerror}.", where=str(folder)) from exc
    return paths


def as_markdown(result: Mapping[str, Any]) -> str:
    """The report for people."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {result['model']} on {result['machine']}\n"
    yield (
        f"Run {result['run']}. Weights {result['revision'][:12]}; memory of the device "
        f"{gigabytes(result['memory_bytes'])}. Documents: {', '.join(result['paths'])}. "
        "Nothing left this machine; price $0.\n"
    )
    yield "| step | | time told | time taken | memory told | memory taken |"
    yield "|---|---|---:|---:|---:|---:|"
    for row in result["steps"]:
        told = row["told"]
        cells = (
            row["title"],
            row["state"],
            duration(told["seconds"]),
            duration(row["seconds"]),
            gigabytes(told["memory_bytes"]) or "–",
            gigabytes(row["memory_bytes"]) or "–",
        )
        yield f"| {' | '.join(cells)} |"
    energy = ""
    if result["kwh"] is not None:
        energy = f" About {result['kwh']:.3f} kWh, {dollars(result['usd_energy'])} of electricity."
    yield (
        f"\nTold {duration(result['told_seconds'])} for what can be run, taken "
        f"{duration(result['seconds'])}.{energy} Times are told for a machine with nothing else to "
        f"do; its load was {result['load']} on {result['cores']} cores."
    )
    for row in result["steps"]:
        yield f"\n## {row['title']}\n\n{row['what'][:1].upper()}{row['what'][1:]}.\n"
        if row["why"]:
            yield f"**{row['state'].capitalize()}**: {row['why']}\n"
        yield from (f"- {line}" for line in row["lines"])
        if row["runs"]:
            runs = ", ".join(f"`{run}`" for run in dict.fromkeys(row["runs"]))
            yield f"\nIn the database: {runs}"
