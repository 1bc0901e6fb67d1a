"""A plan without its words: how many tokens each call has, and under which key its reply stands.

That is all a price needs. It holds no text of any document, and nothing in it can be sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

from pipeline.calls import (
    Band,
    Call,
    LaterCall,
    LaterSize,
    Plan,
    Request,
    Size,
    SkippedStory,
    TokenCount,
    WindowLimits,
    canonical_json,
)
from pipeline.columns import Columns, Kinds
from pipeline.plan.call_factory import LaterColumns

#: Raised when the shape below changes; text of another shape is a miss, not an error.
_SHAPE = 5
#: Characters of a key.
_KEY = 64


@dataclass(frozen=True)
class KnownRequest(Request):
    """A request of which the key is known and the words are not: to be priced, never sent."""

    known_key: str = ""

    @cached_property
    def key(self) -> str:
        return self.known_key


@dataclass(frozen=True)
class Outline(Plan):
    """A plan whose calls have sizes and keys, but no messages, handles or clusters. What code
    decides and why stories are skipped is kept as far as it quotes none of them."""

    known_sha256: str = ""

    @cached_property
    def sha256(self) -> str:
        return self.known_sha256


class KnownCalls(Columns[Call, Size]):
    """Calls of known sizes and keys.

    Args:
        strategy, model: of the plan.
        keys: one after the other, without anything between.
    """

    def __init__(self, strategy: str, model: str, keys: str, sizes: Kinds[Size]) -> None:
        super().__init__(sizes)
        self._strategy, self._model, self._keys = strategy, model, keys

    @cached_property
    def keys(self) -> Sequence[str]:
        joined = self._keys
        return [joined[start : start + _KEY] for start in range(0, len(joined), _KEY)]

    @property
    def lines(self) -> Iterable[str]:
        return repeat("", len(self))

    def made(self, place: int) -> Call:
        purpose, prompt, read, written, shared = self.kinds.each[self.kinds.of[place]]
        key = self.keys[place]
        request = KnownRequest(self._model, "", purpose, prompt, "", (), 1, known_key=key)
        name = f"{self._strategy}-{place + 1:04d}"
        return Call(name, self._strategy, request, (), (), read, written, shared)


class KnownLater(LaterColumns):
    """Later calls of known sizes.

    Args:
        names: of the calls.
        after: of each call the place of the request in ``keys`` whose reply decides whether it is
            made; -1 where it surely is.
    """

    def __init__(
        self, names: Sequence[str], after: Sequence[int], keys: str, sizes: Kinds[LaterSize]
    ) -> None:
        super().__init__(sizes)
        self._names, self._after, self._keys = names, after, keys

    @property
    def keys(self) -> Sequence[str]:
        return self._names

    @property
    def after(self) -> Sequence[int]:
        return self._after

    def made(self, place: int) -> LaterCall:
        stage, read, written, shared, share = self.kinds.each[self.kinds.of[place]]
        start = self._after[place] * _KEY
        after = self._keys[start : start + _KEY] if start >= 0 else ""
        return LaterCall(self._names[place], stage, read, written, shared, (), share, after)


def outline_as_text(plan: Plan) -> str:
    """JSON of what a price needs of a plan, column by column."""
    names, after = _following(plan)
    body = {
        "shape": _SHAPE,
        "strategy": plan.strategy,
        "model": plan.model,
        "sha256": plan.sha256,
        "limits": [plan.limits.input_tokens, plan.limits.output_tokens, plan.limits.reason],
        "skipped": [
            [story, reason, detail if reason == "about" else ""]
            for story, reason, detail in plan.skipped
        ],
        "n_stories": plan.n_stories,
        "n_clusters": plan.n_clusters,
        "parameters": dict(plan.parameters),
        "remark": plan.remark,
        "keys": "".join(plan.keys),
        "sizes": list(plan.sizes.each),
        "of": list(plan.sizes.of),
        "later": {
            "names": names,
            "after": after,
            "sizes": list(plan.later_sizes.each),
            "of": list(plan.later_sizes.of),
        },
    }
    return canonical_json(body)


def _following(plan: Plan) -> tuple[Sequence[str], Sequence[int]]:
    """Of every later call its name, and the place of the request whose reply decides on it."""
    if isinstance(plan.later, LaterColumns):
        return plan.later.keys, plan.later.after
    if not plan.later:
        return [], []
    places = {key: place for place, key in enumerate(plan.keys)} | {"": -1}
    return [call.id for call in plan.later], [places[call.after] for call in plan.later]


def outline_from_text(text: str) -> Outline | None:
    """The outline that :func:`outline_as_text` wrote; None when the text is damaged or of another
    shape (the plan is then made again)."""
    try:
        body = json.loads(text)
        return _outline(body) if body["shape"] == _SHAPE else None
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _outline(body: dict[str, Any]) -> Outline:
    strategy, model = body["strategy"], body["model"]
    sizes = [
        Size(purpose, prompt, TokenCount(*read), Band(*written), shared)
        for purpose, prompt, read, written, shared in body["sizes"]
    ]
    keys, of, later = body["keys"], body["of"], body["later"]
    following = [
        LaterSize(stage, Band(*read), Band(*written), shared, share)
        for stage, read, written, shared, share in later["sizes"]
    ]
    if len(keys) != _KEY * len(of) or not all(0 <= place < len(sizes) for place in set(of)):
        raise ValueError("columns of different lengths")
    if not len(later["names"]) == len(later["after"]) == len(later["of"]):
        raise ValueError("columns of different lengths")
    if not all(0 <= place < len(following) for place in set(later["of"])):
        raise ValueError("a size that is not there")
    if not all(-1 <= place < len(of) for place in set(later["after"])):
        raise ValueError("a key that is not there")
    return Outline(
        strategy=strategy,
        model=model,
        limits=WindowLimits(*body["limits"]),
        calls=KnownCalls(strategy, model, keys, Kinds(sizes, of)),
        skipped=tuple(SkippedStory(*entry) for entry in body["skipped"]),
        n_stories=body["n_stories"],
        n_clusters=body["n_clusters"],
        parameters=body["parameters"],
        later=KnownLater(later["names"], later["after"], keys, Kinds(following, later["of"])),
        remark=body["remark"],
        known_sha256=body["sha256"],
    )
