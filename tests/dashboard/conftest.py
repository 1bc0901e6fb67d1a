"""A database as a week of work leaves it, and a browser that looks at it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import text as sql

from evals.dashboard.serve import Served, pages
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
from pipeline.config.settings import read_settings
from pipeline.entries import (
    Answer,
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
from pipeline.estimates import Estimate, Learned
from pipeline.judge.calibration import examine
from pipeline.judge.judge_records import Record, as_mapping
from pipeline.store.journal import StoreJournal
from pipeline.store.record import Store, open_store
from pipeline.store.rows.eval_rows import Score
from pipeline.stories import (
    Document,
    Extraction,
    Locator,
    Source,
    Span,
    Story,
    residue_of,
    story_id,
)
from tests.dashboard.measured import Cell, further_measures
from tests.judge.examples import JUDGE, figures, pairs
from tests.support.browser import chromium_binary

#: A story that tries to run in the page: what documents hold is text, never markup.
HOSTILE = "As a guest I want <img src=x onerror='window.hurt=1'><script>window.hurt=1</script>."

#: What a run of a model teaches; the extractive one has nothing to say of tokens.
TAUGHT = {
    "asked": 12, "prompt": "judge-pair.v1", "planned_input_tokens": 48_000,
    "first_input_tokens": 48_000, "planned_output_tokens": 4_000, "formula_seconds": 50.0,
    "model_seconds": 71.0, "machine": "here: CPU",
}  # fmt: skip


def _extraction(number: int, lines: list[str]) -> Extraction:
    text, spans = "", []
    for line in lines:
        spans.append(Span(len(text), len(text) + len(line)))
        text += line + "\n\n"
    sha = hashlib.sha256(text.encode()).hexdigest()
    path = f"backlog/part-{number}.md"
    stories = tuple(
        Story(
            story_id(sha, (span,), "agile"),
            "agile",
            Source(sha, path, Locator(line=2 * i + 1, heading=("Checkout",)), (span,)),
            text[span.start : span.end],
            goal=text[span.start : span.end],
        )
        for i, span in enumerate(spans)
    )
    return Extraction(
        Document(sha, (path,), "markdown", text), stories, residue_of(len(text), spans)
    )


def _merge(store: Store, extractions: list[Extraction], model: str, usd: Decimal) -> str:
    corpus = store.save_corpus(extractions)
    stories = [story for e in extractions for story in e.stories]
    run = store.start_run(
        kind="merge", corpus=corpus, model=model, strategy="pairs",
        parameters={"paths": ["backlog/with blank", "more.md"], "out": "merged"},
        describe={"attention": "sdpa_flash", "attention_reason": "it fits this machine"},
    )  # fmt: skip
    _ask(store, run, stories, model)
    estimate = Estimate(
        model, "pairs", True, "", "0" * 64, 12, 0, TokenCount(48_000, "own", True, 48_000, 48_000),
        Band(1_000, 3_000, 9_000), (usd / 2, usd, usd * 2), None, usd * 2, "2026-11-21",
        seconds=80.0, seconds_band=(40.0, 160.0), peak_memory_bytes=900_000_000,
        learned=Learned(output=0.75, runs=3),
    )  # fmt: skip
    store.save_estimate(run, corpus, estimate)
    store.save_merge(run, _merged(stories), KEPT)
    store.save_actuals(
        run, input_tokens=48_000, output_tokens=3_700, usd=usd * Decimal("2.5"), seconds=71.0,
        peak_memory_bytes=1_000_000_000, calls=12, reused=3,
        **({} if model == "extractive" else TAUGHT),
    )  # fmt: skip
    store.finish_run(run, "completed")
    return run


#: What a training leaves beside its adapter.
CARD = {
    "base": "local/tiny", "base_sha256": "b" * 64, "seed": 17,
    "data": {"sha256": "d" * 64, "train_pairs": 64, "dev_pairs": 8},
    "steps": {"best": 20, "trained_pairs": 48}, "seconds": 75, "stopped": "dev got no better",
    "peak_bytes": {"told": 3_000_000_000, "measured": 2_500_000_000},
    "losses": [(10, 0.7), (20, 0.6), (30, 0.5)], "dev_losses": [(10, 0.69), (20, 0.62), (30, 0.65)],
}  # fmt: skip


def _records(store: Store) -> SimpleNamespace:
    """A judge that is believed, one that is not, and a record that was changed afterwards."""
    one, other = Answer.ONE_NEED, Answer.DIFFERENT
    good = [
        *pairs("threshold", one, 0.8, n=9), *pairs("threshold", other, 0.1, n=40),
        *pairs("report", one, 0.9, n=60), *pairs("report", other, 0.1, n=9_000),
    ]  # fmt: skip
    coin = [
        *pairs("threshold", one, 0.4, 0.6, n=20), *pairs("threshold", other, 0.4, 0.6, n=20),
        *pairs("report", one, 0.4, 0.6, n=20, kind="other words"),
        *pairs("report", other, 0.4, 0.6, n=30, kind="order"),
    ]  # fmt: skip
    believed = examine(JUDGE, good)
    guessing = examine(replace(JUDGE, model="local/coin"), coin)
    windows = Record(
        replace(JUDGE, model="local/coin", prompt="judge-groups.v1", vetoes=""), "word", (), 300,
        windows=figures((8, 160), (16, 90)),
    )  # fmt: skip
    for record in (guessing, believed, windows):
        store.save_record(record)
    store.save_training("ada9" * 16, "/somewhere/judge", CARD)
    body = as_mapping(believed) | {"n": 1}
    with store.database.write() as connection:
        connection.execute(
            sql("INSERT INTO judge_record VALUES ('forged', 'local/forged', :made, '', :body)"),
            {"made": "2026-11-01T00:00:00.000000Z", "body": json.dumps(body)},
        )
    return SimpleNamespace(believed=believed, guessing=guessing, windows=windows)


def _merged(stories: list[Story]) -> Merge:
    """Of every four stories the second is proved to be the first, a judge put the third under it,
    and the fourth is in conflict with the fourth of the next four."""
    fours = [stories[n : n + 4] for n in range(0, len(stories), 4)]
    entries, ledger = [], []
    for one, copy, other, apart in fours:
        whole = Entry(
            entry_id((one.id, copy.id, other.id)),
            one.id,
            (one.id, copy.id, other.id),
            (RoleTold("shopper", (one.id,)),),
            (Line("sentence", one.text, (one.id,)),),
            (
                Fold(copy.id, "sentence", copy.text, "proof", one.id, ("story-frame",)),
                Fold(other.id, "sentence", other.text, "judge", one.id, (), ("by e-mail",),
                     "tiny, record r1", 0.995),
            ),
        )  # fmt: skip
        alone = Entry(
            entry_id((apart.id,)), apart.id, (apart.id,), (),
            (Line("sentence", apart.text, (apart.id,)),),
        )  # fmt: skip
        entries += [whole, alone]
        ledger += [
            LedgerRow(one.id, Outcome.KEPT, whole.id, "", "stands for 3 stories", "code"),
            LedgerRow(copy.id, Outcome.DUPLICATE_OF, whole.id, one.id, "", "proof",
                      ("story-frame",)),
            LedgerRow(other.id, Outcome.MERGED_INTO, whole.id, one.id, "one need", "judge", (),
                      "tiny", "r1", 0.995),
            LedgerRow(apart.id, Outcome.CONFLICT_WITH, alone.id, one.id, "the numbers differ",
                      "code"),
        ]  # fmt: skip
    last = [four[3] for four in fours]
    conflicts = [
        Conflict(f"c{n}", "conflict" if n == 0 else "possible",
                 (Side(a.id, a.text, (a.goal.split()[-1],)),
                  Side(b.id, b.text, (b.goal.split()[-1],))),
                 "days", "ann" if n == 0 else "code", "the numbers differ")
        for n, (a, b) in enumerate(zip(last[::2], last[1::2], strict=False))
    ]  # fmt: skip
    links = tuple(
        Link(entries[n].id, entries[n + 1].id, "alike", 0.8 - n / 10, (f"order {2 * n}",), (said,))
        for n, said in ((0, "order 3"), (2, "order 7"))
        if n < len(entries)
    )
    return Merge(tuple(entries), tuple(conflicts), links, tuple(ledger),
                 ((stories[0].id, stories[3].id),))  # fmt: skip


#: Every sentence is there.
KEPT = {"units": 60, "standing": 36, "folded": {"proof": 12, "judge": 12, "person": 0},
        "missing": [], "faults": []}  # fmt: skip


def _ask(store: Store, run: str, stories: list[Story], model: str) -> None:
    """A plan of two calls: one answered at the second try, one not asked."""
    calls = []
    for n in range(2):
        shown = stories[4 * n : 4 * n + 4]
        messages = (Message("system", "Merge."), Message("user", shown[0].text))
        request = Request(model, "r1", "pair", "judge-pair.v1", "p", messages, 64)
        calls.append(
            Call(f"pair-000{n + 1}", "pairs", request,
                 tuple((f"S{i}", s.id) for i, s in enumerate(shown, 1)), (("S1", "S2"),),
                 TokenCount(4_000, "own", True, 4_000, 4_000), Band(20, 60, 200))
        )  # fmt: skip
    rest = tuple(SkippedStory(story.id, "single") for story in stories[8:])
    limits = WindowLimits(7_168, 1_024, "the model's window")
    store.save_plan(run, Plan("pairs", model, limits, tuple(calls), rest, len(stories), 3, {}))
    journal = StoreJournal(store, run)
    for text, why in (("{", "no answer"), ('{"answer": "different"}', "")):
        reply = Reply(calls[0].request.key, text, "stop", Usage(3_990, 25), 2.5, model,
                      usd=Decimal("0.01"))  # fmt: skip
        journal.put(calls[0].request, reply, good=not why, why=why)


def _measures(store: Store) -> dict[str, str]:
    """Runs of the other evals, by what they are called in tests."""
    found = {}
    for name, stopped in (("fabrication_1", 0.9), ("fabrication_2", 0.97)):
        run = store.start_run(kind="fabrication", corpus=None, model="m", strategy="")
        figures = [Score("bad_stopped", "", stopped, stopped - 0.02, stopped + 0.02, 400)]
        figures += [Score("good_stopped", "", 0.08, 0.05, 0.12, 300)]
        figures += [
            Score("bad_stopped_of_story", f"{i:04}", stopped - 0.1 * (i % 2)) for i in range(40)
        ]
        store.save_scores(run, figures)
        store.finish_run(run, "completed")
        found[name] = run
    run = store.start_run(kind="merging", corpus=None, model="m", strategy="none")
    store.save_scores(run, [
        Score(name, "", value, value - 0.1, min(1.0, value + 0.1), 60)
        for name, value in (
            ("pairwise_f1", 0.9), ("b_cubed_f1", 0.7), ("folded_exact", 0.8),
            ("together_light", 0.6), ("conflicts_marked", 0.9), ("kept", 1.0),
        )
    ])  # fmt: skip
    store.finish_run(run, "completed")
    run = store.start_run(kind="perplexity", corpus=None, model="local/m", strategy="2048/1024")
    store.save_scores(run, [
        Score("loss", f"{low:06}", 5.0 - n, n=64, detail={"low": low, "high": 2 * low})
        for n, low in enumerate((1, 8, 64, 512))
    ])  # fmt: skip
    store.finish_run(run, "completed")
    run = store.start_run(kind="canary", corpus=None, model="m", strategy="edit")
    store.save_scores(run, [
        Score("canary", f"w{n}-{depth}-{doc}", float(n != 1), detail={
            "word": f"w{n}", "kind": "twin", "document": doc, "name": f"part-{doc}.md",
            "depth": depth, "depth_actual": depth, "lost_at": "merge" if n == 1 else "",
        }) for doc in range(2) for depth in (0, 50, 100) for n in range(3)
    ])  # fmt: skip
    store.save_scores(run, [Score("survived", "", 12 / 18, 0.44, 0.84, 18)])
    store.finish_run(run, "completed")
    found["canary"] = run
    return found


def _needles(store: Store, model: str) -> str:
    run = store.start_run(
        kind="needle", corpus=None, model=model, strategy="single",
        parameters={"lengths": [512, 1024, 2048, 4096, 8192], "depths": [0, 25, 50, 75, 100]},
    )  # fmt: skip
    for length in (512, 1024, 2048, 4096):
        for depth in (0.0, 25.0, 50.0, 75.0, 100.0):
            for seed in range(3):
                found = length < 1024 or seed < (depth // 25 + length // 1024) % 4
                status = "ok"
                if length == 4096 and depth == 50:
                    status = ("truncated", "error", "refused")[seed]
                elif length == 4096 and depth == 100:
                    status = "skipped"
                score = None if status == "skipped" else float(found and status == "ok")
                request = Request(model, "r1", "answer", "needle.v1", "p",
                                  (Message("user", f"{length} {depth} {seed}"),), 16)  # fmt: skip
                store.save_cell(
                    run,
                    Cell(request.key, "single", model, length, length, depth, depth + 0.4, seed,
                         status, score, "It is 4711." if score else "I cannot say.", request),
                )  # fmt: skip
    store.save_scores(run, [
        Score("effective_absolute", "", 1024.0, 512.0, 2048.0, 60, {"lengths": [512, 4096]}),
        Score("effective_every_depth", "", None, 0.0, 512.0, 60, {"lengths": [512, 4096]}),
    ])  # fmt: skip
    store.finish_run(run, "completed")
    return run


@pytest.fixture(scope="session")
def worked(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Two merges, one that failed, one that runs, two needle grids and the other evals."""
    path = tmp_path_factory.mktemp("pages") / "odd name? #1 & more.v2.sqlite"
    moments = (datetime(2026, 11, 16, tzinfo=UTC) + timedelta(hours=n) for n in range(10**6))
    with open_store(f"sqlite:///{path}", now=lambda: next(moments)) as store:
        small = [_extraction(0, [f"As a clerk I want to see order {i}." for i in range(8)])]
        large = [
            _extraction(
                n, [f"As a shopper I want to return order {n}.{i} within 14 days, so that I am "
                    "not stuck with it." for i in range(12)],
            )
            for n in range(1, 5)
        ]  # fmt: skip
        large[0] = _extraction(1, [HOSTILE, *(s.text for s in large[0].stories[1:])])
        first = _merge(store, small, "extractive", Decimal(0))
        newest = _merge(store, large, "claude/claude-haiku-5-5", Decimal("0.042"))
        failed = store.start_run(
            kind="merge", corpus=None, model="local/smollm2-135m", strategy="tree",
            parameters={"paths": ["backlog/it's here", "more.md"]},
        )  # fmt: skip
        store.finish_run(failed, "failed", error="the weights are missing")
        store.start_run(kind="merge", corpus=None, model="local/smollm2-135m", strategy="tree")
        others = _measures(store) | further_measures(store)
        records = _records(store)
        second = _needles(store, "claude/claude-haiku-5-5")
        needles = _needles(store, "local/smollm2-135m")
    return SimpleNamespace(
        path=path, first=first, newest=newest, failed=failed, needles=needles, second=second,
        records=records,
        **others,
    )  # fmt: skip


