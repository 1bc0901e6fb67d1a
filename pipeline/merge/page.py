"""The merged document as one self-contained page on which every sentence shows its sources.

The document stands in the page as text, so that it can be read, searched and printed without a
script. What a person asks for (a sentence's sources at their place, where a story went, the
ledger) is drawn when it is asked for, from islands of JSON. No request leaves the page: a policy
in its head forbids them all. Source text reaches it through the islands and ``textContent`` only,
or escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from typing import Any

from pipeline.extract.islands import islands, utf16_units
from pipeline.merge.grouping import Group, grouped
from pipeline.merge.layout import (
    Part,
    balance_told,
    cited,
    echoes,
    lines,
    numbers,
    sentence,
    spoken,
    standing,
    title,
)
from pipeline.merge.page_frame import CLOSING, MIDDLE, OPENING
from pipeline.outcomes import Conflict, LedgerRow, MergedStory, Outcomes, SourceSpan
from pipeline.stories import Document, Story

#: Characters of document text that one page holds; of what goes beyond, the stories' own words.
TEXT_LIMIT = 30_000_000
#: Stories that a browser lays out together.
_SOME = 20


def html(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
    by: Group = "role",
    *,
    text_limit: int = TEXT_LIMIT,
) -> str:
    """The page. Arguments as for :func:`pipeline.merge.document.markdown`.

    Args:
        text_limit: characters; a document whose text would go beyond is shown by its stories' own
            words only.
    """
    return "".join(html_text(outcomes, stories, documents, head, by, text_limit=text_limit))


def html_text(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
    by: Group = "role",
    *,
    text_limit: int = TEXT_LIMIT,
) -> Iterator[str]:
    """The text of :func:`html` piece by piece; what its places are is known at its end."""
    page = _Page(outcomes, stories, documents, text_limit)
    parts = [(i, *found) for i, found in enumerate(grouped(outcomes, by), 1)]
    told = " · ".join(f"<b>{n:,}</b> {name}" for n, name in balance_told(outcomes))
    contents = [
        f'<a href="#g{i}">{escape(heading)}</a>&nbsp;{len(group)}' for i, heading, group in parts
    ]
    if outcomes.conflicts:
        contents.append(f'<a href="#conflicts">conflicts</a>&nbsp;{len(outcomes.conflicts)}')
    run = " · ".join(escape(str(head[k])) for k in ("model", "run") if head and head.get(k))
    yield OPENING.substitute(
        summary=f"{len(stories):,} stories became {len(outcomes.merged):,}: {told}",
        run=run,
        contents=" · ".join(contents),
    )
    for i, heading, group in parts:
        yield f'<section><h2 id="g{i}">{escape(heading)}</h2>\n'
        yield from page.stories(group)
        yield "</section>\n"
    yield from page.conflicts()
    yield MIDDLE
    yield from page.islands()
    yield CLOSING


class _Page:
    """Writes the parts of the page and gathers the places they point to."""

    def __init__(
        self,
        outcomes: Outcomes,
        stories: Mapping[str, Story],
        documents: Mapping[str, Document],
        text_limit: int,
    ) -> None:
        self._outcomes = outcomes
        self._stories = stories
        self._number = numbers(stories)
        self._standing = standing(outcomes)
        self._rows = {row.story: row for row in outcomes.ledger}
        self._places: dict[SourceSpan, int] = {}
        self._documents: dict[str, Document] = {}
        for sha256 in dict.fromkeys(story.source.document for story in stories.values()):
            document = documents.get(sha256)
            if document is not None and len(document.text) <= text_limit:
                text_limit -= len(document.text)
                self._documents[sha256] = document
        paths = dict.fromkeys(story.source.path for story in stories.values())
        self._paths = {path: n for n, path in enumerate(paths)}

    def stories(self, group: Sequence[MergedStory]) -> Iterator[str]:
        return _by_some(map(self.story, group))

    def story(self, merged: MergedStory) -> str:
        heading = title(merged)
        out = [f'<article id="m-{merged.id}" {self._facets(merged)}>']
        if heading is not None:
            out.append(f"<h3>{self._part(heading)}</h3>")
        told = sentence(merged, self._stories)
        if told:
            out.append("<p>" + "".join(escape(p.lead) + self._part(p) for p in told) + ".</p>")
        again = [self._whole(source) for source in echoes(merged, self._stories)]
        if again:
            out.append(f'<p class="note">Said again in {", ".join(again)}</p>')
        rest = lines(merged)
        if rest:
            items = "".join(f"<li>{self._part(part)}</li>" for part in rest)
            out.append(f"<ul>{items}</ul>")
        if merged.fallback:
            what = "Kept" if merged.origin == "kept" else "United"
            out.append(f'<p class="note">{what} word for word: {escape(merged.fallback)}</p>')
        return "".join([*out, "</article>\n"])

    def conflicts(self) -> Iterator[str]:
        if not self._outcomes.conflicts:
            return
        yield '<section><h2 id="conflicts">Conflicts</h2>'
        yield '<p class="soft">Kept side by side; a person decides.</p>\n'
        yield from _by_some(map(self._conflict, self._outcomes.conflicts))
        yield "</section>\n"

    def islands(self) -> Iterator[str]:
        """What the script draws from: texts, stories, the places of sentences, the ledger."""
        numbered = {sha256: n for n, sha256 in enumerate(self._documents)}
        units = {sha256: utf16_units(one.text) for sha256, one in self._documents.items()}

        def listed(story: Story) -> dict[str, Any]:
            source = story.source
            held = source.document in numbered
            at = units[source.document] if held else int
            return {
                "text": numbered.get(source.document, -1),
                "own": "" if held else story.text,
                "spans": [[at(start), at(end)] for start, end in source.spans],
                "path": self._paths[source.path],
                "place": str(source.locator),
                "key": source.key,
                "by": source.author,
                "on": source.written.isoformat() if source.written else "",
                "went": self._went(self._rows.get(story.id)),
            }

        def placed(place: SourceSpan) -> list[int]:
            at = units.get(self._stories[place.story].source.document, int)
            return [self._number[place.story], at(place.span.start), at(place.span.end)]

        yield from islands("texts", (document.text for document in self._documents.values()))
        yield from islands("stories", map(listed, self._stories.values()))
        yield from islands("places", map(placed, self._places))
        yield from islands("paths", self._paths)

    def _went(self, row: LedgerRow | None) -> dict[str, Any]:
        """What became of a source story."""
        if row is None:
            return {}
        return {
            "outcome": row.outcome.value,
            "relation": row.relation.value if row.relation else "",
            "target": row.target,
            "other": self._number.get(row.other, 0),
            "reason": row.reason,
            "by": row.decided_by,
        }

    def _facets(self, merged: MergedStory) -> str:
        """What a story is filtered by: documents, role, and what became of its sources."""
        replaced = ("replaced",) if merged.fallback else ()
        return self._told_apart(merged.sources, merged.text.role, replaced)

    def _told_apart(self, sources: Sequence[str], role: str, more: Sequence[str] = ()) -> str:
        documents = sorted({self._paths[self._stories[s].source.path] for s in sources})
        rows = [self._rows[s] for s in sources if s in self._rows]
        became = dict.fromkeys(row.outcome.value for row in rows)
        return (
            f'data-d="{" ".join(map(str, documents))}" data-r="{escape(role)}" '
            f'data-o="{" ".join([*became, *more])}"'
        )

    def _conflict(self, conflict: Conflict) -> str:
        values = conflict.values or ("",) * len(conflict.stories)
        sides = "".join(map(self._side, conflict.stories, values))
        facets = self._told_apart(conflict.stories, self._standing[conflict.stories[0]].text.role)
        about = escape(conflict.attribute) or "disagreement"
        return (
            f"<article class=conflict {facets}><h3>{about}</h3>"
            f'<div class="sides">{sides}</div>'
            f'<p class="note">{escape(conflict.reason)}</p></article>\n'
        )

    def _side(self, story: str, value: str) -> str:
        """One version of a conflict, with its origin and date."""
        source = self._stories[story].source
        text = spoken(self._standing[story], self._stories)
        places = tuple(SourceSpan(story, span) for span in source.spans)
        origin = ", ".join(part for part in (source.author, _date(self._stories[story])) if part)
        says = f"<b>{escape(value)}</b>" if value else ""
        return (
            f"<blockquote>{says}<p>{self._part(Part('body', '', text, places))}</p>"
            f"<footer>{escape(str(source))}<br>{escape(origin)}</footer></blockquote>"
        )

    def _part(self, part: Part) -> str:
        """A sentence that can be clicked or focused, and the numbers of its sources."""
        cites = "".join(f"<sup>{n}</sup>" for n in cited(part.sources, self._number))
        text = part.text.rstrip(". ") if part.field == "benefit" else part.text
        return self._clickable(text, part.sources) + cites

    def _whole(self, story: str) -> str:
        """A source that can be clicked to show all of it."""
        places = tuple(SourceSpan(story, span) for span in self._stories[story].source.spans)
        return self._clickable(f"S-{self._number[story]}", places)

    def _clickable(self, text: str, places: tuple[SourceSpan, ...]) -> str:
        ids = [self._places.setdefault(place, len(self._places)) for place in places]
        return (
            f'<span class="s" role="button" tabindex="0" data-s="{" ".join(map(str, ids))}">'
            f"{escape(text)}</span>"
        )


def _by_some(articles: Iterable[str]) -> Iterator[str]:
    left = iter(articles)
    while some := "".join(islice(left, _SOME)):
        yield f'<div class="some">{some}</div>\n'


def _date(story: Story) -> str:
    return story.source.written.isoformat() if story.source.written else "no date given"
