"""What a format or a tracker does to the words of a cell, undone: HTML, entities, wiki markup."""

from __future__ import annotations

import html
import re
from typing import Literal

from pipeline.extract.readers.atlassian import read_atlassian
from pipeline.extract.readers.wiki import read_wiki

Flavour = Literal["markdown", "cell"]

_LIST_ITEM = re.compile(r"<li\b[^<>]*>", re.I)
_BREAK = re.compile(r"<(?:br\s*/?|/p|/div|/li|/?ul|/?ol|/h[1-6]|/tr)\s*>", re.I)
_ANY_TAG = re.compile(r"</?[a-z][^<>]{0,400}>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8}\d{0,2});", re.I)
_TASK = re.compile(r"(?m)^([ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+)\[[ xX]\][ \t]+")
_MARKDOWN = re.compile(r"(?m)^(?:#{2,6} \S|```|# [^\n]+\n\n)|\*\*[^*\n]+\*\*")


def read_cell_words(raw: str, *, wiki: bool = False) -> str:
    """A cell's words as lines and list items.

    Args:
        wiki: they are written in Jira's markup.
    """
    if raw.startswith("{") and (read := read_atlassian(raw)) is not None:
        return read
    words = raw
    if "</" in words or _BREAK.search(words):
        words = _BREAK.sub("\n", _LIST_ITEM.sub("\n- ", words))
        words = _ANY_TAG.sub("", words).strip()
    if "&" in words and _ENTITY.search(words):
        words = html.unescape(words)
    if wiki or "{code" in words or "{panel" in words:
        words = read_wiki(words)
    return _TASK.sub(r"\1", words)


def flavour_of(words: str, *, wiki: bool = False) -> Flavour:
    """How a cell's words are marked up: "#" numbers an item in Jira and heads a section
    elsewhere."""
    return "markdown" if not wiki and _MARKDOWN.search(words) else "cell"
