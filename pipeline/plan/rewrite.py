"""The strategies that write every story again: ``tree`` and ``fold``.

Both read windows of all stories. A tree merges the replies of its windows, and those replies
again, until one is left. A fold carries one running document from window to window and rewrites
the whole of it each time, which is what most pipelines do and what costs the square of the
corpus; it is here to be priced, and for those who want it.

The first prompts are known and counted; what is made of replies is planned as bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.calls import Band, Call, Cluster, LaterCall, canonical_json
from pipeline.outcomes import STORIES_SCHEMA
from pipeline.plan.desk import Desk
from pipeline.plan.draft import Drafted
from pipeline.plan.edit import plan_edit
from pipeline.plan.rendering import story_text
from pipeline.plan.selection import Selection
from pipeline.plan.windows import pack

WINDOW_PROMPT, FOLD_PROMPT = "merge-window", "merge-fold"

#: Tokens of one written story besides its text: names of fields, handles.
STORY_FRAME = 45
#: Share of its other stories' text that a merged cluster keeps beside its fullest story.
REST_KEPT = 0.4
#: Least share of the likely text that a reply holds: below it, stories were left out.
LEAST_KEPT = 0.6
# A handle has more digits in a full window than in the trial rendering that is counted.
_HANDLE_MARGIN = 2
_SCHEMA = canonical_json(STORIES_SCHEMA)


def plan_tree(selection: Selection, desk: Desk) -> Drafted:
    """Windows of everything, then merges of merges until one reply holds the whole document."""
    if desk.spec.ability == "union":
        return plan_edit(selection, desk)
    drafted = Drafted()
    head = _head(desk, WINDOW_PROMPT)
    room, writing = desk.limits.input_tokens - head, desk.written_room()
    windows = _windows(selection, desk, drafted, room, writing)
    parts = []
    while windows:
        window = windows.pop(0)
        call, rest = _first_call(window, selection, desk, len(drafted.calls) + 1)
        drafted.calls.append(call)
        parts.append(_written(window[: len(window) - len(rest)]))
        windows = [rest, *windows] if rest else windows
    limit = min(room, writing)
    level = 1
    while len(parts) > 1:
        level += 1
        grown: list[Band] = []
        for group in _grouped(parts, limit):
            whole = _sum(group)
            grown.append(whole)
            if len(group) == 1:
                continue
            drafted.later.append(
                LaterCall(
                    id=f"tree{level}-{len(grown):04d}",
                    stage=f"tree, level {level}",
                    stories=(),
                    input=Band(*(head + n for n in whole)),
                    output=_uncapped(desk, whole),
                    shared_tokens=desk.shared_tokens(WINDOW_PROMPT),
                )
            )
        parts = grown
    if len(drafted.calls) > 1 and parts[0].likely > limit:
        drafted.obstacle = _outgrown("merged document", parts[0], limit)
    return drafted


def plan_fold(selection: Selection, desk: Desk) -> Drafted:
    """The running document plus the next window, rewritten each time.

    Half of the prompt is kept for the document, half for new stories.
    """
    if desk.spec.ability == "union":
        return plan_edit(selection, desk)
    drafted = Drafted()
    head = _head(desk, FOLD_PROMPT)
    room, writing = (desk.limits.input_tokens - head) // 2, desk.written_room()
    windows = _windows(selection, desk, drafted, room, writing)
    if not windows:
        return drafted
    call, rest = _first_call(windows[0], selection, desk, 1)
    drafted.calls.append(call)
    windows[0] = windows[0][: len(windows[0]) - len(rest)]
    windows[1:1] = [rest] if rest else []
    document = _written(windows[0])
    shared = desk.shared_tokens(FOLD_PROMPT)
    for number, window in enumerate(windows[1:], 2):
        before, document = document, _sum([document, _written(window)])
        shown = sum(piece.shown for piece in window)
        drafted.later.append(
            LaterCall(
                id=f"fold-{number:04d}",
                stage="fold",
                stories=tuple(name for piece in window for name in piece.cluster.members),
                input=Band(*(head + shown + n for n in before)),
                output=_uncapped(desk, document),
                shared_tokens=shared,
            )
        )
    if len(windows) > 1 and document.likely > min(room, writing):
        drafted.obstacle = _outgrown("running document", document, min(room, writing))
    return drafted


def _outgrown(what: str, document: Band, limit: int) -> str:
    return f"the {what} grows to about {document.likely:,} tokens, a call can carry {limit:,}"


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


def _windows(
    selection: Selection, desk: Desk, drafted: Drafted, room: int, writing: int
) -> list[list[_Piece]]:
    """All stories in windows, clusters kept together; a story that fits into none is left as it
    is and said to be."""
    sizes = _story_sizes(selection, desk)
    position = {name: i for i, name in enumerate(selection.stories)}
    groups = [*selection.clusters, *(Cluster((name,)) for name in selection.loose)]
    pieces: list[_Piece] = []
    for group in sorted(groups, key=lambda cluster: position[cluster.members[0]]):
        whole = _piece(group, sizes)
        fits = whole.shown <= room and whole.most <= writing
        for piece in [whole] if fits else [_piece(Cluster((m,)), sizes) for m in group.members]:
            if piece.shown <= room and piece.most <= writing:
                pieces.append(piece)
            else:
                drafted.leave(
                    piece.cluster.members,
                    f"too long for one window of {desk.limits.input_tokens} tokens",
                    reason="too_long",
                )
    by_members = {piece.cluster.members: piece for piece in pieces}
    packed = pack(
        [piece.cluster for piece in pieces],
        [max(piece.shown, -(-piece.most * room // writing)) for piece in pieces],
        max(room, 0),
    )
    return [[by_members[cluster.members] for cluster in window] for window in packed]


def _story_sizes(selection: Selection, desk: Desk) -> dict[str, tuple[int, int]]:
    """Tokens of every story as it is shown: likely and at most."""
    stories = list(selection.stories.values())
    counts = desk.counter.count_texts([story_text(story, "S1") + "\n\n" for story in stories])
    return {
        story.id: (
            count.n,
            count.high + _HANDLE_MARGIN * (1 + len(story.criteria) + len(story.body)),
        )
        for story, count in zip(stories, counts, strict=True)
    }


def _piece(cluster: Cluster, sizes: Mapping[str, tuple[int, int]]) -> _Piece:
    likely = [sizes[name][0] for name in cluster.members]
    fullest = max(likely)
    return _Piece(
        cluster=cluster,
        shown=sum(sizes[name][1] for name in cluster.members),
        kept=STORY_FRAME + fullest + round(REST_KEPT * (sum(likely) - fullest)),
    )


def _first_call(
    window: Sequence[_Piece], selection: Selection, desk: Desk, number: int
) -> tuple[Call, list[_Piece]]:
    """The call of as much of a window as its limit allows, and what is left over: counts of parts
    need not add up to the count of the whole."""
    size = len(window)
    while True:
        call = _window_call(window[:size], selection, desk, number)
        if call.input.high <= desk.limits.input_tokens or size == 1:
            return call, list(window[size:])
        size = -(-size // 2)


def _window_call(window: Sequence[_Piece], selection: Selection, desk: Desk, number: int) -> Call:
    texts: list[str] = []
    pairs: list[tuple[str, str]] = []
    groups: list[tuple[str, ...]] = []
    for piece in window:
        handles = [f"S{len(pairs) + i}" for i in range(1, len(piece.cluster.members) + 1)]
        pairs += zip(handles, piece.cluster.members, strict=True)
        groups.append(tuple(handles))
        stories = selection.of(piece.cluster)
        texts += [story_text(s, handle) for s, handle in zip(stories, handles, strict=True)]
    return desk.call(
        WINDOW_PROMPT,
        {"stories": "\n\n".join(texts)},
        purpose="stories",
        handles=tuple(pairs),
        clusters=tuple(groups),
        output=_written(window),
        number=number,
        schema=_SCHEMA,
    )


def _written(window: Sequence[_Piece]) -> Band:
    """Tokens of a window's stories written again."""
    likely = sum(piece.kept for piece in window)
    most = sum(piece.most for piece in window)
    return Band(round(LEAST_KEPT * likely), likely, max(likely, most))


