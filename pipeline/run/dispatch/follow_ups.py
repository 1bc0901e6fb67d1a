"""The questions of one merge: the planned ones, those that follow on their replies, and what all of
them come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pipeline.calls import Call, Plan, Reply
from pipeline.entries import Answer, Judgement
from pipeline.plan.call_factory import CallFactory
from pipeline.plan.groups import VERIFYING, pairs_of
from pipeline.plan.orders import Orders, smaller
from pipeline.plan.pairs import AGAIN, WORDS, pair_call
from pipeline.providers.base import likeliest
from pipeline.replies.halves import halves
from pipeline.replies.parsing import CallFailed, likelihood_of, read_answer, read_groups
from pipeline.stories import Story


@dataclass(frozen=True, slots=True)
class Answered:
    """What a judge said.

    Args:
        judgements: one a pair that was answered.
        failed: why questions failed, one text each.
        unasked: how many questions were not asked, as a bound on them was reached.
    """

    judgements: tuple[Judgement, ...]
    failed: tuple[str, ...]
    unasked: int = 0


@dataclass
class Asking:
    """The questions about pairs, step by step: a pure function of the replies, so that a run that
    is taken up again asks the same.

    Args:
        factory: where questions are made; called when there are some to make.
        stories: by id.
        orders: when a pair is asked about the other way round, too.
        is_open: whether a pair that a window groups may be asked about.
        most_pairs: so many of them at most.
    """

    plan: Plan
    factory: Callable[[], CallFactory]
    stories: Mapping[str, Story]
    orders: Orders | None = None
    is_open: Callable[[str, str], bool] = lambda a, b: True
    most_pairs: int | None = None
    #: The questions about pairs in their first order.
    pairs: list[Call] = field(init=False)
    #: The same in the other order, by the key of the first.
    again: dict[str, Call] = field(init=False, default_factory=dict)
    _steps: Iterator[Callable[[Mapping[str, Reply]], list[Call]]] = field(init=False)

    def __post_init__(self) -> None:
        windows = self.plan.strategy == "groups"
        self.pairs = [] if windows else list(self.plan.calls)
        self._steps = iter([*([self._verify] if windows else []), self._other_order])

    @cached_property
    def _factory(self) -> CallFactory:
        return self.factory()

    @property
    def calls(self) -> list[Call]:
        """Every question so far."""
        following = self.pairs if self.plan.strategy == "groups" else []
        return [*self.plan.calls, *following, *self.again.values()]

    def follow(self, replies: Mapping[str, Reply]) -> list[Call]:
        """The questions that follow on the replies so far; none when there are no more."""
        for step in self._steps:
            if calls := step(replies):
                return calls
        return []

    def answered(self, replies: Mapping[str, Reply], judge: str) -> Answered:
        """What all of it comes to.

        Args:
            replies: by request key; a question without one was not asked.
        """
        said: list[Judgement] = []
        unasked = 0
        failed: list[str] = []
        if self.plan.strategy == "groups":
            _, failed, unasked = self._grouped(replies)
        for call in self.pairs:
            known = [replies.get(one.request.key) for one in self._orders_of(call)]
            asked = [reply for reply in known if reply is not None]
            unasked += len(asked) < len(known)
            if len(asked) < len(known):
                continue  # half of an answer is none
            try:
                answer, likelihood = read_both(asked)
            except CallFailed as failure:
                failed.append(failure.reason)
                continue
            (_, a), (_, b) = call.handles
            said.append(Judgement(a, b, answer, judge, likelihood=likelihood))
        return Answered(tuple(said), tuple(failed), unasked)

    def asked(self, replies: Mapping[str, Reply]) -> Iterator[tuple[Call, list[Reply]]]:
        """Every pair that was asked about, with its replies: in one order, or in both. Half of an
        answer is none."""
        for call in self.pairs:
            known = [replies.get(one.request.key) for one in self._orders_of(call)]
            asked = [reply for reply in known if reply is not None]
            if len(asked) == len(known):
                yield call, asked

    def unasked(self, replies: Mapping[str, Reply]) -> int:
        """How many questions so far nobody was asked: time was up before."""
        windows = self._grouped(replies)[2] if self.plan.strategy == "groups" else 0
        pairs = [*self.pairs, *self.again.values()]
        return windows + sum(call.request.key not in replies for call in pairs)

    def failed_windows(self, replies: Mapping[str, Reply]) -> list[str]:
        """Why windows of stories were not grouped, one text each."""
        return self._grouped(replies)[1] if self.plan.strategy == "groups" else []

    def _orders_of(self, call: Call) -> list[Call]:
        return [call, *filter(None, [self.again.get(call.request.key)])]

    def _verify(self, replies: Mapping[str, Reply]) -> list[Call]:
        """The questions about the pairs that windows group."""
        groups, _, _ = self._grouped(replies)
        for a, b in pairs_of(groups):
            if self.most_pairs is not None and len(self.pairs) >= self.most_pairs:
                break
            if not self.is_open(a, b):
                continue
            call = pair_call(self._factory, self.stories[a], self.stories[b], len(self.pairs) + 1)
            if call.input.high <= self.plan.limits.input_tokens:
                self.pairs.append(replace(call, stage=VERIFYING))
        return self.pairs

    def _grouped(
        self, replies: Mapping[str, Reply]
    ) -> tuple[list[tuple[Answer, tuple[str, ...]]], list[str], int]:
        """(relation, ids) of every group, why windows failed, and how many were not asked."""
        groups: list[tuple[Answer, tuple[str, ...]]] = []
        failed: list[str] = []
        unasked = 0
        for call in self.plan.calls:
            reply = replies.get(call.request.key)
            parts = halves(call, self.stories)
            if reply is None and not any(part.request.key in replies for part in parts):
                unasked += 1
                continue
            try:
                groups += _read(reply, call)
            except CallFailed as failure:
                asked = [part for part in parts if part.request.key in replies]
                for part in asked:
                    try:
                        groups += _read(replies[part.request.key], part)
                    except CallFailed as again:
                        failed.append(again.reason)
                failed += [] if asked else [failure.reason]
        return groups, failed, unasked

    def _other_order(self, replies: Mapping[str, Reply]) -> list[Call]:
        if self.orders is None:
            return []
        for call in self.pairs:
            reply = replies.get(call.request.key)
            if reply is not None and self._is_near(reply):
                self.again[call.request.key] = self._turned(call)
        return list(self.again.values())

    def _is_near(self, reply: Reply) -> bool:
        try:
            read_answer(reply)
        except CallFailed:
            return False
        return self.orders is not None and self.orders.asks_again(reply.likelihoods)

    def _turned(self, call: Call) -> Call:
        (_, a), (_, b) = call.handles
        turned = pair_call(self._factory, self.stories[b], self.stories[a], len(self.again) + 1)
        return replace(turned, id=f"{call.id} again", stage=AGAIN)


def _read(reply: Reply | None, call: Call) -> list[tuple[Answer, tuple[str, ...]]]:
    """The groups of a window by the ids of their stories.

    Raises:
        CallFailed: the reply cannot be used, or an earlier run's halves were asked in its place.
    """
    if reply is None:
        raise CallFailed("no reply came")
    ids = dict(call.handles)
    return [
        (group.relation, tuple(ids[handle] for handle in group.handles))
        for group in read_groups(reply, call)
    ]


def read_both(replies: Sequence[Reply]) -> tuple[Answer, float | None]:
    """The answer to a pair that was asked about in one order or in both, and its likelihood: the
    smaller of both. Where both give none and differ, nothing is put together.

    Raises:
        CallFailed: a reply cannot be used.
    """
    answers = [read_answer(reply) for reply in replies]
    if len(replies) == 1:
        return answers[0], likelihood_of(replies[0], answers[0])
    least = smaller(*(reply.likelihoods for reply in replies[:2]))
    if least is not None:
        word = likeliest(least, list(WORDS))
        return WORDS[word], least[word]
    return (answers[0] if len(set(answers)) == 1 else Answer.DIFFERENT), None
