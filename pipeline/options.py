"""The options that several commands share: one wording, one meaning, one table of settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from pipeline.configuration import BY_NAME, default, meaning
from pipeline.errors import InputError

if TYPE_CHECKING:
    from pipeline.merge.corpus import Reading


def _take_settings(context: typer.Context, file: str | None) -> str | None:
    """Give the command's options the defaults that environment and file say: called before any
    other option is looked at."""
    if not context.resilient_parsing:  # a shell that completes words
        from pipeline.settings import read_settings

        context.default_map = read_settings(config=file).defaults_of(_name(context))
    return file


def _name(context: typer.Context) -> str:
    """What a command is called behind ``storytransformer``."""
    if context.parent is None:
        return ""
    return f"{_name(cast(typer.Context, context.parent))} {context.info_name}".strip()


def _of(name: str, *flags: str) -> Any:
    """The option of a setting; a flag has its opposite, for where the file says yes."""
    setting = BY_NAME[name]
    option = (
        f"{setting.option}/--no-{name.replace('_', '-')}"
        if setting.kind == "flag"
        else setting.option
    )
    preset = f" [{setting.default}]" if name == "db" else ""
    return typer.Option(option, *flags, help=meaning(name).rstrip(".") + preset + ".")


Paths = Annotated[list[str], typer.Argument(help="Files, folders or globs.", show_default=False)]
PathsOrNone = Annotated[
    list[str] | None, typer.Argument(help="Files, folders or globs.", show_default=False)
]
Db = Annotated[str | None, _of("db")]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        is_eager=True,
        callback=_take_settings,
        help="File of settings [storytransformer.toml].",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
Strict = Annotated[bool, _of("strict")]
Encoding = Annotated[str | None, _of("encoding")]
Exclude = Annotated[list[str] | None, _of("exclude")]
Pattern = Annotated[str | None, _of("pattern")]
Shape = Annotated[str | None, _of("shape")]
Repair = Annotated[bool, _of("repair")]
FollowLinks = Annotated[bool, _of("follow_links")]
Models = Annotated[list[str] | None, typer.Option("--model", "-m", help="Repeat for several.")]
Model = Annotated[str, typer.Option("--model", "-m", help="See `storytransformer models`.")]
Judge = Annotated[
    str, typer.Option("--judge", "--model", "-m", help="Who judges; see `storytransformer models`.")
]
Propose = Annotated[bool, _of("propose")]
AskBy = Annotated[
    str,
    typer.Option(
        "--strategy", help="How a judge is asked: pairs, or groups, which fill its window first."
    ),
]
MostPairs = Annotated[int | None, _of("pairs")]
Edition = Annotated[str, _of("edition")]
Since = Annotated[
    str | None, typer.Option("--since", help="An earlier run: say what is new since.")
]
About = Annotated[list[str] | None, typer.Option(help="Keep only stories with these words.")]
MaxCost = Annotated[str | None, _of("max_cost")]
MaxSeconds = Annotated[int | None, _of("max_seconds")]
AllowCloud = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-cloud",
        metavar="PATHS|all",
        help="What may leave this machine for the model named; repeat for several.",
    ),
]
AllowAll = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-cloud",
        metavar="all",
        help="Let what the eval makes up leave this machine for the model named.",
    ),
]
LocalOnly = Annotated[list[str] | None, _of("local_only")]
AllowEgress = Annotated[list[str] | None, _of("allow_egress")]
Batch = Annotated[bool, _of("batch")]
AskAgain = Annotated[
    bool,
    typer.Option("--ask-again", help="Pay again where a reply came that cannot be used."),
]
CountOnline = Annotated[
    bool, typer.Option("--count-online", help="Let providers count the prompts: they are sent.")
]
GroupBy = Annotated[str, _of("group")]
Card = Annotated[str | None, _of("gpu")]
Port = Annotated[int, _of("port")]
Out = Annotated[str, _of("out")]
Prefect = Annotated[bool, typer.Option("--prefect", help="Run as a Prefect flow.")]

#: What options are when nobody says anything.
MODEL, GROUP, EDITION, OUT = map(default, ("model", "group", "edition", "out"))
PORT = int(default("port"))


def for_a_flow(config: str | None) -> None:
    """Refuse ``--config`` where Prefect runs the command: its processes look for the file
    themselves.

    Raises:
        InputError: it was given.
    """
    if config is not None:
        raise InputError(
            "a flow is not told of the file.",
            where="--config",
            next="Set STORYTRANSFORMER_CONFIG in the environment in place of it.",
        )


def reading(
    encoding: str | None,
    exclude: list[str] | None,
    pattern: str | None,
    shape: str | None,
    repair: bool,
    strict: bool,
    follow_links: bool = False,
) -> Reading:
    """The reading options of a command as a value."""
    from pipeline.merge.corpus import Reading

    return Reading(encoding, tuple(exclude or ()), pattern, shape, repair, strict, follow_links)
