"""What a person looks for in Prefect's pages: counts and links, never the text of a story.

Prefect keeps artifacts in its own database, which may be another machine's, so nothing is handed
over here that a document says: not where the API is on this machine either, for what lies in its
database is beyond the reach of ``purge``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from evals.dashboard.serve import merged_address

#: Lower edges of what a cell of a heatmap is drawn as.
_SHADES = ((0.9, "🟩"), (0.6, "🟨"), (0.3, "🟧"), (0.0, "🟥"))


class Progress:
    """How far a run is, as a bar on its page; one update a wave.

    Args:
        what: is run. counted: what the bar counts.
    """

    def __init__(self, what: str, counted: str = "calls answered") -> None:
        self._what, self._counted = what, counted
        self._id: Any = create_progress_artifact(key="progress", progress=0.0, description=what)

    def show(self, done: int, calls: int) -> None:
        """Move the bar to so many of all."""
        update_progress_artifact(
            artifact_id=self._id,
            progress=round(100 * done / max(calls, 1), 1),
            description=f"{self._what}: {done} of {calls} {self._counted}",
        )


def records(result: Mapping[str, Any]) -> None:
    """What exams found of "one need", a row a judge."""
    whole = [r for r in result["records"] if r["kind"] == "all" and r["answer"] == "one_need"]
    create_table_artifact(
        key="records",
        description=f"{len(whole)} judges examined",
        table=[
            {
                "judge": r["model"],
                "others called so": f"{r['false_positives']} of {r['n']}",
                "at most": f"{r['false_positive_upper']:.1%}",
                "found of the true": f"{r['found']} of {r['positives']}",
                "threshold": "never" if r["threshold"] is None else f"{r['threshold']:.3f}",
                "record": r["id"],
            }
            for r in whole
        ],
    )


def losses(dev: Sequence[tuple[int, float]]) -> None:
    """How a training went, a row for each look at the pairs that it is stopped by."""
    create_table_artifact(
        key="losses",
        description=f"{len(dev)} looks at the pairs that the training is stopped by",
        table=[{"step": step, "loss": f"{loss:.4f}"} for step, loss in dev],
    )


def documents(result: Mapping[str, Any]) -> None:
    """What was read, a row for each document."""
    create_table_artifact(
        key="documents",
        description=f"{result['stories']} stories in {len(result['documents'])} documents",
        table=[
            {
                "document": d["path"],
                "format": d["format"],
                "stories": d["stories"],
                "in stories": f"{d['story_chars'] / d['chars']:.0%}" if d["chars"] else "–",
                "problem": d["problem"] or "",
            }
            for d in result["documents"]
        ],
    )
    if "page" in result:
        _link("page", result["page"], "The page to look through the documents")


def report(file: str) -> None:
    """Where the figures of a night are."""
    _link("report", file, "The figures of these evals")


def estimate(result: Mapping[str, Any]) -> None:
    """The lines of an estimate."""
    create_table_artifact(
        key="estimate",
        description=f"{result['stories']} stories at prices of {result['as_of']}",
        table=[
            {
                "model": line["model"],
                "strategy": line["strategy"],
                "calls": line["calls"],
                "input tokens": line["input_tokens"],
                "output tokens": _band(line["output_tokens"]),
                "USD": _band(line["usd"]) if line["usd"] else "unknown",
                "hours": "–" if line["seconds"] is None else f"{line['seconds'] / 3600:.2f}",
                "can run": "yes" if line["feasible"] else line["reason"],
            }
            for line in result["lines"]
        ],
    )


def merged(result: Mapping[str, Any]) -> None:
    """The ledger, the figures of a run, and where its document is."""
    create_table_artifact(
        key="ledger",
        description=f"Ledger of {result['run']}: the books balance",
        table=[{"outcome": name, "stories": n} for name, n in result["ledger"].items()],
    )
    kept = result["kept"]
    create_table_artifact(
        key="kept",
        description=f"The {kept['units']} sentences of the stories, all in the document",
        table=[
            {"sentences": "stand", "n": kept["standing"]},
            *({"sentences": f"folded by {by}", "n": n} for by, n in kept["folded"].items()),
        ],
    )
    shown = ("model", "strategy", "stories", "entries", "conflicts", "possible_conflicts",
             "proposals", "failed_calls", "standing_words", "source_words")  # fmt: skip
    took = ("calls", "reused_replies", "input_tokens", "output_tokens", "usd", "estimated_usd")
    create_table_artifact(
        key="merge",
        description=f"What {result['run']} came to",
        table=[
            {
                "figure": name.replace("_", " ").replace("usd", "USD"),
                "value": "unknown" if result[name] is None else result[name],
            }
            for name in (*shown, *took)
        ],
    )
    # Browsers follow no link from a server's page to a file: the pages show it.
    file = Path(result["out"]["html"]).resolve()
    create_link_artifact(
        key="merged-document",
        link=merged_address(result["run"]),
        link_text=file.name,
        description=f"The merged document, {file}: the link shows it while `storytransformer "
        "dashboard` runs on that machine",
    )


def counts(key: str, title: str, found: Mapping[str, int]) -> None:
    """How many of each; nothing where there is nothing to count."""
    if found:
        create_table_artifact(
            key=key, description=title, table=[{"what": k, "n": n} for k, n in found.items()]
        )


def heatmap(key: str, title: str, cells: Sequence[Mapping[str, Any]]) -> None:
    """Mean scores by length and depth.

    Args:
        cells: with ``target_tokens``, ``depth_target`` and ``score`` (None: not measured).
    """
    found: dict[tuple[float, int], list[float]] = {}
    for cell in cells:
        scores = found.setdefault((cell["depth_target"], cell["target_tokens"]), [])
        if cell["score"] is not None:
            scores.append(float(cell["score"]))
    lengths = sorted({length for _, length in found})
    lines = [
        f"| depth | {' | '.join(f'{length:,}' for length in lengths)} |",
        f"|---:|{'---:|' * len(lengths)}",
    ]
    for depth in sorted({depth for depth, _ in found}):
        row = " | ".join(_shade(found.get((depth, length), [])) for length in lengths)
        lines.append(f"| {depth:g} % | {row} |")
    create_markdown_artifact(
        key=key,
        description=title,
        markdown=f"{title}. Score by prompt tokens (columns) and depth (rows).\n\n"
        + "\n".join(lines),
    )


def _shade(scores: Sequence[float]) -> str:
    if not scores:
        return "–"
    mean = sum(scores) / len(scores)
    return f"{next(shade for runtime, shade in _SHADES if mean >= runtime)} {mean:.2f}"


def _band(band: Mapping[str, Any]) -> str:
    return f"{band['low']} – {band['likely']} – {band['high']}"


def _link(key: str, path: str, what: str) -> None:
    """A file where the flow ran: browsers open it on that machine only, so its place is told."""
    file = Path(path).resolve()
    create_link_artifact(
        key=key, link=file.as_uri(), link_text=file.name, description=f"{what}: {file}"
    )
