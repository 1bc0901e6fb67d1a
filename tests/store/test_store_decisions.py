"""What persons decided is kept under its fingerprints, and replaced by what they say later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from pipeline.entries import Decision
from pipeline.store.record import open_store
from pipeline.store.tables import StoryRow, table_of

ONE = Decision(("a", "b"), "one_need", keep="b", note="said the board", by="ann", version="2")


def test_a_decision_comes_back_with_its_time(store, clock):
    before = clock.time
    kept = store.decide(ONE, run="merge-1")
    assert before < kept.at <= clock.time
    assert store.decisions() == (kept,) and replace(kept, at=None) == ONE


@pytest.mark.parametrize(
    "said",
    [
        Decision(("a", "b"), "preferred", keep="a", version="2"),
        Decision(("a", "b"), "overlapping", version="2"),
        Decision(("a", "b"), "contradicting", about="days", values=("14", "30"), version="2"),
        Decision(("a", "b"), "different", by="bo", version="2"),
    ],
)
def test_a_later_word_on_the_same_stories_replaces_the_first(store, said):
    store.decide(ONE)
    kept = store.decide(said)
    assert store.decisions() == (kept,) and replace(kept, at=None) == said


def test_a_decision_keeps_its_mark(store):
    marked = store.decide(replace(ONE, sovereignty="local"))
    assert store.decisions() == (marked,) and marked.sovereignty == "local"
    assert store.take_over([replace(marked, fingerprints=("x", "y"), keep="x")]) == 1
    assert {one.sovereignty for one in store.decisions()} == {"local"}


@pytest.mark.parametrize(
    ("head", "mark"),
    [({"sovereignty": "local"}, "local"), ({"Sovereignty": "who knows"}, "local"),
     ({"sovereignty": "public"}, ""), ({"author": "sovereignty: local"}, ""), ({}, "")],
)  # fmt: skip
def test_decisions_of_before_get_the_mark_of_their_documents(tmp_path, clock, make, head, mark):
    url = f"sqlite:///{tmp_path / 'before.sqlite'}"
    with open_store(url, now=clock) as store:
        extraction = make.extraction()
        document = replace(extraction.document, front_matter=head)
        store.save_corpus([replace(extraction, document=document)])
        with store.database.read() as connection:
            held = connection.execute(select(table_of(StoryRow).c.fingerprint)).scalars().all()
        store.decide(replace(ONE, fingerprints=tuple(sorted({held[0], "f"})), keep="f"))
        store.decide(replace(ONE, fingerprints=("f", "g"), keep="f"))
        with store.database.write() as connection:  # as it was before
            connection.exec_driver_sql("ALTER TABLE decision DROP COLUMN sovereignty")
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0013'")
    with open_store(url, now=clock) as store:
        found = {one.fingerprints: one.sovereignty for one in store.decisions()}
    assert found == {tuple(sorted({held[0], "f"})): mark, ("f", "g"): ""}


def test_decisions_come_oldest_first_and_one_is_taken_back(store):
    first = store.decide(ONE)
    second = store.decide(replace(ONE, fingerprints=("a", "c"), keep="a"))
    assert store.decisions() == (first, second)
    assert store.forget(first) and not store.forget(first)
    assert store.decisions() == (second,)


def test_an_old_decision_that_is_confirmed_goes(store):
    old = store.decide(replace(ONE, version=""))
    other = store.decide(replace(ONE, fingerprints=("y", "z"), keep="y", version=""))
    anew = store.confirm(old, replace(ONE, fingerprints=("c", "d"), keep="c"))
    assert set(store.decisions()) == {other, anew}


def told(store) -> list[tuple[str, str, str]]:
    return [(term.kind, term.text, term.heading) for term in store.glossary()]


def test_roles_and_topics_stand_under_one_heading(store):
    store.name_terms("role", ["member", "library member"], "member", by="ann")
    store.name_terms("topic", ["lending"], "loans", by="ann")
    assert told(store) == [("role", "library member", "member"), ("topic", "lending", "loans")]
    (term, _) = store.glossary()
    assert term.by == "ann" and term.at is not None


def test_a_heading_is_never_under_another_and_itself(store):
    store.name_terms("role", ["patron"], "reader", by="ann")
    store.name_terms("role", ["reader"], "member", by="ann")
    assert told(store) == [("role", "patron", "member"), ("role", "reader", "member")]
    store.name_terms("role", ["member"], "reader", by="ann")
    assert told(store) == [("role", "member", "reader"), ("role", "patron", "reader")]
    assert store.unname_term("role", "patron") and not store.unname_term("role", "patron")
    assert told(store) == [("role", "member", "reader")]
