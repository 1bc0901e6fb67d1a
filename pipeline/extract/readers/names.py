"""A column's or field's name without what an export wraps around it."""

from __future__ import annotations

import re

#: "Custom field (Acceptance Criteria)", "System.Title", "Card Name" say what the last part says.
_WRAPPED = re.compile(r"custom field \((.*)\)", re.IGNORECASE)
_SPACED = re.compile(r"(?:[A-Za-z]\w*\.)+(\w+)")
_OF = re.compile(r"(?:card|issue|work item|task|page)[ _](name|title|description|id|key)", re.I)
#: A tree of work items has a title column for each of its levels.
_LEVEL = re.compile(r"(title) \d{1,2}", re.IGNORECASE)
_SHORT = {
    "desc": "description",
    "idshort": "key",
    "iid": "key",
    "criterion": "criteria",
    "acceptance": "criteria",
}
#: Which of several keys people use, the likeliest first.
_KEYS = ("key", "issue key", "idshort", "iid", "number")


def bare_name(name: str) -> str:
    """ "Title" for "System.Title", "Name" for "Card Name"; a plain name as it is."""
    bare = name.strip()
    for shape in (_WRAPPED, _SPACED, _OF, _LEVEL):
        if found := shape.fullmatch(bare):
            bare = found[1]
            break
    return _SHORT.get(bare.lower(), bare)


def key_rank(name: str) -> int:
    """How good a work item's key this field gives; smaller is better."""
    bare = name.strip().lower()
    return _KEYS.index(bare) if bare in _KEYS else len(_KEYS)
