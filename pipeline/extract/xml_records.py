"""XML to rows: Jira's export (RSS) and any XML with story-like fields.

An element with children or attributes is an object, one that holds text alone a value; the stored
text is put together from the values, one below another.
"""

from __future__ import annotations

import html
import re
from typing import Any

from pipeline.extract.builder import TextBuilder
from pipeline.extract.objects import Objects, apart
from pipeline.extract.tables import column_role
from pipeline.extract.xml_parsing import local_name, parse_xml

#: What an element holds that may be a story by itself.
_TELLING = ("story", "title", "description", "goal")
#: Elements deeper than this are not looked at.
_DEEPEST = 150
_MARKED_UP = frozenset(
    {"p", "div", "ul", "ol", "li", "br", "b", "i", "em", "strong", "span", "u", "a", "code", "tt"}
    | {"sub", "sup", "del", "ins", "s", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "td"}
)


def read_xml(data: bytes) -> TextBuilder:
    """The values of an XML file with rows for its objects.

    Raises:
        Unreadable: not well-formed, or it declares entities.
    """
    root = parse_xml(data)
    writer = _Writer()
    writer.element(root, 0)
    builder = TextBuilder()
    text = "".join(writer.parts)
    objects = Objects(text)
    for what, name, start, end in writer.events:
        if what == "open":
            objects.open("object", start, name)
        elif what == "list":
            objects.open("list", start, name)
        elif what == "value":
            objects.value(name, start, end)
        else:
            objects.close(end)
    builder.write(text)
    builder.blocks += apart(objects.rows())
    return builder


class _Writer:
    """Writes an XML tree's values and what is met on the way."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.events: list[tuple[str, str, int, int]] = []

    def element(self, element: Any, depth: int) -> None:
        name = local_name(element)
        if not name or depth > _DEEPEST:
            return
        children = [child for child in element if local_name(child)]
        if children and all(local_name(child).lower() in _MARKED_UP for child in children):
            self._value(name, _markup_of(element))
            return
        own = (element.text or "").strip()
        if name == "link" and own and element.getparent().find("{*}key") is not None:
            self._value("url", own)  # where the item itself is, and no other
            return
        if not children:
            # An attribute beside a text describes it (a language, a format), unless it is a key
            # of what may be a story: Jira numbers types, states and people, too.
            keyed = any(column_role(key.rpartition("}")[2]) == "key" for key in element.attrib)
            if own and not (keyed and column_role(name) in _TELLING):
                self._value(name, own)
            elif own:
                self._event("open", name)
                for key, value in element.attrib.items():
                    self._value(key.rpartition("}")[2], value)
                self._value(name, own)
                self._event("close", name)
            elif element.attrib:
                self._object(element, name, [], depth)
            return
        if name == "customfield" and (said := _custom_field(element)):
            self._value(*said)
            return
        if name == "issuelinks":
            for said in _issue_links(element):
                self._value(*said)
            return
        names = {local_name(child) for child in children}
        if {"title", "summary", "key"} <= names:  # Jira says both again in the title
            children = [child for child in children if local_name(child) != "title"]
        several = len(children) > 1 or f"{local_name(children[0])}s" == name
        if len(names) == 1 and not element.attrib and several:
            self._event("list", name)
            for child in children:
                self.element(child, depth + 1)
            self._event("close", name)
            return
        self._object(element, name, children, depth)

    def _object(self, element: Any, name: str, children: list[Any], depth: int) -> None:
        self._event("open", name)
        for key, value in element.attrib.items():
            self._value(key.rpartition("}")[2], value)
        for child in children:
            self.element(child, depth + 1)
        self._event("close", name)

    def _event(self, what: str, name: str) -> None:
        self.events.append((what, name, self.length, self.length))

    def _value(self, name: str, words: str) -> None:
        words = words.strip()
        if words:
            start = self.length
            self.parts += [words, "\n"]
            self.length += len(words) + 1
            self.events.append(("value", name, start, start + len(words)))


def _custom_field(element: Any) -> tuple[str, str] | None:
    """(name, words) of a field that is called by the text of an element in it, as Jira's are."""
    name = element.find("{*}customfieldname")
    values = element.find("{*}customfieldvalues")
    if name is None or values is None or not (name.text or "").strip():
        return None
    words = [said for value in values.iter() if (said := (value.text or "").strip())]
    return name.text.strip(), "\n".join(words)


def _issue_links(element: Any) -> list[tuple[str, str]]:
    """(name as in Jira's table, key) of each work item that Jira's export links to."""
    found = []
    for kind in element:
        named = (kind.findtext("{*}name") or "").strip() if local_name(kind) else ""
        for way in kind if local_name(kind) else ():
            inward = "Inward" if local_name(way) == "inwardlinks" else "Outward"
            for key in way.iter("{*}issuekey"):
                found.append((f"{inward} issue link ({named})", (key.text or "").strip()))
    return found


def _markup_of(element: Any) -> str:
    """The inside of an element that holds a page's markup, as a cell's reader takes it."""
    from lxml import etree

    inner = html.escape(element.text or "", quote=False)
    for child in element:
        inner += etree.tostring(child, encoding="unicode", with_tail=True)
    return re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", inner)
