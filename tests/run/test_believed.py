"""A merge goes by a judge's answers as far as its record is believed, and by nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import text as sql

from pipeline.amounts import dollars
from pipeline.config.options import MergeOptions
from pipeline.entries import Answer
from pipeline.errors import BudgetError, InputError, ModelError
from pipeline.exam.by_code import JUDGES
from pipeline.judge.belief import READINGS
from pipeline.judge.calibration import Examined, examine
from pipeline.judge.judge_records import as_mapping, from_mapping
from pipeline.judge.labels import exam_hash, file_hash
from pipeline.judge.strata import Cell
from pipeline.run.dispatch.usage import ResourceUsage
from pipeline.run.job import run
from pipeline.run.judge_record import judge_of
from pipeline.run.option_checks import BY_CODE
from tests.exam.examples import MODEL, SureJudge, lines, runtime_of, write
from tests.judge.examples import said
from tests.support.judges import FAULTS

ONE, OTHER = Answer.ONE_NEED, Answer.DIFFERENT
CELLS = [
    Cell(language, "agile", length, wording)
    for language, length, wording in product(
        ("English", ""),
        ("to 25 words", "26 to 60 words"),
        ("same words", "one within the other", "one frame", "other words"),
    )
]
#: Six needs, each told in two ways that no proof knows for one, and one that is opposed.
BACKLOG = """# Ferry

