"""A document as a tree of headed sections, and what hangs on a story sentence: the items, criteria
and tables below it, or its many wants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.extract.readers.tables import column_role
from pipeline.extract.stories.leads import is_criteria_label
from pipeline.extract.stories.units import Unit, join_parts, split_units
from pipeline.stories import Block, count_words
from pipeline.text.sentences import plain

_BOLD_LINE = re.compile(r"\s*(\*\*|__)(?P<words>[^*\n]{3,120})\1\s*:?\s*$")
#: "I need …", as the first words of a headed story or of an item under a role.
WANTS = re.compile(
    r"[\s*_\"“'(]*I\s*(?:['’]d\s|(?:also\s+)?(?:want|need|can|would|should|must|wish|could|like))",
    re.I,
)
#: "A cluster admin would like to …": somebody's wish, told of them.
SOMEONE_WANTS = re.compile(
    r"(?:(?:an?|the|some|many|all|every)\s+)?(?:[\w/-]+\s+){0,3}?(?:users?|admins?|administrators?|operators?|"
    r"developers?|engineers?|owners?|customers?|managers?|maintainers?|vendors?|people|teams?|authors?|"
    r"members?|consumers?|testers?|visitors?|clients?)\s+"
    r"(?:wants?\s+to|would\s+like\s+to|wish(?:es)?\s+to|needs?\s+to|should\s+be\s+able\s+to)\s",
    re.I,
)
#: A paragraph that is one wish of somebody: "Users should be able to pay by phone."
ABLE = re.compile(
    r"\s*(?:(?:the|an?|all|every)\s+)?(?:[\w'’-]+\s+){1,4}?(?:should|must|shall)\s+be\s+able\s+to\s"
    r"[^.!?:]{3,300}[.!]?\s*$",
    re.IGNORECASE,
)
#: The same, left open above a list of wishes.
ABLE_TO = re.compile(
    r"\s*(?P<said>(?:(?:the|an?|all|every)\s+)?(?:[\w'’-]+\s+){1,4}?(?:(?:should|must|shall)\s+be\s+able\s+to|can))"
    r"\s*[:…]\s*$",
    re.IGNORECASE,
)
#: What a page of a notes' program says of itself below its title.
PROPERTIES = re.compile(
    r"(?:\s*(?:status|state|assign\w*|priority|points|story\s+points|estimate|effort|size|sprint|epic|tags?|"
    r"labels?|type|created(?:\s+(?:by|time))?|last\s+edited\s+\w+|due(?:\s+date)?|owner|id|url)\s*:\s[^\n]{1,120}(?:\n|$))+",
    re.IGNORECASE,
)
ROLE_WORDS = re.compile(
    r"^(?:as\s+(?:an?\s+|the\s+)?|for\s+(?:an?\s+|the\s+)?)|\s+(?:user\s+)?stories$|[:,]+$|,?\s+I\s+(?:want|need).*$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (None for what stands above the first) with the blocks below it."""

    heading: Block | None
    own: Sequence[Block]
    children: Sequence[Section]
    blocks: Sequence[Block]


def outline(text: str, blocks: Sequence[Block]) -> Section:
    """The sections of a document's blocks under one root without a heading. Bold lines that
    announce a story count as headings; story sentences spread over paragraphs are joined."""
    return _section(None, join_parts(text, [_raise_heading(text, block) for block in blocks]))


def _raise_heading(text: str, block: Block) -> Block:
    """ "**Story 3: Refunds**", "Story 3: Refunds" or "User stories:" alone in a paragraph is a
    heading."""
    if block.kind != "paragraph" or block.level or block.end - block.start > 120:
        return block
    raw = text[block.start : block.end]
    bold = _BOLD_LINE.match(raw)
    words = bold["words"] if bold else raw
    labels = LABEL.match(words) and (bold or raw.rstrip().endswith(":"))
    if "\n" in raw or not (labels or STORY.match(words)):
        return block
    if not bold and raw.rstrip()[-1:] in ".,;":
        return block
    if re.search(r"\b[Aa]s an?\s", words):
        return block
    place = replace(block.locator, heading=(*block.locator.heading, plain(raw)))
    return Block(block.start, block.end, "heading", place, 7)


