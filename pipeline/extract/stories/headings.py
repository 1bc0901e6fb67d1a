"""What a heading says about what stands under it: one story, a list of stories, or neither."""

from __future__ import annotations

import re

from pipeline.text.sentences import plain

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


def announces_requirements(title: str) -> bool:
    """Whether shall-sentences below a heading are requirements."""
    return "requirement" in title.lower() and REQUIREMENTS.match(title) is not None
