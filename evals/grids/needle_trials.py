"""Needle-in-a-haystack: does a model find what stands at this depth of a prompt this long?

A cell is one prompt: exact in length, its depth recorded as it came out, its haystack its own. What
was cut off, refused or failed is a status of its own and never a silent miss. Cells are keyed by
everything that decides the reply, so a grid that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evals.grids.trials import Trial
from evals.metrics.scoring import score
from pipeline.calls import Reply, Request, Usage
from pipeline.errors import BudgetError
from pipeline.models import ModelSpec
from pipeline.providers.base import Model

#: Whose a trial is now: ours to ask, another process's that asks it, or known by now.
Claim = Literal["ours", "theirs", "known"]
Status = Literal["ok", "truncated", "refused", "error", "skipped"]

#: Cells asked together. Local prompts go one by one: reading them is nearly all of the work, so
#: nothing is gained by sharing it, and a grid that is stopped loses one cell.
_SERVED_TOGETHER = 8


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
        answer: a full sentence that answers rightly.
        flags: see :class:`evals.metrics.scoring.Score`; ``cut`` marks a right reply that went on
        too long.
        usage: what was billed; None where there was no reply.
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
    answer: str = ""
    flags: tuple[str, ...] = ()
    haystack: str = "stories"
    usage: Usage | None = None


def measure(
    spec: ModelSpec,
    model: Model,
    trials: Iterable[Trial],
    *,
    known: Callable[[str], bool] = lambda key: False,
    afford: Callable[[Trial], None] = lambda trial: None,
    claim: Callable[[Trial], Claim] = lambda trial: "ours",
    wait: Callable[[Trial], None] = lambda trial: None,
) -> Iterator[Cell | Trial]:
    """Ask every trial, in order.

    Args:
        known: whether the cell of a key has been measured already.
        afford: called before a trial is sent; raises where it may not be.
        claim: called before that, so that no two processes ask one trial.
        wait: called for a trial that another process asks; returns when it is known or in
            nobody's hands. No trial of ours is claimed and unasked meanwhile.

    Yields:
        cells as they are measured; the trial itself where its cell is known.

    Raises:
        BudgetError: what ``afford`` raised, once everything before has been yielded.
        InputError: a trial that cannot be made.
        ModelError, EngineError: what every further cell would meet too.
    """
    together = 1 if spec.provider.is_local else _SERVED_TOGETHER
    waiting: list[Trial] = []
    for trial in trials:
        if known(trial.key):
            yield trial
            continue
        while (state := "ours" if trial.skip else claim(trial)) == "theirs":
            yield from _measure(spec, model, waiting)
            waiting = []
            wait(trial)
        if state == "known":
            yield trial
            continue
        try:
            if not trial.skip:
                afford(trial)
        except BudgetError:
            # Those that wait are set aside at their worst case; what they really cost may do.
            yield from _measure(spec, model, waiting)
            waiting = []
            afford(trial)
        waiting.append(trial)
        if len(waiting) == together:
            yield from _measure(spec, model, waiting)
            waiting = []
    yield from _measure(spec, model, waiting)


def _measure(spec: ModelSpec, model: Model, trials: Sequence[Trial]) -> Iterator[Cell]:
    """Ask a wave and judge its replies. A request that gets no reply at all is an error."""
    for trial in trials:
        if trial.skip:
            yield _cell(spec, trial, None, "skipped", None, trial.skip)
    waiting = {trial.request.key: trial for trial in trials if not trial.skip}
    if waiting:
        for reply in model.complete([trial.request for trial in waiting.values()]):
            yield judge(spec, waiting.pop(reply.key), reply)
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
    found = score(reply.text, trial.expected, trial.wrong, trial.reads)
    if reply.finish == "length" and found.value < 1:
        return _cell(spec, trial, reply, "truncated", found.value, finish, found.flags)
    flags = (*found.flags, "cut") if reply.finish == "length" else found.flags
    return _cell(spec, trial, reply, "ok", found.value, finish, flags)


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
        answer=trial.answer,
        flags=flags,
        haystack=recipe.haystack,
        usage=reply.usage if reply is not None else None,
    )
