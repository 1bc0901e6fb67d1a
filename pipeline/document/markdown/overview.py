"""The first pages of a document, two at most whatever its size: what contradicts what, what is
told most often, what is undecided, what is not shown, and where everything stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.document.markdown.holding import roles, short
from pipeline.document.markdown.left import kinds_told, residue_command
from pipeline.document.markdown.opposing import clipped_label, facing
from pipeline.document.markdown.overview_lists import times
from pipeline.document.markdown.quoting import (
    asks_for,
    clipped,
    quoted,
    side_by_side,
    whole_sides,
    within,
)
from pipeline.document.markdown.since_text import counted
from pipeline.document.markdown.tellings_file import LEFT_OUT
from pipeline.document.structure.content import Content, file_name, judge_told, told
from pipeline.document.structure.layout import SINCE, Layout, address
from pipeline.document.structure.needs import Need, most_told
from pipeline.document.structure.since import beside_others
from pipeline.entries import Conflict, Outcome, Side
from pipeline.stories import count_words

#: Words of the whole overview: two pages.
WORDS = 900
#: Words of its parts at most; what a part does not use is nobody's.
_CONFLICTS, _OFTEN, _LEFT, _TOPICS = 400, 150, 55, 100
#: Words of a side that is shown whole, and of a quotation of a longer one.
_WHOLE, _QUOTED = 28, 8
#: Words of what a need asks for, and in front of it ("As a member who cannot walk, I want").
_ASKED, _FRAME = 8, 14
#: Words of a name that came with the documents: a path, a role, a reason.
_NAMED = 8
#: Sides of a conflict, and stories named beside a need.
_SIDES, _NAMES = 4, 4
#: Tellings that name a need which is not shown.
_TELLERS = 3


def overview(layout: Layout, at: str) -> Iterator[str]:
    """The lines of the overview in the file ``at``: :data:`WORDS` words at most."""
    yield from _opening(layout)
    yield from _conflicts(layout, at)
    yield from _often(layout, at)
    yield from _undecided(layout, at)
    yield from _left(layout, at)
    yield from roles(layout)
    yield from _topics(layout, at)


def _opening(layout: Layout) -> Iterator[str]:
    content = layout.content
    merge, head = content.merge, content.head
    yield f"# Merged: {told(len(content.stories), 'story', 'stories')} from " + told(
        len({story.source.document for story in content.stories.values()}), "document"
    )
    yield ""
    under = (Outcome.DUPLICATE_OF, Outcome.MERGED_INTO)
    folded: Counter[str] = Counter(row.by for row in merge.ledger if row.outcome in under)
    whose = {"proof": "by proof", "judge": "by a judge", "person": "by a person"}
    told_by = ", ".join(f"{folded[by]:,} {name}" for by, name in whose.items() if folded[by])
    told_by = told_by and layout.lists(told_by, "folded", at=layout.main)
    said = [
        told(len(merge.entries), "entry", "entries")
        + (f"; tellings folded: {told_by}." if told_by else "; nothing is folded.")
    ]
    judge = judge_told(head)
    said.append(f"Judge: {clipped(judge, _NAMED)}." if judge else "No model was asked.")
    kept = head.get("kept")
    if isinstance(kept, Mapping):
        n, missing = kept.get("units", 0), len(kept.get("missing", ()))
        if missing:
            said.append(f"**{missing:,} of {n:,} sentences are missing: this is incomplete.**")
        else:
            said.append(_all_here(n, len(content.skipped)))
    if content.merge.failed_calls:
        n = len(content.merge.failed_calls)
        said.append(f"{told(n, 'call')} to the judge failed.")
    yield " ".join([*said, *_newest(layout)])
    yield ""
    if head.get("since"):
        run = clipped(str(head["since"]), _NAMED)
        yield f"What run {run} did not have: [{SINCE}]({SINCE}{layout.ending})."
        yield ""
    # In one file the ledger at its end says where a story went.
    index = (
        ""
        if layout.full
        else f" {layout.lists('Where did S-12 go?', 'stories', at=layout.main)}"
        f" {layout.lists('Words', 'words', at=layout.main)}."
    )
    yield (
        "**Bold**: opposed words. *Italic*: differing words. Alike, near: by words, "
        f"undecided.{index}"
    )
    yield ""


def _all_here(n: int, left_out: int) -> str:
    """That every sentence is here, and of how many stories none is."""
    sentences = "The 1 sentence" if n == 1 else f"All {n:,} sentences"
    verb = "is" if n == 1 else "are"
    if not left_out:
        return f"{sentences} of the stories {verb} here."
    out = told(left_out, "story is", "stories are")
    return f"{out} left out. {sentences} of the others {verb} here."


def _newest(layout: Layout) -> Iterator[str]:
    """What the document with the latest date adds to the others."""
    content = layout.content
    latest = content.newest
    if latest is None:
        return
    beside = beside_others(layout, latest)
    newest = layout.lists("Newest", "newest", at=layout.main)
    yield (f"{newest}: {clipped(file_name(latest.path), 3)}, {latest.written}: {counted(beside)}.")


def _conflicts(layout: Layout, at: str) -> Iterator[str]:
    """Conflicts, then possible ones, both sides with the words in which they differ."""
    kinds = ("conflict", "possible")
    ranked = sorted(layout.content.merge.conflicts, key=lambda one: -_n_tellings(one, layout))
    found = {k: [one for one in ranked if one.kind == k] for k in kinds}
    told_as = {k: (_conflict(one, layout, at) for one in found[k]) for k in kinds}
    # The second kind is left what it needs, a third at most; the first may have the rest.
    possible = list(within(_CONFLICTS // 3, told_as["possible"]))
    asserted = list(within(_CONFLICTS - _words(possible), told_as["conflict"]))
    rest = (_conflict(one, layout, at) for one in found["possible"][len(possible) :])
    possible += within(_CONFLICTS - _words(asserted) - _words(possible), rest)
    for title, all_of, shown in (
        ("Conflicts", found["conflict"], asserted),
        ("Possibly in conflict", found["possible"], possible),
    ):
        if not all_of and title == "Conflicts" and found["possible"]:
            continue  # "None." would be read as the whole answer
        yield f"## {title} ({len(all_of):,})"
        yield ""
        for lines in shown:
            yield from lines
        if not all_of:
            yield "None."
        if len(shown) < len(all_of):
            yield f"- and {_more(all_of[len(shown) :], layout, at)}"
        yield ""


def _words(items: Iterable[Sequence[str]]) -> int:
    return sum(count_words(line) for lines in items for line in lines)


def _conflict(conflict: Conflict, layout: Layout, at: str) -> list[str]:
    entries = [layout.content.entry_of[side.story] for side in conflict.sides]
    roles = dict.fromkeys(layout.content.role(entry) for entry in entries)
    who = clipped(" / ".join(filter(None, roles)), _NAMED) or "no role"
    section = layout.section_of[entries[0].id]
    where = f"[{clipped(section.title, 4)}]({layout.entry(entries[0].id, at=at)})"
    n = _n_tellings(conflict, layout)
    shown = conflict.sides[:_SIDES]
    quotes = _quotes(shown, layout)
    sides = [_side(side, quote, layout, at) for side, quote in zip(shown, quotes, strict=True)]
    if len(conflict.sides) > _SIDES:
        sides.append(f"  and {len(conflict.sides) - _SIDES:,} more sides")
    # The quotations show the opposed words; where none are known, at least what it is about.
    known = any(side.differs for side in conflict.sides)
    about = "" if known else clipped_label(conflict)
    size = f" ({told(n, 'telling')})" if n > len(conflict.sides) else ""
    # Lines of one item: two blanks at a line's end break it.
    lines = [f"- {who}, {where}{f': {about}' if about else ''}{size}", *sides]
    return [*(f"{line}  " for line in lines[:-1]), lines[-1]]


def _quotes(sides: Sequence[Side], layout: Layout) -> list[str]:
    """What the sides say: whole from what is wanted on, for the role stands above them, where none
    is long; else the same place of each."""
    wanted = [(_from_goal(side, layout), side.differs) for side in sides]
    texts = [(side.text, side.differs) for side in sides]
    return whole_sides(wanted, _WHOLE) or side_by_side(texts, facing(sides), _QUOTED)


def _from_goal(side: Side, layout: Layout) -> str:
    """A side without "As a member, I want", where nothing of a person's wish is left out by it."""
    story = layout.content.stories[side.story]
    flat, goal = " ".join(side.text.split()), " ".join(story.goal.split())
    before, found, behind = flat.partition(goal) if goal else (flat, "", "")
    purpose = story.benefit and " ".join(story.benefit.split()) in before
    if not found or purpose or not story.role or len(before.split()) > _FRAME:
        return flat
    return f"{'to ' if before.endswith(' to ') else ''}{found}{behind}".rstrip(".")


