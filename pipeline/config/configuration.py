"""Every setting, in one table: what it is called, what it means, its default, where it may be said.

Help, the file that ``storytransformer init`` writes, ``storytransformer config`` and the docs are
made from it. Nothing here reads the environment (:mod:`pipeline.config.settings`) or a file
(:mod:`pipeline.config.config_file`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from pipeline.config.egress import without_password
from pipeline.errors import InputError
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.providers.provider_registry import providers

Kind = Literal["text", "path", "database", "whole", "number", "flag", "list"]
Value = str | int | Decimal | bool | tuple[str, ...] | None
Source = Literal["command line", "environment", "file", "default"]

#: A file comes along with documents and repositories: whoever wrote it may not be its reader.
_PERMISSION = "what may leave this machine is said on the command line or in the environment"
_ADDRESS = "a key is sent to this address, which a file that came along must not choose"
_PROGRAM = "a program is started by it, which a file that came along must not choose"
_SECRET = "a secret in a file is copied, shared and committed"
_REACHED = "Keys and addresses"
_YES = {"1": True, "true": True, "yes": True, "on": True}
_NO = {"0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Args:
        default: as it is written in the file; "" for none.
        example: what the file shows where there is no default.
        option: on the command line, "" when there is none.
        commands: those whose option takes its default from here, a group for all of its commands
            that have the option; settings without any are read by
            :func:`pipeline.config.settings.read_settings` for all of them.
        variables: in the environment; the first that is set counts.
        not_in_file: why a file may not hold it, "" when it may.
        adds: what is said in several places holds together; otherwise the first place counts.
    """

    name: str
    kind: Kind
    meaning: str
    group: str
    default: str = ""
    example: str = ""
    option: str = ""
    commands: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    not_in_file: str = ""
    secret: bool = False
    adds: bool = False

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return self.environment[0]

    @property
    def environment(self) -> tuple[str, ...]:
        """Its environment variables."""
        return self.variables or (f"STORYTRANSFORMER_{self.name.upper()}",)

    @property
    def fallback(self) -> Value:
        """Its value when nobody says anything."""
        if self.default:
            return self.parse(self.default, where="default")
        empty: dict[Kind, Value] = {"list": (), "whole": None, "number": None, "flag": False}
        return empty.get(self.kind, "")

    def parse(self, text: str, *, where: str) -> Value:
        """Its value, written in the environment.

        Raises:
            InputError: not a value of its kind.
        """
        if self.kind == "list":
            return tuple(part.strip() for part in text.split(",") if part.strip())
        if self.kind == "flag":
            if text.lower() not in _YES | _NO:
                raise self._wrong(text, where)
            return (_YES | _NO)[text.lower()]
        if self.kind in ("whole", "number"):
            return self._number(text, where)
        if self.choices and text not in self.choices:
            raise self._wrong(text, where)
        return text

    def take(self, value: object, *, where: str) -> Value:
        """Its value, as a TOML file holds it.

        Raises:
            InputError: not a value of its kind, or one with a password in it.
        """
        if isinstance(value, bool):
            if self.kind == "flag":
                return value
        elif isinstance(value, (int, float)) and self.kind in ("whole", "number"):
            return self._number(str(value), where)
        elif self.kind == "list" and isinstance(value, list):
            if all(isinstance(part, str) for part in value):
                return tuple(value)
        elif isinstance(value, str) and self.kind not in ("flag", "list", "whole"):
            if without_password(value) != value:
                raise InputError(
                    f"{self.name} holds a password, and {_SECRET}.",
                    where=where,
                    next=f"Remove it here, and set {self.variable} in the environment.",
                )
            return self.parse(value, where=where)
        raise self._wrong(value, where)

    def _number(self, text: str, where: str) -> Value:
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise self._wrong(text, where) from None
        if not number.is_finite() or number < 0:
            raise self._wrong(text, where)
        if self.kind == "number":
            return number
        if number != int(number):
            raise self._wrong(text, where)
        return int(number)

    def _wrong(self, value: object, where: str) -> InputError:
        expected = {
            "flag": "true or false",
            "whole": "a whole number",
            "number": "a number, zero or more",
            "list": "a list of texts",
        }.get(self.kind, "a text")
        if self.choices:
            expected = f"one of {', '.join(self.choices)}"
        shown = self.example or self.default
        return InputError(
            f"{self.name} is {expected}, not {value!r}.",
            where=where,
            next=f"Such as {shown}." if shown and not self.choices else "",
        )


