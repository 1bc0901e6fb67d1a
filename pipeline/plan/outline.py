"""A plan without its words: how many tokens each call has, and under which key its reply stands.

That is all a price needs. It holds no text of any document, and nothing in it can be sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.calls import (
    Band,
    Call,
    LaterCall,
    Plan,
    Purpose,
    Request,
    SkippedStory,
    TokenCount,
    WindowLimits,
    canonical_json,
)

#: Raised when the shape below changes; text of another shape is a miss, not an error.
_SHAPE = 3


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


#: Thousands of questions come in a few hundred sizes: purpose, prompt, tokens read and written,
#: and how many of them all calls share.
_Size = tuple[Purpose, str, TokenCount, Band, int]


def _size(call: Call) -> _Size:
    request = call.request
    return request.purpose, request.prompt, call.input, call.output, call.shared_tokens


def outline_as_text(plan: Plan) -> str:
    """JSON of what a price needs of a plan, column by column."""
    sizes: dict[_Size, int] = {}
    of = [sizes.setdefault(_size(call), len(sizes)) for call in plan.calls]
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
        "keys": [call.request.key for call in plan.calls],
        "sizes": list(sizes),
        "of": of,
        "later": [
            [c.id, c.stage, c.input, c.output, c.shared_tokens, c.share, c.after]
            for c in plan.later
        ],
    }
    return canonical_json(body)


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
        (purpose, prompt, TokenCount(*read), Band(*written), shared)
        for purpose, prompt, read, written, shared in body["sizes"]
    ]
    calls = []
    for number, (key, which) in enumerate(zip(body["keys"], body["of"], strict=True), 1):
        purpose, prompt, read, written, shared = sizes[which]
        request = KnownRequest(model, "", purpose, prompt, "", (), 1, known_key=key)
        name = f"{strategy}-{number:04d}"
        calls.append(Call(name, strategy, request, (), (), read, written, shared))
    return Outline(
        strategy=strategy,
        model=model,
        limits=WindowLimits(*body["limits"]),
        calls=tuple(calls),
        skipped=tuple(SkippedStory(*entry) for entry in body["skipped"]),
        n_stories=body["n_stories"],
        n_clusters=body["n_clusters"],
        parameters=body["parameters"],
        later=tuple(
            LaterCall(name, stage, Band(*read), Band(*written), shared, (), share, after)
            for name, stage, read, written, shared, share, after in body["later"]
        ),
        remark=body["remark"],
        known_sha256=body["sha256"],
    )
