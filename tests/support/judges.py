"""Judges of the tests' own: they answer questions about pairs by a rule known beforehand, and fail
as often as they are told to. What the books must survive is not how a judge judges, but whatever
it says.

:func:`judged` says it of pairs of stories, as answers that act; :class:`PairJudge` says it to the
requests of a plan, as a model does.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from evals.corpora.truth import Truth
from pipeline.calls import FinishReason, Reply, Request, TokenCount, Usage
from pipeline.entries import Answer, Judgement
from pipeline.models import ModelSpec
from pipeline.plan.near.similarity import Pair
from pipeline.plan.pairs import WORDS
from pipeline.plan.rendering import pair_text
from pipeline.stories import Story

#: How a call can fail: from an error of the server to text that is not an answer.
FAULTS = ("error", "refusal", "length", "empty", "silent", "broken", "unknown", "essay", "stories")

#: What is said of two stories (texts as a question shows them); None says nothing.
Says = Callable[[str, str], Answer | None]

_QUESTION = re.compile(r"\AA: (?P<one>.*)\nB: (?P<other>.*)\Z", re.DOTALL)
_WORD_OF = {answer: word for word, answer in WORDS.items()}
_ANSWERS = tuple(Answer)


def always(answer: Answer | None) -> Says:
    """The same of every pair; None: nothing."""
    return lambda one, other: answer


def at_random(seed: int) -> Says:
    """Any of the four answers, or none: the same of the same two texts."""

    def says(one: str, other: str) -> Answer | None:
        return random.Random(f"{seed}|{one}|{other}").choice((*_ANSWERS, None))

    return says


def knowing(truth: Truth, ids: Mapping[str, str], stories: Mapping[str, Story]) -> Says:
    """What a truth says; nothing of stories that it does not name.

    Args:
        ids: the truth's names → story ids.
        stories: by id. Of those that a question shows alike, which one is meant is not known: the
            first named one is taken.
    """
    named: dict[str, str] = {}
    for name, story in ids.items():
        named.setdefault(pair_text(stories[story]), name)

    def says(one: str, other: str) -> Answer | None:
        a, b = named.get(one), named.get(other)
        return None if a is None or b is None or a == b else truth.answer(a, b)

    return says


#: The judges that nothing may be lost with, each for a seed.
JUDGES: Mapping[str, Callable[[int], Says]] = {
    "all one need": lambda seed: always(Answer.ONE_NEED),
    "all different": lambda seed: always(Answer.DIFFERENT),
    "all contradicting": lambda seed: always(Answer.CONTRADICTING),
    "at random": at_random,
    "nothing": lambda seed: always(None),
}


def judged(
    says: Says, pairs: Iterable[Pair], stories: Mapping[str, Story], *, seed: int = 0
) -> list[Judgement]:
    """What a judge says of pairs, as answers that act, in an order and with likelihoods drawn by
    the seed: neither may decide what is lost."""
    draw = random.Random(seed)
    found = []
    for pair in pairs:
        a, b = (pair.a, pair.b) if draw.random() < 0.5 else (pair.b, pair.a)
        answer = says(pair_text(stories[a]), pair_text(stories[b]))
        if answer is not None:
            found.append(Judgement(a, b, answer, "test", "record-0", draw.random()))
    draw.shuffle(found)
    return found


class Planted:
    """What a model of the tests' own does beside its answers: it counts, and fails as planned."""

    spec: ModelSpec
    revision: str
    asked: list[Request]
    failed: list[str]
    _count: Callable[[str], TokenCount]
    _failing: float
    _faults: tuple[str, ...]
    _random: random.Random

    def answer(self, request: Request) -> str:
        """A good reply."""
        raise NotImplementedError

    def spoilt(self, text: str, fault: str) -> tuple[str, str]:
        """A good reply made a bad one: its text, and why it ended."""
        raise NotImplementedError

    def count(self, request: Request) -> TokenCount:
        """By the counter given."""
        return self._count(" ".join(message.content for message in request.messages))

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer at once, or fail."""
        for request in requests:
            self.asked.append(request)
            text, finish = self.answer(request), "stop"
            if self._random.random() < self._failing:
                fault = self._random.choice(self._faults)
                self.failed.append(fault)
                if fault == "silent":
                    continue
                text, finish = self.spoilt(text, fault)
            yield Reply(
                request.key,
                text,
                _FINISH[finish],
                Usage(self.count(request).n, self._count(text).n if text else 0),
                0.0,
                detail="" if finish == "stop" else f"planted: {finish}",
            )


class PairJudge(Planted):
    """A model that answers questions about pairs.

    Args:
        count: tokens of a text.
        says: what it says of two texts.
        failing: share of the calls that fail.
        faults: how they fail, drawn at random by ``seed``.
    """

    def __init__(
        self,
        spec: ModelSpec,
        count: Callable[[str], TokenCount],
        says: Says,
        *,
        failing: float = 0.0,
        faults: Sequence[str] = FAULTS,
        seed: int = 0,
    ) -> None:
        self.spec = spec
        self.revision = "judge"
        self.asked: list[Request] = []
        self.failed: list[str] = []
        self._count = count
        self._says = says
        self._failing = failing
        self._faults = tuple(faults)
        self._random = random.Random(seed)

    def answer(self, request: Request) -> str:
        """What it says when nothing fails; "" where it says nothing."""
        asked = _QUESTION.match(request.messages[-1].content.strip())
        if asked is None:
            return ""
        answer = self._says(asked["one"].strip(), asked["other"].strip())
        return "" if answer is None else json.dumps({"answer": _WORD_OF[answer]})

    def spoilt(self, text: str, fault: str) -> tuple[str, str]:
        """A good reply made a bad one: its text, and why it ended."""
        if fault in ("error", "refusal"):
            return "", fault
        if fault == "length":
            return text[: len(text) // 2] or "{", "length"
        if fault == "broken":
            return text[:-1] or "{", "stop"
        return _BAD_TEXT[fault], "stop"

    def describe(self) -> Mapping[str, str]:
        """What answers."""
        return {"model": "judge", "failing": str(self._failing)}

    def close(self) -> None:
        """Nothing to let go of."""


_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop", "error": "error", "refusal": "refusal", "length": "length",
}  # fmt: skip
_BAD_TEXT = {
    "empty": " \n",
    "unknown": '{"answer":"probably"}',
    "essay": "They are the same, though one may argue that they are different.",
    "stories": '{"stories":[{"handles":["A","B"],"goal":"keep another story\'s text"}]}',
}
