"""A provider's batch API behind the same seam as single calls: half the price, within a day.

The order of things is what makes a killed run harmless. A batch is written down before it is sent;
its id is stored as soon as the provider tells it, before anything else; it is closed only when
every answer has been handed on. Whatever was cut off in between, the next run finds the batch
again: by the stored id, or, where the process died while sending it, by asking the provider for the
mark that it was sent with. Nothing is sent again before the provider has said that it is not there;
where a provider cannot be asked that, the first one stays in the books as possibly paid.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from pipeline.amounts import counted
from pipeline.calls import Batch, Reply, Request, TokenCount, canonical_json
from pipeline.errors import ModelError
from pipeline.models import ModelSpec
from pipeline.providers.remote.cloud import failed, unquoted
from pipeline.providers.remote.retries import RequestError, Retries, UnreadableError

#: HTTP statuses of a provider that lets no one list batches: these are no matter of the key alone.
_CLOSED_LIST = (403, 404)
#: Seconds in which a batch may still arrive whose process died while sending it.
_ON_ITS_WAY = 5.0
#: Not in the provider's words: they may repeat a story, and this is kept where no purge looks.
_REFUSED = "refused by the provider"


class BatchProgress(NamedTuple):
    """How far a provider is: answered of all requests, and whether it is done with them."""

    answered: int
    total: int
    ended: bool


class Arrival(NamedTuple):
    """What a provider says of a batch that may have arrived: its id, "" where none is known to be
    it; ``undecided`` are those of which one may be, told for certain when they have ended."""

    id: str = ""
    undecided: tuple[str, ...] = ()


class UnaskableError(ModelError):
    """The provider does not tell which batches it has: one may be there, and be paid."""


class BatchLimits(NamedTuple):
    """What one batch may hold."""

    requests: int
    n_bytes: int


class BatchProvider(Protocol):
    """A cloud model whose provider takes batches. Every method asks once."""

    spec: ModelSpec
    revision: str
    batch_limits: BatchLimits
    retries: Retries

    def count(self, request: Request) -> TokenCount: ...

    def describe(self) -> Mapping[str, str]: ...

    def close(self) -> None: ...

    def submit(self, batch: Batch, requests: Sequence[Request]) -> str:
        """Hand a batch over; returns the provider's id."""
        ...

    def find_submitted(self, batch: Batch, known: frozenset[str]) -> Arrival:
        """A batch that may have arrived although nobody told us; ``known`` are the ids of
        others."""
        ...

    def look(self, provider_id: str) -> BatchProgress:
        """How far it is."""
        ...

    def collect(self, provider_id: str, requests: Mapping[str, Request]) -> Iterator[Reply]:
        """The replies of an ended batch to those of its requests that are given, by key. An entry
        that failed, expired or was cancelled is a reply with ``finish="error"``."""
        ...


class BatchRegister(Protocol):
    """Where batches are written down."""

    def pending(self, keys: Sequence[str]) -> list[Batch]:
        """Batches that hold some of these requests and are not closed."""
        ...

    def open(self, model: str, requests: Sequence[Request]) -> Batch:
        """Write down a batch that is about to be sent."""
        ...

    def submitted(self, batch: Batch, provider_id: str) -> Batch:
        """Store the id that the provider gave."""
        ...

    def close(self, batch: Batch, outcome: str, keys: Sequence[str] | None = None) -> None:
        """These of its requests (all when None) wait for nothing any more."""
        ...

    def known(self) -> frozenset[str]:
        """Every provider id that was ever stored."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks at a batch: doubling from the first to the longest."""

    first: float = 1.0
    longest: float = 60.0


