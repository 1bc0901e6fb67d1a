"""Roles and topics that are one: they share a heading, and no story's words change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.console import harmless
from pipeline.document.structure.readable import without_markup
from pipeline.errors import InputError
from pipeline.review.answers import read_lines
from pipeline.store.decisions import Term, TermKind
from pipeline.store.reading.finished_run import FinishedRun
from pipeline.text.words import is_content, stem

_KINDS: tuple[TermKind, ...] = ("role", "topic")
_HOW = (
    "2 1: role 2 stands under the heading of role 1 · 2 -: on its own again · "
    "topic OLD = NEW: the same for topics · Enter or q ends"
)


class Glossary(Protocol):
    """What stores terms: the store."""

    def name_terms(
        self, kind: TermKind, texts: Sequence[str], heading: str, *, by: str
    ) -> None: ...

    def unname_term(self, kind: TermKind, text: str) -> bool: ...

    def glossary(self) -> tuple[Term, ...]: ...


@dataclass(frozen=True, slots=True)
class RoleOf:
    """A role of a run: how many stories tell it, and the heading it stands under ("" its own)."""

    text: str
    stories: int
    heading: str = ""


def roles_of(finished: FinishedRun, terms: Sequence[Term]) -> list[RoleOf]:
    """The roles of a run, those that share a word next to each other, the most told first."""
    told: Counter[str] = Counter()
    for entry in finished.entries:
        for role in entry.roles:
            told[role.text] += len(role.stories)
    headings = {term.text: term.heading for term in terms if term.kind == "role"}
    groups: list[tuple[set[str], list[str]]] = []
    for text, _ in sorted(told.items(), key=lambda pair: (-pair[1], pair[0])):
        stems = {stem(word) for word in text.casefold().split() if is_content(word)}
        near = next((group for group in groups if group[0] & stems), None)
        if near is None:
            groups.append((stems, [text]))
        else:
            near[1].append(text)
    return [
        RoleOf(text, told[text], headings.get(text, "")) for _, texts in groups for text in texts
    ]


def as_json(roles: Sequence[RoleOf], terms: Sequence[Term]) -> dict[str, Any]:
    """What ``review --glossary --json`` prints."""
    return {
        "roles": [{"role": r.text, "stories": r.stories, "heading": r.heading} for r in roles],
        "topics": [{"topic": t.text, "heading": t.heading} for t in terms if t.kind == "topic"],
    }


def lines(roles: Sequence[RoleOf], terms: Sequence[Term]) -> list[str]:
    """The roles of a run with their numbers, and the topics that share a heading."""
    shown = [
        f"{n:>4}  {_shown(r.text)} ({r.stories})" + (f" → {_shown(r.heading)}" if r.heading else "")
        for n, r in enumerate(roles, 1)
    ]
    topics = [f"  topic {_shown(t.text)} → {_shown(t.heading)}" for t in terms if t.kind == "topic"]
    return [*shown, *topics]


def walk(
    finished: FinishedRun,
    glossary: Glossary,
    read: Callable[[str], str],
    show: Callable[[str], None],
    *,
    by: str,
) -> int:
    """Name roles and topics until the person leaves. Returns how many changes were kept."""
    changes = 0
    roles = roles_of(finished, glossary.glossary())
    for line in lines(roles, glossary.glossary()):
        show(line)
    show(_HOW)
    while True:
        try:
            said = read("> ").strip()
        except EOFError:
            return changes
        if said in ("", "q"):
            return changes
        try:
            show(f"kept: {_change(said, roles, glossary, by)}")
            changes += 1
        except InputError as error:
            show(f"  {error.message} {error.next}".rstrip())


def take(file: Path, glossary: Glossary, *, by: str) -> int:
    """Keep the terms of a file, all or none, one JSON object a line: ``{"role": "library member",
    "heading": "member"}``, or ``"topic"``; an empty heading lets it have its own again.

    Raises:
        InputError: the file or a line of it cannot be used; the message names the line.
    """
    found: list[tuple[TermKind, str, str]] = []
    for where, told in read_lines(file):
        said = told if isinstance(told, dict) else {}
        kinds: list[TermKind] = [kind for kind in _KINDS if isinstance(said.get(kind), str)]
        heading = said.get("heading")
        if len(kinds) != 1 or not isinstance(heading, str):
            raise InputError(
                "this is not a term.",
                where=where,
                next='Write {"role": "library member", "heading": "member"}, or "topic".',
            )
        found.append((kinds[0], said[kinds[0]], heading))
    for kind, text, heading in found:
        _keep(glossary, kind, text, heading, by)
    return len(found)


def _change(said: str, roles: Sequence[RoleOf], glossary: Glossary, by: str) -> str:
    if said.startswith("topic "):
        old, sign, new = (part.strip() for part in said.removeprefix("topic ").partition("="))
        if not (old and sign):
            raise InputError("which topic is called what?", next="Write topic OLD = NEW.")
        _keep(glossary, "topic", old, new, by)
        return f"topic {_shown(old)} → {_shown(new) if new else 'on its own'}"
    one, _, other = said.partition(" ")
    role = _numbered(one, roles)
    heading = "" if other.strip() == "-" else _numbered(other.strip(), roles)
    _keep(glossary, "role", role, heading, by)
    return f"{_shown(role)} → {_shown(heading) if heading else 'on its own'}"


def _numbered(text: str, roles: Sequence[RoleOf]) -> str:
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= len(roles):
        return roles[int(text) - 1].text
    raise InputError(
        f"there is no role {text!r}.", next=f"There are 1 to {len(roles)}; 2 1 joins two."
    )


def _keep(glossary: Glossary, kind: TermKind, text: str, heading: str, by: str) -> None:
    if heading and heading != text:
        glossary.name_terms(kind, [text], heading, by=by)
    else:
        glossary.unname_term(kind, text)


def _shown(text: str) -> str:
    return harmless(without_markup(text))
