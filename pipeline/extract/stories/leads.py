"""What stands in front of a story's words (its key, its title, a label, a number), and stories
whose parts are labelled: "Role: courier", "Goal: …", "Benefit: …", a line or item each.

The labels are words of every day, so a run of labelled lines is a story only where it begins with
the role, goes on with the goal, and holds no label of something else: "Name: Kim, Role: nurse,
Phone: 555" is a person, "Reporter: Ann, Role: tester" a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.extract.stories import templates
from pipeline.text.sentences import has_sentence, plain

CRITERIA_LABEL = re.compile(
    r"[*_#>\s]*(?:acceptance\s+(?:criteria|criterion|tests?|conditions?)|criteria|ACs?|"
    r"conditions?\s+of\s+(?:satisfaction|acceptance)|definition\s+of\s+done|DoD|done\s+when|"
    r"success\s+criteria|it\s+is\s+done\s+when|akzeptanzkriterien|critères\s+d['’]acceptation|"
    r"criterios\s+de\s+aceptación|critérios\s+de\s+aceit\w+|criteri\s+di\s+accettazione|"
    r"acceptatiecriteria|abnahmekriterien)(?P<number>\s*[#-]?\d{1,2}\b)?"
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
#: Behind a key in brackets: where its link leads to.
_LEADS_TO = r"(?:\]\([^()\s]{1,400}\))?"
_KEY_LEAD = re.compile(rf"[\[(*_`\s]*(?P<key>{_KEY}){_LEADS_TO}[\])*_`]*\s*(?:[:.|–—-]+\s*|\s+|$)")
_BARE_KEY_LEAD = re.compile(
    rf"[\[(*_`\s]*(?P<key>{_BARE_KEY}){_LEADS_TO}(?:[\])*_`]+\s*(?:[:.|–—-]+\s*|\s+|$)|\s*(?:[:.|–—-]+(?:\s+|$)|$))"
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
    r"\d\ufe0f?\u20e3|\d{1,4}$|(?:_|[^\w\[(<#@&`])+|"
    r"\[[^\]\n]{0,40}\]|\([\w -]{0,20}\)|<[^<>\n]{0,60}>|[#@][\w/-]+|"
    r"&[#\w]{2,8};|[\[(#@&<`]"
)
#: Words that lead a sentence in end with one of these.
_LEAD_ENDS = re.compile(r"(?:[“‘«(\[:.|–—›→»\])>!?*_\"”’…/~=`;•·]|\s-|-{2,})\s*$")
_LAST_MARK = r"[\s:|–—\-*_\[\]·\"“'‘(«→]"
_EDGE_MARKS = re.compile(rf"^[\s:|–—\-*_\[\]·\"“'‘(«»→✅☐☑✔•>]+|(?<!{_LAST_MARK}){_LAST_MARK}++$")
#: A bracket or a quote at an edge stays where its other half does.
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"), ("‘", "’"), ('"', '"'))
#: A task's box and a number drawn as a key say nothing of a story.
_NO_TITLE = re.compile(r"\[[ xX✓✔]\](?=\s)|\d\ufe0f?\u20e3")
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
    key, title = split_heading(_NO_TITLE.sub("", lead))
    return (title, "", sentence) if not key and title.isdecimal() else (key, title, sentence)


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
        elif not more and 0 <= bare.find(closing) < bare.find(
            opening
        ):  # "[UI] [High]": both were cut
            bare = f"{opening}{bare}{closing}"
        if more and opening in before and closing not in after:
            bare = bare[:-1] if bare.find(closing) == len(bare) - 1 else f"{opening}{bare}"
        elif more and closing in after and opening not in before:
            bare = f"{bare}{closing}"
    return bare


def is_criteria_label(text: str) -> bool:
    """Whether a heading or line announces acceptance criteria."""
    return bool(CRITERIA_LABEL.match(text))


_LABELS: dict[str, str] = {
    "role": r"(?:user\s+)?role|persona|actor|user(?:\s+type)?|type\s+of\s+user|who|as(?:\s+an?)?|"
    r"als|rolle|rôle|en\s+tant\s+que|como|rol|come|ruolo|papel",
    "goal": r"goal|needs?|wants?|wish|what|i\s+(?:want|need|would\s+like)(?:\s+to)?|"
    r"ziel|bedarf|wunsch|möchte\s+ich|besoin|objectif|je\s+veux|objetivo|necesidad|quiero|"
    r"obiettivo|bisogno|voglio|necessidade|quero|doel|wil\s+ik",
    "benefit": r"benefits?|why|value|reason|rationale|outcome|so(?:\s+that|\s+i\s+can)?|"
    r"in\s+order\s+to|nutzen|damit|bénéfice|afin\s+(?:de|que)|beneficio|para(?:\s+que)?|"
    r"così\s+da|benefício|zodat",
    "criteria": r"acceptance\s+criteria|ACs?|criteria|akzeptanzkriterien",
    "other": r"priority|estimate|points|story\s+points|size|effort|notes?|status|epic|sprint|"
    r"moscow|tags?",
}
_ANY_LABEL = "|".join(_LABELS.values())
_LINE = re.compile(
    rf"[\s>*_+•–-]*+(?:\d{{1,2}}[.)]\s+)?[*_]*+(?P<label>{_ANY_LABEL})[*_\s]*+[:=]\s*[*_]*+"
    r"(?:\s+(?P<value>\S.*)|\s*$)",
    re.IGNORECASE,
)
_LABEL_OF = {holds: re.compile(pattern, re.IGNORECASE) for holds, pattern in _LABELS.items()}
#: Any line that is labelled, whatever by.
_LABELLED_LINE = re.compile(r"[\s>*_+•–-]*+(?P<label>\w[\w /'’-]{0,30}?)[*_\s]*:[*_]*(?:\s|$)")
#: What may stand above a story's first label.
_ABOVE = re.compile(
    r"(?:user\s+)?(?:story|stories|title|id|key|nr|no|number|epic|feature|priority|"
    r"name\s+of\s+the\s+story)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    rf"[ \t>*_+•–-]*(?=[rpautweac])(?:{_LABELS['role']})[*_\s]{{0,4}}[:=]", re.IGNORECASE
)


#: What opens a role, a goal and a benefit in a sentence, and says nothing behind a label.
_GLUE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\A(?:as\s+)?an?\s+(?=\w)",
        r"\A(?:I\s+(?:want|need|would\s+like)\s+)?to\s+(?:be\s+able\s+to\s+)?(?=\w)",
        r"\A(?:so\s+that|in\s+order\s+(?:to|that))\s+(?=\w)",
    )
)


@dataclass(slots=True)
class Labelled:
    """The parts of a labelled story; ``after``: further labelled lines, word for word."""

    role: str = ""
    goal: str = ""
    benefit: str = ""
    after: list[str] = field(default_factory=list)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Role, goal and benefit without the words that their labels say already."""
        role, goal, benefit = _GLUE
        return role.sub("", self.role), goal.sub("", self.goal), benefit.sub("", self.benefit)


