"""Kinds of runs: the page that shows one, and what it is made of. An eval says it of itself
(:mod:`evals.eval_registry`); here stands the rest."""

from __future__ import annotations

import json

from evals.eval_registry import evals_by_name

#: The page and its filter, of what is no eval.
_PAGES = {"merge": ("run", "run"), "models": ("models", "run"), "exam": ("records", "")}


def shown_on(kind: str) -> tuple[str, str]:
    """The page on which a run of a kind is shown, and the filter that chooses it there; "" for
    one that is not chosen."""
    if kind in _PAGES:
        return _PAGES[kind]
    task = evals_by_name().get(kind)
    if task is None or not task.page:
        return "quality", "figures"
    return task.page, task.chooser


def links() -> dict[str, tuple[str, str]]:
    """The page and the filter of every kind, for the script of the pages."""
    return {kind: shown_on(kind) for kind in (*_PAGES, *evals_by_name())}


def unit_of(kind: str) -> str | None:
    """What a run of a kind is made of: entries, cells, rounds; None for one without parts."""
    task = evals_by_name().get(kind)
    return "entries" if kind == "merge" else task.unit or None if task else None


def over_of(kind: str) -> str:
    """What one question of a run of a kind is about: one story, several stories together."""
    task = evals_by_name().get(kind)
    return (task and task.over) or kind


def eval_kinds() -> str:
    """The kinds of evals as a JSON array."""
    return json.dumps([*evals_by_name()])


def other_kinds() -> str:
    """Those that no card is drawn for but the one of every run's figures."""
    return json.dumps([kind for kind, task in evals_by_name().items() if not task.page])
