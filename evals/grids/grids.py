"""Grids of needle cells: what is measured, given by hand or by the name of a profile."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from evals.corpora.haystack import BETWEEN, REAL
from evals.grids.aggregations import AGGREGATIONS
from evals.grids.trials import Trial, make_trials
from pipeline.calls import Request, TokenCount
from pipeline.config.options import EvalOptions, option, parse_integers, parse_names
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


@dataclass(frozen=True, kw_only=True)
class GridOptions(EvalOptions):
    """A grid of prompts by length and depth."""

    tasks: tuple[str, ...] | None = option(
        None,
        "Which, comma separated [single; aggregation: all].",
        "Tasks",
        "--task",
        parse=parse_names,
    )
    lengths: tuple[int, ...] | None = option(
        None,
        "Prompt tokens, comma separated [512,1024,2048; aggregation: from 1024 to the window].",
        "Prompt lengths in tokens",
        parse=parse_integers,
    )
    depths: tuple[float, ...] | None = option(
        None, "Percent, comma separated [0,50,100].", "Depths in percent", parse=parse_integers
    )
    seeds: int | None = option(None, "Haystacks a cell [1].", "Haystacks a cell", least=1)
    style: str | None = option(None, "chat, plain, prefix or raw [chat].", "Dress of the prompt")
    ask_again: bool = option(
        False,
        "Pay again where a reply came that cannot be used.",
        "Pay again for replies that cannot be used",
        "--ask-again",
    )
    likelihood: bool = option(
        True, "Read the right answer too (local models).", "Read the right answer too"
    )


@dataclass(frozen=True, kw_only=True)
class NeedleOptions(GridOptions):
    """A grid of needles."""

    profile: str | None = option(
        None,
        "A named grid; what else is given replaces its values.",
        "Grid",
        choices=tuple(PROFILES),
    )
    haystack: str | None = option(
        None, "stories, noise, stories:PATHS, or a folder of prose [stories].", "Haystack"
    )


#: The shortest prompt of an aggregation grid, and what its longest one leaves for the reply.
SHORTEST, LEFT = 1024, 512


def aggregation_lengths(window: int) -> tuple[int, ...]:
    """Prompt lengths from 1,024 tokens to a model's window, each twice the one before; the last
    leaves room for a reply."""
    longest = window - LEFT
    doubled = (SHORTEST << n for n in itertools.count())
    return (*itertools.takewhile(lambda length: length < longest, doubled), longest)


def aggregation_grid(window: int, paths: Sequence[str], chosen: GridOptions) -> Grid:
    """A grid of questions that only several stories together answer.

    Args:
        window: of the model, in tokens.
        paths: documents whose stories the haystack is made of; none: made-up stories.

    Raises:
        InputError: a task that is none of these, or a grid without a cell.
    """
    for task in chosen.tasks or ():
        if task not in AGGREGATIONS:
            raise InputError(
                f"{task!r} asks for one story only, or is not a task.",
                where="--task",
                next=f"There are: {', '.join(AGGREGATIONS)}.",
            )
    base = Grid(tuple(AGGREGATIONS), aggregation_lengths(window))
    if paths:
        base = replace(base, haystack=f"{REAL}{BETWEEN.join(paths)}")
    return _grid(base, chosen)


def needle_grid(chosen: NeedleOptions) -> Grid:
    """The grid of a profile, or the smallest useful one, with what was given by hand instead.

    Raises:
        InputError: no such profile, or a grid without a cell.
    """
    if chosen.profile is not None and chosen.profile not in PROFILES:
        raise InputError(
            f"no profile {chosen.profile!r}.",
            where="--profile",
            next=f"There are: {', '.join(PROFILES)}.",
        )
    return _grid(Grid() if chosen.profile is None else PROFILES[chosen.profile], chosen)


def _grid(base: Grid, chosen: GridOptions) -> Grid:
    """A grid with what was given by hand in place of its values."""
    given = {
        one.name: value
        for one in fields(Grid)
        if (value := getattr(chosen, one.name, None)) not in (None, (), "")
    }
    grid = replace(base, **given)
    grid = replace(
        grid,
        tasks=tuple(dict.fromkeys(grid.tasks)),
        lengths=tuple(sorted(set(grid.lengths))),
        depths=tuple(sorted(set(grid.depths))),
    )
    if grid.n_cells < 1:
        raise InputError("the grid has no cell.", where="--seeds", next="Give 1 or more.")
    return grid
