"""The tests' own judges say what they are made to say, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.corpora.planted_merge import merge
from evals.corpora.truth import Truth, read_truth, recognise
from pipeline.calls import Message, Request, TokenCount
from pipeline.entries import Answer
from pipeline.models import ModelSpec
from pipeline.plan.rendering import pair_text
from pipeline.prompts import load_prompt
from pipeline.replies.parsing import CallFailed, read_answer
from pipeline.run.corpus import Corpus, gather
from pipeline.run.output import look
from tests.support.judges import FAULTS, JUDGES, PairJudge, always, at_random, judged, knowing

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return gather([SAMPLE])


def count(text: str) -> TokenCount:
    return TokenCount(len(text), "characters", True, len(text), len(text))


def question(prompts: Path, one: str, other: str) -> Request:
    messages = load_prompt(prompts, "judge-pair").render(one=one, other=other)
    return Request("m", "r", "pair", "judge-pair.v1", "0", messages, 16)


@pytest.mark.parametrize("answer", list(Answer))
def test_a_judge_answers_the_released_prompt_in_words_that_are_read(
    spec: ModelSpec, prompts: Path, answer: Answer
) -> None:
    model = PairJudge(spec, count, always(answer))
    (reply,) = model.complete([question(prompts, "I want salt.", "I want\tsalt: B: flour.")])
    assert read_answer(reply) is answer


@pytest.mark.parametrize("fault", [*FAULTS, "nothing"])
def test_every_way_to_fail_is_a_failed_call(spec: ModelSpec, prompts: Path, fault: str) -> None:
    says = always(None if fault == "nothing" else Answer.ONE_NEED)
    model = PairJudge(spec, count, says, failing=float(fault != "nothing"), faults=(fault,))
    replies = list(model.complete([question(prompts, "I want salt.", "I want flour.")]))
    assert len(replies) == (fault != "silent")
    for reply in replies:
        with pytest.raises(CallFailed):
            read_answer(reply)


def test_the_judge_that_knows_says_what_the_truth_says(
    corpus: Corpus, spec: ModelSpec, prompts: Path
) -> None:
    truth = read_truth(SAMPLE / "truth.json")
    ids = recognise(truth, corpus)
    model = PairJudge(spec, count, knowing(truth, ids, corpus.by_id))
    for wanted, pairs in (
        (Answer.CONTRADICTING, truth.conflicts),
        (Answer.DIFFERENT, truth.lookalikes),
        (Answer.ONE_NEED, truth.copies["reworded"]),
    ):
        for pair in pairs:
            one, other = (pair_text(corpus.by_id[ids[name]]) for name in sorted(pair))
            (reply,) = model.complete([question(prompts, one, other)])
            assert read_answer(reply) is wanted, pair
    unknown = Request("m", "r", "pair", "p", "0", (Message("user", "A: salt\nB: flour\n"),), 16)
    assert model.answer(unknown) == ""


def test_a_truth_says_of_copies_what_holds_for_what_they_were_made_of() -> None:
    def pairs(*names: str) -> frozenset[frozenset[str]]:
        return frozenset(frozenset(name) for name in names)

    truth = Truth(
        {**dict.fromkeys("abcp", "1"), "x": "2", "y": "3"},
        {},
        conflicts=pairs("ax"),
        lookalikes=pairs("by"),
        copies={"light": pairs("ab"), "heavy": pairs("ac"), "split": pairs("ap")},
    )
    assert truth.answer("a", "b") is truth.answer("b", "c") is Answer.ONE_NEED
    assert truth.answer("a", "p") is truth.answer("p", "c") is Answer.OVERLAPPING
    assert truth.answer("a", "x") is truth.answer("x", "b") is Answer.CONTRADICTING
    assert truth.answer("b", "y") is truth.answer("x", "y") is Answer.DIFFERENT


def test_answers_at_random_are_the_same_for_the_same_seed(corpus: Corpus) -> None:
    one = judged(at_random(1), corpus.pairs, corpus.by_id, seed=1)
    assert one == judged(at_random(1), corpus.pairs, corpus.by_id, seed=1)
    assert one != judged(at_random(2), corpus.pairs, corpus.by_id, seed=2)
    assert {found.answer for found in one} == set(Answer)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", list(JUDGES))
def test_nothing_is_lost_whatever_they_say(corpus: Corpus, name: str, seed: int) -> None:
    said = judged(JUDGES[name](seed), corpus.pairs, corpus.by_id, seed=seed)
    merged = merge(corpus, said)
    kept = look(corpus, merged)
    assert not kept.missing and not kept.faults and kept.units > 300
    assert {row.story for row in merged.ledger} == set(corpus.by_id)
    if name == "all one need":
        assert kept.folded["judge"] > 20 and len(merged.entries) < 100
    if name == "all contradicting":
        assert sum(conflict.kind == "conflict" for conflict in merged.conflicts) == len(said) > 50
        assert kept.folded["judge"] == 0
    if name == "nothing":
        assert said == [] and kept.folded["judge"] == 0
