"""Confluence's storage format to a web page: macros, tasks and links as elements of HTML.

One pass from tag to tag: a page that was cut off opens thousands of elements that nothing closes,
and looking for the end of each anew would take time with the square of its length.
"""

from __future__ import annotations

import html
import re

#: Macros that set their text as code.
_CODE = re.compile(r'\bac:name="(?:code|noformat|html|mermaid|plantuml)"')
_TITLE = re.compile(r'\bac:name="title"')
#: Elements that only configure or point elsewhere; so does every ``ri:`` element.
_DROPPED = frozenset(
    {"ac:parameter", "ac:task-id", "ac:task-status", "ac:task-uuid", "ac:placeholder", "ac:image"}
    | {"ac:emoticon"}
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
_TAG = re.compile(r"<(/?)((?:ac|ri|at):[\w-]++)\b([^<>]*+)>")
_STORAGE = re.compile(r"<(?:ac|ri):[\w-]++[\s>/]")
#: Characters from the end of a macro's body to that of the macro, blanks between them.
_BETWEEN = 400
_MACRO, _BODY, _BODY_END = (
    "</ac:structured-macro>",
    "<ac:plain-text-body>",
    "</ac:plain-text-body>",
)


def is_storage(text: str) -> bool:
    """Whether a text is a page in Confluence's storage format."""
    return _STORAGE.search(text) is not None


def storage_to_html(text: str) -> str:
    """The page as HTML; macros that only point elsewhere say nothing."""
    text = _quoted(text)
    ends = _Ends(text)
    written: list[str] = []
    position = 0
    for tag in _TAG.finditer(text):
        if tag.start() >= position:
            written.append(text[position : tag.start()])
            shown, position = _element(text, tag, ends)
            written.append(shown)
    written.append(text[position:])
    return "".join(written)


class _Ends:
    """Where a piece of a text stands next, asked for with places that only grow: each piece is
    looked for once over the whole text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def after(self, piece: str, place: int) -> int:
        """The next place of a piece, -1 where there is none any more."""
        known = self._next.get(piece)
        if known is None or 0 <= known < place:
            known = self._next[piece] = self._text.find(piece, place)
        return known


def _quoted(text: str) -> str:
    """The text with its CDATA sections as escaped words."""
    written: list[str] = []
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        end = text.find("]]>", start)
        if end < 0:
            break
        written += (text[position:start], html.escape(text[start + 9 : end], quote=False))
        position = end + 3
    written.append(text[position:])
    return "".join(written)


def _element(text: str, tag: re.Match[str], ends: _Ends) -> tuple[str, int]:
    """What is written for an element, or for its beginning or end, and where to go on."""
    name, said = tag[2], tag[3]
    after = tag.end()
    shown = _BLOCKS.get(name, "div")
    dropped = name in _DROPPED or name.startswith("ri:")
    if tag[1]:
        return f"</{shown}>", after
    if said.endswith("/"):
        return ("" if dropped else f"<{shown}></{shown}>"), after
    if name == "ac:structured-macro" and _CODE.search(said):
        return _code(text, after, ends) or (f"<{shown}>", after)
    end = ends.after(f"</{name}>", after) if dropped else -1
    if end < 0:
        return f"<{shown}>", after
    title = name == "ac:parameter" and _TITLE.search(said)
    words = f"<p>{_TAG.sub('', text[after:end])}</p>" if title else ""
    return words, end + len(name) + 3


def _code(text: str, after: int, ends: _Ends) -> tuple[str, int] | None:
    """A code macro whose beginning ends there, None when it has no body of its own."""
    macro, body = ends.after(_MACRO, after), ends.after(_BODY, after)
    end = ends.after(_BODY_END, after)
    start = body + len(_BODY)
    if not (0 <= body < start <= end < macro) or macro - end > _BETWEEN:
        return None
    if text[end + len(_BODY_END) : macro].strip():
        return None
    return f"<pre><code>{text[start:end]}</code></pre>", macro + len(_MACRO)
