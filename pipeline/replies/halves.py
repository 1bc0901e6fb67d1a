"""A failed call of several clusters as two smaller ones.

Only the parts of the prompt that show stories change; handles stay as they were, so edits of both
halves are read like those of the whole. A call that brings several lists together (the running
document and further stories, two replies of a tree) is cut through each of them, so that both
halves still do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from pipeline.calls import Band, Call, Message
from pipeline.plan.groups import group_line
from pipeline.plan.rendering import story_text
from pipeline.stories import Story

#: What can be cut, by its purpose: what stands between stories, and how one is shown.
_CUT: Mapping[str, tuple[str, Callable[[Story, str], str]]] = {
    "stories": ("\n\n", story_text),
    "groups": ("\n", group_line),
}
Clusters = tuple[tuple[str, ...], ...]


def halves(call: Call, stories: Mapping[str, Story]) -> tuple[Call, ...]:
    """Two calls that together hold the call's clusters; none when it holds fewer than two, or
    when its prompt is not one of clusters. A half that would bring nothing together is left out.

    The counts of the whole call stand as the upper bound of each half.
    """
    if call.request.purpose not in _CUT or len(call.clusters) < 2:
        return ()
    lists = _lists(call)
    shown = [_shown(call, stories, clusters) for clusters in lists]
    last = call.request.messages[-1]
    if not all(text in last.content for text in shown):
        return ()
    parts = []
    for number in (1, 2):
        cut = [_half(clusters, number, i) for i, clusters in enumerate(lists)]
        if not _brings_together(cut):
            continue
        content = last.content
        for whole, clusters in zip(shown, cut, strict=True):
            content = content.replace(whole, _shown(call, stories, clusters), 1)
        held = tuple(cluster for clusters in cut for cluster in clusters)
        parts.append(_part(call, f"{call.id}.{number}", held, Message(last.role, content)))
    return tuple(parts)


def _brings_together(cut: Sequence[Clusters]) -> bool:
    """Whether a half is worth asking: a story alone need not be written again, nor a document
    without further stories."""
    if len(cut) > 1:
        return sum(map(bool, cut)) > 1
    return sum(map(len, cut[0])) > 1


def without(call: Call, parts: Iterable[Call]) -> Call | None:
    """What of a call stands in none of these parts; None when nothing is left."""
    asked = {handle for part in parts for handle, _ in part.handles}
    left = tuple(pair for pair in call.handles if pair[0] not in asked)
    if not left:
        return None
    handles = {handle for handle, _ in left}
    return replace(
        call,
        handles=left,
        clusters=tuple(cluster for cluster in call.clusters if handles >= set(cluster)),
    )


def _lists(call: Call) -> list[Clusters]:
    """The clusters of each list that the prompt shows; handles of a list share their letter."""
    return [tuple(held) for _, held in groupby(call.clusters, lambda cluster: cluster[0][0])]


def _half(clusters: Clusters, number: int, index: int) -> Clusters:
    """One half of a list; where lists are of odd length, the larger half is now one, now the
    other."""
    middle = (len(clusters) + index % 2) // 2
    return clusters[:middle] if number == 1 else clusters[middle:]


def _shown(call: Call, stories: Mapping[str, Story], clusters: Sequence[Sequence[str]]) -> str:
    ids = dict(call.handles)
    between, told = _CUT[call.request.purpose]
    return between.join(
        told(stories[ids[handle]], handle) for handles in clusters for handle in handles
    )


def _part(call: Call, name: str, clusters: Clusters, last: Message) -> Call:
    held = {handle for handles in clusters for handle in handles}
    return replace(
        call,
        id=name,
        request=replace(call.request, messages=(*call.request.messages[:-1], last)),
        handles=tuple(pair for pair in call.handles if pair[0] in held),
        clusters=clusters,
        input=call.input._replace(exact=False, low=0),
        output=Band(0, call.output.likely // 2, call.output.high),
    )
