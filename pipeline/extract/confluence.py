"""Confluence's storage format to a web page: macros, tasks and links as elements of HTML."""

from __future__ import annotations

import html
import re

_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_EMPTY = re.compile(r"<((?:ac|ri):[\w-]+)((?:\s[^<>]*)?)/>")
_CODE = re.compile(
    r'<ac:structured-macro\b[^<>]*ac:name="(?:code|noformat|html|mermaid|plantuml)"[^<>]*>.*?'
    r"<ac:plain-text-body>(.*?)</ac:plain-text-body>\s*</ac:structured-macro>",
    re.DOTALL,
)
_TITLE = re.compile(r'<ac:parameter\b[^<>]*ac:name="title"[^<>]*>(.*?)</ac:parameter>', re.DOTALL)
_DROPPED = re.compile(
    r"<(ac:(?:parameter|task-id|task-status|task-uuid|placeholder|image|emoticon)|ri:[\w-]+)\b"
    r"[^<>]*>.*?</\1>",
    re.DOTALL,
)
_BLOCKS = {
    "ac:task-list": "ul",
    "ac:task": "li",
    "ac:task-body": "span",
    "ac:link-body": "span",
    "ac:plain-text-link-body": "span",
    "ac:link": "span",
    "ac:inline-comment-marker": "span",
}
_TAG = re.compile(r"<(/?)(ac:[\w-]+|ri:[\w-]+|at:[\w-]+)\b[^<>]*>")
_STORAGE = re.compile(r"<(?:ac|ri):[\w-]+[\s>/]")


def is_storage(text: str) -> bool:
    """Whether a text is a page in Confluence's storage format."""
    return _STORAGE.search(text) is not None


def storage_to_html(text: str) -> str:
    """The page as HTML; macros that only point elsewhere say nothing."""
    text = _CDATA.sub(lambda found: html.escape(found.group(1), quote=False), text)
    text = _EMPTY.sub(r"<\1\2></\1>", text)
    text = _CODE.sub(r"<pre><code>\1</code></pre>", text)
    text = _TITLE.sub(r"<p>\1</p>", text)
    text = _DROPPED.sub("", text)
    return _TAG.sub(_element, text)


def _element(found: re.Match[str]) -> str:
    return f"<{found.group(1)}{_BLOCKS.get(found.group(2), 'div')}>"
