"""The options of :mod:`pipeline.config.options` as Prefect's forms show them: a title, limits, a
choice, and what each means.

Prefect sets the title to the bare name after everything else but what the schema adds, hence
``titled``; it shows what the docstring of a flow says of a parameter beside it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from pydantic import Field

from pipeline.config.options import (
    Option,
    Options,
    bare,
    is_list,
    option,
    option_of,
    setting,
    spread,
)

R = TypeVar("R")
#: Its members are known when the program runs, not before.
_SEQUENCE: Any = Sequence


def titled(title: str, *, choice: Sequence[str] | None = None, **limits: Any) -> Any:
    """A parameter's title in a form, its choices if they are few, and the limits of its values."""
    shown: dict[str, Any] = {"title": title}
    if choice is not None:
        shown["enum"] = [*choice, None]
    return Field(json_schema_extra=shown, **limits)


Documents = Annotated[list[str], titled("Documents", min_length=1)]
Name = Annotated[str, titled("Model", min_length=1)]
Names = Annotated[Sequence[str], titled("Models")]
Page = Annotated[str | None, titled("Page to look through")]


@dataclass(frozen=True, kw_only=True)
class Where(Options):
    """Where a flow finds its database."""

    db: str | None = option(
        None,
        "URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.",
        "Database",
    )
    allow_egress: tuple[str, ...] = setting("allow_egress", "What may be elsewhere")


def _dressed(name: str, hint: Any, preset: Any, known: Option) -> tuple[Any, Any]:
    """An option as Prefect's form takes it."""
    taken, plain = hint, bare(hint)
    limits: dict[str, Any] = {}
    if known.choices and is_list(hint):
        taken = _SEQUENCE[_one_of(known.choices)]
    elif known.choices:
        taken = _one_of(known.choices)
        taken = taken | None if preset is None else taken
    elif is_list(hint):
        taken = _SEQUENCE[get_args(plain)[0]]
    elif known.parse is not None and preset is None and is_list(_first(plain)):
        taken = _SEQUENCE[get_args(_first(plain))[0]] | None
    if known.least is not None:
        limits["ge"] = known.least
    if plain is str and isinstance(preset, str) and not known.choices:
        limits["min_length"] = 1
    return Annotated[taken, titled(known.title, **limits)], preset


def _one_of(choices: tuple[str, ...]) -> Any:
    """The type of a text that is one of these."""
    return Literal.__getitem__(choices)


def _first(hint: Any) -> Any:
    """The type of an option that may be None."""
    return next(iter(get_args(hint)), hint)


def parameters(function: Callable[..., R]) -> Callable[..., R]:
    """A flow's function: the values of options that it takes are spread into parameters of their
    own, described in its docstring as they are on the command line."""
    found = spread(function, _dressed)
    groups = [
        hint
        for hint in get_type_hints(function).values()
        if isinstance(hint, type) and issubclass(hint, Options)
    ]
    told = inspect.getdoc(function) or ""
    if "\nArgs:" not in told:
        told += "\n\nArgs:"
    for group in groups:
        for one in fields(group):
            told += f"\n    {one.name}: {option_of(one).help}"
    found.__doc__ = told
    # Prefect looks for a flow's file by its code, and would find this one.
    code: Any = found
    code.__code__ = code.__code__.replace(co_filename=function.__code__.co_filename)
    return found
