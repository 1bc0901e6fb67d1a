"""What all models behind a network share: waves over a few threads, failures as replies.

One thread a request in flight, because the SDKs block. A reply that was paid for is never thrown
away: when a wave has to end early, what is in flight is still waited for and yielded.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage
from pipeline.errors import ModelError
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions
from pipeline.providers.remote.pacing import Load
from pipeline.providers.remote.retries import (
    BrokenError,
    RequestError,
    Retries,
    SilentError,
    UnfinishedError,
    UnreachableError,
    UnreadableError,
)
from pipeline.text.invisible import whole

if TYPE_CHECKING:
    import httpx2

    from pipeline.tokens.token_counters import TokenCounter

#: Seconds until a server has taken a connection. (For a reply: ``ModelOptions.patience``.)
_CONNECT = 10.0
#: Requests in a row that nobody answers, after which the server counts as hanging.
_SILENT = 2
#: Requests in flight at once: what a kill can cost.
THREADS = 4
#: Characters of a server's message that are kept, and those in a row that it may share with a
#: prompt by chance.
_MESSAGE, _BY_CHANCE = 2000, 24
#: More tokens than any request has.
_MOST_TOKENS = 10**9
#: Characters of a reply that cannot be read which are kept, and seconds that it is waited for
#: beyond what the client waits between two bytes.
_KEPT, _LATER = 20_000, 0.5


@cache
def _misread() -> tuple[type[Exception], ...]:
    """What SDKs raise over a body that is not what they expect."""
    import httpx2

    return (
        ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
        ValueError, httpx2.DecodingError,
    )  # fmt: skip


class Cloud(ABC):
    """A model behind a network. Subclasses say how one request is asked.

    Args:
        retries: the policy; by default ``options.max_attempts`` attempts.
        threads: requests in flight at once.
        timeout: of the HTTP client, in seconds; by default ``options.patience`` for a reply.

    Raises:
        ModelError: the key is missing.
    """

    #: Whether prompt tokens read from the cache count against the account's limit.
    _cached_counts = True

    def __init__(
        self,
        spec: ModelSpec,
        options: ModelOptions,
        *,
        retries: Retries | None = None,
        threads: int = THREADS,
        timeout: httpx2.Timeout | None = None,
    ) -> None:
        import httpx2

        from pipeline.providers.remote.response_bodies import Bodies

        self.spec = spec
        self.revision = spec.model_id
        self.variable = next(iter(spec.provider.key), "")
        self.timeout = timeout or httpx2.Timeout(options.patience or None, connect=_CONNECT)
        self._patience = float(self.timeout.read or 0)
        self._unanswered = 0
        self._cache = options.cache
        self._key = options.key
        self._secrets = [s for s in (options.key, *_credentials(options.base_url)) if s]
        self._now = options.now
        self._threads = max(1, threads)
        #: The policy that every request to this provider shares.
        self.retries = retries or Retries(options.max_attempts, say=options.say)
        self._pace = options.paces.of(spec, options.base_url)
        #: What came last, for the clients to fill.
        self._bodies = Bodies(_KEPT)
        self._counter: TokenCounter | None = None
        if not options.key and spec.needs_key:
            raise ModelError(
                "no key for this provider.",
                where=spec.name,
                next=f"Set the environment variable {self.variable}.",
            )

    def count(self, request: Request) -> TokenCount:
        """Prompt tokens, counted on this machine; nothing is sent."""
        if self._counter is None:
            from pipeline.tokens.token_counters import counter_for

            self._counter = counter_for(self.spec, cache=self._cache)
        return self._counter.count_request(request)

    @abstractmethod
    def count_online(self, request: Request) -> TokenCount:
        """Prompt tokens by the provider's own count. Sends the request's text.

        Raises:
            ModelError: the provider did not answer.
        """

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer a wave of requests, as they finish.

        A request that fails for good yields a reply with ``finish="error"``.

        Raises:
            ModelError: a failure that every further request would share (key, model, address).
                Replies in flight are yielded first.
        """
        stopped = threading.Event()
        fatal: ModelError | None = None
        waiting = iter(requests)

        def send(n: int) -> set[Future[Reply]]:
            return {self._started(one, stopped) for one in islice(waiting, n)}

        try:
            pending = send(self._threads)
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    try:
                        reply = future.result()
                    except CancelledError:
                        continue
                    except ModelError as error:
                        fatal = fatal or error
                        stopped.set()
                        continue
                    if progress is not None:
                        progress(reply.usage.output)
                    yield reply
                    # Only now is it in the journal: what a kill can cost is what is in flight.
                    if fatal is None:
                        pending |= send(1)
        finally:
            stopped.set()
        if fatal is not None:
            raise fatal

    def choose(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """As :meth:`complete`: one word under the schema. Replies carry likelihoods where the
        provider gives log-probabilities, for which closed questions are always asked."""
        return self.complete(requests, progress)

    @abstractmethod
    def describe(self) -> Mapping[str, str]:
        """SDK version, address and threads."""

    @abstractmethod
    def close(self) -> None:
        """Close the client's connections."""

    @abstractmethod
    def _ask(self, request: Request) -> Reply:
        """Send one request once.

        Raises:
            ModelError: with ``retryable`` set where another attempt may help;
                :class:`RequestError` where only this request is at fault.
        """

    def _started(self, request: Request, stopped: threading.Event) -> Future[Reply]:
        """A request on its way, in a thread of its own. Not in a pool's: Python waits for those
        when it ends, and after a Ctrl-C a slow server would hold the terminal for minutes."""
        answer: Future[Reply] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._answer(request, stopped))
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name=self.spec.provider.name, daemon=True).start()
        return answer

    def _answer(self, request: Request, stopped: threading.Event) -> Reply:
        """One request with its retries; what concerns only this request becomes a reply."""
        started = self.retries.clock()
        broken = 0

        def ask() -> Reply:
            nonlocal started, broken
            with self._turn(request, stopped) as took:
                started = self.retries.clock()
                try:
                    reply = self._within_patience(request)
                except (BrokenError, SilentError):
                    broken += 1
                    raise
                took(reply.usage)
            return reply

        try:
            reply = self.retries.call(ask, stopped)
        except UnreachableError:
            raise
        except SilentError as error:
            self._unanswered += 1
            if self._unanswered >= _SILENT:
                raise self._hangs() from error
            reply = failed(request, str(error))
        except UnreadableError as error:
            self._unanswered = 0
            error.message = unquoted(error.message, request)
            # With a text and no usage it is priced by what was set aside for it.
            kept = self._scrub(error.body) or f"({error.message})"
            reply = replace(failed(request, str(error)), text=kept[:_KEPT])
        except ModelError as error:
            self._unanswered = 0
            error.message = unquoted(error.message, request)
            if not error.retryable and not isinstance(error, RequestError):
                raise
            reply = failed(request, str(error))
        else:
            self._unanswered = 0
        return replace(
            reply,
            text=whole(reply.text),
            seconds=self.retries.clock() - started,
            broken=broken,
        )

    def _within_patience(self, request: Request) -> Reply:
        """Ask once, and wait for the whole of the reply no longer than a server may take: one that
        sends a byte a second is never silent, and never done.

        Raises:
            SilentError: it took longer. What still comes is not waited for.
        """
        if not self._patience:
            return self._read(request)
        answer: Future[Reply] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._read(request))
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name=f"{self.spec.provider.name} reply", daemon=True).start()
        try:
            # The client's own limit is the same: a little later, so that it can say so itself.
            return answer.result(timeout=self._patience + _LATER)
        except FutureTimeout:
            raise SilentError("the request timed out.", where=self.spec.name) from None

    def _read(self, request: Request) -> Reply:
        """One request asked once; a reply of any shape ends as one or as an error of ours. What
        came whole by HTTP may have been paid, whatever it is worth.

        Raises:
            UnreadableError: it is not a reply; with its body as it came.
        """
        self._bodies.forget()
        try:
            reply = self._ask(request)
        except UnreadableError as error:
            error.body = error.body or self._bodies.text
            raise
        except UnfinishedError as error:
            raise self._unreadable(error.message, self._bodies.text) from error
        except _misread() as exc:
            said = f"{type(exc).__name__}: {self._scrub(str(exc))}"
            raise self._garbled(said, self._bodies.text) from exc
        return self._kept(reply, self._bodies.text)

    def _kept(self, reply: Reply, body: str) -> Reply:
        """A reply that ended otherwise than replies do keeps what came of it.

        Args:
            body: as it came.
        """
        if reply.finish != "error" or reply.text:
            return reply
        return replace(reply, text=self._scrub(body)[:_KEPT] or f"({reply.detail})")

    @contextmanager
    def _turn(
        self, request: Request, stopped: threading.Event
    ) -> Iterator[Callable[[Usage], None]]:
        """A request's turn in its account's limits. What it really took is told to what this
        yields; an attempt that failed counts with all that it might have taken.

        Raises:
            CancelledError: stopped before it came.
        """
        load = Load()
        if self._pace.limits is not None:
            limit = self.spec.reply_limit(request.max_tokens)
            load = Load(1, self.count(request).high, limit)
        turn = self._pace.take(load, lambda at: self.retries.wait_until(at, stopped), stopped)

        def took(usage: Usage) -> None:
            nonlocal load
            n = usage.prompt if self._cached_counts else usage.input + usage.cache_write
            load = Load(1, n, usage.output) if usage.prompt else load

        try:
            yield took
        finally:
            self._pace.settle(turn, load)

    def _scrub(self, text: str) -> str:
        """A server's words without our key: some servers echo it."""
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text

    def _connection_error(self, exc: BaseException) -> ModelError:
        """A failure below HTTP. ``exc`` may be an SDK's wrapper round the real one."""
        import httpx2

        causes = (exc, exc.__cause__, exc.__context__)
        if any(isinstance(cause, httpx2.DecodingError) for cause in causes):
            return self._garbled(self._scrub(str(exc)))
        if any(isinstance(cause, httpx2.ConnectError) for cause in causes):
            return UnreachableError(
                "nothing answers at its address.",
                where=self.spec.name,
                next="Check that the server runs and that this machine can reach it.",
            )
        if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
            return SilentError("the request timed out.", where=self.spec.name)
        return BrokenError("the connection was dropped.", where=self.spec.name, retryable=True)

    def _hangs(self) -> ModelError:
        """One request may be too long for its server; when the next is not answered either, all
        would wait for nothing."""
        return ModelError(
            f"its server takes requests and answers none: {_SILENT} in a row timed out.",
            where=self.spec.name,
            next="Look at the server, and run the same command again: every reply so far is stored."
            " If it is only slow, give it more seconds with STORYTRANSFORMER_MODEL_PATIENCE.",
        )

    def _unfinished(self, what: str) -> UnfinishedError:
        """A body that ends in the middle: the connection broke, and a proxy did not say so."""
        return UnfinishedError(
            f"the reply is not readable: {what[:_MESSAGE]}.", where=self.spec.name, retryable=True
        )

    def _garbled(self, what: str, body: str = "") -> UnreadableError:
        """A body that is not what the protocol promises, mostly a proxy's work."""
        return self._unreadable(f"the reply is not readable: {what[:_MESSAGE]}.", body)

    def _unreadable(self, message: str, body: str) -> UnreadableError:
        return UnreadableError(message, where=self.spec.name, body=body)


