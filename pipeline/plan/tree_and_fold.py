"""The strategies that write every story again: ``tree`` and ``fold``.

Both read windows of all stories. A tree merges the replies of its windows, and those replies
again, while two of them fit into one call. A fold carries one running document from window to
window and rewrites the whole of it each time, which is what most pipelines do and what costs the
square of what a call can carry. Where the document outgrows a call, a tree leaves its parts side
by side and a fold closes its document and begins another: nothing is cut off.

The first prompts are known and counted; what is made of replies is planned as bands here and
written by :mod:`pipeline.plan.levels` once the replies are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pipeline.calls import Band, Call, Cluster, LaterCall, canonical_json
from pipeline.outcomes import STORIES_SCHEMA
from pipeline.plan.call_factory import CallFactory, Drafted
from pipeline.plan.rendering import story_text
from pipeline.plan.selection import Selection
from pipeline.plan.windows import Piece, cut
from pipeline.stories import Story

WINDOW_PROMPT, FOLD_PROMPT = "merge-window", "merge-fold"

#: Tokens of one written story besides its text: names of fields, handles.
STORY_FRAME = 45
#: Share of its other stories' text that a merged cluster keeps beside its fullest story.
REST_KEPT = 0.4
#: Least share of the likely text that a reply holds: below it, stories were left out.
LEAST_KEPT = 0.6
#: A window takes this part of what a call can carry, so that a tree can merge two replies and a
#: fold's document can grow for some windows. Where everything fits into one call, there is one.
TREE_SHARE, FOLD_SHARE = 2, 4
#: How full a window has to be. A tree's borders come from the words; a fold's windows are filled:
#: its later prompts are made of replies, and none of them outlasts a change.
TREE_FILLED, FOLD_FILLED = 0.5, 1.0
#: Parts of one merge of merges: their handles begin with a letter each.
MOST_PARTS = 26
# A handle has more digits in a full window than in the trial rendering that is counted.
_HANDLE_MARGIN = 2
SCHEMA = canonical_json(STORIES_SCHEMA)


def plan_tree(selection: Selection, factory: CallFactory) -> Drafted:
    """Windows of everything, then merges of merges while two replies fit into one call."""
    drafted = Drafted()
    room = Room.of(factory, WINDOW_PROMPT)
    windows = _windows(selection, factory, drafted, room, TREE_SHARE, TREE_FILLED)[::-1]
    parts: list[_Part] = []
    while windows:
        window = windows.pop()
        call, rest = _first_call(window, selection, factory, len(drafted.calls) + 1)
        drafted.calls.append(call)
        parts.append(_Part.of(window[: len(window) - len(rest)]))
        windows += [rest] if rest else []
    level = 1
    while len(parts) > 1:
        groups = _grouped(parts, room)
        if len(groups) == len(parts):
            drafted.remark = (
                f"{factory.spec.name}: the merged document of about "
                f"{_Part.sum(parts).written.likely:,} tokens stands in {len(parts)} parts side by "
                f"side, as one call can carry {room.limit:,}"
            )
            break
        level += 1
        parts = [_Part.sum(group) for group in groups]
        merged = [part for part, group in zip(parts, groups, strict=True) if len(group) > 1]
        drafted.later += [
            LaterCall(
                id=f"tree{level}-{number:04d}",
                stage=stage_of(level),
                input=Band(*(room.head + n for n in part.shown)),
                output=_reply(part, room, factory),
                shared_tokens=factory.shared_tokens(WINDOW_PROMPT),
            )
            for number, part in enumerate(merged, 1)
        ]
    return drafted


def plan_fold(selection: Selection, factory: CallFactory) -> Drafted:
    """The running document plus the next window, rewritten each time."""
    drafted = Drafted()
    room = Room.of(factory, FOLD_PROMPT)
    windows = _windows(selection, factory, drafted, room, FOLD_SHARE, FOLD_FILLED)
    if not windows:
        return drafted
    call, rest = _first_call(windows[0], selection, factory, 1)
    drafted.calls.append(call)
    windows[0] = windows[0][: len(windows[0]) - len(rest)]
    windows[1:1] = [rest] if rest else []
    document, documents = _Part.of(windows[0]), 1
    for number, window in enumerate(windows[1:], 2):
        grown = _Part.sum([document, _Part.of(window)])
        before = document.shown
        if not grown.fits(room):
            before, grown, documents = Band(0, 0, 0), _Part.of(window), documents + 1
        document = grown
        shown = sum(piece.shown for piece in window)
        drafted.later.append(
            LaterCall(
                id=f"fold-{number:04d}",
                stage="fold",
                input=Band(*(room.head + shown + n for n in before)),
                output=_reply(document, room, factory),
                shared_tokens=factory.shared_tokens(FOLD_PROMPT),
                clusters=tuple(piece.cluster.members for piece in window),
            )
        )
    if documents > 1:
        drafted.remark = (
            f"{factory.spec.name}: the running document outgrows the {room.limit:,} tokens that "
            f"one call can carry, and is closed and begun again: {documents} documents side by side"
        )
    return drafted


def stage_of(level: int) -> str:
    """What a level of a tree is called; the first is its windows."""
    return f"tree, level {level}"


@dataclass(frozen=True, slots=True)
class Room:
    """Tokens of a prompt without its stories, and what is left for them there and in a reply."""

    head: int
    prompt: int
    reply: int

    @classmethod
    def of(cls, factory: CallFactory, prompt: str) -> Room:
        """What every call of a prompt has room for."""
        holes = {"stories": ""} | ({"document": ""} if prompt == FOLD_PROMPT else {})
        head = stories_call(factory, prompt, holes, (), (), Band(0, 0, 0), 0).input.high
        return cls(head, factory.limits.input_tokens - head, factory.written_room())

    @property
    def limit(self) -> int:
        """The longest document that one call can read and write."""
        return max(0, min(self.prompt, self.reply))


def stories_call(
    factory: CallFactory,
    prompt: str,
    values: Mapping[str, str],
    handles: Sequence[tuple[str, str]],
    clusters: Sequence[tuple[str, ...]],
    output: Band,
    number: int,
) -> Call:
    """A call whose reply writes every story of its prompt again."""
    return factory.call(
        prompt,
        values,
        purpose="stories",
        handles=tuple(handles),
        clusters=tuple(clusters),
        output=output,
        number=number,
        schema=SCHEMA,
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """A cluster, or a story alone, with its tokens in a prompt and, likely, in a reply."""

    cluster: Cluster
    shown: int
    kept: int

    @property
    def most(self) -> int:
        """Tokens of a reply that keeps every word of every story."""
        return self.shown + STORY_FRAME * len(self.cluster.members)

    def fits(self, room: Room) -> bool:
        """Whether one call can read it and write all of it."""
        return self.shown <= room.prompt and self.most <= room.reply


def _windows(
    selection: Selection,
    factory: CallFactory,
    drafted: Drafted,
    room: Room,
    share: int,
    filled: float,
) -> list[list[_Piece]]:
    """All stories in windows, clusters kept together; a story that fits into none is left as it
    is and said to be."""
    sizes = sizes_of(list(selection.stories.values()), factory)
    position = {name: i for i, name in enumerate(selection.stories)}
    groups = [*(Cluster((name,)) for name in selection.loose), *selection.clusters]
    pieces: list[_Piece] = []
    for group in sorted(groups, key=lambda cluster: position[cluster.members[0]]):
        whole = _piece(group, sizes)
        for piece in (
            [whole] if whole.fits(room) else [_piece(Cluster((m,)), sizes) for m in group.members]
        ):
            if piece.fits(room):
                pieces.append(piece)
            else:
                drafted.leave(
                    piece.cluster.members,
                    f"too long for one window of {factory.limits.input_tokens} tokens",
                    reason="too_long",
                )
    taken = [max(piece.shown, -(-piece.most * room.prompt // room.reply)) for piece in pieces]
    limit = max(room.prompt, 0) if sum(taken) <= room.prompt else room.prompt // share
    measured = [
        # A piece larger than its share of a call has a window of its own.
        Piece(min(n, limit), selection.stories[piece.cluster.members[0]].fingerprint)
        for n, piece in zip(taken, pieces, strict=True)
    ]
    windows = cut(measured, limit, least=int(filled * limit))
    return [pieces[window.start : window.stop] for window in windows]


def sizes_of(stories: Sequence[Story], factory: CallFactory) -> dict[str, tuple[int, int]]:
    """Tokens of stories as a prompt shows them, by id: likely and at most."""
    counts = factory.counter.count_texts(list(map(_trial, stories)))
    return {
        story.id: (
            count.n,
            count.high + _HANDLE_MARGIN * (1 + len(story.criteria) + len(story.body)),
        )
        for story, count in zip(stories, counts, strict=True)
    }


@lru_cache(maxsize=1 << 17)
def _trial(story: Story) -> str:
    """A story as it is counted before it has its handle. Cached: for every strategy and model."""
    return story_text(story, "S1") + "\n\n"


def _piece(cluster: Cluster, sizes: Mapping[str, tuple[int, int]]) -> _Piece:
    likely = [sizes[name][0] for name in cluster.members]
    fullest = max(likely)
    return _Piece(
        cluster=cluster,
        shown=sum(sizes[name][1] for name in cluster.members),
        kept=STORY_FRAME + fullest + round(REST_KEPT * (sum(likely) - fullest)),
    )


def _first_call(
    window: Sequence[_Piece], selection: Selection, factory: CallFactory, number: int
) -> tuple[Call, list[_Piece]]:
    """The call of as much of a window as its limit allows, and what is left over: counts of parts
    need not add up to the count of the whole."""
    size = len(window)
    while True:
        call = _window_call(window[:size], selection, factory, number)
        if call.input.high <= factory.limits.input_tokens or size == 1:
            return call, list(window[size:])
        size = -(-size // 2)


def _window_call(
    window: Sequence[_Piece], selection: Selection, factory: CallFactory, number: int
) -> Call:
    texts: list[str] = []
    pairs: list[tuple[str, str]] = []
    groups: list[tuple[str, ...]] = []
    for piece in window:
        handles = [f"S{len(pairs) + i}" for i in range(1, len(piece.cluster.members) + 1)]
        pairs += zip(handles, piece.cluster.members, strict=True)
        groups.append(tuple(handles))
        stories = selection.of(piece.cluster)
        texts += [story_text(s, handle) for s, handle in zip(stories, handles, strict=True)]
    return stories_call(
        factory,
        WINDOW_PROMPT,
        {"stories": "\n\n".join(texts)},
        pairs,
        groups,
        _Part.of(window).written,
        number,
    )


class _Part(NamedTuple):
    """Stories that a reply has written: their tokens in the next prompt, and written again."""

    shown: Band
    written: Band

    @classmethod
    def of(cls, window: Sequence[_Piece]) -> _Part:
        """What is likely left of a window, and every word of it at most."""
        frames = STORY_FRAME * len(window)
        likely, most = sum(p.kept for p in window), sum(p.shown for p in window)
        shown = Band(round(LEAST_KEPT * (likely - frames)), likely - frames, most)
        written = Band(round(LEAST_KEPT * likely), likely, sum(p.most for p in window))
        return cls(
            shown._replace(high=max(shown.likely, shown.high)),
            written._replace(high=max(written.likely, written.high)),
        )

    @classmethod
    def sum(cls, parts: Sequence[_Part]) -> _Part:
        """Several parts side by side."""
        return cls(
            *(Band(*map(sum, zip(*bands, strict=True))) for bands in zip(*parts, strict=True))
        )

    def fits(self, room: Room) -> bool:
        """Whether one call can likely read and write it."""
        return self.shown.likely <= room.prompt and self.written.likely <= room.reply


def _grouped(parts: Sequence[_Part], room: Room) -> list[list[_Part]]:
    """Neighbours together while they likely fit into one call."""
    groups: list[list[_Part]] = []
    for part in parts:
        joined = bool(groups) and len(groups[-1]) < MOST_PARTS
        if joined and _Part.sum([*groups[-1], part]).fits(room):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _reply(part: _Part, room: Room, factory: CallFactory) -> Band:
    """Tokens of a reply that writes a part again; it is never longer than its limit."""
    return factory.with_thinking(Band(*(min(n, max(1, room.reply)) for n in part.written)))
