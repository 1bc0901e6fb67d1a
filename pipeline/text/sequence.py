"""Whether the order in which criteria stand is part of what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.text.typography import set_plainly

_BULLET = re.compile(
    r"^(?P<indent>[ \t>]*)[-*+•·‣◦–](?:[ \t]+\[[ xX]\])?[ \t]+(?P<words>\S.*)$", re.M
)
#: Words that place a criterion in a course of events, or point at what stands before it.
_STEP = re.compile(
    r"\b(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|then|next|after(?:wards?)?|before|finally|last(?:ly)?"
    r"|later|earlier|subsequent(?:ly)?|previous(?:ly)?|once|until|steps?|above|below|following|former"
    r"|latter|begin|start|end|now|again|given|when|scenario|otherwise|else|instead|however|also|same"
    r"|such|this|that|these|those|it|its|they|them|their|he|she|his|her|other|another|exception|except"
    r"|e\.g|i\.e|and|or|but)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(r"[:;,]\W*$|^\W*(?:\d|[a-z][.)]|[ivx]+[.)])|^(?:and|or|but)\b", re.IGNORECASE)
#: The text of these is set by this program, which writes a bullet for a numbered item, too.
_SET_HERE = (".html", ".htm", ".xhtml", ".mhtml")


def has_order(text: str, criteria: Sequence[str], path: str = "") -> bool:
    """Whether the order of ``criteria`` counts: always, unless each stands in ``text`` as a bullet
    of one list without levels and names no step and points at no other. English words alone are
    known: the caller keeps the order in every other language.
    """
    if len(criteria) < 2 or path.lower().endswith(_SET_HERE):
        return True
    if any(_STEP.search(words) or _POINTS.search(words) for words in criteria):
        return True
    items = [(found["indent"], _flat(found["words"])) for found in _BULLET.finditer(text)]
    if len({indent for indent, _ in items}) > 1:
        return True
    said = [words for _, words in items]
    return any(
        not any(words.startswith(_flat(c)[:60]) or _flat(c).startswith(words) for words in said)
        for c in criteria
    )


def _flat(text: str) -> str:
    return " ".join(set_plainly(text, set()).replace("*", " ").replace("_", " ").split())
