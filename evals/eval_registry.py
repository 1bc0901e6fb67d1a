"""Every eval there is: each module of :mod:`evals.tasks` that defines an ``EVAL``.

A new one is a file beside them, and nothing else. Such a module loads what it needs when it runs,
not before: the command line and the pages ask what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

import evals.tasks
from evals.declared import Eval


@cache
def evals_by_name() -> Mapping[str, Eval]:
    """The evals by their names, in the order in which they are listed."""
    room = evals.tasks
    names = sorted(f"{room.__name__}.{entry.name}" for entry in iter_modules(room.__path__))
    found = [getattr(import_module(name), "EVAL", None) for name in names]
    listed = sorted(
        (one for one in found if isinstance(one, Eval)), key=lambda one: (one.place, one.name)
    )
    return MappingProxyType({one.name: one for one in listed})
