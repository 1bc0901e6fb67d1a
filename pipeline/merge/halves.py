"""A failed call of several clusters as two smaller ones.

Only the part of the prompt that shows the clusters changes; handles stay as they were, so edits
of both halves are read like those of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.calls import Band, Call, Message
from pipeline.plan.rendering import cluster_text, story_text
from pipeline.stories import Story


def halves(call: Call, stories: Mapping[str, Story]) -> tuple[Call, ...]:
    """Two calls that together hold the call's clusters; none when it holds fewer than two, or
    when its prompt is not one of clusters.

    The counts of the whole call stand as the upper bound of each half.
    """
    if len(call.clusters) < 2:
        return ()
    shown = _shown(call, stories, call.clusters)
    last = call.request.messages[-1]
    if shown not in last.content:
        return ()
    middle = len(call.clusters) // 2
    parts = (call.clusters[:middle], call.clusters[middle:])
    return tuple(
        _part(call, f"{call.id}.{i}", clusters,
              Message(last.role, last.content.replace(shown, _shown(call, stories, clusters))))
        for i, clusters in enumerate(parts, 1)
    )  # fmt: skip


def _shown(call: Call, stories: Mapping[str, Story], clusters: Sequence[Sequence[str]]) -> str:
    ids = dict(call.handles)
    if call.request.purpose == "stories":
        return "\n\n".join(
            story_text(stories[ids[handle]], handle) for handles in clusters for handle in handles
        )
    number = {handles: i for i, handles in enumerate(call.clusters, 1)}
    return "\n\n".join(
        cluster_text([stories[ids[h]] for h in handles], handles, number[tuple(handles)])
        for handles in clusters
    )


def _part(call: Call, name: str, clusters: Sequence[tuple[str, ...]], last: Message) -> Call:
    held = {handle for handles in clusters for handle in handles}
    return replace(
        call,
        id=name,
        request=replace(call.request, messages=(*call.request.messages[:-1], last)),
        handles=tuple(pair for pair in call.handles if pair[0] in held),
        clusters=tuple(clusters),
        input=call.input._replace(exact=False, low=0),
        output=Band(0, call.output.likely // 2, call.output.high),
    )
