"""Every telling word for word, under the entry that it is a source of: the file beside the
entries, one step behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.document.markdown.escape import lines, plain
from pipeline.document.markdown.row_cells import row_of
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import Layout
from pipeline.document.structure.topics import Section
from pipeline.entries import Entry, Fold, Outcome
from pipeline.stories import Story
from pipeline.text.sentences import spoken_lines

#: Fields in the order in which what is folded is told, and their names.
_FIELDS = {"sentence": "what it asks for", "title": "title", "benefit": "benefit",
           "criterion": "criteria", "body": "body"}  # fmt: skip

#: The anchor of the list of stories that are in no entry.
LEFT_OUT = "left-out"


def tellings_text(section: Section, layout: Layout) -> Iterator[str]:
    """The lines of a section's tellings, in the order of its entries."""
    at = layout.tellings_file(section)
    for entry in section.entries:
        yield from entry_tellings(entry, layout, at)


def left_out_text(content: Content) -> Iterator[str]:
    """The stories that are in no entry, a line for each reason: "- S-3, S-4: its reason"."""
    reasons: dict[str, list[str]] = {}
    for row in content.skipped:
        reasons.setdefault(row.reason, []).append(row.story)
    if reasons:
        yield from (f'## <a id="{LEFT_OUT}"></a>Left out', "")
        for reason, stories in reasons.items():
            yield f"- {content.names(stories)}: {plain(reason) or 'no reason given'}"
        yield ""


def entry_tellings(entry: Entry, layout: Layout, at: str) -> Iterator[str]:
    """An entry's tellings: "## E-7", and each one under "### S-12" with its place, what became of
    it, and its words."""
    content = layout.content
    name = content.entry_name[entry.id]
    place = "entry" if layout.split else plain(layout.section_of[entry.id].title)
    link = "" if layout.full else f" [{place}]({layout.entry(entry.id, at=at)})"
    yield f'## {name} <a id="{name.lower()}"></a>{link}'
    yield ""
    for passage in content.passages_of.get(entry.id, ()):
        told = plain(passage.text)
        yield f"Alike, a passage of {layout.story(passage.story, at=at)}: “{told}”"
        yield ""
    for story in entry.sources:
        yield from _telling(content.stories[story], entry, content)


def _telling(story: Story, entry: Entry, content: Content) -> Iterator[str]:
    name = content.story_name[story.id]
    yield f'### {name} · {place(story)} <a id="{name.lower()}"></a>'
    yield ""
    became = fate(story.id, entry, content)
    if became:
        yield f"*{plain(became)}*"
        yield ""
    yield from _words(story)
    yield ""


def _words(story: Story) -> Iterator[str]:
    """A telling word for word, quoted; role, goal and benefit that stand in cells of their own as
    a row under what they are, and so is what else the row holds where it is known what that is:
    who reads the edition again would take a paragraph below a table for no part of it."""
    told = lines(spoken_lines(story.text))
    row = row_of(story, told, plain)
    if row is None:
        yield from _quoted(told)
        return
    yield from _quoted(row.before)
    yield ""
    yield f"| {' | '.join(row.cells)} |"
    yield "|---" * len(row.cells) + "|"
    yield f"| {' | '.join(row.cells.values())} |"
    yield ""
    yield from _quoted(row.behind)


def _quoted(told: Sequence[str]) -> Iterator[str]:
    # Two blanks at its end keep a line a line.
    return (f"> {line}  " if line else ">" for line in told)


def place(story: Story) -> str:
    """Where a story stands, who wrote it and when: "a/b.md, line 15, SHOP-12, 2026-03-09";
    of a work item also which ones it names: "Parent: SHOP-1"."""
    source = story.source
    written = source.written.isoformat() if source.written else ""
    known = (str(source), source.key, *source.locator.links, source.author, written)
    return plain(", ".join(part for part in known if part))


def fate(story: str, entry: Entry, content: Content) -> str:
    """In a sentence, what became of a telling that does not stand; "" where it does."""
    folds = [fold for fold in entry.folds if fold.story == story and fold.field != "label"]
    row = content.row_of.get(story)
    parts = (
        [f"{row.reason}."] if row and row.outcome is Outcome.CONFLICT_WITH and row.reason else []
    )
    if story != entry.standing or folds:
        # Where several put it aside, it is said which words.
        several = len({fold.by for fold in folds}) > 1
        parts += dict.fromkeys(_folded(fold, content, words=several) for fold in folds)
    if story != entry.standing and not parts:
        same = f"the same words as {content.story_name[entry.standing]}"
        told = content.stories[story]
        more = told.criteria or told.body
        parts.append(f"{same} in its sentence; the rest is at the entry." if more else f"{same}.")
    return " ".join(part[:1].upper() + part[1:] for part in parts)


#: What rules of proof are called where their names would be riddles.
_RULES = {"story-frame": "“I want” and its like", "purpose-frame": "“so that” and its like"}


def _but_for(rules: Sequence[str]) -> str:
    """The harmless changes by which proof found two texts the same."""
    return f", but for {', '.join(rules)}" if rules else ""


def _folded(fold: Fold, content: Content, *, words: bool = False) -> str:
    what = _FIELDS.get(fold.field, fold.field)
    what += f" “{' '.join(fold.text.split())}”" if words else ""
    under = f" under {content.story_name[fold.under]}" if fold.under else ""
    if content.against(fold):
        return f"{what}: {content.against(fold)}."
    if fold.by == "proof":
        shown = [_RULES.get(rule, rule.replace("-", " ")) for rule in fold.rules]
        return f"{what}: the same words{under and f' as{under[6:]}'}{_but_for(shown)}."
    surely = f", {fold.likelihood:.0%}" if fold.likelihood is not None else ""
    why = f" ({fold.reason}{surely})" if fold.reason or surely else ""
    return f"{what}: folded{under} by a {fold.by}{why}."
