"""What a person sees: tables and lines for the terminal, out of the same values that ``--json``
prints. Plain text where the output is a pipe."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.configuration import Found

#: Control characters, but for the tab and line ends.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def say(quiet: bool) -> Callable[[str], None]:
    """Where progress and warnings go: stderr, or nowhere."""

    def line(text: str) -> None:
        if not quiet:
            print(text, file=sys.stderr, flush=True)

    return line


def emit(result: Any) -> None:
    """The JSON object of a command, on stdout."""
    print(json.dumps(result, ensure_ascii=False, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table on stdout; columns whose cells are all numbers are aligned to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [["–" if cell is None else _one_line(str(cell)) for cell in row] for row in rows]
    if title:
        plain(title)
    drawn = Table(header_style="bold")
    for index, name in enumerate(columns):
        numeric = bool(cells) and all(_is_number(row[index]) for row in cells)
        drawn.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(
            width=max(120, sum(map(_width, zip(*cells, strict=True))) + 40) if cells else 120
        )
    console.print(drawn)


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").replace("$", "").strip("–%s ").isdigit() or (
        cell == "–"
    )


def _width(column: Sequence[str]) -> int:
    return min(60, max(len(cell) for cell in column)) + 3


def dollars(value: str | None) -> str:
    """ "$0.0123", "unknown" for None: unknown is never $0."""
    if value is None:
        return "unknown"
    amount = float(value)
    if amount < 0:
        return f"-{dollars(value.removeprefix('-'))}"
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def duration(seconds: float | None) -> str:
    """ "42 s", "3.5 min", "2.1 h"."""
    if seconds is None:
        return "–"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def extraction_table(result: Mapping[str, Any]) -> None:
    """One line per document, and one on the criteria joined to stories of other documents."""
    table(
        ("document", "format", "encoding", "stories", "in stories", "problem"),
        [
            (
                d["path"],
                d["format"],
                d["encoding"],
                d["stories"],
                f"{100 * d['story_chars'] / d['chars']:.0f} %" if d["chars"] else "–",
                d["problem"] or "",
            )
            for d in result["documents"]
        ],
    )
    if links := result["links"]:
        criteria = sum(len(link["criteria"]) for link in links)
        stories = len({link["story"] for link in links})
        plain(
            f"{criteria} {'criterion' if criteria == 1 else 'criteria'} of other documents joined "
            f"to {stories} {'story' if stories == 1 else 'stories'}."
        )


def gigabytes(n_bytes: int | None) -> str | None:
    """ "1.25 GB" (1e9 bytes)."""
    return None if n_bytes is None else f"{n_bytes / 1e9:,.2f} GB"


def percent(share: float | None) -> str | None:
    """ "23 %"."""
    return None if share is None else f"{share:.0%}".replace("%", " %")


def merge_summary(result: Mapping[str, Any]) -> None:
    """The end of a merge: what became of the stories, and where the document is."""
    ledger = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in result["ledger"].items())
    plain(f"{result['stories']} stories: {ledger}. The books balance.")
    plain(f"{result['overlaps']} of them overlap another: one need, each with details of its own.")
    plain(
        f"{result['calls']} model calls, {result['reused_replies']} replies reused from the "
        f"journal; {result['input_tokens']:,} tokens in, {result['output_tokens']:,} out; "
        f"{dollars(result['usd'])} (estimated {dollars(result['estimated_usd'])})."
    )
    plain(
        f"{result['conflicts']} conflicts kept side by side; stories kept or united word for "
        f"word, because the gate or the call failed: {result['fallbacks']}."
    )
    if result["lost"]:
        plain(f"{result['lost']} stories were left out by a reply; they stand word for word.")
    for kind, path in result["out"].items():
        plain(f"  {kind:<9} {path}")
    plain(f"  run       {result['run']}  (storytransformer runs {result['run']})")


def plain(text: str = "") -> None:
    """Text on stdout, its control characters shown."""
    print(_harmless(text))


def _harmless(text: str) -> str:
    """Names and texts come from documents: what would command the terminal is shown instead."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def _one_line(cell: str) -> str:
    """A file may have a line end in its name; in a cell it is shown, not obeyed."""
    return _harmless(cell.replace("\r", "\\r").replace("\n", "\\n"))


