"""Goals of stories that somebody else wrote, told otherwise, and changed.

No parser is used: a rule says nothing where it does not find its pattern, and what it finds is
exchanged word by word, so that the answer is known.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.entries import Answer
from pipeline.stories import Story
from pipeline.text.language import ENGLISH
from pipeline.train.generated_needs import Need
from pipeline.train.need_changes import Contrast
from pipeline.train.word_tables import Tables

#: Verbs of classes that mean different things, none of them a word that an exam holds out.
_VERBS = (
    ("see", "read", "browse"),
    ("create", "make", "write"),
    ("change", "customize", "customise", "adapt"),
    ("share",),
    ("print",),
    ("compare",),
    ("test", "check"),
    ("configure", "set up"),
    ("invite",),
    ("rename",),
    ("measure",),
    ("group",),
    ("run", "execute"),
    ("translate",),
    ("explain",),
    ("search", "search for"),
)
_THING = re.compile(r"(?:an?|the|my|our|all|each|every|some|more|no|one|that)\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"^(?P<head>.{12,}?),? (?P<tail>(?:when|whenever|while|if|once|as soon as|using|based on|"
    r"according to|during|via|through|for each|in case)\b.{6,})$"
)
_POSSESSIVE = re.compile(r"\b(?:the|a|an|my|our) (\w+)'s (\w+)\b")
_LIST_OF = re.compile(
    r"\b(?:a|the) (list|version|name|status|title|size|owner|page|history|type|format|location) of"
    r" (?:the |a |an )?(\w+?)(s?)(?=[.,;]|$| (?:and|in|on|for|that|which|by|with)\b)"
)
_FROM_TO = re.compile(
    r"\b(?P<x>from|between) (?P<a>(?:the |a |an |my )?[\w-]+(?: [\w-]+)?)"
    r" (?P<y>to|into|and) (?P<b>(?:the |a |an |my )?[\w-]+)"
)
_NUMBER = re.compile(r"(?<![\w.])(\d{1,4})(?![\w.])")
_LAST = re.compile(r"([A-Za-z]{4,})(\W*)$")
_FRAMES = (
    "{}",
    "{}",
    "{}",
    "be able to {}",
    "S:it should be possible for me to {}",
    "S:there should be a way to {}",
    "S:the system should let me {}",
    "S:I have to be able to {}",
    "S:what I am after is to {}",
)


@dataclass(frozen=True, slots=True)
class FromStory:
    """The goal of a story as what follows "I want to"."""

    goal: str

    def worded(self, tables: Tables, rng: random.Random) -> str:
        told = self.goal
        for rule in _REWORDINGS:
            if rng.random() < 0.6:
                told = rule(told, tables, rng)
        return told if told.startswith("S:") else rng.choice(_FRAMES).format(told)


def core_of(story: Story) -> FromStory | None:
    """A story's goal where it can be told otherwise; None without one, or where it is long."""
    goal = " ".join(story.goal.split()).rstrip(" .;,")
    if not 3 <= len(goal.split()) <= 32 or story.language not in (ENGLISH, ""):
        return None
    goal = re.sub(r"^(?:to )?(?:be able to |have the ability to )?", "", goal, flags=re.IGNORECASE)
    if _THING.match(goal):
        goal = f"have {goal}"
    if not re.match(r"[a-z]+ ", goal) or re.match(r"\w+ing\b|\w+ to\b", goal):
        return None
    return FromStory(goal)


def _synonyms(goal: str, tables: Tables, rng: random.Random) -> str:
    done = 0
    for group in rng.sample(tables.synonyms, len(tables.synonyms)):
        for word in group:
            pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])", re.IGNORECASE)
            if pattern.search(goal) and done < 3:
                goal = pattern.sub(rng.choice([w for w in group if w != word]), goal, count=1)
                done += 1
                break
    return goal


def _fronted(goal: str, tables: Tables, rng: random.Random) -> str:
    if found := _CLAUSE.match(goal):
        frame = rng.choice(("I want to", "I must be able to", "I should be able to"))
        tail = found["tail"]
        return f"S:{tail[0].upper()}{tail[1:]}, {frame} {found['head']}"
    return goal


def _possessive(goal: str, tables: Tables, rng: random.Random) -> str:
    return _POSSESSIVE.sub(r"the \2 of the \1", goal)


def _compound(goal: str, tables: Tables, rng: random.Random) -> str:
    return _LIST_OF.sub(r"the \2 \1", goal)


def _exchange_and(goal: str, tables: Tables, rng: random.Random) -> str:
    return re.sub(r"\b([a-z]+s) and ([a-z]+s)\b(?=[.,;]|$)", r"\2 and \1", goal)


