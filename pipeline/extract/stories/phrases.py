"""The words of one story sentence: who, what, what for.

Recognised in any order of its three parts: "As a …, I want …, so that …" (Cohn 2004),
"In order to …, as a …, I want …", "I want …, as a …", labelled lines ("Role: … Goal: …"), and,
where the caller knows it is looking at a story, "I need …, so …" and "Users should be able to …".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from pipeline.extract.stories import purposes
from pipeline.extract.stories.leads import begins_labelled, read_labelled
from pipeline.extract.stories.templates import read_template
from pipeline.text.sentences import (
    TRAILING,
    first_sentence_end,
    plain,
    small_sentence_end,
    trim_phrase,
)

_ARTICLE = r"(?:an?|the|any|every|each|one\s+of\s+(?:the|our)|another|our|some|your)"
_SUBJECT = r"(?:I|we|they|he|she|you)(?![.'’]?\w*\.)"
_ADVERB = r"(?:(?:also|really|just|only|still|often|then|now|sometimes|always|\w+ly)\s+)?"
#: Authors write it twice: "to be able to able to".
_ABLE = r"(?:\s*,?\s*(?:(?:to\s+)?be\s+able(?:\s+to)?|able\s+to)\b)*"

#: "I want to be able to": glue, taken off a goal. What carries meaning ("must", "do not want",
#: "will") is left on it.
_WANT = re.compile(
    rf"{_ADVERB}(?:"
    rf"(?:want|wan|wants|wanted|need|needs|needed|wish|wishes|desire)\b:?(?:\s+to\b)?{_ABLE}"
    rf"|(?:['’]d|\s*would|should)\s+{_ADVERB}(?:like|love|prefer|want)\b:?(?:\s+to\b)?{_ABLE}"
    rf"|should\s+be\s+able\s+to\b|(?:am|are|is)\s+able\s+to\b"
    rf"|(?:can|could)\b(?!['’]t|\s*not\b)"
    rf")\s*[:,]?\s*",
    re.IGNORECASE,
)
#: A word before "want" that says something of the goal: "I only want trusted jobs to run".
_LIMITED = re.compile(
    r"\s*(?P<how>only|always|sometimes|often|rarely|seldom)\s+(?:want|need|wish)", re.I
)
#: What follows the subject of a wish; anything else after "As a …, I" is a wish only in a story.
_WISH = re.compile(
    rf"['’]d\s|{_ADVERB}(?:want|wan\b|wish|need|desire|require|expect|prefer|can|could|should|must|"
    r"would\s+(?:\w+ly\s+|also\s+)?(?:like|love|prefer|want|need|expect|rather|hope|benefit)|shall|may|"
    r"will|have\s+to|am\s+able|are\s+able|like\s+to|hope|do\s+not|don['’]?t|cannot|don’t|"
    r"(?:never|rarely|seldom)\s+(?:want|need|wish)|(?:am|['’]m|get|can\s+be|will\s+be)\s+(?:\w+ly\s+)?(?:not\s+)?"
    r"(?:notified|informed|alerted|warned|reminded|told|asked|prompted|shown|given|sent|offered|allowed|"
    r"redirected|guided|taken|logged|kept|charged|credited|presented|provided|assigned|required)\b)",
    re.IGNORECASE,
)
#: What is done, with a purpose right behind it ("I get an alert …, so that …"): a story, too.
_DONE_FOR = re.compile(
    r"(?!was\b|were\b|had\b|did\b|am\b|have\b|know\b|think\b|believe\b|\w+ed\b)[a-z]+\s[^.!?;]{2,240}?[\s,]\s*so\s+that\s",
    re.IGNORECASE,
)
#: "As a user, my password must …": what the wish is about comes first.
_ABOUT = re.compile(
    r"As\s+an?\s+(?P<role>[^,.;:!?]{2,80}?)\s*,\s*(?=my\s+(?:[\w'’-]+\s+){1,4}(?:must|should|shall|"
    r"can|needs?\s+to|has\s+to|have\s+to)\b|(?:the|our|all|every|each)\s+(?:[\w'’-]+\s+){1,4}(?:must|"
    r"should|shall|needs?\s+to|has\s+to|have\s+to)\b[^.!?;]{2,200}?\bso\s+(?:that|I)\b)",
    re.IGNORECASE,
)
#: The wishes that count where the role is less certain ("As developers, we want").
_STRONG_WISH = re.compile(
    rf"['’]d\s+(?:\w+\s+)?(?:like|love)|{_ADVERB}(?:want|wan\b|wish|need\b|would\s+(?:\w+ly\s+|also\s+)?"
    r"(?:like|love|prefer|want)|should\s+be\s+able)",
    re.IGNORECASE,
)
_ROLE_FIRST = re.compile(
    rf"As(?:\s+{_ARTICLE}\b)?\s*:?\s+(?P<role>(?:(?![.!?]\s+(?-i:[A-Z])).){{1,240}}?)"
    rf"\s*[,;:.–—*•-]*\s*\b(?P<subject>{_SUBJECT}\b)\s*",
    re.IGNORECASE | re.DOTALL,
)
_ROLE_COMMA = re.compile(
    rf"As\s+{_ARTICLE}\s+(?P<role>[^,.;:!?]{{2,80}}?)\s*[,;:]\s*", re.IGNORECASE | re.DOTALL
)
#: "As a user, when I request an object, I want …": the clause belongs to the goal.
_CLAUSE = re.compile(
    rf"As\s+(?:{_ARTICLE}\s+)?(?P<role>(?:(?!\bI\b)[^,.;:!?]){{2,80}}?)\s*[,.]\s*(?!\w+\s+wh(?:ich|om|ose)\b)"
    r"(?=(?:when|whenever|if|after|before|while|once|until|because|given|during|without|instead|in|on|at|"
    r"for|from|by|with|rather|unlike|despite|although|though|since|due|\w+ing)\b)"
    r"(?P<clause>(?:(?![.!?]\s+(?-i:[A-Z])).){1,240}?)\s*[,;]?\s*\b(?:I|we)\b\s*",
    re.IGNORECASE | re.DOTALL,
)
_NO_SUBJECT = re.compile(
    r"As\s+an?\s+(?P<role>[^,.;:!?]{2,80}?)\s*,\s*(?:users\s+(?=\w))?"
    r"(?=(?:would\s+(?:like|want)|wants?|needs?)\s+(?!I\b))",
    re.IGNORECASE,
)
#: "*As a* cook" after its first mark was taken for a list mark.
_HALF_BOLD = re.compile(
    r"^(As(?:\s+(?:an?|the))?|Als|En\s+tant\s+que|Com[oe]|Enquanto|In\s+order\s+to|So\s+that|When)"
    r"[*_]{1,3}(?=[\s:])",
    re.IGNORECASE,
)
#: "As as a cook", "As a a cook".
_DOUBLED = re.compile(r"^(?:as\s+(?=as\s+\w)|(?P<kept>as\s+)an?\s+(?=an?\s+\w))", re.I)
#: A clause of the role's own: "As an owner that we trust, I want".
_ROLE_GOES_ON = re.compile(
    r"\b(?:and|or|but|who|whom|that|which|what|how|why|when|if|where|while)[\s,]*$", re.I
)
_WISH_AFTER = re.compile(
    rf"[^.!?;]{{2,200}}?(?=[\s,]+\bI\s+(?:{_STRONG_WISH.pattern}))", re.IGNORECASE
)
#: "As author:" before a list of wishes.
ROLE_COLON = re.compile(r"As\s+(?P<role>[^,.;:!?\n]{2,60}?)[*_\s]*:[*_\s]*$")
#: What one says, which is not a wish: "As a nurse, I must say that it is hard".
_SPEECH = re.compile(
    r"(?:['’]d\s+)?(?:(?:can|could|must|should|would|may|will|have\s+to|(?:want|need|like|love)\s+to|also|"
    r"only|just|\w+ly)\s+){1,4}(?:(?:say(?:\s+(?:that|how|it|I|thank\w*)|(?=,))|tell\s+you|admit|assure\s+you|see\s+why|apologi[sz]e|"
    r"(?:note|add|confirm|mention|stress|point\s+out)\s+that)\b|"
    r"(?:thank|congratulate|remind|ask)\s+(?:you|everyone|all)\b)",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    r"As\s+(?:an?|any|every|each|one(?!\s+(?:can|could|may|might|would|sees?)\b)|someone|somebody|anyone|anybody)\b",
    re.IGNORECASE,
)
_I_AS_ROLE = re.compile(
    rf"I\s*,?\s*as\s+{_ARTICLE}\s+(?P<role>[^,.;]{{2,100}}?)(?:\s*,\s*|\s+(?={_STRONG_WISH.pattern}))",
    re.IGNORECASE,
)
#: "When the battery is low, I want to dim the map, so that it lasts" (a job story).
_JOB = re.compile(
    r"(?P<clause>When(?:ever)?\s(?:(?![.!?]\s)[^,]){3,200}?),?\s+(?:I|we)(?=\s+(?:want|need|wish|would\s+like)\b|['’]d\s)\s*",
    re.IGNORECASE,
)
_ROLE_LAST = re.compile(
    r"[,;]\s+as\s+(?:an?|the)\s+(?P<role>[^,.;:]{2,60}?)(?=\s*[,;]?\s+so\b|\s*[,;]?\s+in\s+order|"
    r"\s*[.,;]|\s*$)",
    re.IGNORECASE,
)
_PURPOSE_BEFORE = (
    r"(?:In\s+order\s+(?:to|that)|So\s+that|So\s+as\s+to|"
    r"To(?=[^.!?]{2,200}?,\s+as\s+an?\s[^,.;]{2,80}?,?\s+(?:I|we)\s))"
    r"\s+(?P<benefit>(?:(?![.!?]\s+(?-i:[A-Z])).){2,500}?)"
    rf"\s*[,;:.–—-]*\s*(?=\b%s\s+(?:{_ARTICLE}\s+)?\w)"
)
#: A capital tells the role from a purpose's "as": "In order to log in as a guest / As a clerk".
_PURPOSES_FIRST = tuple(
    re.compile(_PURPOSE_BEFORE.replace("%s", begins), re.IGNORECASE | re.DOTALL)
    for begins in ("(?-i:As)", "As")
)
#: "can be replayed": what is done to something, which is not its wish.
_SUFFERS = re.compile(
    r"(?:also\s+|only\s+)?be\s+(?!able\b)(?:\w+ly\s+)?\w+(?:ed|en|wn|nt|ut|ld)\b", re.I
)
_SUBJECT_FIRST = re.compile(
    rf"(?:{_ARTICLE}\s+|all\s+)?(?P<role>(?!{purposes.NO_ACTOR})[A-Za-z][\w'’/ -]{{1,60}}?)\s+(?:"
    r"(?P<able>(?:should|must|shall|will|needs?\s+to|can(?:not\b|['’]t\b)?)\s+(?:not\s+)?(?:be\s+able(?:\s+to)?\b)?)"
    r"|(?:wants?|needs?|wish(?:es)?|would\s+like)\s+(?:to\b(?:\s+be\s+able\s+to\b)?)?)\s*",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:role|who|actor|persona|user)\s*[:=]\s*(?P<role>.+?)[\s,;]+"
    r"(?:goal|what|action|want|wants|need|needs)\s*[:=]\s*(?P<goal>.+?)"
    r"(?:[\s,;]+(?:benefit|why|value|reason|so\s+that)\s*[:=]\s*(?P<benefit>.+?))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_SAID_AGAIN = re.compile(r"I\b\s*", re.IGNORECASE)
#: A note's link by its name, or by the words shown for it: "[[Driver]]", "[[Owner|yard owner]]".
_NOTE_LINK = re.compile(r"(?<!!)\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]+)\]\]")
#: A link by its words; where it leads outside, the address is told behind the sentence.
_LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]\n]{1,200})\]\((?P<to>[^()\s]{1,400})(?:\s[^()]*)?\)")
_SO_THAT = re.compile(r"\bso\s+that\b", re.IGNORECASE)
_CONTRACTED = {"'m ": "am ", "’m ": "am ", "'ve ": "have ", "’ve ": "have "}
_LINKED = re.compile(r"\]\(|\[\[")
#: After these a clause's own "I" comes first.
_BEFORE_I = r"when(?:ever)?|if|after|before|while|once|until|because|since|(?:al)?though"


@dataclass(frozen=True, slots=True)
class Phrases:
    """What one story sentence says. ``strict``: it is a story wherever it stands; otherwise only
    where stories are expected. ``template``: a form to be filled in, not a story."""

    role: str
    goal: str
    benefit: str
    after: str
    strict: bool
    template: bool = False


_FINAL = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)")
#: A story sentence that begins with a small letter.
_SMALL = re.compile(r"\W*as\s")


def read_phrases(text: str, *, expected: bool = False) -> Phrases | None:
    """Read the story sentence that ``text`` begins with, marks and line breaks allowed.

    Args:
        expected: the caller knows that a story stands here; roleless and loose shapes count. What
            is a story wherever it stands is read the same, so that it is read once.
    Returns:
        None when the text does not begin with a story sentence. ``after`` is what follows it.
    """
    told = _read_phrases(text, False)
    return _read_phrases(text, True) if expected and not (told and told.strict) else told


@lru_cache(maxsize=1 << 12)
def _read_phrases(text: str, expected: bool) -> Phrases | None:
    """:func:`read_phrases`, cached: what joins paragraphs, what finds a sentence and what takes it
    apart read it one after the other, each for a whole document."""
    if begins_labelled(text):
        labelled = read_labelled(text)
        if labelled:
            after = "\n".join(labelled.after)
            template = purposes.is_placeholder(labelled.role) or purposes.is_placeholder(
                labelled.goal
            )
            role, goal, benefit = labelled.parts
            role = role.strip(TRAILING)
            return Phrases(role, trim_phrase(goal), trim_phrase(benefit), after, True, template)
    words = plain(text)
    told = _read(words, expected)
    if told and _SMALL.match(words):
        told = _one_small_sentence(told, words)
    if told and not told.strict and told.role and not told.benefit:
        told = _with_later_wish(told)
    if told and _LINKED.search(f"{told.role}\n{told.goal}\n{told.benefit}"):
        return _without_links(told)
    return told


def _one_small_sentence(told: Phrases, written: str) -> Phrases:
    """Phrases without the sentences behind theirs, for an author who begins in small letters; the
    last of these has its mark in what was ``written``."""
    name, words = ("benefit", told.benefit) if told.benefit else ("goal", told.goal)
    end = small_sentence_end(words)
    if end == len(words):
        return told
    behind = words[end:].strip()
    mark = _FINAL.match(written.partition(behind)[2])
    after = " ".join(filter(None, [behind + (mark.group() if mark else ""), told.after]))
    if name == "benefit":
        return replace(told, benefit=trim_phrase(words[:end]), after=after)
    return replace(told, goal=trim_phrase(words[:end]), after=after)


def _with_later_wish(told: Phrases) -> Phrases:
    """ "As an operator, I run a shop. At night, I want to close it.": what is wanted counts."""
    later = purposes.later_wish(f"{told.goal}. {told.after}")
    wish = _finish("", later[2].removeprefix("do "), "", False) if later else None
    if later is None or wish is None or not wish.goal:
        return told
    is_so, clause, _ = later
    goal = f"{clause}, {wish.goal}" if clause else wish.goal
    after = " ".join(filter(None, [is_so, wish.after]))
    return replace(told, goal=goal, benefit=wish.benefit, after=after)


def _without_links(told: Phrases) -> Phrases:
    """Phrases with links by their words; where these lead outside of the documents is told behind
    the sentence."""
    said = (told.role, told.goal, told.benefit)
    addresses = [link["to"] for words in said for link in _LINK.finditer(words)]
    role, goal, benefit = (_NOTE_LINK.sub(r"\1", _LINK.sub(r"\g<words>", words)) for words in said)
    after = " ".join(filter(None, [told.after, *(to for to in addresses if "://" in to)]))
    return replace(told, role=role, goal=goal, benefit=benefit, after=after)


def _read(words: str, expected: bool) -> Phrases | None:
    words = words.lstrip("\"'“”‘’«*_([|•·>→ ")
    words = _DOUBLED.sub(r"\g<kept>", _HALF_BOLD.sub(r"\1", words))
    if front := purposes.FRONTED.match(words):
        told = _read(words[front.end() :], expected)
        return told and replace(told, goal=f"{words[0].lower()}{front['clause'][1:]}, {told.goal}")
    purpose = next(filter(None, (first.match(words) for first in _PURPOSES_FIRST)), None)
    benefit_first = ""
    if purpose:
        benefit_first = purpose["benefit"]
        words = words[purpose.end() :]
    for frame in (_NO_SUBJECT, _ABOUT):
        match = frame.match(words)
        if match and not purposes.names_no_one(match["role"]):
            return _finish(match["role"], f" {words[match.end() :]}", benefit_first, True)
    match = _CLAUSE.match(words)
    if match and _CERTAIN.match(words) and not purposes.names_no_one(match["role"]):
        return _read_clause(words, match, benefit_first)
    match = _ROLE_FIRST.match(words)
    if match and _ROLE_GOES_ON.search(match["role"]):
        rest = _WISH_AFTER.match(words, match.start("subject"))
        if rest and not purposes.names_no_one(match["role"]):
            role = words[match.start("role") : rest.end()]
            wish = re.compile(r"[\s,]*I\b\s*", re.I).match(words, rest.end())
            assert wish is not None  # what is looked for ahead
            return _finish(role, words[wish.end() :], benefit_first, True)
    if match:
        strict = _is_wish(words, match)
        loose = (
            expected
            and not _SO_THAT.search(match["role"])
            and not purposes.names_no_one(match["role"])
            and not purposes.needs_an_article(match["role"])
        )
        if strict or loose or (benefit_first and re.match(rf"As\s+{_ARTICLE}\b", words, re.I)):
            return _finish(match["role"], words[match.end() :], benefit_first, strict)
    match = _I_AS_ROLE.match(words)
    if match:
        return _finish(match["role"], words[match.end() :], benefit_first, True)
    foreign = read_template(words)
    if foreign:
        template = any(purposes.is_placeholder(p) for p in (foreign.role, foreign.goal) if p)
        benefit = foreign.benefit or benefit_first
        return Phrases(foreign.role, foreign.goal, benefit, foreign.after, True, template)
    job = _read_job(words)
    return job if job or not expected else _read_expected(words, benefit_first)


def _read_expected(words: str, benefit_first: str) -> Phrases | None:
    """What counts as a story only where stories are known to stand."""
    match = _ROLE_COMMA.match(words)
    if match and not purposes.names_no_one(match["role"]):
        return _finish(match["role"], words[match.end() :], benefit_first, False)
    match = ROLE_COLON.match(words)
    if (
        match
        and not purposes.names_no_one(match["role"])
        and not purposes.needs_an_article(match["role"])
    ):
        return _finish(match["role"], "", benefit_first, False)
    match = _LABELLED.match(words)
    if match:
        benefit = (match["benefit"] or "").strip(TRAILING)
        return Phrases(
            match["role"].strip(TRAILING), match["goal"].strip(TRAILING), benefit, "", False
        )
    return _read_roleless(words)


def _read_clause(words: str, match: re.Match[str], benefit: str) -> Phrases:
    """ "As a user, when I …, I want …": the goal keeps the clause in front."""
    clause, position = match["clause"].strip(TRAILING), match.end()
    if re.match(rf"(?:{_BEFORE_I})$", clause, re.I):
        # The subject found is the clause's own; the wish's follows the next comma.
        rest = re.compile(r"(?P<clause>[^,.!?]{1,240}),\s*(?:I|we)\b\s*", re.I).match(
            words, position
        )
        if rest:
            clause = f"{words[match.start('clause') : position]}{rest['clause']}".strip(TRAILING)
            position = rest.end()
        else:
            return _finish(match["role"], words[match.start("clause") :], benefit, True)
    if purpose := purposes.PURPOSE_FIRST.match(clause):
        return _finish(match["role"], words[position:], benefit or clause[purpose.end() :], True)
    told = _finish(match["role"], words[position:], benefit, True)
    return replace(told, goal=f"{clause}, {told.goal}") if told.goal else told


def _read_job(words: str) -> Phrases | None:
    """ "When …, I want …, so that …": only with its purpose; when someone wants something is
    said in any diary."""
    match = _JOB.match(words)
    if match is None:
        return None
    told = _finish("", words[match.end() :], "", True)
    if not told.goal or not told.benefit:
        return None
    return replace(told, goal=f"{match['clause'].strip(TRAILING)}, {told.goal}")


def _is_wish(words: str, match: re.Match[str]) -> bool:
    """Whether "As ROLE, I …" is a story wherever it stands. The less certain the role (no "a", a
    "we" that may be a nation), the plainer the wish has to be."""
    role, subject = match["role"], match["subject"].lower()
    if purposes.names_no_one(role) or subject not in ("i", "we") or _SO_THAT.search(role):
        return False
    if _SPEECH.match(words, match.end()):
        return False
    certain = _CERTAIN.match(words)
    if certain and subject == "i":
        return bool(_WISH.match(words, match.end()) or _DONE_FOR.match(words, match.end()))
    if not _STRONG_WISH.match(words, match.end()):
        return False
    if certain:
        return True
    article = re.match(rf"As\s+{_ARTICLE}\b", words, re.IGNORECASE)
    if article:
        return subject == "i"
    return len(role.split()) <= 5 and "," not in role and not purposes.needs_an_article(role)


def _read_roleless(words: str) -> Phrases | None:
    """ "I need …, so …" and "Users should be able to …": stories only where one is expected."""
    subject = re.match(r"(?:I|we)\b\s*", words, re.IGNORECASE)
    if subject and _WISH.match(words, subject.end()):
        found = _finish("", words[subject.end() :], "", False)
        last = _ROLE_LAST.search(found.goal)
        if last and not purposes.names_no_one(last["role"]):
            goal = (found.goal[: last.start()] + found.goal[last.end() :]).strip(TRAILING)
            return Phrases(last["role"], goal, found.benefit, found.after, True, found.template)
        return found
    match = _SUBJECT_FIRST.match(words)
    if (
        match
        and len(match["role"].split()) <= 6
        and not purposes.names_no_one(match["role"])
        and not purposes.is_thing(match["role"])
        and not _SUFFERS.match(words, match.end())
    ):
        able = " ".join((match["able"] or "").lower().split())
        glue = ("", "should be able to", "should be able", "can", "need to", "needs to")
        kept = "" if able in glue else match["able"]
        found = _finish(match["role"], words[match.end() :], "", False)
        goal = f"{kept.strip()} {found.goal}".strip()
        return Phrases(match["role"], goal, found.benefit, found.after, False, found.template)
    return None


def _finish(role: str, tail: str, benefit: str, strict: bool) -> Phrases:
    """Split what follows the subject into goal, benefit and what is said after the sentence."""
    parted = purposes.part_role(role)
    benefit = benefit or parted.benefit
    limit = _LIMITED.match(tail)
    want = _WANT.match(tail)
    while want:
        tail = tail[want.end() :]
        again = _SAID_AGAIN.match(tail)  # "I want to I want to"
        want = _WANT.match(tail, again.end()) if again else None
    tail = _CONTRACTED.get(tail[:3], tail[:3]) + tail[3:]
    tail = _CONTRACTED.get(tail[:4], tail[:4]) + tail[4:]
    end = first_sentence_end(tail)
    purpose = None if benefit else purposes.find_purpose(tail, end, parted.role)
    if purpose:
        goal = tail[: purpose.start()]
        end = first_sentence_end(tail, purpose.end())
        benefit = tail[purpose.end() : end]
    else:
        goal = tail[:end]
    role = parted.role.strip(TRAILING + "*_\"'“”‘’")
    goal = parted.before(trim_phrase(goal))
    if limit and goal and not goal.lower().startswith(limit["how"].lower()):
        goal = f"{limit['how']} {goal}"
    template = any(purposes.is_placeholder(p) for p in (role, goal) if p)
    after = " ".join(filter(None, [parted.context, tail[end:].strip()]))
    return Phrases(role, goal, trim_phrase(benefit), after, strict, template)
