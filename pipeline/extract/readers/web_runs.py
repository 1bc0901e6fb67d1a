"""Long runs of plain rows, items or paragraphs of a page, parsed in pieces.

A parsed element takes hundreds of bytes where its source takes ten. So the page is parsed with one
element in place of each long run, which is parsed piece by piece when that element is met. Only
elements count that are closed, hold words and inline elements alone, and follow one another; where
the page is not parsed as it should be then (a run in a comment or in a form's text), or hides some
elements by a rule, it is parsed whole.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pipeline.extract.readers.web_styles import PageStyles

#: Characters of a page that is long; elements of a run that is, and of one piece of it.
_LONG, _RUN, _PIECE = 1_000_000, 4_000, 1_000
_ATTRIBUTES = r"""(?:\s++[\w:-]++(?:\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=/]++))?+)*+\s*+"""
_INLINE = r"td|th|p|b|i|u|em|strong|a|span|br|code|tt|kbd|sup|sub|font|small|label"
_ELEMENT = re.compile(
    rf"<(?P<tag>tr|li|p|div){_ATTRIBUTES}>"
    rf"(?:[^<]++|<(?!/?(?P=tag)\b)/?(?:{_INLINE})\b{_ATTRIBUTES}/?>)*+</(?P=tag)\s*+>\s*+",
    re.IGNORECASE,
)
_AROUND = {
    "tr": ("<table><tbody>", "tbody"),
    "li": ("<ul>", "ul"),
    "p": ("<div>", "div"),
    "div": ("<div>", "div"),
}


class PageRuns:
    """The runs of a page that are parsed in pieces; none where there is nothing to gain."""

    def __init__(self, html: str) -> None:
        from selectolax.lexbor import LexborHTMLParser

        self._parse = LexborHTMLParser
        self._html = html
        #: Of each run its tag, and where its pieces begin, and the last ends.
        self._runs: list[tuple[str, array[int]]] = []
        self._name = ""
        self.tree: Any = None
        self.styles: PageStyles
        # Comments of a text processor's export mark elements far from their own.
        if len(html) >= _LONG and "cmnt" not in html:
            self._runs = list(_runs(html))
        if self._runs:  # the page with an element for each
            self._name = "data-run"
            while self._name in html:
                self._name += "-"
            self.tree = LexborHTMLParser("".join(self._page()))
            self.styles = PageStyles(self.tree)
            if self.styles.marks_any or not self._stands():
                self._runs = []
        if not self._runs:
            self.tree = LexborHTMLParser(html)
            self.styles = PageStyles(self.tree)

    def number(self, node: Any) -> int | None:
        """Which run an element stands for, None where for none."""
        if not self._runs or node.tag not in _AROUND:
            return None
        value = node.attributes.get(self._name)
        return None if value is None else int(value)

    def elements(self, number: int) -> Iterator[Any]:
        """The nodes of a run, the text between its elements among them."""
        tag, places = self._runs[number]
        opening, container = _AROUND[tag]
        for start, end in pairwise(places):
            piece: Any = self._parse(opening + self._html[start:end])
            yield from piece.css_first(container).iter(include_text=True)

    def _page(self) -> Iterator[str]:
        position = 0
        for number, (tag, places) in enumerate(self._runs):
            yield self._html[position : places[0]]
            inner = f"<td>{number}</td>" if tag == "tr" else str(number)
            yield f'<{tag} {self._name}="{number}">{inner}</{tag}>'
            position = places[-1]
        yield self._html[position:]

    def _stands(self) -> bool:
        """Whether the page has each run's element where its elements would be, as written."""
        nodes = self.tree.css(f"[{self._name}]")
        if [node.attributes.get(self._name) for node in nodes] != [
            str(number) for number in range(len(self._runs))
        ]:
            return False
        for number, (node, (tag, _)) in enumerate(zip(nodes, self._runs, strict=True)):
            inner = node.first_child if tag == "tr" else node
            held = list(inner.iter(include_text=True)) if inner is not None else []
            within = node.parent.tag if node.parent is not None else ""
            if (
                node.tag != tag
                or [child.tag for child in held] != ["-text"]
                or held[0].text_content != str(number)
                or (tag == "tr" and within not in ("tbody", "thead", "tfoot", "table"))
            ):
                return False
        return self.tree.css_first(f"pre [{self._name}]") is None


def _runs(html: str) -> Iterator[tuple[str, array[int]]]:
    tag, places, count, end = "", array("Q"), 0, -1
    for found in _ELEMENT.finditer(html):
        kind = found["tag"].lower()
        if found.start() != end or kind != tag:
            if count >= _RUN:
                places.append(end)
                yield tag, places
            tag, places, count = kind, array("Q"), 0
        if count % _PIECE == 0:
            places.append(found.start())
        count += 1
        end = found.end()
    if count >= _RUN:
        places.append(end)
        yield tag, places
