"""XML to a tree, without what makes XML dangerous: entities, the network, files beside it."""

from __future__ import annotations

import re
from typing import Any

from pipeline.extract.archive import Unreadable

_ENTITY = re.compile(rb"<!ENTITY\s", re.IGNORECASE)
#: What a document's parts may hold before a parser builds a tree many times as large.
MAX_XML_BYTES = 256 << 20


def parse_xml(data: bytes, what: str = "the XML") -> Any:
    """The root element of an XML text.

    Args:
        what: how the text is called in a problem.
    Raises:
        Unreadable: not well-formed, too large, or it declares entities.
    """
    from lxml import etree

    if len(data) > MAX_XML_BYTES:
        raise Unreadable(f"{what} is larger than {MAX_XML_BYTES >> 20} MB; export less at once")
    if _ENTITY.search(data[:65536]):
        raise Unreadable(f"{what} declares entities, which are not expanded here; save it without")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"{what} is not well-formed ({error})") from error


def local_name(element: Any) -> str:
    """An element's name without its namespace, "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: Any) -> str:
    """All text of an element, blanks as they are."""
    return "".join(element.itertext(tag=None)) if element is not None else ""
