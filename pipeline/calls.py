"""What is asked of a model, and what it costs: requests, replies, plans, estimates.

Money is :class:`decimal.Decimal` US dollars here and integer micro-USD in the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from pipeline.columns import Columns, Kinds, kinds_of, lines_of

#: Who speaks a turn. A last turn of the assistant is how the reply begins; ``text`` is the only
#: turn of a prompt that no template is put around. Both are for local models.
Role = Literal["system", "user", "assistant", "text"]
Purpose = Literal["pair", "groups", "stories", "answer"]
FinishReason = Literal["stop", "length", "refusal", "error"]


class TokenCount(NamedTuple):
    """``n`` tokens, by which counter, and whether that counter is the model's own.

    ``low`` and ``high`` bound the true number; both equal ``n`` when ``exact``.
    """

    n: int
    counter: str
    exact: bool
    low: int
    high: int


class Band(NamedTuple):
    """A number not known yet: at least ``low``, probably ``likely``, never above ``high``."""

    low: int
    likely: int
    high: int


class Message(NamedTuple):
    """One turn of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True)
class Request:
    """One rendered call: everything that decides the reply, and nothing else.

    Args:
        model: catalogue name, such as ``local/smollm2-135m``.
        revision: what exactly answers: the sha256 of local weights, or the provider's model id.
        purpose: ``pair`` (how two tellings relate), ``groups`` (which of a window's tellings belong
            together), ``stories`` (its stories written again, merged), ``answer`` (free text).
        prompt, prompt_sha256: the released prompt it was rendered from.
        messages: the turns; the first ``shared`` of them are the same in every request of a plan.
        max_tokens: limit of the reply.
        schema: canonical JSON of the schema a reply must satisfy, "" for free text.
        vocabulary: when not empty, text whose words are the only ones a local model may write
            (beside glue words); ignored by models that cannot constrain their words.
        stop: strings that end the reply; not part of it.
    """

    model: str
    revision: str
    purpose: Purpose
    prompt: str
    prompt_sha256: str
    messages: tuple[Message, ...]
    max_tokens: int
    schema: str = ""
    vocabulary: str = ""
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int = 0
    shared: int = 0

    @cached_property
    def key(self) -> str:
        """The sha256 under which the reply is journalled."""
        head = _hashed_head(self.messages[: self.shared], *_SETTINGS(self))
        digest = head.copy()
        digest.update(canonical_json(self.messages[self.shared :]).encode())
        return digest.hexdigest()

    def keys_with(self, turns: Iterable[str]) -> Iterator[str]:
        """The keys of requests that differ in the turns after the shared ones only: those, as
        :func:`canonical_json` writes them."""
        head = _hashed_head(self.messages[: self.shared], *_SETTINGS(self))
        for told in turns:
            digest = head.copy()
            digest.update(told.encode())
            yield digest.hexdigest()


#: Everything of a request but its messages.
_SETTING_NAMES = tuple(f.name for f in fields(Request) if f.name != "messages")
_SETTINGS: Callable[[Request], tuple[Any, ...]] = attrgetter(*_SETTING_NAMES)


