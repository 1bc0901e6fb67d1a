"""A small backlog in real documents, plans made by the real planner, and model fakes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from pipeline.calls import Plan, Reply, Request, TokenCount, Usage, WindowLimits
from pipeline.compare.measures import stem_weights
from pipeline.errors import BudgetError
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_document
from pipeline.models import ModelSpec
from pipeline.plan.call_factory import CallFactory
from pipeline.plan.near.similarity import cluster, nearest, similar_pairs
from pipeline.plan.pairs import NEAREST
from pipeline.plan.strategies import make_plan
from pipeline.providers.provider_registry import providers
from pipeline.stories import Document, Locator, Source, Span, Story

Finish = Literal["stop", "length", "refusal", "error"]
_STOP: Finish = "stop"
PROMPTS = Path(__file__).parents[2] / "prompts"
SPECS = {
    "local": ModelSpec("local/judge", providers()["local"], "judge", 8_000, 2_000),
    "none": ModelSpec("extractive", providers()["extractive"], "extractive", 10**6, 10**6),
    "cloud": ModelSpec("claude/test", providers()["claude"], "test", 20_000, 4_000),
}
BACKLOG = """# Desk

- As a reader, I want to reserve a book online, so that nobody else takes it.
- As a reader, I want to reserve a book online, so that nobody else takes it.
- As a reader, I want to book a reading room, so that I can work in peace.
  - the room has a socket
- As a reader, I want to book a reading room, so that our group can talk.
  - at most 6 people share a room
- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to print a list of overdue books, so that I can write to the readers.
- As a librarian, I want to print a list of damaged books, so that I can write to the readers.
- As a librarian, I want to delete a reader's account, so that our data stays clean.
- As a librarian, I want to remove a reader's account, so that our data stays clean.
- As a reader, I want to rate a book with stars, so that others find good ones.
- As a reader, I want to rate a book with stars, so that I remember what I liked.
"""


class WordCounter:
    """Counts words."""

    name = "words"
    exact = True

    def count_text(self, text: str) -> TokenCount:
        n = len(text.split())
        return TokenCount(n, self.name, True, n, n)

    def count_request(self, request: Request) -> TokenCount:
        return self.count_text(" ".join(message.content for message in request.messages))

    def count_texts(self, texts: Sequence[str]) -> list[TokenCount]:
        return [self.count_text(text) for text in texts]


class FakeModel:
    """Answers with what ``answer`` makes of a request; fails for ``failing`` of the requests."""

    def __init__(
        self,
        spec: ModelSpec,
        answer: Callable[[Request], str],
        *,
        failing: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.spec = spec
        self.revision = "r1"
        self.asked: list[Request] = []
        self._answer = answer
        self._failing = failing
        self._random = random.Random(seed)

    def count(self, request: Request) -> TokenCount:
        return WordCounter().count_request(request)

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        for request in requests:
            self.asked.append(request)
            text, finish = self._answer(request), _STOP
            if self._random.random() < self._failing:
                faults: list[tuple[str, Finish]] = (
                    [("", "error"), ("", "refusal"), (text[: len(text) // 2], "length"),
                     ("Sorry, I cannot.", "stop"), ("", "stop"), ('{"answer": }', "stop")]
                )  # fmt: skip
                text, finish = self._random.choice(faults)
            yield Reply(request.key, text, finish, Usage(10, 5), 0.0)

    def describe(self) -> dict[str, str]:
        return {"model": "fake"}

    def close(self) -> None:
        pass


class MemoryJournal:
    """The journal's contract in memory, with an optional budget."""

    def __init__(self, max_usd: Decimal | None = None) -> None:
        self.good: dict[str, Reply] = {}
        self.in_vain: dict[str, Reply] = {}
        self.bad: list[tuple[str, str]] = []
        self.charged: dict[str, Decimal] = {}
        self.max_usd = max_usd

    def find(self, keys: Iterable[str]) -> dict[str, Reply]:
        return {key: self.good[key] for key in keys if key in self.good}

    def unusable(self, keys: Iterable[str]) -> dict[str, Reply]:
        return {k: self.in_vain[k] for k in keys if k in self.in_vain and k not in self.good}

    def put(self, request: Request, reply: Reply, *, good: bool, why: str) -> None:
        assert request.key == reply.key
        if good:
            self.good[reply.key] = reply
        else:
            assert why
            self.bad.append((reply.key, why))
            if reply.came:
                self.in_vain[reply.key] = replace(reply, finish="error", detail=why)

    def reserve(self, key: str, usd: Decimal) -> None:
        if self.max_usd is not None and sum(self.charged.values()) + usd > self.max_usd:
            raise BudgetError("too dear")
        self.charged[key] = usd

    def settle(self, key: str, usd: Decimal) -> None:
        self.charged[key] = usd


def said(word: str) -> str:
    """A judge's reply by the schema."""
    return json.dumps({"answer": word})


def make_story(
    name: str, goal: str, *, role: str = "reader", benefit: str = "", **more: Any
) -> Story:
    source = Source("d" * 64, "backlog.md", Locator(line=1), (Span(0, 1),))
    return Story(name, "agile", source, goal, role=role, goal=goal, benefit=benefit, **more)


def plan_for(
    stories: Sequence[Story], model: str = "local", strategy: str = "pairs", **more: Any
) -> Plan:
    weights = stem_weights(stories)
    pairs = similar_pairs(stories, weights=weights)
    clusters = cluster(stories, pairs)
    limits = WindowLimits(more.pop("window", 2_000), 2_000, "test")
    prompts = more.pop("prompts", PROMPTS)
    return make_plan(strategy, stories, clusters, SPECS[model], limits, WordCounter(), prompts,
                     revision="r1", pairs=list(nearest(pairs, NEAREST)), **more)  # fmt: skip


def factory_for(plan: Plan, model: str = "local") -> CallFactory:
    """Where the calls are made that follow on a plan's replies."""
    return CallFactory(SPECS[model], plan.limits, WordCounter(), PROMPTS, "r1", stage=plan.strategy)


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = tmp_path_factory.mktemp("backlog") / "backlog.md"
    path.write_text(BACKLOG)
    return read_document(path)


@pytest.fixture(scope="session")
def backlog(document: Document) -> dict[str, Story]:
    """Twelve stories: a copy, a rewording, two overlaps, a conflict, two look-alikes."""
    stories = find_stories(document).stories
    assert len(stories) == 12
    return {story.id: story for story in stories}


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The helpers of this folder."""
    return SimpleNamespace(
        FakeModel=FakeModel,
        MemoryJournal=MemoryJournal,
        said=said,
        story=make_story,
        plan_for=plan_for,
        factory_for=factory_for,
        counter=WordCounter(),
        backlog_text=BACKLOG,
        prompts=PROMPTS,
        specs=SPECS,
        replace=replace,
    )