def _section(heading: Block | None, blocks: Sequence[Block]) -> Section:
    """Build the tree; iterative over siblings, recursive over depth (at most seven levels)."""
    first = next((n for n, b in enumerate(blocks) if b.kind == "heading"), len(blocks))
    children = []
    position = first
    while position < len(blocks):
        level = blocks[position].level
        after = position + 1
        while after < len(blocks) and not (
            blocks[after].kind == "heading" and blocks[after].level <= level
        ):
            after += 1
        children.append(_section(blocks[position], blocks[position + 1 : after]))
        position = after
    return Section(heading, blocks[:first], children, blocks)


_SCENARIO_LINE = re.compile(r"[*_\s]*(?:given\b|scenario(?:\s+outline)?\s*:)", re.IGNORECASE)


#: A label is no longer; one that is not bold has no more words.
_LABEL_MOST, _LABEL_WORDS = 120, 8
_BOLD = re.compile(r"(?:\*\*|__)(?=\S)[^*_]+(?:\*\*|__)\s*[:.]?|<(b|strong)>.+</\1>\s*[:.]?", re.I)
#: Stories may be told in code, which no story swallows.
_AS_A = re.compile(r"\bas\s+an?\s", re.I)
#: A box, ticked or not, that opens a line.
_BOX = re.compile(r"\s*(?:\[[ xX\u2713\u2714]\]|[\u2610\u2611\u2612])\s")


def hanging_on(text: str, blocks: Sequence[Block], index: int) -> list[Block]:
    """The blocks right after a story sentence that belong to it."""
    opening = blocks[index]
    hanging: list[Block] = []
    labelled = False
    for block in _after(blocks, index):
        if _in_table(text, block, opening) or (labelled and _is_table(text, block)):
            hanging.append(block)
            continue
        if block.kind in ("heading", "meta"):
            break
        raw = _raw(text, block)
        below = block.level > opening.level or (
            opening.level > 0 and block.level == opening.level and block.kind == "paragraph"
        )
        if block.kind in ("paragraph", "item") and (
            split_units(raw) or STORY.match(plain(raw[:200]))
        ):
            break
        follows = (
            index + len(hanging) + 1 < len(blocks) and blocks[index + len(hanging) + 1] is block
        )
        if block.kind == "code" and follows and not _AS_A.search(raw):
            hanging.append(block)
            continue
        if block.kind == "paragraph" and follows and _BOX.match(raw):
            hanging.append(block)
            continue
        label = block.kind == "paragraph" and is_criteria_label(raw)
        scenario = block.kind in ("paragraph", "item") and _SCENARIO_LINE.match(raw) is not None
        if label:
            labelled = True
        elif block.kind == "item":
            listed = below if opening.kind == "item" else block.level >= 1
            if not (listed or labelled or scenario):
                break
        elif not (scenario or (below and opening.kind == "item") or (hanging and block.level)):
            break
        hanging.append(block)
    return hanging


def label_in(raw: str, block: Block) -> str:
    """The words of a paragraph that stands above stories as a heading does, and is none: bold from
    end to end, or a few words that a colon ends. "" for any other."""
    if block.kind not in ("paragraph", "item") or len(raw) > _LABEL_MOST or "\n" in raw.strip():
        return ""
    words = plain(raw)
    whole = _BOLD.fullmatch(raw.strip()) is not None
    if not words or split_units(raw) or is_criteria_label(raw):
        return ""
    few = count_words(words) <= _LABEL_WORDS
    return words if whole or (few and words.endswith((":", "\uff1a"))) else ""


def _in_table(text: str, block: Block, opening: Block) -> bool:
    """Whether a block is a row of a table that stands in a story's list item, and is none of
    stories."""
    return (
        block.level >= max(opening.level, 1) and opening.kind == "item" and _is_table(text, block)
    )


