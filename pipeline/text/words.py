"""Words and stems: the smallest pieces that texts are compared by.

English only: stop words and stems (Snowball). Text in another language keeps its
words and loses only the inflection rules.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

from pipeline.text.shifted import RAISED

_STEMMER = snowballstemmer.stemmer("english")
#: The stemmer keeps the word it is at in itself: of two threads, one would get the other's.
_STEMMING = threading.Lock()

#: A word, with inner apostrophes and hyphens kept out: "user's" → user's, "e-mail" → e, mail.
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def word_set(text: str) -> frozenset[str]:
    """The words of a table written as text."""
    return frozenset(text.split())


#: Words that carry grammar, not content. Modal verbs and negations are not content either: they
#: are compared as such (:mod:`pipeline.compare.features`).
STOP = word_set(
    """a about above after again all also although am an and any anyone anything are as at be
    because been before being below between both but by came come could did do does doing done
    down during each either else etc even ever every everyone everything for from further get
    gets getting go goes going got had has have having he her here hers herself him himself
    his how however i if in instead into is it its itself just let lets like made make makes
    may me might mine more most much must my myself need needed needs neither nor no none not
    now of off on once one ones only onto or other others otherwise our ours ourselves out
    over own per please same shall she should so some someone something such than that the
    their theirs them themselves then there these they this those though through thus to too
    under until up upon us very via want wanted wants was way we well were what whatever when
    whenever where wherever whether which while who whoever whom whose why will wish with
    within without would yet you your yours yourself able soon become becomes became
    anybody everybody nobody somebody can cannot ought able shall across among around behind
    beside besides beyond despite except given i'd i'll i'm i've it's he's she's that's
    there's they're we're we've you're who's what's let's e g ie eg i.e e.g vs s t re ll ve d
    m
    never nothing nowhere unable cant wont dont doesnt isnt arent mustnt shouldnt couldnt"""
)

_IRREGULAR_TABLE = """
begin began begun
break broke broken
bring brought
build built
buy bought
choose chose chosen
cut cuts
draw drew drawn
drive drove driven
find found
forget forgot forgotten
give gave given
grow grew grown
hold held
hear heard
keep kept
know knew known
lead led
leave left
lend lent
lose lost
mean meant
meet met
pay paid
read reads
ride rode ridden
run ran
say said
see saw seen
sell sold
send sent
show showed shown
speak spoke spoken
spend spent
steal stole stolen
take took taken
teach taught
tell told
think thought
throw threw thrown
understand understood
wear wore worn
win won
write wrote written
child children
man men
woman women
foot feet
thief thieves
knife knives
life lives
half halves
shelf shelves
person persons
bad worse worst
good better best
"""
#: Past forms that no suffix rule finds, with the word they are a form of.
_IRREGULAR = {
    form: base
    for base, *forms in map(str.split, filter(None, _IRREGULAR_TABLE.splitlines()))
    for form in forms
}

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})


#: What the folding of letters would take for other numbers.
_FRACTIONS = {"¼": ".25", "½": ".5", "¾": ".75"}
_FRACTION = re.compile(r"(\d?)\s?([¼½¾])")
_POWER = re.compile(rf"((?<=\d)[{RAISED}]+)")

#: Grammar, while an order that somebody places is a thing.
_IN_ORDER = re.compile(r"\bin order (?=to\b|that\b)", re.IGNORECASE)


def compatible(text: str) -> str:
    """``text`` in Unicode NFKC, but for what that would take for another number: 10² stays 10² and
    1½ is 1.5."""
    if text.isascii():
        return text
    text = _FRACTION.sub(lambda found: (found[1] or "0") + _FRACTIONS[found[2]], text)
    parts = _POWER.split(text)
    parts[::2] = (unicodedata.normalize("NFKC", part) for part in parts[::2])
    return "".join(parts)


def fold(text: str) -> str:
    """``text`` in compatible letters with one kind of apostrophe, case kept; "in order to" is
    "to"."""
    folded = compatible(text).translate(_APOSTROPHES)
    return _IN_ORDER.sub("", folded) if "n order " in folded else folded


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Snowball stem of a word, without a possessive, so that "notify" and "notification"
    meet: a final i is dropped from stems of four letters and more."""
    word = word.casefold()
    if word.endswith("'s"):
        word = word[:-2]
    word = _IRREGULAR.get(word, word)
    with _STEMMING:
        root: str = _STEMMER.stemWord(word)
    return root[:-1] if len(root) > 3 and root.endswith("i") else root


@lru_cache(maxsize=65_536)
def is_content(word: str) -> bool:
    """Whether a lower-case word carries content: no stop word, no contraction of one."""
    if word in STOP:
        return False
    head, mark, _ = word.partition("'")
    return not (mark and (head in STOP or word.endswith("n't")))
