"""What stands in front of a story's words: its key, its title, a label, a number."""

from __future__ import annotations

import re

from pipeline.extract.sentences import plain

CRITERIA_LABEL = re.compile(
    r"[*_#>\s]*(?:acceptance\s+(?:criteria|criterion|tests?|conditions?)|criteria|ACs?|"
    r"conditions?\s+of\s+(?:satisfaction|acceptance)|definition\s+of\s+done|DoD|done\s+when|"
    r"success\s+criteria|it\s+is\s+done\s+when|akzeptanzkriterien|critères\s+d['’]acceptation|"
    r"criterios\s+de\s+aceptación|critérios\s+de\s+aceit\w+)"
    r"(?:\s*\([^)]*\))?[*_\s]*(?:[:：–—-][*_\s]*|$)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_KEY = r"[A-Z][A-Z0-9]{1,9}[-–]\d{1,6}|US[-_ ]?\d{1,5}(?:\.\d+)?|#\d{1,6}"
_KEY_LEAD = re.compile(rf"[\[(*_\s]*(?P<key>{_KEY})[\])*_]*\s*(?:[:.|–—-]+\s*|\s+|$)")
_NUMBER_LEAD = re.compile(
    r"[\[(*_\s]*(?:(?:the\s+)?(?:user\s+)?(?:story|stories|use\s+case|usecase|scenario)|us)\b\s*"
    r"(?:#?\s*(?:U?\d+(?:[.-]\d+)*|[IVX]+|[A-Z](?=\s*[:.)]))\b)?(?:\s*\((?:optional|actual|fictional)\))?"
    r"[\])*_]*\s*(?:[:.|–—-]+\s*|\s+(?=\S)|$)",
    re.IGNORECASE,
)
_LABEL_LEAD = re.compile(
    r"[*_\s]*(?:title|summary|description|user\s+story|story)\s*:[*_\s]*", re.I
)
#: The first words of any story sentence: what comes before them on their line leads it in.
_AS = re.compile(
    r"(?:\b[Aa]s\s+(?:an?|the|any|every|one)\b|\bAs\s+[\w-]|\b[Ii]n\s+order\s+to\b|\bSo\s+that\b|\bI\s*,\s*as\s)"
)
_LEAD_MAX = 90


def split_lead(text: str) -> tuple[str, str, str]:
    """(key, title, sentence) of a line such as "SHOP-12 · Gift cards: As a shopper, I …"."""
    text = plain(text)
    match = _AS.search(text[: _LEAD_MAX + 40])
    lead, sentence = (text[: match.start()], text[match.start() :]) if match else ("", text)
    if len(lead) > _LEAD_MAX or re.search(r"[.!?]\s+\S", lead.strip()):
        return "", "", text
    key, title = split_heading(lead)
    return key, title, sentence


def split_heading(text: str) -> tuple[str, str]:
    """(key, title) of a heading: "Story 3: Refunds" → ("", "Refunds"), "SHOP-4 Refunds" →
    ("SHOP-4", "Refunds")."""
    words = plain(text)
    key = ""
    changed = True
    while changed and words:
        changed = False
        for pattern in (_LABEL_LEAD, _KEY_LEAD, _NUMBER_LEAD):
            match = pattern.match(words)
            if match and match.end():
                if pattern is _KEY_LEAD:
                    key = key or match["key"]
                words = words[match.end() :]
                changed = True
    if not key and (match := re.search(rf"[\[(]({_KEY})[\])]\s*$", words)):
        key, words = match.group(1), words[: match.start()]
    return key, words.strip(" \t:|–—-*_[]·\"“'‘(")


def is_criteria_label(text: str) -> bool:
    """Whether a heading or line announces acceptance criteria."""
    return bool(CRITERIA_LABEL.match(text))
