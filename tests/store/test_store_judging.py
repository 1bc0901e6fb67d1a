"""Records, judgements and readings come back as they were; what was forged is nobody's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import text as sql

from pipeline.entries import Answer
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import read_document
from pipeline.judge.calibration import examine
from pipeline.judge.intervals import Rate
from pipeline.store.judgements import JudgementTold
from tests.judge.examples import JUDGE, pairs

ONE, OTHER = Answer.ONE_NEED, Answer.DIFFERENT
RECORD = examine(
    JUDGE,
    [
        *pairs("threshold", ONE, 0.8, n=9),
        *pairs("threshold", OTHER, 0.1, n=30),
        *pairs("report", ONE, 0.9, n=9),
        *pairs("report", OTHER, 0.1, n=30),
    ],
)
MODEL = JUDGE.model


def test_a_record_comes_back_and_stands_in_the_view(store):
    store.save_record(RECORD)
    store.save_record(RECORD)
    assert store.records(MODEL) == [RECORD] and store.records("local/other") == []
    with store.database.read() as connection:
        rows = connection.execute(sql("SELECT * FROM v_records WHERE kind = 'all'")).all()
    assert len(rows) == 4 and rows[0].recall == 1.0 and rows[0].false_positive_rate == 0.0


@pytest.mark.parametrize(
    "forge",
    [
        lambda b: b["answers"][0].update(threshold=0.0),
        lambda b: b["answers"][0]["false_positives"].update(n=10**6),
        lambda b: b["judge"].update(revision="other weights"),
        lambda b: b.update(answers="all right"),
        lambda b: b.clear(),
    ],
)
def test_a_forged_record_is_nobodys(store, forge):
    store.save_record(RECORD)
    body = json.loads(json.dumps(store_body(store)))
    forge(body)
    with store.database.write() as connection:
        connection.execute(sql("UPDATE judge_record SET body = :b"), {"b": json.dumps(body)})
    assert store.records(MODEL) == []


def test_a_record_under_another_models_name_is_nobodys(store):
    store.save_record(RECORD)
    with store.database.write() as connection:
        connection.execute(sql("UPDATE judge_record SET model = 'local/big'"))
    assert store.records("local/big") == []


def store_body(store):
    with store.database.read() as connection:
        return json.loads(connection.execute(sql("SELECT body FROM judge_record")).scalar())


@pytest.fixture
def run(store, make):
    """A run whose judge would fold six pairs of seven."""
    extraction = make.extraction()
    corpus = store.save_corpus([extraction])
    run = store.start_run(kind="merge", corpus=corpus, model=MODEL, strategy="pairs")
    return run, corpus, extraction.stories


def judged(a, b, answer=ONE, **more):
    values = {"acts": False, "would": True, "why": "not believed"} | more
    return JudgementTold(a.id, b.id, answer, MODEL, RECORD.id, 0.9, **values)


def test_judgements_come_back_in_order_and_a_second_try_replaces_them(store, run):
    name, _, stories = run
    told = [judged(stories[0], stories[1]), judged(stories[1], stories[0], OTHER, would=False)]
    store.save_judgements(name, told)
    assert store.judgements(name) == told
    store.save_judgements(name, told[:1])
    assert store.judgements(name) == told[:1]
    with store.database.read() as connection:
        assert len(connection.execute(sql("SELECT * FROM v_judgements")).all()) == 1


@pytest.fixture
def many(store, tmp_path, make):
    """A run on a corpus of many stories, with the pairs that its judge would fold."""
    lines = "\n".join(f"- As a user, I want to do thing {n}x." for n in range(40))
    path = tmp_path / "backlog.md"
    path.write_text(lines)
    extraction = find_stories(read_document(path))
    corpus = store.save_corpus([extraction])
    run = store.start_run(kind="merge", corpus=corpus, model=MODEL, strategy="pairs")
    s = extraction.stories
    told = [judged(s[n], s[n + 1]) for n in range(0, 30, 2)]
    told += [judged(s[30], s[31], OTHER, would=False), judged(s[32], s[33], would=False)]
    store.save_judgements(run, told)
    plan = make.plan(extraction)
    asked = [
        replace(
            plan.calls[0],
            id=f"pairs-{n}",
            request=make.request(n),
            handles=(("A", one.a), ("B", one.b)),
        )
        for n, one in enumerate(told)
    ]
    store.save_plan(run, replace(plan, calls=tuple(asked)))
    return run, corpus


def test_readings_count_from_the_first_of_the_draw_without_one_left_out(store, many):
    run, corpus = many
    drawn = store.drawn(corpus, RECORD.id, "fold")
    assert len(drawn) == 15 and drawn == store.drawn(corpus, RECORD.id, "fold")
    for pair in drawn[:4]:
        store.read_pair(run, pair, purpose="fold", right=True, by="a")
    assert store.readings(corpus, RECORD.id).right == Rate(4, 4)
    # Who picks the sixth to the tenth shows nothing until the fifth is read.
    for pair in drawn[5:10]:
        store.read_pair(run, pair, purpose="fold", right=True, by="a")
    assert store.readings(corpus, RECORD.id).right == Rate(4, 4)
    store.read_pair(run, drawn[4], purpose="fold", right=True, by="a")
    assert store.readings(corpus, RECORD.id).right == Rate(10, 10)


def test_a_wrong_one_counts_wherever_it_stands_and_a_later_word_replaces_it(store, many):
    run, corpus = many
    drawn = store.drawn(corpus, RECORD.id, "fold")
    store.read_pair(run, drawn[9], purpose="fold", right=False, by="a")
    assert store.readings(corpus, RECORD.id).right == Rate(0, 1)
    store.read_pair(run, drawn[9][::-1], purpose="fold", right=True, by="b")
    assert store.readings(corpus, RECORD.id).right == Rate(0, 0)


def test_readings_are_of_one_corpus_and_one_record(store, many):
    run, corpus = many
    for pair in store.drawn(corpus, RECORD.id, "fold"):
        store.read_pair(run, pair, purpose="fold", right=True, by="a")
    assert store.readings(corpus, RECORD.id).right == Rate(15, 15)
    assert store.readings("another corpus", RECORD.id).right.n == 0
    other = replace(RECORD, failed=1)
    assert other.id != RECORD.id and store.readings(corpus, other.id).right.n == 0


def test_the_share_of_true_candidates_is_looked_at_among_all_that_were_asked(store, many):
    run, corpus = many
    assert store.share(corpus, RECORD.id).looked is None
    drawn = store.drawn(corpus, RECORD.id, "candidate")
    assert len(drawn) == 17
    for n, pair in enumerate(drawn[:10]):
        store.read_pair(run, pair, purpose="candidate", right=n < 3, by="a")
    assert store.share(corpus, RECORD.id).looked == Rate(3, 10)


def test_a_training_is_kept_with_its_losses_and_told_anew(store):
    card = {
        "base": "local/small", "base_sha256": "b" * 64, "prompt": "judge-brief.v1", "seed": 3,
        "data": {"sha256": "d" * 64, "train_pairs": 10, "dev_pairs": 4},
        "steps": {"best": 4, "trained_pairs": 8}, "stopped": "the last step", "seconds": 9.5,
        "peak_bytes": {"told": 2**33, "measured": 2**32},
        "losses": [(1, 1.5), (2, 1.25)], "dev_losses": [(2, 1.0), (4, 0.5)],
    }  # fmt: skip
    store.save_training("a" * 64, "/judges/one", card)
    store.save_training("a" * 64, "/judges/one", card | {"dev_losses": [(2, 0.75)]})
    with store.database.read() as connection:
        (row,) = connection.execute(sql("SELECT * FROM v_trainings")).mappings()
        n = connection.execute(sql("SELECT COUNT(*) FROM training_loss")).scalar()
        body = json.loads(connection.execute(sql("SELECT body FROM training")).scalar())
    assert row["dev_loss"] == 0.75 and row["told_bytes"] == 2**33 and row["n_trained"] == 8
    assert n == 3 and "losses" not in body and body["prompt"] == "judge-brief.v1"
