"""The best of a few replies of a small local model to one cluster, by the gate's own findings.

Asked for by name (``local/smollm2-135m@best4``), because it costs calls beyond the plan's (the
estimate's upper ends count them): where the gate would stop the first reply, others are asked for,
with the stories in the opposite order and with some chance. Among them the one that also leaves
out least is taken; for what is left out alone none is asked for, because few replies of a small
model say everything and code carries the rest over word for word. The gate decides afterwards as it
always does; here it only ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pipeline.calls import Call, Reply
from pipeline.merge.edits import parse_edits
from pipeline.merge.grounding import missing, sentence_verdicts
from pipeline.merge.operations import CallFailed
from pipeline.plan.rendering import numbered
from pipeline.setups import split_setup
from pipeline.stories import Story

#: How freely the third candidate and those after it choose their words.
TEMPERATURE = 0.7

Find = Callable[[Sequence[str]], Mapping[str, Reply]]
Send = Callable[[Sequence[Call]], Mapping[str, Reply]]


def candidates(call: Call, stories: Mapping[str, Story]) -> list[Call]:
    """The further calls that may be made for one cluster; none where only one was asked for."""
    asked = call.request
    if asked.purpose != "story" or not asked.model.startswith("local/"):
        return []
    most = split_setup(asked.model)[1].candidates
    members = [stories[story] for _, story in call.handles]
    last = asked.messages[-1]
    backwards = last.content.replace(numbered(members), numbered(members[::-1]))
    turned = (*asked.messages[:-1], last._replace(content=backwards))
    found = []
    for number in range(1, most):
        request = replace(
            asked,
            messages=turned if number % 2 else asked.messages,
            temperature=TEMPERATURE if number > 1 else 0.0,
            seed=number if number > 1 else 0,
        )
        found.append(replace(call, id=f"{call.id}.best{number}", request=request))
    return found


def flaws(reply: Reply | None, call: Call, stories: Mapping[str, Story]) -> tuple[int, int, int]:
    """How far a reply is from what the gate lets pass whole: whether it is no story at all, its
    ungrounded sentences, and what its sources say and it does not."""
    sources = [stories[story] for _, story in call.handles]
    try:
        if reply is None:
            raise CallFailed("no reply came")
        (edit,) = parse_edits(reply, call, stories)
        assert edit.text is not None
    except CallFailed:
        return (1, 0, 0)
    ungrounded = sum(not verdict.grounded for verdict in sentence_verdicts(edit.text, sources))
    return (0, ungrounded, len(missing(edit.text, sources)))


def choose(
    calls: Sequence[Call],
    replies: Mapping[str, Reply],
    stories: Mapping[str, Story],
    *,
    find: Find,
    send: Send | None,
) -> dict[str, Reply]:
    """The replies to the further calls, and under each first call's key the best of all.

    Args:
        find: replies that the journal holds.
        send: asks the model; None where none is open, and then the journal's are all there are.
    """
    more: dict[str, list[Call]] = {}
    for call in calls:
        others = candidates(call, stories)
        if others and any(flaws(replies.get(call.request.key), call, stories)[:2]):
            more[call.id] = others
    further = [other for others in more.values() for other in others]
    found = dict(find([other.request.key for other in further])) if further else {}
    unasked = [other for other in further if other.request.key not in found]
    if send is not None and unasked:
        found.update(send(unasked))
    best: dict[str, Reply] = {}
    for call in calls:
        if call.id not in more:
            continue
        first = replies.get(call.request.key)
        all_of_it = [first, *(found.get(other.request.key) for other in more[call.id])]
        chosen = min(all_of_it, key=lambda reply: flaws(reply, call, stories))
        if chosen is not None:
            best[call.request.key] = replace(chosen, key=call.request.key)
    return {**found, **best}
