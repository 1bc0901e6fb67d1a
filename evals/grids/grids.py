"""Grids of needle cells: what is measured, given by hand or by the name of a profile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.corpora.haystack import BETWEEN, REAL
from evals.grids.aggregations import AGGREGATIONS
from evals.grids.trials import Trial, make_trials
from pipeline.calls import Request, TokenCount
from pipeline.errors import InputError
from pipeline.models import ModelSpec


@dataclass(frozen=True, slots=True)
class Grid:
    """Every task at every length, depth and seed.

    Args:
        tasks: as in :data:`evals.grids.aggregations.TASKS`.
        lengths: prompt tokens, template included.
        depths: where the needle stands, in percent of the haystack.
        seeds: haystacks for each cell.
        style: how the prompt is dressed.
        haystack: ``stories``, ``noise``, ``stories:PATHS``, or a folder of prose.
    """

    tasks: tuple[str, ...] = ("single",)
    lengths: tuple[int, ...] = (512, 1024, 2048)
    depths: tuple[float, ...] = (0, 50, 100)
    seeds: int = 1
    style: str = "chat"
    haystack: str = "stories"

    @property
    def n_cells(self) -> int:
        """How many cells it has."""
        return len(self.tasks) * len(self.lengths) * len(self.depths) * self.seeds

    def trials(
        self,
        spec: ModelSpec,
        revision: str,
        count: Callable[[Request], TokenCount],
        prompts: Path,
    ) -> Iterator[Trial]:
        """The prompts of all cells, the shortest of each task first."""
        for task in self.tasks:
            yield from make_trials(
                spec,
                revision,
                count,
                prompts,
                task=task,
                lengths=self.lengths,
                depths=self.depths,
                seeds=range(self.seeds),
                style=self.style,
                haystack=self.haystack,
            )


#: Named grids: for every push, for every night, for a machine with a graphics card.
PROFILES: Mapping[str, Grid] = {
    "ci": Grid(("single", "multikey")),
    "nightly": Grid(
        ("single", "multikey", "latest"), (512, 1024, 2048, 4096, 7680), (0, 25, 50, 75, 100), 3
    ),
    "gpu": Grid(
        ("single", "multikey", "multivalue", "latest", "absent"),
        (4096, 8192, 16_384, 32_768, 65_536, 131_072),
        tuple(range(0, 101, 10)),
        5,
    ),
}


#: The shortest prompt of an aggregation grid, and what its longest one leaves for the reply.
SHORTEST, LEFT = 1024, 512


def aggregation_lengths(window: int) -> tuple[int, ...]:
    """Prompt lengths from 1,024 tokens to a model's window, each twice the one before; the last
    leaves room for a reply."""
    longest = window - LEFT
    doubled = (SHORTEST << n for n in itertools.count())
    return (*itertools.takewhile(lambda length: length < longest, doubled), longest)


def aggregation_grid(
    window: int,
    paths: Sequence[str],
    *,
    tasks: Sequence[str] | None = None,
    lengths: Sequence[int] | None = None,
    depths: Sequence[float] | None = None,
    seeds: int | None = None,
    style: str | None = None,
) -> Grid:
    """A grid of questions that only several stories together answer.

    Args:
        window: of the model, in tokens.
        paths: documents whose stories the haystack is made of; none: made-up stories.

    Raises:
        InputError: a task that is none of these, or a grid without a cell.
    """
    for task in tasks or ():
        if task not in AGGREGATIONS:
            raise InputError(
                f"{task!r} asks for one story only, or is not a task.",
                where="--task",
                next=f"There are: {', '.join(AGGREGATIONS)}.",
            )
    return find_grid(
        tasks=tasks or tuple(AGGREGATIONS),
        lengths=lengths or aggregation_lengths(window),
        depths=depths,
        seeds=seeds,
        style=style,
        haystack=f"{REAL}{BETWEEN.join(paths)}" if paths else None,
    )


def find_grid(
    profile: str | None = None,
    *,
    tasks: Sequence[str] | None = None,
    lengths: Sequence[int] | None = None,
    depths: Sequence[float] | None = None,
    seeds: int | None = None,
    style: str | None = None,
    haystack: str | None = None,
) -> Grid:
    """The grid of a profile, or the smallest useful one, with what was given by hand instead.

    Raises:
        InputError: no such profile, or a grid without a cell.
    """
    if profile is not None and profile not in PROFILES:
        raise InputError(
            f"no profile {profile!r}.",
            where="--profile",
            next=f"There are: {', '.join(PROFILES)}.",
        )
    base = Grid() if profile is None else PROFILES[profile]
    grid = Grid(
        tuple(dict.fromkeys(tasks or base.tasks)),
        tuple(sorted(set(lengths or base.lengths))),
        tuple(sorted(set(depths or base.depths))),
        base.seeds if seeds is None else seeds,
        style or base.style,
        haystack or base.haystack,
    )
    if grid.n_cells < 1:
        raise InputError("the grid has no cell.", where="--seeds", next="Give 1 or more.")
    return grid
