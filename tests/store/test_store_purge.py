"""Purged text is gone from every table and from the bytes of the file; figures stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pipeline.entries import Decision, Merge
from pipeline.errors import InputError, StoreError
from pipeline.store.purge import find_target, purge
from pipeline.store.reading import reports
from pipeline.store.record import StoreJournal, open_store
from pipeline.store.tables import Row

MARK = "zanzibarquokka"
#: Text columns that hold names, ids, places, figures or settings, and never a document's words.
KEPT = {
    "actual.machine", "batch.outcome", "corpus_document.path", "corpus_document.paths",
    "corpus_document.problem", "corpus_document.residue", "decision.by",
    "decision.fingerprints", "departure.path", "entry_line.stories", "entry_role.stories",
    "estimate.notes", "estimate.price_source", "estimate.reason",
    "failed_call.why", "fold.rules", "glossary.by", "judge_record.body", "ledger.rules",
    "needle_cell.finish",
    "needle_cell.flags", "needle_cell.haystack", "outline.body", "reply.why", "run.describe",
    "run.error", "run.parameters", "training.body",
}  # fmt: skip


def text_columns():
    for name, table in Row.metadata.tables.items():
        for column in table.c:
            if type(column.type).__name__ in ("ExactText", "JsonText"):
                yield name, table, column


def words(store) -> dict[str, int]:
    """In how many rows of each text column the mark stands."""
    found = {}
    with store.database.read() as connection:
        for name, _, column in text_columns():
            n = sum(MARK in str(value) for value in connection.execute(select(column)).scalars())
            if n:
                found[f"{name}.{column.name}"] = n
    return found


def bytes_of(store) -> bytes:
    file = Path(store.database.name)
    return b"".join(p.read_bytes() for p in file.parent.glob(f"{file.name}*"))


def fill(store, make, salt: str = MARK, path: str = "shop/backlog.md"):
    """A finished run whose every kind of row says the salt."""
    extraction = make.extraction(4, path, f" {salt}")
    one, two, three, *_ = extraction.stories
    store.put_extraction(extraction.document.sha256, "v", extraction)
    corpus = store.save_corpus([extraction])
    plan = make.plan(extraction)
    request = replace(
        make.request(7), messages=(make.request().messages[0]._replace(content=salt),)
    )
    plan = replace(
        plan,
        calls=tuple(replace(call, request=request) for call in plan.calls),
        skipped=tuple(skipped._replace(detail=salt) for skipped in plan.skipped),
    )
    run = store.start_run(kind="merge", corpus=corpus, model="local/tiny", strategy="edit",
                          plan_sha256=plan.sha256)  # fmt: skip
    store.save_plan(run, plan)
    store.save_estimate(run, corpus, make.estimate(plan))
    journal = StoreJournal(store, run)
    journal.put(request, make.reply(request, text=f"merged {salt}"), good=True)
    half = replace(request, seed=5)
    journal.put(half, replace(make.reply(half, text=f"half {salt}"), detail=salt), good=False,
                why=f"no {salt}")  # fmt: skip
    store.save_merge(run, saying(make.merge(extraction), salt), make.kept(f"Gone: {salt}"))
    prints = tuple(sorted((one.fingerprint, two.fingerprint)))
    old = tuple(sorted((one.old_fingerprint, three.old_fingerprint)))
    for fingerprints in (prints, old):
        store.decide(
            Decision(fingerprints, "contradicting", note=salt, about=salt, values=(salt, salt),
                     by="ann")
        )  # fmt: skip
    store.name_terms("role", [f"{salt}."], "customer", by="ann")
    store.name_terms("topic", ["filter"], salt, by="ann")
    store.finish_run(run, "failed", error=f"it met {salt}")
    return run, extraction


def saying(merge: Merge, salt: str) -> Merge:
    """A merge whose every text says the salt."""
    return replace(
        merge,
        entries=tuple(
            replace(
                entry,
                roles=tuple(replace(role, text=salt) for role in entry.roles),
                lines=tuple(replace(line, text=salt) for line in entry.lines),
                folds=tuple(
                    replace(fold, text=salt, otherwise=(salt,), reason=salt) for fold in entry.folds
                ),
            )
            for entry in merge.entries
        ),
        conflicts=tuple(
            replace(
                c,
                about=salt,
                reason=salt,
                sides=tuple(replace(side, text=salt, differs=(salt,)) for side in c.sides),
            )
            for c in merge.conflicts
        ),
        links=tuple(replace(link, only_a=(salt,), only_b=(salt,)) for link in merge.links),
        ledger=tuple(replace(row, reason=salt) for row in merge.ledger),
        failed_calls=(salt,),
    )


@pytest.mark.parametrize("by", ["run", "path", "sha256"])
def test_the_text_is_gone_and_the_figures_stay(store, make, by: str):
    run, extraction = fill(store, make)
    assert len(words(store)) >= 25, "the mark stands nearly everywhere"
    before = reports.run_report(store, run)
    name = {"run": run, "path": "shop/backlog.md", "sha256": extraction.document.sha256[:12]}[by]
    target = find_target(store, name)
    trial = purge(store, target, trial=True)
    assert words(store), "a trial changes nothing"
    deleted = purge(store, target)
    assert (deleted.rows, deleted.n_bytes) == (trial.rows, trial.n_bytes)
    assert deleted.rows["document"] == 1 and deleted.rows["story"] == 4
    assert deleted.rows["reply"] == deleted.rows["request"] == 2
    assert sum(deleted.n_bytes.values()) > 20 * len(MARK)
    assert words(store) == {}
    if store.database.is_sqlite:
        assert MARK.encode() not in bytes_of(store)
    after = reports.run_report(store, run)
    for figure in ("stories", "words", "ledger", "input_tokens", "usd", "conflicts", "entries",
                   "units", "folded_proof", "proposals", "estimated_usd",
                   "estimate_vs_actual"):  # fmt: skip
        assert after[figure] == before[figure], figure
    for figure in ("replies", "prompt_tokens", "output_tokens", "usd"):
        assert after["journal"][figure] == before["journal"][figure], figure
    with pytest.raises(InputError):
        find_target(store, "shop/backlog.md")


def test_the_vectors_of_stories_that_are_gone_go_with_them(store, make):
    run, extraction = fill(store, make)
    gone = {story.fingerprint for story in extraction.stories}
    store.put_vectors("one", dict.fromkeys([*gone, "another document's"], (1, b"1234")))
    store.put_vectors("two", dict.fromkeys(gone, (1, b"1234")))
    deleted = purge(store, find_target(store, run))
    assert deleted.rows["vector"] == 2 * len(gone) > 0
    left = store.get_vectors("one", [*gone, "another document's"])
    assert left == {"another document's": (1, b"1234")}
    assert store.get_vectors("two", [*gone]) == {}


def test_every_text_column_is_purged_or_known_to_hold_no_words(store, make):
    run, _ = fill(store, make)
    with store.database.write() as connection:
        for name, table, column in text_columns():
            # Decisions and terms are found by what the stories say.
            if name in ("story", "glossary") or f"{name}.{column.name}" in KEPT:
                continue
            if type(column.type).__name__ == "ExactText":
                connection.execute(update(table).values({column.name: f"{MARK} {column.name}"}))
    purge(store, find_target(store, run))
    assert words(store) == {}
    known = {name.split(".")[0] for name in KEPT} | {
        "conflict", "conflict_side", "document", "entry_line", "entry_role", "extraction", "fold",
        "glossary", "kept", "ledger", "link", "plan", "planned_call", "planned_skip", "reply",
        "request", "score", "story",
    }  # fmt: skip
    assert {name for name, _, _ in text_columns()} <= known, "decide what purge does with it"


def test_other_documents_and_their_paid_replies_stay(store, make):
    fill(store, make)
    other, kept = fill(store, make, salt="untouchedwalrus", path="other.md")
    purge(store, find_target(store, "shop/backlog.md"))
    report = reports.run_report(store, other)
    assert report["ledger"] and report["journal"]["good"] == 1
    assert reports.entry(store, other, "E-1")["sentence"] == "untouchedwalrus"
    assert {d.note for d in store.decisions()} == {"", "untouchedwalrus"}
    assert {(t.text, t.heading) for t in store.glossary()} == {
        ("untouchedwalrus.", "customer"), ("filter", "untouchedwalrus")
    }  # fmt: skip
    assert store.get_extraction(kept.document.sha256, "v") == kept
    assert words(store) == {}


def test_a_purged_document_can_be_merged_again(store, make):
    run, extraction = fill(store, make)
    purge(store, find_target(store, run))
    again, _ = fill(store, make)
    assert again != run
    assert reports.run_report(store, again)["journal"]["good"] == 1
    assert len(reports.ledger(store, again)) == 4
    purge(store, find_target(store, extraction.document.sha256))
    assert words(store) == {}


def test_what_another_run_read_stays_until_that_run_is_purged_too(store, make):
    run, extraction = fill(store, make)
    second = store.start_run(
        kind="merge", corpus=store.save_corpus([extraction]), model="m", strategy="edit"
    )
    store.finish_run(second, "failed")
    target = find_target(store, run)
    assert target.kept == 1
    purge(store, target)
    assert set(words(store)) <= {
        "document.text", "extraction.body", "decision.note", "decision.about", "decision.values",
        "glossary.text", "glossary.heading",
        *(f"story.{name}" for name in ("text", "goal")),
    }  # fmt: skip
    purge(store, find_target(store, second))
    assert words(store) == {}


def test_a_run_that_is_going_on_is_left_alone(store, make):
    run = store.start_run(kind="merge", corpus=None, model="m", strategy="edit")
    with pytest.raises(InputError, match="going on"):
        find_target(store, run)


def test_a_reader_that_keeps_the_file_open_is_named(ready, clock, make):
    with open_store(ready, now=clock) as store:
        if not store.database.is_sqlite:
            pytest.skip("a server's readers keep nothing in files of ours")
        run, _ = fill(store, make)
        store.database.engine.dispose()
        from pipeline.store.connection.database import Database

        impatient = Database(ready, patience=0.2)
        reader = Database(ready)
        store.database, kept = impatient, store.database
        with reader.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM story").scalar()
            with pytest.raises(StoreError, match="open"):
                purge(store, find_target(store, run))
        purge(store, find_target(store, run))
        assert MARK.encode() not in bytes_of(store)
        reader.close()
        impatient.close()
        store.database = kept
