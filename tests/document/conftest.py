"""Merges to write documents of: by hand, and one entry a story of real documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.document.structure.content import Content
from pipeline.document.structure.residue import not_shown
from pipeline.entries import (
    Conflict,
    Entry,
    Fold,
    LedgerRow,
    Line,
    Link,
    Merge,
    Outcome,
    RoleTold,
    Side,
    entry_id,
)
from pipeline.extract.extraction import extract
from pipeline.stories import Locator, Source, Span, Story, as_role

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
#: Between what is wanted and why, in the words of most stories.
_STORY = re.compile(r"\bAs an? .*?(?:\.(?=\s|$)|(?=\n\s*\n)|$)", re.DOTALL)


def story(name: str, goal: str = "", *, role: str = "reader", text: str = "", **more) -> Story:
    """A story of a document that is not there."""
    path = more.pop("path", "pile/a.md")
    source = Source("d" * 64, path, Locator(line=3), (Span(0, 1),), **more.pop("source", {}))
    told = f"{as_role(role)}, I want {goal}." if goal else ""
    kind = more.pop("kind", "agile")
    return Story(name, kind, source, text or told, role=role, goal=goal, **more)


def lines_of(one: Story) -> tuple[Line, ...]:
    """A story as lines in its own words; a table's cells put into a sentence."""
    found = _STORY.search(one.text)
    ending = f", so that {one.benefit}." if one.benefit else "."
    to = "to " if f"to {one.goal}" in one.text else ""
    put = f"{as_role(one.role)}, I want {to}{one.goal}{ending}" if one.goal else ""
    told = found[0] if found and one.goal else put
    lines = [Line("title", one.title, (one.id,))] if one.title else []
    lines += [Line("sentence", told, (one.id,))] if told else []
    lines += [Line("criterion", text, (one.id,)) for text in one.criteria]
    lines += [Line("body", text, (one.id,)) for text in one.body]
    return tuple(lines) or (Line("body", one.text, (one.id,)),)


def entry(*stories: Story, lines: Sequence[Line] = (), folds: Sequence[Fold] = ()) -> Entry:
    """The stories under the first of them, whose lines stand."""
    told: dict[str, list[str]] = {}
    for one in stories:
        if one.role:
            told.setdefault(one.role, []).append(one.id)
    return Entry(
        entry_id(one.id for one in stories),
        stories[0].id,
        tuple(one.id for one in stories),
        tuple(RoleTold(role, tuple(of)) for role, of in told.items()),
        (*lines_of(stories[0]), *lines),
        tuple(folds),
    )


def merge(entries: Sequence[Entry], **more) -> Merge:
    """Entries with a ledger that fits them."""
    conflicts = more.pop("conflicts", ())
    sides = {side.story: c for c in conflicts for side in c.sides}
    rows = []
    for one in entries:
        for n, source in enumerate(one.sources):
            outcome = Outcome.MERGED_INTO if n else Outcome.KEPT
            outcome = Outcome.CONFLICT_WITH if source in sides else outcome
            reason = sides[source].reason if source in sides else ""
            rows.append(LedgerRow(source, outcome, one.id, "", reason, "code"))
    rows += more.pop("skipped", ())
    return Merge(tuple(entries), tuple(conflicts), more.pop("links", ()), tuple(rows), **more)