_REWORDINGS: tuple[Callable[[str, Tables, random.Random], str], ...] = (
    _possessive,
    _compound,
    _exchange_and,
    _synonyms,
    _fronted,
)

StoryChange = Callable[[Need, "Corpus"], "Contrast | None"]


@dataclass(frozen=True)
class Corpus:
    """What the stories of one document lend to the changes of each.

    Args:
        goals: of the document's stories. opposites: words that part two needs and may be used.
    """

    tables: Tables
    rng: random.Random
    goals: Sequence[FromStory]
    opposites: Sequence[tuple[str, str]]


def _changed(need: Need, goal: str, answer: Answer, kind: str) -> Contrast | None:
    if not isinstance(need.core, FromStory) or goal == need.core.goal:
        return None
    return Contrast(need, replace(need, core=FromStory(goal)), answer, kind)


def _goal(need: Need) -> str:
    return need.core.goal if isinstance(need.core, FromStory) else ""


def opposite_word(need: Need, corpus: Corpus) -> Contrast | None:
    """One word exchanged for its opposite."""
    goal = _goal(need)
    for pair in corpus.rng.sample(list(corpus.opposites), len(corpus.opposites)):
        for one, other in (pair, pair[::-1]):
            pattern = re.compile(rf"(?<![\w-]){re.escape(one)}(?![\w-])")
            if pattern.search(goal):
                told = pattern.sub(other, goal, count=1)
                return _changed(need, told, Answer.DIFFERENT, "verb opposite")
    return None


def other_figure(need: Need, corpus: Corpus) -> Contrast | None:
    """One number exchanged."""
    goal = _goal(need)
    found = _NUMBER.search(goal)
    if found is None:
        return None
    other = str(int(found[1]) + corpus.rng.choice((1, 2, 3, 10, 40)))
    told = goal[: found.start()] + other + goal[found.end() :]
    return _changed(need, told, Answer.CONTRADICTING, "quantity")


def other_direction(need: Need, corpus: Corpus) -> Contrast | None:
    """ "from A to B" as "from B to A"; "between A and B" is the same either way."""
    goal = _goal(need)
    found = _FROM_TO.search(goal)
    if found is None or (found["x"] == "between") != (found["y"] == "and"):
        return None
    turned = f"{found['x']} {found['b']} {found['y']} {found['a']}"
    same = found["x"] == "between"
    told = goal[: found.start()] + turned + goal[found.end() :]
    return _changed(need, told, Answer.ONE_NEED if same else Answer.DIFFERENT, "order")


def other_object(need: Need, corpus: Corpus) -> Contrast | None:
    """The last word exchanged for that of another story of the document."""
    goal = _goal(need)
    found = _LAST.search(goal)
    if found is None:
        return None
    plural = found[1].endswith("s")
    lasts = {
        m[1] for g in corpus.goals if (m := _LAST.search(g.goal)) and m[1].endswith("s") == plural
    } - {found[1]}
    if not lasts:
        return None
    told = goal[: found.start()] + corpus.rng.choice(sorted(lasts))
    return _changed(need, told, Answer.DIFFERENT, "actor or object")


def other_verb(need: Need, corpus: Corpus) -> Contrast | None:
    """The first verb exchanged for one that means something else."""
    verb, _, rest = _goal(need).partition(" ")
    if not rest:
        return None
    others = [group for group in _VERBS if verb not in group]
    told = f"{corpus.rng.choice(corpus.rng.choice(others))} {rest}"
    return _changed(need, told, Answer.DIFFERENT, "another need")


def also_that(need: Need, corpus: Corpus) -> Contrast | None:
    """The need of another story in the same breath."""
    other = corpus.rng.choice(corpus.goals)
    if other == need.core:
        return None
    return Contrast(need, replace(need, also=other), Answer.OVERLAPPING, "detail added")


def not_allowed(need: Need, corpus: Corpus) -> Contrast | None:
    """It must not be possible."""
    return _changed(
        need, f"never {_goal(need)}" if corpus.rng.random() < 0.5 else f"not {_goal(need)}",
        Answer.CONTRADICTING, "another rule",
    )  # fmt: skip


#: The changes of a story's goal, with their weights.
STORY_CHANGES: tuple[tuple[StoryChange, float], ...] = (
    (opposite_word, 4.0),
    (other_figure, 2.0),
    (other_direction, 3.0),
    (other_object, 3.0),
    (other_verb, 2.0),
    (also_that, 1.0),
    (not_allowed, 0.4),
)