class BatchedModel:
    """A model whose waves go through the provider's batch API.

    Args:
        say: told what a person who waits wants to know.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        provider: BatchProvider,
        register: BatchRegister,
        *,
        say: Callable[[str], None] = lambda line: None,
        pace: Pace = Pace(),
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.spec = provider.spec
        self.revision = provider.revision
        self._provider = provider
        self._register = register
        self._say = say
        self._pace = pace
        self._sleep = sleep or threading.Event().wait
        self._ids: list[str] = []

    def count(self, request: Request) -> TokenCount:
        """As the model itself counts."""
        return self._provider.count(request)

    def describe(self) -> Mapping[str, str]:
        """What the model says of itself, and the ids of the batches."""
        return {**self._provider.describe(), "batches": " ".join(self._ids)}

    def close(self) -> None:
        """Close the model's connections. Batches go on at the provider."""
        self._provider.close()

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer a wave by batches: those that are pending already, and new ones for the rest.

        Raises:
            ModelError: the provider cannot be asked. Batches stay written down; the next run
                waits for them.
        """
        requests = list(requests)
        waiting = {request.key: request for request in requests}
        batches = list(filter(None, map(self._taken_up, self._register.pending(list(waiting)))))
        held = {key for batch in batches for key in batch.keys}
        for some in _portions(
            [request for request in requests if request.key not in held],
            self._provider.batch_limits,
        ):
            batch = self._register.open(self.spec.name, some)
            try:
                batches.append(self._submit(batch, some))
            except RequestError as refused:
                self._register.close(batch, _REFUSED)
                for request in some:
                    yield failed(waiting.pop(request.key), f"the batch was refused: {refused}")
        for reply in self._answers(batches, waiting):
            if progress is not None:
                progress(reply.usage.output)
            yield reply

    def _taken_up(self, batch: Batch) -> Batch | None:
        """A batch of an earlier try, if the provider has it."""
        if not batch.provider_id:
            try:
                found = self._arrived(batch)
                if not found:  # what was on its way when its process died may be there by now
                    self._sleep(_ON_ITS_WAY)
                    found = self._arrived(batch)
            except UnaskableError as error:
                self._say(
                    f"whether a batch of {counted(len(batch.keys), 'call')} of an earlier run "
                    "reached the "
                    f"provider cannot be asked ({error.message}): it may have been paid and stays "
                    "set aside at its worst case; its calls are sent anew"
                )
                self._register.close(batch, "it may have reached the provider")
                return None
            if not found:
                self._register.close(batch, "it never reached the provider")
                return None
            batch = self._register.submitted(batch, found)
        self._say(f"batch {batch.provider_id} of an earlier run is found again")
        return batch

    def _arrived(self, batch: Batch) -> str:
        """The provider's id of a batch whose handing over was cut off, "" when it does not have it.
        What it tells only of batches that have ended is waited for.

        Raises:
            UnaskableError: the provider does not say what it has.
            ModelError: it cannot be reached, or the key is wrong.
        """
        known = self._register.known()
        while True:
            try:
                told = self._provider.retries.call(
                    lambda: self._provider.find_submitted(batch, known)
                )
            except ModelError as error:
                if isinstance(error, RequestError) or error.status in _CLOSED_LIST:
                    raise UnaskableError(error.message, where=error.where) from error
                raise
            if told.id or not told.undecided:
                return told.id
            self._say(
                f"a batch of {counted(len(batch.keys), 'call')} may have reached the provider, "
                "which tells "
                f"whose a batch is when it has ended: waiting for {', '.join(told.undecided)}"
            )
            self._wait_for(told.undecided)

    def _wait_for(self, provider_ids: Sequence[str]) -> None:
        """Wait until batches at the provider have ended, whosever they are."""
        seconds = self._pace.first
        for provider_id in provider_ids:
            ended = False
            while not ended:
                ended = self._look(provider_id).ended
                if not ended:
                    self._sleep(seconds)
                    seconds = min(self._pace.longest, 2 * seconds)

    def _submit(self, batch: Batch, requests: Sequence[Request]) -> Batch:
        """Hand a batch over, once: before another attempt the provider is asked whether the first
        one, whose answer was lost, did arrive."""
        attempts = 0

        def hand_over() -> str:
            nonlocal attempts
            attempts += 1
            if attempts > 1 and (arrived := self._arrived(batch)):
                return arrived
            try:
                return self._provider.submit(batch, requests)
            except UnreadableError:  # it was answered, so that it may be there
                if arrived := self._arrived(batch):
                    return arrived
                raise

        try:
            provider_id = self._provider.retries.call(hand_over)
        except UnaskableError:
            raise  # it stays written down: it may be there
        except ModelError as error:
            error.message = unquoted(error.message, *requests)
            if not error.retryable and not isinstance(error, RequestError):
                self._register.close(batch, _REFUSED)
            raise
        batch = self._register.submitted(batch, provider_id)
        self._say(
            f"batch {provider_id} of {counted(len(requests), 'call')} submitted; interrupt as "
            "you like, the "
            "same command waits for it again"
        )
        return batch

    def _answers(self, batches: Sequence[Batch], waiting: Mapping[str, Request]) -> Iterator[Reply]:
        self._ids += [batch.provider_id for batch in batches]
        unfinished = list(batches)
        seconds = self._pace.first
        told: dict[str, int] = {}
        while unfinished:
            for batch in tuple(unfinished):
                state = self._look(batch.provider_id)
                if state.ended:
                    unfinished.remove(batch)
                    yield from self._collected(batch, waiting)
                elif told.get(batch.id) != state.answered:
                    told[batch.id] = state.answered
                    self._say(f"batch {batch.provider_id}: {_progress(state)}")
            if unfinished:
                self._sleep(seconds)
                seconds = min(self._pace.longest, 2 * seconds)

    def _look(self, provider_id: str) -> BatchProgress:
        return self._provider.retries.call(lambda: self._provider.look(provider_id))

    def _collected(self, batch: Batch, waiting: Mapping[str, Request]) -> Iterator[Reply]:
        """The replies of an ended batch; it is closed when the last one was taken."""
        wanted = {key: waiting[key] for key in batch.keys if key in waiting}
        # All of them are read before the first is handed on: a stream that drops half way is read
        # again from its beginning.
        replies = self._provider.retries.call(
            lambda: {
                reply.key: reply for reply in self._provider.collect(batch.provider_id, wanted)
            }
        )
        n_failed = 0
        for key, request in wanted.items():
            reply = replies.get(key) or failed(request, "the batch holds no result for this call")
            n_failed += reply.finish == "error"
            yield reply
        outcome = f"{len(wanted) - n_failed} answered, {n_failed} failed"
        self._register.close(batch, outcome, list(wanted))
        self._say(f"batch {batch.provider_id} ended: {outcome}")


def _progress(state: BatchProgress) -> str:
    return f"{state.answered} of {state.total} answered" if state.total else "not ended yet"


def _portions(requests: Sequence[Request], limits: BatchLimits) -> list[list[Request]]:
    """The requests in order, cut into batches that a provider takes."""
    portions: list[list[Request]] = []
    n_bytes = 0
    for request in requests:
        size = len(canonical_json([request.messages, request.schema]).encode()) + 1_000
        full = portions and (
            len(portions[-1]) >= limits.requests or n_bytes + size > limits.n_bytes
        )
        if not portions or full:
            portions.append([])
            n_bytes = 0
        portions[-1].append(request)
        n_bytes += size
    return portions
