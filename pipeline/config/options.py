"""The options of a run, each declared once: its name, type, default, meaning and limits.

The command line (:mod:`pipeline.cli.command_options`), Prefect's forms
(:mod:`pipeline.flows.parameters`), the row of a run and the docs are made of these values.
A function that takes one of them is given the single options by :func:`spread`: a command or a flow
has a parameter for each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin, get_type_hints

from pipeline.config.configuration import BY_NAME, meaning
from pipeline.errors import InputError
from pipeline.providers.local import DEFAULT_LOCAL

R = TypeVar("R")


def parse_date(text: str | None, *, where: str) -> date | None:
    """A date; None when there is none.

    Raises:
        InputError: not YYYY-MM-DD.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise InputError(
            f"{text!r} is not a date.", where=where, next="Write it as YYYY-MM-DD: 2026-11-21."
        ) from exc


def parse_usd(text: str | None, *, where: str) -> Decimal | None:
    """An amount of dollars; None when there is none.

    Raises:
        InputError: not a number, or negative.
    """
    if text is None:
        return None
    try:
        usd = Decimal(text.lstrip("$"))
    except InvalidOperation as exc:
        raise InputError(
            f"{text!r} is not an amount of dollars.", where=where, next="Write it as 2.50."
        ) from exc
    if not usd.is_finite() or usd < 0:
        raise InputError(f"{text!r} is not an amount of dollars.", where=where)
    return usd


def parse_integers(text: str | None, *, where: str) -> tuple[int, ...] | None:
    """Whole numbers between commas; None when there is no text.

    Raises:
        InputError: one of them is not a whole number.
    """
    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError as exc:
        raise InputError(
            f"{text!r} is not a list of whole numbers.",
            where=where,
            next="Write it as 512,1024,2048.",
        ) from exc


