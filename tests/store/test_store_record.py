"""Writing twice is writing once; what does not balance is not written."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy import text as sql

from pipeline.calls import Request
from pipeline.entries import LedgerRow, Outcome
from pipeline.errors import LedgerError, StoreError
from pipeline.store import tables
from pipeline.store.reading import reports
from pipeline.store.reading.finished_run import open_finished_run
from pipeline.store.record import open_store
from pipeline.store.tables import table_of
from pipeline.stories import Document, Extraction


def counts(store) -> dict[str, int]:
    """Rows by table."""
    with store.database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.Row.metadata.tables.items()
        }


def column(store, query: str, **values) -> list:
    with store.database.read() as connection:
        return list(connection.execute(sql(query), values).scalars())


def test_an_extraction_is_found_again_and_may_be_replaced(store, make):
    one, two = make.extraction(2), make.extraction(3)
    assert store.get_extraction("s", "v1") is None
    store.put_extraction("s", "v1", one)
    assert store.get_extraction("s", "v1") == one
    assert store.get_extraction("s", "v2") is None
    store.put_extraction("s", "v1", two)
    assert store.get_extraction("s", "v1") == two


def test_an_outline_is_found_by_its_key_and_may_be_replaced(store):
    assert store.get_outline("a" * 64) is None
    store.put_outline("a" * 64, "one")
    store.put_outline("b" * 64, "two")
    store.put_outline("a" * 64, "three")
    assert [store.get_outline(key * 64) for key in "abc"] == ["three", "two", None]


def test_a_corpus_is_stored_once_with_everything_in_it(store, make):
    extractions = [make.extraction(3), make.extraction(2, "b.md", " again")]
    unread = Extraction(Document("", ("c.pdf",), "pdf", "", problem="it is encrypted"))
    corpus = store.save_corpus([*extractions, unread])
    before = counts(store)
    assert store.save_corpus([*extractions, unread]) == corpus
    assert counts(store) == before
    assert (before["document"], before["story"], before["corpus_story"]) == (3, 5, 5)
    ids = [story.id for e in extractions for story in e.stories]
    assert column(store, 'SELECT id FROM corpus_story ORDER BY "position"') == ids
    assert column(store, "SELECT n_words FROM corpus") == [
        sum(len(e.document.text.split()) for e in extractions)
    ]
    assert column(store, "SELECT residue_chars FROM corpus") == [
        sum(
            not e.document.text[at].isspace()
            for e in extractions
            for s, t in e.residue
            for at in range(s, t)
        )
    ]
    assert column(store, "SELECT problem FROM corpus_document WHERE problem IS NOT NULL") == [
        "it is encrypted"
    ]


def test_corpora_share_their_documents_and_differ_by_order_path_and_reading(store, make):
    one, two = make.extraction(3), make.extraction(2, "b.md", " again")
    moved = replace(one, document=replace(one.document, paths=("elsewhere.md",)))
    reread = replace(one, stories=(replace(one.stories[0], goal="find it"), *one.stories[1:]))
    found = {
        store.save_corpus(these)
        for these in ([one, two], [two, one], [one], [moved, two], [reread, two])
    }
    assert len(found) == 5
    rows = counts(store)
    assert rows["document"] == 2
    assert rows["story"] == 6  # the story that was read otherwise is another row with the same id


def test_a_plan_is_stored_once_for_estimate_and_run(store, make, merge_run):
    plan = make.plan(merge_run.extraction)
    store.save_plan(None, plan)
    before = counts(store)
    store.save_plan(merge_run.id, plan)
    assert counts(store) == before
    assert column(store, "SELECT plan_sha256 FROM run") == [plan.sha256]
    assert (before["planned_call"], before["planned_skip"]) == (1, 3)
    request = plan.calls[0].request
    body = table_of(tables.RequestRow).c.body
    with store.database.read() as connection:
        stored = connection.execute(select(body)).scalar_one()
    assert stored["messages"] == [list(message) for message in request.messages]
    assert Request(
        **{
            **stored,
            "messages": tuple(type(request.messages[0])(*m) for m in stored["messages"]),
            "stop": tuple(stored["stop"]),
        }
    ).key == request.key  # fmt: skip


def test_an_estimate_is_stored_once_and_becomes_the_runs(store, make, merge_run):
    estimate = make.estimate(make.plan(merge_run.extraction))
    store.save_estimate(None, merge_run.corpus, estimate)
    assert store.save_estimate(None, merge_run.corpus, estimate)
    id_of_run = store.save_estimate(merge_run.id, merge_run.corpus, estimate)
    assert counts(store)["estimate"] == 2
    assert column(store, "SELECT estimate FROM run") == [id_of_run]
    assert column(store, "SELECT micro_usd_high FROM estimate WHERE run IS NOT NULL") == [4200]
    unknown = make.estimate(make.plan(merge_run.extraction, "claude/new"), usd=None)
    store.save_estimate(None, None, unknown)
    assert column(store, "SELECT micro_usd_likely FROM estimate WHERE model = 'claude/new'") == [
        None
    ]


def test_money_of_any_size_comes_back_to_the_micro_dollar(store, make, merge_run):
    store.save_actuals(
        merge_run.id, input_tokens=2**40, output_tokens=1, usd=Decimal("7654321.000001"),
        seconds=1.5, calls=3, reused=2, peak_memory_bytes=2**40,
    )  # fmt: skip
    report = reports.run_report(store, merge_run.id)
    assert (report["usd"], report["input_tokens"]) == ("7654321.000001", 2**40)


def test_a_run_has_a_readable_id_and_a_life(store, merge_run, make):
    assert merge_run.id.startswith("merge-20261121-1200")
    (listed,) = reports.list_runs(store)
    assert (listed["run"], listed["state"], listed["finished"]) == (merge_run.id, "running", None)
    store.update_run(merge_run.id, describe={"kernel": "sdpa"})
    store.finish_run(merge_run.id, "failed", error="the model died")
    report = reports.run_report(store, merge_run.id)
    assert (report["state"], report["error"]) == ("failed", "the model died")
    assert report["describe"] == {"kernel": "sdpa"} and report["finished"] > report["started"]
    for act in (
        lambda: store.finish_run("merge-0", "completed"),
        lambda: store.update_run("merge-0"),
        lambda: store.save_plan("merge-0", make.plan(merge_run.extraction)),
    ):
        with pytest.raises(StoreError, match="no run 'merge-0'"):
            act()


def test_runs_of_the_same_second_have_their_own_ids(ready, make):
    tokens = iter(["aaaa", "aaaa", "aaaa", "bbbb"])
    frozen = make.clock()()
    with open_store(ready, now=lambda: frozen, token=lambda: next(tokens)) as store:
        runs = [
            store.start_run(kind="needle", corpus=None, model="m", strategy="single")
            for _ in range(2)
        ]
    assert [run[-4:] for run in runs] == ["aaaa", "bbbb"]


def set_owner(store, run: str, owner: str) -> None:
    with store.database.write() as connection:
        connection.execute(sql("UPDATE run SET owner = :o WHERE id = :r"), {"o": owner, "r": run})


def dead_pid() -> int:
    """The id of a process that ended."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    return pid


