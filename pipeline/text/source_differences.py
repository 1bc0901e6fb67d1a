"""In which harmless ways the source texts of two stories differ that are proved the same: fields
hold neither the frame of a story sentence nor the stop that ends it."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.text.typography import set_plainly

_RUN = re.compile(r"(\S+)(\s+)(?=(\S+))")
_SENTENCE_END = re.compile(r"[.!?:;]\s|\n")


class Sentence(NamedTuple):
    """A story sentence as it stands in its source, in plain typography.

    Args:
        wish, purpose: what stands before goal and benefit, on one line.
        stops: whether a full stop follows the goal, and the benefit.
        typography: the rules that set it plainly.
    """

    text: str
    wish: str
    purpose: str
    stops: tuple[bool, bool]
    typography: frozenset[str]


def sentence_in(text: str, role: str, goal: str, benefit: str) -> Sentence:
    """The sentence of role, goal and benefit in a story's text; all of the text where they are not
    found in it."""
    used: set[str] = set()
    plain = set_plainly(text, used)
    wanted = _last(goal, plain)
    if not goal or wanted is None:
        return Sentence(plain, "", "", (False, False), frozenset(used))
    why = _last(benefit, plain) if benefit else None
    who = _last(role, plain[: wanted.start()]) if role else None
    begin = who.start() if who else _begin(plain, wanted.start())
    wish = plain[who.end() if who else begin : wanted.start()]
    purpose, ends = "", [wanted.end()]
    if why:
        after = why.start() >= wanted.end()
        purpose = plain[wanted.end() if after else _begin(plain, why.start()) : why.start()]
        begin = min(begin, why.start())
        ends.append(why.end())
    stops = [plain[end : end + 1] == "." for end in ends]
    end = max(ends)
    used.clear()
    set_plainly(text if len(plain) != len(text) else text[begin:end], used)
    return Sentence(
        plain[begin:end], _flat(wish), _flat(purpose), (stops[0], stops[-1]), frozenset(used)
    )


def differences(one: Sentence, other: Sentence) -> set[str]:
    """The rules by which two sentences differ around their goal and benefit."""
    rules = set(one.typography ^ other.typography)
    if one.wish != other.wish:
        rules.add("story-frame")
    if one.purpose != other.purpose:
        rules.add("purpose-frame")
    if one.stops != other.stops:
        rules.add("closing-stop")
    return rules | blanks_differ(one.text, other.text)


def blanks_differ(one: str, other: str) -> set[str]:
    """The rule of white space, where a run of blanks other than a single one stands in one text
    and not in the other."""
    return {"white-space"} if _runs(one) != _runs(other) else set()


def _runs(text: str) -> set[tuple[str, str, str]]:
    return {
        (_bare(before), run, _bare(after))
        for before, run, after in _RUN.findall(text)
        if run != " "
    }


def _bare(word: str) -> str:
    return "".join(filter(str.isalnum, word)).casefold()


def _last(phrase: str, text: str) -> re.Match[str] | None:
    """The last place of a phrase, over line ends and marks of emphasis too."""
    words = set_plainly(phrase, set()).replace("*", " ").replace("_", " ").split()
    if not words:
        return None
    pattern = r"[\s*_]+".join(map(re.escape, words))
    found = list(re.finditer(rf"(?<!\w){pattern}(?!\w)", text))
    return found[-1] if found else None


def _begin(text: str, end: int) -> int:
    """Where the sentence that goes on to ``end`` begins."""
    begin = 0
    for found in _SENTENCE_END.finditer(text, 0, end):
        begin = found.end()
    return begin


def _flat(text: str) -> str:
    return " ".join(text.replace("*", " ").replace("_", " ").split()).strip()
