"""Which model a server of one's own has loaded, so that another one is noticed.

Such a server is started again with other weights under the same address, and often under the same
name: a journal half by the one and half by the other would be nobody's work. Two things tell:
the name in every reply, and the server's list of models, where vLLM names the weights behind a name
(``root``) and llama.cpp their size and vocabulary (``meta``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeline.calls import canonical_json
from pipeline.errors import ModelError

#: What of an entry stays as long as the weights do; times and permissions are new in every answer.
_LASTING = ("id", "root", "parent", "owned_by", "max_model_len", "meta")
_NEXT = (
    "Start the server with the model it had and run the same command again: every reply so far is "
    "stored. To go on with the new one, give it a name of its own (--served-model-name, --alias)."
)


def entry_of(name: str, listed: Iterable[Mapping[str, Any]]) -> str:
    """What a list of models says of the one that is asked by ``name``: the entry of that name, or
    the only one there is; "" when neither helps."""
    entries = [{key: e[key] for key in _LASTING if e.get(key) is not None} for e in listed]
    named = [entry for entry in entries if entry.get("id") == name]
    found = named or entries
    return canonical_json(found[0]) if len(found) == 1 else ""


class Served:
    """What one server answered as so far. Used by several threads.

    Args:
        where: the model's name, for messages.
        look: asks the server for its entry (:func:`entry_of`).
        before: the entry that an earlier try of the same run stored, "" when there is none.
    """

    def __init__(self, where: str, look: Callable[[], str], before: str = "") -> None:
        self.entry = before
        self._where = where
        self._look = look
        self._name = ""
        self._lock = threading.Lock()
        self._due = False

    def check(self) -> None:
        """Ask which model is loaded.

        Raises:
            ModelError: another one than before, or nobody answers.
        """
        with self._lock:
            found = self._look()
            if found and self.entry and found != self.entry:
                raise _another(self._where, self.entry, found)
            self._due = bool(self.entry) and not found
            self.entry = found or self.entry

    def doubt(self) -> None:
        """The connection was lost: whoever answers next may be another."""
        self._due = bool(self.entry)

    def check_if_doubted(self) -> None:
        """As :meth:`check`, where :meth:`doubt` was called since."""
        if self._due:
            self.check()

    def check_name(self, name: str) -> None:
        """Compare the name in a reply with the name in the first one.

        Raises:
            ModelError: another one.
        """
        with self._lock:
            if name and self._name and name != self._name:
                raise _another(self._where, self._name, name)
            self._name = name or self._name


def _another(where: str, before: str, now: str) -> ModelError:
    return ModelError(
        f"the server now answers with another model: {now} instead of {before}.",
        where=where,
        next=_NEXT,
    )
