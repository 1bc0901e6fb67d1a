"""What two texts share when they differ in how they are set only."""

from __future__ import annotations

import re
import unicodedata

_TRIM = re.compile(r"^[\s\-*•·–—>#]+|[\s.;,:]+$")
_LEAD = re.compile(r"^(?:i want(?: to)?|so that|in order to) ")


def same_words(text: str) -> str:
    """What two texts share when they differ in case, spacing, list mark or final stop only.

    Signs are kept: "5 %" and "5 $" are not the same.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _TRIM.sub("", _TRIM.sub("", folded))


def without_lead(text: str) -> str:
    """:func:`same_words` without the frame before a goal or a benefit."""
    return _LEAD.sub("", same_words(text))
