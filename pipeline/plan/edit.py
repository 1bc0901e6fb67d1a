"""The ``edit`` strategy: only clusters are asked about, and a reply changes only what it names.

What a cluster costs depends on what the model can do: one that judges (``edits``) answers with
operations; one that only writes (``story``) gets a cluster after code has decided that its stories
overlap; the deterministic merge (``union``) gets the same clusters as JSON.

Every cluster is a call of its own, so that plans are stable: scattered changes of 1 % of the
stories reach about (stories a call) % of the calls, and clusters of real backlogs have close to
three. With two clusters a call, about three times as much is asked anew after every change, and the
first run is 2 % cheaper where the shared prompt is cached, 9 % where it is not:
``benchmarks/stability.py`` prints both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.calls import Band, Call, Cluster, canonical_json
from pipeline.outcomes import EDITS_SCHEMA, FULL_EDITS_SCHEMA, Relation
from pipeline.plan.desk import Desk
from pipeline.plan.draft import Drafted
from pipeline.plan.foreseen import foreseen_edits
from pipeline.plan.rendering import cluster_text, numbered, story_line, union_text, vocabulary
from pipeline.plan.selection import Selection
from pipeline.stories import Story, normalise

EDITS_PROMPT, STORY_PROMPT, UNION_PROMPT = "merge-edits", "merge-story", "union"

#: Tokens that one merged story may take beyond those of its sources: a joining "and", an end mark.
STORY_MARGIN = 16
#: Most tokens of one edit without its texts: what two handles are called, the names of four fields;
#: and where every edit has every field, as ``merge-edits.v1`` asks for it.
EDIT_FRAME, FULL_EDIT_FRAME = 60, 90
#: The same for a part that is dropped and written anew, beyond the line that shows it in a prompt.
PART_FRAME = 12
#: Fewest tokens of a cluster's share of a reply: a model may leave distinct stories out of it.
EDIT_LOW = 0
_SCHEMA, _FULL_SCHEMA = canonical_json(EDITS_SCHEMA), canonical_json(FULL_EDITS_SCHEMA)


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
    """Every cluster as a call of its own: whatever happens to another, its request stays the
    same to the byte. What is too long for a window is asked about in parts."""
    for cluster in selection.clusters:
        call = _edits_call(cluster, selection, desk, drafted)
        if call is not None:
            drafted.calls.append(call)
            continue
        for part in _parts(cluster, selection, desk, drafted):
            call = _edits_call(part, selection, desk, drafted)
            if call is None:
                drafted.leave(
                    part.members,
                    f"too long for one window of {desk.limits.input_tokens} tokens",
                    reason="too_long",
                )
            elif len(part.members) > 1:
                drafted.calls.append(call)
            else:
                drafted.leave(part.members, "its cluster does not fit into one window")


def _edits_call(
    cluster: Cluster,
    selection: Selection,
    desk: Desk,
    drafted: Drafted,
) -> Call | None:
    """The next call; None where its prompt or its reply is too long."""
    stories = tuple(selection.of(cluster))
    handles = tuple(f"S{i}" for i in range(1, len(stories) + 1))
    text = cluster_text(stories, handles, 1)
    full = desk.prompt(EDITS_PROMPT).version == 1
    written = desk.counter.count_text(text).high + _frames(stories, full) + _escapes(text)
    if written > desk.written_room():
        return None
    likely = desk.counter.count_text(foreseen_edits(stories, handles, full=full)).n
    call = desk.call(
        EDITS_PROMPT,
        {"clusters": text},
        purpose="edits",
        handles=tuple(zip(handles, cluster.members, strict=True)),
        clusters=(handles,),
        output=Band(low=EDIT_LOW, likely=min(likely, written), high=written),
        number=len(drafted.calls) + 1,
        schema=_FULL_SCHEMA if full else _SCHEMA,
    )
    return call if call.input.high <= desk.limits.input_tokens else None


def _frames(stories: Sequence[Story], full: bool) -> int:
    """Most tokens that a reply writes beside the texts of a cluster."""
    edits = max(1, len(stories) // 2)
    if full:
        return edits * FULL_EDIT_FRAME
    parts = sum(len(story.criteria) + len(story.body) for story in stories)
    return edits * EDIT_FRAME + parts * PART_FRAME


def _escapes(text: str) -> int:
    """Signs that JSON writes with one more."""
    return text.count('"') + text.count("\\")


def _parts(
    cluster: Cluster,
    selection: Selection,
    desk: Desk,
    drafted: Drafted,
) -> list[Cluster]:
    """Runs of the cluster's members that fit into a window; a story too long on its own is a part
    of one."""
    parts: list[Cluster] = []
    for member in cluster.members:
        longer = (*parts[-1].members, member) if parts else (member,)
        grown = replace(cluster, members=longer, values=())
        if parts and _edits_call(grown, selection, desk, drafted) is not None:
            parts[-1] = grown
        else:
            parts.append(replace(cluster, members=(member,), values=()))
    return parts