@lru_cache(maxsize=256)
def _hashed_head(shared: tuple[Message, ...], *settings: Any) -> hashlib._Hash:
    """The hash of what thousands of requests have in common, to be gone on with."""
    said = dict(zip(_SETTING_NAMES, settings, strict=True))
    return hashlib.sha256(canonical_json([said, shared]).encode())


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model reported them. ``input`` excludes both cache counts."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def prompt(self) -> int:
        """All prompt tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for the request whose ``key`` it carries.

    ``usd`` is what the provider's prices make of ``usage`` (None when the price is unknown,
    0 for a local model). ``model`` is the model id that the answering side reported. ``broken`` is
    how many attempts went before it whose connection broke, or which were not waited for any
    longer, after they had been sent: a provider may have billed them. ``likelihoods`` are the
    probabilities of a closed question's answers, by their words in its schema; they add up to 1.
    None where whoever answered gives none. An ``error`` with a text came, and is kept as it came.
    """

    key: str
    text: str
    finish: FinishReason
    usage: Usage
    seconds: float
    model: str = ""
    detail: str = ""
    usd: Decimal | None = None
    broken: int = 0
    likelihoods: Mapping[str, float] | None = None

    @property
    def came(self) -> bool:
        """Whether anything came back, usable or not: it may have been billed."""
        return self.finish != "error" or bool(self.text)


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that are handed to a provider together, for an answer within a day at a lower price.

    Args:
        id: ours, known before anything is sent.
        provider_id: theirs, "" until they have told us.
        keys: of the requests in it.
        created: when we began to hand it over; aware.
    """

    id: str
    provider_id: str
    keys: tuple[str, ...]
    created: datetime


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """How much one call may hold, and which limit decided it.

    Args:
        input_tokens: the longest prompt, template included.
        output_tokens: the longest reply.
        reason: the binding limit in words ("measured effective context", "price cliff …").
    """

    input_tokens: int
    output_tokens: int
    reason: str


@dataclass(frozen=True)
class Call:
    """One planned request.

    Args:
        id: position in the plan, "edit-0001".
        handles: (handle, story id) of every story the prompt shows, in its order.
        clusters: the handles, one tuple a cluster.
        output: tokens of the reply that are billed, thinking included.
        shared_tokens: how many of the prompt's tokens all calls of the plan begin with.
    """

    id: str
    stage: str
    request: Request
    handles: tuple[tuple[str, str], ...]
    clusters: tuple[tuple[str, ...], ...]
    input: TokenCount
    output: Band
    shared_tokens: int = 0

    @property
    def size(self) -> Size:
        """What a price needs of it."""
        asked = self.request
        return Size(asked.purpose, asked.prompt, self.input, self.output, self.shared_tokens)


class Size(NamedTuple):
    """What a price needs of a call: thousands of questions come in a few hundred sizes."""

    purpose: Purpose
    prompt: str
    input: TokenCount
    output: Band
    shared_tokens: int


class LaterSize(NamedTuple):
    """All that a price is made of, of a call whose prompt is not there yet; see
    :class:`LaterCall`."""

    stage: str
    input: Band
    output: Band
    shared_tokens: int
    share: float | None


@dataclass(frozen=True, slots=True)
class LaterCall:
    """A call of a strategy whose prompt is made of replies that are not there yet: its size is
    a band, its text unknown.

    Args:
        clusters: ids of the stories that this prompt is the first to show, those that may be the
            same together.
        share: how likely it is made at all: a price counts with none at least, all at most. None
            where it surely is.
        after: key of the request whose reply alone decides whether it is made.
    """

    id: str
    stage: str
    input: Band
    output: Band
    shared_tokens: int = 0
    clusters: tuple[tuple[str, ...], ...] = ()
    share: float | None = None
    after: str = ""

    @property
    def size(self) -> LaterSize:
        """What a price is made of."""
        return LaterSize(self.stage, self.input, self.output, self.shared_tokens, self.share)

    @property
    def stories(self) -> tuple[str, ...]:
        """Ids of the stories that this prompt is the first to show."""
        return tuple(name for members in self.clusters for name in members)


class SkippedStory(NamedTuple):
    """A story that is in no call, and why.

    ``duplicate``: proved to be another story, whose id is the detail. ``single``: nothing like it.
    ``asked enough``: what is like it lies beyond the pairs that are asked about. ``too_long``: fits
    into no window, kept as it is. ``staying``: its document may not leave this
    machine. ``about``: left out by ``--about``. ``proof``: no judge is asked.
    """

    story: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Stories that may be the same, by measured pairs.

    Args:
        members: story ids, in corpus order.
        score: the lowest measured similarity to the cluster's centre.
    """

    members: tuple[str, ...]
    score: float = 0.0


