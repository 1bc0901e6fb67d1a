"""Needle-in-a-haystack: does a model find what stands at this depth of a prompt this long?

A cell is one prompt: exact in length, its depth recorded as it came out, its haystack its own. What
was cut off, refused or failed is a status of its own and never a silent miss. Cells are keyed by
everything that decides the reply, so a grid that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from evals.fitting import Fitted, fit
from evals.haystack import lines
from evals.needles import Needles
from evals.needles import task as find_task
from evals.scoring import score
from pipeline.calls import Message, Reply, Request, TokenCount, canonical_json
from pipeline.catalog import ModelSpec
from pipeline.errors import InputError
from pipeline.models.base import Model
from pipeline.plan.desk import LEAST_THINKING, THINKING_ROOM
from pipeline.prompts import Prompt, load_prompt

Status = Literal["ok", "truncated", "refused", "error", "skipped"]

#: How the prompt is dressed: system and user turns, or everything in one user turn.
STYLES = ("chat", "plain")
#: Cells asked together. Local prompts go one by one: reading them is nearly all of the work, so
#: nothing is gained by sharing it, and a grid that is stopped loses one cell.
_SERVED_TOGETHER = 8


class Recipe(NamedTuple):
    """What decides a prompt, beside the model and its tokenizer.

    Args:
        haystack: ``stories``, ``noise``, or a folder of prose.
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
        prompt_tokens: what the length came to, by a counter that is ``exact`` or not.
        depth_actual: what the depth came to.
        key: hash of everything that decides the reply.
        skip: why it cannot be asked, "" when it can.
    """

    recipe: Recipe
    request: Request
    prompt_tokens: int
    exact: bool
    depth_actual: float
    expected: tuple[str, ...]
    wrong: tuple[str, ...]
    key: str
    skip: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One measured cell of a grid.

    Args:
        status: ``ok`` (answered, rightly or not), ``truncated`` (the reply was cut before it held
            the answer), ``refused``, ``error``, ``skipped`` (does not fit the window).
        score: in [0, 1]; None where nothing was measured (``skipped``).
        expected: the values asked for, one a line; "" where the right answer is to abstain.
        finish: the reply's finish reason with its detail.
        seconds: of the reply.
        flags: see :class:`evals.scoring.Score`; ``cut`` marks a right reply that went on too long.
    """

    task: str
    model: str
    revision: str
    style: str
    target_tokens: int
    prompt_tokens: int
    depth_target: float
    depth_actual: float
    seed: int
    status: Status
    score: float | None
    expected: str
    reply: str
    finish: str
    seconds: float
    key: str
    request: Request
    flags: tuple[str, ...] = ()
    haystack: str = "stories"


def grid(
    spec: ModelSpec,
    model: Model,
    prompts: Path,
    *,
    task: str = "single",
    lengths: Sequence[int],
    depths: Sequence[float],
    seeds: Iterable[int] = (0,),
    style: str = "chat",
    haystack: str = "stories",
    known: Callable[[str], bool] = lambda key: False,
) -> Iterator[Cell | str]:
    """Measure every length × depth × seed, shortest first.

    Args:
        prompts: folder of the released prompts.
        lengths: prompt tokens, template included.
        depths: percent of the haystack before the needle.
        haystack: ``stories``, ``noise``, or a folder of prose.
        known: whether the cell of a key has been measured already.

    Yields:
        cells as they are measured; the bare key of a cell that is known.

    Raises:
        InputError: an unknown task or style, a length too short for the question, a depth outside
            0 … 100.
        ModelError, EngineError: what every further cell would meet too.
    """
    seeds = tuple(seeds)
    for length in lengths:
        trials: list[Trial] = []
        for trial in make_trials(
            spec,
            model.revision,
            model.count,
            prompts,
            task=task,
            lengths=[length],
            depths=depths,
            seeds=seeds,
            style=style,
            haystack=haystack,
        ):
            if known(trial.key):
                yield trial.key
            else:
                trials.append(trial)
        together = 1 if spec.provider == "local" else _SERVED_TOGETHER
        for start in range(0, len(trials), together):
            yield from _measure(spec, model, trials[start : start + together])


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
    for depth in depths:
        if not 0 <= depth <= 100:
            raise InputError(f"a depth of {depth:g} is no percentage.", next="Give 0 to 100.")
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
    version, draw = find_task(recipe.task)
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
    budget = _reply_budget(spec, needles, count, request)
    request = replace(request, max_tokens=budget)
    fits = counted.n + budget <= spec.window
    key = [version, *recipe, request.key]
    return Trial(
        recipe=recipe,
        request=request,
        prompt_tokens=counted.n,
        exact=counted.exact,
        depth_actual=fitted.depths[needles.main],
        expected=needles.expected,
        wrong=needles.wrong,
        key=hashlib.sha256(canonical_json(key).encode()).hexdigest(),
        skip="" if fits else f"{counted.n} + {budget} tokens do not fit a window of {spec.window}",
    )


