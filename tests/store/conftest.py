"""Stores on SQLite always, and on a real PostgreSQL server where one can be started."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.calls import (
    Band,
    Call,
    Message,
    Plan,
    Reply,
    Request,
    SkippedStory,
    TokenCount,
    Usage,
    WindowLimits,
)
from pipeline.entries import (
    Conflict,
    Entry,
    Fold,
    LedgerRow,
    Line,
    Link,
    Merge,
    Outcome,
    RoleTold,
    Side,
    entry_id,
)
from pipeline.estimates import Estimate
from pipeline.store.record import Store, open_store
from pipeline.stories import (
    Block,
    Document,
    Extraction,
    Locator,
    Source,
    Span,
    Story,
    residue_of,
    story_id,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self, start: datetime = NOON) -> None:
        self.time = start

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def _server_binaries() -> Path | None:
    for name in ("pg_ctl", "/usr/lib/postgresql/*/bin/pg_ctl"):
        found = (
            shutil.which(name)
            if "*" not in name
            else max((str(p) for p in Path("/").glob(name[1:])), default=None)
        )
        if found:
            return Path(found).resolve().parent
    return None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server of our own on a Unix socket, as another user where we are root (it insists)."""
    binaries = _server_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed (pg_ctl was not found)")
    home = Path(tempfile.mkdtemp(prefix="st-pg-"))
    become: list[str] = []
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL refuses to run as root and there is no user 'postgres'")
        shutil.chown(home, "postgres")
        become = ["runuser", "-u", "postgres", "--"]
    data, log = home / "data", home / "log"
    control = [*become, str(binaries / "pg_ctl"), "-D", str(data)]
    options = f"-k {home} -c listen_addresses= -c fsync=off -c max_connections=40"
    try:
        for command in (
            [*become, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester",
             "-E", "UTF8", "--no-locale", "--no-sync"],
            [*control, "-w", "-t", "30", "-o", options, "-l", str(log), "start"],
        ):  # fmt: skip
            done = subprocess.run(
                command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            if done.returncode:
                pytest.skip(f"PostgreSQL did not start: {done.stdout.strip()[-300:]}")
        yield f"postgresql://tester@/{{}}?host={home}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd="/", capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def _administer(server: str, command: str) -> None:
    import psycopg

    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        connection.execute(command)


@contextmanager
def _database(server: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database on the server, dropped afterwards: seventy of them are 500 MB."""
    name = f"t{uuid.uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield server.format(name)
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file at the newest version, to copy: migrating for every test would take most of it."""
    path = tmp_path_factory.mktemp("migrated") / "st.sqlite"
    open_store(f"sqlite:///{path}", now=Clock()).close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """The name of a database at the newest version, to copy."""
    with _database(postgres_server) as url:
        open_store(url, now=Clock()).close()
        yield url.partition("?")[0].rpartition("/")[2]


KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A blank database of either kind."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.sqlite'}"
    else:
        with _database(request.getfixturevalue("postgres_server")) as made:
            yield made


@pytest.fixture
def ready(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind at the newest version, with nothing in it."""
    if kind == "sqlite":
        path = tmp_path / "st.sqlite"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
    else:
        template = request.getfixturevalue("migrated_postgres")
        with _database(request.getfixturevalue("postgres_server"), template) as made:
            yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(ready: str, clock: Clock) -> Iterator[Store]:
    with open_store(ready, now=clock) as opened:
        yield opened


def make_extraction(n: int = 2, path: str = "shop/backlog.md", salt: str = "") -> Extraction:
    """A document of ``n`` one-line stories with a line of prose after each."""
    text, spans = "", []
    for i in range(n):
        line = f"As a shopper I want to filter by price {i}{salt}."
        spans.append(Span(len(text), len(text) + len(line)))
        text += f"{line}\nProse {i} – kept.\n"
    sha = hashlib.sha256(text.encode()).hexdigest()
    document = Document(
        sha256=sha,
        paths=(path,),
        format="markdown",
        text=text,
        blocks=tuple(
            Block(s.start, s.end, "paragraph", Locator(line=2 * i + 1)) for i, s in enumerate(spans)
        ),
        front_matter={"author": "Ada"},
    )
    stories = tuple(
        Story(
            id=story_id(sha, (span,), "agile"),
            kind="agile",
            source=Source(
                sha,
                path,
                Locator(line=2 * i + 1, heading=("Shop", "Search")),
                (span,),
                key=f"SHOP-{i}",
                written=date(2026, 3, 1 + i % 28),
                author="Ada",
            ),
            text=text[span.start : span.end],
            role="shopper",
            goal=f"filter by price {i}{salt}",
            criteria=("The filter is kept.", "It shows a count."),
        )
        for i, span in enumerate(spans)
    )
    return Extraction(document, stories, residue_of(len(text), spans))


def make_request(n: int = 0, model: str = "local/tiny") -> Request:
    return Request(
        model=model,
        revision="r1",
        purpose="pair",
        prompt="judge-pair.v1",
        prompt_sha256="p" * 64,
        messages=(Message("system", "Merge."), Message("user", f"Stories {n}")),
        max_tokens=64,
        shared=1,
    )


def make_reply(request: Request, text: str = "As a shopper …", usd: str | None = "0.002") -> Reply:
    return Reply(
        key=request.key,
        text=text,
        finish="stop",
        usage=Usage(input=90, output=12, cache_read=10, cache_write=5),
        seconds=1.25,
        model="tiny",
        usd=None if usd is None else Decimal(usd),
    )


def make_plan(extraction: Extraction, model: str = "local/tiny") -> Plan:
    first, *rest = extraction.stories
    call = Call(
        id="edit-0001",
        stage="edit",
        request=make_request(7, model),
        handles=(("S1", first.id),),
        clusters=(("S1",),),
        input=TokenCount(105, "tiny", True, 105, 105),
        output=Band(5, 12, 64),
    )
    return Plan(
        strategy="edit",
        model=model,
        limits=WindowLimits(2048, 256, "the model's window"),
        calls=(call,),
        skipped=tuple(SkippedStory(story.id, "single") for story in rest),
        n_stories=len(extraction.stories),
        n_clusters=1,
        parameters={"similarity": "measured"},
    )


def make_estimate(plan: Plan, usd: str | None = "0.0021") -> Estimate:
    price = None if usd is None else Decimal(usd)
    return Estimate(
        model=plan.model,
        strategy=plan.strategy,
        feasible=True,
        reason="",
        plan_sha256=plan.sha256,
        calls=len(plan.calls),
        journalled_calls=0,
        input_tokens=TokenCount(105, "tiny", True, 105, 105),
        output_tokens=Band(5, 12, 64),
        usd=None if price is None else (price / 2, price, price * 2),
        usd_batch=None,
        usd_worst=price,
        price_date="2026-11-21",
        notes=("batch is half the price",),
        seconds=2.0,
        seconds_band=(1.0, 4.0),
        peak_memory_bytes=400_000_000,
    )


def make_merge(extraction: Extraction) -> Merge:
    """The first story standing for the second, by proof; the third in conflict with the first; the
    others as they are, the last two next to each other. At least four stories."""
    one, two, three, *rest = extraction.stories
    first = Entry(
        id=entry_id((one.id, two.id)),
        standing=one.id,
        sources=(one.id, two.id),
        roles=(RoleTold("shopper", (one.id,)), RoleTold("guest", (two.id,))),
        lines=(
            Line("sentence", one.text, (one.id,)),
            Line("criterion", "It shows a count.", (one.id, two.id)),
        ),
        folds=(
            Fold(two.id, "sentence", two.text, "proof", one.id, ("story-frame",), ("notify",)),
            Fold(two.id, "title", "Filter", "person", one.id, reason="by ann on 2026-11-20"),
            Fold(two.id, "benefit", "it helps", "judge", one.id, reason="tiny, record r1",
                 likelihood=0.995),
        ),
    )  # fmt: skip
    alone = tuple(
        Entry(entry_id((s.id,)), s.id, (s.id,), (RoleTold(s.role, (s.id,)),),
              (Line("sentence", s.text, (s.id,)),))
        for s in (three, *rest)
    )  # fmt: skip
    ledger = (
        LedgerRow(one.id, Outcome.CONFLICT_WITH, first.id, three.id, "14 or 30", "code"),
        LedgerRow(two.id, Outcome.MERGED_INTO, first.id, one.id, "the same need", "judge",
                  ("story-frame",), "tiny", "r1", 0.995),
        LedgerRow(three.id, Outcome.CONFLICT_WITH, alone[0].id, one.id, "14 or 30", "person",
                  at=NOON),
        *(LedgerRow(s.id, Outcome.KEPT, e.id, "", "nothing else says this", "code")
          for s, e in zip(rest, alone[1:], strict=True)),
    )  # fmt: skip
    return Merge(
        entries=(first, *alone),
        conflicts=(
            Conflict("c1", "conflict", (Side(one.id, one.text, ("14",)),
                     Side(three.id, three.text, ("30",))), "days", "ann", "they said so"),
            Conflict("c2", "possible", (Side(one.id, one.text), Side(rest[0].id, rest[0].text)),
                     "opposites", "code"),
        ),
        links=(Link(first.id, alone[0].id, "alike", 0.75, ("price 0",), ("price 2",)),),
        ledger=ledger,
        proposals=((one.id, three.id), (two.id, rest[0].id)),
        failed_calls=("call edit-0002: no JSON",),
    )  # fmt: skip


def make_kept(gone: str = "") -> dict[str, Any]:
    """What the check of a document finds: every sentence there, or one missing."""
    return {
        "units": 9,
        "standing": 6,
        "folded": {"proof": 1, "judge": 1, "person": 1},
        "missing": [{"story": "s1", "sentence": gone}] if gone else [],
        "faults": [f"E-1 misses {gone}"] if gone else [],
    }


@pytest.fixture
def make() -> SimpleNamespace:
    """Values of the other rooms, small and whole."""
    return SimpleNamespace(
        extraction=make_extraction,
        request=make_request,
        reply=make_reply,
        plan=make_plan,
        estimate=make_estimate,
        merge=make_merge,
        kept=make_kept,
        clock=Clock,
    )


@pytest.fixture
def merge_run(store: Store, make: SimpleNamespace) -> SimpleNamespace:
    """A run over a stored corpus of four stories, just started."""
    extraction = make.extraction(4)
    corpus = store.save_corpus([extraction])
    run = store.start_run(kind="merge", corpus=corpus, model="local/tiny", strategy="edit")
    return SimpleNamespace(id=run, corpus=corpus, extraction=extraction)
