"""Two goals of the same words that may ask for opposite things.

Who tells a need again seldom keeps every content word and exchanges a small one, or the order:
"turn notifications on" and "off", "from trial to paid" and "from paid to trial". So two goals of
equal content words that differ in a small word, in the order, or in one word and its opposite
are marked for a person. The mark decides nothing; it is English only, like the stems it rests on.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from pipeline.compare.differences import changed_runs
from pipeline.compare.synonyms import OPPOSITES, concept
from pipeline.text.words import WORD, fold, is_content, stem, word_set

#: Small words whose exchange, addition or loss changes nothing that is asked for.
_HARMLESS = word_set(
    "a an the my our your his her its their this that these those i we you he she it they me us him"
    " them be is are was were been being am do does did have has had can could will would shall"
    " able want wants wanted like wish need needs to of also so then just please"
)
#: What makes the opposite of a word ("visible", "invisible"), or the doing of it once more.
_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "de", "non", "mis", "anti", "de-", "non-", "re")
_FEWEST = 2
#: Letters of a stem that a prefix may turn round, at least ("port" is no end of "export").
_SHORTEST = 4
#: Small words that grammar counts as adverbs or adjectives.
_SMALL_TOO = word_set(
    "least fewest first last next previous unless inside outside fewer less more lesser greater"
    " earlier later sooner longer shorter together apart twice alone too instead within till"
)
#: Common opposites: closed, general, of no product's domain.
_PAIRS = """
open close, open shut, start stop, start end, start finish, begin end, add remove, add delete,
insert delete, create delete, create destroy, enable disable, activate deactivate, allow forbid,
allow deny, allow block, allow prevent, permit forbid, grant revoke, grant deny, accept reject,
accept decline, approve reject, approve decline, approve deny, show hide, lock unlock,
import export, upload download, send receive, buy sell, borrow lend, borrow return, rent return,
push pull, join leave, enter leave, enter exit, login logout, raise lower, increase decrease,
increase reduce, grow shrink, expand collapse, expand shrink, extend shorten, win lose,
find lose, keep delete, keep discard, keep remove, save discard, save delete, include exclude,
include omit, pass fail, succeed fail, arrive depart, arrive leave, lift drop, ask answer,
remember forget, encrypt decrypt, compress decompress, connect disconnect, attach detach,
mount unmount, subscribe unsubscribe, follow unfollow, like dislike, agree disagree,
publish unpublish, publish withdraw, book cancel, order cancel, freeze thaw, fill empty,
merge split, combine split, hire fire, charge refund, pay refund, credit debit, archive restore,
delete restore, remove restore, mute unmute, pin unpin, assign unassign, fast slow,
faster slower, quick slow, early late, old new, older newer, young old, high low, higher lower,
large small, larger smaller, big small, bigger smaller, long short, strong weak, hard easy,
hard soft, hot cold, warm cold, light dark, bright dark, heavy light, full empty,
public private, public confidential, visible invisible, visible hidden, internal external,
local remote, online offline, active inactive, automatic manual, automatically manually,
optional required, optional mandatory, mandatory voluntary, maximum minimum, minimal maximal,
positive negative, left right, top bottom, front back, north south, east west, inner outer,
upper lower, ascending descending, forward backward, forwards backwards, weekday weekend,
day night, morning evening, present absent, safe dangerous, rich poor, clean dirty, wet dry,
sharp blunt, success failure, success error, winner loser, buyer seller, sender recipient,
sender receiver, parent child, teacher student, doctor patient, employer employee, debit credit,
profit loss, input output, source target, incoming outgoing, inbound outbound, entry exit,
arrival departure, beginning end, advantage disadvantage, strength weakness, best worst,
better worse, cheap expensive, cheapest dearest, near far, nearest farthest, common rare,
single multiple, allowed forbidden, free paid
"""
_OPPOSED = frozenset(
    frozenset(map(stem, pair.split())) for pair in _PAIRS.replace("\n", " ").split(",")
)
#: Of these, the two ends of one thing: what one side does, the other has done to it.
_CONVERSE = """
lend borrow, borrow return, rent return, buy sell, send receive, buyer seller, sender recipient,
sender receiver, parent child, teacher student, doctor patient, employer employee, debit credit,
push pull, ask answer, import export
"""
_CONVERSES = frozenset(
    frozenset(map(stem, pair.split())) for pair in _CONVERSE.replace("\n", " ").split(",")
)


@dataclass(frozen=True, slots=True)
class Opposition:
    """What two texts may be opposed in.

    Args:
        about: ``small words``, ``order`` or ``opposites``.
        one, two: the runs of words in which each differs.
    """

    about: str
    one: tuple[str, ...]
    two: tuple[str, ...]


@lru_cache(maxsize=1 << 14)
def opposition(a: str, b: str) -> Opposition | None:
    """How two goals of the same words may be opposed, None where nothing says so."""
    one, two = _words(a), _words(b)
    mine, yours = _content(one), _content(two)
    if min(len(mine), len(yours)) < _FEWEST:
        return None
    about = ""
    if Counter(mine) == Counter(yours):
        if _small(one) != _small(two):
            about = "small words"
        elif _telling(one) != _telling(two):
            about = "order"
        elif _direction(one) != _direction(two):
            about = "small words"
    elif _opposite(mine, yours):
        about = "opposites"
    if not about:
        return None
    runs = changed_runs(a, b)
    return Opposition(
        about,
        tuple(run for run, _ in runs if run),
        tuple(run for _, run in runs if run),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in WORD.findall(fold(text)))


def _content(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(stem(word) for word in words if _says(word))


def _telling(words: tuple[str, ...]) -> tuple[str, ...]:
    """Every word but the harmless ones, in order."""
    return tuple(stem(word) for word in words if word not in _HARMLESS)


def _small(words: tuple[str, ...]) -> Counter[str]:
    return Counter(word for word in words if not _says(word) and word not in _HARMLESS)


def _says(word: str) -> bool:
    """Whether a word carries content, or is a number."""
    return word.isdigit() or (is_content(word) and word not in _SMALL_TOO)


def _direction(words: tuple[str, ...]) -> tuple[str, ...]:
    """ "to" and "of" are harmless where they only join, and not where they stand against
    "from", "by" or each other: each with the content word after it."""
    found = []
    for i, word in enumerate(words):
        if word in ("to", "of") and i:
            after = next((w for w in words[i + 1 : i + 4] if is_content(w)), "")
            if is_content(words[i - 1]):
                found.append(f"{word} {stem(after)}" if after else word)
    return tuple(found)


def are_opposites(one: str, two: str) -> bool:
    """Whether two stems are opposites by the closed list, or by "un-" and "non-"."""
    if frozenset((one, two)) in _OPPOSED:
        return True
    if frozenset((concept(one), concept(two))) in OPPOSITES:
        return True
    short, long = sorted((one, two), key=len)
    return len(short) >= _SHORTEST and long in (f"un{short}", f"non{short}")


def are_converses(one: str, two: str) -> bool:
    """Whether two stems name the two ends of one thing ("lend", "borrow")."""
    return frozenset((one, two)) in _CONVERSES


def _opposite(mine: tuple[str, ...], yours: tuple[str, ...]) -> bool:
    """Whether the only content word in which two texts differ is the other's opposite."""
    left, right = Counter(mine) - Counter(yours), Counter(yours) - Counter(mine)
    if sum(left.values()) != 1 or sum(right.values()) != 1:
        return False
    one, two = next(iter(left)), next(iter(right))
    if are_opposites(one, two):
        return True
    short, long = sorted((one, two), key=len)
    made = (re.fullmatch(prefix + re.escape(short), long) for prefix in _PREFIXES)
    return len(short) >= _SHORTEST and any(made)
