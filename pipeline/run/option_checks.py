"""Options of a merge that mean nothing are refused before a document is read."""

from __future__ import annotations

from pipeline.config.options import MergeOptions
from pipeline.document.structure.topics import parse_grouping
from pipeline.errors import InputError
from pipeline.plan.strategies import STRATEGIES

#: Judges without a model: what every merge does with what they find.
BY_CODE = {
    "code": "proof is in every merge, and folds without being named",
    "likeness": "likeness of words finds the pairs that a judge is asked about",
    "embeddings": "sentence vectors find more of the pairs that a judge is asked about",
}


def check_judge(name: str) -> None:
    """Refuse a judge that can be examined and not asked.

    Raises:
        InputError: it is one of code.
    """
    if name in BY_CODE:
        raise InputError(
            f"{name!r} is examined, but is nobody to be asked: {BY_CODE[name]}.",
            where="--judge",
            next="Leave it out, or name a model; `storytransformer models` lists them.",
        )


def check_options(chosen: MergeOptions) -> None:
    """Refuse options of a merge that mean nothing.

    Raises:
        InputError: one of them.
    """
    parse_grouping(chosen.group)
    if chosen.edition not in ("files", "full"):
        raise InputError(
            f"there is no edition {chosen.edition!r}.",
            where="--edition",
            next="There are: files, full.",
        )
    if chosen.strategy not in STRATEGIES:
        raise InputError(
            f"no strategy {chosen.strategy!r}.",
            where="--strategy",
            next="There are: pairs, groups.",
        )
    if chosen.pairs is not None and chosen.pairs < 0:
        raise InputError(
            "fewer than no questions cannot be asked.",
            where="--pairs",
            next="Give a number of pairs, 0 for none.",
        )
    if any(not phrase.strip() for phrase in chosen.about):
        raise InputError("no word is given.", where="--about", next="Name what to keep.")
    if chosen.max_seconds is None:
        return
    if chosen.max_seconds < 0:
        raise InputError(
            "less than no time cannot be spent.",
            where="--max-seconds",
            next="Give a number of seconds, 0 to ask nothing.",
        )
    if chosen.batch:
        raise InputError(
            "a batch is handed over at once and answered within a day.",
            where="--max-seconds",
            next="Bound it by --pairs or --max-cost.",
        )
