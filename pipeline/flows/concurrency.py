"""One local model at a time: a global concurrency limit of Prefect's, one for every machine.

Two models on one card, or on the same few cores, end in memory errors or crawl. Deployments,
eval runs and flows of the command line that use one Prefect API take turns.

Prefect keeps the leases of its slots in the server's memory: of a run that was killed together
with its server (as with the temporary one of ``--prefect``) the slot would stay taken for good, and
every later run would wait for ever. So a turn is also a lock on a file, which the operating system
lets go of when a process dies: who has the lock knows that a slot still taken is nobody's.
"""

from __future__ import annotations

import fcntl
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from pipeline.errors import InputError
from pipeline.models import ModelSpec

#: Seconds after which the turn of a process that was killed is another's.
_LEASE = 120.0


def limit_name() -> str:
    """The limit of this machine. One with two cards may raise it: `prefect gcl update`."""
    return f"storytransformer-local-model-{platform.node()}"


@contextmanager
def turn(spec: ModelSpec, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other run holds a local model, and hold it; models elsewhere need no turn.

    Enter it in a flow, not in a task: Prefect lets go of what a task took when the task ends.

    Raises:
        InputError: a person has switched the limit off.
    """
    if not spec.provider.is_local:
        yield
        return
    name = limit_name()
    with get_client(sync_client=True) as client:
        alone = _find_or_make(client, name).limit == 1
    say(f"waiting for a turn of {name}")
    with _locked() if alone else nullcontext():
        if alone:
            _let_go_of_the_dead(name)
        with concurrency(name, occupy=1, lease_duration=_LEASE, strict=True):
            say("it is this run's turn")
            yield


def _find_or_make(client: SyncPrefectClient, name: str) -> GlobalConcurrencyLimitResponse:
    """The limit; of one where it is missing. What a person has set it to stays.

    Raises:
        InputError: it is switched off, and would limit nothing.
    """
    try:
        limit = client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        with suppress(ObjectAlreadyExists):  # another run may have made it in between
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        limit = client.read_global_concurrency_limit_by_name(name)
    if not limit.active:
        raise InputError(
            "the limit that keeps local models apart is switched off.",
            where=name,
            next=f"Switch it on: prefect gcl enable {name}; or delete it, the next run makes it.",
        )
    return limit


def _let_go_of_the_dead(name: str) -> None:
    """Free the slot of a run that is no more; only for who has the lock."""
    with get_client(sync_client=True) as client:
        if client.read_global_concurrency_limit_by_name(name).active_slots:
            client.update_global_concurrency_limit(
                name, GlobalConcurrencyLimitUpdate(active_slots=0)
            )


@contextmanager
def _locked() -> Iterator[None]:
    """Hold the lock of this machine, whoever's process asks."""
    file = Path(tempfile.gettempdir()) / "storytransformer-local-model.lock"
    try:
        handle = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        handle = os.open(file, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
