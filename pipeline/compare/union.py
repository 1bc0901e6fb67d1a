"""The deterministic merge: every field of every source once, word for word, nothing besides.

It is the fallback wherever a model's text fails the gate, and the whole of the ``extractive``
model. The result depends on the set of sources only, not on their order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.compare.features import features
from pipeline.errors import InputError
from pipeline.outcomes import StoryText
from pipeline.stories import Story

#: Names the algorithm in journals and runs; raise it whenever a result could change.
VERSION = "union-1"

_TRIM = re.compile(r"^[\s\-*•·–—>#]+|[\s.;,:]+$")
_LEAD = re.compile(r"^(?:i want(?: to)?|so that|in order to) ")
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
#: Goals that are a thing, not an action: "I want a list", not "I want to a list".
_THING = re.compile(
    r"(?:an?|the|my|our|your|their|all|each|every|some|any|more|no|one|two|this|that|these|those"
    r"|it|its|us|only|both|nobody|everybody|everyone|\d[\d,.]*|\w+(?:tion|ment|ness|ity|ing))\b"
    r"|\w+[^s\W]s\b"
    r"|(?:[A-Z][\w-]*|[\w-]+)\s+(?:to\s+be\b|to\s+have\b)",
    re.IGNORECASE,
)
#: A wish that is followed by a thing: "I need a list", "I would like members to sign".
_WISHING = frozenset(
    ["want", "wants", "need", "needs", "like", "love", "wish", "prefer", "require", "expect"]
)
#: Words before an action: "I want to", "I can", "I am able to".
_ACTING = frozenset(["to", "can", "could"])
#: The last word of a text and the signs after it, on one line; looked for in so many characters.
_LAST_WORD = re.compile(r"([\w']+)[^\w\n]+\Z")
_NEAR = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one text of the union comes from: which field, and the stories that say it so."""

    field: str
    text: str
    stories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """The merged text and, for each of its parts, the stories it comes from."""

    text: StoryText
    origins: tuple[Origin, ...]

    @property
    def origin(self) -> tuple[Origin, ...]:
        """Same as ``origins``."""
        return self.origins


def by_fullness(stories: Sequence[Story]) -> list[Story]:
    """The stories, the one that says most first; ties broken by words, then id."""
    return sorted(
        stories,
        key=lambda s: (
            -sum(len(text) for _, text in s.fields),
            -len(s.criteria),
            s.fingerprint,
            s.id,
        ),
    )


def union(stories: Sequence[Story]) -> Union:
    """Merge stories without a model.

    Role, goal, benefit and title are the fullest story's; another role is joined with "or"; other
    goals, benefits and titles become body lines in their own words; criteria and body lines
    follow, each once.

    Raises:
        InputError: no story.
    """
    if not stories:
        raise InputError("a union needs at least one story.")
    ordered = by_fullness(list({story.id: story for story in stories}.values()))
    taken = _Taken()
    roles = taken.each("role", [(s.role, s.id) for s in ordered])
    goal = taken.first("goal", [(s.goal, s.id) for s in ordered])
    benefit = taken.first("benefit", [(s.benefit, s.id) for s in ordered])
    title = taken.first("title", [(s.title, s.id) for s in ordered])
    criteria = taken.each("criterion", [(c, s.id) for s in ordered for c in s.criteria])
    body = taken.each("body", [(b, s.id) for s in ordered for b in s.body])
    rest = [wanted(s.goal, s.text) if s.goal else "" for s in ordered]
    rest += [purpose(s.benefit, s.text) if s.benefit else "" for s in ordered]
    rest += [s.title for s in ordered]
    ids = [s.id for s in ordered] * 3
    lines = taken.each("body", list(zip(rest, ids, strict=True)), inside=True)
    text = StoryText(
        role=" or ".join(roles),
        goal=goal,
        benefit=benefit,
        criteria=tuple(criteria),
        title=title,
        body=(*lines, *body),
    )
    return Union(text, taken.origins())


