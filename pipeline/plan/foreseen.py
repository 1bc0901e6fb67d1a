"""The reply that a model which judges will likely write: the edits that code finds by itself.

How long a reply is depends less on how long the stories are than on how they relate: distinct ones
cost next to nothing, same ones their handles, only an overlap new text. Code relates the stories
of a cluster anyway when nobody judges; what it would answer is the likeliest answer of a judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pipeline.calls import canonical_json
from pipeline.compare.relations import Related, relate
from pipeline.compare.union import by_fullness, same_words
from pipeline.outcomes import Relation
from pipeline.stories import Story

#: The relation that an edit of several stories has: the first of these that one of them needs.
_ORDER = (Relation.CONFLICT, Relation.OVERLAP, Relation.SAME)


@lru_cache(maxsize=1 << 14)
def foreseen_edits(
    stories: tuple[Story, ...], handles: tuple[str, ...], *, full: bool = False
) -> str:
    """A reply of edits for one cluster, as JSON: one edit of what belongs to its first story, none
    when nothing does. Cached: a dry run foresees the same reply for every model that judges.

    Args:
        full: with every field in every edit, as ``merge-edits.v1`` asks for it.
    """
    related = [relate(stories[0], story) for story in stories[1:]]
    near = [0, *(i for i, r in enumerate(related, 1) if r.relation is not Relation.DISTINCT)]
    if len(near) < 2:
        return canonical_json({"edits": []})
    said = min((related[i - 1] for i in near[1:]), key=lambda r: _ORDER.index(r.relation))
    named = [(stories[i], handles[i]) for i in near]
    return canonical_json({"edits": [(_full_edit if full else _edit)(named, said)]})


def _edit(named: Sequence[tuple[Story, str]], said: Related) -> dict[str, object]:
    handle = {story.id: handle for story, handle in named}
    if said.relation is Relation.CONFLICT:
        return {
            "conflict": list(handle.values()), "on": said.attribute, "values": list(said.values),
        }  # fmt: skip
    stories = by_fullness([story for story, _ in named])
    handles = [handle[story.id] for story in stories]
    if said.relation is Relation.SAME:
        return {"same": handles}
    return {"overlap": handles, "rewrite": foreseen_changes(stories, handles)}


def _full_edit(named: Sequence[tuple[Story, str]], said: Related) -> dict[str, object]:
    handles = [handle for _, handle in named]
    overlap = said.relation is Relation.OVERLAP
    return {
        "relation": said.relation.value,
        "handles": handles,
        "keep": handles[0] if said.relation is Relation.SAME else "",
        "text": _full_text(named if overlap else []),
        "attribute": said.attribute,
        "values": list(said.values),
        "reason": said.why,
    }


def _full_text(named: Sequence[tuple[Story, str]]) -> dict[str, object]:
    """New text of an overlap: the longest title, role and goal, every benefit, parts by handle."""
    stories = [story for story, _ in named]

    def longest(name: str) -> str:
        return max((getattr(story, name) for story in stories), key=len, default="")

    return {
        "title": longest("title"),
        "role": longest("role"),
        "goal": longest("goal"),
        "benefit": " and ".join(dict.fromkeys(s.benefit for s in stories if s.benefit)),
        "criteria": [f"{h}.c{i}" for s, h in named for i in range(1, len(s.criteria) + 1)],
        "body": [f"{h}.b{i}" for s, h in named for i in range(1, len(s.body) + 1)],
    }


def foreseen_changes(stories: Sequence[Story], handles: Sequence[str]) -> list[dict[str, str]]:
    """What an overlap likely rewrites: a goal that they word differently, in new words as long as
    the longest of them; benefits that differ, joined by reference. All else is moved as it is."""
    changes = []
    goals = {same_words(story.goal): story.goal for story in stories if story.goal}
    if len(goals) > 1:
        changes.append({"at": "goal", "text": max(goals.values(), key=len)})
    benefits: dict[str, str] = {}
    for story, handle in zip(stories, handles, strict=True):
        if story.benefit:
            benefits.setdefault(same_words(story.benefit), f"{handle}.benefit")
    if len(benefits) > 1:
        changes.append({"at": "benefit", "text": " and ".join(benefits.values())})
    return changes
