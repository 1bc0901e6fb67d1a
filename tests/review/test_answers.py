"""Answers as decisions: by key, from a file all or none, and in words of before where they are
clear."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.entries import Conflict, Decision, Side
from pipeline.errors import InputError
from pipeline.review.answers import ANSWERS, answered, possible, read_answers
from pipeline.review.questions import questions
from pipeline.text.canonical import VERSION


@pytest.fixture
def asked(finished) -> dict:
    """The question of each kind that is asked first."""
    found: dict = {}
    for question in questions(finished):
        found.setdefault(question.kind, question)
    return found


@pytest.fixture
def file(tmp_path):
    def write(*lines) -> object:
        path = tmp_path / "answers.jsonl"
        path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
        return path

    return write


@pytest.mark.parametrize("given", [name for name in ANSWERS if name != "as_before"])
def test_an_answer_is_a_decision_on_the_fingerprints(asked, given):
    question = asked["possible conflict"]
    number = 2 if given == "preferred" else None
    (told,) = answered(question, given, number=number, note="so said the board", by="ann").decisions
    assert told.fingerprints == tuple(sorted(question.fingerprints))
    assert (told.answer, told.by, told.note, told.version) == (
        given, "ann", "so said the board", VERSION
    )  # fmt: skip
    stands = {"preferred": question.fingerprints[1], "one_need": question.fingerprints[0]}
    assert told.keep == stands.get(given, "")
    if given == "contradicting":
        said = dict(zip(told.fingerprints, told.values, strict=True))
        assert [said[f] for f in question.fingerprints] == ["14 days", "28 days"]
        assert told.about == "number"
    else:
        assert told.about == "" and told.values == ()


def test_one_need_may_name_whose_words_stand(asked):
    question = asked["alike"]
    for number in (1, 2):
        (told,) = answered(question, "one_need", number=number).decisions
        assert told.keep == question.fingerprints[number - 1]


@pytest.mark.parametrize(
    ("given", "number", "said"),
    [
        ("preferred", None, "which of them"),
        ("preferred", 3, "no story 3"),
        ("one_need", 0, "no story 0"),
        ("different", 1, "takes no number"),
        ("as_before", None, "not an answer to this"),
        ("accept", None, "not an answer to this"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(asked, given, number, said):
    with pytest.raises(InputError, match=said) as refused:
        answered(asked["alike"], given, number=number)
    assert asked["alike"].id in refused.value.where and refused.value.next


def test_an_old_decision_is_confirmed_or_replaced(finished, stories, asked):
    old = Decision(
        tuple(sorted(s.old_fingerprint for s in stories[2:4])), "one_need",
        keep=stories[3].old_fingerprint, note="one page", by="bo",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    question = next(q for q in questions(finished, [old]) if q.earlier)
    assert "as_before" in possible(question) and "as_before" not in possible(asked["alike"])
    kept = []

    class Keeper:
        def decide(self, decision, *, run=""):
            raise AssertionError("the old one would stay")

        def confirm(self, before, decision, *, run=""):
            kept.append((before, decision, run))
            return decision

    answered(question, "as_before", by="ann").keep(Keeper(), "merge-1")
    answered(question, "different", by="ann").keep(Keeper(), "merge-1")
    (before, same, run), (_, other, _) = kept
    assert before == old and run == "merge-1"
    assert (same.answer, same.keep, same.note, same.by, same.version) == (
        "one_need", stories[3].fingerprint, "one page", "ann", VERSION
    )  # fmt: skip
    assert other.answer == "different" and other.note == ""


def test_a_file_is_read_as_a_whole(asked, file):
    conflict, alike = asked["possible conflict"], asked["alike"]
    path = file(
        {"question": conflict.id, "answer": "preferred", "number": 2, "note": "fixed"},
        "",
        {"question": alike.id, "answer": "one_need"},
    )
    first, second = read_answers(path, list(asked.values()), by="ann")
    assert first.given == "preferred" and first.decisions[0].note == "fixed"
    assert second.decisions[0].answer == "one_need"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no JSON", "not valid JSON"),
        ('["a"]', "not an answer"),
        ('{"question": "x"}', "not an answer"),
        ('{"question": "x", "answer": "different"}', "no question 'x'"),
        ('{"question": ID, "answer": "preferred", "number": "2"}', "not a number"),
        ('{"question": ID, "answer": "preferred", "number": true}', "not a number"),
        ('{"question": ID, "answer": "preferred", "number": 9}', "no story 9"),
        ('{"question": ID, "answer": "maybe"}', "not an answer"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(asked, file, line, said):
    question = asked["alike"]
    good = {"question": question.id, "answer": "different"}
    path = file(good, line.replace("ID", json.dumps(question.id)))
    with pytest.raises(InputError, match=said) as refused:
        read_answers(path, [question], by="ann")
    assert refused.value.where == f"{path}, line 2" and refused.value.next


@pytest.mark.parametrize(
    ("kind", "word", "now"),
    [
        ("possible conflict", {"answer": "keep", "number": 2}, "preferred"),
        ("possible conflict", {"answer": "never"}, "different"),
        ("possible conflict", {"answer": "split"}, "different"),
        ("possible conflict", {"answer": "accept"}, None),
        ("alike", {"answer": "accept"}, "different"),
        ("alike", {"answer": "merge"}, "one_need"),
        ("alike", {"answer": "keep", "number": 1}, None),
        ("fold", {"answer": "accept"}, "one_need"),
        ("fold", {"answer": "never"}, "different"),
    ],
)
def test_words_of_before_hold_where_they_are_clear(asked, file, kind, word, now):
    question = asked[kind]
    path = file({"question": question.id, **word})
    if now is None:
        with pytest.raises(InputError, match="before the first release") as refused:
            read_answers(path, [question], by="ann")
        assert "preferred" in refused.value.next and refused.value.where.endswith("line 1")
        return
    (answer,) = read_answers(path, [question], by="ann")
    assert answer.given == now


def test_a_story_split_off_a_larger_group_is_different_from_each(
    finished_from, stories, merge, file
):
    sides = tuple(Side(s.id, s.text, (str(n),)) for n, s in enumerate(stories[:3]))
    three = replace(merge, conflicts=(Conflict("c", "conflict", sides, "days", "ann"),))
    (question,) = questions(finished_from(stories, three), only=["conflict"])
    path = file({"question": question.id, "answer": "split", "number": 1})
    (answer,) = read_answers(path, [question], by="ann")
    off, *rest = question.fingerprints
    assert {d.fingerprints for d in answer.decisions} == {
        tuple(sorted((off, other))) for other in rest
    }
    assert {d.answer for d in answer.decisions} == {"different"}
