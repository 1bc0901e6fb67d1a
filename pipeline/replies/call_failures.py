"""Why calls failed, in a few words for a person, and what a run says whose calls failed.

A run in which nothing was answered must not look like one in which nothing was to be said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from pipeline.amounts import counted, dollars
from pipeline.calls import Reply
from pipeline.errors import LedgerError, ModelError
from pipeline.kept import Kept

#: What a reply's detail, or the reason why it cannot be used, says of the kind of failure.
_KINDS = (
    (re.compile(r"\b429\b|rate.?limit|quota", re.I), "the account's limit was reached (429)"),
    (re.compile(r"timed? ?out|no reply came", re.I), "no reply came in time"),
    (
        re.compile(r"refus|blocked|content.?filter|safety", re.I),
        "refused by the model or its provider",
    ),
    (re.compile(r"\b5\d\d\b|overloaded", re.I), "the server failed (5xx)"),
    (re.compile(r"dropped|connection", re.I), "the connection broke"),
    (re.compile(r"not readable", re.I), "what came was not a reply"),
    (re.compile(r"cut the prompt|context|too long", re.I), "too long for the server"),
    (re.compile(r"length|cut off|limit of its reply", re.I), "the reply was cut off"),
    (re.compile(r"\b4\d\d\b"), "the request was rejected (4xx)"),
)
#: The option that asks again for what came and cannot be used.
AGAIN = "--ask-again"
_ELSE = "the reply could not be used"


def kind_of(reply: Reply, why: str) -> str:
    """The kind of a failure.

    Args:
        why: the reason why the reply cannot be used.
    """
    said = "refusal" if reply.finish == "refusal" else f"{reply.detail} {why} {reply.finish}"
    return kind_told(said)


def kind_told(said: str) -> str:
    """The kind of a failure that is told in words."""
    return next((kind for pattern, kind in _KINDS if pattern.search(said)), _ELSE)


def told(failed: Mapping[str, int]) -> str:
    """The kinds with their numbers, the most frequent first."""
    return ", ".join(f"{n} {kind}" for kind, n in Counter(failed).most_common())


def warning(asked: int, failed: Mapping[str, int]) -> str:
    """What a run says of which some calls failed, "" where none did."""
    n = sum(failed.values())
    if not n:
        return ""
    return (
        f"warning: {n} of {asked} calls failed: {told(failed)}. Their stories stand as they were."
    )


def unasked_told(unasked: int, of: int, usd: Decimal | None, seconds: int | None) -> str:
    """What a run says that a bound ended before all was asked, "" where none did.

    Args:
        usd: the budget that was spent; None where the time was up.
    """
    if not unasked:
        return ""
    bound = f"the {seconds or 0:,} seconds of --max-seconds were up"
    if usd is not None:
        bound = f"the next may cost more than is left of the {dollars(str(usd))} of --max-cost"
    return (
        f"{unasked:,} of {counted(of, 'question')} were not asked: {bound}. The merge goes by "
        "what was "
        "answered; the same command again asks on."
    )


def spent_told(n: int) -> str:
    """What a run says of questions whose replies came in an earlier run and cannot be used, ""
    where there are none."""
    if not n:
        return ""
    return (
        f"{n:,} {'reply' if n == 1 else 'replies'} of an earlier run cannot be used and may have "
        f"been paid: not asked again. {AGAIN} asks again."
    )


def lost(kept: Kept, file: str) -> LedgerError:
    """What ends a run whose document lacks a sentence, with exit code 3."""
    # Numbers and ids: words would stand in a log and in Prefect's state.
    first = f", the first of them of story {kept.missing[0][0]}" if kept.missing else ""
    return LedgerError(
        f"{counted(len(kept.missing), 'sentence')} of the stories are not in the merged "
        f"document{first}; "
        f"{len(kept.faults)} faults in its books.",
        where=file,
        next='The files are written as *.incomplete; "kept" in it names each. Please report '
        "this with the database.",
    )


def all_failed(
    asked: int, failed: Mapping[str, int], *, where: str, came: bool = False
) -> ModelError | None:
    """What ends a run whose calls all failed, with exit code 6; None where one was answered.

    Its document is written first, of what needs no model, and says so.

    Args:
        came: whether replies came that cannot be used.
    """
    if not asked or sum(failed.values()) < asked:
        return None
    calls = "The only call" if asked == 1 else f"All {asked} calls"
    return ModelError(
        f"{calls} failed: {told(failed)}. The document was written without a model.",
        where=where,
        next="Mend the cause and run the same command again"
        + (f", with {AGAIN}: replies that came may have been paid." if came else ".")
        + " What is answered is not asked again.",
    )