def parts(stories: Sequence[Story]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The criteria and the body lines of all stories, each once, the fullest story's first: what
    a merge carries over when a model writes the sentence only."""
    ordered = by_fullness(stories)
    taken = _Taken()
    criteria = taken.each("criterion", [(c, s.id) for s in ordered for c in s.criteria])
    body = taken.each("body", [(b, s.id) for s in ordered for b in s.body])
    return tuple(criteria), tuple(body)


def wanted(goal: str, told: str = "") -> str:
    """A goal as a sentence: "I want to filter by price", "I want a list".

    Args:
        told: the story's own words, where the word before the goal tells which it is.
    """
    before = _word_before(goal, told)
    if before in _ACTING:
        return f"I want to {goal}"
    thing = before in _WISHING or _THING.match(goal) is not None
    return f"I want {goal}" if thing else f"I want to {goal}"


def purpose(benefit: str, told: str = "") -> str:
    """A benefit as a sentence: "So that I can plan", "In order to plan"."""
    lead = "In order to" if _word_before(benefit, told) == "to" else "So that"
    return f"{lead} {benefit}"


def _word_before(phrase: str, told: str) -> str:
    """The word before a phrase in a story's own words, lower case; "" at a line's start."""
    words, text = phrase.lower().split()[:4], told.lower()
    place = text.find(words[0]) if words else -1
    while place >= 0:
        *inner, last = text[place:].split(None, len(words))[: len(words)]
        before = _LAST_WORD.search(text[max(0, place - _NEAR) : place])
        if before and inner == words[:-1] and last.startswith(words[-1]):
            return before[1]
        place = text.find(words[0], place + 1)
    return ""


def same_words(text: str) -> str:
    """What two texts share when they differ in case, spacing, list mark or final stop only.

    Signs are kept: "5 %" and "5 $" are not the same.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _TRIM.sub("", _TRIM.sub("", folded))


def without_lead(text: str) -> str:
    """:func:`same_words` without the lead-in that a merge puts before a goal or a benefit."""
    return _LEAD.sub("", same_words(text))


class _Taken:
    """What stands in the union so far, and who said it."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], tuple[str, list[str]]] = {}

    def first(self, field: str, texts: list[tuple[str, str]]) -> str:
        """The first text that is not empty; stories that say the same are its origin too."""
        chosen = next((text for text, _ in texts if text), "")
        for text, story in texts:
            if text and same_words(text) == same_words(chosen):
                self._note(field, chosen, story)
        return chosen

    def each(self, field: str, texts: list[tuple[str, str]], *, inside: bool = False) -> list[str]:
        """Every text once; with ``inside``, only those no text taken so far holds."""
        kept: list[str] = []
        for text, story in texts:
            if not text:
                continue
            holder = self._holder(field, text, inside)
            if holder is None:
                kept.append(text)
                self._note(field, text, story)
            else:
                self._said[holder][1].append(story)
        return kept

    def origins(self) -> tuple[Origin, ...]:
        """Every part with the stories that say it."""
        return tuple(
            Origin(field, text, tuple(dict.fromkeys(stories)))
            for (field, _), (text, stories) in self._said.items()
        )

    def _note(self, field: str, text: str, story: str) -> None:
        self._said.setdefault((field, _key(field, text)), (text, []))[1].append(story)

    def _holder(self, field: str, text: str, inside: bool) -> tuple[str, str] | None:
        key = (field, _key(field, text))
        if key in self._said:
            return key
        if not inside:
            return None
        bare = without_lead(text)
        mine = features(bare)
        for known, (kept, _) in self._said.items():
            theirs = features(kept)
            if (
                f" {bare} " in f" {same_words(kept)} "
                and mine.modality == theirs.modality
                and mine.negated == theirs.negated
                and mine.values <= theirs.values
                and mine.dates <= theirs.dates
            ):
                return known
        return None


def _key(field: str, text: str) -> str:
    words = same_words(text)
    return _ARTICLE.sub("", words) if field == "role" else words
