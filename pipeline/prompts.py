"""Load and render the released prompts of ``prompts/*.md``.

A prompt file is ``NAME.vN.md``: turns headed ``## system``, ``## user`` or ``## assistant``, in
order; ``{{name}}`` is a placeholder. A released prompt is never edited, only succeeded by the next
version, because replies are journalled under its hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from pipeline.calls import Message, Role, canonical_json
from pipeline.errors import InputError

_TURN = re.compile(r"^## (system|user|assistant)\s*$", re.MULTILINE)
_HOLE = re.compile(r"\{\{(\w+)\}\}")
_NAME = re.compile(r"^(?P<name>[\w-]+)\.v(?P<version>\d+)\.md$")


@dataclass(frozen=True)
class Prompt:
    """A released prompt: its turns with placeholders, and the hash of its file.

    ``shared`` is the number of leading turns without a placeholder: they are the same in every
    request, stand first, and can be cached.
    """

    name: str
    version: int
    sha256: str
    turns: tuple[Message, ...]
    shared: int

    @property
    def label(self) -> str:
        """ "judge-pair.v1"."""
        return f"{self.name}.v{self.version}"

    def render(self, **values: str) -> tuple[Message, ...]:
        """The turns with every placeholder filled.

        Values are put in as they are: a ``{{…}}`` inside a value is text, not a placeholder.

        Raises:
            InputError: a placeholder has no value, or a value has no placeholder.
        """
        if values.keys() != self._holes:
            raise InputError(
                f"prompt {self.label} has placeholders {sorted(self._holes)}, given "
                f"{sorted(values)}."
            )
        return self.turns[: self.shared] + tuple(
            Message(role, "".join([values[part] if hole else part for hole, part in parts]))
            for role, parts in self._open_turns
        )

    def rendered(self, values: Iterable[Mapping[str, str]]) -> Iterator[str]:
        """The turns after the shared ones, for each of some values, as canonical JSON.

        Args:
            values: of every placeholder, as JSON text without its quotes.
        """
        turns = canonical_json(self.turns[self.shared :])
        parts = _HOLE.split(turns)
        template, holes = "%s".join(part.replace("%", "%%") for part in parts[::2]), parts[1::2]
        for each in values:
            yield template % tuple([each[hole] for hole in holes])

    @cached_property
    def _holes(self) -> frozenset[str]:
        return frozenset(name for turn in self.turns for name in _HOLE.findall(turn.content))

    @cached_property
    def _open_turns(self) -> tuple[tuple[Role, tuple[tuple[bool, str], ...]], ...]:
        """The turns that are not shared: text, and names of placeholders (True), in turn."""
        return tuple(
            (
                turn.role,
                tuple((i % 2 == 1, part) for i, part in enumerate(_HOLE.split(turn.content))),
            )
            for turn in self.turns[self.shared :]
        )


def labelled_prompt(folder: Path, label: str) -> Prompt:
    """A prompt by its name, the newest, or by its label ("judge-pair.v1"), just that one.

    Raises:
        InputError: as :func:`load_prompt`.
    """
    found = _NAME.match(f"{label}.md")
    return (
        load_prompt(folder, found["name"], int(found["version"]))
        if found
        else load_prompt(folder, label)
    )


def load_prompt(folder: Path, name: str, version: int | None = None) -> Prompt:
    """The newest version of a prompt, or the one asked for.

    Raises:
        InputError: no such prompt, or a file without turns.
    """
    found: dict[int, Path] = {}
    for path in sorted(folder.glob(f"{name}.v*.md")):
        match = _NAME.match(path.name)
        if match and match["name"] == name:
            found[int(match["version"])] = path
    if not found or (version is not None and version not in found):
        asked = name if version is None else f"{name}.v{version}"
        raise InputError(
            f"no prompt {asked!r}.",
            where=str(folder),
            next=f"There are: {', '.join(sorted(p.stem for p in folder.glob('*.md'))) or 'none'}.",
        )
    number = max(found) if version is None else version
    text = found[number].read_text(encoding="utf-8")
    parts = _TURN.split(text)[1:]
    if not parts:
        raise InputError("a prompt needs '## user' turns.", where=str(found[number]))
    turns = tuple(
        Message(cast(Role, parts[i]), parts[i + 1].strip()) for i in range(0, len(parts), 2)
    )
    shared = 0
    for turn in turns:
        if _HOLE.search(turn.content):
            break
        shared += 1
    return Prompt(name, number, hashlib.sha256(text.encode()).hexdigest(), turns, shared)
