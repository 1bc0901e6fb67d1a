"""Documents read by the workers of a Dask or Ray cluster: the one step of a flow that others can
share.

A merge itself is one sequence around one database and one model server, which has its own
replicas; only reading grows with the documents and needs nothing but them. Batches of documents
are tasks; what comes back goes into the cache of extractions, where the flow then finds it. So a
run comes to the same with and without a cluster, and a worker of another version, whose
extractions have other keys, is merely of no use. Workers see the documents under the same
absolute paths.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from prefect import task
from prefect.cache_policies import NO_CACHE

from pipeline.amounts import counted
from pipeline.config.extras import how_to_install
from pipeline.config.options import ReadOptions
from pipeline.errors import InputError
from pipeline.extract.extraction import extract, unread
from pipeline.store.record import Store
from pipeline.stories import Extraction

#: Documents of one task: a fraction of a second each, tasks cost tens of milliseconds.
BATCH = 16
#: Where Ray takes clients when nothing else is said.
_RAY_PORT = 10001
_WHERE = "STORYTRANSFORMER_TASK_RUNNER"
#: Extractions by the keys of the cache.
Found = dict[tuple[str, str], Extraction]


def read_ahead(
    runner: str,
    paths: Sequence[str],
    how: ReadOptions,
    store: Store,
    say: Callable[[str], None],
) -> None:
    """Have the documents that are not in the cache read elsewhere; without a runner, nothing.

    Args:
        runner: address, ``dask://HOST:PORT`` or ``ray://HOST:PORT``, or "".

    Raises:
        InputError: no such runner, none that answers, or as
            :func:`pipeline.extract.extraction.extract` does.
    """
    if not runner:
        return
    waiting = [
        os.path.abspath(path)
        for path in unread(
            paths,
            encoding=how.encoding,
            cache=store,
            exclude=how.exclude,
            pattern=how.pattern,
            repair=how.repair,
            ears=how.ears,
            follow_links=how.follow_links,
        )
    ]
    if not waiting:
        return
    batches = [waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH)]
    reading = task(name="read documents", cache_policy=NO_CACHE, persist_result=False)(read_batch)
    read = 0
    with open_runner(runner) as workers:
        futures = [workers.submit(reading, {"paths": batch, "how": how}) for batch in batches]
        for future in futures:
            for (sha256, variant), extraction in future.result().items():
                store.put_extraction(sha256, variant, extraction)
                read += 1
    say(f"{read} of {counted(len(waiting), 'document')} were read by {runner}")


def read_batch(paths: list[str], how: ReadOptions) -> Found:
    """On a worker: read documents; what cannot be read is left to the flow to report."""
    kept = _Kept()
    for _ in extract(
        paths,
        encoding=how.encoding,
        cache=kept,
        pattern=how.pattern,
        repair=how.repair,
        ears=how.ears,
        follow_links=True,  # named one by one by now
    ):
        pass
    return kept.found


class _Kept:
    """A cache that only takes."""

    def __init__(self) -> None:
        self.found: Found = {}

    def get_extraction(self, sha256: str, variant: str) -> Extraction | None:
        return None

    def put_extraction(self, sha256: str, variant: str, extraction: Extraction) -> None:
        self.found[sha256, variant] = extraction


def open_runner(runner: str) -> Any:
    """Prefect's task runner for a cluster that is there.

    Raises:
        InputError: another kind of address, the extra is not installed, nobody answers, or a Dask
            cluster has no worker, for which Dask would wait forever.
    """
    parts = urlsplit(runner)
    if parts.scheme in ("dask", "ray") and parts.netloc:
        return _open_dask(parts.netloc) if parts.scheme == "dask" else _open_ray(runner)
    raise InputError(
        f"{runner!r} is not a task runner.",
        where=_WHERE,
        next="Write it as dask://HOST:8786 or ray://HOST:10001.",
    )


def _open_ray(runner: str) -> Any:
    try:
        from prefect_ray import RayTaskRunner
    except ImportError as exc:
        raise InputError(
            "Ray is not installed.", where=_WHERE, next=f"Run: {how_to_install('ray')}"
        ) from exc
    parts = urlsplit(runner)
    try:  # Ray itself would try for minutes
        socket.create_connection((parts.hostname or "", parts.port or _RAY_PORT), 10).close()
    except OSError as exc:
        raise InputError(
            f"no Ray cluster answers at {runner}.",
            where=_WHERE,
            next="Start: ray start --head --disable-usage-stats",
        ) from exc
    return RayTaskRunner(address=runner)


def _open_dask(netloc: str) -> Any:
    try:
        from distributed import Client
        from prefect_dask import DaskTaskRunner
    except ImportError as exc:
        raise InputError(
            "Dask is not installed.", where=_WHERE, next=f"Run: {how_to_install('dask')}"
        ) from exc
    address = f"tcp://{netloc}"
    try:
        with Client(address, timeout=10) as client:
            workers = client.scheduler_info(n_workers=-1)["workers"]
    except OSError as exc:
        raise InputError(
            f"no Dask scheduler answers at {address}.", where=_WHERE, next="Start: dask scheduler"
        ) from exc
    if not workers:
        raise InputError(
            "the Dask cluster has no workers.", where=_WHERE, next=f"Start: dask worker {address}"
        )
    return DaskTaskRunner(address=address)
