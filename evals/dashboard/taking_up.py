"""Commands as a person would type them: the one that takes a run up again, the one that decides."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

#: Parameters of a merge that are options as they stand, with what they are when left out.
_SAME = {"pairs": ("--pairs", None), "out": ("--out", ""), "group": ("--group", "topic"),
         "edition": ("--edition", None), "since": ("--since", None),
         "max_usd": ("--max-cost", None), "max_seconds": ("--max-seconds", None)}  # fmt: skip
_SWITCHES = {"propose": "--propose", "batch": "--batch"}


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
        words = ["merge", *given["paths"], "--judge", model, *_merge_options(given)]
    elif kind == "needle" and given.get("lengths"):
        words = ["eval", "needle", "--model", model, *_needle_options(given)]
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


def _merge_options(given: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for about in given.get("about") or ():
        words += ["--about", about]
    allowed = given.get("allow_cloud") or ()
    for named in ("all",) if allowed is True else allowed:  # older runs said yes or no
        words += ["--allow-cloud", named]
    for name, (option, otherwise) in _SAME.items():
        if (value := given.get(name)) not in (otherwise, None, ""):
            words += [option, str(value)]
    return words + [option for name, option in _SWITCHES.items() if given.get(name)]


def _needle_options(given: Mapping[str, Any]) -> list[str]:
    words = []
    for name, option in (("tasks", "--task"), ("lengths", "--lengths"), ("depths", "--depths")):
        if given.get(name):
            words += [option, _listed(given[name])]
    for name in ("seeds", "style", "haystack", "max_usd"):
        if given.get(name):
            words += ["--max-cost" if name == "max_usd" else f"--{name}", str(given[name])]
    return words


def _listed(values: list[Any]) -> str:
    return ",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in values)
