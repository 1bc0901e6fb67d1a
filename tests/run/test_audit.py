"""A person who reads what a judge would fold, and finds none wrong, lets it fold on this corpus."""

from __future__ import annotations

import json
import shutil

import pytest

from pipeline.cli.screen import merge_summary
from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.judge.belief import READINGS
from pipeline.review import audit
from pipeline.review.answers import answered, read_answers
from tests.exam.examples import PLACES, THINGS, texts_of
from tests.run.test_believed import merge, record_of, runtime  # noqa: F401 - fixtures

TRUE = [(thing, place) for thing in THINGS[:7] for place in PLACES[:9]]


def knows(one: str, other: str) -> tuple[Answer, float]:
    """One need where both speak of one thing in one place."""
    for thing, place in TRUE:
        if thing in one and place in one:
            same = thing in other and place in other
            return (Answer.ONE_NEED if same else Answer.DIFFERENT), 0.95
    return Answer.DIFFERENT, 0.95


@pytest.fixture
def backlog(tmp_path, runtime, embedded):  # noqa: F811
    text = "".join(
        f"- As a clerk, I want to print the {thing} of the {place}, so that I have it.\n"
        f"- As a chief, I want to get a printout of the {place}'s {thing}, so that it is there.\n"
        for thing, place in TRUE
    )
    (tmp_path / "in" / "ferry.md").write_text(text)
    embedded([tmp_path / "in"], tmp_path / "db.sqlite")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit")


@pytest.fixture
def tmp_path(folder):
    """One folder for all tests here, empty at each's start: what a run was made of is put back in
    its place instead of being asked again."""
    shutil.rmtree(folder)
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def doubted_before(tmp_path_factory):
    """Where the run of ``doubted`` is kept once it was made, and its id."""
    return tmp_path_factory.mktemp("doubted") / "kept", []


@pytest.fixture
def doubted(backlog, merge, runtime, tmp_path, doubted_before):  # noqa: F811
    """A run whose judge has a record that does not suffice."""
    kept, run = doubted_before
    if not run:
        found, _, judge = merge(knows, keep=[record_of(runtime, tmp_path, negatives=400)])
        assert found["folded"]["judge"] == 0 and found["would_fold"] == len(TRUE)
        assert all(len(texts_of(request)) == 2 for request in judge.asked)
        shutil.copytree(tmp_path, kept)
        run.append(found["run"])
    shutil.rmtree(tmp_path)
    shutil.copytree(kept, tmp_path)
    return run[0]


def read(runtime, run, right, *, purpose="fold"):  # noqa: F811
    """Answer every pair that is drawn; returns how many."""
    with runtime.store() as store:
        asked = audit.drawn_questions(store, run, purpose)
        for n, question in enumerate(asked):
            word = "one_need" if right(n, question) else "different"
            audit.keep(store, run, purpose, answered(question, word, by="ana"), by="ana")
        return len(asked), audit.found(store, run, purpose), audit.told(store, run, purpose)


def test_fifty_nine_read_and_none_wrong_is_belief_here(doubted, runtime, merge):  # noqa: F811
    n, found, told = read(runtime, doubted, lambda n, question: True)
    assert n == READINGS == found["read"] and found["wrong"] == 0 and found["believed"]
    assert "goes by the judge" in told
    again, _, _ = merge(knows)
    assert again["judge"]["believed"] == "59 read" and again["run"] != doubted
    # What a person read is folded by the person; what nobody read, by the judge.
    assert again["folded"]["person"] == 59 and again["folded"]["judge"] == len(TRUE) - 59
    assert again["audit"]["read"] == 59 and again["kept"]["missing"] == []


@pytest.mark.parametrize("negatives", [9000, 400], ids=["folds", "would-be folds"])
def test_after_a_merge_an_audit_is_offered_of_as_many_as_it_shows(
    backlog,
    merge,  # noqa: F811
    runtime,  # noqa: F811
    tmp_path,
    capsys,
    negatives,
):
    found, _, _ = merge(knows, keep=[record_of(runtime, tmp_path, negatives=negatives)])
    merge_summary(found)
    what = "folds" if negatives == 9000 else "would-be folds"
    told = " ".join(capsys.readouterr().out.split())
    assert f"{len(TRUE)} {what} of the judge, none of them read" in told
    assert f"review {found['run']} --audit` shows {READINGS} at random" in told
    with runtime.store() as store:
        assert len(audit.drawn_questions(store, found["run"], "fold")) == READINGS >= 50
    merge_summary(found | {"would_fold": 0, "kept": found["kept"] | {"folded": {"judge": 0}}})
    assert "--audit" not in capsys.readouterr().out


def test_one_wrong_among_them_is_none(doubted, runtime, merge):  # noqa: F811
    _, found, _ = read(runtime, doubted, lambda n, question: n != 30)
    assert found["wrong"] == 1 and not found["believed"]
    again, _, _ = merge(knows)
    assert again["judge"]["believed"] is None and again["folded"]["judge"] == 0
    assert again["audit"]["wrong"] == 1


def test_reading_is_of_these_documents_alone(doubted, runtime, merge, tmp_path):  # noqa: F811
    read(runtime, doubted, lambda n, question: True)
    with (tmp_path / "in" / "ferry.md").open("a") as file:
        file.write("- As a clerk, I want to stamp a passport, so that it is stamped.\n")
    again, _, _ = merge(knows)
    assert again["judge"]["believed"] is None and again["folded"]["judge"] == 0
    assert again["audit"] is None


def test_a_file_of_answers_is_taken_and_what_was_read_is_not_asked_again(
    doubted,
    runtime,  # noqa: F811
    tmp_path,
):
    with runtime.store() as store:
        asked = audit.drawn_questions(store, doubted, "fold")
        file = tmp_path / "answers.jsonl"
        file.write_text("".join(
            json.dumps({"question": q.id, "answer": "one_need"}) + "\n" for q in asked[:20]
        ))  # fmt: skip
        for answer in read_answers(file, asked, by="ana"):
            audit.keep(store, doubted, "fold", answer, by="ana")
        left = audit.drawn_questions(store, doubted, "fold")
        assert [q.id for q in left] == [q.id for q in asked[20:]]
        assert audit.found(store, doubted, "fold")["read"] == 20


def test_the_share_of_true_candidates_changes_what_is_expected(doubted, runtime):  # noqa: F811
    n, found, _ = read(
        runtime, doubted, lambda n, q: knows(*(s.goal for s in q.stories))[0] is Answer.ONE_NEED,
        purpose="candidate",
    )  # fmt: skip
    assert n == found["read"] == READINGS and 0 < found["share"] < 1
    assert found["share_at_least"] < found["share"]


def test_a_run_whose_judge_has_no_record_has_nothing_to_read(backlog, merge, runtime):  # noqa: F811
    found, _, _ = merge(knows, propose=True)
    with runtime.store() as store, pytest.raises(InputError, match="no judge with a record"):
        audit.drawn_questions(store, found["run"], "fold")
