"""Threads read documents in a process beside them, where limits hold."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.extract import beside, extraction
from pipeline.extract.beside import ReaderProcess
from pipeline.extract.extraction import extract
from pipeline.extract.readers import reader_registry as readers
from pipeline.extract.reading_limits import OverLimit
from pipeline.stories import Extraction

STORY = "As a cook, I want salt, so that it tastes.\n"
#: Limits that a small document reaches, set in the process beside.
TIGHT = "import pipeline.extract.reading_limits as l; l.SECONDS, l.SECONDS_A_MB = {seconds}, 0.0"


class Tight(ReaderProcess):
    """With limits that the documents of these tests reach."""

    seconds = 0.3

    def _started(self) -> subprocess.Popen[bytes]:
        self._process = super()._started()
        self.call(exec, TIGHT.format(seconds=self.seconds))
        return self._process


def in_a_thread(work: Callable[[], Any]) -> Any:
    told: list[Any] = []

    def run() -> None:
        try:
            told.append(work())
        except BaseException as error:
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(120)
    (result,) = told
    if isinstance(result, BaseException):
        raise result
    return result


def children() -> list[str]:
    """Processes that the tests of this file have begun: others may have left some."""
    return [p for p in _all_children() if p not in _BEFORE]


def _all_children() -> list[str]:
    return [p for p in os.listdir("/proc") if p.isdigit() and _parent(p) == os.getpid()]


_BEFORE: set[str] = set()


@pytest.fixture(autouse=True)
def _what_others_left() -> None:
    _BEFORE.update(_all_children())


def _parent(process: str) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def read(folder: Path, **how: Any) -> list[Extraction]:
    return list(extract([folder], **how))


def test_a_thread_reads_what_the_main_thread_reads(tmp_path: Path):
    for n in range(9):  # enough to be shared out, where that is possible
        (tmp_path / f"{n}.md").write_text(f"# Part {n}\n\n- {STORY}")
    (tmp_path / "broken.docx").write_bytes(b"PK\x03\x04 no more")
    (tmp_path / "a.csv").write_text(f'Story,Key\n"{STORY.strip()}",K-1\n')
    assert in_a_thread(lambda: read(tmp_path)) == read(tmp_path)
    assert children() == [], "it has ended with the reading"


def test_a_document_over_its_limit_is_reported_and_the_others_go_on(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(extraction, "ReaderProcess", Tight)
    (tmp_path / "a.md").write_text(STORY)
    (tmp_path / "b.md").write_text("".join(f"## Part {n}\n\n{STORY}\n" for n in range(20_000)))
    (tmp_path / "c.md").write_text(f"- {STORY}")
    first, over, last = in_a_thread(lambda: read(tmp_path))
    assert "seconds of processor time, the limit for a document" in (over.document.problem or "")
    assert len(first.stories) == len(last.stories) == 1 and not over.stories


def test_memory_is_limited_too():
    """And what is allocated within the limit is not."""
    source = (
        "from pipeline.extract import reading_limits as limits\n"
        "limits.BYTES, limits.BYTES_A_BYTE = 200 << 20, 0\n"
        "with limits.limited(1):\n    bytearray({} << 20)"
    )
    with ReaderProcess() as reader:
        in_a_thread(lambda: reader.call(exec, source.format(20)))
        with pytest.raises(MemoryError):
            in_a_thread(lambda: reader.call(exec, source.format(900)))
        assert reader.call(len, "abc") == 3, "the same process goes on"


def test_a_process_that_dies_ends_one_document(tmp_path: Path):
    with ReaderProcess() as reader:
        with pytest.raises(OverLimit, match="its reader ended with signal 9"):
            reader.call(exec, "import os; os.kill(os.getpid(), 9)")
        assert reader.call(len, "abc") == 3
        with pytest.raises(OverLimit, match="its reader ended with no result"):
            reader.call(exec, "import os; os._exit(3)")


def test_errors_come_back_as_they_are(tmp_path: Path):
    (tmp_path / "a.md").write_text(STORY)
    with pytest.raises(InputError) as here:
        read(tmp_path, pattern="(")
    with pytest.raises(InputError) as there:
        in_a_thread(lambda: read(tmp_path, pattern="("))
    assert str(there.value) == str(here.value) and there.value.next == here.value.next


def test_what_a_library_prints_disturbs_nothing():
    with ReaderProcess() as reader:
        assert reader.call(eval, "(print('noise'), __import__('os').write(1, b'more'))[1]") == 4


def test_nothing_is_imported_from_the_folder_it_starts_in(tmp_path: Path, monkeypatch):
    (tmp_path / "pickle.py").write_text("raise SystemExit('imported from the documents')")
    monkeypatch.chdir(tmp_path)
    with ReaderProcess() as reader:
        assert reader.call(len, "abc") == 3


def test_a_reader_of_your_own_reads_in_the_thread(tmp_path: Path, monkeypatch):
    """The process beside does not know it."""
    monkeypatch.setattr(readers, "ADDED", {})
    monkeypatch.setattr(extraction, "ADDED", readers.ADDED)
    readers.add_reader(".mine", "mine", readers.reader_of("text"))
    try:
        (tmp_path / "a.mine").write_text(STORY)
        (tmp_path / "b.md").write_text(f"- {STORY}")
        mine, other = in_a_thread(lambda: read(tmp_path))
        assert len(mine.stories) == len(other.stories) == 1
    finally:
        del readers.FORMATS[".mine"]


def test_who_stops_reading_half_way_leaves_no_process(tmp_path: Path):
    for n in range(3):
        (tmp_path / f"{n}.md").write_text(f"# Part {n}\n\n{STORY}")

    def first() -> Extraction:
        found = extract([tmp_path])
        one = next(found)
        found.close()
        return one

    assert in_a_thread(first).stories and children() == []


def test_it_ends_with_who_started_it():
    """A killed run leaves nothing behind that reads on."""
    code = (
        "from pipeline.extract.beside import ReaderProcess\n"
        "reader = ReaderProcess(); reader.call(len, 'abc')\n"
        "print(reader._process.pid, flush=True); import os; os.kill(os.getpid(), 9)"
    )
    root = str(Path(beside.__file__).parents[2])
    env = os.environ | {"PYTHONPATH": root}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60
    )
    pid = int(ended.stdout)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and "Z" not in _state(pid):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
