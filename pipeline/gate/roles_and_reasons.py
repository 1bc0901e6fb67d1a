"""Who wants it and why: role, need and reason of a merged story must belong together.

Each part of "As a …, I want …, so that …" may be a source's own words and the whole still be
nobody's: one story's role with another's need, a reason taken from a third. The stories *behind* a
need are those whose own goal it says; the role must be one of theirs, and a reason must be a
source's that is behind the need, wherever one of these gives a reason at all. Stories of one need
are all behind it, so that their roles and reasons may be joined freely.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from pipeline.compare.contrast import contrast
from pipeline.compare.features import features
from pipeline.compare.measures import dice
from pipeline.extract.patterns import parse_story_text
from pipeline.gate.sources import without_lead
from pipeline.outcomes import Finding, StoryText
from pipeline.stories import Story
from pipeline.text.sentences import clauses, sentences

#: Dice coefficient of two goals' topics from which they are one need in other words.
_SAID = 0.7
_WISH = re.compile(r"(?:as (?:an?|the) .{1,120}?, )?i (?:want|need|would like)\b", re.IGNORECASE)


def findings(text: StoryText, sources: Sequence[Story]) -> dict[tuple[str, str], list[Finding]]:
    """What is wrong, by (field, sentence): the role and the benefit beside the goal, and each
    sentence of the body that is a wish of its own."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    whole = _in_frame(text.role, text.goal, text.benefit, sources)
    for finding in whole:
        field = "role" if finding.check == "name" else "benefit"
        found[field, next(iter(sentences(getattr(text, field))), "")].append(finding)
    for line in text.body:
        for sentence in sentences(line):
            if _WISH.match(sentence):
                wish = parse_story_text(sentence)
                found[("body", sentence)] += _in_frame(
                    wish.role or text.role, wish.goal, wish.benefit, sources
                )
    return found


def _in_frame(role: str, goal: str, benefit: str, sources: Sequence[Story]) -> Iterable[Finding]:
    behind = stories_behind(goal, sources) if goal else []
    if behind and role and not any(_is_of(story.role, role) for story in behind):
        told = ", ".join(sorted({f"“{story.role}”" for story in behind}))
        yield Finding("name", f"the sources give this need to {told}")
    if benefit and behind:
        yield from _reasons(benefit, behind, sources)


def stories_behind(goal: str, sources: Sequence[Story]) -> list[Story]:
    """The sources whose own goal a merged goal says, whole or a part that no other source has."""
    wanted = features(goal).stems
    own = {s.id: features(s.goal).stems for s in sources if s.goal}
    exact = {s.id for s in sources if s.goal and without_lead(s.goal) == without_lead(goal)}

    def says(story: Story) -> bool:
        if story.id not in own:
            return False
        mine = own[story.id]
        others = frozenset().union(*(stems for i, stems in own.items() if i != story.id))
        if exact:
            nearest = next(s.goal for s in sources if s.id in exact)
            return story.id in exact or _one_need(story.goal, nearest)
        return bool(wanted & mine - others) or _one_need(story.goal, goal)

    return [story for story in sources if says(story)]


def _one_need(a: str, b: str) -> bool:
    one, two = features(a).topics, features(b).topics
    return dice(one, two, {}) >= _SAID and contrast(a, b) is None


def _is_of(role: str, merged: str) -> bool:
    """Whether a role stands whole in a merged one; a story without a role has any."""
    return not role or features(role).stems <= features(merged).stems


def _reasons(benefit: str, behind: Sequence[Story], sources: Sequence[Story]) -> Iterable[Finding]:
    """The clauses of a benefit that only stories of another need say. A need whose stories give
    no reason may take one, but no other story's goal."""
    others = [story for story in sources if story not in behind]
    ours = frozenset().union(*(_all_stems(story) for story in behind))
    if not any(story.benefit for story in behind):
        ours = ours.union(*(features(story.benefit).stems for story in others))
    for clause in clauses(benefit):
        stems = features(clause).stems
        foreign = [s for s in others if stems and stems <= _need_stems(s)]
        if foreign and not stems <= ours:
            yield Finding("support", f"“{clause.strip()}” is of another need: {foreign[0].goal}")


def _need_stems(story: Story) -> frozenset[str]:
    return features(story.goal).stems | features(story.benefit).stems


def _all_stems(story: Story) -> frozenset[str]:
    return frozenset().union(*(features(text).stems for _, text in story.fields))
