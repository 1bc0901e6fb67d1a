"""Send a plan's calls in waves: each reply is journalled before it is used, none is asked twice.

What a call costs is reserved at its worst case just before it is sent; what left the machine was
allowed to. A call that fails and holds several clusters is tried once more as two smaller ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pipeline.calls import Call, Reply, Request, Usage
from pipeline.cost.bill import worst_usage
from pipeline.errors import BudgetError, ModelError, SovereigntyError, StoreError
from pipeline.models import ModelSpec
from pipeline.providers.base import Model, choose
from pipeline.replies.halves import halves
from pipeline.replies.parsing import check
from pipeline.run.dispatch.budget import Budget, Journal, Pricer
from pipeline.run.dispatch.concurrent_requests import Claims, ConcurrentRequests
from pipeline.run.dispatch.usage import taken
from pipeline.stories import Story
from pipeline.text.invisible import visible, whole

__all__ = ["Journal", "Pricer", "run_wave", "waves", "worst"]

#: Calls of one wave: enough for a local model to decode together and for a cloud's rate limit.
WAVE = 32

#: Characters of a reply that cannot be used which are kept.
_KEPT = 20_000

#: Which of some request keys are reserved and handed over already.
InFlight = Callable[[Sequence[str]], Collection[str]]


def _nothing(keys: Sequence[str]) -> Collection[str]:
    """No request is in flight: every call is made by the process that waits for it."""
    return ()


def _always() -> bool:
    """Time has no limit."""
    return True


def waves(calls: Sequence[Call], size: int = WAVE) -> list[tuple[Call, ...]]:
    """The calls in bounded lists, in order; a Prefect task holds one."""
    return [tuple(calls[i : i + size]) for i in range(0, len(calls), size)]


def run_wave(
    calls: Sequence[Call],
    model: Model | None,
    journal: Journal,
    *,
    stories: Mapping[str, Story],
    usd: Pricer | None = None,
    allow_cloud: Sequence[str] | bool = (),
    staying: Collection[str] = (),
    budget: Budget | None = None,
    progress: Callable[[int], None] | None = None,
    in_flight: InFlight = _nothing,
    claims: Claims | None = None,
    in_time: Callable[[], bool] = _always,
    say: Callable[[str], None] = lambda line: None,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Reply]:
    """The replies of one wave by request key, from the journal where it has them.

    Bad replies are among them, so that a run can count what they cost; they fail again when they
    are parsed. What came to the same request before and cannot be used is not asked for again: it
    may have been paid. ``model`` may be None when the journal has everything.

    Args:
        stories: what the handles of the calls point to.
        staying: ids of stories that may not leave the machine: a call that shows one is refused
            before anything is sent.
        progress: told of newly generated tokens.
        in_flight: which of some request keys an earlier process of this run has reserved and
            handed to the provider already (as a batch).
        claims: which process asks what at this moment; what another asks is waited for and taken
            from the journal. None where nobody else asks.
        in_time: whether another call may be sent; what is not sent has no reply.
        say: told what is waited for.
    """
    smaller = {call.id: halves(call, stories) for call in calls}
    parts = [part for cut in smaller.values() for part in cut]
    keys = [call.request.key for call in (*calls, *parts)]
    replies = dict(journal.find(keys))
    _refuse_damaged((*calls, *parts), replies)
    replies |= journal.unusable([key for key in keys if key not in replies])
    asked = [
        call
        for call in calls
        if call.request.key not in replies and not _answered(smaller.get(call.id, ()), replies)
    ]
    again = _second_tries(calls, smaller, replies)
    budget = budget or Budget(journal)
    if model is not None and model.spec.leaves_machine:
        _refuse_staying((*asked, *again), frozenset(staying), stories, model.spec.name)
    if not (asked or again) or budget.is_empty or not in_time():
        return replies
    concurrent = ConcurrentRequests(partial(_known, journal), claims, say, progress)
    sender = _Sender(
        model, journal, usd, bool(allow_cloud), budget, in_flight, concurrent, in_time, clock
    )
    with concurrent.asking():
        replies.update(sender.send(asked, progress))
        replies.update(sender.send(_second_tries(calls, smaller, replies), progress))
    return replies


def _known(journal: Journal, keys: Sequence[str]) -> dict[str, Reply]:
    """What came to these requests, usable or not."""
    found = dict(journal.find(keys))
    return found | dict(journal.unusable([key for key in keys if key not in found]))


def _second_tries(
    calls: Iterable[Call], smaller: Mapping[str, Sequence[Call]], replies: Mapping[str, Reply]
) -> list[Call]:
    """The smaller calls of those that failed, as far as nothing came to them."""
    failed = [
        call
        for call in calls
        if (reply := replies.get(call.request.key)) is not None and check(reply, call)
    ]
    parts = [part for call in failed for part in smaller.get(call.id, ())]
    return [part for part in parts if part.request.key not in replies]


def _refuse_damaged(calls: Iterable[Call], replies: Mapping[str, Reply]) -> None:
    """A reply that was good when it was stored is good for ever: it is not asked for again, nor
    counted as failed, when it has changed since.

    Raises:
        StoreError: one cannot be read any more.
    """
    for call in calls:
        reply = replies.get(call.request.key)
        if reply is not None and (why := check(reply, call)):
            raise StoreError(
                f"a journalled reply is damaged: {why}.",
                where=f"table reply, row request={reply.key[:24]}",
                next="Restore a copy of the database, or name another one with --db.",
            )


def _answered(parts: Sequence[Call], replies: Mapping[str, Reply]) -> bool:
    """Whether an earlier run went over to the smaller calls, and has all their replies."""
    return bool(parts) and all(part.request.key in replies for part in parts)


def _refuse_staying(
    calls: Iterable[Call], staying: Collection[str], stories: Mapping[str, Story], name: str
) -> None:
    """The last look before anything leaves: whoever planned these calls should have left the
    stories out that stay here.

    Raises:
        SovereigntyError: a call shows one of them.
    """
    for call in calls:
        for _, story in call.handles:
            if story in staying:
                raise SovereigntyError(
                    f"a call to {name} would show a story that stays on this machine.",
                    where=str(stories[story].source),
                    next="Leave the document out or use a local/… model.",
                )


class _Sender:
    """Sends calls to one model, storing every reply before anything else is done with it."""

    def __init__(
        self,
        model: Model | None,
        journal: Journal,
        usd: Pricer | None,
        allow_cloud: bool,
        budget: Budget,
        in_flight: InFlight,
        concurrent: ConcurrentRequests[Reply],
        in_time: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._model = model
        self._journal = journal
        self._usd = usd
        self._allow_cloud = allow_cloud
        self._budget = budget
        self._in_flight = in_flight
        self._concurrent = concurrent
        self._in_time = in_time
        self._clock = clock

    def send(
        self, calls: Iterable[Call], progress: Callable[[int], None] | None
    ) -> dict[str, Reply]:
        waiting = {call.request.key: call for call in calls}
        replies: dict[str, Reply] = {}
        while len(replies) < len(waiting) and self._in_time() and not self._budget.is_empty:
            before = len(replies)
            refusal = self._round(waiting, replies, progress)
            if refusal is not None and len(replies) == before:
                self._budget.end(refusal)
                break
            # What others ask is theirs to answer: a run whose time is up does not wait for it.
            if refusal is None and self._in_time():
                replies.update(self._concurrent.wait([k for k in waiting if k not in replies]))
        return replies

    def _round(
        self,
        waiting: Mapping[str, Call],
        replies: dict[str, Reply],
        progress: Callable[[int], None] | None,
    ) -> BudgetError | None:
        """Send what is not answered yet and no other process asks, until the budget refuses the
        next call. Then what is in flight is still waited for: it costs less than was set aside for
        it, so that another round may go on."""
        model = self._allowed()
        rest = {key: call for key, call in waiting.items() if key not in replies}
        left: set[str] = set()
        refusals: list[BudgetError] = []

        def affordable() -> Iterator[Request]:
            handed_over = self._in_flight(list(rest))
            for n, (key, call) in enumerate(rest.items()):
                if not self._in_time():
                    left.update(list(rest)[n:])
                    return
                # A run beside this one may have been answered since the wave began.
                found = self._concurrent.claimed(key)
                if found is None:
                    left.add(key)
                    continue
                if found:
                    replies[key] = found[key]
                    continue
                try:
                    self._reserve(call, model.spec, key in handed_over)
                except BudgetError as refusal:
                    self._concurrent.released(key)
                    refusals.append(refusal)
                    left.update(list(rest)[n:])
                    return
                yield call.request

        started = self._clock()
        judges = all(call.request.purpose == "pair" for call in waiting.values())
        replies_of = partial(choose, model) if judges else model.complete
        for reply in replies_of(affordable(), progress):
            call = waiting.get(reply.key)
            if call is None or reply.key in replies:
                raise ModelError(
                    "answered a request it was not asked, or one twice.", where=model.spec.name
                )
            replies[reply.key] = self._store(call, reply)
        for key in rest:
            if key not in replies and key not in left:
                silent = Reply(
                    key, "", "error", Usage(), self._clock() - started, detail="no reply came"
                )
                replies[key] = self._store(waiting[key], silent)
        return refusals[0] if refusals else None

    def _allowed(self) -> Model:
        model = self._model
        if model is None:
            raise ModelError("no model is open and the journal does not hold every reply.")
        if model.spec.leaves_machine and not self._allow_cloud:
            raise SovereigntyError(
                f"{model.spec.name} would send the stories off this machine.",
                next="Add --allow-cloud to allow it, or use a local/… model.",
            )
        return model

    def _reserve(self, call: Call, spec: ModelSpec, handed_over: bool) -> None:
        """Set aside the worst case of a call that is about to be sent.

        Raises:
            BudgetError: it does not fit.
        """
        if self._usd is None:
            return
        key = call.request.key
        if handed_over:
            self._budget.take_over(key)
        else:
            usd = self._usd(call.request, worst(spec, call))
            self._budget.reserve(key, usd, call.request.model)

    def _store(self, call: Call, reply: Reply) -> Reply:
        """The reply with its price, journalled."""
        why = check(reply, call)
        reply = self._priced(call, _storable(reply, usable=not why))
        self._book_broken(call, reply.broken)
        self._journal.put(call.request, reply, good=not why, why=why)
        self._concurrent.released(reply.key)
        if self._usd is not None:
            self._budget.settle(reply.key, reply.usd)
        return reply

    def _book_broken(self, call: Call, broken: int) -> None:
        """Attempts whose connection broke may have been billed: each stays set aside at its worst
        case, so that it counts against the budget as possible. The money is gone or not, whatever
        the limit: one that is reached refuses the next call."""
        if self._usd is None or self._model is None or not broken:
            return
        usd = self._usd(call.request, worst(self._model.spec, call))
        for _ in range(broken):
            try:
                self._budget.reserve_possible(call.request.key, usd)
            except BudgetError:
                return

    def _priced(self, call: Call, reply: Reply) -> Reply:
        """The reply with its dollars, and with tokens that can be. An engine of ours counts what
        it reads and writes; what a server reports is checked."""
        billed = reply.usage
        if self._model is not None and self._model.spec.provider.is_served:
            usage, billed, doubt = taken(call.request, reply, worst(self._model.spec, call))
            detail = "; ".join(filter(None, [reply.detail, doubt]))
            reply = replace(reply, usage=usage, detail=detail)
        if self._usd is None or reply.usd is not None:
            return reply
        return replace(reply, usd=self._usd(call.request, billed))


def _storable(reply: Reply, *, usable: bool) -> Reply:
    """A reply in a form that can be kept and looked at; what cannot be used, bounded."""
    text = whole(reply.text)
    if not usable:
        text = visible(text if len(text) <= _KEPT else f"{text[:_KEPT]} …")
    detail, model = (visible(said[:_KEPT]) for said in (reply.detail, reply.model))
    return replace(reply, text=text, detail=detail, model=model)


def worst(spec: ModelSpec, call: Call) -> Usage:
    """The most that a call can be billed for. A provider may count thinking as output: the limit
    it is sent is above what is likely."""
    most = worst_usage(spec, call)
    return replace(most, output=max(most.output, call.request.max_tokens))
