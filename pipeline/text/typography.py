"""How a text is set, not what it says: typography, and capitals that tell nothing.

Unicode's canonical composition (NFC) and never its compatibility forms (NFKC), which would make
102 of 10², 1⁄2 of ½ and TM of ™: harmless in every language. Of capitals, at a sentence's start or
in a heading, a closed list of words and no rule, because a capital tells a name from a word (May,
Polish, Excel, Slack, Will, Word, React) and no list of names is ever whole. A word that is not
here keeps its letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipeline.text.spelling import CONTRACTIONS, SPELLINGS
from pipeline.text.words import STOP, word_set

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_LIGATURES = {
    ord("ﬀ"): "ff",
    ord("ﬁ"): "fi",
    ord("ﬂ"): "fl",
    ord("ﬃ"): "ffi",
    ord("ﬄ"): "ffl",
}
#: Primes are no quotation marks: 5′ is a length.
_QUOTES = dict.fromkeys(map(ord, "‘’‚‛ʼ‹›"), "'") | dict.fromkeys(map(ord, "“”„‟«»"), '"')
_DASHES = dict.fromkeys(map(ord, "‐‑‒–−"), "-")
#: Set close, "user—admin" parts two clauses where "user-admin" is one word.
_EM_DASH = re.compile(r"(?<=\s)—(?=\s)")
_ELLIPSIS = {ord("…"): "..."}


def set_plainly(text: str, used: set[str]) -> str:
    """``text`` in the plainest typography, white space kept; names of the rules that changed it
    are added to ``used``."""
    if text.isascii():
        return text
    for rule, change in _CHANGES:
        changed = change(text)
        if changed != text:
            used.add(rule)
            text = changed
    return text


_CHANGES = (
    ("unicode-composition", lambda text: unicodedata.normalize("NFC", text)),
    ("invisible-characters", lambda text: text.translate(_INVISIBLE)),
    ("ligatures", lambda text: text.translate(_LIGATURES)),
    ("quotation-marks", lambda text: text.translate(_QUOTES)),
    ("dashes", lambda text: _EM_DASH.sub("-", text).translate(_DASHES)),
    ("ellipsis", lambda text: text.translate(_ELLIPSIS)),
)

#: Left out of the function words: names (May, Will, Mine), letters, and "am", which is a time.
_NAMES = word_set(
    "may will mine might am re ll ve eg ie etc vs us next well go i'm i'd i'll i've i"
)
_VERBS = word_set(
    """activate add adjust allow apply approve archive ask assign attach avoid be book browse
    buy calculate cancel change check choose clear click close collect combine compare complete
    configure confirm contact contain control convert copy correct create customize
    deactivate decide define delete deliver describe determine disable display distribute
    download drag drop edit enable ensure enter evaluate explain explore export extend extract fill
    filter find finish follow format generate give handle hide highlight identify implement
    import improve include increase indicate insert inspect install integrate invite join keep know
    learn leave limit link list load locate log login logout look maintain manage measure modify
    monitor move navigate notify obtain open order organize participate pick prepare prevent
    preview print prioritize process promote propose protect provide publish purchase put rank rate
    read rearrange receive recognize recommend record recover reduce refresh register reject release
    remove rename reorder replace reply report request require reschedule reset resize resolve
    respond restore restrict retrieve return reuse review revoke revise run save schedule scroll
    search see select send set share show sign skip sort specify start stop store submit subscribe
    suggest summarize support switch sync synchronize tag take tell test track transfer try
    understand undo unlock unsubscribe update upload use validate verify view visit visualize wait
    warn write adding creating deleting editing exporting filtering importing managing printing
    removing saving searching selecting sending showing sorting updating uploading viewing"""
)
_NOUNS = word_set(
    """account accounts address addresses administrator administrators amount amounts answer
    answers application applications attachment attachments button buttons changes clicking code
    codes comment comments content criteria customer customers data date dates day days default
    description details device devices document documents employee employees entries entry error
    errors event events example feature features field fields file files folder folders history
    image images information invoice invoices item items link links list lists location locations
    manager managers member members menu message messages name names number numbers option options
    orders owner owners page pages password passwords payment payments people permission permissions
    price prices product products question questions reports request requests result results role
    roles row rows rule rules section sections settings status step steps students system systems
    table tables task tasks teacher teachers text time times title titles type types unit units
    user users value values version versions visitor visitors website websites week weeks year years
    two three four five six seven eight nine ten eleven twelve active all available empty existing
    invalid multiple new old only optional required same several valid"""
)
_SPELLED = frozenset(
    word for pair in SPELLINGS["English"].items() for word in pair if word.islower()
)
_LOWER: Mapping[str, frozenset[str]] = {
    "English": (
        (frozenset(w for w in STOP if len(w) > 1 and w.replace("'", "").isalpha()) | _VERBS | _NOUNS
        | _SPELLED | frozenset(w for w in CONTRACTIONS["English"] if w.islower())) - _NAMES
    ),
    # Function words that no other word or name is written like: not Sie, Ihr, Die (a name).
    "German": word_set(
        "der die das den dem des ein eine einen einem einer eines und oder nicht wenn dass damit "
        "alle jeder jede jedes kein keine mit ohne für auf nach bei aus nur auch es wir ich er man"
    ),
    "French": word_set("le la les un une des je nous il elle ils elles on si quand pour avec sans"),
    "Spanish": word_set("el la los las un una unos unas yo se si cuando para con sin cada todos"),
    "Italian": word_set("il lo la gli le un una uno se quando per con senza ogni tutti"),
    "Portuguese": word_set("os as um uma uns umas eu se quando para com sem cada todos"),
    "Dutch": word_set("de het een ik wij als wanneer voor met zonder elke alle"),
}  # fmt: skip


def lower_first(language: str, words: Sequence[str], at: int) -> str:
    """The word ``words[at]`` with a small first letter where that is all its capital can tell, ""
    where the word stays. "A" is an article before a word, and a name before a function word."""
    word = words[at]
    if word[:1].islower():
        return ""
    if word == "A" and language == "English":
        if at:  # "Plan A Members"
            return ""
        after = words[at + 1] if at + 1 < len(words) else ""
        return "a" if after.isalpha() and after.islower() and after not in STOP else ""
    small = word[:1].lower() + word[1:]
    return small if small != word and small in _LOWER.get(language, ()) else ""