def _hay(recipe: Recipe, needles: Needles, rng: random.Random) -> Iterator[str]:
    """The haystack asked for, or the one the task brings along."""
    own = needles.lines
    if own is None:
        return lines(recipe.haystack, rng)
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
            messages=turns if recipe.style == "chat" else _one_turn(turns),
            max_tokens=1,
            seed=recipe.seed,
        )

    return ask


def _counter(
    count: Callable[[Request], TokenCount], ask: Callable[[str], Request]
) -> Callable[[str], int]:
    return lambda text: count(ask(text)).n


def _one_turn(turns: Sequence[Message]) -> tuple[Message, ...]:
    return (Message("user", "\n\n".join(turn.content for turn in turns)),)


def _stands_once(needles: Needles, fitted: Fitted) -> bool:
    """Whether every random value stands in the text where it was put and nowhere else, not even
    inside another number, and the question gives none away."""
    hidden = "\n".join(needle.line for needle in needles.placed)
    return all(
        fitted.text.count(value) == hidden.count(value) and value not in needles.question
        for value in needles.values
    )


def _reply_budget(
    spec: ModelSpec, needles: Needles, count: Callable[[Request], TokenCount], request: Request
) -> int:
    """Room for the expected answer, restated in full, and half of it again, and for thinking where
    the model always thinks: a budget that is too small turns long values into misses."""
    turn = request.messages[-1]
    with_answer = replace(
        request, messages=(*request.messages[:-1], Message(turn.role, needles.answer))
    )
    empty = replace(request, messages=(*request.messages[:-1], Message(turn.role, "")))
    answer = count(with_answer).n - count(empty).n
    written = 16 + math.ceil(1.5 * answer)
    if not spec.thinking:
        return written
    return written + max(LEAST_THINKING, math.ceil(written * spec.thinking * THINKING_ROOM))


def _measure(spec: ModelSpec, model: Model, trials: Sequence[Trial]) -> Iterator[Cell]:
    """Ask a wave and judge its replies. A request that gets no reply at all is an error."""
    for trial in trials:
        if trial.skip:
            yield _cell(spec, trial, None, "skipped", None, trial.skip)
    waiting = {trial.request.key: trial for trial in trials if not trial.skip}
    for reply in model.complete([trial.request for trial in waiting.values()]):
        trial = waiting.pop(reply.key)
        yield judge(spec, trial, reply)
    for trial in waiting.values():
        yield _cell(spec, trial, None, "error", 0.0, "the model gave no reply")


def judge(spec: ModelSpec, trial: Trial, reply: Reply) -> Cell:
    """The cell of a reply: its status first, then its score."""
    finish = f"{reply.finish}: {reply.detail}" if reply.detail else reply.finish
    if reply.finish == "error":
        return _cell(spec, trial, reply, "error", 0.0, finish)
    if reply.finish == "refusal":
        return _cell(spec, trial, reply, "refused", 0.0, finish)
    read = reply.usage.prompt
    if trial.exact and read and read != trial.prompt_tokens:
        wrong = f"error: the model read {read} prompt tokens where {trial.prompt_tokens} were built"
        return _cell(spec, trial, reply, "error", 0.0, wrong)
    found = score(reply.text, trial.expected, trial.wrong)
    if reply.finish == "length" and found.value < 1:
        return _cell(spec, trial, reply, "truncated", found.value, finish, found.flags)
    flags = (*found.flags, "cut") if reply.finish == "length" else found.flags
    return _cell(spec, trial, reply, "ok", found.value, finish, flags)


def rescore(cell: Cell, expected: Sequence[str], wrong: Sequence[str] = ()) -> Cell:
    """A stored cell scored again by today's scorer; its status stays."""
    if cell.status not in ("ok", "truncated"):
        return cell
    found = score(cell.reply, expected, wrong)
    return replace(cell, score=found.value, flags=found.flags)


def _cell(
    spec: ModelSpec,
    trial: Trial,
    reply: Reply | None,
    status: Status,
    value: float | None,
    finish: str,
    flags: tuple[str, ...] = (),
) -> Cell:
    recipe = trial.recipe
    read = reply.usage.prompt if reply is not None and not trial.exact else 0
    return Cell(
        task=recipe.task,
        model=spec.name,
        revision=trial.request.revision,
        style=recipe.style,
        target_tokens=recipe.length,
        prompt_tokens=read or trial.prompt_tokens,
        depth_target=recipe.depth,
        depth_actual=trial.depth_actual,
        seed=recipe.seed,
        status=status,
        score=value,
        expected="\n".join(trial.expected),
        reply=reply.text if reply is not None else "",
        finish=finish,
        seconds=reply.seconds if reply is not None else 0.0,
        key=trial.key,
        request=trial.request,
        flags=flags,
        haystack=recipe.haystack,
    )