- As a passenger, I want to reserve a seat on deck, so that I can stand nowhere.
- As a traveller, I want to book a place on deck, so that I do not stand.
- As a purser, I want to print the manifest of a crossing, so that I can count the passengers.
- As an officer, I want to get a printout of a crossing's manifest, so that nobody is missed.
- As a skipper, I want to see the tide table before the ferry leaves, so that we do not run aground.
- As a mate, I want to look at the tide table after the ferry leaves, so that I learn from it.
- As a clerk, I want to refund a ticket within 14 days, so that the guest is content.
- As an agent, I want to refund a ticket within 28 days, so that the guest is content.
"""


@pytest.fixture
def runtime(tmp_path, shared_cache, embedded):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ferry.md").write_text(BACKLOG)
    embedded([tmp_path / "in"], tmp_path / "db.sqlite")
    write(tmp_path / "labels.jsonl", lines())
    return runtime_of(tmp_path, shared_cache)


def record_of(runtime, tmp_path, *, negatives=9000, model=MODEL, **judge):
    """A record of a judge examined on all kinds of pairs, without an error."""
    labels = tmp_path / "labels.jsonl"
    settings = runtime.settings
    now = judge_of(
        runtime.find(model), settings.cache, settings.prompts, exam_hash([file_hash(labels)])
    )
    pairs = []
    for cell in CELLS:
        pairs += [Examined("threshold", "w", cell, ONE, said(0.8))] * 9
        pairs += [Examined("threshold", "w", cell, OTHER, said(0.1))] * 40
        pairs += [Examined("report", "w", cell, ONE, said(0.9))] * 60
        pairs += [Examined("report", "w", cell, OTHER, said(0.1))] * (negatives // len(CELLS) * 2)
    return examine(replace(now, **judge), pairs, labels=[str(labels)])


#: Of each two tellings of one need, a word that no other need has.
NEEDS = ("deck", "manifest", "tide", "refund")


def knowing(one, other):
    """A judge that sees no small words: it takes the opposed for one need, too."""
    same = any(word in one and word in other for word in NEEDS)
    return (ONE, 0.95) if same else (OTHER, 0.95)


@pytest.fixture
def merge(runtime, tmp_path, shared_cache):
    """Merges the backlog with a judge; returns what it prints, what it said and the judge."""

    def go(sure=knowing, *, keep=None, model=MODEL, **more):
        told, held = [], {}
        kind = {k: more.pop(k) for k in ("likelihoods", "failing", "faults", "seed") if k in more}

        def opener(spec, options):
            held["judge"] = SureJudge(spec, shared_cache, sure, **kind)
            return held["judge"]

        with runtime.store() as store:
            for record in keep or ():
                store.save_record(record)
            job = runtime.merge_job(
                [str(tmp_path / "in")],
                model,
                MergeOptions.taken({"out": str(tmp_path / "out"), **more}),
                store=store,
                say=told.append,
                opener=opener,
                **{name: more[name] for name in more if not hasattr(MergeOptions, name)},
            )
            return run(job), "\n".join(told), held.get("judge")

    return go


def test_a_believed_judge_folds_what_no_veto_keeps_apart(merge, runtime, tmp_path):
    record = record_of(runtime, tmp_path)
    found, told, judge = merge(keep=[record])
    assert found["judge"] == {"model": MODEL, "record": record.id, "believed":
                              "exam: unknown language, English"}  # fmt: skip
    assert len(judge.asked) == found["calls"] >= 4
    assert found["folded"]["judge"] == 2 and found["kept"]["missing"] == []
    ledger = json.loads((tmp_path / "out" / "merged.json").read_text())["ledger"]
    merged = [row for row in ledger if row["outcome"] == "merged_into"]
    assert {row["record"] for row in merged} == {record.id} and len(merged) == 2
    assert all(row["likelihood"] == pytest.approx(0.95) for row in merged)
    assert "folds by record" in told


def test_what_it_is_not_sure_of_stands(merge, runtime, tmp_path):
    found, _, _ = merge(lambda one, other: (ONE, 0.7), keep=[record_of(runtime, tmp_path)])
    assert found["folded"]["judge"] == 0 and found["would_fold"] == 0


def test_a_judge_that_was_read_by_likelihoods_and_gives_none_is_not_heard(merge, runtime, tmp_path):
    found, _, _ = merge(keep=[record_of(runtime, tmp_path)], likelihoods=False)
    assert found["calls"] > 0 and found["folded"]["judge"] == 0


def test_without_a_record_nothing_is_asked_and_the_exam_is_named(merge, runtime, tmp_path):
    (tmp_path / "exam").mkdir()
    found, told, judge = merge()
    assert judge is None and found["calls"] == 0 and found["folded"]["judge"] == 0
    assert "no record of an exam" in told and f"exam --model {MODEL}" in told
    assert found["judge"]["record"] is None


def test_the_warning_names_the_price_of_the_exam(merge, runtime, tmp_path, monkeypatch):
    exams = tmp_path / "exam"
    exams.mkdir()
    write(exams / "pairs.jsonl", lines())
    monkeypatch.setattr(type(runtime.settings), "exams", property(lambda self: exams))
    _, told, _ = merge()
    assert "It asks 100 questions" in told


def test_a_record_by_the_built_in_exam_holds_while_it_is_the_same(
    merge, runtime, tmp_path, monkeypatch
):
    exams = tmp_path / "exam"
    exams.mkdir()
    write(exams / "pairs.jsonl", lines())
    monkeypatch.setattr(type(runtime.settings), "exams", property(lambda self: exams))
    record = replace(record_of(runtime, tmp_path), labels=("/nowhere/labels.jsonl",))
    assert merge(keep=[record])[0]["folded"]["judge"] == 2
    write(exams / "pairs.jsonl", [*lines(), next(lines()) | {"id": "new"}])
    found, told, judge = merge()
    assert judge is None and found["folded"]["judge"] == 0 and "another exam" in told


def test_proposing_asks_a_judge_without_a_record_and_folds_nothing(merge):
    found, _, judge = merge(propose=True)
    assert judge.asked and found["folded"]["judge"] == 0 and found["proposals"] > 0


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("revision", "other weights", "other weights"),
        ("quantisation", "4 bit", "another quantisation"),
        ("adapter", "0a1b", "another adapter"),
        ("prompt", "judge-pair.v0", "another version of the prompt"),
        ("prompt_sha256", "0" * 64, "another text of the prompt"),
        ("exam", "0" * 64, "another exam"),
        ("vetoes", "vetoes-0", "another version of the vetoes"),
    ],
)
def test_a_record_of_another_judge_is_no_record(merge, runtime, tmp_path, field, value, why):
    record = record_of(runtime, tmp_path, **{field: value})
    found, told, judge = merge(keep=[record])
    assert judge is None and found["folded"]["judge"] == 0 and why in told


def test_a_record_of_another_models_name_is_no_record(merge, runtime, tmp_path):
    found, _, judge = merge(
        keep=[record_of(runtime, tmp_path, model="openai/big@http://127.0.0.1:9")]
    )
    assert judge is None and found["folded"]["judge"] == 0


@pytest.mark.parametrize("change", [lambda p: p.write_text("{}"), lambda p: p.unlink()])
def test_labels_that_changed_or_are_gone_let_the_record_expire(merge, runtime, tmp_path, change):
    record = record_of(runtime, tmp_path)
    change(tmp_path / "labels.jsonl")
    found, told, judge = merge(keep=[record])
    assert judge is None and found["folded"]["judge"] == 0 and "changed since or are gone" in told


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: body["answers"][0].update(threshold=0.0),
        lambda body: body["answers"][0].update(groups=[]),
        lambda body: body.update(reads="word"),
    ],
)
def test_a_forged_row_folds_nothing(merge, runtime, tmp_path, forge):
    record = record_of(runtime, tmp_path)
    with runtime.store() as store:
        store.save_record(record)
        body = as_mapping(record)
        forge(body)
        with store.database.write() as connection:
            connection.execute(sql("UPDATE judge_record SET body = :b"), {"b": json.dumps(body)})
    found, _, judge = merge()
    assert judge is None and found["folded"]["judge"] == 0


def test_a_record_that_suffices_nowhere_asks_and_folds_nothing(
    merge, runtime, tmp_path, monkeypatch
):
    # By words alone, as where the encoder is not installed: vectors bring pairs of any kind.
    monkeypatch.setattr("pipeline.run.corpus_vectors.ENCODER", "package:not_here")
    found, told, judge = merge(keep=[record_of(runtime, tmp_path, negatives=400)])
    assert judge.asked and found["folded"]["judge"] == 0 and found["would_fold"] == 2
    assert found["judge"]["believed"] is None and f"has read {READINGS}" in told


def test_a_language_that_was_not_examined_is_left_alone(merge, runtime, tmp_path):
    told = as_mapping(record_of(runtime, tmp_path))
    for answer in told["answers"]:
        answer["groups"] = [one for one in answer["groups"] if one["language"] != "English"]
    found, _, judge = merge(keep=[from_mapping(told)])
    assert judge.asked and found["folded"]["judge"] == 0 == found["would_fold"]


def test_a_changed_record_is_another_plan_and_another_run(merge, runtime, tmp_path):
    stops = iter(range(2))

    def stopping(one, other):
        if next(stops, None) is None:
            raise KeyboardInterrupt
        return ONE, 0.95

    first = record_of(runtime, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        merge(stopping, keep=[first])
    with runtime.store() as store:
        begun = store.find_resumable()
        store.save_record(record_of(runtime, tmp_path, negatives=400))
    found, told, _ = merge()
    assert found["run"] != begun and found["folded"]["judge"] == 0
    assert f"{begun} did not end and was begun with record {first.id}, not" in told
    # The run that was begun, with the record that it was begun with, is that run.
    again, told, _ = merge(keep=[first])
    assert again["run"] == begun and f"resuming {begun}" in told
    assert again["folded"]["judge"] == 2 and again["judge"]["record"] == first.id


def test_the_estimate_shows_the_plan_that_is_run(merge, runtime, tmp_path):
    from pipeline.run.corpus import read
    from pipeline.run.pricing import estimate_corpus

    with runtime.store() as store:
        store.save_record(record_of(runtime, tmp_path))
    merged = merge()[0]  # which computes the sentence vectors that an estimate only looks up
    with runtime.store() as store:
        corpus = read([str(tmp_path / "in")], cache=store)
        priced = estimate_corpus(
            corpus, [MODEL], ["pairs"], runtime.terms(), catalog=runtime.catalog, store=store
        )
    assert merged["plan"] == priced["lines"][0]["plan"]


def test_a_contradiction_is_asserted_only_where_that_answer_earned_it(merge, runtime, tmp_path):
    record = record_of(runtime, tmp_path)
    found, _, _ = merge(lambda one, other: (Answer.CONTRADICTING, 0.95), keep=[record])
    assert found["conflicts"] == 0 and found["ledger"]["conflict_with"] == 0


FORGED = [0.0, 1e-9]


@pytest.mark.parametrize("threshold", FORGED)
@pytest.mark.parametrize("judge", ["all one need", "at random", "nothing", "other text", *FAULTS])
def test_nothing_is_lost_with_a_forged_record_whatever_the_judge_says(
    merge, runtime, tmp_path, judge, threshold
):
    """A record that lies and whose id fits: every sentence stands or is folded all the same."""
    import random

    told = as_mapping(record_of(runtime, tmp_path))
    for answer in told["answers"]:
        answer["threshold"] = threshold
    draw = random.Random(7)
    says = {
        "at random": lambda one, other: (draw.choice(list(Answer)), draw.uniform(0.26, 1.0)),
        "nothing": lambda one, other: None,
    }.get(judge, lambda one, other: (ONE, 1.0))
    fault = judge if judge in FAULTS else {"other text": "stories"}.get(judge)
    kind = {"failing": 0.6, "faults": [fault], "seed": 3} if fault else {}
    if judge == "nothing":  # every call fails: exit 6, and the document is there
        with pytest.raises(ModelError):
            merge(says, keep=[from_mapping(told)])
    else:
        assert merge(says, keep=[from_mapping(told)], **kind)[2].asked
    written = json.loads((tmp_path / "out" / "merged.json").read_text())
    assert written["kept"]["missing"] == [] and written["kept"]["faults"] == []
    assert len(written["ledger"]) == 8
    if judge == "all one need":
        assert written["kept"]["folded"]["judge"] > 0


def test_a_merge_whose_time_is_up_goes_by_what_was_answered_and_the_next_asks_on(
    merge, runtime, tmp_path, monkeypatch
):
    record = record_of(runtime, tmp_path)
    asked: set[tuple[str, str]] = set()

    def sure(one, other):
        asked.add((one, other))
        return knowing(one, other)

    # A second passes with every answer.
    monkeypatch.setattr(ResourceUsage, "model_seconds", property(lambda self: float(len(asked))))
    found, told, judge = merge(sure, keep=[record], max_seconds=2)
    assert len(judge.asked) == 2 == found["calls"] and found["not_asked"] >= 2
    assert f"{found['not_asked']} of {found['not_asked'] + 2} questions were not asked" in told
    assert found["kept"]["missing"] == []
    asked.clear()
    whole, told, judge = merge(sure)
    assert whole["not_asked"] == 0 and whole["reused_replies"] == 2 and "not asked" not in told
    assert len(judge.asked) == found["not_asked"]
    assert found["folded"]["judge"] < whole["folded"]["judge"] == 2


def test_no_time_asks_nothing_and_opens_no_model(merge, runtime, tmp_path):
    found, _, judge = merge(keep=[record_of(runtime, tmp_path)], max_seconds=0)
    assert judge is None and found["calls"] == 0 < found["not_asked"]
    assert found["folded"]["judge"] == 0 and found["fallbacks"] == 0


CLOUD = "claude/claude-haiku-5-5"


def _cloud(merge, **more):
    """A merge that a cloud orders the questions of; each of its answers costs less than its
    worst."""
    return merge(model=CLOUD, propose=True, allow_cloud=["all"], **more)


def test_a_budget_that_is_spent_midway_ends_the_asking_and_the_next_asks_on(
    merge, runtime, tmp_path
):
    whole, _, judge = _cloud(merge, max_cost="1")
    n, one = len(judge.asked), Decimal(whole["usd"]) / len(judge.asked)
    assert n >= 4 and whole["not_asked"] == 0
    with runtime.store() as store, store.database.write() as connection:
        for table in ("charge", "reply"):
            connection.execute(sql(f"delete from {table}"))
        worst = connection.execute(sql("select max(micro_usd_worst) from estimate")).scalar_one()
    limit = one + Decimal(worst) / 1_000_000 / n  # what one takes, and the next at its worst
    found, told, judge = _cloud(merge, max_cost=f"{limit:.6f}")
    assert 0 < len(judge.asked) == found["calls"] < n and Decimal(found["usd"]) <= limit
    assert found["not_asked"] == n - len(judge.asked) and found["kept"]["missing"] == []
    assert f"{found['not_asked']} of {n} questions were not asked: the next may cost more" in told
    assert f"of the {dollars(str(limit))} of --max-cost" in told and "asks on" in told
    first = len(judge.asked)
    rest, _, judge = _cloud(merge)
    assert rest["not_asked"] == 0 and rest["reused_replies"] == first
    assert len(judge.asked) == n - first
    with runtime.store() as store, store.database.write() as connection:
        states = connection.execute(sql("select state from run where kind = 'merge'")).all()
    assert {state for (state,) in states} == {"completed"}


def test_the_most_promising_are_asked_first_where_money_bounds_them(merge, runtime, tmp_path):
    whole, _, every = _cloud(merge)
    two, _, some = _cloud(merge, pairs=2)
    assert some is None and two["reused_replies"] == 2  # the first two of all
    assert whole["calls"] == len(every.asked) > 2


def test_a_budget_below_one_question_is_refused_before_anything(merge, runtime, tmp_path):
    with pytest.raises(BudgetError, match="one question may cost"):  # whatever the record
        merge(model=CLOUD, allow_cloud=["all"], max_cost="0.000001")
    with pytest.raises(BudgetError, match="one question may cost") as refused:
        _cloud(merge, max_cost="0.000001")
    assert refused.value.exit_code == 4 and refused.value.next
    with runtime.store() as store, store.database.write() as connection:
        assert connection.execute(sql("select count(*) from run")).scalar_one() == 0
        assert connection.execute(sql("select count(*) from charge")).scalar_one() == 0
    assert not (tmp_path / "out").exists()


def test_a_budget_for_nothing_to_ask_is_never_too_small(merge):
    _cloud(merge)
    found, _, judge = _cloud(merge, max_cost="0.000001")
    assert judge is None and found["calls"] == 0 == found["not_asked"]


def test_every_judge_by_code_that_an_exam_knows_is_refused_with_the_reason(merge):
    assert BY_CODE.keys() == JUDGES.keys()
    for name, reason in BY_CODE.items():
        with pytest.raises(InputError, match=reason) as refused:
            merge(model=name, propose=True)
        assert refused.value.where == "--judge" and refused.value.next


@pytest.mark.parametrize(
    ("more", "match"),
    [({"max_seconds": -1}, "less than no time"), ({"max_seconds": 9, "batch": True}, "batch")],
)
def test_a_limit_of_time_that_means_nothing_is_refused(merge, more, match):
    with pytest.raises(InputError, match=match) as refused:
        merge(**more)
    assert refused.value.exit_code == 2 and refused.value.next
