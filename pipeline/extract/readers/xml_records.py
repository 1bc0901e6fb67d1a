"""XML to rows: Jira's export (RSS) and any XML with story-like fields.

An element with children or attributes is an object, one that holds text alone a value; the stored
text is put together from the values, one below another.
"""

from __future__ import annotations

import html
import io
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.condensing import RowKeeper
from pipeline.extract.readers.confluence import is_storage, storage_to_html
from pipeline.extract.readers.confluence_space import is_space, read_space
from pipeline.extract.readers.objects import Objects, apart
from pipeline.extract.readers.reader_registry import read_as, sniff
from pipeline.extract.readers.reading import Reading, decoded_text, told
from pipeline.extract.readers.row_store import Names
from pipeline.extract.readers.tables import column_role
from pipeline.extract.readers.web import read_web_page
from pipeline.extract.readers.xml_parsing import local_name, parse_xml, walk_xml

#: What an element holds that may be a story by itself.
_TELLING = ("story", "title", "description", "goal")
#: Elements deeper than this are not looked at.
_DEEPEST = 150
#: Bytes of a file that is read element by element, and children of one that are not held at once.
_LONG, _MANY = 1_000_000, 1_000
_MARKED_UP = frozenset(
    {"p", "div", "ul", "ol", "li", "br", "b", "i", "em", "strong", "span", "u", "a", "code", "tt"}
    | {"sub", "sup", "del", "ins", "s", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "td"}
)


def read_xml(data: bytes, encoding: str | None) -> Reading:
    """XML: a Confluence space, a page in its storage format, else values and objects."""
    decoded, problem = decoded_text(data, encoding)
    if is_space(decoded.text[:4096]):
        return told(read_space(data), "confluence", decoded, problem)
    if is_storage(decoded.text[:65536]) and "<entity-engine-xml" not in decoded.text[:4096]:
        page, meta = read_web_page(storage_to_html(decoded.text))
        return told(page, "confluence", decoded, problem, meta)
    if sniff(data) == "html":
        return read_as("html", data, encoding)
    return told(_read_objects(data), "xml", decoded, problem)


def _read_objects(data: bytes) -> TextBuilder:
    """The values of an XML file with rows for its objects.

    Raises:
        Unreadable: not well-formed, or it declares entities.
    """
    writer = _Writer()
    levels = _long_levels(data) if len(data) >= _LONG else {}
    if levels and all(level.told for level in levels.values()):
        _write_long(data, levels, writer)
    else:
        writer.element(parse_xml(data), 0)
    builder = TextBuilder()
    text = writer.text.getvalue()
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
    builder.blocks += RowKeeper(text, "xml", records=True).keep(apart(objects.rows()))
    return builder


@dataclass(slots=True)
class _Level:
    """An element with very many children, or one in which such an element stands: what is known of
    its children before the first is read."""

    names: set[str] = field(default_factory=set)
    count: int = 0
    long: bool = False
    #: Whether it is an object or a list, and no value.
    told: bool = True

    def take(self, name: str) -> None:
        if name:
            self.names.add(name)
            self.count += 1


def _long_levels(data: bytes) -> dict[int, _Level]:
    """The elements that are not held as a whole, by their numbers in the file from 0."""
    found: dict[int, _Level] = {}
    stack: list[tuple[int, _Level]] = []
    number = 0
    for event, element in walk_xml(data):
        if event == "start":
            stack.append((number, _Level()))
            number += 1
            continue
        at, level = stack.pop()
        name = local_name(element)
        if level.count > _MANY or level.long:
            marked = all(child.lower() in _MARKED_UP for child in level.names)
            level.told = not marked and name != "customfield"
            found[at] = level
            if stack:
                stack[-1][1].long = True
        if stack:
            stack[-1][1].take(name)
        _let_go(element)
    return found


def _write_long(data: bytes, levels: dict[int, _Level], writer: _Writer) -> None:
    """Write a file of which no element of many children is held as a whole."""
    opened: list[_Level | None] = []
    number = -1
    for event, element in walk_xml(data):
        if event == "start":
            number += 1
            level = levels.get(number) if len(opened) <= _DEEPEST else None
            opened.append(level)
            if level is not None:
                writer.begin(element, level.names, level.count)
            continue
        level = opened.pop()
        above = opened[-1] if opened else None
        if level is not None:
            writer.event("close", local_name(element))
        elif above is not None:
            if local_name(element) != "title" or not _says_title_again(above.names):
                writer.element(element, len(opened))
        else:
            continue  # it goes with the element that it stands in
        _let_go(element)


def _let_go(element: Any) -> None:
    """Forget what an element held, and all that stands before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _says_title_again(names: set[str]) -> bool:
    """Jira says key and summary again in the title."""
    return {"title", "summary", "key"} <= names


_What = Literal["open", "list", "value", "close"]
_WHATS: tuple[_What, ...] = ("open", "list", "value", "close")


class _Events:
    """What was met in an XML tree, in order, as columns of numbers."""

    def __init__(self) -> None:
        self._names = Names()
        self._what = bytearray()
        self._name, self._start, self._end = array("I"), array("I"), array("I")

    def add(self, what: _What, name: str, start: int, end: int) -> None:
        self._what.append(_WHATS.index(what))
        self._name.append(self._names.number(name))
        self._start.append(start)
        self._end.append(end)

    def __iter__(self) -> Iterator[tuple[_What, str, int, int]]:
        for what, name, start, end in zip(
            self._what, self._name, self._start, self._end, strict=True
        ):
            yield _WHATS[what], self._names.listed[name], start, end


class _Writer:
    """Writes an XML tree's values and what is met on the way."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.length = 0
        self.events = _Events()

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
                self.event("open", name)
                for key, value in element.attrib.items():
                    self._value(key.rpartition("}")[2], value)
                self._value(name, own)
                self.event("close", name)
            elif element.attrib:
                self._object(element, set(), [], depth)
            return
        if name == "customfield" and (said := _custom_field(element)):
            self._value(*said)
            return
        if name == "issuelinks":
            for said in _issue_links(element):
                self._value(*said)
            return
        names = {local_name(child) for child in children}
        if _says_title_again(names):
            children = [child for child in children if local_name(child) != "title"]
        self._object(element, names, children, depth)

    def begin(self, element: Any, names: set[str], count: int) -> None:
        """Open an element whose children have these names: a list where all have one, be it of one
        child that is called as one of them ("parents", "parent")."""
        several = count > 1 or names == {local_name(element).removesuffix("s")}
        if len(names) == 1 and not element.attrib and several:
            self.event("list", local_name(element))
            return
        self.event("open", local_name(element))
        for key, value in element.attrib.items():
            self._value(key.rpartition("}")[2], value)

    def _object(self, element: Any, names: set[str], children: list[Any], depth: int) -> None:
        self.begin(element, names, len(children))
        for child in children:
            self.element(child, depth + 1)
        self.event("close", local_name(element))

    def event(self, what: _What, name: str) -> None:
        self.events.add(what, name, self.length, self.length)

    def _value(self, name: str, words: str) -> None:
        words = words.strip()
        if words:
            start = self.length
            self.text.write(words)
            self.text.write("\n")
            self.length += len(words) + 1
            self.events.add("value", name, start, start + len(words))


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
