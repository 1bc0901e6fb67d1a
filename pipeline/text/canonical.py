"""Canonical tokens: two texts with the same ones are proved to say the same.

What may differ is the closed list of :data:`pipeline.text.rules.RULES`. A quoted run of words and
code count to the letter, and so does everything in a language that is not known, typography and
white space apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.text.language import ENGLISH
from pipeline.text.notation import NUMBER_WORDS, RULED, number_of, write_notations
from pipeline.text.spelling import CONTRACTIONS, SPELLINGS, expand
from pipeline.text.story_frames import frame
from pipeline.text.typography import lower_first, set_plainly

#: Of the rules: a fingerprint made by other ones is another fingerprint.
VERSION = "proof-2"

#: Most words of a text are none of these, and a look at a table is cheaper than three rules.
_CHANGEABLE = {
    language: frozenset(CONTRACTIONS.get(language, ()))
    | frozenset(SPELLINGS.get(language, ()))
    | frozenset(NUMBER_WORDS[language])
    for language in RULED
}
_DIGIT = re.compile(r"\d")
_INDENTED = re.compile(r"\n(?:[ \t]|\s*```)|\A\s*```")
_LEAD, _TAIL = "(", ").,;:!?"
#: A stop after two letters, digits or a closing mark ends a text; "cd ." and "..." do not.
_CLOSING_STOP = re.compile(r"(?<=[^\W_]{2}|\w[)\"'%])\.\Z|(?<=\b[^\W_])\.\Z")
#: A single quotation mark that opens a word, if it is not a Dutch contraction.
_SINGLE_QUOTED = re.compile(r"(?:^|[\s(])'(?!(?:t|n)\s)")


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text in its normal form.

    Args:
        tokens: of its words and signs, in order; a line each for indented code.
        rules: names of the rules that changed something.
    """

    tokens: tuple[str, ...]
    rules: frozenset[str]


@lru_cache(maxsize=1 << 16)
def canonical(text: str, field: str, language: str) -> Canonical:
    """The normal form of one field of a story.

    Args:
        field: "title", "role", "goal", "benefit", "criterion", "body", or "sentence" for a whole
            story sentence.
        language: by its English name, as :func:`pipeline.text.language.proven_language` gives it;
            "" where it is not known.
    """
    used: set[str] = set()
    if field == "body" and _INDENTED.search(text):
        lines = (line.rstrip() for line in text.strip("\n").splitlines())
        return Canonical(tuple(lines), frozenset())
    plain = set_plainly(text, used)
    if " ".join(plain.split()) != plain:
        used.add("white-space")
    if language in RULED and "`" not in plain:
        plain = _apply(plain, field, language, used)
    return Canonical(tuple(plain.split()), frozenset(used))


def _apply(text: str, field: str, language: str, used: set[str]) -> str:
    """The rules of a known language, outside quotation marks."""
    parts = text.split('"')
    if len(parts) % 2 == 0 or _SINGLE_QUOTED.search(text):  # what is quoted cannot be told
        return text
    for n in range(0, len(parts), 2):
        part = " ".join(parts[n].split())
        if part:
            first = n == 0
            if first and field in ("sentence", "goal", "body"):
                part = frame(part, language, used)
            words = _words(part.split(), field, language, used, starts=first and field != "role")
            part = " ".join(words)
            if _DIGIT.search(part):
                part = write_notations(part, language, used)
            before = " " if parts[n][:1].isspace() else ""
            after = " " if parts[n][-1:].isspace() else ""
            parts[n] = f"{before}{part}{after}"
    changed = '"'.join(parts).strip()
    stripped = _CLOSING_STOP.sub("", changed)
    if stripped != changed:
        used.add("closing-stop")
    return stripped


def _words(
    tokens: list[str], field: str, language: str, used: set[str], *, starts: bool
) -> list[str]:
    """The rules that change one word, on every token of a run outside quotation marks."""
    split = [_split(token) for token in tokens]
    words = [core for _, core, _ in split]
    spellings = SPELLINGS.get(language, {})
    begins, heading = starts, field == "title" and language == ENGLISH
    for at, (lead, _, tail) in enumerate(split):
        if begins and not lead and (small := lower_first(language, words, at)):
            words[at] = small
            used.add("sentence-case")
        elif heading and at and not lead and (small := lower_first(language, words, at)):
            words[at] = small
            used.add("title-case")
        begins = not heading and tail in (".", "!", "?")
    changeable = _CHANGEABLE[language]
    for at, word in enumerate(words):
        if word not in changeable:
            continue
        for rule, change in (
            ("contraction", expand(language, words, at)),
            ("spelling", spellings.get(word, "")),
            ("number-word", number_of(language, words, at)),
        ):
            if change:
                words[at] = change
                used.add(rule)
                break
    return [f"{lead}{word}{tail}" for (lead, _, tail), word in zip(split, words, strict=True)]


def _split(token: str) -> tuple[str, str, str]:
    """A token's opening brackets, its core, and the marks that close it."""
    if token.isalnum():
        return "", token, ""
    core = token.lstrip(_LEAD)
    word = core.rstrip(_TAIL)
    return token[: len(token) - len(core)], word, core[len(word) :]


#: Made once: `json.dumps` makes one a call.
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def hash_tokens(kind: str, language: str, parts: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """The sha256 of named fields' canonical tokens, with the version of the rules."""
    told = _JSON.encode([VERSION, kind, language, parts])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
