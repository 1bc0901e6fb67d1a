"""Two texts of a page side by side: columns of their own, labels and what they label, or one text.

Each text is given as the words of its lines, from the top of the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extract.readers.pdf_words import Word
from pipeline.extract.readers.tables import column_role

#: Of a band's width: what stands in less labels what is beside it.
_STRIP = 0.2
#: What stands before a line and is not a column: a list's mark, a number, a key.
LABEL = re.compile(r"(?:[^\w\s]{1,3}|\(?[\w.#-]{1,10}[.):]?)$")
_ROLE = re.compile(r"As\s+(?:an?\s|the\s|\w)", re.IGNORECASE)
_WISH = re.compile(r"(?:I|we)\s+(?:want|need|would|can|wish|must|should)\b", re.IGNORECASE)
_PURPOSE = re.compile(r"(?:so\s+that|in\s+order\s+to|so\s+I)\b", re.IGNORECASE)
_LEADER = re.compile(r"[._·…\s]{4,}$")


def are_labels(left: Sequence[Sequence[Word]], right: Sequence[Sequence[Word]]) -> bool:
    """Whether the left side only labels the lines of the right one: a mark, a number, a key each,
    or few words in a narrow strip. Known names of fields are a table's, standing on its side."""
    if all(len(part) <= 1 and LABEL.match(part[0].text) for part in left):
        return True
    if 2 * sum(bool(column_role(joined(part))) for part in left) >= len(left):
        return False
    strip = max(part[-1].right for part in left) - min(part[0].left for part in left)
    whole = max(part[-1].right for part in right) - min(part[0].left for part in left)
    return strip < _STRIP * whole and all(len(part) <= 3 for part in left)


def joined(words: Sequence[Word]) -> str:
    """Words as one text."""
    return " ".join(word.text for word in words)


def is_leader(parts: Sequence[Sequence[Word]]) -> bool:
    """A table of contents: dots lead to a number."""
    dotted = sum(bool(_LEADER.search(part[-1].text)) for part in parts)
    return dotted * 2 > len(parts)


def stand_beside(left: Sequence[Sequence[Word]], right: Sequence[Sequence[Word]]) -> bool:
    """Whether two texts share half of the height of the lower of them."""
    tops, feet = [], []
    for parts in (left, right):
        tops.append(max(part[0].base for part in parts))
        feet.append(min(part[0].base for part in parts))
    shared = min(tops) - max(feet)
    return shared >= max(0.0, 0.5 * min(tops[0] - feet[0], tops[1] - feet[1]))


def goes_on(left: Sequence[Sequence[Word]], right: Sequence[Sequence[Word]]) -> bool:
    """Whether the right side goes on with the sentences of the left one, line for line: "As a
    baker" | "I want flour"."""
    begun = sum(bool(_ROLE.match(joined(part))) for part in left)
    wished = sum(bool(_WISH.match(joined(part))) for part in right)
    purposes = sum(bool(_PURPOSE.match(joined(part))) for part in right)
    return 2 * begun > len(left) and 2 * max(wished, purposes) > len(right)
