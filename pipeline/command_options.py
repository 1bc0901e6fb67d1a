"""How the options of :mod:`pipeline.options` are written on a command line, and the arguments and
options that commands share beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar, cast, get_args

import typer
from typer.core import TyperGroup

from pipeline.configuration import default, meaning
from pipeline.console import Telling, say
from pipeline.edge import Edge
from pipeline.errors import InputError
from pipeline.options import Option, Options, bare, flag_of, is_list, option, setting, spread

R = TypeVar("R")

#: What options are when nobody says anything.
MODEL = default("model")
PORT = int(default("port"))


#: What a person writes for a value of each kind; one of a list is written like one alone.
_KINDS = {
    "str": "TEXT",
    **dict.fromkeys(("int", "int range", "float", "float range"), "N"),
    **dict.fromkeys(("path", "file", "filename"), "FILE"),
}
_KIND = re.compile(r"<(?:list\[)?([^\[\]<>]+)\]?>")


def _kind_said(term: str) -> str:
    """An option with its value as a person calls it: "--pairs N" for "--pairs <int>"."""
    return _KIND.sub(lambda found: _KINDS.get(found[1], found[1]), term)


class WholeWords(TyperGroup.context_class.formatter_class):  # type: ignore[misc, name-defined]
    """Help whose lines end at blanks only: a name with hyphens is copied whole."""

    #: Stands for a hyphen while lines are made; in no text that a person writes.
    _HYPHEN = "\ue000"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        super().write_usage(prog, self._bound(args), prefix)

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        super().write_text(self._bound(text))

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms and what they mean; in a narrow terminal what they mean begins further to
        the left, so that its words have room."""
        said = [(self._bound(_kind_said(term)), self._bound(text)) for term, text in rows]
        super().write_dl(said, col_max if self.width >= 70 else col_max // 2, col_spacing)

    def getvalue(self) -> str:
        """What was written."""
        return str(super().getvalue()).replace(self._HYPHEN, "-")

    def _bound(self, text: str) -> str:
        return text.replace("-", self._HYPHEN)


TyperGroup.context_class.formatter_class = WholeWords


class Group(TyperGroup):
    """A group whose help says of each command all that its first sentence says: what is too long
    for a line goes on in the next one, and no word is cut."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(limit=1000))
            for name, command in found
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


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


def _dressed(name: str, hint: Any, preset: Any, known: Option) -> tuple[Any, Any]:
    """An option as typer takes it."""
    told = known.help
    limits: dict[str, Any] = {"metavar": known.metavar}
    if known.least is not None and known.parse is None and "/" not in "".join(known.flags):
        limits["min"] = known.least
    if name == "db":
        told = f"{told.rstrip('.')} [{default('db')}]."
    if name == "config":
        limits |= {"is_eager": True, "callback": _take_settings}
    taken = _taken_as(hint, known)
    flags = known.flags or ((flag_of(name, known),) if taken is bool and not preset else ())
    shown = None if is_list(hint) or isinstance(preset, (date, Decimal)) else preset
    return Annotated[taken, typer.Option(*flags, help=told, **limits)], shown


def _taken_as(hint: Any, known: Option) -> Any:
    """What typer is told of an option's type."""
    if known.parse is not None:
        return str | None
    if is_list(hint):
        return list[get_args(bare(hint))[0]] | None  # type: ignore[misc]
    return bare(hint)


def command(function: Callable[..., R]) -> Callable[..., R]:
    """A command: the values of options that it takes are spread into options of their own."""
    return spread(function, _dressed)


Paths = Annotated[list[str], typer.Argument(help="Files, folders or globs.", show_default=False)]
PathsOrNone = Annotated[
    list[str] | None, typer.Argument(help="Files, folders or globs.", show_default=False)
]
Model = Annotated[str, typer.Option("--model", "-m", help="See `storytransformer models`.")]
Models = Annotated[list[str] | None, typer.Option("--model", "-m", help="Repeat for several.")]
Judge = Annotated[
    str, typer.Option("--judge", "--model", "-m", help="Who judges; see `storytransformer models`.")
]
Port = Annotated[int, typer.Option("--port", help="Port of the pages on 127.0.0.1.")]
Prefect = Annotated[bool, typer.Option("--prefect", help="Run as a Prefect flow.")]
Notes = Annotated[
    bool, typer.Option("--notes", help="Show every line, and what has to be said of the figures.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Price it, ask nothing.")]


@dataclass(frozen=True, kw_only=True)
class Shown(Options):
    """How a command tells what it does, for one that opens no database."""

    json: bool = option(False, "Print one JSON object.", "", "--json")
    quiet: bool = option(False, "No progress on stderr.", "", "--quiet")
    debug: bool = option(False, "Show tracebacks.", "", "--debug")

    @property
    def line(self) -> Telling:
        """Tells progress."""
        return say(self.quiet)


@dataclass(frozen=True, kw_only=True)
class Here(Shown):
    """Where a command finds its database and settings, and how it tells what it does."""

    db: str | None = option(None, meaning("db"), "Database", "--db")
    config: str | None = option(None, "File of settings [storytransformer.toml].", "", "--config")
    allow_egress: tuple[str, ...] = setting("allow_egress", "What may be elsewhere")

    def edge(self) -> Edge:
        """The settings of the command."""
        return Edge.read(self.db, self.allow_egress, self.config)

    @property
    def for_next(self) -> dict[str, str | None]:
        """What a next command is to be told, too."""
        return {"db": self.db, "config": self.config}

    def for_a_flow(self) -> dict[str, Any]:
        """What a flow is told of it.

        Raises:
            InputError: ``--config`` where Prefect runs the command: its processes look for the
                file themselves.
        """
        if self.config is not None:
            raise InputError(
                "a flow is not told of the file.",
                where="--config",
                next="Set STORYTRANSFORMER_CONFIG in the environment in place of it.",
            )
        return {"db": self.db, "allow_egress": list(self.allow_egress)}
