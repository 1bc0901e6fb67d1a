"""The strategy ``groups``: near stories fill the model's window, and a reply is groups of handles.

It finds what the index of candidates misses, as many stories are seen at once. What a reply groups
is only a candidate: each pair of it is asked about by itself before it counts, so that the first
windows are counted exactly and the questions after them are a band.

Stories that are near stand next to each other. Windows of a second pass lie over the borders of the
first, half of each side, so that neighbours that a border parts meet after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from pipeline.calls import Band, Call, LaterCall, LaterSize, canonical_json
from pipeline.columns import Kinds
from pipeline.entries import Answer
from pipeline.plan.call_factory import CallFactory, Drafted, LaterColumns
from pipeline.plan.pairs import AGAIN, pair_question
from pipeline.plan.rendering import pair_text
from pipeline.plan.selection import Selection
from pipeline.plan.windows import Piece, cut
from pipeline.stories import Story

GROUPS_PROMPT = "judge-groups"
#: What a reply may say of a group; whatever stands in none is different.
RELATIONS = {
    "same": Answer.ONE_NEED,
    "conflict": Answer.CONTRADICTING,
    "overlap": Answer.OVERLAPPING,
}
#: What a reply looks like.
GROUPS_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "handles": {"type": "array", "items": {"type": "string"}},
                    "relation": {"type": "string", "enum": list(RELATIONS)},
                },
                "required": ["handles", "relation"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["groups"],
    "additionalProperties": False,
}
SCHEMA = canonical_json(GROUPS_SCHEMA)
#: What the questions about the pairs of groups are called.
VERIFYING = "pairs of groups"
#: Tokens of a reply: around its groups, of a group without its handles, of a handle; the last two
#: likely and at most (a vocabulary that knows little).
_FRAME, _GROUP, _HANDLE = 10, (12, 24), (4, 8)
#: Tokens that a story takes at most: its handle, and half of the frame of a group of two.
_PER_STORY = _HANDLE[1] + _GROUP[1] // 2
#: A group of up to so many is asked about pair by pair; of a larger one, its first with each.
MOST_WHOLE = 5
#: How full a window has to be before it may end (:func:`pipeline.plan.windows.cut`).
_FILLED = 0.75


def plan_groups(selection: Selection, factory: CallFactory) -> Drafted:
    """Windows of near stories, and a band for the questions about what they group."""
    drafted = Drafted()
    drafted.leave(
        [name for name in selection.stories if name in selection.staying],
        "its document may not leave this machine",
        reason="staying",
    )
    stories = [one for one in selection.in_order if one.id not in selection.staying]
    waiting = _windows(stories, factory, drafted)[::-1]
    while waiting:
        window = waiting.pop()
        if len(window) < 2:
            continue
        call = groups_call(factory, window, len(drafted.calls) + 1)
        if call.input.high <= factory.limits.input_tokens:
            drafted.calls.append(call)
        else:  # some counters count a whole as more than its parts
            middle = len(window) // 2
            waiting += [window[middle:], window[:middle]]
    shown = {name for call in drafted.calls for _, name in call.handles}
    left = {one.story for one in drafted.skipped} | shown
    alone = [name for name in selection.stories if name not in left]
    if len(stories) == 1:
        drafted.leave(alone)
    else:
        drafted.leave(alone, "no window holds it together with another", reason="too_long")
    drafted.later_columns = _verifying(selection, factory, drafted.calls, shown)
    return drafted


def groups_call(factory: CallFactory, stories: Sequence[Story], number: int) -> Call:
    """The question about a window of stories."""
    handles = tuple((f"S{i}", story.id) for i, story in enumerate(stories, 1))
    lines = [group_line(story, handle) for story, (handle, _) in zip(stories, handles, strict=True)]
    return factory.call(
        GROUPS_PROMPT,
        {"requirements": "\n".join(lines)},
        purpose="groups",
        handles=handles,
        clusters=tuple((handle,) for handle, _ in handles),
        output=_reply(len(stories)),
        number=number,
        schema=SCHEMA,
    )


def most_named(factory: CallFactory) -> int:
    """Stories that one window may hold: as many as a reply can name, and as an exam lets it be."""
    room = max(0, (factory.written_room() - _FRAME) // _PER_STORY)
    return room if factory.most_stories is None else min(room, factory.most_stories)


def group_line(story: Story, handle: str) -> str:
    """A story in a window: its handle and, on the same line, its telling."""
    return f"{handle}: {pair_text(story)}"


def pairs_of(groups: Iterable[tuple[Answer, Sequence[str]]]) -> list[tuple[str, str]]:
    """The pairs to ask about, by what weighs most: one need, then conflicts, then what overlaps;
    each once.

    Args:
        groups: (relation, ids of the stories) of all windows.
    """
    rank = list(RELATIONS.values())
    found: dict[frozenset[str], tuple[str, str]] = {}
    for _, members in sorted(groups, key=lambda group: rank.index(group[0])):
        for i, one in enumerate(members if len(members) <= MOST_WHOLE else members[:1]):
            for other in members[i + 1 :]:
                found.setdefault(frozenset((one, other)), (one, other))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Room:
    """What a window holds: tokens of lines, and stories that a reply can name; and what each story
    takes of the tokens."""

    tokens: int
    stories: int
    sizes: Mapping[str, int]

    def holds(self, window: Sequence[Story]) -> bool:
        return (
            len(window) <= self.stories
            and sum(self.sizes[story.id] for story in window) <= self.tokens
        )


def _windows(stories: Sequence[Story], factory: CallFactory, drafted: Drafted) -> list[list[Story]]:
    """The windows of both passes; what is too long for one is left out and told."""
    head = groups_call(factory, (), 0).input.high
    room = _Room(
        factory.limits.input_tokens - head,
        most_named(factory),
        dict(zip((story.id for story in stories), _sizes(stories, factory), strict=True)),
    )
    fitting = []
    for story in stories:
        n = room.sizes[story.id]
        if 2 * n > room.tokens or room.stories < 2:
            why = f"with {n:,} tokens it leaves no room for another in one window"
            drafted.leave([story.id], why, reason="too_long")
        else:
            fitting.append(story)
    if not fitting:
        return []
    # A story takes its share of the prompt or of the reply, whichever is filled first.
    share = -(-room.tokens // room.stories)
    pieces = [Piece(max(room.sizes[s.id], share), s.fingerprint) for s in fitting]
    borders = cut(pieces, room.tokens, least=int(_FILLED * room.tokens))
    first = [[fitting[i] for i in window] for window in borders]
    return [*first, *(_over_border(a, b, room) for a, b in pairwise(first))]


def _over_border(a: Sequence[Story], b: Sequence[Story], room: _Room) -> list[Story]:
    """The half of each window that lies next to their border, or what of it one window holds."""
    left, right = list(a[len(a) // 2 :]), list(b[: (len(b) + 1) // 2])
    while not room.holds([*left, *right]):
        if len(left) > len(right):
            del left[0]
        else:
            del right[-1]
    return [*left, *right]


def _sizes(stories: Sequence[Story], factory: CallFactory) -> list[int]:
    """Tokens that each line takes at most, the widest handle's included."""
    lines = [group_line(story, "S9999") + "\n" for story in stories]
    return [count.high + 1 for count in factory.counter.count_texts(lines)]


