"""What a person decided is learned, too: nine tenths, each story in one part only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.entries import Answer, Decision, Word
from pipeline.extract.extraction import extract
from pipeline.plan.rendering import pair_text
from pipeline.stories import Story
from pipeline.text.canonical import VERSION
from pipeline.train.dataset import make_dataset
from pipeline.train.decided_pairs import KIND, decided_pairs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> list[Story]:
    folder = tmp_path_factory.mktemp("stories")
    lines = [f"As a clerk, I want to print form {n} of the office." for n in range(120)]
    (folder / "d.txt").write_text("\n\n".join(lines))
    (read,) = extract([folder])
    return list(read.stories)


def decided(*stories: Story, answer: Word = "one_need") -> Decision:
    prints = tuple(sorted(story.fingerprint for story in stories))
    return Decision(prints, answer, version=VERSION)


def test_each_answer_is_a_pair_as_a_judge_is_shown_it(stories: list[Story]) -> None:
    words: list[Word] = ["one_need", "overlapping", "contradicting", "different", "preferred"]
    made = [decided(*stories[2 * n : 2 * n + 2], answer=word) for n, word in enumerate(words)]
    train, dev = decided_pairs(made, (("d", story) for story in stories))
    found = {frozenset((p.a, p.b)): p.answer for p in (*train, *dev)}
    assert found == {
        frozenset(map(pair_text, stories[2 * n : 2 * n + 2])): Answer(word)
        for n, word in enumerate(words[:4])
    }, "which of two is preferred says nothing of what they are to each other"
    assert {p.kind for p in (*train, *dev)} == {KIND}


def test_a_group_is_its_pairs_and_the_newer_word_holds(stories: list[Story]) -> None:
    a, b, c, d = stories[:4]
    made = [decided(a, b, c), decided(a, c, answer="different")]
    made += [replace(decided(a, d), version="older"), decided(d, stories[5])]
    train, dev = decided_pairs(made, (("d", story) for story in stories[:4]))
    found = {frozenset((p.a, p.b)): p.answer for p in (*train, *dev)}
    same, other = Answer.ONE_NEED, Answer.DIFFERENT
    texts = [pair_text(story) for story in (a, b, c)]
    assert found == {
        frozenset(texts[:2]): same,
        frozenset(texts[1:]): same,
        frozenset((texts[0], texts[2])): other,
    }


def test_no_story_is_in_both_parts(stories: list[Story]) -> None:
    chains = [decided(*stories[n : n + 3]) for n in range(0, 117, 4)]
    chains += [decided(stories[n], stories[n + 4]) for n in range(0, 40, 8)]
    train, dev = decided_pairs(chains, (("d", story) for story in stories))
    texts = [{text for p in part for text in (p.a, p.b)} for part in (train, dev)]
    assert not texts[0] & texts[1]
    assert dev and len(train) > 5 * len(dev)


def test_they_stand_among_the_pairs_that_code_makes(stories: list[Story], tmp_path: Path) -> None:
    lines = "\n\n".join(story.text for story in stories)
    for n in range(24):  # so many that both parts have documents
        (tmp_path / f"d{n}.txt").write_text(f"{lines}\n\nAs a clerk, I want to dust shelf {n}.")
    read = list(extract([tmp_path]))
    made = [decided(*stories[n : n + 2]) for n in range(0, 100, 2)]
    data = make_dataset(
        read, tables=ROOT / "data" / "training", exams=ROOT / "data" / "exam",
        n_train=40, n_dev=8, seed=3, decisions=made,
    )  # fmt: skip
    places = [n for n, pair in enumerate(data.train) if pair.kind == KIND]
    assert len(places) > 35 and len(data.train) == 40 + len(places)
    assert places != list(range(40, len(data.train)))
    again = make_dataset(
        read, tables=ROOT / "data" / "training", exams=ROOT / "data" / "exam",
        n_train=40, n_dev=8, seed=3,
    )  # fmt: skip
    assert again.sha256 != data.sha256