@pytest.fixture(scope="session")
def served(worked: SimpleNamespace) -> Iterator[str]:
    """The address of the pages over that database, without a page."""
    with pages(Served(worked.path, models_toml=read_settings({}).models_toml), 0) as (url, _):
        yield url.rpartition("/")[0]


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pages over a database nothing was done with."""
    path = tmp_path_factory.mktemp("empty") / "st.sqlite"
    open_store(f"sqlite:///{path}", now=lambda: datetime.now(UTC)).close()
    with pages(Served(path), 0) as (url, _):
        yield url.rpartition("/")[0]


@pytest.fixture
def clock():
    """A clock that goes on by a second whenever it is looked at."""
    moments = (datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=n) for n in range(10**6))
    return lambda: next(moments)


FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium of this machine."""
    binary = chromium_binary()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=binary, args=list(FLAGS))
        yield opened
        opened.close()


def open_page(browser, url: str):
    """A tab at an address, once every card is drawn; console and requests are written down."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(15_000)
    page.said, page.asked, page.bad = [], [], []
    page.on("console", lambda message: page.said.append((message.type, message.text)))
    page.on("pageerror", lambda error: page.said.append(("error", str(error))))
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("response", lambda r: page.bad.append(r.url) if r.status >= 400 else None)
    page.settled = lambda: settle(page)
    page.goto(url)
    page.settled()
    return page


def settle(page) -> None:
    """Wait until every card that is in sight is drawn or says why not."""
    page.locator(".drawing[data-state]").first.wait_for(state="attached")
    waiting = page.locator(
        ".grid:not([hidden]) .drawing:not([data-state=drawn], [data-state=failed])"
    )
    page.wait_for_timeout(20)
    for _ in range(300):
        if waiting.count() == 0:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never drawn: {waiting.first.get_attribute('id')}")


@pytest.fixture
def look(browser):
    """Opens addresses; what was opened is closed when the test ends."""
    opened = []

    def look(url: str):
        opened.append(open_page(browser, url))
        return opened[-1]

    yield look
    for page in opened:
        page.close()