def test_a_run_whose_process_died_is_found_and_taken_up_once(store, ready, clock, merge_run):
    assert store.find_resumable() is None  # it is alive: it is us
    host = column(store, "SELECT owner FROM run")[0].rsplit(":", 2)[0]
    set_owner(store, merge_run.id, f"{host}:{dead_pid()}:1")
    with open_store(ready, now=clock) as another:  # opening is enough to notice
        assert column(another, "SELECT state FROM run") == ["interrupted"]
        assert another.find_resumable(corpus=merge_run.corpus) == merge_run.id
        assert another.find_resumable(corpus="other") is None
        assert another.find_resumable(kind="needle") is None
        assert another.find_resumable(model="local/tiny", plan_sha256="") == merge_run.id
        assert another.resume_run(merge_run.id) is True
        assert another.resume_run(merge_run.id) is False
        assert another.find_resumable() is None
    report = reports.run_report(store, merge_run.id)
    assert (report["state"], report["attempts"], report["error"]) == ("running", 2, None)


def test_another_process_under_the_same_id_is_not_the_runs(store, merge_run):
    host, pid, began = column(store, "SELECT owner FROM run")[0].rsplit(":", 2)
    assert began.isdigit() and store.mark_interrupted() == []
    set_owner(store, merge_run.id, f"{host}:{pid}:{int(began) - 1}")
    assert store.mark_interrupted() == [merge_run.id]