def _n_tellings(conflict: Conflict, layout: Layout) -> int:
    """Tellings of all entries that a conflict has a side in."""
    entry_of = layout.content.entry_of
    entries = {entry_of[side.story].id: entry_of[side.story] for side in conflict.sides}
    return sum(len(entry.sources) for entry in entries.values())


def _side(side: Side, quote: str, layout: Layout, at: str) -> str:
    story = layout.content.stories[side.story]
    written = f", {story.source.written.isoformat()}" if story.source.written else ""
    return (
        f"  {quote} {layout.story(side.story, at=at)}, "
        f"{clipped(file_name(story.source.path), 3)}{written}"
    )


def _more(rest: Sequence[Conflict], layout: Layout, at: str) -> str:
    """How many conflicts are not shown, and where most of them stand."""
    places = Counter(
        layout.section_of[layout.content.entry_of[one.sides[0].story].id].name for one in rest
    )
    named = {section.name: section for section in layout.sections}
    where = ", ".join(
        f"[{clipped(named[name].title, 3)}]({layout.section(named[name], at=at)}) {n:,}"
        for name, n in places.most_common(4)
    )
    more = " and other topics" if len(places) > 4 else ""
    return f"{len(rest):,} more: {where}{more}"


def _often(layout: Layout, at: str) -> Iterator[str]:
    """The needs told most often and by whom; those that are only alike are counted apart."""
    content = layout.content
    found = [group for section in layout.sections for group in section.groups]
    needs, often, alike = most_told(found, content)
    yield "## Told most often"
    yield ""
    if not needs:
        yield "No need is told more than once."
        yield ""
        return
    yield _how_many(often, alike, layout, at)
    yield ""
    shown = list(within(_OFTEN, (_need(need, layout, at) for need in needs)))
    yield from (line for some in shown for line in some)
    yield from _as_often(needs[: len(shown)], needs[len(shown) :], content)
    yield ""


