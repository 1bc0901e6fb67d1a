"""The Markdown edition: an overview, entries by topic or role, and their tellings beside them."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.document.markdown.entry_text import group_text
from pipeline.document.markdown.escape import plain
from pipeline.document.markdown.holding import holds, section_line
from pipeline.document.markdown.overview import overview
from pipeline.document.markdown.overview_lists import lists_text
from pipeline.document.markdown.story_index import index_files, index_text
from pipeline.document.markdown.tellings_file import left_out_text, place, tellings_text
from pipeline.document.structure.layout import LISTS, TELLINGS, Layout, address
from pipeline.document.structure.order import ALONE
from pipeline.document.structure.topics import Section

#: A file of an edition: its path below the document's folder, and its text piece by piece.
File = tuple[str, Iterator[str]]


def files_of(layout: Layout) -> Iterator[File]:
    """The files of an edition that is laid out, ``merged.md`` first.

    Up to 300 entries ``merged.md`` holds the overview and the entries, and ``merged.tellings.md``
    the tellings; above, ``merged.md`` is the overview, and each topic has two files of its own.
    """
    yield layout.main, _written(_main(layout))
    if layout.full:
        return
    yield LISTS + layout.ending, _written(lists_text(layout))
    for name, file, stories in index_files(layout):
        yield file, _written(index_text(name, file, stories, layout))
    if not layout.split:
        yield TELLINGS + layout.ending, _written(_all_tellings(layout))
        return
    yield layout.contents, _written(_contents(layout))
    for section in layout.sections:
        yield layout.file(section), _written(_topic(section, layout))
        yield layout.tellings_file(section), _written(_topic_tellings(section, layout))


def _main(layout: Layout) -> Iterator[str]:
    yield from overview(layout, layout.main)
    if layout.split:
        return
    for section in layout.sections:
        yield f'## <a id="{section.name}"></a>{plain(section.title)}'
        yield ""
        if layout.full:
            yield holds(section, layout)
            yield ""
        yield from _entries(section, layout, layout.main)
    if layout.full:
        yield from ("# Tellings", "")
        for section in layout.sections:
            yield from tellings_text(section, layout)
        yield from left_out_text(layout.content)
        yield from _ledger(layout)


def _entries(section: Section, layout: Layout, at: str) -> Iterator[str]:
    together = False
    for group in section.groups:
        if group.rank == ALONE and together:
            yield from ("**Alone**", "")
        together = group.rank < ALONE
        yield from group_text(group, layout, at)
    yield ""


def _all_tellings(layout: Layout) -> Iterator[str]:
    yield from ("# Tellings", "")
    yield f"Every telling word for word, under its entry in [{layout.main}]({layout.main})."
    yield ""
    for section in layout.sections:
        yield from tellings_text(section, layout)
    yield from left_out_text(layout.content)


def _topic(section: Section, layout: Layout) -> Iterator[str]:
    at, beside = layout.file(section), layout.tellings_file(section)
    yield f"# {plain(section.title)}"
    yield ""
    yield (
        f"{holds(section, layout)} [Tellings]({address(beside, at=at)}) · "
        f"[overview]({address(layout.main, at=at)})"
    )
    yield ""
    yield from _entries(section, layout, at)


def _topic_tellings(section: Section, layout: Layout) -> Iterator[str]:
    at, entries = layout.tellings_file(section), layout.file(section)
    yield f"# {plain(section.title)}: tellings"
    yield ""
    yield (
        f"Every telling word for word, under its entry in "
        f"[{plain(section.title)}]({address(entries, at=at)}) · "
        f"[overview]({address(layout.main, at=at)})"
    )
    yield ""
    yield from tellings_text(section, layout)


def _contents(layout: Layout) -> Iterator[str]:
    yield f"# All {len(layout.sections):,} topics"
    yield ""
    yield from (f"- {section_line(one, layout, layout.contents)}" for one in layout.sections)
    yield ""
    yield from left_out_text(layout.content)


def _ledger(layout: Layout) -> Iterator[str]:
    content = layout.content
    yield from ("# Ledger", "", "| story | outcome | with | reason | by | place |")
    yield "|---|---|---|---|---|---|"
    for story, row in content.row_of.items():
        name = layout.story(story, at=layout.main)
        other = layout.story(row.other, at=layout.main) if row.other else ""
        outcome = row.outcome.value.replace("_", " ")
        by = row.judge or row.by
        yield (
            f"| {name} | {outcome} | {other} | {plain(row.reason)} | {plain(by)} "
            f"| {place(content.stories[story])} |"
        )


def _written(lines: Iterator[str]) -> Iterator[str]:
    """Lines as text: never two empty ones together."""
    empty = True
    for line in lines:
        if line or not empty:
            yield f"{line}\n"
        empty = not line