def test_a_run_on_another_machine_is_given_time(store, clock, merge_run):
    set_owner(store, merge_run.id, "elsewhere:1:1")
    assert store.mark_interrupted() == []
    clock.time = clock.time.replace(hour=23)
    assert store.mark_interrupted() == [merge_run.id]


def test_a_merge_is_stored_whole_and_may_be_stored_again(store, make, merge_run):
    merge = make.merge(merge_run.extraction)
    for _ in range(2):
        store.save_merge(merge_run.id, merge, make.kept())
        before = counts(store)
    stored = ("entry", "entry_source", "entry_role", "entry_line", "fold", "conflict",
              "conflict_side", "link", "ledger", "proposal", "failed_call", "kept")  # fmt: skip
    assert [before[name] for name in stored] == [3, 4, 4, 4, 3, 2, 4, 1, 4, 2, 1, 1]


def test_a_merge_comes_back_as_it_was(store, make, merge_run):
    merge = make.merge(merge_run.extraction)
    store.save_merge(merge_run.id, merge, make.kept("It is gone."))
    finished = open_finished_run(store, merge_run.id)
    assert list(finished.stories.values()) == list(merge_run.extraction.stories)
    assert list(finished.names.values()) == ["S-1", "S-2", "S-3", "S-4"]
    assert list(finished.entry_names.values()) == ["E-1", "E-2", "E-3"]
    for name in ("entries", "conflicts", "links", "proposals", "failed_calls"):
        assert getattr(finished, name) == getattr(merge, name), name
    assert tuple(finished.ledger.values()) == merge.ledger
    assert finished.kept == make.kept("It is gone.")
    assert open_finished_run(store, "merge-0") is None


def test_a_merge_that_nobody_checked_says_so(store, make, merge_run):
    merge = make.merge(merge_run.extraction)
    store.save_merge(merge_run.id, merge, make.kept())
    store.save_merge(merge_run.id, merge)
    assert open_finished_run(store, merge_run.id).kept is None
    assert reports.run_report(store, merge_run.id)["kept"] is None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows[1:], "1 stories without a row"),
        (lambda rows: (*rows, rows[0]), "1 stories with two rows"),
        (
            lambda rows: (*rows, LedgerRow("strange", Outcome.KEPT, "", "", "", "code")),
            "1 stories that the corpus does not have",
        ),
        (lambda rows: (), "4 stories without a row"),
    ],
)
def test_books_that_do_not_balance_are_not_written(store, make, merge_run, spoil, said):
    good = make.merge(merge_run.extraction)
    store.save_merge(merge_run.id, good)
    before = counts(store)
    with pytest.raises(LedgerError, match=said) as refused:
        store.save_merge(merge_run.id, replace(good, ledger=tuple(spoil(good.ledger))))
    assert refused.value.exit_code == 3
    assert counts(store) == before


def test_a_ledger_needs_a_corpus(store, make, merge_run):
    run = store.start_run(kind="merge", corpus=None, model="m", strategy="none")
    with pytest.raises(LedgerError):
        store.save_merge(run, make.merge(merge_run.extraction))


