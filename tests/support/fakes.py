"""Models with known answers, to test the harness itself: if the oracle does not score 1 and the
blind one 0, the harness is at fault and no figure of it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage
from pipeline.models import ModelSpec

Kind = Literal["oracle", "blind", "denier", "truncator", "refuser", "failer", "silent"]


class FakeModel:
    """Answers needle requests by looking the needle up in the prompt, or fails in a known way.

    Args:
        count: tokens of a request.
        answers: request key → the right answer's values, for the oracle and its kin.
        kind: ``oracle`` finds everything; ``blind`` makes something up; ``denier`` quotes the
            needle and denies having an answer; ``truncator`` is cut off before the value;
            ``refuser``; ``failer`` yields errors; ``silent`` yields nothing at all.
        sees: overrides the kind for requests it is False for: they are answered blindly.
    """

    def __init__(
        self,
        spec: ModelSpec,
        count: Callable[[Request], TokenCount],
        answers: Mapping[str, Sequence[str]],
        kind: Kind = "oracle",
        sees: Callable[[Request], bool] = lambda request: True,
    ) -> None:
        self.spec = spec
        self.revision = f"fake-{kind}"
        self.kind = kind
        self.asked: list[str] = []
        self._count = count
        self._answers = answers
        self._sees = sees

    def count(self, request: Request) -> TokenCount:
        """By the counter given."""
        return self._count(request)

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer at once."""
        for request in requests:
            self.asked.append(request.key)
            if self.kind == "silent":
                continue
            text, finish = self._answer(request)
            prompt = self._count(request).n
            if progress is not None:
                progress(len(text.split()))
            usage = Usage(prompt, len(text.split()))
            yield Reply(request.key, text, finish, usage, 0.0, self.revision)

    def describe(self) -> Mapping[str, str]:
        """That it is a fake."""
        return {"fake": self.kind}

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, request: Request) -> tuple[str, FinishReason]:
        values = self._answers.get(request.key, ())
        right = f"It is {' and '.join(values)}." if values else "The text does not say."
        if self.kind == "refuser":
            return "", "refusal"
        if self.kind == "failer":
            return "", "error"
        if self.kind == "truncator":
            return right.split(values[0])[0] + values[0][:2] if values else "The text", "length"
        if self.kind == "denier":
            quoted = f"The only thing near it is: {right}" if values else ""
            return f"The text does not mention it. {quoted}", "stop"
        if self.kind == "blind" or not self._sees(request):
            made_up = int(hashlib.sha256(request.key.encode()).hexdigest(), 16) % 9_000_000
            return f"It is {made_up + 1_000_000}.", "stop"
        return right, "stop"
