"""Commands as a person would type them: the one that takes a run up again, the one that decides."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from pipeline.config.options import MergeOptions, ReadOptions, as_words

#: Parameters of grids, of needle grids alone, and of round trips.
_GRID = {"tasks": "--task", "lengths": "--lengths", "depths": "--depths", "seeds": "--seeds",
         "style": "--style", "max_usd": "--max-cost"}  # fmt: skip
_NEEDLE = {"haystack": "--haystack"}
_ROUNDS = {"by": "--by", "rounds": "--rounds", "parts": "--parts", "seed": "--seed",
           "max_usd": "--max-cost"}  # fmt: skip


def command_for(kind: str, model: str, strategy: str, parameters: str, db: str = "") -> str | None:
    """The command, None for a run that cannot be taken up.

    Args:
        parameters: of the run's row, as JSON.
        db: what was given as ``--db``; "" for the default.
    """
    try:
        given = dict(json.loads(parameters or "{}"))
    except (TypeError, ValueError):  # damaged
        return None
    if kind == "merge" and given.get("paths"):
        words = ["merge", *given["paths"], "--judge", model]
        words += as_words(given, MergeOptions, ReadOptions)
    elif kind == "needle" and given.get("lengths"):
        words = ["eval", "needle", "--model", model, *_grid_options(given, _GRID | _NEEDLE)]
    elif kind == "aggregation" and given.get("lengths"):
        from evals.corpora.haystack import paths_of  # the readers of documents behind it

        paths = paths_of(str(given.get("haystack", "")))
        words = ["eval", "aggregation", *paths, "--model", model, *_grid_options(given, _GRID)]
    elif kind == "roundtrip" and given.get("paths"):
        words = ["eval", "roundtrip", *given["paths"], "--model", model, "--strategy", strategy]
        words += [*_options(given, _ROUNDS), *_allowed(given)]
    elif kind == "coverage" and given.get("document"):
        words = ["eval", "coverage", given["reference"], given["document"]]
    else:
        return None
    words += ["--db", db] if db else []
    return shlex.join(["storytransformer", *words])


def review_for(run: str, stories: str = "", db: str = "") -> str:
    """The command that asks a person what is open about a run.

    Args:
        stories: names of the ones that it is about ("S-3 S-9"); "" for all that is open.
        db: what was given as ``--db``; "" for the default.
    """
    words = ["review", run, *stories.split()]
    words += ["--db", db] if db else []
    return shlex.join(["storytransformer", *words])


def _allowed(given: Mapping[str, Any]) -> list[str]:
    allowed = given.get("allow_cloud") or ()
    named = ("all",) if allowed is True else allowed  # older runs said yes or no
    return [word for one in named for word in ("--allow-cloud", one)]


def _grid_options(given: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    words = [*_options(given, names), *_allowed(given)]
    return words if given.get("likelihood", True) else [*words, "--no-likelihood"]


def _options(given: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """Those of these options that something was given for; 0 is something."""
    found = ((option, given.get(name)) for name, option in names.items())
    return [
        word
        for option, value in found
        if value not in (None, "", [])
        for word in (option, _listed(value))
    ]


def _listed(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return ",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