def _sum(bands: Sequence[Band]) -> Band:
    return Band(*(sum(numbers) for numbers in zip(*bands, strict=True)))


def _grouped(parts: Sequence[Band], limit: int) -> list[list[Band]]:
    """Neighbours together while their likely text fits into one call, and two at least: a tree
    that outgrows its calls is priced to its root all the same."""
    groups: list[list[Band]] = []
    for part in parts:
        if groups and (len(groups[-1]) == 1 or _sum([*groups[-1], part]).likely <= limit):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _head(desk: Desk, prompt: str) -> int:
    """Tokens of a prompt without its stories."""
    holes = {"stories": ""} | ({"document": ""} if prompt == FOLD_PROMPT else {})
    nothing = Band(0, 0, 0)
    empty = desk.call(
        prompt,
        holes,
        purpose="stories",
        handles=(),
        clusters=(),
        output=nothing,
        number=0,
        schema=_SCHEMA,
    )
    return empty.input.high


def _uncapped(desk: Desk, written: Band) -> Band:
    """What rewriting the document is billed for, were there no limit to a reply: a strategy that
    does not fit is priced all the same, and said not to fit."""
    share = 1 + desk.spec.thinking
    room = 1 + 2 * desk.spec.thinking
    return Band(written.low, int(written.likely * share), int(written.high * room))
