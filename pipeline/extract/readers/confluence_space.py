"""The export of a whole Confluence space (``entities.xml``): its pages as they are now.

The file lists a database's objects. A page names its title and its status; its body is an object
of its own that names the page. Older versions, drafts and what was thrown away are pages, too.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.confluence import storage_to_html
from pipeline.extract.readers.leftout import Rich
from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.web import read_web_page
from pipeline.extract.readers.wiki import read_wiki
from pipeline.extract.readers.xml_parsing import parse_xml

_PAGES = frozenset({"Page", "BlogPost"})
#: How a body is written: an old space's wiki markup; anything else is the storage format.
_WIKI = "0"


def is_space(text: str) -> bool:
    """Whether a text begins as the export of a space does."""
    return "<hibernate-generic" in text


def read_space(data: bytes) -> TextBuilder:
    """The current pages in the order of the file, each below its title; comments are left out.

    Raises:
        Unreadable: not well-formed, or no page in it.
    """
    root = parse_xml(data)
    objects = [each for each in root if each.tag == "object"]
    pages = {_id(each): each for each in objects if each.get("class") in _PAGES}
    comments = {_id(each): each for each in objects if each.get("class") == "Comment"}
    builder = TextBuilder()
    passed: Counter[str] = Counter()
    for each in objects:
        if each.get("class") != "BodyContent":
            continue
        owner = _named(each, "content")
        content = _id(owner) if owner is not None else ""
        if content in comments and _why_passed(comments[content]) == "":
            _add_comment(builder, each)
        elif content in pages and not (why := _why_passed(pages[content])):
            _add_page(builder, pages[content], each)
        elif content in pages:
            passed[why] += 1
    if not pages:
        raise Unreadable("a Confluence export without a page in it")
    told = [f"{count} {why}" for why, count in sorted(passed.items())]
    if told:
        builder.remarks.append(f"pages passed over: {', '.join(told)}")
    return builder


def _why_passed(page: Any) -> str:
    """Why a page is not current: "" where it is."""
    if _named(page, "originalVersion") is not None and len(_named(page, "originalVersion")):
        return "in older versions"
    status = (_text(page, "contentStatus") or "current").lower()
    return "" if status == "current" else f"of status {status!r}"


def _add_page(builder: TextBuilder, page: Any, body: Any) -> None:
    builder.add(_text(page, "title") or "Untitled", "heading", 1)
    written = _text(body, "body")
    if _text(body, "bodyType") == _WIKI:
        text = read_wiki(written)
        builder.place(text + "\n\n", read_blocks(text, "cell"))
        return
    inner, _ = read_web_page(storage_to_html(written))
    builder.append(inner)
    builder.write("\n")


def _add_comment(builder: TextBuilder, body: Any) -> None:
    inner, _ = read_web_page(storage_to_html(_text(body, "body")))
    builder.add(Rich(inner.text, "comment"), "paragraph")


def _id(element: Any) -> str:
    found = element.find("id")
    return (found.text or "").strip() if found is not None else ""


def _named(element: Any, name: str) -> Any:
    return next((each for each in element.iterfind("property") if each.get("name") == name), None)


def _text(element: Any, name: str) -> str:
    found = _named(element, name)
    return (found.text or "").strip() if found is not None else ""
