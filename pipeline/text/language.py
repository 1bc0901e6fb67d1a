"""Which language a text is in, as far as the rules here need to know: English, or which other.

The rules of this room (stop words, stems, negation, must and may) know English only. A text in
another script is told by its letters; one in Latin letters by its function words, the commonest
words of every language, of which a sentence has many (Grefenstette 1995). Short texts that show
neither count as English: they are names, lists and codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import repeat

from pipeline.text.words import STOP, fold, word_set

ENGLISH = "English"
#: Of a language in Latin letters whose words are in no table here.
OTHER = "another language"

_FUNCTION_WORDS = {
    ENGLISH: STOP | word_set("i the of and to in is that as want can"),
    "German": word_set(
        "der die das den dem des ein eine einen einem einer und oder nicht ist sind wird mit "
        "werden für auf zu ich wir sie es als möchte will kann damit dass wenn auch nur nach bei "
        "muss soll darf sich mein meine meinen aus über um durch wie so noch mehr kein keine haben"
    ),
    "French": word_set(
        "le la les un une des du de et ou ne pas est sont avec pour sur dans je il elle nous vous "
        "ils que qui mon ma mes son sa ses au aux ce cette afin veux peut doit plus si en par tant "
        "être avoir leur leurs d'un d'une j'ai l'on n'est qu'il"
    ),
    "Spanish": word_set(
        "el la los las un una unos de del y o no es son con para por en yo que quien mi mis su sus "
        "al este esta quiero puede debe más si como se lo le ser haber pero cuando desde hasta"
    ),
    "Portuguese": word_set(
        "o a os as um uma de do da dos das e ou não é são com para por em no na nos nas eu que meu "
        "minha seu sua ao este esta quero pode deve mais se como ser ter mas quando desde até"
    ),
    "Italian": word_set(
        "il lo la i gli le un uno una di del della dei e o non è sono con per su in io che mio mia "
        "suo sua al alla questo questa voglio può deve più se come essere avere ma quando nel nella"
    ),
    "Dutch": word_set(
        "de het een en of niet is zijn wordt worden met voor op van te in ik wij zij dat die als "
        "wil kan zodat moet mag mijn uit over om door hoe ook nog meer geen heeft hebben naar bij"
    ),
    "Polish": word_set(
        "i w na z do nie się jest są to że jak o od za po dla jako który które przez oraz lub "
        "ale aby żeby chcę mogę może musi moje mój moja jestem być ma gdy czy już tylko bez po u"
    ),
    "Czech": word_set(
        "a v na z do ne se je jsou to že jak o od za po pro jako který které nebo ale aby chci "
        "mohu může musí moje můj jsem být má když již jen bez u si tak i k s ve ze při"
    ),
    "Swedish": word_set(
        "och att det som en ett på är av för med den till inte jag du vi de har kan ska måste vill "
        "så om men min mitt mina sin sitt från när eller bara utan ut över efter hur också mer"
    ),
}  # fmt: skip
#: A function word → the languages that have it.
_LANGUAGES_OF: Mapping[str, tuple[str, ...]] = {
    word: tuple(name for name, table in _FUNCTION_WORDS.items() if word in table)
    for word in frozenset().union(*_FUNCTION_WORDS.values())
}


def function_words(language: str) -> frozenset[str]:
    """The commonest words of a language, which carry grammar; none of one without a table."""
    return _FUNCTION_WORDS.get(language, frozenset())


_SCRIPTS = {
    "CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean",
    "CYRILLIC": "a language in Cyrillic letters", "GREEK": "Greek", "ARABIC": "Arabic",
    "HEBREW": "Hebrew", "DEVANAGARI": "Hindi", "THAI": "Thai",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_BEYOND_LATIN = re.compile(r"[^\0-\u036f]")
#: Function words of another language that a text must hold, and how many times the English ones.
_LEAST, _MARGIN = 3, 1.5
#: A text of so many words of which so few are English function words is in no English.
_LONG, _FEW = 30, 0.05
_READ = 100_000


@lru_cache(maxsize=8)  # a text's language is asked for twice, one question after the other
def _words_of(text: str) -> tuple[str, ...]:
    plain = fold(text)
    if plain.isascii():  # beyond, a small letter may be two, of which one is none
        return tuple(_WORD.findall(plain.lower()))
    return tuple(word.lower() for word in _WORD.findall(plain))


def language_of(text: str) -> str:
    """The name of a text's language, by its first 100,000 characters; "English" also where it is
    too short to tell."""
    text = text[:_READ]
    script = _script(text)
    if script:
        return script
    words = _words_of(text)
    hits = dict.fromkeys(_FUNCTION_WORDS, 0)
    for languages, n in Counter(map(_LANGUAGES_OF.get, words, repeat(()))).items():
        for name in languages:
            hits[name] += n
    english = hits.pop(ENGLISH)
    best = max(hits, key=lambda name: hits[name])
    if hits[best] >= _LEAST and hits[best] > _MARGIN * english:
        return best
    if len(words) >= _LONG and english < _FEW * len(words):
        return OTHER
    return ENGLISH


#: A corpus is planned once for each model.
_kept = lru_cache(maxsize=1 << 16)(language_of)

#: A function word → the one language of these that has it.
_TELLING: Mapping[str, str] = {
    word: names[0] for word, names in _LANGUAGES_OF.items() if len(names) == 1
}


#: Of English the tables hold few words that no other language has: its story frame tells it, too.
_ENGLISH_FRAME = re.compile(
    r"\b(?:as an?|i (?:want|need|would|can|must|should|wish)|so that|in order to|so as to)\b"
)


def proven_language(text: str) -> str:
    """The name of a text's language where its words leave no doubt, else "".

    Rules of one language do harm in another ("dos" is two in Spanish and "of the" in Portuguese),
    so two different words or turns of phrase are asked for that only this language has, more than
    twice as many as any other language's, and :func:`language_of` has to agree.
    """
    name = _kept(text)
    if name not in _FUNCTION_WORDS:
        return ""
    told = Counter(map(_TELLING.get, _TELLING.keys() & set(_words_of(text[:_READ]))))
    own = told.pop(name, 0)
    if name == ENGLISH:
        own += len(set(_ENGLISH_FRAME.findall(text[:_READ].lower())))
    return name if own >= 2 and own > 2 * max(told.values(), default=0) else ""


def _script(text: str) -> str:
    """The language that a text's letters tell, "" where most of them are Latin."""
    if text.isascii():
        return ""
    beyond = [c for c in _BEYOND_LATIN.findall(text) if c.isalpha()]
    if not beyond:
        return ""
    kinds = Counter(_SCRIPTS.get(unicodedata.name(c, "").split()[0], "") for c in beyond)
    if kinds["Japanese"]:  # kana stand between Chinese characters
        kinds["Japanese"] += kinds.pop("Chinese", 0)
    kinds.pop("", None)
    name, n = kinds.most_common(1)[0] if kinds else ("", 0)
    # A Chinese word is a letter or two, a Latin one five.
    return name if 3 * n > sum(map(str.isalpha, text)) else ""
