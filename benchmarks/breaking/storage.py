"""What can happen to the database and the disk while a merge runs."""

from __future__ import annotations

import random
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from benchmarks.breaking.merges import Ended, Merge, taken_up
from tests.support.providers import Provider

MODEL = "openai/served@{url}/v1"
#: What of a command's end is not a defect when its disk is full, and how it may say so.
_FULL = ("store", "input")


@dataclass(frozen=True)
class Stage:
    """Where a fault is tried: documents, a server, a folder for runs, and the undisturbed run's
    document."""

    paths: Sequence[Path]
    server: Provider
    folder: Path
    whole: dict[str, bytes]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def merge(self, name: str, environment: Mapping[str, str] | None = None) -> Merge:
        """A merge in a new folder."""
        folder = self.folder / f"{name}-{next(self.numbers)}"
        model = MODEL.format(url=self.server.url)
        return Merge(self.paths, model, self.server, folder, environment=environment or {})

    def differs(self, merge: Merge, ended: Ended) -> list[str]:
        """What is wrong with the books and the document of a merge that ended well."""
        return merge.unbalanced(ended.result) + [
            f"another {kind}"
            for kind, text in merge.document(ended.result).items()
            if text != self.whole[kind]
        ]


@contextmanager
def stage(paths: Sequence[Path], *, seconds: float = 0.05) -> Iterator[Stage]:
    """A server, a folder, and the document that nobody disturbed the making of."""
    with Provider(seconds=seconds) as server, tempfile.TemporaryDirectory() as scratch:
        bare = Stage(paths, server, Path(scratch), {})
        merge = bare.merge("whole")
        ended = merge.finish()
        if ended.code:
            raise SystemExit(f"the run that nobody disturbs fails: {ended.out}{ended.err}")
        yield replace(bare, whole=merge.document(ended.result))


def locked(stage: Stage, *, seconds: float) -> list[str]:
    """Another program writes to the database for so long, from the third request on: the merge just
    waits."""
    merge = stage.merge("locked")
    process = merge.start()
    if not reached(stage.server, len(stage.server.asked) + 3, process):
        return ["ended before it could be locked out"]
    with _writing(merge):
        time.sleep(seconds)
    ended = merge.finish(process)
    return ended.is_not(0) or stage.differs(merge, ended)


def locked_too_long(stage: Stage) -> list[str]:
    """Another program writes to the database for longer than a merge may wait: it says what keeps
    it from going on, and goes on when it is started again."""
    merge = stage.merge("locked", {"STORYTRANSFORMER_DB_PATIENCE": "0.2"})
    seen = len(stage.server.asked)
    process = merge.start()
    if not reached(stage.server, seen + 3, process):
        return ["ended before it could be locked out"]
    with _writing(merge):
        ended = merge.finish(process)
    patient = replace(merge, environment={})
    time.sleep(4 * stage.server.seconds)
    wrong = taken_up(patient, seen, stage.whole, merge.journalled())[1]
    return ended.is_not(7, "store") + wrong


@contextmanager
def _writing(merge: Merge) -> Iterator[None]:
    """As another program that writes to the database all the time."""
    with closing(sqlite3.connect(merge.database, isolation_level=None, timeout=60)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


def full_disk(stage: Stage, *, seed: int, limit: int | None = None) -> list[str]:
    """The disk is full somewhere between the first table and the last page, later it is not.

    As root on Linux the disk is a file system of that size; elsewhere no file may grow above it.

    Args:
        limit: bytes; drawn by the seed where none are given.
    """
    size = limit or random.Random(seed).randrange(150_000, _bytes_of(stage.folder / "whole-1"))
    merge = stage.merge("full")
    seen = len(stage.server.asked)
    with _small_disk(merge.folder, size) as (confine, grow):
        broken_off = merge.finish(merge.start(before=confine))
        wrong = _told_as_full(broken_off)
        time.sleep(4 * stage.server.seconds)
        grow()
        _, more = taken_up(merge, seen, stage.whole, merge.journalled())
    return wrong + more


def _told_as_full(ended: Ended) -> list[str]:
    if ended.code == 0:
        return []
    if ended.kind not in _FULL:
        return [f"exit code {ended.code}: {(ended.out + ended.err)[-300:]}"]
    return [] if ended.result["next"] else ["a full disk without a next step"]


@contextmanager
def _small_disk(
    folder: Path, size: int
) -> Iterator[tuple[Callable[[], object] | None, Callable[[], object]]]:
    """A folder in which there is room for so many bytes. Gives what to call in the process, and
    what makes room."""
    folder.mkdir()
    mounted = _mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        if mounted:
            yield None, lambda: _mounted("-o", "remount,size=512m", str(folder))
        else:
            limits = (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
            yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits), lambda: None
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def _mounted(*arguments: str) -> bool:
    if shutil.which("mount") is None:
        return False
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def two_at_once(stage: Stage, *, seed: int) -> list[str]:
    """Two merges of the same corpus with one database: both end with the document, and together
    they ask for little more than one would."""
    merge = stage.merge("two")
    other = replace(merge, more=["--out", "other"])
    seen = len(stage.server.asked)
    first = merge.start()
    apart = random.Random(seed).random()
    if apart < 0.5:
        time.sleep(apart)
    else:
        reached(stage.server, seen + 10, first)
    second = other.start()
    results = [merge.finish(first), other.finish(second)]
    if wrong := [told for ended in results for told in ended.is_not(0)]:
        return wrong
    wrong = stage.differs(merge, results[0]) + stage.differs(other, results[1])
    asked = [key for key, _ in stage.server.asked[seen:]]
    if len(asked) - len(set(asked)) > 16:
        wrong.append(f"{len(asked) - len(set(asked))} of {len(set(asked))} requests paid twice")
    return wrong


def reached(server: Provider, n: int, process: subprocess.Popen[str]) -> bool:
    """Wait until the server has heard of so many requests; whether it did before the end."""
    while len(server.asked) < n:
        if process.poll() is not None:
            return False
        time.sleep(0.005)
    return True
