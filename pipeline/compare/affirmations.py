"""Phrases in which a word denies and the phrase does not: "it goes without saying that guests pay"
says that guests pay.

A phrase affirms where it ends what is said or a function word follows. Before another word it may
be a part of a name, and its denial counts: "without fail markers", "no doubt flag".
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.text.language import ENGLISH, function_words
from pipeline.text.words import STOP

#: By language, words that follow each other. "Without exception" and "without question" are none:
#: "without exception handling", "without question marks".
_PHRASES = {
    ENGLISH: "goes without saying | go without saying | went without saying | without doubt"
    " | without a doubt | without any doubt | without fail | no doubt",
    "German": "ohne zweifel | ohne jeden zweifel | ohne weiteres | kein zweifel",
    "French": "va sans dire | sans doute | sans aucun doute | sans faute | nul doute",
    "Spanish": "sin duda | sin ninguna duda | sin duda alguna | sin falta",
    "Italian": "senza dubbio | senza alcun dubbio | senza fallo | nessun dubbio",
    "Portuguese": "sem dúvida | sem nenhuma dúvida | sem falta",
    "Dutch": "zonder twijfel | zonder enige twijfel | zonder meer",
}
_AFFIRMING = {
    language: frozenset(tuple(phrase.split()) for phrase in told.split(" | "))
    for language, told in _PHRASES.items()
}
_LONGEST = max(len(phrase) for told in _AFFIRMING.values() for phrase in told)


def without_affirmations(words: Sequence[str], language: str = ENGLISH) -> tuple[str, ...]:
    """Words in lower case without the phrases that affirm what follows; those of a language that is
    not known are English ones."""
    language = language or ENGLISH
    phrases = _AFFIRMING.get(language, frozenset[tuple[str, ...]]())
    small = function_words(language) | (STOP if language == ENGLISH else frozenset())

    def ends(at: int) -> bool:
        return at >= len(words) or words[at] in small or not words[at][:1].isalnum()

    kept: list[str] = []
    at = 0
    while at < len(words):
        length = next(
            (
                n
                for n in range(_LONGEST, 1, -1)
                if tuple(words[at : at + n]) in phrases and ends(at + n)
            ),
            0,
        )
        if length:
            at += length
        else:
            kept.append(words[at])
            at += 1
    return tuple(kept)
