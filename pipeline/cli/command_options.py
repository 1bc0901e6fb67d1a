"""How the options of :mod:`pipeline.config.options` are written on a command line, and the
arguments and options that commands share beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar, cast, get_args

import typer

from pipeline.config.configuration import default, meaning
from pipeline.config.options import Option, Options, bare, flag_of, is_list, option, setting, spread
from pipeline.console import Telling, say
from pipeline.errors import InputError
from pipeline.runtime import Runtime

R = TypeVar("R")

#: What options are when nobody says anything.
MODEL = default("model")
PORT = int(default("port"))


def _take_settings(context: typer.Context, file: str | None) -> str | None:
    """Give the command's options the defaults that environment and file say: called before any
    other option is looked at."""
    if not context.resilient_parsing:  # a shell that completes words
        from pipeline.config.settings import read_settings

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


def parse_words(n: int, *, where: str) -> int:
    """A number of words.

    Raises:
        InputError: none at all, or fewer.
    """
    if n < 1:
        raise InputError(f"{n} words cannot be priced.", where=where, next="Write it as 440000.")
    return n


def parse_tokens_per_word(text: str | None) -> Decimal | None:
    """Tokens of a word, None where each model's own are wanted.

    Raises:
        InputError: not a number above zero.
    """
    if text is None:
        return None
    try:
        ratio = Decimal(text)
    except InvalidOperation:
        ratio = Decimal(0)
    if not ratio.is_finite() or not 0 < ratio <= 100:
        raise InputError(
            f"{text!r} is not a number of tokens.",
            where="--tokens-per-word",
            next="Write it as 1.3; leave it out for what was measured.",
        )
    return ratio


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

    def runtime(self) -> Runtime:
        """The settings of the command."""
        return Runtime.read(self.db, self.allow_egress, self.config)

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
