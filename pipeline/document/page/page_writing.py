"""Puts the page together: frame, look, script, and the data that it is drawn from."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from pipeline.document.markdown.escape import visible
from pipeline.document.page.page_data import TEXT_LIMIT, page_data
from pipeline.document.structure.content import judge_told, told
from pipeline.document.structure.layout import Layout
from pipeline.extract.page.islands import island, islands

#: In the order in which they run, one script.
_SCRIPTS = (
    "base.js", "compare.js", "panel.js", "heights.js", "entries.js", "filters.js", "ledger.js",
)  # fmt: skip


def page_text(
    layout: Layout, kept: Mapping[str, Any] | None = None, *, text_limit: int = TEXT_LIMIT
) -> Iterator[str]:
    """The text of ``merged.html`` piece by piece.

    Args:
        kept: what the check found that every sentence is there; None before it ran.
        text_limit: characters of documents that the page holds; a story of a document beyond is
            shown by its own words only.
    """
    style, script = _asset("page.css"), "\n".join(map(_asset, _SCRIPTS))
    frame = Template(_asset("page.html"))
    page = frame.substitute(
        policy=f"default-src 'none'; style-src {_sha256(style)}; script-src {_sha256(script)}",
        sovereignty=_sovereignty(layout.content.stays),
        style=style,
        script=script,
        summary=escape(visible(_summary(layout, kept))),
        data="\0",
    )
    before, _, behind = page.partition("\0")
    yield before
    for name, value in page_data(layout, text_limit):
        id_ = f"data-{name}"
        yield from islands(id_, value) if isinstance(value, Iterator) else [island(id_, value)]
    yield behind


def _sovereignty(mark: str) -> str:
    return f'<meta name="sovereignty" content="{escape(mark)}">\n' if mark else ""


def _summary(layout: Layout, kept: Mapping[str, Any] | None) -> str:
    content = layout.content
    documents = {story.source.document for story in content.stories.values()}
    parts = [
        f"{told(len(content.stories), 'story', 'stories')} from "
        f"{told(len(documents), 'document')} in {told(len(layout.section_of), 'entry', 'entries')}"
    ]
    if kept is not None:
        n, missing = kept.get("units", 0), len(kept.get("missing", ()))
        parts.append(
            f"{missing:,} of {n:,} sentences are missing: this is incomplete"
            if missing
            else f"all {n:,} sentences are here, standing or folded"
        )
    judge = judge_told(content.head)
    parts.append(f"judge {judge}" if judge else "no model was asked")
    if content.head.get("run"):
        parts.append(f"run {content.head['run']}")
    return " · ".join(parts)


def _asset(name: str) -> str:
    return files("pipeline.document.page").joinpath(name).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
