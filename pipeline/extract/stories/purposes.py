"""Parts of a story's sentence: the words that open a purpose, behind the wish or between it and its
role; and whom a role names: someone who can wish, no one ("As a first step"), a thing, or a blank.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.text.sentences import first_sentence_end

#: "…, so it lasts": who or what the purpose is about, in a word that begins no goal's "so".
_SOMEONE = (
    r"(?:I|we|they|he|she|it|you|the|an?|my|our|their|your|his|her|its|this|these|"
    r"those|all|any|every\w*|no|nobody|each|people|users?|others?|customers?|there|both|only)\b"
)
#: "so" of a measure, a manner or a list: "so far", "so many", "so as to", "and so on".
_MEASURE = (
    r"(?:far|long|on|much|many|few|little|often|as|forth|too|doing|called|to|what|be|or|and|also)\b"
)
#: "… so client applications can use it": a few words and their verb.
_CLAUSE = (
    r"(?:(?!that\b)[\w'’/()-]+\s+){1,8}?(?:can|could|will|would|may|might|must|should|need|needs|are|is|do|does|get|"
    r"gets|have|has|remain|stay|know|cannot|can['’]t|don['’]t|doesn['’]t|won['’]t|aren['’]t|isn['’]t)\b"
)
_PURPOSE = re.compile(
    r"(?:(?<![\s,;:.–—(*•-])[\s,;:.–—(*•-]*+|(?<=[\s,;:.–—(*•-]))\b(?:"
    r"so\s+(?:that\b\s*[:,]?\s*)+(?:so\s+(?:that\b\s*[:,]?\s*|(?=(?:I|we|they|he|she|it|you)\b)))*"
    r"|so\s+as\s+to\b\s*(?:to\b\s*)?"
    r"|in\s+order\s+(?:to\b(?:\s+to\b)?|that\b|for\b)\s*[:,]?\s*"
    r"|such\s+that\b\s*"
    rf"|so\s*,?\s+(?={_SOMEONE})"
    rf"|(?<=,)so\s+(?!{_MEASURE})(?=\w+\s+\w)|(?<=,\s)so\s+(?!{_MEASURE})(?=\w+\s+\w)"
    rf"|so\s+(?!{_MEASURE})(?={_CLAUSE})"
    r")",
    re.IGNORECASE,
)
#: "…. In order to do so, I need …" says something of its own, "…. In order to save time." does not.
_STOPPED = re.compile(r"[.;]\s")
_SENTENCE_OF_ITS_OWN = re.compile(
    r"[\s.;]*in\s+order\s+(?:to|that)\s[^.!?]{2,160}?,\s+(?:I|we|he|she|it|they|you|the|an?|my|our|this|"
    r"these|those|all|each|every|users?)\b",
    re.IGNORECASE,
)
_NO_PURPOSE_AFTER = re.compile(
    r"(?:\b(?:do|does|did|doing|done|and|or|even|not|just|more|is|are|was|be|been|why|how|ever|never)|[-–])$",
    re.I,
)
#: Between a role and its wish: "As a clerk, in order to go home, I want …", "As a user, to save …".
_BETWEEN = re.compile(
    r"(?:^|[\s,;:–—-]+)(?:(?:in\s+order\s+(?:to|that)|so\s+that|so\s+as\s+to)\b|(?<=[,\n]\s)to\b(?!\s+wh))"
    r"[\s:,]*(?=\w)",
    re.IGNORECASE,
)
#: What is said between a role and its wish and is not part of the role: a parenthesis of its own,
#: a sentence about what is the role's.
_ASIDE = re.compile(
    r"\s*[,.;]\s*(?P<aside>\((?!(?:or|and|e\.?g|i\.?e|such|aka|also|including)\b)[^()]*\)"
    r"|(?:similarly|likewise)\b.*|(?:my|our)\s+(?:[\w'’-]+\s+){2,}.*)$",
    re.IGNORECASE | re.DOTALL,
)
#: When it is wanted: "As an owner when I travel I want", and no clause that tells who is meant.
_WHEN = re.compile(
    r"(?P<role>(?:(?!\b(?:who|whose|whom|that|which)\b).)*?\w)\s+(?P<clause>(?:when(?:ever)?|if|while)\s.*)",
    re.IGNORECASE | re.DOTALL,
)
_MINE = re.compile(r"(?:my|our)\s", re.IGNORECASE)
#: What a sentence begins with that tells when or where a wish holds, before it tells whose it is:
#: "On weekends, as a driver I want", and not "In order to".
FRONTS = (
    *(
        "On",
        r"In(?!\s+order\b)",
        "At",
        "During",
        "After",
        "Before",
        "While",
        "When",
        "Whenever",
        "If",
    ),
    *("Once", "Until", "Every", "Each", "By", "Within", "Since", "Today", "Sometimes", "Unless"),
    *("Between", "Throughout", "Under", "Outside"),
)
_FRONT_REST = r"\b(?:\s[^.!?;:\n]{2,100}?)?"
_ITS_WISH = r",?\s+(?=as\s+an?\s[^,.;:!?\n]{2,60}?,?\s+I\s+(?:want|need|would\s+like)\b)"
FRONTED = re.compile(rf"(?P<clause>(?:{'|'.join(FRONTS)}){_FRONT_REST}){_ITS_WISH}")
#: What follows one of :data:`FRONTS`, up to whose wish it is.
AFTER_FRONT = _FRONT_REST + _ITS_WISH
PURPOSE_FIRST = re.compile(r"(?:in\s+order\s+(?:to|that)|so\s+that)\b[\s:,]*", re.IGNORECASE)
#: "I run a shop. In the evening, I would like …": the wish behind what is so.
_LATER_WISH = re.compile(
    r"(?P<before>(?:[^.!?]{0,200}?(?:[,;:—]\s*|\b(?:and|but|so)\s+))?)(?:I|we)"
    r"(?=['’]d\s+like\b|\s+(?:do\s+)?(?:(?:also|really)\s+)?(?:want|need|wish|would\s+like)\b)",
    re.IGNORECASE,
)
#: What is joined so is so, and no part of the wish: "My shop closes at six and I want …".
_JOINED = re.compile(r"\b(?:and|but|so)\s*$", re.IGNORECASE)
_EDGES = " \t\n,;:.–—-"


def find_purpose(tail: str, end: int, role: str = "") -> re.Match[str] | None:
    """The first "so that" of the sentence, or the one that opens the next sentence; none where a
    mere "so" says what the role itself does then ("so the clerk rings the bell")."""
    for match in _PURPOSE.finditer(tail):
        if match.start() > end:
            return None
        if role and match.group().strip(_EDGES).lower() == "so":
            # made where it is needed: there are as many as roles
            own = re.compile(rf"(?:the\s+)?{re.escape(role)}\b", re.I)
            if own.match(tail, match.end()):
                continue
        if _STOPPED.search(match.group()) and _SENTENCE_OF_ITS_OWN.match(tail, match.start()):
            return None
        certain = "," in match.group() or " " in match.group().strip()
        if certain or not _NO_PURPOSE_AFTER.search(tail[: match.start()]):
            return match
    return None


def later_wish(said: str) -> tuple[str, str, str] | None:
    """Of what says first what is so: that, what the first sentence with a wish says before its
    subject ("At night"), and what comes after that."""
    position = 0
    while position < len(said):
        end = first_sentence_end(said, position)
        if wish := _LATER_WISH.match(said, position, end):
            before = wish["before"].strip(_EDGES)
            is_so = said[:position]
            if _JOINED.search(before):
                is_so, before = f"{is_so}{_JOINED.sub('', before).strip(_EDGES)}.", ""
            return is_so.strip(), before, said[wish.end() :].lstrip()
        position = end + (len(said[end:]) - len(said[end:].lstrip()))
    return None


class Parted(NamedTuple):
    """A role, and what stood between it and its wish: a purpose, an aside that is of the wish
    ("(at any time)"), or what is so ("my shop closes at six")."""

    role: str
    benefit: str = ""
    aside: str = ""
    context: str = ""

    def before(self, goal: str) -> str:
        """The goal with the aside in front of it, if there is any of both."""
        if not self.aside or not goal:
            return goal
        return f"{self.aside} {goal}" if self.aside.startswith("(") else f"{self.aside}, {goal}"


def part_role(role: str) -> Parted:
    """The role alone of what stands between "As a" and "I want"."""
    between = _BETWEEN.search(role)
    if between and role[: between.start()].strip(_EDGES):
        return Parted(role[: between.start()], benefit=role[between.end() :].strip(_EDGES))
    aside = _ASIDE.search(role)
    if aside and role[: aside.start()].strip(_EDGES):
        said = re.sub(r",?\s+so$", "", aside["aside"].strip(_EDGES), flags=re.IGNORECASE)
        if _MINE.match(said):
            return Parted(role[: aside.start()], context=said)
        return Parted(role[: aside.start()], aside=said)
    if when := _WHEN.fullmatch(role):
        return Parted(when["role"], aside=when["clause"].strip(_EDGES))
    return Parted(role)


#: What begins no actor: a word that joins sentences or stands for something else.
NO_ACTOR = (
    r"(?:so|and|but|or|if|when|while|where|what|which|who|how|why|then|this|that|these|those|it|they|there|he|"
    r"she|you|we|I|as|because|once|after|before|for|to|in|on|by|with|also|not|only|maybe|please)\b"
)
#: A thing, which wishes nothing: what is said of it is a requirement, not an actor's story.
_THING = re.compile(
    r".*\b(?:systems?|apps?|applications?|software|platforms?|(?:web)?sites?|pages?|portals?|servers?|services?|"
    r"tools?|programs?|interfaces?|UI|API|database|products?|screens?|dashboards?|forms?|buttons?|reports?|files?|"
    r"e?-?mails?|notifications?|messages?|data|events?|builds?|fields?|passwords?|solution|library|module|"
    r"doors?|devices?|controller|display|clock|feature|lists?|results?|orders?|items?|links?)$",
    re.IGNORECASE,
)
#: A noun for someone, by its ending where it is no comparative or the like ("better", "important").
_AGENT = (
    r"(?:persons?|people|m[ae]n|wom[ae]n|nurses?|guests?|clerks?|cooks?|students?|parents?|child(?:ren)?|members?|"
    r"anyone|someone|anybody|somebody|everyone|everybody|those|"
    r"(?!(?:an)?other|(?:bett|furth|long|lat|form|larg|small|bigg|great|low|high|new|old|inn|out|upp|prop|nev|ov|und|"
    r"aft|quick|fast|deep|wid|broad|saf|clos|easi|earli|simpl|clear|numb|ord|lett|lay|us|custom)er\b|(?:maj|min|pri|err|col)or\b)"
    r"\w{2,}(?:er|or|ist|ee|ian)s?|users?(?!\s+\w+ing\s+\w+(?:$|\s*[,;:]))|(?:assist|ten|account|consult|applic|particip)ants?)"
)
#: What someone does, not what a thing is for: "tester testing step".
_DOES = r"(?!(?:testing|onboarding|training|planning|interviewing)\s+\w+(?:$|\s*[,;:]))\w+ing"
#: "As a first step, we need …" names no one: the noun at the head of the phrase tells, which in
#: "a person taking part" is the person.
_NOBODY = re.compile(
    rf"(?!(?:(?!(?:of|in|on|with|for|from|and|to|at)\b)[\w’'-]+\s+){{0,3}}{_AGENT}\s+{_DOES}\b)"
    r"(?:(?!(?:of|in|on|with|who|for|from|and|to|at)\b)[\w’'-]+\s+){0,4}"
    r"(?:asides?|reply|response|favou?r|joke|results?|consequences?|examples?|steps?|workaround|effects?|rule|part|matter|reminder|whole|"
    r"follow[- ]?ups?|alternatives?|bonus|summary|solutions?|fallback|compromise|precaution|"
    r"point(?!\s+of\s+(?:contact|sale|care)\b)|"
    r"measure|practice|side[- ]?note|note|goal|thought|test|default|baseline|prerequisite|theme|"
    r"requirement|outcome|means|way|conclusion|corollary|phase|stage|iteration|options?|approach|"
    r"optimi[sz]ation|improvement|extension|side-effect|exception|benefit|trade-?off|future|symbol|"
    r"feature|change|background|context|convention|addition|reference|motivation|nation|country|"
    r"non-goal|work|mitigation|replacement|resort|generali[sz]ation|concept|case|kep|"
    r"enhancement|proposal|implementation|guideline|detail|priority|signal|hint|side|basis|token|"
    r"courtesy|gesture|safeguard|safety net|experiment|indicator|philosophy|principle|policy|proxy|"
    r"heuristic|check|sign)"
    r"(?=\s+(?:of|to|in|for|towards?|on|from|that|which|is|here|and|with|we)\b|\s*$|\s*[,;:(–—]|\s+-\s)",
    re.IGNORECASE,
)
#: Words that do not begin a role where "As" has no article: "As if", "As we", "As described".
_NOT_ROLE = re.compile(
    r"(?:if|for|to|long|far|soon|well|much|usual|such|in|on|with|we|you|they|it|he|she|this|that|these|"
    r"those|there|our|my|your|their|its|per|of|of now|part|always|before|above|mentioned|described|"
    r"discussed|noted|stated|shown|seen|explained|said|expected|opposed|needed|required|more|most|"
    r"many|important|result|I)\b(?!-)|.*\b(?:is|are|was|were|said|says|have|has)$"
    # "As outlined in this proposal", "As requested by legal", "As agreed"
    r"|(?-i:[a-z])\w+(?:ed|wn|ught)(?:$|\s+(?:by|above|below|here|earlier|before|previously|elsewhere|with)\b"
    r"|\s+(?:in|on|at|under|during|for)\s+(?:the|this|that|these|those|our|my|section|chapter|part|story|"
    r"stories|issue|ticket|[\[#§\d]))"
    r"|one\s+(?:can|could|may|might|would|sees)\b",
    re.IGNORECASE,
)
#: Characters of the longest form to be filled in.
_LONGEST_FORM = 300
_FORM_INSIDE = re.compile(r"<(?:type|role|user|persona|some|who)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?!\W*\[\[)\W*(?:<[^<>]*>|\[[^\[\]()]*\]|\{[^{}]*\}|_{2,}|\.{3,}|…|x{2,3}|<.*)\W*$|\W*$|"
    r"(?:some |certain )?(?:type|kind) of user\W*$|.*<(?:type|role|user|persona|some|who)\b",
    re.IGNORECASE | re.DOTALL,
)


def names_no_one(role: str) -> bool:
    """Whether what "As a …" opens is a manner of speaking, not someone."""
    return _NOBODY.match(role) is not None


def needs_an_article(role: str) -> bool:
    """Whether the words name no one where "As" stands before them without an article."""
    return _NOT_ROLE.match(role) is not None


def is_thing(role: str) -> bool:
    """Whether a sentence's subject is a thing ("The system shall …"), which wishes nothing."""
    return _THING.match(role) is not None


def is_placeholder(role: str) -> bool:
    """Whether a role is a form to be filled in ("< type of user >")."""
    if len(role) > _LONGEST_FORM:
        return not re.search(r"\w", role) or _FORM_INSIDE.search(role) is not None
    return _PLACEHOLDER.match(role) is not None