def _reply(n: int) -> Band:
    """From no group to every story in a group of two; a third of them is likely."""
    likely = _FRAME + n // 3 * (_HANDLE[0] + _GROUP[0] // 2)
    return Band(_FRAME // 2, likely, _FRAME + n * _PER_STORY)


def _verifying(
    selection: Selection, factory: CallFactory, calls: Sequence[Call], shown: Iterable[str]
) -> _Verifying:
    """The questions about pairs that may follow: none at least; likely as many as measured
    neighbours; at most what a group of each size can bring."""
    texts = [pair_text(selection.stories[name]) for name in shown]
    if not texts:
        return _Verifying([], 0)
    counts = sorted(count.n for count in factory.counter.count_texts(texts))
    head = pair_question(factory, ("", ""), ("", ""), 0)
    size = Band(
        head.input.low + 2 * counts[0],
        head.input.n + 2 * round(sum(counts) / len(counts)),
        head.input.high + 2 * counts[-1],
    )
    most = sum((MOST_WHOLE - 1) * len(call.handles) // 2 for call in calls)
    likely = min(most, sum(len(cluster.members) - 1 for cluster in selection.clusters))
    if factory.most_pairs is not None:
        most, likely = min(most, factory.most_pairs), min(likely, factory.most_pairs)
    share = likely / most if most else 0.0
    sizes = [LaterSize(VERIFYING, size, head.output, head.shared_tokens, share)]
    if factory.orders is not None:
        again = share * factory.orders.share
        sizes.append(LaterSize(AGAIN, size, head.output, head.shared_tokens, again))
    return _Verifying(sizes, most)


class _Verifying(LaterColumns):
    """Questions about pairs that may follow: they differ in their numbers only.

    Args:
        sizes: of one question, and of the one in the other order where it is asked.
        most: how many pairs there are at most.
    """

    def __init__(self, sizes: Sequence[LaterSize], most: int) -> None:
        super().__init__(Kinds(sizes, [*range(len(sizes))] * most))

    @cached_property
    def keys(self) -> Sequence[str]:
        again = ("", " again")[: len(self.kinds.each)]
        n_pairs = len(self) // max(1, len(again))
        return [f"groups-pair-{i:04d}{end}" for i in range(1, n_pairs + 1) for end in again]

    def made(self, place: int) -> LaterCall:
        stage, read, written, shared, share = self.kinds.each[self.kinds.of[place]]
        return LaterCall(self.keys[place], stage, read, written, shared, share=share)
