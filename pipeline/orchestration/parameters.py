"""Parameters of flows as Prefect's forms show them (a title, limits, a choice), and what a run is
called: by what it does to what.

What a parameter means is in the docstring of its flow: Prefect shows that beside it. Prefect sets
the title to the bare name after everything else but what the schema adds, hence ``titled``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from prefect.runtime import flow_run
from pydantic import Field

from pipeline.document.topics import Grouping


def titled(title: str, *, choice: Sequence[str] | None = None, **limits: Any) -> Any:
    """A parameter's title in a form, its choices if they are few, and the limits of its values."""
    shown: dict[str, Any] = {"title": title}
    if choice is not None:
        shown["enum"] = [*choice, None]
    return Field(json_schema_extra=shown, **limits)


Documents = Annotated[list[str], titled("Documents", min_length=1)]
Name = Annotated[str, titled("Model", min_length=1)]
Names = Annotated[Sequence[str], titled("Models")]
Strategy = Literal["none", "pairs", "groups", "tree", "fold"]
AskBy = Annotated[Literal["pairs", "groups"], titled("How a judge is asked")]
Strategies = Annotated[Sequence[Strategy], titled("Strategies")]
AsOf = Annotated[date | None, titled("Prices of")]
Budget = Annotated[Decimal | None, titled("Budget in dollars", ge=0)]
About = Annotated[Sequence[str], titled("Only stories about")]
AllowCloud = Annotated[Sequence[str], titled("Documents that may leave this machine")]
LocalOnly = Annotated[Sequence[str], titled("Documents that stay here")]
CountOnline = Annotated[bool, titled("Let providers count")]
Card = Annotated[str | None, titled("Graphics card")]
Batch = Annotated[bool, titled("As a batch, within a day")]
Propose = Annotated[bool, titled("Ask a model without a record, for proposals only")]
MostSeconds = Annotated[int | None, titled("Seconds of asking, at most", ge=0)]
MostPairs = Annotated[int | None, titled("Questions about pairs, at most", ge=1)]
Edition = Annotated[Literal["files", "full"], titled("Edition")]
Since = Annotated[str | None, titled("What is new since this run")]
Out = Annotated[str, titled("Folder of the merged document", min_length=1)]
GroupedBy = Annotated[Grouping, titled("Grouped by")]
Page = Annotated[str | None, titled("Page to look through")]
Encoding = Annotated[str | None, titled("Encoding of text files")]
Exclude = Annotated[Sequence[str], titled("Left out")]
Pattern = Annotated[str | None, titled("Headings that begin a story")]
Shape = Annotated[Literal["ears"] | None, titled("Also read as stories")]
Repair = Annotated[bool, titled("Mend mojibake")]
FollowLinks = Annotated[bool, titled("Follow links out of folders")]
Strict = Annotated[bool, titled("Unreadable is an error")]
Labels = Annotated[str | None, titled("Labelled pairs of your own")]
Corpora = Annotated[str | None, titled("Folder of the drawn pairs' documents")]
Database = Annotated[str | None, titled("Database")]
AllowEgress = Annotated[Sequence[str], titled("What may be elsewhere")]


_MOST = 60


def named(pattern: str) -> Callable[[], str]:
    """A name for runs of a flow, filled in with its parameters: ``{paths}`` becomes "a.md, b/" or
    "12 paths", any other ``{parameter}`` its value."""

    def name() -> str:
        given: dict[str, Any] = dict(flow_run.parameters or {})
        if "paths" in given:
            given["paths"] = shown(given["paths"])
        return pattern.format(**given)

    return name


def shown(paths: Sequence[str]) -> str:
    """Paths in one short line."""
    text = ", ".join(paths)
    return text if len(text) <= _MOST else f"{len(paths)} paths"
