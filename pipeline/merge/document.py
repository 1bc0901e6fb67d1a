"""The merged document as Markdown and as JSON: every sentence with the places it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

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
from pipeline.merge.ledger import counts
from pipeline.merge.page import html, html_text
from pipeline.outcomes import MergedStory, Outcomes, Relation
from pipeline.stories import Document, Story

__all__ = ["as_json", "html", "html_text", "json_text", "markdown", "markdown_text"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
    by: Group = "role",
) -> str:
    """The merged document for people: stories by role or topic, conflicts, ledger, sources.

    Args:
        stories: by id, in corpus order; a source's number is its place in it.
        documents: by sha256.
        head: the run's figures, named in the first lines.
        by: what the stories are grouped by.
    """
    return "".join(markdown_text(outcomes, stories, documents, head, by))


def markdown_text(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
    by: Group = "role",
) -> Iterator[str]:
    """The text of :func:`markdown` line by line."""
    number = numbers(stories)
    elsewhere = {row.target: row for row in outcomes.ledger if row.outcome == "kept" and row.other}

    def written() -> Iterator[str]:
        yield from ("# Merged stories", "", *_summary(outcomes, stories, documents, head or {}), "")
        for heading, group in grouped(outcomes, by):
            yield from (f"## {_plain(heading)}", "")
            for merged in group:
                yield from _story(merged, stories, number)
                if merged.id in elsewhere:
                    row = elsewhere[merged.id]
                    yield f"  - *{_plain(row.reason)}* {_link(number[row.other])}"
                yield ""
        yield from _conflicts(outcomes, stories, number)
        yield from _ledger(outcomes, number)
        yield from _sources(stories, number)

    return (f"{line}\n" for line in written())


def as_json(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The merged document with everything: sentences with character offsets, verdicts (those of
    refused replies too), conflicts, edits, ledger and sources."""
    parts = _parts(outcomes, stories, documents, head or {})
    made = {name: value for name, value in parts.items() if isinstance(value, Iterator)}
    return parts | {
        name: dict(value) if name in _BY_NAME else list(value) for name, value in made.items()
    }


