"""Commands as a person would type them: the one that takes a run up again, the one that decides."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from evals.eval_registry import evals_by_name
from pipeline.config.options import MergeOptions, ReadOptions, as_words


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
    if kind == "merge":
        words = _merge(model, given)
    else:
        words = _eval(kind, model, {"strategy": strategy} | given)
    if words is None:
        return None
    words += ["--db", db] if db else []
    return shlex.join(["storytransformer", *words])


def _merge(model: str, kept: Mapping[str, Any]) -> list[str] | None:
    if not kept.get("paths"):
        return None
    return ["merge", *kept["paths"], "--judge", model, *as_words(kept, MergeOptions, ReadOptions)]


def _eval(kind: str, model: str, kept: Mapping[str, Any]) -> list[str] | None:
    """The command of an eval that goes on where it was left."""
    task = evals_by_name().get(kind)
    if task is None or not task.goes_on:
        return None
    arguments = task.again(kept, task.arguments)
    if arguments is None:
        return None
    allowed = kept.get("allow_cloud") or ()
    named = ["all"] if allowed is True else allowed  # older runs said yes or no
    given = {**kept, "max_cost": kept.get("max_usd"), "allow_cloud": named}
    asked = ["--model", model] if task.model else []
    return ["eval", task.name, *arguments, *asked, *as_words(given, task.options)]


def review_for(run: str, stories: str = "", db: str = "") -> str:
    """The command that asks a person what is open about a run.

    Args:
        stories: names of the ones that it is about ("S-3 S-9"); "" for all that is open.
        db: what was given as ``--db``; "" for the default.
    """
    words = ["review", run, *stories.split()]
    words += ["--db", db] if db else []
    return shlex.join(["storytransformer", *words])