def _as_often(shown: Sequence[Need], rest: Sequence[Need], content: Content) -> Iterator[str]:
    """How many needs are told as often as the last one shown, and which, where they are few."""
    more = [need for need in rest if need.times == shown[-1].times] if shown else []
    if more:
        names = (content.names(need.sources[:_TELLERS]).replace(", ", "/") for need in more)
        which = f": {', '.join(names)}" if len(more) <= _NAMES else ""
        yield f"- and {len(more):,} more as often{which}"


def _how_many(often: int, alike: int, layout: Layout, at: str) -> str:
    """How many needs are told in the same words, and how many may be."""
    said = [told(often, "need") + " in the same words"] if often else []
    said += [told(alike, "group") + " alike"] if alike else []
    said += [] if said else ["No need is told twice"]
    return f"{layout.lists('; '.join(said), 'told-often', at=at)}:"


def _need(need: Need, layout: Layout, at: str) -> list[str]:
    content = layout.content
    roles = [clipped(role, 4) for role in need.roles] or ["no role"]
    who = ", ".join(roles[:3]) + (f" and {len(roles) - 3} more roles" if len(roles) > 3 else "")
    asked = quoted(asks_for(need.entries[0], content), words=_ASKED)
    first, *others = need.sources
    names = ", ".join(filter(None, [layout.story(first, at=at), content.names(others, _NAMES)]))
    passages = f"; {content.names(need.passages, _NAMES)}" if need.passages else ""
    return [f"- **{times(need)}** {who}: {asked} {names}{passages}"]


