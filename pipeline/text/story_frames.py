"""The words of a story that its fields leave out: the frame of its goal and benefit ("I want to",
"so that"), the article of its role, a title that repeats the sentence's words.

A frame is harmless only where all it says is a wish: "I would like to be able to", "I need to".
Whatever else stands before a goal (must, can, should, never, only, they) is part of what is said.
"to" belongs to it: "I want to report users" is no "I want report users".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pipeline.text.typography import set_plainly

_DENIED = (
    r"(?:not|never|only|no\s+longer|neither|nicht|kein\w*|nie|niemals|nur|weder|noch|kaum|ohne|niet"
    r"|zonder|geen|nooit)\b"
)
_WISH = (
    r"(?P<who>I|we|We)(?:\s+(?:want|wish|need)(?!\s+not\b)|(?:\s+would|'d)\s+like):?"
    # To be able not to do a thing is a choice, not to do it is none.
    rf"(?P<to>\s+to\b(?:\s+be\s+able\s+to\b(?!\s+{_DENIED}))?)?"
)
_ROLE = r"[^,.;:!?\"\n]{1,120}?"
#: The story sentence of a language up to its goal: (pattern, what it is written as).
_SENTENCES: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "English": (
        (re.compile(rf"^(?P<as>[Aa]s\s+(?:an?|the|any|every)\s+{_ROLE}),?\s+{_WISH}(?!\S)"), ""),
        (re.compile(rf"^(?P<as>){_WISH}(?!\S)"), ""),
    ),
    "German": (
        (
            re.compile(
                rf"^(?P<as>Als\s+{_ROLE}),?\s+(?:möchte|will|würde)\s+ich(?![^,.;:!?]*\s{_DENIED})"
                r"(?:(?<=würde\sich)\s+gerne?|(?<!würde\sich))"
                r"(?P<rest>(?:(?!\s+können\b)[^,.;:!?\"])+?)(?:\s+können)?(?=\s*(?:,\s*damit\b|[.]?\s*$))"
            ),
            "möchte ich",
        ),
    ),
    "French": (
        (
            re.compile(
                rf"^(?P<as>En\s+tant\s+qu(?:e\s+|'){_ROLE}),?\s+"
                r"(?:je\s+(?:veux|voudrais|souhaite)|j'aimerais)(?:\s+pouvoir)?(?=\s+\w+(?:er|ir|re)\b)"
            ),
            "je veux",
        ),
    ),
    "Spanish": (
        (
            re.compile(
                rf"^(?P<as>Como\s+{_ROLE}),?\s+(?:quiero|quisiera|deseo|me\s+gustaría)"
                r"(?:\s+poder)?(?=\s+\w+[aei]r\b)"
            ),
            "quiero",
        ),
    ),
    "Italian": (
        (
            re.compile(
                rf"^(?P<as>Come\s+{_ROLE}),?\s+(?:voglio|vorrei|desidero)"
                r"(?:\s+pote(?:r|re))?(?=\s+\w+[aei]re\b)"
            ),
            "voglio",
        ),
    ),
    "Portuguese": (
        (
            re.compile(
                rf"^(?P<as>Como\s+{_ROLE}),?\s+(?:quero|desejo|gostaria\s+de)"
                r"(?:\s+poder)?(?=\s+\w+[aei]r\b)"
            ),
            "quero",
        ),
    ),
    "Dutch": (
        (
            re.compile(
                rf"^(?P<as>Als\s+{_ROLE}),?\s+(?![^,.;:!?]*\s{_DENIED})(?:wil\s+ik(?P<rest>[^,.;:!?\"]+?)\s+kunnen"
                r"|zou\s+ik\s+graag(?P<rest2>[^,.;:!?\"]+?)\s+willen)"
                r"(?=\s+\w+en\s*(?:,\s*zodat\b|[.]?\s*$))"
            ),
            "wil ik",
        ),
    ),
}
#: The languages whose frames are known.
FRAMED = tuple(_SENTENCES)
_COMMA_PURPOSE = re.compile(r"\s*,\s*(?=(?:so that|in order to)\s)")


def frame(text: str, language: str, used: set[str]) -> str:
    """``text`` with the wish of a story sentence it begins with in one form, and no comma before
    its purpose."""
    for pattern, written in _SENTENCES.get(language, ()):
        found = pattern.match(text)
        if not found:
            continue
        parts = found.groupdict()
        if not written:
            wish = f"{'I' if parts['who'] == 'I' else 'we'} want{' to' if parts['to'] else ''}"
        else:
            wish = written + (parts.get("rest") or parts.get("rest2") or "")
        begun = f"{parts['as']}, {wish}" if parts["as"] else wish
        changed = begun + text[found.end() :]
        if " ".join(changed.split()) != " ".join(text.split()):
            used.add("story-frame")
            text = changed
        if parts["as"] and (stripped := _COMMA_PURPOSE.sub(" ", text, count=1)) != text:
            used.add("purpose-frame")
            text = stripped
        break
    return text


_MARKS = " \t\n,;:.–—-*_\"'`()[]{}|>#=/\\"
_WISH_ALONE: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "English": ((re.compile(_WISH), ""),),
    "German": ((re.compile(r"(?:möchte|will)\s+ich|würde\s+ich\s+gerne?"), "ich möchte"),),
    "French": ((re.compile(r"je\s+(?:veux|voudrais|souhaite)|j'aimerais"), "je veux"),),
    "Spanish": ((re.compile(r"quiero|quisiera|deseo|me\s+gustaría"), "quiero"),),
    "Italian": ((re.compile(r"voglio|vorrei|desidero"), "voglio"),),
    "Portuguese": ((re.compile(r"quero|desejo|gostaria\s+de"), "quero"),),
    "Dutch": ((re.compile(r"wil\s+ik"), "wil ik"),),
}
#: What parts a table's cells in a story's text.
_CELL = re.compile(r"[\n\t|]")
_TO_BE_DONE = re.compile(
    r"(?:an?|the|my|our|every|each|all|any|no|only)\s+(?:[\w'-]+\s+){1,8}?to\s+\w", re.IGNORECASE
)
_CLAUSE = re.compile(r"(?:I|we|they|he|she|it|you|there|nobody|everybody)\s+\w")
_PURPOSES: Mapping[str, str] = {
    "so that": "so that", "so": "so that", "in order that": "so that",
    "in order to": "in order to", "so as to": "in order to",
}  # fmt: skip
_AS = re.compile(r"\b(?:as(?:\s+(?:an?|the|any|every))?|als|en tant qu(?:e|')|como|come)\s*$", re.I)
_SENTENCE_END = re.compile(r"[.!?:;]\s|\n")


def lead_in(text: str, role: str, goal: str, language: str) -> tuple[tuple[str, ...], bool]:
    """What a story's own text says between its role and its goal, and whether a rule was used.

    Returns:
        The wish in one form ("I want to"), or the words as they stand ("I", "customers can"),
        or nothing where the goal stands alone, as in a table. Where the goal is not found in the
        text in one piece, all of the text: such a story is proved by nothing less.
    """
    plain, goal, role = _plain(text), _flat(goal), _flat(role)
    places = [start for start, _ in _occurrences(goal, plain)]
    if not places:
        return ("", *plain.split()), False
    tails = _after_role(plain, role, places) if role else []
    if tails:
        read = [_read_wish(tail, goal, language, whole=True) for tail in tails]
    else:
        read = [_read_wish(plain[:place], goal, language, whole=False) for place in places]
    if len({words for words, _ in read}) == 1:
        return read[0]
    return tuple(word for words, _ in read for word in (*words, "")), False


def purpose_in(text: str, goal: str, benefit: str, language: str) -> tuple[tuple[str, ...], bool]:
    """What stands between goal and benefit in one form ("so that", "in order to"), or as it stands;
    see :func:`lead_in`."""
    plain, goal, benefit = _plain(text), _flat(goal), _flat(benefit)
    goals = [end for _, end in _occurrences(goal, plain)]
    places = [start for start, _ in _occurrences(benefit, plain)]
    if not goals or not places:
        return ("", *plain.split()), False
    between = [(end, place) for end in goals for place in places if place >= end]
    if between:
        end, place = min(between, key=lambda pair: pair[1] - pair[0])
        tail = plain[end:place].strip(_MARKS)
    else:
        before = plain[: places[0]]
        tail = before[_last_end(before) :].strip(_MARKS)
    words = " ".join(tail.split())
    known = _PURPOSES.get(words[:1].lower() + words[1:]) if language == "English" else None
    if between and not words and language == "English" and _CELL.search(plain[end:place]):
        known = "so that" if _CLAUSE.match(benefit) else None
    return (tuple((known or words).split()), known is not None and known != words)


_ARTICLE = re.compile(
    r"\bas\s+(?P<article>an?|the|any|every|each|another|our|your|some|one\s+of\s+(?:the|our))\s*$",
    re.IGNORECASE,
)


def article_in(text: str, role: str) -> str:
    """The word between "As" and the role that says whose role it is: "the", "another", "every";
    "" for "a", "an" and none, as in a table."""
    plain, role = _plain(text), _flat(role)
    for start, _ in _occurrences(role, plain):
        found = _ARTICLE.search(plain[max(start - 40, 0) : start])
        if found:
            article = " ".join(found["article"].lower().split())
            return "" if article in ("a", "an") else article
    return ""


#: Where the story sentence has begun.
_BEGUN = re.compile(
    r"\b(?:As|AS)\s+(?:an?|the|any|every|each|one|our|your|another)\b|^\W*As\s"
    r"|\bI\s|\b[Ww]e\s|^(?:In order|So that)\b"
)
_BARE = re.compile(r"[^\W_]+")
#: A title stands no further down, with a key or a label in front of it.
_TITLE_LINES = 4


def heading_in(text: str, sentence: Sequence[str]) -> tuple[str, ...]:
    """Lines at the beginning that only repeat its words, in another order or with other
    letters: the extraction keeps no title that repeats, so a field has them nowhere.

    Args:
        sentence: role, goal and benefit.
    """
    found: list[str] = []
    known: set[str] = set()
    for line in _plain(text).splitlines()[:_TITLE_LINES]:
        if line == _flat(sentence[0]) or _BEGUN.search(line):
            break
        if not known:  # most stories begin with their sentence
            sentence_words = _words(" ".join(sentence))
            known = {bare for word in sentence_words for bare in _bare(word)}
            said = " ".join(sentence_words)
        words = _words(line)
        # A key or a label may stand in front: "SHOP-12", "Story 3".
        for skipped in range(min(5, len(words) - 1)):
            rest = words[skipped:]
            *before, last = [bare for word in rest for bare in _bare(word)] or [""]
            if known.issuperset(before) and any(word.startswith(last) for word in known):
                if not _same_words(rest, said):
                    found.append(" ".join(rest))
                break
    return tuple(found)


def _same_words(words: list[str], said: str) -> bool:
    """Whether words follow each other in ``said``, but for the capitals that a heading gives."""
    small = " ".join(word if word.isupper() else word.lower() for word in words)
    text = " ".join(word if word.isupper() else word.lower() for word in said.split())
    return f" {small}" in f" {text}"


def _bare(word: str) -> list[str]:
    """A word without its signs and capitals, as the extraction looks for repeated titles."""
    return [bare.casefold() for bare in _BARE.findall(word)]


def _words(text: str) -> list[str]:
    """The words with the signs that belong to them: C++, 5%."""
    return [word for token in text.split() if (word := token.strip(_MARKS + "!?"))]


def _after_role(plain: str, role: str, places: list[int]) -> list[str]:
    """What stands between the role and the goal after it: where "As a" precedes the role, else
    wherever the role is."""
    pairs = []
    for start, end in _occurrences(role, plain):
        place = next((place for place in places if place >= end), None)
        if place is not None:
            before = plain[max(start - 40, 0) : start]
            pairs.append((_AS.search(before) is not None, plain[end:place]))
    named = [tail for said, tail in pairs if said]
    if named:
        return [min(named, key=len)]
    return [tail for _, tail in pairs]


def _read_wish(tail: str, goal: str, language: str, *, whole: bool) -> tuple[tuple[str, ...], bool]:
    """A wish in one form, else the words of ``tail`` (from its last sentence's start on)."""
    if whole and language == "English" and (told := _read_cell(tail, goal)):
        return told, True
    if not whole:
        tail = tail[_last_end(tail) :]
    words = " ".join(tail.strip(_MARKS).split())
    for pattern, written in _WISH_ALONE.get(language, ()):
        found = pattern.match(f"{words} {goal}")
        if found and found.end() != len(words):
            found = None
        if found and not written:
            who = "I" if found["who"] == "I" else "we"
            form = f"{who} want{' to' if found['to'] else ''}"
        elif found:
            form = written
        else:
            continue
        return tuple(form.split()), form != words
    return tuple(words.split()), False


def _read_cell(tail: str, goal: str) -> tuple[str, ...]:
    """The wish that a table's cell tells by its own words, whatever its column is called: one that
    begins with "to", or one that somebody or something is to do."""
    if not _CELL.search(tail):
        return ()
    between = tail.strip(_MARKS)
    if between == "to":
        return ("I", "want", "to")
    return ("I", "want") if not between and _TO_BE_DONE.match(goal) else ()


def _last_end(text: str) -> int:
    """Where the last sentence or line of ``text`` begins; its own trailing marks end none."""
    end = 0
    for found in _SENTENCE_END.finditer(text.rstrip(_MARKS)):
        end = found.end()
    return end


def _occurrences(phrase: str, text: str) -> list[tuple[int, int]]:
    """Start and end of every place of ``phrase`` as whole words, over the ends of lines too."""
    found: list[tuple[int, int]] = []
    text = text.replace("\n", " ")
    start = text.find(phrase) if phrase else -1
    while start >= 0:
        end = start + len(phrase)
        inside = (phrase[0].isalnum() and text[start - 1 : start].isalnum()) or (
            phrase[-1].isalnum() and text[end : end + 1].isalnum()
        )
        if not inside:
            found.append((start, end))
        start = text.find(phrase, start + 1)
    return found


@lru_cache(maxsize=64)
def _plain(text: str) -> str:
    """Typography and marks of emphasis apart, lines kept as such."""
    lines = (_flat(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


@lru_cache(maxsize=64)
def _flat(text: str) -> str:
    return " ".join(set_plainly(text, set()).replace("*", " ").replace("_", " ").split())