_READING = ("extract", "estimate", "merge")
_SPENDING = ("merge", "exam", "eval")
_MERGING = ("merge",)


def _of_providers() -> Iterator[Setting]:
    """The key and the address of each provider that has them."""
    for provider in providers().values():
        if provider.key:
            answering = "models" if provider.is_cloud else "servers"
            yield Setting(
                provider.key[0].lower(), "text", f"Key for {provider.name}/… {answering}.",
                _REACHED, variables=provider.key, not_in_file=_SECRET, secret=True,
            )  # fmt: skip
    for provider in providers().values():
        if provider.address_variable:
            yield Setting(
                provider.address_variable.lower(), "text",
                f"Another address for {provider.name}/… models.",
                _REACHED, variables=(provider.address_variable,), not_in_file=_ADDRESS,
            )  # fmt: skip


#: In the order in which the file and the docs show them.
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "db", "database", "Database: a URL, or a SQLite file.", "This machine",
        default="data/runs/storytransformer.sqlite", option="--db",
    ),
    Setting(
        "db_patience", "number", "Seconds to wait for another writer of a SQLite file.",
        "This machine", default="60",
    ),
    Setting(
        "cache", "path", "Folder for converted weights and tokenizer files.", "This machine",
        default="~/.cache/storytransformer",
    ),
    Setting(
        "threads", "whole", "CPU threads of the local engine; 0 for all there are.",
        "This machine", default="0",
    ),
    Setting(
        "vllm", "text",
        "Who generates for local/… models: auto (vLLM where it and a card are), off, a server's "
        "address, or the vllm program of another environment with its options.",
        "This machine", default="auto", example="http://127.0.0.1:8000/v1", not_in_file=_PROGRAM,
    ),
    Setting(
        "gpu", "text", "Plan for this card of the catalogue, not for the one found here.",
        "This machine", example="RTX 4090", option="--gpu", commands=("estimate",),
    ),
    Setting(
        "usd_per_kwh", "number", "What electricity costs, for estimates of local models.",
        "This machine", default="0.17",
    ),
    Setting(
        "port", "whole", "Port of the pages on 127.0.0.1.", "This machine",
        default="8001", option="--port", commands=("dashboard",),
    ),
    Setting(
        "task_runner", "text", "Dask or Ray cluster that reads the documents of flows.",
        "This machine",
        example="dask://127.0.0.1:8786",
    ),
    Setting(
        "encoding", "text", "Read text files in this encoding, not in the one that is found.",
        "Reading documents", example="cp1252", option="--encoding", commands=_READING,
    ),
    Setting(
        "exclude", "list", "Leave these documents out, as in .gitignore.", "Reading documents",
        example="archive/", option="--exclude", commands=_READING,
    ),
    Setting(
        "pattern", "text", "Regular expression of headings that begin a story.",
        "Reading documents", example="^Requirement [0-9]+", option="--pattern", commands=_READING,
    ),
    Setting(
        "shape", "text", 'Read shall-sentences ("ears") as stories wherever they stand.',
        "Reading documents", example="ears", option="--shape", commands=_READING, choices=("ears",),
    ),
    Setting(
        "repair", "flag", "Mend mojibake.", "Reading documents",
        default="false", option="--repair", commands=_READING,
    ),
    Setting(
        "strict", "flag", "An unreadable document is an error.", "Reading documents",
        default="false", option="--strict", commands=_READING,
    ),
    Setting(
        "follow_links", "flag", "Read what links in a folder lead to outside it.",
        "Reading documents", default="false", option="--follow-links", commands=_READING,
        not_in_file=_PERMISSION,
    ),
    Setting(
        "model", "text", "Who judges; `storytransformer models` lists them.", "Merging",
        default=EXTRACTIVE, option="--model", commands=_MERGING,
    ),
    Setting(
        "propose", "flag", "Ask a model without a record; it orders proposals only.", "Merging",
        default="false", option="--propose", commands=_MERGING,
    ),
    Setting(
        "pairs", "whole", "Questions about pairs, at most.", "Merging",
        example="5000", option="--pairs", commands=("estimate", *_MERGING),
    ),
    Setting(
        "max_cost", "number", "Dollars that a command may not exceed.", "Merging",
        example="2.50", option="--max-cost", commands=_SPENDING,
    ),
    Setting(
        "max_seconds", "whole", "Seconds of asking after which a merge asks nothing more.",
        "Merging", example="3600", option="--max-seconds", commands=_MERGING,
    ),
    Setting(
        "batch", "flag", "By the provider's batch API: half the price, within a day.", "Merging",
        default="false", option="--batch", commands=_MERGING,
    ),
    Setting(
        "group", "text", "Order of the merged document: topic or role.", "Merging",
        default="topic", option="--group", commands=_MERGING, choices=("topic", "role"),
    ),
    Setting(
        "edition", "text", "The merged document: files by size, or full, everything in one.",
        "Merging", default="files", option="--edition", commands=_MERGING,
        choices=("files", "full"),
    ),
    Setting(
        "out", "path", "Folder for the merged document.", "Merging",
        default="merged", option="--out", commands=_MERGING,
    ),
    Setting(
        "model_patience", "number", "Seconds that a server may take for a reply; 0 for any.",
        "Merging", default="600",
    ),
    Setting(
        "local_only", "list", "Documents that are sent to no cloud, as in .gitignore.",
        "What leaves this machine", example="hr/", option="--local-only", adds=True,
    ),
    Setting(
        "rates", "list", "What your accounts may send a minute: "
        "NAME=REQUESTS/INPUT TOKENS/OUTPUT TOKENS.",
        "What leaves this machine", example="claude=50/30000/8000",
    ),
    Setting(
        "allow_egress", "list",
        "What may be off this machine: database, prefect, task-runner.",
        "What leaves this machine", option="--allow-egress", adds=True, not_in_file=_PERMISSION,
    ),
    *_of_providers(),
    Setting(
        "pg_host", "text", "Where a PostgreSQL URL without a host leads.", _REACHED,
        variables=("PGHOSTADDR", "PGHOST"), not_in_file=_ADDRESS,
    ),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Found:
    """The value of a setting, and where it was found.

    Args:
        where: the option, the variable, or file and line; "" for a default.
    """

    setting: Setting
    value: Value
    source: Source
    where: str = ""

    @property
    def shown(self) -> str:
        """The value for people: of a secret only whether there is one."""
        if self.setting.secret:
            return "set" if self.value else "not set"
        if self.value is None or self.value == "" or self.value == ():
            return ""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        if isinstance(self.value, tuple):
            return ", ".join(self.value)
        return without_password(str(self.value))


def default(name: str) -> str:
    """What a setting is when nobody says anything, as it is written."""
    return BY_NAME[name].default


def meaning(name: str) -> str:
    """What a setting does, in a sentence."""
    return BY_NAME[name].meaning


def nearest(name: str, names: Iterable[str]) -> str:
    """ "Did you mean …? " for a misspelt name; "" where none is near."""
    import difflib  # only for who misspelt something

    near = difflib.get_close_matches(name, list(names), n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else ""