@dataclass(frozen=True)
class Plan:
    """All calls of a strategy for one model, the clusters they come from, and what is skipped.

    Lossless: every story of the corpus is in a call (now or ``later``) or in exactly one
    ``skipped`` entry. ``journalled`` are the keys of requests whose reply is stored
    already; they are not part of :attr:`sha256`, so an estimate and the run after it show the
    same hash. ``later`` are the calls that follow on replies; those ``after`` a request in
    ``settled`` are not made, as its journalled reply shows. ``remark`` says what of the strategy
    this model cannot do with this corpus, "" when it can do all. ``found_by`` names, for the ids of
    a pair that may be asked about, the lists of candidates that it is on.
    """

    strategy: str
    model: str
    limits: WindowLimits
    calls: Sequence[Call]
    skipped: tuple[SkippedStory, ...]
    n_stories: int
    n_clusters: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    journalled: frozenset[str] = frozenset()
    later: Sequence[LaterCall] = ()
    remark: str = ""
    found_by: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()

    @cached_property
    def sha256(self) -> str:
        """Hash of what will be asked: the keys with their handles, skipped stories, parameters."""
        body: dict[str, Any] = {
            "strategy": self.strategy,
            "skipped": self.skipped,
            "parameters": dict(self.parameters),
        }
        if self.later:
            body["later"] = (
                [[name, ()] for name in self.later.keys]
                if isinstance(self.later, Columns)
                else [[call.id, call.stories] for call in self.later]
            )
        digest = hashlib.sha256(canonical_json(body).encode())
        # A line a call: neither keys nor handles nor ids of stories hold a line break or a comma.
        parts = lines_of(self.calls, lambda call: ",".join(chain(*call.handles)))
        lines = [f"\n{key},{told}" for key, told in zip(self.keys, parts, strict=True)]
        digest.update("".join(lines).encode())
        return digest.hexdigest()

    @cached_property
    def keys(self) -> Sequence[str]:
        """The keys of all requests."""
        calls = self.calls
        return calls.keys if isinstance(calls, Columns) else [c.request.key for c in calls]

    @cached_property
    def to_send(self) -> Sequence[Call]:
        """The calls that no journalled reply answers."""
        if not self.journalled:
            return self.calls
        return tuple(call for call in self.calls if call.request.key not in self.journalled)

    @cached_property
    def sizes(self) -> Kinds[Size]:
        """The sizes of all calls."""
        calls = self.calls
        return calls.kinds if isinstance(calls, Columns) else kinds_of(call.size for call in calls)

    @cached_property
    def sizes_to_send(self) -> Kinds[Size]:
        """The sizes of :attr:`to_send`."""
        if not self.journalled:
            return self.sizes
        sent = zip(self.sizes, self.keys, strict=True)
        return kinds_of(size for size, key in sent if key not in self.journalled)

    @property
    def to_follow(self) -> Sequence[LaterCall]:
        """The later calls that are still to be reckoned with."""
        if not self.settled:
            return self.later
        return tuple(one for one in self.later if not one.after or one.after not in self.settled)

    @cached_property
    def later_sizes(self) -> Kinds[LaterSize]:
        """The sizes of all later calls."""
        later = self.later
        return later.kinds if isinstance(later, Columns) else kinds_of(one.size for one in later)

    @cached_property
    def sizes_to_follow(self) -> Kinds[LaterSize]:
        """The sizes of :attr:`to_follow`."""
        return kinds_of(one.size for one in self.to_follow) if self.settled else self.later_sizes

    def skipped_by_reason(self) -> dict[str, int]:
        """How many stories need no call, by reason."""
        counts: dict[str, int] = {}
        for entry in self.skipped:
            counts[entry.reason] = counts.get(entry.reason, 0) + 1
        return dict(sorted(counts.items()))


#: Made once: `json.dumps` makes one a call, which takes as long as writing a short value.
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no blanks: the same text for equal values."""
    return _JSON.encode(value)


def micro_usd(usd: Decimal) -> int:
    """Dollars as integer micro-dollars, rounded half up (how the database holds money)."""
    return int((usd * 1_000_000).to_integral_value(rounding="ROUND_HALF_UP"))