def _undecided(layout: Layout, at: str) -> Iterator[str]:
    content = layout.content
    merge = content.merge
    yield "## Undecided"
    yield ""
    kinds = Counter(conflict.kind for conflict in merge.conflicts)
    contested = {frozenset(side.story for side in one.sides) for one in merge.conflicts}
    alike = sum(frozenset(pair) not in contested for pair in merge.proposals)
    found = [
        (kinds["conflict"], "conflict", ""),
        (kinds["possible"], "possible conflict", ""),
        (alike, "alike pair", "alike pairs"),
    ]
    parts = [told(n, one, many) for n, one, many in found if n]
    if alike:
        parts[-1] = layout.lists(parts[-1], "undecided", at=at)
    command = content.command("review", str(content.head.get("run") or "RUN"))
    if parts:
        like = len(content.like_benefits) // 2
        more = f" {layout.lists(f'{like:,} more', 'benefits', at=at)} by benefit." if like else ""
        yield f"{', '.join(parts)}: `{command}` asks them.{more}"
    else:
        yield "Nothing."
    yield ""


def _left(layout: Layout, at: str) -> Iterator[str]:
    """What of the documents is not in this one."""
    content = layout.content
    yield "## Not shown"
    yield ""
    left = content.left
    if left.residue:
        share = layout.lists(f"{left.share:.0%}", "not-shown", at=at)
        kinds = kinds_told(left.kinds)
        yield (
            f"{share} of the text is in no story"
            + (f": {kinds}." if kinds else ".")
            + (f" `{residue_command(content)}`" if layout.full or not kinds else "")
        )
        if not (content.skipped or left.problems):
            yield "Nothing was unreadable or left out."
    reasons = Counter(row.reason for row in content.skipped)
    named = address(layout.left_out, LEFT_OUT, at=at)
    items = [
        f"- [{told(n, 'story', 'stories')} left out]({named}): {clipped(reason, _NAMED)}"
        for reason, n in reasons.most_common()
    ]
    items += [
        f"- {clipped(file_name(path), 3)}: {clipped(why, 2 * _NAMED)}"
        for path, why in left.problems
    ]
    shown = [line for lines in within(_LEFT, ([item] for item in items)) for line in lines]
    if not items and not left.residue:
        yield "Nothing was unreadable or left out."
    yield from (["", *shown] if shown else [])
    if len(shown) < len(items):
        yield f"- and {len(items) - len(shown):,} more; the ledger of the page and JSON has them"
    yield ""


def _topics(layout: Layout, at: str) -> Iterator[str]:
    """The sections with links and numbers of entries, the largest first, as far as the space
    goes; what each holds stands under its heading."""
    yield f"## {layout.lists(f'{layout.by.capitalize()}s', 'topics', at=at)}"
    yield ""
    sections = layout.sections
    # A comma after each but the last: one that is cut off has no other word to it.
    sized = layout.split or layout.by == "role"
    items = ([short(one, layout, at, sized=sized)] for one in sections)
    shown = [line for lines in within(_TOPICS, items) for line in lines]
    yield ", ".join(shown)
    if len(shown) < len(sections):
        rest = len(sections) - len(shown)
        where = (
            f": [all topics]({address(layout.contents, at=at)})"
            if layout.split
            else "; all stand below"
        )
        yield ""
        yield f"and {rest:,} more{where}."
    yield ""
