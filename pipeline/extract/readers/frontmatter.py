"""The YAML head of a note: ``---`` … ``---``, as strings; invalid heads reported, never fatal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

_HEAD = re.compile(r"---[ \t]*\r?\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.DOTALL)
_SIMPLE = re.compile(r"^([A-Za-z][\w -]{0,40}):[ \t]+(\S.*?)\s*$", re.MULTILINE)

_HEAD_LINES = 12
_MAX_DEPTH = 3
_HEAD_LINE = re.compile(
    r"^[#>*_ \t]*(Author|Authors|Date|Written|Created|Updated|Reporter|Owner)[*_]*:"
    r"[ \t]*(\S.{0,120}?)[ \t*_]*$",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``length`` characters of head (0: none), its values, and what is wrong with it."""

    length: int = 0
    values: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


class _Plain(yaml.SafeLoader):
    """Reads values as they stand there. An alias stands for a value that is elsewhere: three
    kilobytes of them stand for billions, and no note needs one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not read", event.start_mark)
        return super().compose_node(parent, index)


def read_front_matter(text: str) -> FrontMatter:
    """Read the head of ``text``. What YAML cannot read is taken line by line and reported."""
    blank = len(text) - len(text.lstrip())
    if not text.startswith("---", blank):
        return FrontMatter()
    match = _HEAD.match(text, blank)
    if not match:
        return FrontMatter()
    head = match.group(1)
    try:
        # ValueError: YAML dates such as 2024-13-01 fail in datetime, not in the parser.
        loaded = yaml.load(head, _Plain)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        values = {key.strip(): value.strip("'\"") for key, value in _SIMPLE.findall(head)}
        reason = " ".join(str(error).split())[:160]
        return FrontMatter(match.end(), values, f"invalid YAML front matter ({reason})")
    if loaded is None:
        return FrontMatter(match.end())
    if not isinstance(loaded, dict):
        return FrontMatter()
    return FrontMatter(match.end(), {str(key): _flat(value) for key, value in loaded.items()})


def read_head_lines(text: str) -> dict[str, str]:
    """Author and date where a document without YAML names them in its first lines."""
    head = "\n".join(text[:2000].splitlines()[:_HEAD_LINES])
    return {key.lower(): value.strip("*_ ") for key, value in _HEAD_LINE.findall(head)}


def _flat(value: object, depth: int = 0) -> str:
    """A value on one line. YAML aliases may hold themselves, or each other many times over."""
    if depth > _MAX_DEPTH and isinstance(value, (dict, list, tuple, set)):
        return "…"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(item, depth + 1)}" for key, item in value.items())
    if isinstance(value, (list, tuple, set)):
        return ", ".join(_flat(item, depth + 1) for item in value)
    return "" if value is None else str(value)