def json_text(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """The text of :func:`as_json` piece by piece, a story or a row a line: as values, all of a
    hundred thousand stories at once would take more memory than the rest of a merge."""
    lead = "{\n"
    for name, value in _parts(outcomes, stories, documents, head or {}).items():
        yield f"{lead}{_dumps(name)}: "
        if not isinstance(value, Iterator):
            yield _dumps(value)
        elif name in _BY_NAME:
            pieces = (f"{_dumps(key)}: {_dumps(one)}" for key, one in value)
            yield from _bracketed("{", pieces, "}")
        else:
            yield from _bracketed("[", map(_dumps, value), "]")
        lead = ",\n"
    yield "\n}\n"


def _bracketed(opened: str, pieces: Iterable[str], closed: str) -> Iterator[str]:
    yield opened
    lead = "\n"
    for piece in pieces:
        yield f"{lead}{piece}"
        lead = ",\n"
    yield closed


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


#: The long parts that have a name for everything in them.
_BY_NAME = frozenset({"sources"})


def _parts(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """The parts of the document; the long ones are made as they are asked for."""
    return {
        "run": dict(head),
        "stories": (_story_json(merged, stories) for merged in outcomes.merged),
        "conflicts": (asdict(conflict) for conflict in outcomes.conflicts),
        "ledger": (asdict(row) for row in outcomes.ledger),
        "counts": counts(outcomes.ledger),
        "overlaps": sum(row.relation is Relation.OVERLAP for row in outcomes.ledger),
        "edits": (asdict(edit) for edit in outcomes.edits),
        "failed_calls": list(outcomes.failed_calls),
        "lost": list(outcomes.lost),
        "sources": (
            (story.id, _source_json(number, story))
            for number, story in enumerate(stories.values(), 1)
        ),
        "documents": {
            sha256: {"paths": list(doc.paths), "format": doc.format, "chars": len(doc.text)}
            for sha256, doc in documents.items()
        },
    }


def _source_json(number: int, story: Story) -> dict[str, Any]:
    return {
        "number": number,
        "document": story.source.document,
        "path": story.source.path,
        "locator": str(story.source.locator),
        "spans": [list(span) for span in story.source.spans],
        "key": story.source.key,
        "written": story.source.written.isoformat() if story.source.written else None,
        "author": story.source.author,
        "text": story.text,
    }


def _story_json(merged: MergedStory, stories: Mapping[str, Story]) -> dict[str, Any]:
    def places(found: Iterable[Any]) -> list[dict[str, Any]]:
        return [
            {
                "story": place.story,
                "document": stories[place.story].source.document,
                "start": place.span.start,
                "end": place.span.end,
            }
            for place in found
        ]

    verdicts = [
        {
            "field": v.field,
            "text": v.text,
            "stage": v.stage,
            "grounded": v.grounded,
            "findings": [asdict(finding) for finding in v.findings],
            "sources": places(v.sources),
        }
        for v in merged.verdicts
    ]
    return {
        "id": merged.id,
        **asdict(merged.text),
        "origin": merged.origin,
        "fallback": merged.fallback,
        "sources": list(merged.sources),
        "sentences": [v for v in verdicts if v["stage"] == "final"],
        "refused": [v for v in verdicts if v["stage"] == "reply"],
        "text": "".join(part.lead + part.text for part in sentence(merged, stories)),
    }


def _summary(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any],
) -> list[str]:
    told = ", ".join(f"{n} {name}" for n, name in balance_told(outcomes))
    overlaps = sum(row.relation is Relation.OVERLAP for row in outcomes.ledger)
    partly = f" ({overlaps} overlap: one need, each with details of its own)" if overlaps else ""
    found = [
        f"{len(stories)} stories of {len(documents)} documents became {len(outcomes.merged)}: "
        f"{told}{partly}. The numbers in brackets name the sources at the end."
    ]
    if head.get("model"):
        run = f", run {head['run']}" if head.get("run") else ""
        found += ["", f"Merged with {_plain(str(head['model']))}{_plain(run)}."]
    return found


def _story(
    merged: MergedStory, stories: Mapping[str, Story], number: Mapping[str, int]
) -> list[str]:
    told = sentence(merged, stories)
    heading = title(merged)
    rest = lines(merged)
    out = []
    if told:
        name = f"**{_plain(heading.text)}.** " if heading else ""
        out.append(f"- {name}{_told(told, number)}")
    elif heading is not None:
        out.append(f"- **{_plain(heading.text)}** {_cite(heading, number)}")
    else:
        first = rest.pop(0)
        out.append(f"- {_plain(first.text)} {_cite(first, number)}")
    again = " ".join(_link(number[source]) for source in echoes(merged, stories))
    if again:
        out[0] += f" (said again in {again})"
    out += [f"  - {_plain(part.text)} {_cite(part, number)}" for part in rest]
    if merged.fallback:
        what = "Kept" if merged.origin == "kept" else "United"
        out.append(f"  - *{what} word for word: {_plain(merged.fallback)}*")
    return out


def _told(parts: Sequence[Part], number: Mapping[str, int]) -> str:
    """The sentence; numbers stand where the sources change, and at the end."""
    out = ""
    for i, part in enumerate(parts):
        out += part.lead + _plain(part.text).rstrip(". ")
        last = i + 1 == len(parts)
        if last or cited(part.sources, number) != cited(parts[i + 1].sources, number):
            out += ("." if last else "") + f" {_cite(part, number)}"
    return out


def _cite(part: Part, number: Mapping[str, int]) -> str:
    return " ".join(_link(n) for n in cited(part.sources, number))


def _link(n: int) -> str:
    return f"[\\[{n}\\]](#source-{n})"


def _conflicts(
    outcomes: Outcomes, stories: Mapping[str, Story], number: Mapping[str, int]
) -> list[str]:
    if not outcomes.conflicts:
        return []
    stand = standing(outcomes)
    out = ["## Conflicts", "", "Kept side by side; a person decides.", ""]
    for i, conflict in enumerate(outcomes.conflicts, 1):
        values = conflict.values or ("",) * len(conflict.stories)
        against = " against ".join(_plain(v) for v in dict.fromkeys(values) if v)
        out += [f"### {i}. {_plain(conflict.attribute) or 'disagreement'}"
                + (f": {against}" if against else ""), ""]  # fmt: skip
        for story, value in zip(conflict.stories, values, strict=True):
            says = f"**{_plain(value)}**: " if value else ""
            told = _plain(spoken(stand[story], stories))
            out.append(f"- {says}{told} {_link(number[story])}")
        out += ["", f"{_plain(conflict.reason)}", ""]
    return out


def _ledger(outcomes: Outcomes, number: Mapping[str, int]) -> Iterator[str]:
    yield from ("## Ledger", "", "| source | outcome | with | reason | decided by |")
    yield "|---|---|---|---|---|"
    for row in outcomes.ledger:
        other = _link(number[row.other]) if row.other else ""
        outcome = row.outcome.value.replace("_", " ")
        relation = f" ({row.relation.value})" if row.relation else ""
        n = number[row.story]
        yield (
            f"| {_link(n)} | {outcome}{relation} | {other} | {_plain(row.reason)} "
            f"| {_plain(row.decided_by)} |"
        )
    yield ""


def _sources(stories: Mapping[str, Story], number: Mapping[str, int]) -> Iterator[str]:
    yield from ("## Sources", "")
    for story in stories.values():
        key = f" ({story.source.key})" if story.source.key else ""
        n = number[story.id]
        yield f'{n}. <a id="source-{n}"></a>{_plain(str(story.source) + key)}'


def _plain(text: str) -> str:
    """Text as Markdown that means nothing but itself, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.replace("&", "&amp;").split()))
