"""The prompts of a needle grid, before any model is asked: drawn, fitted and checked.

Only a counter is needed, so this is also what a dry run prices.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from evals.corpora.haystack import allowed, lines
from evals.grids.aggregations import find_task
from evals.grids.fitting import Fitted, fit
from evals.grids.needles import Needles
from evals.metrics.scoring import Reads
from pipeline.calls import Message, Request, TokenCount, canonical_json
from pipeline.errors import InputError
from pipeline.models import ModelSpec
from pipeline.prompts import Prompt, load_prompt

#: How the prompt is dressed: system and user turns; everything in one user turn; turns, and the
#: reply begun; bare text that begins the reply, for models that were taught no turns.
STYLES = ("chat", "plain", "prefix", "raw")
#: Those that need a model whose prompt we write to the last token.
_BEGUN = ("prefix", "raw")


class Recipe(NamedTuple):
    """What decides a prompt, beside the model and its tokenizer.

    Args:
        haystack: as :func:`evals.corpora.haystack.lines` takes it.
        length: tokens of the whole prompt, template included.
        depth: percent of the haystack's tokens before the needle.
    """

    task: str
    style: str
    haystack: str
    length: int
    depth: float
    seed: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A cell before it is asked: the request, and what a right reply holds.

    Args:
        counted: what the length came to.
        depth_actual: what the depth came to.
        answer: what answers rightly: a full sentence, or the rest of one that the prompt begins.
        key: hash of everything that decides the reply.
        skip: why it cannot be asked, "" when it can.
        reads: how the reply is read.
    """

    recipe: Recipe
    request: Request
    counted: TokenCount
    depth_actual: float
    expected: tuple[str, ...]
    wrong: tuple[str, ...]
    answer: str
    key: str
    skip: str = ""
    reads: Reads = "values"

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the prompt, template included."""
        return self.counted.n

    @property
    def exact(self) -> bool:
        """Whether they are counted by the model's own tokenizer."""
        return self.counted.exact


def make_trials(
    spec: ModelSpec,
    revision: str,
    count: Callable[[Request], TokenCount],
    prompts: Path,
    *,
    task: str = "single",
    lengths: Sequence[int],
    depths: Sequence[float],
    seeds: Iterable[int] = (0,),
    style: str = "chat",
    haystack: str = "stories",
) -> Iterator[Trial]:
    """The prompts of a grid. Needs no model, only its counter: what a dry run prices.

    Raises:
        InputError: as :func:`grid`.
    """
    if style not in STYLES:
        raise InputError(f"unknown style {style!r}.", next=f"There are: {', '.join(STYLES)}.")
    if style in _BEGUN and not spec.provider.is_local:
        raise InputError(
            f"style {style} begins the reply, which only local models go on with.",
            where=spec.name,
            next="Use --style chat or plain, or a local/… model.",
        )
    for depth in depths:
        if not 0 <= depth <= 100:
            raise InputError(f"a depth of {depth:g} is not a percentage.", next="Give 0 to 100.")
    prompt = load_prompt(prompts, "needle")
    seeds = tuple(seeds)
    for length in lengths:
        for depth in depths:
            for seed in seeds:
                recipe = Recipe(task, style, haystack, length, float(depth), seed)
                yield _trial(spec, revision, count, prompt, recipe)


def _trial(
    spec: ModelSpec,
    revision: str,
    count: Callable[[Request], TokenCount],
    prompt: Prompt,
    recipe: Recipe,
) -> Trial:
    """Draw, fit and check one prompt; drawn again in the rare case that a value collides."""
    version, draw, reads = find_task(recipe.task)
    for again in range(20):
        rng = random.Random(f"{version}/{'/'.join(map(str, recipe))}/{again}")
        needles = draw(rng, recipe.depth)
        ask = _asker(spec, revision, prompt, recipe, needles)
        fitted = fit(
            _hay(recipe, needles, rng),
            needles.placed,
            recipe.length,
            _counter(count, ask),
            where=spec.name,
        )
        if _stands_once(needles, fitted):
            break
    else:
        raise InputError(
            "the needle's value keeps standing in the haystack.", where=recipe.haystack
        )
    request = ask(fitted.text)
    counted = count(request)
    answer = needles.rest if recipe.style in _BEGUN else needles.answer
    budget = _reply_budget(needles, count, request)
    request = replace(request, max_tokens=budget)
    room = spec.reply_limit(budget)
    fits = counted.n + room <= spec.window
    key = [version, *recipe, request.key]
    return Trial(
        recipe=recipe,
        request=request,
        counted=counted,
        depth_actual=fitted.depths[needles.main],
        expected=needles.expected,
        wrong=needles.wrong,
        answer=answer,
        key=hashlib.sha256(canonical_json(key).encode()).hexdigest(),
        skip="" if fits else f"{counted.n} + {room} tokens do not fit a window of {spec.window}",
        reads=reads,
    )


def _hay(recipe: Recipe, needles: Needles, rng: random.Random) -> Iterator[str]:
    """The haystack asked for, or the one the task brings along."""
    own = needles.lines
    if own is None:
        return allowed(lines(recipe.haystack, rng), needles.allows, where=recipe.haystack)
    return (own(rng) for _ in itertools.count())


def _asker(
    spec: ModelSpec, revision: str, prompt: Prompt, recipe: Recipe, needles: Needles
) -> Callable[[str], Request]:
    """From a text to the request about it."""

    def ask(text: str) -> Request:
        turns = prompt.render(text=text, question=needles.question)
        return Request(
            model=spec.name,
            revision=revision,
            purpose="answer",
            prompt=prompt.label,
            prompt_sha256=prompt.sha256,
            messages=_dressed(turns, recipe.style, needles.lead),
            max_tokens=1,
            seed=recipe.seed,
        )

    return ask


def _counter(
    count: Callable[[Request], TokenCount], ask: Callable[[str], Request]
) -> Callable[[str], int]:
    return lambda text: count(ask(text)).n


def _dressed(turns: tuple[Message, ...], style: str, lead: str) -> tuple[Message, ...]:
    text = "\n\n".join(turn.content for turn in turns)
    if style == "plain":
        return (Message("user", text),)
    if style == "prefix":
        return (*turns, Message("assistant", lead))
    if style == "raw":
        return (Message("text", f"{text}\n\n{lead}"),)
    return turns


def _stands_once(needles: Needles, fitted: Fitted) -> bool:
    """Whether every random value stands in the text where it was put and nowhere else, not even
    inside another number, and the question gives none away."""
    hidden = "\n".join(needle.line for needle in needles.placed)
    return all(
        fitted.text.count(value) == hidden.count(value) and value not in needles.question
        for value in needles.values
    )


def _reply_budget(
    needles: Needles, count: Callable[[Request], TokenCount], request: Request
) -> int:
    """Room for the expected answer, restated in full, and half of it again: a budget that is too
    small turns long values into misses. Room to think is added where the request is sent."""
    return 16 + math.ceil(1.5 * answer_tokens(needles.answer, count, request))


def answer_tokens(text: str, count: Callable[[Request], TokenCount], request: Request) -> int:
    """Tokens of an answer, by a counter that counts whole requests only."""
    turn = request.messages[-1]
    full, empty = (
        replace(request, messages=(*request.messages[:-1], Message(turn.role, content)))
        for content in (text, "")
    )
    return count(full).n - count(empty).n