def parse_names(text: str | None, *, where: str) -> tuple[str, ...] | None:
    """Names between commas; None when there is no text."""
    if text is None:
        return None
    return tuple(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of one option beside its name, type and default.

    Args:
        help: what it does, in a sentence.
        title: what a form calls it.
        flags: on the command line; made of its name when empty.
        parse: from the text of the command line to its value, where the two differ.
        metavar: what stands for its value in the help.
        choices: its values, where they are few.
        least: its smallest value.
    """

    help: str
    title: str = ""
    flags: tuple[str, ...] = ()
    parse: Callable[..., Any] | None = None
    metavar: str | None = None
    choices: tuple[str, ...] | None = None
    least: int | None = None


def option(default: Any, help: str, title: str = "", *flags: str, **more: Any) -> Any:
    """The declaration of an option, as a field of a frozen dataclass."""
    return field(default=default, metadata={"option": Option(help, title, flags, **more)})


def setting(name: str, title: str, default: Any = None, **more: Any) -> Any:
    """An option that is a setting, too: the table of settings says what it means and what it is
    when nobody says anything.

    Args:
        default: in place of the one in the table, where no type fits that.
    """
    found = BY_NAME[name]
    if default is None:
        default = found.fallback if found.kind != "text" or found.default else None
    flag = f"{found.option}/--no-{name.replace('_', '-')}" if found.kind == "flag" else found.option
    return option(default, meaning(name), title, flag, **more)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every value of options can do; the values are frozen dataclasses."""

    @classmethod
    def taken(cls, given: Mapping[str, Any]) -> Self:
        """The value of what a command or a flow was given; what was not given has its default.

        Raises:
            InputError: a text that is not a value of its option.
        """
        values: dict[str, Any] = {}
        for one in fields(cls):
            if (value := given.get(one.name)) is None:
                continue
            known = option_of(one)
            if known.parse is not None and isinstance(value, str):
                value = known.parse(value, where=flag_of(one.name, known))
            values[one.name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)

    def given(self) -> dict[str, Any]:
        """Every option by its name, as a flow takes them."""
        return {
            one.name: list(value) if isinstance(value := getattr(self, one.name), tuple) else value
            for one in fields(self)
        }

    def said(self) -> dict[str, Any]:
        """The options that are not at their default, as JSON holds them: what a run keeps, and
        what the same command is made of again."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value == one.default:
                continue
            if isinstance(value, tuple):
                found[one.name] = list(value)
            else:
                found[one.name] = value if isinstance(value, (bool, int, str)) else str(value)
        return found


def as_words(kept: Mapping[str, Any], *kinds: type[Options]) -> list[str]:
    """What a run keeps of its options, as a person types it on a command line."""
    words: list[str] = []
    for one in (one for kind in kinds for one in fields(kind)):
        value, known = kept.get(one.name), option_of(one)
        flag = flag_of(one.name, known)
        # Some runs keep what was not given, too, as nothing.
        if value in (None, "", []) or value == one.default:
            continue
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag.removeprefix('--')}")
            continue
        given = [_typed(each) for each in (value if isinstance(value, list) else [value])]
        if known.parse is not None:
            given = [",".join(given)]
        words += [word for each in given for word in (flag, each)]
    return words


def _typed(value: Any) -> str:
    """A value as a person writes it: 50, not 50.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def option_of(declared: Any) -> Option:
    """What is known of a field beside its name, type and default."""
    known: Option = declared.metadata["option"]
    return known


def flag_of(name: str, known: Option) -> str:
    """How an option is written on the command line."""
    first = known.flags[0] if known.flags else f"--{name.replace('_', '-')}"
    return first.partition("/")[0]


_BY_NAME = inspect.Parameter.KEYWORD_ONLY

#: How one option becomes a parameter: its name, type, default and the rest to annotation, default.
Dress = Callable[[str, Any, Any, Option], tuple[Any, Any]]


def spread(function: Callable[..., R], dress: Dress) -> Callable[..., R]:
    """The function with a parameter for every single option, in place of the values that hold them.

    Args:
        function: takes values of :class:`Options` by annotated parameters, beside others.
    """
    hints = get_type_hints(function, include_extras=True)
    plain: list[inspect.Parameter] = []
    single: list[inspect.Parameter] = []
    groups: dict[str, type[Options]] = {}
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if not (isinstance(hint, type) and issubclass(hint, Options)):
            plain.append(parameter.replace(annotation=hint, kind=_BY_NAME))
            continue
        groups[parameter.name] = hint
        types = get_type_hints(hint, include_extras=True)
        for one in fields(hint):
            annotation, default = dress(one.name, types[one.name], one.default, option_of(one))
            single.append(
                inspect.Parameter(one.name, _BY_NAME, default=default, annotation=annotation)
            )
    shown = [
        parameter.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) if n == 0 else parameter
        for n, parameter in enumerate([*plain, *single])
    ]

    @wraps(function)
    def spread_out(*first: Any, **given: Any) -> R:
        given.update(zip([parameter.name for parameter in shown], first, strict=False))
        for name, kind in groups.items():
            told = {one.name: given.pop(one.name, None) for one in fields(kind)}
            given[name] = kind.taken(told)
        return function(**given)

    del spread_out.__wrapped__
    result: Any = spread_out
    result.__signature__ = inspect.Signature(shown, return_annotation=hints.get("return"))
    result.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    if "return" in hints:
        result.__annotations__["return"] = hints["return"]
    return spread_out


