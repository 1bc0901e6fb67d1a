"""The file of settings, ``storytransformer.toml``: read, and written with comments.

Paths in it start at its own folder. It holds no secret and no permission: a folder of documents may
come with one that somebody else wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pipeline.config.configuration import BY_NAME, SETTINGS, Found, Setting, Value, nearest
from pipeline.errors import InputError

NAME = "storytransformer.toml"
_SECRET = re.compile(r"key|token|secret|password|passwd|credential", re.IGNORECASE)
_HEAD = """\
# Settings of StoryTransformer. Every line is a default behind a #: take the # away to change it.
# The command line comes before the environment, the environment before this file.
# `storytransformer config` shows what holds, and where it was said.
# Keys are never kept here: set them in the environment.
"""


def read_file(file: Path) -> Mapping[str, Found]:
    """The settings of a file, by name.

    Raises:
        InputError: there is no such file, it is not valid TOML, or it has a setting that does not
            exist, has a value of the wrong kind, or does not belong into a file. Names file and
            line.
    """
    import tomllib  # few commands find a file

    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError as exc:
        raise InputError(
            "there is no such file of settings.",
            where=str(file),
            next="`storytransformer init` writes one.",
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"cannot be read: {exc}.", where=str(file)) from exc
    except tomllib.TOMLDecodeError as exc:
        line = re.search(r"at line (\d+)", str(exc))
        raise InputError(
            f"is not valid TOML: {exc}.",
            where=f"{file}:{line[1]}" if line else str(file),
            next='Write a setting as name = "value".',
        ) from exc
    found = {}
    for name, value in values.items():
        where = f"{file}:{_line(text, name)}"
        setting = _setting(name, value, where)
        taken = _at_home(setting, setting.take(value, where=where), file.parent)
        found[setting.name] = Found(setting, taken, "file", where)
    return found


def _setting(name: str, value: object, where: str) -> Setting:
    """The setting of a name.

    Raises:
        InputError: there is none, or it does not belong into a file.
    """
    setting = BY_NAME.get(name) or BY_NAME.get(name.lower())
    if setting is not None and setting.not_in_file:
        option = f" or give {setting.option}" if setting.option else ""
        raise InputError(
            f"{name} does not belong into a file: {setting.not_in_file}.",
            where=where,
            next=f"Remove the line, and set {setting.variable} in the environment{option}.",
        )
    if setting is not None and setting.name == name:
        return setting
    allowed = [setting.name for setting in SETTINGS if not setting.not_in_file]
    hint = nearest(name.lower().replace("-", "_"), allowed)
    if not hint and _SECRET.search(name):
        raise InputError(
            f"{name} looks like a secret, which does not belong into a file.",
            where=where,
            next="Remove the line; keys are read from the environment only.",
        )
    raise InputError(
        f"there is no {'table' if isinstance(value, dict) else 'setting'} {name!r}.",
        where=where,
        next=hint or f"There are: {', '.join(allowed)}.",
    )


def _line(text: str, name: str) -> int:
    """The line on which a name is set."""
    said = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[\].=]""")
    for number, line in enumerate(text.splitlines(), 1):
        if said.match(line):
            return number
    return 1


def _at_home(setting: Setting, value: Value, folder: Path) -> Value:
    """A path of the file, which starts at its folder."""
    if setting.kind not in ("path", "database") or not isinstance(value, str) or "://" in value:
        return value
    return str(folder / Path(value).expanduser())


def default_file() -> str:
    """The text of a file that changes nothing: every setting with its meaning and default."""
    parts = [_HEAD]
    group = ""
    for setting in SETTINGS:
        if setting.not_in_file:
            continue
        if setting.group != group:
            group = setting.group
            parts.append(f"\n# {group} {'─' * (96 - len(group))}\n")
        said = " · ".join(filter(None, (setting.option, setting.variable)))
        none = "" if setting.default else " Not set; such as:"
        parts.append(f"\n# {setting.meaning}\n# {said}.{none}\n")
        parts.append(f"#{setting.name} = {_as_toml(setting)}\n")
    return "".join(parts)


def _as_toml(setting: Setting) -> str:
    written = setting.default or setting.example
    if setting.kind in ("whole", "number", "flag"):
        return written
    quoted = f'"{written}"'
    return f"[{quoted}]" if setting.kind == "list" else quoted