def _is_table(text: str, block: Block) -> bool:
    """Whether a block is part of a table that tells no stories."""
    if block.kind == "meta":
        return "|" in text[block.start : block.end]
    return block.kind == "row" and not {"role", "story"} & {
        column_role(name) for name, *_ in block.columns
    }


def wants_below(text: str, unit: Unit, blocks: Sequence[Block], index: int) -> list[Block]:
    """The items under "As an editor, I want:", one want each."""
    ends_open = _raw(text, blocks[index]).rstrip(" *_\n").endswith((":", "to", "to..", "to…"))
    said = unit.phrases
    short = not said.benefit and not said.after and count_words(said.goal) <= 6
    labelled = is_criteria_label(_raw(text, blocks[index]).rsplit("\n", 1)[-1])
    if labelled or (said.goal and not (ends_open and short)):
        return []
    wants: list[Block] = []
    for block in _after(blocks, index):
        if block.kind in ("item", "paragraph", "code") and block.level > blocks[index].level:
            if split_units(_raw(text, block)):
                break
            wants.append(block)
        else:
            break
    return wants if wants and wants[0].kind == "item" else []


def is_beside_story(text: str, blocks: Sequence[Block], index: int) -> bool:
    """Whether an item that begins like a story stands right before or after one that tells one."""
    if text.find("As a", blocks[index].start, blocks[index].start + 120) < 0:
        return False
    for near in (index - 1, index + 1):
        if 0 <= near < len(blocks):
            block = blocks[near]
            if (block.kind, block.level) == ("item", blocks[index].level) and split_units(
                _raw(text, block)
            ):
                return True
    return False


def _after(blocks: Sequence[Block], index: int) -> Iterator[Block]:
    """The blocks behind one, without copying them all for the few that are looked at."""
    for position in range(index + 1, len(blocks)):
        yield blocks[position]


def _raw(text: str, block: Block) -> str:
    return text[block.start : block.end]


