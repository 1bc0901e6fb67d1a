"""Tellings put under one another: proof, then persons, then judges; nothing is lost by it.

Stories that proof calls one need make a *group*; persons and judges fold groups under groups, as
stars: whatever is folded was judged against the telling that stands, never along a chain. A
side of a conflict is never folded. Likeness decides nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.entries import Answer, Judgement
from pipeline.merge.settling import PersonFold, Settled
from pipeline.stories import Story


@dataclass(frozen=True, slots=True)
class Group:
    """Stories of one entry.

    Args:
        standing: the story whose sentence stands.
        proved: stories that proof puts with it, itself first.
        folded: groups under it, each with why: a judgement, or a person's decision.
    """

    standing: str
    proved: tuple[str, ...]
    folded: tuple[Under, ...] = ()


@dataclass(frozen=True, slots=True)
class Under:
    """Stories folded under another group's standing telling.

    Args:
        stories: the first is the one that was judged or decided on.
        why: the judgement, or the text of the person's decision.
        whole: decided against: all that they say is folded, not the goal alone.
    """

    stories: tuple[str, ...]
    why: Judgement | None
    decision: str = ""
    whole: bool = False


@dataclass
class _Node:
    """A proof group while others are put under it."""

    stories: list[str]
    standing: str
    under: list[Under] = field(default_factory=list)
    gone: bool = False


def arrange(
    stories: Mapping[str, Story],
    judgements: Sequence[Judgement] = (),
    settled: Settled | None = None,
) -> list[Group]:
    """The groups of a corpus, in the order of their first story.

    Args:
        stories: by id, in corpus order; none of them left out.
        judgements: answers that may act: only those that a record believes.
        settled: what persons decided on these stories.
    """
    decided = settled or Settled()
    contested = _contested(judgements, decided, stories)
    # What a person decided is said of no other story than the one decided on.
    alone = contested | {fold.story for fold in decided.folds}
    nodes = _proved(stories, decided, alone)
    of = {story: node for node in nodes for story in node.stories}
    for fold_ in decided.folds:
        _fold_by_person(of, fold_)
    _fold_by_judges(of, judgements, decided, contested, stories)
    position = {story: i for i, story in enumerate(stories)}
    standing = [node for node in nodes if not node.gone]
    return sorted(
        (_group(node, position) for node in standing),
        key=lambda g: min(position[s] for s in members(g)),
    )


def members(group: Group) -> tuple[str, ...]:
    """The stories of a group, the standing one first."""
    return (*group.proved, *(story for under in group.folded for story in under.stories))


def fullness(story: Story) -> tuple[int, int]:
    """How much a story tells: characters of its fields, then its parts."""
    return sum(len(text) for _, text in story.fields), len(story.fields)


def _contested(
    judgements: Iterable[Judgement], settled: Settled, stories: Collection[str]
) -> set[str]:
    """Stories that are a side of a conflict that a judge or a person asserts."""
    sides = {s for conflict in settled.conflicts for s in conflict.stories}
    for one in judgements:
        known = one.a in stories and one.b in stories
        if one.answer is Answer.CONTRADICTING and known and not settled.decides(one.a, one.b):
            sides |= {one.a, one.b}
    return sides


def _proved(stories: Mapping[str, Story], settled: Settled, alone: set[str]) -> list[_Node]:
    """Groups by proof: copies of all fields, and stories of one goal and benefit.

    Args:
        alone: stories that only their copies in every field go with, such as a side of a conflict.
    """
    kept = {fold.keep for fold in settled.folds}
    nodes: list[_Node] = []
    copies: dict[str, _Node] = {}
    needs: defaultdict[str, list[_Node]] = defaultdict(list)
    for story in stories.values():
        key = story.need
        node = copies.get(story.fingerprint)
        if node is not None and _may_join(node, story.id, settled):
            node.stories.append(story.id)
            continue
        node = None
        if key and story.id not in alone:
            node = next(
                (
                    other
                    for other in needs[key]
                    if not alone.intersection(other.stories) and _may_join(other, story.id, settled)
                ),
                None,
            )
        if node is None:
            node = _Node([], story.id)
            nodes.append(node)
            if key and story.id not in alone:
                needs[key].append(node)
        node.stories.append(story.id)
        copies.setdefault(story.fingerprint, node)
    for node in nodes:
        node.standing = max(node.stories, key=lambda name: (name in kept, *fullness(stories[name])))
    return nodes


def _may_join(node: _Node, story: str, settled: Settled) -> bool:
    return not settled.apart or not any(
        frozenset((story, other)) in settled.apart for other in node.stories
    )


def _fold_by_person(of: Mapping[str, _Node], fold: PersonFold) -> None:
    """Put a story under what a person keeps for it, with what proof put with it."""
    mine, yours = of.get(fold.story), of.get(fold.keep)
    if mine is None or yours is None or mine is yours or mine.gone or yours.gone:
        return
    first = [fold.story, *(s for s in mine.stories if s != fold.story)]
    yours.under.append(Under(tuple(first), None, fold.decision, fold.whole))
    yours.under += mine.under
    mine.gone = True


def _fold_by_judges(
    of: Mapping[str, _Node],
    judgements: Sequence[Judgement],
    settled: Settled,
    contested: set[str],
    stories: Mapping[str, Story],
) -> None:
    """The surest answer first: the shorter-told goal goes under the longer one."""
    position = {story: i for i, story in enumerate(stories)}
    asked = [
        j for j in judgements
        if j.answer is Answer.ONE_NEED and j.a in of and j.b in of
        and not settled.decides(j.a, j.b)
    ]  # fmt: skip
    asked.sort(key=lambda j: (-(j.likelihood or 0.0), position[j.a], position[j.b]))
    for one in asked:
        a, b = of[one.a], of[one.b]
        if a is b or a.gone or b.gone:
            continue
        long, short = sorted(
            (a, b), key=lambda n: (-len(stories[n.standing].goal), position[n.standing])
        )
        judged = {one.a, one.b}
        # Judged against the telling that stands, and that one holds nobody up by itself.
        if long.standing not in judged or short.under:
            continue
        if contested.intersection((*long.stories, *short.stories)):
            continue
        if settled.apart and any(
            frozenset((x, y)) in settled.apart for x in short.stories for y in _all(long)
        ):
            continue
        first = one.b if one.a == long.standing else one.a
        rest = (s for s in short.stories if s != first)
        long.under.append(Under((first, *rest), one))
        short.gone = True


def _all(node: _Node) -> list[str]:
    return [*node.stories, *(story for under in node.under for story in under.stories)]


def _group(node: _Node, position: Mapping[str, int]) -> Group:
    others = sorted((s for s in node.stories if s != node.standing), key=position.__getitem__)
    return Group(node.standing, (node.standing, *others), tuple(node.under))