def bare(hint: Any) -> Any:
    """A type without what it is annotated with."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def is_list(hint: Any) -> bool:
    """Whether an option may be given several times."""
    return get_origin(bare(hint)) is tuple


@dataclass(frozen=True, kw_only=True)
class ReadOptions(Options):
    """How documents are read."""

    encoding: str | None = setting("encoding", "Encoding of text files")
    exclude: tuple[str, ...] = setting("exclude", "Left out")
    pattern: str | None = setting("pattern", "Headings that begin a story")
    shape: str | None = setting("shape", "Also read as stories", choices=("ears",))
    repair: bool = setting("repair", "Mend mojibake")
    strict: bool = setting("strict", "Unreadable is an error")
    follow_links: bool = setting("follow_links", "Follow links out of folders")

    def __post_init__(self) -> None:
        if self.shape not in (None, "ears"):
            raise InputError(
                f"{self.shape!r} is not a shape of stories.",
                where="--shape",
                next="Write ears, or leave it out.",
            )

    @property
    def ears(self) -> bool:
        """Whether shall-sentences are stories wherever they stand."""
        return self.shape == "ears"


@dataclass(frozen=True, kw_only=True)
class MayLeave(Options):
    """What a model elsewhere may be shown."""

    allow_cloud: tuple[str, ...] = option(
        (),
        "What may leave this machine for the model named; repeat for several.",
        "Documents that may leave this machine",
        metavar="PATHS|all",
    )


@dataclass(frozen=True, kw_only=True)
class _StaysHere(Options):
    """What no model elsewhere is shown."""

    local_only: tuple[str, ...] = setting("local_only", "Documents that stay here")


@dataclass(frozen=True, kw_only=True)
class _Spends(Options):
    """What a run may spend."""

    max_cost: Decimal | None = setting("max_cost", "Budget in dollars", parse=parse_usd, least=0)


@dataclass(frozen=True, kw_only=True)
class _Asks(_Spends):
    """What a run that asks a judge may spend, and on what."""

    batch: bool = setting("batch", "As a batch, within a day")
    ask_again: bool = option(
        False,
        "Pay again where a reply came that cannot be used.",
        "Pay again for replies that cannot be used",
        "--ask-again",
    )


@dataclass(frozen=True, kw_only=True)
class _Plans(_StaysHere, MayLeave):
    """Which stories a model is asked about."""

    about: tuple[str, ...] = option((), "Keep only stories with these words.", "Only stories about")
    pairs: int | None = setting("pairs", "Questions about pairs, at most", least=0)


@dataclass(frozen=True, kw_only=True)
class EstimateOptions(_Plans):
    """What a dry run prices."""

    models: tuple[str, ...] = option((), "Repeat for several.", "Models", "--model", "-m")
    strategies: tuple[str, ...] = option(
        (),
        "Repeat for several.",
        "Strategies",
        "--strategy",
        choices=("none", "pairs", "groups", "tree", "fold"),
    )
    as_of: date | None = option(
        None, "Prices of this date, YYYY-MM-DD.", "Prices of", parse=parse_date
    )
    count_online: bool = option(
        False,
        "Let providers count the prompts: they are sent.",
        "Let providers count",
        "--count-online",
    )
    gpu: str | None = setting("gpu", "Graphics card")


@dataclass(frozen=True, kw_only=True)
class MergeOptions(_Plans, _Asks):
    """What a merge asks, may spend, and writes."""

    propose: bool = setting("propose", "Ask a model without a record, for proposals only")
    strategy: str = option(
        "pairs",
        "How a judge is asked: pairs, or groups, which fill its window first.",
        "How a judge is asked",
        choices=("pairs", "groups"),
    )
    max_seconds: int | None = setting("max_seconds", "Seconds of asking, at most", least=0)
    out: str = setting("out", "Folder of the merged document")
    group: str = setting("group", "Grouped by", choices=("topic", "role"))
    edition: str = setting("edition", "Edition", choices=("files", "full"))
    since: str | None = option(
        None, "An earlier run: say what is new since.", "What is new since this run"
    )


@dataclass(frozen=True, kw_only=True)
class ExamOptions(_StaysHere, MayLeave, _Asks):
    """What a judge is examined with."""

    strategy: str = option(
        "pairs",
        "What is examined: pairs, or groups, in windows of several sizes.",
        "What is examined",
        choices=("pairs", "groups"),
    )
    labels: str | None = option(
        None, "Labelled pairs of your own, JSON Lines.", "Labelled pairs of your own"
    )
    corpora: str | None = option(
        None,
        "Folder of the documents that drawn pairs stand in.",
        "Folder of the drawn pairs' documents",
    )


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Options):
    """What a judge is made of."""

    base: str = option(DEFAULT_LOCAL, "The model to train.", "Model")
    out: str = option("judge", "Folder of the adapter.", "Folder of the adapter")
    pairs: int = option(6400, "Pairs to make.", "Pairs", least=8)
    dev_pairs: int = option(200, "Pairs to stop by.", "Pairs to stop by", least=4)
    most_tokens: int = option(
        160, "Tokens of a question; longer ones are dropped.", "Tokens of a question", least=32
    )
    answers: int = option(
        2, '2 for "same" and "different", 4 with overlaps and conflicts.', "Answers"
    )
    without: tuple[str, ...] = option(
        (), "A kind of difference to make no pairs of.", "Kinds left out"
    )
    seed: int = option(17, "Of everything that is drawn.", "Seed")
    settings: tuple[str, ...] = option(
        (), "NAME=VALUE of PEFT's LoraConfig or TRL's SFTConfig.", "Settings", "--set"
    )


@dataclass(frozen=True, kw_only=True)
class EvalOptions(MayLeave, _Spends):
    """What an eval may spend, and show a model elsewhere."""
