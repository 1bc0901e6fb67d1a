"""What is open, in which order, and what was decided before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from pipeline.cli.run_commands import question_as_json
from pipeline.entries import Answer, Conflict, Decision, Fold, Side
from pipeline.errors import InputError
from pipeline.review.answers import answered
from pipeline.review.questions import AUDITED, Question, by_hand, questions
from pipeline.store.judgements import JudgementTold
from pipeline.text.canonical import VERSION

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def named(found) -> list[tuple[str, tuple[str, ...]]]:
    return [(question.kind, question.names) for question in found]


def earlier(answer, *stories, **more) -> Decision:
    prints = tuple(sorted(story.old_fingerprint for story in stories))
    return Decision(prints, answer, by="ann", at=NOON, version="", **more)


def test_each_pair_is_asked_about_once(finished):
    found = questions(finished)
    assert set(named(found)) == {
        ("possible conflict", ("S-1", "S-2")),
        ("alike", ("S-3", "S-4")),
        ("alike", ("S-5", "S-6")),
        ("alike", ("S-7", "S-8")),
        ("fold", ("S-9", "S-10")),
    }
    assert len({question.id for question in found}) == 5


def test_what_saves_most_comes_first_and_like_ones_together(finished):
    found = questions(finished)
    weights: dict[str, float] = {}
    for question in found:
        weights[question.batch] = weights.get(question.batch, 0) + question.weight
    totals = [weights[question.batch] for question in found]
    assert totals == sorted(totals, reverse=True)
    batches = [question.batch for question in found]
    assert batches == sorted(batches, key=batches.index), "each batch stands together"
    lists = [q for q in found if q.names in (("S-5", "S-6"), ("S-7", "S-8"))]
    assert len({q.batch for q in lists}) == 1, "overdue against damaged, twice"
    assert found[0] in lists and found[-1].kind == "fold"
    for one, other in pairwise(q for q in found if q.batch == lists[0].batch):
        assert one.weight >= other.weight


@pytest.mark.parametrize("sure", [0.99, None])
def test_what_a_judge_calls_one_need_is_asked_the_sooner(finished, sure):
    third, fourth = list(finished.stories)[2:4]

    def alike(answer: Answer | None) -> list[Question]:
        said = [JudgementTold(fourth, third, answer, "tiny", "", sure, False, False)]
        return questions(finished, only=["alike"], said=said if answer else ())

    def place(found: list[Question]) -> int:
        return [question.names for question in found].index(("S-3", "S-4"))

    before, yes, no = alike(None), alike(Answer.ONE_NEED), alike(Answer.DIFFERENT)
    weights = [found[place(found)].weight for found in (no, before, yes)]
    assert weights == sorted(weights) and len(set(weights)) == 3
    assert place(yes) <= place(before) <= place(no) == 2
    assert yes[place(yes)].because == f"one need, says tiny{' (0.99)' if sure else ''}"
    assert no[place(no)].because == before[place(before)].because


def test_a_question_says_what_deciding_saves(finished):
    by_names = {question.names: question for question in questions(finished)}
    shorter = finished.stories[list(finished.names)[2]]
    assert by_names["S-3", "S-4"].saves == len(shorter.text.split())
    assert by_names["S-3", "S-4"].stands == 2, "the longer-told need would stand"
    conflict = by_names["S-1", "S-2"]
    assert conflict.saves == 18 and conflict.about == "number"
    assert conflict.differs == ("14 days", "28 days")
    assert by_names["S-9", "S-10"].saves == 0
    assert "tiny, record r1" in by_names["S-9", "S-10"].because


def test_no_markup_reaches_a_person(finished):
    (conflict,) = questions(finished, only=["possible conflict"])
    (first, _) = conflict.tellings
    assert "14 days" in first[0].text and "*" not in first[0].text
    assert "*" not in json.dumps(question_as_json(conflict))


def test_most_is_kept_and_kinds_are_chosen(finished):
    assert len(questions(finished, most=2)) == 2 and questions(finished, most=0) == []
    assert {q.kind for q in questions(finished, only=["fold", "alike"])} == {"fold", "alike"}
    with pytest.raises(InputError, match="kind 'merge'"):
        questions(finished, only=["merge"])


def test_what_was_decided_is_asked_again_only_when_wanted(finished):
    first, *_ = questions(finished)
    (decision,) = answered(first, "different", by="ann").decisions
    left = questions(finished, [decision])
    assert first.id not in {q.id for q in left} and len(left) == 4
    again = {q.id: q for q in questions(finished, [decision], again=True)}
    assert again[first.id].decided == decision and len(again) == 5


def test_what_is_in_one_entry_by_decision_can_be_decided_again(finished, stories):
    prints = tuple(sorted(story.fingerprint for story in (stories[0], stories[8])))
    decision = Decision(prints, "one_need", keep=prints[0], by="ann", version=VERSION)
    assert ("S-1", "S-9") not in {q.names for q in questions(finished, [decision])}
    (question,) = questions(finished, [decision], again=True, only=["decided"])
    assert question.names == ("S-1", "S-9") and question.decided == decision


def test_a_decision_on_a_group_settles_its_pairs(finished, stories):
    prints = tuple(sorted(story.fingerprint for story in stories[4:8]))
    group = Decision(prints, "different", by="ann", version=VERSION)
    assert {q.names for q in questions(finished, [group], only=["alike"])} == {("S-3", "S-4")}


def test_an_old_decision_is_shown_again_with_its_answer(finished, stories):
    kept = earlier("one_need", *stories[2:4], keep=stories[2].old_fingerprint, note="one page")
    apart = earlier("different", *stories[4:6])
    gone = replace(kept, fingerprints=("x", "y"))
    found = {q.names: q for q in questions(finished, [kept, apart, gone])}
    question = found["S-3", "S-4"]
    assert question.kind == "earlier" and question.earlier == kept and question.decided is None
    assert question.stands == 1, "as it was"
    assert "one need: decided by ann on 2026-11-21 (one page)" in question.because
    assert found["S-5", "S-6"].kind == "earlier"
    assert len(found) == 5, "and one whose stories are gone is not asked about"


def test_an_old_decision_on_what_is_decided_anew_is_not_asked_about(finished, stories):
    kept = earlier("one_need", *stories[2:4], keep=stories[2].old_fingerprint)
    (question,) = (q for q in questions(finished, [kept]) if q.earlier)
    (anew,) = answered(question, "different").decisions
    assert all(q.names != ("S-3", "S-4") for q in questions(finished, [kept, anew]))


def test_copies_of_one_story_are_no_question(finished, finished_from, stories, merge):
    copies = [stories[0], replace(stories[0], id="copy"), *stories[2:]]
    copied = replace(
        merge,
        conflicts=(
            Conflict("c", "conflict", (Side(stories[0].id, ""), Side("copy", "")), "", "ann"),
        ),
        links=(),
        proposals=((stories[0].id, "copy"),),
    )
    assert named(questions(finished_from(copies, copied))) == [("fold", ("S-9", "S-10"))]


def test_a_conflict_of_three_is_one_question(finished_from, stories, merge):
    sides = tuple(Side(s.id, s.text, (str(n),)) for n, s in enumerate(stories[:3]))
    three = replace(merge, conflicts=(Conflict("c", "conflict", sides, "days", "ann"),))
    (question,) = questions(finished_from(stories, three), only=["conflict"])
    assert question.names == ("S-1", "S-2", "S-3") and question.differs == ("0", "1", "2")


def test_folds_are_a_random_sample(finished_from, stories, merge):
    many = [replace(stories[8], id=f"n{n}", goal=f"goal {n}") for n in range(120)]
    last = merge.entries[-1]
    wide = replace(
        last,
        sources=(*last.sources, *(s.id for s in many)),
        folds=(
            *last.folds,
            *(Fold(s.id, "sentence", s.text, "judge", last.standing) for s in many),
        ),
    )
    found = questions(
        finished_from([*stories, *many], replace(merge, entries=(*merge.entries[:-1], wide))),
        only=["fold"],
    )
    assert len(found) == AUDITED
    numbers = sorted(int(name[2:]) for q in found for name in q.names if name != "S-9")
    assert numbers[-1] > 100 and numbers != list(range(10, 60)), "not just the first"


def test_any_two_are_put_together_by_name_id_or_key(finished, stories):
    question = by_hand(finished, ["S-9", stories[0].id])
    assert question.names == ("S-1", "S-9") and question.stands == 2, "the first named stands"
    with pytest.raises(InputError, match="no story 'S-99'"):
        by_hand(finished, ["S-1", "S-99"])
    with pytest.raises(InputError, match="word for word"):
        by_hand(finished, ["S-1", "s-1"])


def test_a_question_is_plain_json(finished):
    for question in questions(finished):
        told = json.loads(json.dumps(question_as_json(question)))
        assert [s["name"] for s in told["stories"]] == list(question.names)
        assert told["question"] == question.id and told["decided"] is None