def runs_table(runs: Sequence[Mapping[str, Any]]) -> None:
    """One line per run, newest first; or what to run when there is none."""
    if not runs:
        plain("No run yet. `storytransformer merge PATHS…` makes one.")
        return
    table(
        ("run", "state", "model", "strategy", "stories", "tokens in", "out", "dollars", "time",
         "peak memory"),
        [
            (
                r["run"],
                r["state"],
                r["model"],
                r.get("strategy"),
                r.get("stories"),
                both(r.get("estimated_input_tokens"), r.get("input_tokens"), amount),
                both(r.get("estimated_output_tokens"), r.get("output_tokens"), amount),
                both(r.get("estimated_usd"), r.get("usd"), dollars),
                both(r.get("estimated_seconds"), r.get("model_seconds"), duration),
                both(r.get("estimated_peak_memory_bytes"), r.get("peak_memory_bytes"), gigabytes),
            )
            for r in runs
        ],
        title="estimated → actual; times are those of the model's calls",
    )  # fmt: skip


def run_page(run: Mapping[str, Any]) -> None:
    """One run: what it is, estimate against actual, its ledger."""
    shown = {k: v for k, v in run.items() if not isinstance(v, (list, dict)) and v is not None}
    table(("", run["run"]), shown.items())
    if compared := run.get("estimate_vs_actual"):
        table(
            ("", "low", "likely", "high", "actual", "actual ÷ likely", "band", "corrected by"),
            [
                (
                    q["quantity"],
                    *(_SHOWN[q["unit"]](q[side]) for side in ("low", "likely", "high", "actual")),
                    None if q["ratio"] is None else f"{q['ratio']:.2f}",
                    {1: "inside", 0: "outside"}.get(q["inside"]),
                    _past(q["past_runs"]),
                )
                for q in compared
            ],
            title="estimate against actual",
        )
    if run.get("ledger"):
        table(("ledger", "stories"), run["ledger"].items())


def asked_to_purge(found: Mapping[str, Any]) -> bool:
    """Whether the person at the terminal wants this deleted; no without an answer."""
    purged_page(found)
    try:
        return input("Delete it for good? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def purged_page(found: Mapping[str, Any]) -> None:
    """What a purge deletes, or has deleted, and what it cannot reach."""
    table(
        ("deleted" if found["purged"] else "to delete", "rows", "bytes of text"),
        [(name, n, f"{found['bytes'][name]:,}") for name, n in found["rows"].items()],
        title=f"{found['name']}: {len(found['runs'])} runs, {found['documents']} documents",
    )
    if found["kept_documents"]:
        plain(f"{found['kept_documents']} documents stay: other runs read them too.")
    for path in found["files"]:
        plain(f"still holds text: {path}")


def questions_page(questions: Sequence[Any], describe: Callable[[Any], Iterable[str]]) -> None:
    """What a person may decide, one after the other."""
    for question in questions:
        plain(f"{question.kind} {question.id}: {', '.join(question.answers)}?")
        for line in describe(question):
            plain(line)
    plain(f"{len(questions)} open.")


def both(estimated: Any, actual: Any, shown: Callable[[Any], str | None]) -> str:
    """Both sides of one quantity: "1,200 → 1,187"; "–" for what is not known."""
    return " → ".join((side is not None and shown(side)) or "–" for side in (estimated, actual))


def amount(n: float | None) -> str:
    """Tokens or calls, "–" when not known."""
    return "–" if n is None else f"{n:,.0f}"


def _usd(value: float | None) -> str:
    return "–" if value is None else dollars(str(value))


def _past(runs: int) -> str:
    return f"{runs} past run{'s' * (runs > 1)}" if runs else ""


_SHOWN: Mapping[str, Callable[[Any], str | None]] = {
    "tokens": amount,
    "calls": amount,
    "USD": _usd,
    "seconds": duration,
    "bytes": gigabytes,
}


def settings_page(found: Iterable[Found], file: Path | None) -> None:
    """Every setting with its value and where it was said; then what could be said where."""
    table(
        ("setting", "value", "from"),
        [
            (one.setting.name, one.shown or "–", " ".join(filter(None, (one.source, one.where))))
            for one in found
        ],
        title=f"settings of {file}" if file else "no storytransformer.toml here",
    )
    plain(f"next       {'edit ' + str(file) if file else 'storytransformer init'}")


def doctor_page(report: Mapping[str, Any]) -> None:
    """What runs here and why; what is missing and how to get it."""
    table(("", "this machine"), report["facts"].items())
    for check in report["checks"]:
        plain(
            f"{'ok     ' if check['ok'] else 'missing'}  {check['name']}: {check['detail']}"
            + (f" {check['next']}" if check["next"] else "")
        )