def test_a_merge_is_written_in_one_transaction(store, make, merge_run):
    """The last table refuses; nothing of the others is left."""
    with store.database.write() as connection:
        # PostgreSQL drops no table that a view reads.
        connection.execute(sql("DROP VIEW v_runs"))
        connection.execute(sql("DROP TABLE failed_call"))
    with pytest.raises(StoreError):
        store.save_merge(merge_run.id, make.merge(merge_run.extraction))
    assert column(store, "SELECT story FROM ledger") == []
    assert column(store, "SELECT id FROM entry") == []


@dataclass(frozen=True)
class Cell:
    """A needle cell, by the shape the evals hand in."""

    key: str
    request: Request
    task: str = "single"
    model: str = "local/tiny"
    revision: str = "r1"
    style: str = "chat"
    haystack: str = "stories"
    target_tokens: int = 512
    prompt_tokens: int = 512
    depth_target: float = 50.0
    depth_actual: float = 49.2
    seed: int = 0
    status: str = "ok"
    score: float | None = 1.0
    expected: str = "7"
    reply: str = "It is 7."
    finish: str = "stop"
    flags: tuple[str, ...] = ("verbatim",)
    seconds: float = 0.5


def test_a_cell_is_stored_once_and_can_stand_on_several_grids(store, make):
    first, second = (
        store.start_run(kind="needle", corpus=None, model="local/tiny", strategy="single")
        for _ in range(2)
    )
    cell = Cell("k1", make.request(1))
    store.save_cell(first, cell)
    store.save_cell(first, replace(cell, reply="another reply"))  # measured once, stays
    store.save_cell(first, Cell("k2", make.request(2), depth_target=0.0))
    store.reuse_cells(second, ["k1"])
    store.reuse_cells(second, ["k1"])
    grid = reports.needle_grid(store, first)
    assert [(c["cell"], c["depth_target"]) for c in grid] == [("k2", 0.0), ("k1", 50.0)]
    assert grid[1]["reply"] == "It is 7." and grid[1]["request"] == cell.request.key
    assert [(c["cell"], c["reused"]) for c in reports.needle_grid(store, second)] == [("k1", True)]
    assert reports.list_runs(store)[0]["cells"] == 1


def test_a_cell_that_failed_is_measured_again(store, make):
    run = store.start_run(kind="needle", corpus=None, model="local/tiny", strategy="single")
    failed = Cell("k1", make.request(1), status="error", score=None, reply="")
    store.save_cell(run, failed)
    assert reports.cells_by_key(store) == {}
    store.save_cell(run, Cell("k1", make.request(1)))
    assert reports.cells_by_key(store)["k1"]["status"] == "ok"
    store.save_cell(run, failed)  # but not the other way round
    assert reports.cells_by_key(store)["k1"]["score"] == 1.0
    assert len(reports.needle_grid(store, run)) == 1


def test_a_cells_flags_and_fields_come_back(store, make):
    run = store.start_run(kind="needle", corpus=None, model="local/tiny", strategy="single")
    store.save_cell(run, Cell("k1", make.request(1)))
    found = reports.cells_by_key(store)["k1"]
    assert found["flags"] == ["verbatim"] and found["target_tokens"] == 512
    assert found["depth_actual"] == 49.2 and found["expected"] == "7"


def test_vectors_come_back_by_fingerprint_and_encoder(store):
    rows = {f"f{n}": (1 + n % 3, bytes([n % 256]) * 8 * (1 + n % 3)) for n in range(1200)}
    store.put_vectors("one", rows)
    store.put_vectors("one", {"f0": rows["f0"]})
    assert store.get_vectors("one", [*rows, "unknown"]) == rows
    assert store.get_vectors("two", [*rows]) == {}
    store.put_vectors("one", {})
