"""A look over all stories for contradictions between those that are not alike.

Similarity pairs what is told alike, and compares that. A rule about guest accounts in a story on
invoices, and another in one on passwords, it never brings together. A model that judges reads every
story once, in windows of those that speak of one thing, and names what cannot be met together. Two
stories meet where they share a window; the plan's remark says how many of all pairs do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from pipeline.calls import Band, Call, canonical_json
from pipeline.compare.measures import statements
from pipeline.compare.synonyms import concept, topic
from pipeline.outcomes import CONFLICTS_SCHEMA
from pipeline.plan.desk import Desk
from pipeline.plan.rendering import story_text
from pipeline.plan.rewrite import sizes_of
from pipeline.plan.selection import Selection
from pipeline.plan.windows import Piece, cut
from pipeline.stories import Story
from pipeline.text.words import WORD, fold, is_content, stem

CONFLICTS_PROMPT = "find-conflicts"

#: Tokens of one contradiction in a reply: handles, what it is about, two values.
CONFLICT_FRAME = 60
#: Stories for each contradiction that a reply will likely name; past runs correct it.
STORIES_A_CONFLICT = 40
#: How full a window has to be before the words may end it.
FILLED = 0.75
#: What more stories speak of than these tells no two of them.
COMMON = 64
_NONE = canonical_json({"conflicts": []})
_SCHEMA = canonical_json(CONFLICTS_SCHEMA)


def plan_conflicts(selection: Selection, desk: Desk) -> tuple[list[Call], str]:
    """The calls of the pass, and what it cannot see, for people."""
    desk = replace(desk, stage="conflicts")
    stories = list(selection.stories.values())
    sizes = {name: most for name, (_, most) in sizes_of(stories, desk).items()}
    room = desk.limits.input_tokens - _call(desk, (), 0).input.high
    fitting = [story for story in stories if sizes[story.id] <= room]
    topics = by_topic(fitting, sizes, room)
    pieces = [Piece(sum(sizes[s.id] for s in held), held[0].fingerprint) for held in topics]
    calls: list[Call] = []
    for window in cut(pieces, room, least=int(FILLED * room)):
        shown = [story for held in topics[window.start : window.stop] for story in held]
        # A story alone contradicts nobody.
        if len(shown) > 1:
            calls.append(_call(desk, shown, len(calls) + 1))
    return calls, _remark(desk, calls, len(stories), len(stories) - len(fitting))


def by_topic(stories: Sequence[Story], sizes: Mapping[str, int], room: int) -> list[list[Story]]:
    """Groups of stories that speak of one thing, none larger than a window.

    Two words that follow each other ("guest account") join them before single words do, and what
    few speak of before what many do: the rarer it is, the likelier they mean the same by it.
    (Kruskal's algorithm, with room for so much in a tree.)
    """
    spoken: defaultdict[str, list[int]] = defaultdict(list)
    for place, story in enumerate(stories):
        for thing in dict.fromkeys(_things(story)):
            spoken[thing].append(place)
    group = list(range(len(stories)))
    tokens = [sizes[story.id] for story in stories]

    def first(place: int) -> int:
        while group[place] != place:
            group[place] = group[group[place]]
            place = group[place]
        return place

    shared = [thing for thing, places in spoken.items() if len(places) <= COMMON]
    for thing in sorted(shared, key=lambda thing: (" " not in thing, len(spoken[thing]), thing)):
        for one, other in pairwise(spoken[thing]):
            low, high = sorted((first(one), first(other)))
            if low != high and tokens[low] + tokens[high] <= room:
                group[high] = low
                tokens[low] += tokens[high]
    together: defaultdict[int, list[Story]] = defaultdict(list)
    for place, story in enumerate(stories):
        together[first(place)].append(story)
    return list(together.values())


def _things(story: Story) -> Iterator[str]:
    """What a story speaks of: its words, and pairs of them that follow each other."""
    for _, sentence in statements(story) or (("", story.text),):
        words = [word.lower() for word in WORD.findall(fold(sentence))]
        stems = [topic(concept(stem(word))) for word in words if is_content(word)]
        yield from stems
        yield from map(" ".join, pairwise(stems))


def _call(desk: Desk, stories: Sequence[Story], number: int) -> Call:
    pairs = [(f"S{i}", story.id) for i, story in enumerate(stories, 1)]
    texts = [story_text(story, handle) for story, (handle, _) in zip(stories, pairs, strict=True)]
    none = desk.counter.count_text(_NONE)
    most = min(none.high + len(stories) * CONFLICT_FRAME, desk.written_room())
    likely = none.n + len(stories) * CONFLICT_FRAME // STORIES_A_CONFLICT
    return desk.call(
        CONFLICTS_PROMPT,
        {"stories": "\n\n".join(texts)},
        purpose="conflicts",
        handles=tuple(pairs),
        clusters=tuple((handle,) for handle, _ in pairs),
        output=Band(min(none.low, most), min(likely, most), most),
        number=number,
        schema=_SCHEMA,
    )


def _remark(desk: Desk, calls: Sequence[Call], n_stories: int, too_long: int) -> str:
    pairs = n_stories * (n_stories - 1) // 2
    if not pairs:
        return ""
    met = sum(len(call.handles) * (len(call.handles) - 1) // 2 for call in calls)
    said = (
        f"{desk.spec.name}: the look for conflicts shows {met / pairs:.0%} of all pairs of stories "
        f"together; windows of {desk.limits.input_tokens:,} tokens: {len(calls)}"
    )
    return f"{said}; stories too long for one: {too_long}" if too_long else said
