"""The strategies that write every story again (``tree`` and ``fold``), run for comparison.

They are what most pipelines do. Here their replies are taken as they come: no gate looks at them,
and what they make is a text, never a merged document. Code only keeps account: a story that a
reply leaves out is gone from the text, and said to be; those of a failed call stay as they were.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evals.metrics.coverage_share import coverage
from pipeline.calls import Call, Reply
from pipeline.compare.telling_sentence import purpose, wanted
from pipeline.kept import units
from pipeline.kept.normal_form import find_whole, settle
from pipeline.outcomes import StoryText
from pipeline.replies.halves import halves, without
from pipeline.replies.parsing import CallFailed, Written, named_part, read_stories
from pipeline.stories import Story, as_role, count_words


@dataclass
class Drafts:
    """The stories of a text while it is written again and again.

    Args:
        stories: the originals by id, in corpus order.
    """

    stories: Mapping[str, Story]
    #: Everything that a handle may point to: originals, and drafts of every level.
    known: dict[str, Story] = field(init=False)
    #: By id of a draft, the originals it was made of.
    sources: dict[str, tuple[str, ...]] = field(init=False)
    #: Originals that a reply left out.
    lost: dict[str, None] = field(default_factory=dict)
    #: Why calls failed.
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = dict(self.stories)
        self.sources = {name: (name,) for name in self.stories}

    def take(self, call: Call, replies: Mapping[str, Reply]) -> list[Story]:
        """The stories that stand for those of a call's prompt now, in the order of the reply; what
        failed calls held comes last, as it was.

        Args:
            replies: by request key, of the call and of the smaller ones made of it.
        """
        try:
            reply = replies.get(call.request.key)
            if reply is None:
                raise CallFailed("no reply came")
            return self._written(call, read_stories(reply, call))
        except CallFailed as failure:
            smaller = halves(call, self.known)
            if not any(part.request.key in replies for part in smaller):
                self.failed.append(failure.reason)
                return [self.known[name] for _, name in call.handles]
            rest = without(call, smaller)
            left = [self.known[name] for _, name in rest.handles] if rest else []
            return [*(story for part in smaller for story in self.take(part, replies)), *left]

    def _written(self, call: Call, told: Iterable[Written]) -> list[Story]:
        ids = dict(call.handles)
        named: set[str] = set()
        found = []
        for one in told:
            named.update(one.handles)
            draft = self._draft([ids[handle] for handle in one.handles], self._whole(one.text, ids))
            found.append(draft)
        for handle, name in call.handles:
            if handle not in named:
                self.lost.update(dict.fromkeys(self.sources[name]))
        return found

    def _whole(self, text: StoryText, ids: Mapping[str, str]) -> StoryText:
        """A written text with the parts that it names by handle put in."""
        return replace(
            text,
            criteria=tuple(self._part(part, ids) for part in text.criteria),
            body=tuple(self._part(part, ids) for part in text.body),
        )

    def _part(self, text: str, ids: Mapping[str, str]) -> str:
        named = named_part(text)
        if named is None or named[0] not in ids:
            return text
        story = self.known[ids[named[0]]]
        parts = story.criteria if named[1] == "c" else story.body
        return parts[named[2] - 1] if 0 < named[2] <= len(parts) else text

    def _draft(self, names: Sequence[str], text: StoryText) -> Story:
        first = self.known[names[0]]
        told = as_text(text)
        sources = dict.fromkeys(source for name in names for source in self.sources[name])
        digest = hashlib.sha256("|".join((*sources, told)).encode()).hexdigest()[:16]
        story = Story(
            id=digest, kind=first.kind, source=first.source, text=told, role=text.role,
            goal=text.goal, benefit=text.benefit, criteria=text.criteria, title=text.title,
            body=text.body,
        )  # fmt: skip
        self.known[digest] = story
        self.sources[digest] = tuple(sources)
        return story


def as_text(text: StoryText) -> str:
    """A written story as Markdown: its title, its sentence, a list of its criteria, its body."""
    sentence = ""
    if text.goal:
        parts = [as_role(text.role)] if text.role else []
        parts += [wanted(text.goal), *([purpose(text.benefit)] if text.benefit else [])]
        sentence = ", ".join(parts).rstrip(".") + "."
    title = f"**{text.title}**" if text.title else ""
    blocks = [title, sentence, "\n".join(f"- {c}" for c in text.criteria), *text.body]
    return "\n\n".join(filter(None, blocks))


def as_document(stories: Iterable[Story]) -> str:
    """The text that a strategy comes to."""
    return "\n\n".join(story.text for story in stories) + "\n"


@dataclass(frozen=True, slots=True)
class Found:
    """What of the originals a text still says, word for word.

    Args:
        units: sentences, cells, steps and titles of the originals.
        verbatim: those that are found anywhere in the text.
        covered: the sum of their shares, by words and rarity
        (:func:`evals.metrics.coverage_share.coverage`).
        words_in, words_out: of the originals, and of the text.
    """

    units: int
    verbatim: int
    covered: float
    words_in: int
    words_out: int


def look_for(stories: Collection[Story], text: str) -> Found:
    """Look for every unit of the originals in a text. Found anywhere counts here, as a rewritten
    text says of no sentence whose it is."""
    whole = settle(text)
    told = [unit for story in stories for unit in units(story.text, story.kind)]
    hits = sum(find_whole(settle(unit), whole) for unit in told)
    covered = math.fsum(one.share for one in coverage(told, text))
    return Found(
        len(told), hits, covered, sum(count_words(s.text) for s in stories), count_words(text)
    )
