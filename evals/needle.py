"""Needle-in-a-haystack: does a model find what stands at this depth of a prompt this long?

A cell is one prompt: exact in length, its depth recorded as it came out, its haystack its own. What
was cut off, refused or failed is a status of its own and never a silent miss. Cells are keyed by
everything that decides the reply, so a grid that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evals.scoring import score
from evals.trials import Trial, make_trials
from pipeline.calls import Reply, Request
from pipeline.catalog import ModelSpec
from pipeline.models.base import Model

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
