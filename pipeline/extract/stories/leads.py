"""What stands in front of a story's words: its key, its title, a label, a number."""

from __future__ import annotations

import re

from pipeline.extract.stories import templates
from pipeline.text.sentences import has_sentence, plain

CRITERIA_LABEL = re.compile(
    r"[*_#>\s]*(?:acceptance\s+(?:criteria|criterion|tests?|conditions?)|criteria|ACs?|"
    r"conditions?\s+of\s+(?:satisfaction|acceptance)|definition\s+of\s+done|DoD|done\s+when|"
    r"success\s+criteria|it\s+is\s+done\s+when|akzeptanzkriterien|critères\s+d['’]acceptation|"
    r"criterios\s+de\s+aceptación|critérios\s+de\s+aceit\w+|criteri\s+di\s+accettazione|"
    r"acceptatiecriteria|abnahmekriterien)"
    r"(?:\s*\([^)]*\))?[*_\s]*(?:[:：–—-][*_\s]*|$)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
#: Letters and a number parted by a mark, with further numbers ("SHOP-12", "CV.1", "AUTH-3.2",
#: "US_5"), or a number sign: a key wherever a story begins.
_KEY = (
    r"[A-Z][A-Z0-9]{0,9}(?:[-_][A-Z]{1,9}){0,3}[-–_.]\d{1,6}[a-z]?(?:[.-]\d{1,4}){0,4}(?![\w-])"
    r"|US[-_ ]?\d{1,5}(?:\.\d+)*(?!\w)|(?:US)?#\d{1,6}(?!\w)"
)
#: Without a mark ("A1", "US4", "Req 14", "1.2.3"): a key only where a sentence or a colon follows,
#: as "S3 buckets" names none.
_BARE_KEY = (
    rf"{_KEY}|[A-Z]{{1,6}}\d{{1,5}}[a-z]?(?:\.\d{{1,4}})*(?!\w)|\d{{1,3}}(?:\.\d{{1,3}}){{1,4}}(?!\w)"
    r"|(?:Req(?:uirement)?|REQ|Issue|Ticket)[ .]{1,2}\d{1,5}(?:\.\d{1,4})*(?!\w)"
)
_KEY_LEAD = re.compile(rf"[\[(*_`\s]*(?P<key>{_KEY})[\])*_`]*\s*(?:[:.|–—-]+\s*|\s+|$)")
_BARE_KEY_LEAD = re.compile(
    rf"[\[(*_`\s]*(?P<key>{_BARE_KEY})(?:[\])*_`]+\s*(?:[:.|–—-]+\s*|\s+|$)|\s*(?:[:.|–—-]+(?:\s+|$)|$))"
)
_NUMBER_LEAD = re.compile(
    r"[\[(*_\s]*(?:(?:(?:the|additional|another|bonus|further|extra)\s+)?(?:user\s+)?(?:story|stories|use\s+case|usecase|scenario)|us)\b\s*"
    r"(?:#?\s*(?:U?\d+(?:[.-]\d+)*|[IVX]+|[A-Z](?=\s*[:.)]))\b)?(?:\s*\((?:optional|actual|fictional)\))?"
    r"[\])*_]*\s*(?:[:.|–—-]+\s*|\s+(?=\S)|$)",
    re.IGNORECASE,
)
_LABEL_LEAD = re.compile(
    r"[*_\s]*(?:title|summary|description|user\s+story|story)\s*:[*_\s]*", re.I
)
#: A number that the list mark before a block was taken for: "1.2 As a guest …".
_LEVELLED = re.compile(r"(?:^|\n)[ \t>*_-]*(?P<key>\d{1,3}(?:\.\d{1,3}){1,4})[.)]?[ \t]+$")
#: The first words of any story sentence: what comes before them on their line leads it in.
_AS = re.compile(
    r"(?:\b[Aa]s(?:\s|&nbsp;)+(?:an?|the|any|every|one)\b|\bAs\s+[\w-]|\b[Ii]n\s+order\s+to\b|\bSo\s+that\b"
    rf"|\bI\s*,?\s*as\s|(?<!\w){templates.BEGIN}|(?<!\w)When\s)"
)
#: What may stand between a line's start and its story sentence and says nothing of it: marks,
#: arrows and pictures, tags, a label in brackets.
_LEAD_PIECE = re.compile(
    r"(?:_|[^\w\[(<#@&`])+|\[[^\]\n]{0,40}\]|\([\w -]{0,20}\)|<[^<>\n]{0,60}>|[#@][\w/-]+|"
    r"&[#\w]{2,8};|[\[(#@&<`]"
)
#: Words that lead a sentence in end with one of these.
_LEAD_ENDS = re.compile(r"(?:[“‘«(\[:.|–—›→»\])>!?*_\"”’…/~=`;•·]|\s-|-{2,})\s*$")
_LAST_MARK = r"[\s:|–—\-*_\[\]·\"“'‘(«→]"
_EDGE_MARKS = re.compile(rf"^[\s:|–—\-*_\[\]·\"“'‘(«»→✅☐☑✔•>]+|(?<!{_LAST_MARK}){_LAST_MARK}++$")
#: A bracket or a quote at an edge stays where its other half does.
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"), ("‘", "’"), ('"', '"'))
#: Tags and no words: "#G02#", "@web #billing".
ONLY_TAGS = re.compile(r"\s*(?:[#@][\w/-]+#?[\s:]*)+")
_LEAD_MAX = 90


def split_lead(text: str) -> tuple[str, str, str]:
    """(key, title, sentence) of a line such as "SHOP-12 · Gift cards: As a shopper, I …"."""
    text = plain(text)
    match = next(
        (m for m in _AS.finditer(text[: _LEAD_MAX + 40]) if leads(text[: m.start()])), None
    )
    lead, sentence = (text[: match.start()], text[match.start() :]) if match else ("", text)
    if len(lead) > _LEAD_MAX or has_sentence(_without_key(lead).strip()):
        return "", "", text
    key, title = split_heading(lead)
    return key, title, sentence


def leads(lead: str) -> bool:
    """Whether the words before a story sentence on its line lead it in: nothing, marks, a key,
    or words that end with a mark ("Gift cards:"). "I use my phone as a scanner" has no lead."""
    return is_lead(lead) or _LEAD_ENDS.search(lead) is not None


def is_lead(lead: str) -> bool:
    """Whether what stands before a story sentence is a key, marks and tags, and no words."""
    position = 0
    lead = lead.strip()
    while position < len(lead):
        piece = _LEAD_PIECE.match(lead, position)
        if piece is None and (position == 0 or not lead[position - 1].isalnum()):
            piece = _BARE_KEY_LEAD.match(lead, position) or _NUMBER_LEAD.match(lead, position)
        if piece is None or piece.end() == position:
            return False
        position = piece.end()
    return True


def levelled_key(text: str, start: int) -> str:
    """The number of several levels that stands right before a block ("1.2.3"), "" if none does."""
    match = _LEVELLED.search(text[max(0, start - 40) : start])
    return match["key"] if match else ""


def _without_key(lead: str) -> str:
    """The lead from its first word on: the stop of "A1." ends no sentence."""
    match = _BARE_KEY_LEAD.match(lead)
    return lead[match.end() :] if match else lead


def split_heading(text: str) -> tuple[str, str]:
    """(key, title) of a heading: "Story 3: Refunds" → ("", "Refunds"), "SHOP-4 Refunds" →
    ("SHOP-4", "Refunds")."""
    words = plain(text)
    key = ""
    changed = True
    while changed and words:
        changed = False
        for pattern in (_LABEL_LEAD, _KEY_LEAD, _BARE_KEY_LEAD, _NUMBER_LEAD):
            match = pattern.match(words)
            if match and match.end():
                if pattern in (_KEY_LEAD, _BARE_KEY_LEAD):
                    key = key or match["key"]
                words = words[match.end() :]
                changed = True
    if not key and (match := re.search(rf"[\[(]({_KEY})[\])]\s*$", words)):
        key, words = match.group(1), words[: match.start()]
    return key, _without_edges(words)


def _without_edges(words: str) -> str:
    """A title without the marks around it: "(web) Refunds" keeps its brackets, "(web)" none."""
    bare = _EDGE_MARKS.sub("", words)
    at = words.find(bare) if bare else 0
    before, after = words[:at], words[at + len(bare) :]
    for opening, closing in _PAIRS:
        more = bare.count(closing) - bare.count(opening)
        if opening == closing:
            more = bare.count(closing) % 2
        if more and opening in before and closing not in after:
            bare = bare[:-1] if bare.find(closing) == len(bare) - 1 else f"{opening}{bare}"
        elif more and closing in after and opening not in before:
            bare = f"{bare}{closing}"
    return bare


def is_criteria_label(text: str) -> bool:
    """Whether a heading or line announces acceptance criteria."""
    return bool(CRITERIA_LABEL.match(text))
