"""What a person looks for in Prefect's pages: counts and links, never the text of a story.

Prefect keeps artifacts in its own database, which may be another machine's, so nothing is handed
over here that a document says: not where the API is on this machine either, for what lies in its
database is beyond the reach of ``purge``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from pipeline.amounts import amount, band, counted, dollars, duration, percent

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
            description=f"{self._what}: {done:,} of {calls:,} {self._counted}",
        )

    def end(self, said: str) -> None:
        """The run is done, also where less was counted than foreseen, or nothing."""
        update_progress_artifact(
            artifact_id=self._id, progress=100.0, description=f"{self._what}: {said}"
        )


def records(result: Mapping[str, Any]) -> None:
    """What exams found of "one need", a row a judge; of windows, two rows a size."""
    whole = [
        r for r in result["records"]
        if r["answer"] == "one_need" and (r["kind"] == "all" or r["kind"].startswith("windows"))
    ]  # fmt: skip
    create_table_artifact(
        key="records",
        description=f"{counted(len({r['id'] for r in whole}), 'judge')} examined",
        table=[
            {
                "judge": r["model"],
                "pairs": r["kind"],
                "others called so": f"{r['false_positives']:,} of {r['n']:,}",
                "at most": f"{100 * r['false_positive_upper']:.1f} %",
                "found of the true": f"{r['found']:,} of {r['positives']:,}",
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
        description=f"{counted(len(dev), 'look')} at the pairs that the training is stopped by",
        table=[{"step": amount(step), "loss": f"{loss:.4f}"} for step, loss in dev],
    )


def documents(result: Mapping[str, Any]) -> None:
    """What was read, a row for each document."""
    create_table_artifact(
        key="documents",
        description=f"{counted(result['stories'], 'story', 'stories')} in "
        f"{counted(len(result['documents']), 'document')}",
        table=[
            {
                "document": d["path"],
                "format": d["format"],
                "stories": amount(d["stories"]),
                "in stories": percent(d["story_chars"] / d["chars"]) if d["chars"] else "–",
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
        description=f"{counted(result['stories'], 'story', 'stories')} at prices of "
        f"{result['as_of']}; likely, least and most",
        table=[
            {
                "model": line["model"],
                "strategy": line["strategy"],
                "calls": amount(line["calls"]),
                "tokens in": amount(line["input_tokens"]),
                "tokens out": _band(line["output_tokens"], amount),
                "dollars": _band(line["usd"], dollars) if line["usd"] else "unknown",
                "time": duration(line["seconds"]),
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
        table=[
            {"outcome": name.replace("_", " "), "stories": amount(n)}
            for name, n in result["ledger"].items()
        ],
    )
    kept = result["kept"]
    create_table_artifact(
        key="kept",
        description=f"The {counted(kept['units'], 'sentence')} of the stories, all in the document",
        table=[
            {"sentences": "stand", "n": amount(kept["standing"])},
            *({"sentences": f"folded by {by}", "n": amount(n)} for by, n in kept["folded"].items()),
        ],
    )
    create_table_artifact(
        key="merge",
        description=f"What {result['run']} came to",
        table=[
            {
                "figure": name.replace("_", " ").replace("usd", "dollars"),
                "value": shown(result[name]),
            }
            for name, shown in _FIGURES.items()
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


def _of(one: str, many: str = "") -> Callable[[int], str]:
    """How a number of something is shown, with what it counts."""
    return lambda n: counted(n, one, many)


#: What a person is shown of a merge, and how.
_FIGURES: Mapping[str, Callable[[Any], str]] = {
    "model": str,
    "strategy": str,
    "stories": _of("story", "stories"),
    "entries": _of("entry", "entries"),
    "conflicts": _of("conflict"),
    "possible_conflicts": _of("possible conflict"),
    "proposals": _of("pair"),
    "standing_words": _of("word"),
    "source_words": _of("word"),
    "calls": _of("call"),
    "failed_calls": _of("call"),
    "reused_replies": _of("reply", "replies"),
    "input_tokens": _of("token"),
    "output_tokens": _of("token"),
    "usd": dollars,
    "estimated_usd": dollars,
}


def counts(key: str, title: str, found: Mapping[str, int]) -> None:
    """How many of each; nothing where there is nothing to count."""
    if found:
        create_table_artifact(
            key=key,
            description=title,
            table=[{"what": k, "n": amount(n)} for k, n in found.items()],
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


def _band(found: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    return band(found["low"], found["likely"], found["high"], shown)


def _link(key: str, path: str, what: str) -> None:
    """A file where the flow ran: browsers open it on that machine only, so its place is told."""
    file = Path(path).resolve()
    create_link_artifact(
        key=key, link=file.as_uri(), link_text=file.name, description=f"{what}: {file}"
    )
