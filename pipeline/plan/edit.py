"""The ``edit`` strategy: only clusters are asked about, and a reply changes only what it names.

What a cluster costs depends on what the model can do: one that judges (``edits``) gets many
clusters a window and answers with operations; one that only writes (``story``) gets one cluster a
call, after code has decided that its stories overlap; the deterministic merge (``union``) gets the
same clusters as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.calls import Band, Call, Cluster, canonical_json
from pipeline.outcomes import EDITS_SCHEMA, Relation
from pipeline.plan.desk import Desk
from pipeline.plan.draft import Drafted
from pipeline.plan.rendering import cluster_text, numbered, story_line, union_text, vocabulary
from pipeline.plan.selection import Selection
from pipeline.plan.windows import pack
from pipeline.stories import Story, normalise

EDITS_PROMPT, STORY_PROMPT, UNION_PROMPT = "merge-edits", "merge-story", "union"

#: Tokens that one merged story may take beyond those of its sources: a joining "and", an end mark.
STORY_MARGIN = 16
#: Tokens of one edit without its text: names of fields, handles, a reason. An assumption until
#: runs have measured it.
EDIT_FRAME = 90
#: Fewest tokens of a cluster's share of a reply, by the same token.
EDIT_LOW = 20
#: Share of a cluster's text that a likely edit writes anew; the rest is moved by reference.
EDIT_REWRITTEN = 0.3
# A handle has more digits in a full window than in the trial rendering that is counted.
_HANDLE_MARGIN = 2
_SCHEMA = canonical_json(EDITS_SCHEMA)


def plan_edit(selection: Selection, desk: Desk) -> Drafted:
    """Every cluster that a model is needed for as calls; the rest with its reason."""
    drafted = Drafted()
    drafted.leave(selection.loose)
    if desk.spec.ability == "edits":
        _plan_edits(selection, desk, drafted)
    else:
        _plan_stories(selection, desk, drafted)
    return drafted


def _plan_stories(selection: Selection, desk: Desk, drafted: Drafted) -> None:
    for cluster in selection.clusters:
        if cluster.relation in (Relation.SAME, Relation.CONFLICT):
            drafted.settle(cluster, cluster.why)
        elif cluster.relation != Relation.OVERLAP:
            drafted.leave(cluster.members, cluster.why)
        elif _say_the_same(selection.of(cluster)):
            drafted.settle(
                cluster, "role, goal and benefit agree; criteria and body are carried over"
            )
        else:
            _plan_one(cluster, selection.of(cluster), desk, drafted)


def _plan_one(cluster: Cluster, stories: Sequence[Story], desk: Desk, drafted: Drafted) -> None:
    handles = [f"S{i}" for i in range(1, len(stories) + 1)]
    pairs = tuple(zip(handles, cluster.members, strict=True))
    if desk.spec.ability == "union":
        call = desk.call(
            UNION_PROMPT,
            {"clusters": union_text(cluster, stories, handles)},
            purpose="union",
            handles=pairs,
            clusters=(tuple(handles),),
            output=Band(0, 0, 0),
            number=len(drafted.calls) + 1,
        )
        drafted.calls.append(call)
        return
    counts = desk.counter.count_texts([story_line(story) for story in stories])
    most = min(sum(count.high for count in counts) + STORY_MARGIN, desk.written_room())
    call = desk.call(
        STORY_PROMPT,
        {"stories": numbered(stories)},
        purpose="story",
        handles=pairs,
        clusters=(tuple(handles),),
        output=Band(
            low=min(most, min(count.low for count in counts) // 2),
            likely=min(most, max(count.n for count in counts)),
            high=most,
        ),
        number=len(drafted.calls) + 1,
        vocabulary=vocabulary(stories),
        stop=("\n",),
    )
    if call.input.high > desk.limits.input_tokens:
        drafted.settle(
            cluster,
            f"too long for one window ({call.input.high} of {desk.limits.input_tokens} tokens): "
            "merged word for word",
        )
    else:
        drafted.calls.append(call)


def _say_the_same(stories: Sequence[Story]) -> bool:
    """Whether role, goal and benefit, where given, are the same words in every story: then there
    is no sentence to write, only parts to carry over. Stories without a goal say it in their
    body."""
    if not all(story.goal for story in stories):
        return False
    return all(
        len({normalise(text) for text in texts if text}) <= 1
        for texts in (
            [story.role for story in stories],
            [story.goal for story in stories],
            [story.benefit for story in stories],
        )
    )


def _plan_edits(selection: Selection, desk: Desk, drafted: Drafted) -> None:
    """Pack clusters into as few windows as prompt and reply allow."""
    empty = desk.call(
        EDITS_PROMPT,
        {"clusters": ""},
        purpose="edits",
        handles=(),
        clusters=(),
        output=Band(0, 0, 0),
        number=0,
        schema=_SCHEMA,
    ).input.high
    room = desk.limits.input_tokens - empty
    writing = desk.written_room()
    fitting: list[Cluster] = []
    sizes: list[_Size] = []
    for cluster in selection.clusters:
        for part in _parts(cluster, selection, desk, room, writing):
            size = _size(part, selection, desk)
            if len(part.members) > 1 and size.fits(room, writing):
                fitting.append(part)
                sizes.append(size)
            elif size.fits(room, writing):
                drafted.leave(part.members, "its cluster does not fit into one window")
            else:
                drafted.leave(
                    part.members,
                    f"too long for one window of {desk.limits.input_tokens} tokens",
                    reason="too_long",
                )
    size_of = {cluster.members: size for cluster, size in zip(fitting, sizes, strict=True)}
    packed = pack(fitting, [size.combined(room, writing) for size in sizes], max(room, 0))
    waiting = packed[::-1]
    while waiting:
        window = waiting.pop()
        call = _edits_call(window, selection, desk, size_of, len(drafted.calls) + 1)
        if call.input.high > desk.limits.input_tokens and len(window) > 1:
            # Counts of parts need not add up to the count of the whole: split and try again.
            middle = len(window) // 2
            waiting += [window[middle:], window[:middle]]
        else:
            drafted.calls.append(call)


def _edits_call(
    window: Sequence[Cluster],
    selection: Selection,
    desk: Desk,
    size_of: dict[tuple[str, ...], _Size],
    number: int,
) -> Call:
    texts: list[str] = []
    pairs: list[tuple[str, str]] = []
    groups: list[tuple[str, ...]] = []
    for index, cluster in enumerate(window, 1):
        handles = [f"S{len(pairs) + i}" for i in range(1, len(cluster.members) + 1)]
        pairs += zip(handles, cluster.members, strict=True)
        groups.append(tuple(handles))
        texts.append(cluster_text(selection.of(cluster), handles, index))
    sizes = [size_of[cluster.members] for cluster in window]
    return desk.call(
        EDITS_PROMPT,
        {"clusters": "\n\n".join(texts)},
        purpose="edits",
        handles=tuple(pairs),
        clusters=tuple(groups),
        output=Band(
            low=EDIT_LOW * len(window),
            likely=sum(size.likely for size in sizes),
            high=sum(size.written for size in sizes),
        ),
        number=number,
        schema=_SCHEMA,
    )


@dataclass(frozen=True, slots=True)
class _Size:
    """Tokens of a cluster: shown in the prompt, likely and at most written in the reply."""

    shown: int
    likely: int
    written: int

    def fits(self, room: int, writing: int) -> bool:
        return self.shown <= room and self.written <= writing

    def combined(self, room: int, writing: int) -> int:
        """One number for two limits: its share of the scarcer one, in tokens of the prompt. Where
        these add up to no more than ``room``, both limits hold."""
        return max(self.shown, -(-self.written * room // writing)) if writing else self.shown


def _size(cluster: Cluster, selection: Selection, desk: Desk) -> _Size:
    stories = selection.of(cluster)
    handles = [f"S{i}" for i in range(1, len(stories) + 1)]
    count = desk.counter.count_text(cluster_text(stories, handles, 1) + "\n\n")
    n_parts = sum(1 + len(story.criteria) + len(story.body) for story in stories)
    n_edits = max(1, len(stories) // 2)
    return _Size(
        shown=count.high + _HANDLE_MARGIN * (n_parts + 1),
        likely=EDIT_FRAME + round(count.n * EDIT_REWRITTEN),
        written=n_edits * EDIT_FRAME + count.high,
    )


def _parts(
    cluster: Cluster, selection: Selection, desk: Desk, room: int, writing: int
) -> list[Cluster]:
    """The cluster, or, where it is too large for a window, runs of its members that fit; a story
    too large on its own is a part of one."""
    if _size(cluster, selection, desk).fits(room, writing):
        return [cluster]
    parts: list[list[str]] = []
    for member in cluster.members:
        longer = [*parts[-1], member] if parts else [member]
        grown = replace(cluster, members=tuple(longer))
        if parts and _size(grown, selection, desk).fits(room, writing):
            parts[-1] = longer
        else:
            parts.append([member])
    return [replace(cluster, members=tuple(part), values=()) for part in parts]
