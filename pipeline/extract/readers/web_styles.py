"""Which elements of a page are hidden or struck out: by attribute, by style, by class."""

from __future__ import annotations

import re
from typing import Any

from pipeline.extract.readers.leftout import Why

_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})")
_RULE = re.compile(r"([^{}]{1,400})\{([^{}]*)\}")
_HIDES = re.compile(
    r"(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)", re.I
)
_STRIKES = re.compile(r"(?:^|[;{\s])text-decoration(?:-line)?\s*:[^;]*\bline-through\b", re.I)
_STRUCK_TAGS = frozenset({"del", "s", "strike"})
#: Pages with more rules than this are applications, not documents.
_MOST_RULES = 2000


class PageStyles:
    """What a page's attributes and style sheets say of its elements."""

    def __init__(self, tree: Any) -> None:
        self._marked: dict[int, Why] = {}
        #: Whether any rule hides or strikes, be it what the page does not have.
        self.marks_any = False
        self._read_sheets(tree)
        self._read_comments(tree)

    def why_left_out(self, node: Any) -> Why | None:
        """Why an element's text is not current, None when nothing says so."""
        if node.tag in _STRUCK_TAGS:
            return "struck out"
        attributes = node.attributes
        if attributes:
            if "hidden" in attributes and attributes["hidden"] != "until-found":
                return "hidden"
            style = attributes.get("style") or ""
            if style and (why := _why(style)):
                return why
        return self._marked.get(node.mem_id) if self._marked else None

    def _read_sheets(self, tree: Any) -> None:
        rules = 0
        for sheet in tree.css("style"):
            css = _AT_RULE.sub(" ", _COMMENT.sub(" ", sheet.text() or ""))
            for selector, declared in _RULE.findall(css):
                rules += 1
                why = _why(declared)
                if why is None or ":" in selector or rules > _MOST_RULES:
                    continue
                self.marks_any = True
                try:
                    for node in tree.css(selector.strip()):
                        self._marked.setdefault(node.mem_id, why)
                except Exception:  # a selector that this parser does not know marks nothing
                    continue

    def _read_comments(self, tree: Any) -> None:
        """Comments as a text processor exports them: a mark in the text that links to a paragraph
        at the end of the page, which links back."""
        for back in tree.css('a[id^="cmnt"][href^="#cmnt_ref"]'):
            block = back.parent
            while block is not None and block.tag not in ("p", "li", "div", "body"):
                block = block.parent
            if block is None or block.tag == "body":
                continue
            around = block.parent
            alone = around is not None and around.tag == "div"
            self._marked[(around if alone else block).mem_id] = "comment"


def is_comment_mark(node: Any) -> bool:
    """Whether a link is the mark of a comment ("[a]"), which is not a word of the text."""
    return node.tag == "a" and (node.attributes.get("id") or "").startswith("cmnt")


def _why(style: str) -> Why | None:
    if _HIDES.search(style):
        return "hidden"
    return "struck out" if _STRIKES.search(style) else None
