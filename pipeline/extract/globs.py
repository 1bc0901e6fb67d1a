"""Patterns of paths as ``.gitignore`` writes them, matched in time that grows with pattern × path.

A pattern without "/" matches at any depth, one with "/" from the root; ``**`` stands for any
number of folders, ``*`` and ``?`` for what is in one name, ``[a-z]`` and ``[!a-z]`` for one
character. A translation into one regular expression backtracks without end on ``*a*a*a*…``; here
each name is matched on its own, and a run of stars is one star.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pipeline.errors import InputError

#: Longer ones are not patterns that somebody wrote.
_LONGEST = 4096
_ANY_FOLDERS = "**"


def check_patterns(patterns: Iterable[str], *, where: str) -> None:
    """Refuse patterns that mean nothing.

    Args:
        where: the option or file that holds them, for the message.

    Raises:
        InputError: a pattern that is empty, too long, or holds a range that ends before it begins.
    """
    for pattern in patterns:
        bare = pattern[1:] if pattern.startswith("!") else pattern
        if not bare.strip("/") or len(bare) > _LONGEST or "\0" in bare:
            raise _invalid(pattern, where)
        try:
            _parse(bare)
        except re.error as error:
            raise _invalid(pattern, where) from error


def _invalid(pattern: str, where: str) -> InputError:
    shown = pattern if len(pattern) <= 80 else f"{pattern[:80]}…"
    return InputError(
        f"{shown!r} is not a pattern of paths.",
        where=where,
        next="Write it as in .gitignore: *.bak, drafts/, docs/**/old-[0-9].md.",
    )


def is_excluded(relative: str, patterns: Sequence[str], *, is_folder: bool = False) -> bool:
    """Whether ``.gitignore``-like patterns leave out a path (relative, with "/"); the last
    pattern that matches decides, "!" takes back. A pattern that means nothing matches nothing."""
    excluded = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        bare = pattern[1:] if negated else pattern
        if bare.endswith("/") and not is_folder:
            continue
        if matches(relative, bare.rstrip("/")):
            excluded = not negated
    return excluded


def matches(path: str, pattern: str) -> bool:
    """Whether one pattern matches the whole of a path."""
    if not pattern or len(pattern) > _LONGEST:
        return False
    try:
        steps = _parse(pattern)
    except re.error:
        return False
    # The places in the pattern that the names so far may have come to.
    places = _over_folders({0}, steps)
    for name in path.split("/"):
        ahead = set()
        for place in places:
            if place < len(steps):
                step = steps[place]
                if step is None:
                    ahead.add(place)
                elif step.fullmatch(name):
                    ahead.add(place + 1)
        places = _over_folders(ahead, steps)
        if not places:
            return False
    # What ends with ``/**`` means everything inside, and not the folder itself.
    return len(steps) in places and (steps[-1] is not None or "/" in path)


def _over_folders(places: set[int], steps: Sequence[re.Pattern[str] | None]) -> set[int]:
    """The places, and those behind a ``**`` that stands for no folder at all."""
    found = set(places)
    for place in sorted(places):
        while place < len(steps) and steps[place] is None:
            place += 1
            found.add(place)
    return found


@lru_cache(maxsize=512)
def _parse(pattern: str) -> tuple[re.Pattern[str] | None, ...]:
    """A regular expression for each name, None for ``**``."""
    anchored = "/" in pattern
    names = [name for name in pattern.split("/") if name]
    if not anchored:
        names = [_ANY_FOLDERS, *names]
    return tuple(None if name == _ANY_FOLDERS else _translate(name) for name in names)


def _translate(name: str) -> re.Pattern[str]:
    """One name's pattern. What stands between two stars is looked for once, where it first
    occurs: the group cannot be entered again (``(?>…)``), so that nothing backtracks."""
    parts = [""]
    position = 0
    while position < len(name):
        sign = name[position]
        if sign == "*":
            if parts[-1] or len(parts) == 1:
                parts.append("")
            position += 1
        elif sign == "?":
            parts[-1] += "."
            position += 1
        elif sign == "[" and (close := name.find("]", position + 2)) > 0:
            inner = name[position + 1 : close].replace("\\", "\\\\").replace("[", "\\[")
            negated = inner[0] in "!^"
            parts[-1] += f"[{'^' + inner[1:] if negated else inner}]"
            position = close + 1
        elif sign == "\\" and position + 1 < len(name):
            parts[-1] += re.escape(name[position + 1])
            position += 2
        else:
            parts[-1] += re.escape(sign)
            position += 1
    if len(parts) == 1:
        return re.compile(parts[0], re.DOTALL)
    first, *middle, last = parts
    within = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{within}.*{last}", re.DOTALL)
