"""Every error that can reach a user, and who can mend it.

    StoryTransformerError            exit
    ├── InputError                    2   you: the document, prompt, setting or argument
    ├── LedgerError                   3   us: the books do not balance, nothing was written
    ├── BudgetError                   4   you: the plan may not run at this price
    ├── SovereigntyError              5   you: text would have left the machine
    ├── ModelError                    6   the model or its provider; may be retryable
    ├── EngineError                   6   weights, memory, attention kernels
    ├── StoreError                    7   the database: locked, full, damaged
    └── GateError                     8   an eval gate was not met

Foreign exceptions are mapped once per border with ``raise … from exc``.
"""

from __future__ import annotations


class StoryTransformerError(Exception):
    """An error with a place and a next step.

    Args:
        message: what happened and what was expected, in one sentence.
        where: the file, row, model or table it happened at ("" when nowhere).
        next: what the reader can do now ("" when nothing).
    """

    kind = "error"
    exit_code = 1

    def __init__(self, message: str, *, where: str = "", next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.next = next

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" {self.next}" if self.next else ""
        return f"{place}{self.message}{step}"

    def as_dict(self) -> dict[str, str]:
        """The error object that ``--json`` prints on stdout."""
        return {
            "error": self.message,
            "kind": self.kind,
            "where": self.where,
            "next": self.next,
        }


class InputError(StoryTransformerError):
    """The user's document, prompt, setting, argument, or a database from a newer version."""

    kind = "input"
    exit_code = 2


class LedgerError(StoryTransformerError):
    """A story without exactly one ledger row. Nothing is written when this is raised."""

    kind = "ledger"
    exit_code = 3


class BudgetError(StoryTransformerError):
    """The next call's worst-case price does not fit into ``--max-cost``."""

    kind = "budget"
    exit_code = 4


class SovereigntyError(StoryTransformerError):
    """Text would have left the machine without being allowed to by name."""

    kind = "sovereignty"
    exit_code = 5


class ModelError(StoryTransformerError):
    """A model or its provider failed.

    Args:
        retryable: the same request may succeed later.
        retry_after: seconds the server asked to wait, None when it did not say.

    ``status`` is the HTTP status of the server's answer, 0 where there is none.
    """

    kind = "model"
    status = 0
    exit_code = 6

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        next: str = "",
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, where=where, next=next)
        self.retryable = retryable
        self.retry_after = retry_after


class EngineError(StoryTransformerError):
    """Weights missing or damaged, a window that does not fit, a kernel that cannot run."""

    kind = "engine"
    exit_code = 6


class StoreError(StoryTransformerError):
    """The database is locked, full, damaged or cannot be opened."""

    kind = "store"
    exit_code = 7


class GateError(StoryTransformerError):
    """An eval gate was not met."""

    kind = "gate"
    exit_code = 8