_NUMBER = r"(?:\d+(?:\.\d+)*[.)]?\s+)?"
STORY = re.compile(
    rf"[*_\s]*+{_NUMBER}(?:(?:additional|another|non-goal|bonus)\s+)?(?:"
    r"(?:user\s+)?story\b\s*(?:#?\s*[A-Z]{0,2}\d|[A-Z]\b|[IVX]+\b|[:–—-]|\(|$)"
    r"|(?:user\s+)?story\s+\w+\s*[:–—-]"
    r"|(?:[\w-]+\s+){1,5}user\s+story\s*$|(?:[\w-]+\s+){1,3}use\s+case\s*$"
    r"|use[\s-]?case\s*(?:#?\s*[A-Z]{0,2}\d|[:–—-]|[A-Z]\s*[:–—-]))",
    re.IGNORECASE,
)
STORIES = re.compile(
    rf"[*_\s]*+{_NUMBER}(?:"
    r"(?:(?!(?:how|on|about|what|why|writing|sample|from|of|for|to|with|identified|implement\w*)\b)[\w-]+\s+){0,5}?"
    r"(?:user[\s-]+stories|stories|use[\s-]?cases|user\s+(?:journeys|scenarios))"
    r"|user[\s-]+story|use[\s-]?case|user\s+(?:journey|scenario)"
    r"|(?:nutzer|anwender|benutzer)(?:geschichten|stor(?:y|ies))|(?:récits?|histoires?|scénarios?)\s+(?:d['’])?utilisateurs?"
    r"|historias?\s+de\s+usuarios?|stori[ae]\s+utent[ei]|histórias?\s+de\s+(?:usuários?|utilizador(?:es)?)"
    r"|gebruikersverhal(?:en)?|gebruikersverhaal)"
    r"(?:\s*(?:and|&|/)\s*(?:use\s+cases|scenarios|user\s+stories))?(?:\s+examples|\s+for\s.{1,80})?"
    r"(?:\s*[\[({<].*)?\s*[:*_]*$",
    re.IGNORECASE,
)
#: Alone in a paragraph, bold or with a colon, as good as a heading ("Stories:" could be news).
LABEL = re.compile(
    r"[*_\s]*+(?:(?:key|main|primary|example|more|further|other|our)\s+)?(?:user[\s-]+stories|use[\s-]?cases)\s*[:*_]*$",
    re.I,
)
#: Shall-sentences under such a heading are requirements.
REQUIREMENTS = re.compile(
    rf"[*_\s]*+{_NUMBER}(?:(?!of\b|for\b)[\w/-]+\s+){{0,3}}requirements?(?:\s+(?:list|catalogue|overview|specification))?"
    r"\s*(?:[\[(].*)?[:*_]*$",
    re.IGNORECASE,
)
USE_CASES = re.compile(r".*use[\s-]?case", re.IGNORECASE)
GENERAL = re.compile(
    rf"[*_\s]*+{_NUMBER}(?:summary|abstract|motivation|goals?|non-goals?|objectives?|proposal|background|overview|"
    r"introduction|intro|scope|notes?|context|description|release\s+notes|requirements?|features?|"
    r"functional\s+requirements?|epics?|roadmap|backlog|product\s+backlog|design.*|implementation.*|"
    r"drawbacks|alternatives.*|risks.*|test\s+plan|open\s+questions.*|workflow.*|personas?|users?|"
    r"to\s?do|misc(?:ellaneous)?|appendix.*|glossary|readme|decisions?|problem.*|solution.*|"
    r"discussion|minutes|agenda|meeting.*|actions?|history|changelog|terminology|definitions?|"
    r"current\s+state|future.*|faq.*|pre-?(?:conditions?|requisites?)|notes/.*|details?|examples?)\s*(?:[\[(].*)?[:*_]*$",
    re.IGNORECASE,
)
#: What somebody or something can or shall do.
ALLOWS = re.compile(r"\b(?:can|could|should|must|shall|may|will|wants?|needs?)\b", re.I)
#: Of general headings, those that name a part of a product where stories are told.
TOPIC = re.compile(
    rf"[*_\s]*+{_NUMBER}(?:users?|features?|history|actions?|epics?)\s*[:*_]*$", re.I
)
#: Sub-headings that do not end a story's section.
INNER = re.compile(
    r"[*_\s]*+(?:notes?|background|context|details?|description|open\s+questions?|questions?|"
    r"scenarios?\b.*|examples?|out\s+of\s+scope|in\s+scope|dependencies|assumptions?|benefits?|"
    r"acceptance.*|definition\s+of\s+done|technical\s+notes?|constraints|rules|business\s+rules|"
    r"why|what|how|flow|edge\s+cases|tasks?|test\s+cases?)[\s:*_]*$",
    re.IGNORECASE,
)
SAYS_NOTHING = re.compile(
    r"(?:.*\(optional\)\W*|(?=\W*(?:\.\.\.|…))\W*+|\W*+(?:n\s*/?\s*a|tbd|todo|to\s?do|tba|none|"
    r"not\s+applicable|same\s+as\s+above|to\s+be\s+(?:done|defined|added|filled|written).*+|"
    r"coming\s+soon|wip|optional|omitted|this\s+section\s+is\s+.*+|pending|placeholder.*+)\W*)$",
    re.IGNORECASE,
)
#: One of these is in every heading that announces stories, in any language known here.
_STORY_WORDS = ("stor", "use", "journey", "scen", "geschicht", "récit", "histoire", "verha")


def announces_stories(title: str) -> bool:
    """Whether a heading, marks and all, announces stories ("User stories", "Use cases")."""
    lowered = title.lower()
    return any(word in lowered for word in _STORY_WORDS) and STORIES.match(plain(title)) is not None


def is_able(raw: str) -> bool:
    """Whether a paragraph says what somebody should be able to do, or that a list below does."""
    return ABLE.match(raw) is not None or ABLE_TO.match(raw) is not None


def announces_requirements(title: str) -> bool:
    """Whether shall-sentences below a heading are requirements."""
    return "requirement" in title.lower() and REQUIREMENTS.match(title) is not None
