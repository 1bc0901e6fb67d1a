"""Prompt tokens as a model's own provider counts them: what ``estimate --count-online`` sends.

A count changes the sizes that a plan carries, never what it will ask: its hash stays.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.calls import Call, Plan, Request, TokenCount
from pipeline.errors import ModelError
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions
from pipeline.providers.opening import open_online
from pipeline.run.corpus import Corpus
from pipeline.run.sovereignty import host_of, leaving
from pipeline.store.record import Store
from pipeline.store.runs import RunState

#: Prompts of one plan that are counted; in a longer plan they are drawn, and scale the others.
SAMPLE = 40
#: Fewer counts than these say too little of how the others scatter.
LEAST = 8
#: Requests in flight at once.
THREADS = 4


class Counted(NamedTuple):
    """A plan after counting.

    Args:
        n: how many of its prompts the provider counted; 0 leaves the plan as it was.
        note: what was counted, or why nothing was.
    """

    plan: Plan
    n: int
    note: str


@dataclass(frozen=True, slots=True)
class OnlineCounts:
    """How providers are asked to count.

    Args:
        find: a model that is to be asked, its server looked up.
        options: what opening it needs.
    """

    find: Callable[[str], ModelSpec]
    options: Callable[[ModelSpec], ModelOptions]

    def count(self, plan: Plan, spec: ModelSpec, corpus: Corpus, store: Store | None) -> Counted:
        """The plan with its provider's counts. What leaves this machine for it is in the books
        before it does, as a run of the kind ``count``.

        The caller has asked :func:`~pipeline.run.sovereignty.check_sovereignty`.
        """
        calls = drawn(plan)
        if not spec.provider.is_served or not calls:
            return Counted(plan, 0, "")
        options = self.options(spec)
        try:
            model = open_online(spec, options)
        except ModelError as error:
            return Counted(plan, 0, _not_counted(spec, error))
        run = ""
        try:
            if store is not None and spec.leaves_machine:
                run = store.start_run(
                    kind="count",
                    corpus=store.save_corpus(corpus.extractions),
                    model=spec.name,
                    strategy=plan.strategy,
                    revision=model.revision,
                    plan_sha256=plan.sha256,
                    describe=model.describe(),
                )
                host = host_of(spec, options.base_url)
                store.save_departures(run, host, leaving(calls, corpus.by_id))
            counted, failure = ask(calls, model.count_online)
            if run and store is not None:
                state: RunState = "failed" if failure else "completed"
                store.finish_run(run, state, error=str(failure) if failure else None)
                run = ""
        finally:
            if run and store is not None:
                store.finish_run(run, "interrupted")
            model.close()
        return with_counts(plan, spec, counted, failure)


def drawn(plan: Plan, n: int = SAMPLE) -> tuple[Call, ...]:
    """The calls to count: all that will be sent, or ``n`` of them, always the same of a plan."""
    waiting = plan.to_send
    if len(waiting) <= n:
        return tuple(waiting)
    places = random.Random(plan.sha256).sample(range(len(waiting)), n)
    return tuple(waiting[place] for place in sorted(places))


def ask(
    calls: Sequence[Call], count: Callable[[Request], TokenCount]
) -> tuple[dict[str, TokenCount], ModelError | None]:
    """Counts by request key, and the first failure; after it nothing more is sent."""
    failures: list[ModelError] = []

    def one(request: Request) -> TokenCount | None:
        if failures:
            return None
        try:
            found = count(request)
            if found.n < 1:
                raise ModelError(f"the server counts {found.n} tokens.", where=found.counter)
        except ModelError as error:
            failures.append(error)
            return None
        return found

    with ThreadPoolExecutor(THREADS, thread_name_prefix="count") as pool:
        found = pool.map(one, [call.request for call in calls])
        counted = {c.request.key: n for c, n in zip(calls, found, strict=True) if n is not None}
    return counted, failures[0] if failures else None


def with_counts(
    plan: Plan,
    spec: ModelSpec,
    counted: Mapping[str, TokenCount],
    failure: ModelError | None = None,
) -> Counted:
    """The plan with these counts, by request key. What was not counted is scaled: likely by the
    ratio of all counts to what had been planned, its band from the least to the greatest ratio of
    one prompt."""
    waiting = plan.to_send
    if len(counted) < min(LEAST, len(waiting)):
        return Counted(plan, 0, _not_counted(spec, failure))
    pairs = [(c.input.n, counted[c.request.key].n) for c in waiting if c.request.key in counted]
    ratio = sum(found for _, found in pairs) / sum(planned for planned, _ in pairs)
    least = min(found / planned for planned, found in pairs)
    most = max(found / planned for planned, found in pairs)
    whole = len(counted) == len(waiting)
    by = next(iter(counted.values())).counter
    counter = by if whole else f"{by}, {len(counted)} of {len(waiting)} prompts"

    def resized(call: Call) -> Call:
        found = counted.get(call.request.key)
        if found is None:
            n = call.input.n
            low, high = int(n * least), -int(-n * most // 1)
            found = TokenCount(round(n * ratio), counter, False, low, high)
        shared = min(found.n, round(call.shared_tokens * ratio))
        return replace(call, input=found._replace(counter=counter), shared_tokens=shared)

    note = f"{spec.name}: {len(counted)} of {len(waiting)} prompts counted by {by}"
    if not whole:
        note += f", the others scaled by ×{ratio:.3f} ({least:.3f} to {most:.3f})"
    if failure is not None:
        note += f"; then: {failure}"
    if plan.later:
        note += "; calls made of replies stay as they were planned"
    known = plan.journalled
    calls = tuple(c if c.request.key in known else resized(c) for c in plan.calls)
    return Counted(replace(plan, calls=calls), len(counted), note)


def _not_counted(spec: ModelSpec, failure: ModelError | None) -> str:
    why = f": {failure}" if failure else ""
    return f"{spec.name}: not counted online, the band stays{why}"
