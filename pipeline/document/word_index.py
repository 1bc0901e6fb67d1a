"""Which stories speak of what: the words that several stories of several topics have."""

from __future__ import annotations

from collections import Counter, defaultdict

from pipeline.document.layout import Layout
from pipeline.text.words import WORD, fold, is_content, stem

#: Words that are listed, those of most stories where there are more.
MOST = 300
#: Stories and topics that have a word at least; it says nothing of one topic that its heading
#: does not.
LEAST, TOPICS = 3, 2
#: Stories that have it at most: a share of all, and beyond :data:`FEW` of them a number.
SHARE, FEW, MANY = 0.15, 300, 60
#: Letters of a word.
_LETTERS = 3


def word_lines(layout: Layout) -> list[str]:
    """ "- shift: S-45, S-97": a line a word with the stories that have it in any form, in the
    alphabet's order."""
    content = layout.content
    found = _stories_of(layout)
    shown = sorted(found, key=lambda word: (-len(found[word]), word))[:MOST]
    return [
        f"- {word}: {content.names(found[word])}"
        for word in sorted(shown, key=lambda word: (word.casefold(), word))
    ]


def _stories_of(layout: Layout) -> dict[str, list[str]]:
    """The ids of the stories that have a word, by its commonest form."""
    content = layout.content
    n = len(content.entry_of)
    most = int(SHARE * n) if n <= FEW else MANY
    seen = Counter[str]()
    roots: dict[str, str] = {}
    stories: dict[str, list[str]] = defaultdict(list)
    # In corpus order: the numbers of a line ascend.
    for story in content.stories.values():
        if story.id not in content.entry_of:
            continue
        # What a story says, not the labels in front of it ("Acceptance criteria").
        fields = " ".join(text for _, text in story.fields) or story.text
        words = WORD.findall(fold(fields))
        seen.update(words)
        said = set(words)
        roots.update((word, _root(word)) for word in said - roots.keys())
        for root in {roots[word] for word in said}:
            # One more than there may be tells that there are too many.
            if root and len(stories[root]) <= most:
                stories[root].append(story.id)
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for word, root in roots.items():
        forms[root][word] = seen[word]
    topics = min(TOPICS, len(layout.sections))
    return {
        _commonest(forms[root]): some
        for root, some in stories.items()
        if LEAST <= len(some) <= most and _n_topics(some, layout) >= topics
    }


def _root(word: str) -> str:
    """What the forms of a word have in common; "" of one that says nothing by itself."""
    lower = word.lower()
    told = len(word) >= _LETTERS and word.isalpha() and is_content(lower)
    return stem(lower) if told else ""


def _n_topics(stories: list[str], layout: Layout) -> int:
    of = layout.content.entry_of
    return len({layout.section_of[of[story].id].name for story in stories})


def _commonest(forms: Counter[str]) -> str:
    """The commonest form; one with a capital only where the word is never without."""
    joined = Counter[str]()
    for form, n in forms.items():
        joined[form.lower() if form.lower() in forms else form] += n
    return min(joined, key=lambda form: (-joined[form], form))
