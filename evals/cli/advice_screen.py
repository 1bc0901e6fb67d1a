"""What a person sees of an advice: a table that fits a narrow terminal, and why; ``--json`` and the
page have all of it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.amounts import counted, dollars, duration, short
from pipeline.console import plain, table

#: Columns of a terminal that everything fits into.
_WIDTH = 80
#: Names that are listed of models of which the same is said, and models whose commands are.
_NAMED, _COMMANDS = 3, 2
_OPTION = re.compile(r"(--\S+) (?!-)")


def advice_page(advice: Mapping[str, Any]) -> None:
    """The recommended model first, what each may do and costs, and what is not measured."""
    rows, review = advice["models"], advice["review"]
    table(
        ("model", "decides", "window", "costs", "takes", "saves"),
        [
            (
                ("→ " if row["recommended"] else "  ") + row["model"],
                row["decides"],
                _window(row),
                "unknown" if row["usd"] is None else dollars(row["usd"]["likely"]),
                None if row["seconds"] is None else duration(row["seconds"]),
                f"{row['minutes_saved']:g} min",
            )
            for row in rows
        ],
        title=f"{counted(advice['stories'], 'story', 'stories')}, "
        f"{counted(advice['words'], 'word')}; {advice['hardware']}; "
        f"prices of {advice['as_of']}",
    )
    _wrapped(rows[0]["why"])
    _wrapped(
        "Window: prompt tokens over many stories, else for one story; “–” is not measured. "
        f"Saves: of the {counted(review['minutes'], 'minute')} of review."
    )
    for said, names in _grouped(rows[1:], lambda row: row["decides_told"] if row["record"] else ""):
        _wrapped(said or f"No record: {names}. Their answers only order what a person is asked.")
    for said, names in _grouped(rows[1:], lambda row: row["reason"]):
        if said:
            _wrapped(f"As it stands these cannot run: {names}: {said}.")
    _unmeasured([row for row in rows if row["unmeasured"]])
    for one in advice["not_reached"]:
        _wrapped(f"Not reached: {_listed(one['models'])}: {one['why']}.")


def _window(row: Mapping[str, Any]) -> str:
    """What is known of it, in few letters: "≥7.7k", "2k–4.1k", "<1k"."""
    if row["decides"] == "proof":
        return "any"
    known = row["windows"]["aggregation"] or row["windows"]["needle"]
    if known is None:
        return "–"
    tokens, below = known["tokens"], known["below"]
    if below is None:
        return f"≥{short(tokens)}"
    return f"<{short(below)}" if tokens is None else f"{short(tokens)}–{short(below)}"


def _grouped(rows: Sequence[Mapping[str, Any]], said: Any) -> list[tuple[str, str]]:
    """What is said, and of whom."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(said(row), []).append(row["model"])
    return [(text, _listed(names)) for text, names in found.items()]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _unmeasured(rows: Sequence[Mapping[str, Any]]) -> None:
    """What is not known of the first models, with the command that measures it and its price."""
    for row in rows[:_COMMANDS]:
        for one in row["unmeasured"]:
            usd = "price unknown" if one["usd"] is None else dollars(one["usd"]["likely"])
            took = "" if one["seconds"] is None else f", {duration(one['seconds'])}"
            _wrapped(f"Not measured of {row['model']}: {one['what']} ({usd}{took}):")
            _command(one["command"])
    if more := [row["model"] for row in rows[_COMMANDS:]]:
        _wrapped(f"Not all is measured of {_listed(more)} either: --json has commands and prices.")


def _command(text: str) -> None:
    """A command over several lines, as a shell takes it, an option and its value in one."""
    held = _OPTION.sub("\\1\xa0", text)
    lines = _lines(held, _WIDTH - 4)
    for n, line in enumerate(lines, 1):
        plain(f"  {line.replace(chr(0xA0), ' ')}" + (" \\" if n < len(lines) else ""))


def _wrapped(text: str) -> None:
    for line in _lines(text, _WIDTH):
        plain(line)


def _lines(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
