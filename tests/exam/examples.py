"""A small exam of the tests' own, a judge that knows its answers, and settings of a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.calls import Reply, Request
from pipeline.config.settings import read_settings
from pipeline.entries import Answer
from pipeline.plan.pairs import WORDS
from pipeline.runtime import Runtime
from pipeline.tokens.token_counters import counter_for
from tests.support.judges import PairJudge

MODEL = "openai/judge@http://127.0.0.1:9/v1"
_WORD = {answer: word for word, answer in WORDS.items()}
THINGS = (
    "invoice", "roster", "permit", "parcel", "ticket", "voucher", "timesheet", "contract",
    "manifest", "receipt",
)  # fmt: skip
PLACES = (
    "office", "harbour", "clinic", "depot", "library", "studio", "bakery", "stadium", "garden",
    "museum",
)  # fmt: skip


def lines() -> Iterator[dict[str, Any]]:
    """100 pairs: forty true ones in other words, forty of another thing, twenty opposed."""
    n = 0
    for thing in THINGS:
        for place in PLACES:
            half = "threshold" if n % 2 else "report"
            a = {"role": "clerk", "goal": f"print the {thing} of the {place}"}
            kind, answer = "words", "one_need"
            b = {"role": "manager", "goal": f"get a printout of the {place}'s {thing}"}
            if n % 5 in (1, 2):
                other = THINGS[(THINGS.index(thing) + 1) % 10]
                kind, answer = "object", "different"
                b["goal"] = f"get a printout of the {place}'s {other}"
            elif n % 5 == 3:
                kind, answer = "small word", "contradicting"
                b["goal"] = f"never get a printout of the {place}'s {thing}"
            yield {"id": f"p{n}", "scene": f"s{n}", "half": half, "kind": kind, "language": "en",
                   "shape": "agile", "a": a, "b": b, "answer": answer}  # fmt: skip
            n += 1


def write(path: Path, told: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")
    return path


def runtime_of(folder: Path, cache: Path) -> Runtime:
    """Settings of a test: a database and no key."""
    environment = {
        "HOME": str(folder),
        "STORYTRANSFORMER_DB": str(folder / "db.sqlite"),
        "STORYTRANSFORMER_CACHE": str(cache),
    }
    return Runtime(read_settings(environ=environment))


#: What a judge says of two texts, and how surely; None says nothing.
Sure = Callable[[str, str], tuple[Answer, float] | None]


class SureJudge(PairJudge):
    """A judge that says how likely each answer is.

    Args:
        likelihoods: give them; else the word alone.
    """

    def __init__(
        self, spec: Any, cache: Path, sure: Sure, *, likelihoods: bool = True, **more: Any
    ) -> None:
        def word(one: str, other: str) -> Answer | None:
            found = sure(one, other)
            return None if found is None else found[0]

        super().__init__(spec, counter_for(spec, cache=cache).count_text, word, **more)
        self._sure, self._likelihoods = sure, likelihoods

    def complete(self, requests: Iterable[Request], progress: Any = None) -> Iterator[Reply]:
        for request in requests:
            for reply in super().complete([request]):
                good = self._likelihoods and reply.finish == "stop"
                yield replace(reply, likelihoods=self.told(request)) if good else reply

    def told(self, request: Request) -> dict[str, float] | None:
        """The likelihoods of all answers."""
        found = self._sure(*texts_of(request))
        if found is None:
            return None
        rest = (1 - found[1]) / 3
        return {word: found[1] if _WORD[found[0]] == word else rest for word in WORDS}


def texts_of(request: Request) -> tuple[str, str]:
    """The two tellings that a question shows."""
    one, _, other = request.messages[-1].content.strip().removeprefix("A: ").partition("\nB: ")
    return one.strip(), other.strip()


def knowing(told: Iterable[Mapping[str, Any]], likely: float = 0.9) -> Sure:
    """A judge that knows the labels of pairs by their goals."""
    known = {(one["a"]["goal"], one["b"]["goal"]): Answer(one["answer"]) for one in told}

    def sure(one: str, other: str) -> tuple[Answer, float]:
        goals = (text.removeprefix("I want to ").rstrip(".") for text in (one, other))
        return known.get((next(goals), next(goals)), Answer.DIFFERENT), likely

    return sure
