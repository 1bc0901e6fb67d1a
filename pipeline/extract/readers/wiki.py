"""Jira's wiki markup to lines that read like any other: words only, blocks apart.

Headings (``h3.``), list marks and bold are left: the reader of cells knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.stories import Block

#: Column names that only an export from Jira has.
_JIRA_COLUMN = re.compile(r"issue (?:key|id)|custom field \(.*\)|issuetype", re.IGNORECASE)
_CODE = re.compile(r"\{(code|noformat)(?::[^{}\n]*)?\}([\s\S]*?)\{\1\}")
_TITLED = re.compile(r"\{(?:panel|expand|info|note|tip|warning|quote)(?::([^{}\n]*))?\}", re.I)
_INLINE = re.compile(r"\{(?:color(?::[^{}\n]*)?|anchor:[^{}\n]*|-|\+|\*|_)\}", re.I)
_BLOCK = re.compile(
    r"\{(?:section|column|toc|children|excerpt|center|align|csv|table-?\w*|jira|status|html|"
    r"include|gallery|chart|cite|details|div|span|ul|ol|li)(?::[^{}\n]*)?\}",
    re.I,
)
_MONO = re.compile(r"\{\{([^{}\n]+)\}\}")
_PERSON = re.compile(r"\[~(?:accountid:)?([^\]\s]+)\]")
_FILE = re.compile(r"\[\^([^\]\n|]+)(?:\|[^\]\n]*)?\]")
_LINK = re.compile(
    r"\[([^\]\[\n|]+)\|((?:https?|mailto|ftp|file):[^\]\n|]*|[#/][^\]\n|]*)(?:\|[^\]\n]*)?\]"
)
_BARE_LINK = re.compile(r"\[((?:https?|mailto|ftp):[^\]\n|]+)(?:\|[^\]\n]*)?\]")
_PICTURE = re.compile(r"!(?=\S)[^!\n|]+\.\w{2,5}(?:\|[^!\n]*)?!")
_BREAK = re.compile(r"\\\\(?=\s|$)", re.MULTILINE)
_MARKED = [
    re.compile(
        rf"(?<![\w{re.escape(mark)}\\]){re.escape(mark)}(?=\S)([^\n]{{1,400}}?)(?<=\S){re.escape(mark)}(?![\w{re.escape(mark)}])"
    )
    for mark in ("+", "??", "^", "~")
]
_HEAD_CELL = re.compile(r"\|\|")
_SIGN = r"\((?:x|/|!|\?|i|y|n|\+|-|\*[rgby]?|on|off)\)[ \t]*"
#: A sign that begins a line makes it an item.
_SIGN_FIRST = re.compile(rf"(?m)^{_SIGN}")
_SIGN_AFTER = re.compile(rf"(?<=[\s|]){_SIGN}")
_QUOTED = re.compile(r"(?m)^bq\.[ \t]+")
_ESCAPED = re.compile(r"\\([{}\[\]*_+\-!|^~?])")


def is_jira(text: str, blocks: Sequence[Block]) -> bool:
    """Whether a table's columns are those of an export from Jira."""
    first = next((block for block in blocks if block.columns), None)
    if first is None:
        return False
    # A column that is empty in the first row is named by the header only.
    head = text[: first.start] if first.start < 1 << 16 else ""
    return has_jira_columns([name for name, _, _ in first.columns]) or (
        re.search(r"(?:^|[,;\t\"])issue key(?:[,;\t\"]|$)", head, re.I | re.M) is not None
    )


def has_jira_columns(names: Iterable[str]) -> bool:
    """Whether any of these names is one that only Jira gives a column."""
    return any(_JIRA_COLUMN.fullmatch(name.strip()) for name in names)


def read_wiki(words: str) -> str:
    """A cell's words without the markup that is not lists, headings or bold."""
    codes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        codes.append(found.group(2).strip("\r\n"))
        return f"\n\0{len(codes) - 1}\0\n"

    if "{" in words:
        words = _CODE.sub(keep, words)
        words = _MONO.sub(r"\1", _INLINE.sub("", words))
        words = _BLOCK.sub("\n\n", _TITLED.sub(_title, words))
    if "[" in words:
        words = _PERSON.sub(r"@\1", words)
        words = _FILE.sub(r"\1", _BARE_LINK.sub(r"\1", _LINK.sub(r"\1 (\2)", words)))
    words = _PICTURE.sub("", words)
    words = _SIGN_AFTER.sub("", _SIGN_FIRST.sub("* ", _BREAK.sub("\n", words)))
    words = _QUOTED.sub("", words)
    for mark in _MARKED:
        words = mark.sub(r"\1", words)
    words = _ESCAPED.sub(r"\1", _HEAD_CELL.sub("|", words))
    for number, code in enumerate(codes):
        words = words.replace(f"\0{number}\0", f"```\n{code}\n```")
    return words


def _title(found: re.Match[str]) -> str:
    """What stands in for a panel's mark: its title, on lines of its own."""
    said = found.group(1) or ""
    named = re.search(r"(?:^|\|)title=([^|]*)", said)
    title = named.group(1).strip() if named else said.strip() if "=" not in said else ""
    return f"\n\n{title}\n\n" if title else "\n\n"
