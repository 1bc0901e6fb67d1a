"""One local model at a time: a global concurrency limit of Prefect's.

Two models on one card, or on the same few cores, end in memory errors or crawl. Deployments,
eval runs and flows of the command line that use one Prefect API take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from pipeline.catalog import ModelSpec
from pipeline.errors import InputError

#: Name of the limit. A machine with two cards may raise it: `prefect gcl update`.
LIMIT = "storytransformer-local-model"
#: Seconds after which the turn of a process that was killed is another's.
_LEASE = 120.0


@contextmanager
def turn(spec: ModelSpec, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other run holds a local model, and hold it; models elsewhere need no turn.

    Enter it in a flow, not in a task: Prefect lets go of what a task took when the task ends.

    Raises:
        InputError: a person has switched the limit off.
    """
    if spec.provider != "local":
        yield
        return
    _ensure_limit()
    say(f"waiting for a turn of {LIMIT}")
    with concurrency(LIMIT, occupy=1, lease_duration=_LEASE, strict=True):
        say("it is this run's turn")
        yield


def _ensure_limit() -> None:
    """Create the limit where it is missing. What a person has set it to stays.

    Raises:
        InputError: it is switched off, and would limit nothing.
    """
    with get_client(sync_client=True) as client:
        try:
            limit = client.read_global_concurrency_limit_by_name(LIMIT)
        except ObjectNotFound:
            # another run may have made it in between
            with suppress(ObjectAlreadyExists):
                client.create_global_concurrency_limit(
                    GlobalConcurrencyLimitCreate(name=LIMIT, limit=1)
                )
            return
    if not limit.active:
        raise InputError(
            "the limit that keeps local models apart is switched off.",
            where=LIMIT,
            next=f"Switch it on: prefect gcl enable {LIMIT}; or delete it, the next run makes it.",
        )