def starts(text: str) -> list[tuple[int, int]]:
    """(start, end of the label) of the lines that are a labelled role."""
    found = []
    position = 0
    while position >= 0:
        if match := _BEGINS.match(text, position):
            found.append(match.span())
        position = text.find("\n", position) + 1 or -1
    return found


def label_of(line: str) -> str:
    """What a line's label announces ("role", "goal", "benefit", "criteria", "other"), else ""."""
    match = _LINE.match(line)
    if match is None:
        return ""
    return next(holds for holds, name in _LABEL_OF.items() if name.fullmatch(match["label"]))


def is_labelled(line: str) -> bool:
    """Whether a line begins with any label."""
    return _LABELLED_LINE.match(line) is not None


def begins_labelled(text: str) -> bool:
    """Whether a text's first line is a labelled role."""
    return _BEGINS.match(text) is not None


def belongs_above(line: str) -> bool:
    """Whether a line may stand right above a labelled story: not where it is the label of a
    person or a report ("Name: Kim", "Reporter: Ann")."""
    match = _LABELLED_LINE.match(line)
    return match is None or _ABOVE.match(match["label"]) is not None


def read_labelled(text: str) -> Labelled | None:
    """The labelled story that a text's lines tell from the first on; None when they tell none."""
    told = Labelled()
    seen: list[str] = []
    for holds, value in _lines(text):
        if holds == "role" and seen:
            break
        if holds == "":
            return None  # a label of something else: a person's card, a report
        if holds in ("role", "goal", "benefit"):
            if holds in seen:
                return None
            setattr(told, holds, value)
        else:
            told.after.append(value)
        seen.append(holds)
    if seen[:2] != ["role", "goal"] or not (told.role and told.goal):
        return None
    return told


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """(what its label announces, value) of every labelled line; a line without a label goes on
    with the one above."""
    holds, parts = "", [""]
    started = False
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match or _LABELLED_LINE.match(line):
            if started:
                yield holds, plain(" ".join(parts))
            holds = label_of(line)
            keeps = holds in ("other", "criteria") or match is None
            parts = [line if keeps else (match["value"] or "" if match else "")]
            started = True
        elif started:
            parts.append(line)
    if started:
        yield holds, plain(" ".join(parts))
