"""How the command line's help is laid out."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup

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
