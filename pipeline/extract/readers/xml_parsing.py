"""XML to a tree, without what makes XML dangerous: entities, the network, files beside it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.extract.readers.archive import Unreadable

_ENTITY = re.compile(rb"<!ENTITY\s", re.IGNORECASE)
#: What a document's parts may hold before a parser builds a tree many times as large.
MAX_XML_BYTES = 256 << 20
_SAFELY: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "recover": False,
}


def parse_xml(data: bytes, what: str = "the XML") -> Any:
    """The root element of an XML text.

    Args:
        what: how the text is called in a problem.
    Raises:
        Unreadable: not well-formed, too large, or it declares entities.
    """
    from lxml import etree

    _refuse(data, what)
    parser = etree.XMLParser(**_SAFELY)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"{what} is not well-formed ({error})") from error


def walk_xml(data: bytes, what: str = "the XML") -> Iterator[tuple[str, Any]]:
    """("start" or "end", element) in the order of an XML text. Whoever walks clears the elements
    that have ended.

    Raises:
        Unreadable: as for :func:`parse_xml`.
    """
    from lxml import etree

    _refuse(data, what)
    try:
        yield from etree.iterparse(io.BytesIO(data), events=("start", "end"), **_SAFELY)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"{what} is not well-formed ({error})") from error


def _refuse(data: bytes, what: str) -> None:
    if len(data) > MAX_XML_BYTES:
        raise Unreadable(f"{what} is larger than {MAX_XML_BYTES >> 20} MB; export less at once")
    if _ENTITY.search(data[:65536]):
        raise Unreadable(f"{what} declares entities, which are not expanded here; save it without")


def local_name(element: Any) -> str:
    """An element's name without its namespace, "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: Any) -> str:
    """All text of an element, blanks as they are."""
    return "".join(element.itertext(tag=None)) if element is not None else ""