def failed(
    request: Request, detail: str, usage: Usage | None = None, finish: FinishReason = "error"
) -> Reply:
    """The reply that says that there is none."""
    return Reply(request.key, "", finish, usage or Usage(), 0.0, "", unquoted(detail, request))


def unquoted(said: str, *requests: Request) -> str:
    """A server's message without what it repeats of the prompts: messages reach terminals, logs and
    Prefect's database, the words of a story do not."""
    texts = [turn.content for request in requests for turn in request.messages]
    said = said if len(said) <= _MESSAGE else f"{said[:_MESSAGE]} …"
    kept, at = "", 0
    while at < len(said):
        end = at + _BY_CHANCE
        if end > len(said) or not (held := [text for text in texts if said[at:end] in text]):
            kept, at = kept + said[at], at + 1
            continue
        while end < len(said) and (held := [text for text in held if said[at : end + 1] in text]):
            end += 1
        kept, at = f"{kept}[words of the prompt]", end
    return kept


def n_tokens(found: object) -> int:
    """A number of tokens that a server reports; words, nothing and what no request has are none."""
    if not isinstance(found, int) or isinstance(found, bool):
        return 0
    return found if 0 < found < _MOST_TOKENS else 0


def _credentials(address: str) -> list[str]:
    """What an address holds of a user and a password: together, and the password alone."""
    place = urlsplit(address).netloc
    if "@" not in place:
        return []
    both = place.rpartition("@")[0]
    return [both, unquote(both), both.partition(":")[2], unquote(both.partition(":")[2])]


def close_quietly(close: Callable[[], None]) -> None:
    """Close a client that may be half closed already."""
    with suppress(RuntimeError):
        close()
