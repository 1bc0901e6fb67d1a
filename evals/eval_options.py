"""The options of evals, each declared once; see :mod:`pipeline.config.options`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config.options import (
    EvalOptions,
    Options,
    option,
    parse_integers,
    parse_names,
    setting,
)

if TYPE_CHECKING:
    from evals.grids.grids import Grid

#: Names of the grids of :data:`evals.grids.grids.PROFILES`: `--help` does not wait for what these
#: hold.
PROFILES = ("ci", "nightly", "gpu")


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
        choices=PROFILES,
    )
    haystack: str | None = option(
        None, "stories, noise, stories:PATHS, or a folder of prose [stories].", "Haystack"
    )


@dataclass(frozen=True, kw_only=True)
class CanaryOptions(Options):
    """Canaries to plant."""

    n: int = option(24, "Canaries; every second has a twin.", "Canaries", "-n", least=1)
    depths: tuple[float, ...] = option(
        (0, 50, 100),
        "Percent, comma separated [0,50,100].",
        "Depths in percent",
        parse=parse_integers,
    )
    seed: int = option(0, "Draws the canaries and their places.", "Seed")


@dataclass(frozen=True, kw_only=True)
class MergingOptions(EvalOptions):
    """A merge measured against its truth."""

    truth: str | None = option(
        None, "What is known of these documents; without it, copies are planted.", "Truth"
    )
    propose: bool = setting("propose", "Ask a model without a record, for proposals only")
    pairs: int | None = setting("pairs", "Questions about pairs, at most", least=0)
    most: int = option(
        200, "Stories to plant copies of, at most.", "Stories to plant copies of", least=10
    )
    again: bool = option(True, "Shuffled and in other parts, too.", "Merge in other orders, too")


@dataclass(frozen=True, kw_only=True)
class RoundTripOptions(EvalOptions):
    """Documents cut, merged and read again, round after round."""

    by: str = option(
        "random",
        "Cut by role, topic, author, or at random.",
        "Cut by",
        choices=("role", "topic", "author", "random"),
    )
    strategy: str = option(
        "none",
        "none, pairs, groups; tree or fold write every story again.",
        "Strategy",
        choices=("none", "pairs", "groups", "tree", "fold"),
    )
    rounds: int = option(10, "Times to cut and merge.", "Rounds", least=1)
    parts: int = option(4, "Documents to cut into.", "Documents to cut into", least=1)
    seed: int = option(0, "Draws the parts.", "Seed")


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(Options):
    """What is measured of a model in one sitting."""

    hours: float | None = option(
        None, "Begin nothing that does not fit into so many hours.", "Hours, at most", least=0
    )
    lengths: tuple[int, ...] | None = option(
        None,
        "Prompt tokens, comma separated [from 1024 to the window or 32768].",
        "Prompt lengths in tokens",
        parse=parse_integers,
    )
    depths: tuple[float, ...] = option(
        (0, 50, 100),
        "Percent, comma separated [0,50,100].",
        "Depths in percent",
        parse=parse_integers,
    )
    labels: str | None = option(
        None,
        "Labelled pairs of your own, JSON Lines [built-in exam].",
        "Labelled pairs of your own",
    )
    pairs: int | None = setting("pairs", "Questions about pairs, at most", least=0)
    train: bool | None = option(
        None,
        "Train a judge, too [where the extra is there].",
        "Train a judge",
        "--train/--no-train",
    )
    train_pairs: int = option(6400, "Pairs to train with.", "Pairs to train with", least=8)
    out: str = option("benchmark", "Folder of the report.", "Folder of the report")


def needle_grid(chosen: NeedleOptions) -> Grid:
    """The grid that was asked for.

    Raises:
        InputError: no such profile, or a grid without a cell.
    """
    from evals.grids import grids

    return grids.find_grid(
        chosen.profile,
        tasks=chosen.tasks,
        lengths=chosen.lengths,
        depths=chosen.depths,
        seeds=chosen.seeds,
        style=chosen.style,
        haystack=chosen.haystack,
    )


def aggregation_grid(window: int, paths: Sequence[str], chosen: GridOptions) -> Grid:
    """The grid that was asked for, over the stories of documents.

    Args:
        window: of the model, in tokens.

    Raises:
        InputError: a task that is none of these, or a grid without a cell.
    """
    from evals.grids import grids

    return grids.aggregation_grid(
        window,
        paths,
        tasks=chosen.tasks,
        lengths=chosen.lengths,
        depths=chosen.depths,
        seeds=chosen.seeds,
        style=chosen.style,
    )
