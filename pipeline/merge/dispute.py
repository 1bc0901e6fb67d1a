"""A contradiction that a model names, with nothing in it that the stories do not say.

A model may be wrong about a contradiction; then two stories stand side by side, which loses
nothing. What it writes about one is printed, so it has to be somebody's words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.compare.union import same_words
from pipeline.outcomes import Edit, Relation
from pipeline.stories import Story
from pipeline.text.words import WORD, fold, is_content, stem

#: What a contradiction may be about in words that stand in none of the stories.
KNOWN = frozenset({"number", "limit", "date", "unit", "role", "modality", "negation"})


def dispute(stories: Sequence[Story], on: str, values: Sequence[str], why: str = "") -> Edit:
    """The edit that keeps stories apart as contradicting each other.

    Args:
        on: what they disagree on; left out where it is in nobody's words.
        values: what each of them says, in their order; one that does not stand in its story is
            left out, and all are when they are not as many as the stories.
        why: for the ledger; made of ``on`` when not given.
    """
    texts = [" ".join([story.text, *(text for _, text in story.fields)]) for story in stories]
    about = " ".join(on.split())
    if not (about.lower() in KNOWN or _stems(about) <= frozenset().union(*map(_stems, texts))):
        about = ""
    said: tuple[str, ...] = ()
    if len(values) == len(stories):
        pairs = zip(values, texts, strict=True)
        said = tuple(" ".join(v.split()) if _stands(v, text) else "" for v, text in pairs)
    return Edit(
        Relation.CONFLICT,
        tuple(story.id for story in stories),
        attribute=about,
        values=said if any(said) else (),
        reason=why or (f"they disagree on {about}" if about else "they contradict each other"),
    )


def _stands(value: str, text: str) -> bool:
    words = same_words(value)
    return bool(words) and bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", same_words(text)))


def _stems(text: str) -> frozenset[str]:
    """Its words without those of grammar; a number counts as it stands."""
    words = (word.lower() for word in WORD.findall(fold(text)))
    return frozenset(stem(word) for word in words if is_content(word) or word.isdigit())
