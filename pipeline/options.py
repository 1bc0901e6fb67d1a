"""The options that several commands share: one wording, one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.merge.corpus import Reading

Paths = Annotated[list[str], typer.Argument(help="Files, folders or globs.", show_default=False)]
PathsOrNone = Annotated[
    list[str] | None, typer.Argument(help="Files, folders or globs.", show_default=False)
]
Db = Annotated[
    str | None,
    typer.Option("--db", help="Database URL or file [data/runs/storytransformer.sqlite]."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
Strict = Annotated[bool, typer.Option("--strict", help="An unreadable document is an error.")]
Encoding = Annotated[str | None, typer.Option(help="Read text files in this encoding.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Leave out, as in .gitignore.")]
Pattern = Annotated[
    str | None, typer.Option(help="Regular expression of headings that begin a story.")
]
Repair = Annotated[bool, typer.Option("--repair", help="Mend mojibake.")]
Models = Annotated[list[str] | None, typer.Option("--model", "-m", help="Repeat for several.")]
Model = Annotated[str, typer.Option("--model", "-m", help="See `storytransformer models`.")]
About = Annotated[list[str] | None, typer.Option(help="Keep only stories with these words.")]
AllowCloud = Annotated[
    bool, typer.Option("--allow-cloud", help="Let text leave this machine for the model named.")
]
LocalOnly = Annotated[
    list[str] | None, typer.Option(help="Documents never sent to a cloud, as in .gitignore.")
]
AllowEgress = Annotated[
    list[str] | None,
    typer.Option(help="What may be off this machine: database, prefect, task-runner, hub."),
]
Batch = Annotated[
    bool, typer.Option("--batch", help="By the provider's batch API: half the price, within a day.")
]
CountOnline = Annotated[
    bool, typer.Option("--count-online", help="Let providers count the prompts: they are sent.")
]
Conflicts = Annotated[
    bool, typer.Option("--conflicts", help="Have the model look for contradictions in all stories.")
]
GroupBy = Annotated[str, typer.Option("--group", help="Order of the document: role or topic.")]
Entailment = Annotated[
    str, typer.Option(help="Weights of an entailment model: the gate's second opinion [none].")
]
Prefect = Annotated[bool, typer.Option("--prefect", help="Run as a Prefect flow.")]


def reading(
    encoding: str | None,
    exclude: list[str] | None,
    pattern: str | None,
    repair: bool,
    strict: bool,
) -> Reading:
    """The reading options of a command as a value."""
    from pipeline.merge.corpus import Reading

    return Reading(encoding, tuple(exclude or ()), pattern, repair, strict)