def differing(a: str, b: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Runs of words that only one of two texts has."""
    left, right = a.split(), b.split()
    found: tuple[list[str], list[str]] = [], []
    for kind, i, j, k, n in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            found[0].append(" ".join(left[i:j]))
            found[1].append(" ".join(right[k:n]))
    return tuple(filter(None, found[0])), tuple(filter(None, found[1]))


def conflict(a: Entry, b: Entry, kind: str = "conflict") -> Conflict:
    """Two entries against each other."""
    mine, theirs = differing(a.sentence, b.sentence)
    sides = Side(a.standing, a.sentence, mine), Side(b.standing, b.sentence, theirs)
    return Conflict(f"{a.standing}/{b.standing}", kind, sides, "number", "code", "numbers differ")


def link(a: Entry, b: Entry, score: float = 0.8) -> Link:
    """Two entries that are alike."""
    return Link(a.id, b.id, "alike", score, *differing(a.sentence, b.sentence))


class Read:
    """Documents as they were read, and a merge of them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.extractions = list(extract(paths))
        self.stories = {s.id: s for e in self.extractions for s in e.stories}
        self.documents = {e.document.sha256: e.document for e in self.extractions}
        self.words = sum(len(one.text.split()) for one in self.stories.values())

    def content(self, merged: Merge, **head) -> Content:
        left = not_shown(self.extractions)
        return Content(merged, self.stories, self.documents, {"run": "r-1", **head}, left)


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The helpers of this folder."""
    made: dict[str, Callable] = {"story": story, "entry": entry, "merge": merge, "link": link}
    return SimpleNamespace(**made, conflict=conflict, lines_of=lines_of, Read=Read)


@pytest.fixture(scope="session")
def sample() -> SimpleNamespace:
    """The sample merged as its truth says and proof can show: one need in the same words is one
    entry, with every benefit and criterion; conflicts and what is alike are marked."""
    read = Read([SAMPLE])
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    flat = {one.id: " ".join(one.text.split()) for one in read.stories.values()}
    found: dict[str, Story] = {}
    for told in truth["stories"]:
        for one in read.stories.values():
            name = Path(one.source.path).name
            at = told["key"] == one.source.key if told["key"] else told["starts"] in flat[one.id]
            if name == told["document"] and at and one not in found.values():
                found[told["id"]] = one
                break
    exact = [group for group in truth["duplicates"] if group["kind"] == "exact"]
    exact += truth["overlaps"]
    under = {found[o].id: found[g["stories"][0]] for g in exact for o in g["stories"][1:]}
    others: dict[str, list[Story]] = {}
    for again, first in under.items():
        others.setdefault(first.id, []).append(read.stories[again])
    entries = []
    for one in read.stories.values():
        if one.id not in under:
            beside = others.get(one.id, [])
            own = [line.text for line in lines_of(one)]
            folds, lines = [], []
            for told in beside:
                if told.benefit and told.benefit != one.benefit:
                    lines.append(Line("benefit", told.benefit, (told.id,)))
                for line in lines_of(told):
                    if line.field == "sentence" or line.text in own:
                        folds.append(Fold(told.id, line.field, line.text, "proof", one.id))
                    else:
                        lines.append(line)
            entries.append(entry(one, *beside, lines=lines, folds=folds))
    of = {source: one for one in entries for source in one.sources}

    def pairs(groups):
        return [
            (of[found[g[0]].id], of[found[o].id])
            for g in groups
            for o in g[1:]
            if of[found[g[0]].id] is not of[found[o].id]
        ]

    alike = pairs([g["stories"] for g in truth["duplicates"]])
    alike += pairs(truth["lookalikes"])
    merged = merge(
        entries,
        conflicts=[
            conflict(a, b, "possible" if n in (2, 3) else "conflict")
            for n, (a, b) in enumerate(pairs([c["stories"] for c in truth["conflicts"]]))
        ],
        links=tuple(link(a, b) for a, b in alike),
        proposals=tuple((a.standing, b.standing) for a, b in alike),
    )
    return SimpleNamespace(read=read, merge=merged, found=found, truth=truth)


@pytest.fixture(scope="session")
def desk(kit) -> SimpleNamespace:
    """Seven stories: two told in one entry, a conflict, two that are alike, one that is hostile,
    one left out."""
    told = [
        kit.story("a", "to book a room for 2 hours", title="Book a room",
                  criteria=("it has a socket",)),
        kit.story("b", "to reserve a room for 2 hours", role="guest", path="pile/deep/b.md",
                  benefit="our group can talk"),
        kit.story("c", "a late fee of 2 euros", role="librarian"),
        kit.story("d", "a late fee of 3 euros", role="librarian", path="pile/deep/b.md"),
        kit.story("e", "to print a list of overdue books", role="librarian"),
        kit.story("f", "to print a list of damaged books", role="librarian"),
        kit.story("g", "<img src=x onerror='window.hurt=1'></script> [x](javascript:y) \u202eevil"),
        kit.story("h", "nothing"),
    ]  # fmt: skip
    a, b, c, d, e, f, g, _ = told
    rooms = kit.entry(
        a, b,
        lines=[Line("benefit", "our group can talk", ("b",))],
        folds=[Fold("b", "sentence", b.text, "judge", "a", otherwise=("reserve",),
                    reason="judge-1, record 7", likelihood=0.98)],
    )  # fmt: skip
    cheap, dear, late, bad, hostile = map(kit.entry, (c, d, e, f, g))
    merged = kit.merge(
        [rooms, cheap, dear, late, bad, hostile],
        conflicts=[kit.conflict(cheap, dear)],
        links=(kit.link(late, bad),),
        skipped=[LedgerRow("h", Outcome.SKIPPED, "", "", "not asked for (--about)", "code")],
    )
    stories = {one.id: one for one in told}
    return SimpleNamespace(merge=merged, stories=stories, content=Content(merged, stories))
