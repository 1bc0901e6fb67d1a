"""What a text denies or limits, and whether another says it without.

A denial is often told by a word that denies: what is "not full" lacks something, who "may not
enter" is barred, "only members" are "members and nobody else". So two texts differ in a denial for
sure only where what the one denies stands between the same words in the other, the other says
nothing that the one does not, as any other word may deny as well ("all locked but one", "one is
left open"), and neither has a turning word ("lack", "bar", "free of") or a limit more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pipeline.judge.opposed_words import Lexicon
from pipeline.judge.places import REACH, Places
from pipeline.text.words import word_set

#: Behind a denial these let in what follows: "nobody but members" are members only.
_BUT = word_set("but except besides")
#: "nobody else", "no other", "no others": what stands before them alone.
_ELSE = word_set("else other others")
#: Denials of all that follows, not of the next word.
_EXCEPTING = word_set("unless except excluding außer sauf salvo tranne exceto behalve tenzij")
_AFTER_NO_DENIAL = word_set(
    "more less later longer fewer earlier sooner greater higher shorter only just merely simply"
    " matter mehr weniger länger später nur bloß plus moins seulement más menos solo más più meno"
    " solo mais só meer minder alleen"
)
#: Words that limit in time, order or number: beside one, an opposite or a denial may say the same
#: ("keep it until May", "delete it after May").
_LIMITING = word_set(
    "until till after before once when whenever while since except excluding unless first last"
    " longer later sooner most least more less than instead over above under below beyond within"
    " but"
)
#: "only when it is dry" is told as "not before", "until", "as long as it is not".
_CONDITIONS = word_set("once if when whenever after as while where until unless")


def denials(of: Places, lexicon: Lexicon) -> list[int]:
    """Where the words deny. "no later than", "not only" and "none but" are bounds, not denials."""
    bounded = _bounded(of, lexicon)
    return [
        i
        for i, word in enumerate(of.words)
        if (word in lexicon.negations or word.endswith("n't"))
        and i not in bounded
        and not _is_bound(of.words, i)
    ]


def turning(of: Places, lexicon: Lexicon, but: Collection[int] = ()) -> int:
    """How many words deny, lack or take away by what they mean.

    Args:
        but: places that do not count.
    """
    return sum(
        i not in but and word not in lexicon.negations and bool(lexicon.turning.match(word))
        for i, word in enumerate(of.words)
    )


def turned(of: Places, lexicon: Lexicon) -> tuple[int, int, int]:
    """How many words of each sort turn round what a text says."""
    return turning(of, lexicon), len(denials(of, lexicon)), len(_limits(of, lexicon))


def limited_alike(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether two texts have the same words that limit in time, order or number, denials apart."""
    words = _LIMITING - lexicon.negations
    return words & frozenset(one.words) == words & frozenset(two.words)


def denial_differs(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether one text denies in all and the other does not, and what the one denies the other
    says in the same place ("guests may not pay", "guests pay", but not "none is late", "all are in
    time")."""
    mine, yours = denials(one, lexicon), denials(two, lexicon)
    odd = [bool(of) if lexicon.concord else len(of) % 2 == 1 for of in (mine, yours)]
    if odd[0] == odd[1]:
        return False
    others = [(turning(of, lexicon), len(_limits(of, lexicon))) for of in (one, two)]
    if others[0] != others[1]:
        return False
    return _denies(one, mine, two, yours) or _denies(two, yours, one, mine)


def _denies(one: Places, denied: Sequence[int], two: Places, theirs: Sequence[int]) -> bool:
    """Whether a text denies what the other says without denying it: the word that a denial points
    to, or stands behind at an end, and whatever it stands behind as well."""
    if not two.said <= one.said:
        return False
    said = two.said - frozenset(two.after(i) or two.before(i) for i in theirs)
    for i in denied:
        behind = one.before(i)
        if behind and behind not in two.said:
            continue
        following = [k for k in range(i + 1, len(one.keys)) if one.keys[k]]
        near = [k for k in following if k <= i + REACH]
        if one.words[i] not in _EXCEPTING:
            if len(near) > 1 and one.keys[near[1]] not in two.said:
                continue  # "no seat is left", "the last seat is taken": nothing is denied
            following = near[:1] or [k for k in range(i - 1, -1, -1) if one.keys[k]][:1]
        if any(one.keys[k] in said and one.is_between(k, two) for k in following):
            return True
    return False


def limit_differs(one: Places, two: Places, lexicon: Lexicon) -> bool:
    """Whether one text takes away with "only" what the other leaves open, in the same place."""
    mine, yours = _limits(one, lexicon), _limits(two, lexicon)
    if bool(mine) == bool(yours):
        return False
    others = [(turning(of, lexicon), len(denials(of, lexicon))) for of in (one, two)]
    return others[0] == others[1] and (_takes(one, mine, two) or _takes(two, yours, one))


def _takes(one: Places, limits: Sequence[int], two: Places) -> bool:
    if not two.said <= one.said:
        return False
    for i in limits:
        if one.words[i + 1 : i + 2] and one.words[i + 1] in _CONDITIONS:
            continue
        behind = one.before(i)
        if behind and behind not in two.said:
            continue
        limited = [k for k in range(i + 1, min(len(one.keys), i + 1 + REACH)) if one.keys[k]]
        limited = limited[:1] or [k for k in range(i - 1, -1, -1) if one.keys[k]][:1]
        if any(one.is_between(k, two) for k in limited):
            return True
    return False


def _limits(of: Places, lexicon: Lexicon) -> list[int]:
    """Where a text says "only": a word of the list, or a denial of all others."""
    return sorted({*of.at(lexicon.limits), *_bounding(of, lexicon)})


def _bounded(of: Places, lexicon: Lexicon) -> frozenset[int]:
    """Where a denial and a word behind it say "only"."""
    return frozenset(k for pair in _bounds(of, lexicon) for k in pair)


def _bounding(of: Places, lexicon: Lexicon) -> frozenset[int]:
    return frozenset(i for i, _ in _bounds(of, lexicon))


def _bounds(of: Places, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    for i in of.at(word_set("ne n")):
        for k, word in enumerate(of.words[i + 1 : i + 6], i + 1):
            if word in ("que", "qu"):
                yield i, k
    for i in of.at(lexicon.negations - _BUT):
        for k, word in enumerate(of.words[i + 1 : i + 4], i + 1):
            than = (word, of.words[k + 1 : k + 2]) == ("other", ("than",))
            if word in _BUT or than or (k == i + 1 and word in _ELSE):
                yield i, k


def _is_bound(words: Sequence[str], i: int) -> bool:
    following = words[i + 1 : i + 3]
    return bool(following) and (following[0] in _AFTER_NO_DENIAL or "than" in following)
