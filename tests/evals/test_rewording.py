"""A rewording asks for the same thing under the same conditions, and only where that is sure."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from evals.corpora import rewording_tables as tables
from evals.corpora.planted_merge import MIX, originals
from evals.corpora.planting import plant
from evals.corpora.rewording import (
    Half,
    Pair,
    Row,
    heavily,
    lightly,
    moderately,
    replaced,
    wording,
)
from pipeline.entries import Answer
from pipeline.extract.extraction import extract
from pipeline.outcomes import StoryText
from pipeline.text.words import word_set

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
HALVES: tuple[Half, ...] = ("tuning", "reported")
#: Words that bound, limit, order or time what is asked for, or say how it is to be met.
LIMITS = word_set(
    """not no never nothing nobody only always just alone least less more fewer few than exactly
    once twice daily weekly if unless except until when whenever before after without within
    during must may shall directly quickly easily simply automatically steps myself own each
    every all any"""
)
#: A phrase that says that nothing needs to be added.
AFFIRMS = "it goes without saying that"
#: What stands for the names of a frame's places.
SAMPLES = {
    "DET": "the page",
    "ASK": "the page",
    "NOUN": "thing",
    "PLURAL": "files",
    "END": "",
    "START": "",
    "MANNER": "",
    "TO": "",
}


def all_rows() -> list[Row]:
    words = [wording(half) for half in HALVES]
    return [row for half in words for row in (*half.verbs, *half.heads, *half.phrases)]


def in_its_frame(pair: Pair, words: str = "") -> str:
    """A sentence's piece in which the pair is sure, with its words or others in their place."""
    before, after = (
        "" if told.startswith("!") else next(iter(told.split()), "")
        for told in (pair.before, pair.after)
    )
    parts = (SAMPLES.get(before, before), words or pair.words, SAMPLES.get(after, after))
    return " ".join(filter(None, parts))


PAIRS = [(row, pair) for row in all_rows() for pair in row]


@pytest.mark.parametrize(("row", "pair"), PAIRS, ids=lambda one: getattr(one, "words", ""))
def test_a_pair_is_told_otherwise_in_its_frame_alone(row: Row, pair: Pair) -> None:
    rng = random.Random(1)
    told, times = replaced(in_its_frame(pair), row, rng)
    assert times == 1 and told != in_its_frame(pair)
    frame = in_its_frame(pair)
    compounds = ("x-{}", "{}-x", "in/{}", "{}.csv", "{}s") if pair.words[-1] != "." else ("in/{}",)
    named = [form.format(pair.words) for form in compounds] + [pair.words.title()] * (
        "." not in frame
    )
    told_of = {other.words for other in row}
    for piece in (
        *(form.format(frame) for form in ("“{}”", '"{}"', "`{}`")),
        *(in_its_frame(pair, words) for words in named if words not in told_of),
    ):
        assert replaced(piece, row, rng) == (piece, 0), piece


def test_a_verb_is_none_behind_an_article_or_without_its_object() -> None:
    rng = random.Random(1)
    for row in (row for half in HALVES for row in wording(half).verbs):
        for pair in row:
            for told in (f"the {pair.words} the page has", f"my {pair.words} all pages"):
                assert replaced(told, row, rng) == (told, 0)
            if "DET" in pair.after.split():
                for told in (f"{pair.words} pages", f"{pair.words} of pages", pair.words):
                    assert replaced(told, row, rng) == (told, 0)


def test_what_is_added_bounds_nothing() -> None:
    for table in (tables.FRAMES, tables.ASIDES, tables.REMARKS, tables.REBUILT, tables.EXPECTED):
        for line in table.strip("\n").splitlines():
            words = re.findall(r"[a-z']+", line.replace(AFFIRMS, ""))
            assert not LIMITS & set(words), line


def test_what_replaces_words_bounds_nothing_that_they_do_not() -> None:
    same = [
        {"each", "every"}, {"all"}, {"prior", "before"}, {"whether", "if"}, {"until", "till"},
        {"without", "no"}, {"no", "nobody"}, {"whenever", "every"}, {"quickly", "quick"},
        {"easily", "ease"}, {"instead", "rather", "than"}, {"automatically", "automatic"},
    ]  # fmt: skip
    for _, pair in PAIRS:
        own = set(re.findall(r"[a-z']+", pair.words))
        own |= {word for alike in same if own & alike for word in alike}
        for other in pair.others:
            assert not LIMITS & set(re.findall(r"[a-z']+", other)) - own, pair


def test_no_planted_rewording_gains_or_loses_a_limit() -> None:
    counted = LIMITS - word_set("each every if all until before without quickly easily no")
    counted -= word_set("automatically whenever nobody")

    def limits(text: StoryText) -> Counter[str]:
        told = " ".join((text.goal, text.benefit, *text.criteria)).replace("n't", " not")
        return Counter(w for w in re.findall(r"[a-z]+|\d+", told.lower()) if w in counted)

    stories = [s for e in extract([SAMPLE]) for s in e.stories]
    seen: Counter[str] = Counter()
    for half in HALVES:
        for seed in range(5):
            planted = plant(
                originals(stories, seed=seed, most=90), seed=seed, shares=MIX, half=half
            )
            texts = {one.id: one.text for one in planted}
            for one in planted:
                if one.of and one.relation is Answer.ONE_NEED:
                    seen[one.change] += 1
                    assert limits(one.text) == limits(texts[one.of]), one
    assert min(seen[kind] for kind in ("light", "medium", "heavy")) > 10


def test_only_english_is_put_in_other_words() -> None:
    for goal, benefit in (
        ("die Information sehen, die ich brauche", "ich nicht mit der Hand suchen muss"),
        ("voir la liste des options importantes", "je puisse choisir une section avec le reste"),
        ("ver la lista de los documentos", "no tenga que buscar las cosas que me hacen falta"),
    ):
        text = StoryText(role="user", goal=goal, benefit=benefit)
        for half in HALVES:
            for make in (lightly, moderately, heavily):
                assert make(text, wording(half), random.Random(2)) is None


def test_steps_keep_their_order() -> None:
    steps = ("Given I am on the page", "When I press the key", "Then the page is saved")
    sentences = ("The page is saved.", "The key must be shown.", "A list is sent.")
    orders = {steps: set(), sentences: set()}  # type: ignore[var-annotated]
    for criteria, found in orders.items():
        text = StoryText(role="user", goal="create the page", criteria=criteria)
        for seed in range(40):
            made = lightly(text, wording("tuning"), random.Random(seed))
            assert made is not None
            found.add(tuple(c.rstrip(".") for c in made.criteria))
    assert orders[steps] == {steps} and len(orders[sentences]) == 6


def test_a_goal_that_is_no_action_gets_no_frame() -> None:
    for half in HALVES:
        frames = wording(half).frames
        for goal, action in (
            ("see the list", True),
            ("search the list", True),
            ("search results to be shorter for all", False),
            ("a list of the results", False),
            ("the page to load", False),
        ):
            made = lightly(StoryText(goal=goal), wording(half), random.Random(3))
            assert made is not None and made.goal.startswith(tuple(frames)) is action
