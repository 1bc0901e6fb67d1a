"""Small tables of words that requirement writers use for one another.

Stems unite inflections ("expires", "expired"), not different words. Everyday verbs and nouns of
requirements are swapped so often that a reworded duplicate cannot be seen without them. The
tables are kept small and general on purpose; no word of any product's domain is in them.

``concept`` unites words that may stand for one another in any sentence: the gate accepts them in
a model's text. ``topic`` unites more: words by which two writers mean the same need, though one
could not always be put in place of the other ("a message when", "be told when"). Only finding
and comparing stories uses topics. ``OPPOSITES`` are pairs that make two otherwise equal sentences
contradict each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pipeline.text.words import stem

_ANYWHERE = """
see view
delete remove erase
edit change modify alter amend
receive obtain
choose select pick
notify inform
buy purchase
begin start
administrator admin
picture photo image photograph
quick fast rapid swift
verify check
allow permit
forbid prohibit disallow
help assist
show display
mistake error
login signin logon
"""

_FOR_THE_SAME_NEED = """
see show
edit update adjust
notify alert tell message announce
find search locate lookup
create add
finish complete
user person people
customer client
guest visitor
employee staff worker
keep retain store save record document log archive
cost price
phone mobile smartphone telephone
extend renew prolong
cancel withdraw
export download
import upload
enlarge zoom magnify
web website online internet
number figure count amount total
gift present
book reserve
problem issue trouble
job work task
place slot
"""

_OPPOSITE = """
allow forbid
enable disable
include exclude
accept reject
approve reject
show hide
public private
visible hidden
optional mandatory
optional required
automatic manual
always never
before after
minimum maximum
least most
ascending descending
oldest newest
increase decrease
lock unlock
grant deny
internal external
"""

#: Phrases of several words that are one verb, with the word that stands for them.
_PHRASES = {
    r"call(?:s|ed|ing)? off": "cancel",
    r"log(?:s|ged|ging)?[ -](?:in|on)(?:to)?": "login",
    r"sign(?:s|ed|ing)?[ -](?:in|on)(?:to)?": "login",
    r"sign(?:s|ed|ing)?[ -]up": "register",
    r"look(?:s|ed|ing)? (?:it )?up": "search",
    r"look(?:s|ed|ing)? for": "search",
    r"(?:get|gets|getting|got) rid of": "delete",
    r"tak(?:e|es|en|ing) (?:an? )?(?:picture|photo)s?(?: of)?": "photograph",
    r"fill(?:s|ed|ing)? (?:in|out)": "complete",
    r"pick(?:s|ed|ing)? up": "collect",
    r"set(?:s|ting)? up": "configure",
    r"cut(?:s|ting)? off": "cut",
    r"find(?:s|ing)? out|found out": "learn",
    r"e-?mails?": "email",
}
_PHRASE = re.compile(
    "|".join(rf"(?P<p{i}>\b(?:{p})\b)" for i, p in enumerate(_PHRASES)), re.IGNORECASE
)
#: Pieces of words; every phrase of the table holds one of them.
_IN_PHRASES = ("call", "log", "sign", "look", "rid of", "tak", "fill", "pick", "set", "cut",
               "find", "found", "mail")  # fmt: skip
#: "non-urgent" is another thing than "urgent", not its denial.
_NON = re.compile(r"\bnon-(\w)", re.IGNORECASE)
_STANDS_FOR = list(_PHRASES.values())


def as_words(text: str) -> str:
    """``text`` with every phrase of the table as its one word, and "non-x" as one word."""
    lower = text.lower()
    if "non-" in lower:
        text = _NON.sub(r"non\1", text)
    if not any(piece in lower for piece in _IN_PHRASES):
        return text
    return _PHRASE.sub(lambda found: _STANDS_FOR[int((found.lastgroup or "p0")[1:])], text)


def _rows(table: str) -> Iterable[tuple[str, ...]]:
    return (tuple(stem(word) for word in line.split()) for line in table.split("\n") if line)


_CONCEPTS: Mapping[str, str] = {word: row[0] for row in _rows(_ANYWHERE) for word in row}


def concept(stemmed: str) -> str:
    """The stem that stands for every word of its group; a stem in no group stands for itself."""
    return _CONCEPTS.get(stemmed, stemmed)


_TOPICS: Mapping[str, str] = {
    concept(word): concept(row[0]) for row in _rows(_FOR_THE_SAME_NEED) for word in row
}


def topic(conceived: str) -> str:
    """As :func:`concept`, in the wider groups; takes and gives concepts."""
    return _TOPICS.get(conceived, conceived)


OPPOSITES: frozenset[frozenset[str]] = frozenset(
    frozenset(concept(word) for word in row) for row in _rows(_OPPOSITE)
)
