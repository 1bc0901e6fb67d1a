"""The figures of a merge: right on results made by hand, and on a real run of the sample."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.merging import (
    MIX,
    Result,
    candidates,
    merge,
    originals,
    recognise,
    result,
    true_pairs,
)
from evals.narratives import paragraphs, plant_passages, told, write_narratives
from evals.planting import Planted, plant, write_corpus
from pipeline.catalog import Catalog
from pipeline.extract.corpus import extract
from pipeline.merge.corpus import Reading, gather
from pipeline.models.extractive import REVISION, ExtractiveModel
from pipeline.outcomes import StoryText
from pipeline.settings import read_settings

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
TEXT = StoryText(role="user", goal="rest")


@pytest.fixture
def planted() -> list[Planted]:
    return [
        Planted("0", TEXT, "original", "0"),
        Planted("0/heavy-0", TEXT, "heavy", "0", "0"),
        Planted("1", TEXT, "original", "1"),
        Planted("1/light-0", TEXT, "light", "1", "1"),
        Planted("1/lookalike-0", TEXT, "lookalike", "1/lookalike-0", "1"),
        Planted("1/contradiction-0", TEXT, "contradiction", "1/c", "1", "number"),
    ]


def test_figures_of_a_result_made_by_hand(planted: list[Planted]) -> None:
    found = {"0": "a", "0/heavy-0": "b", "1": "c", "1/light-0": "c", "1/lookalike-0": "c"}
    conflicts = frozenset([frozenset(("1", "1/contradiction-0")), frozenset("01")])
    made = Result(planted, found | {"1/contradiction-0": "d"}, conflicts)
    assert made.left() == 0.5 and made.left("heavy") == 1.0 and made.left("light") == 0.0
    assert made.as_one() == 0.5
    assert made.wrongly_joined("lookalike") == 1 and made.wrongly_joined("contradiction") == 0
    assert made.pairs[:2] == (1 / 3, 0.5)
    assert made.items("heavy")[:2] == (1.0, 0.5)
    assert made.disagreements()[:2] == (0.5, 1.0)
    assert made.disagreements("unit").n == 0
    assert true_pairs(planted, "light") == {frozenset(("1", "1/light-0"))}


def test_candidates_count_the_true_pairs_and_all_pairs() -> None:
    pairs = [frozenset("ab"), frozenset("cd")]
    assert candidates(pairs, [frozenset("ab"), frozenset("ac")], 4) == (0.5, 2 / 6, 2)


def test_a_planted_corpus_is_read_back_and_merged(tmp_path: Path) -> None:
    stories = [s for e in extract([SAMPLE]) for s in e.stories]
    texts = originals(stories, seed=1, most=60)
    assert len(texts) == len(set(texts)) == 60
    corpus = plant(texts, seed=1, shares=MIX)
    truth = json.loads(write_corpus(corpus, tmp_path).read_text())
    read = gather([tmp_path], how=Reading(exclude=("truth.json",)))
    ids = recognise(truth, read.stories)
    assert len(read.stories) == len(corpus) == len(set(ids.values()))
    settings = read_settings({})
    model = ExtractiveModel(Catalog(settings.models_toml).find("extractive"))
    made = result(corpus, ids, merge(read, model, REVISION, settings))
    assert made.left("exact") == 0.0
    assert made.items().f1 > 0.8
    with pytest.raises(LookupError):
        recognise([{"id": "x", "document": "none.md", "line": 1}], read.stories)


def test_long_stories_share_passages_across_stories_only(tmp_path: Path) -> None:
    texts = paragraphs([s for e in extract([SAMPLE]) for s in e.stories], seed=1, most=40)
    planted = plant_passages(texts, seed=1)
    assert planted == plant_passages(texts, seed=1) != plant_passages(texts, seed=2)
    by_id = {p.id: p for p in planted}
    copies = [p for p in planted if p.of]
    assert copies
    for copy in copies:
        assert by_id[copy.of].story != copy.story and by_id[copy.of].cluster == copy.cluster
        assert (copy.text == by_id[copy.of].text) is (copy.change == "exact")
    write_narratives(planted, tmp_path)
    read = gather([tmp_path], how=Reading(exclude=("passages.json",)))
    lines = [line for story in read.stories for line in story.body]
    assert sorted(" ".join(line.split()) for line in lines) == sorted(p.text for p in planted)
    settings = read_settings({})
    model = ExtractiveModel(Catalog(settings.models_toml).find("extractive"))
    outcomes = merge(read, model, REVISION, settings)
    light = told(planted, read.stories, outcomes, "light")
    everything = told(planted, read.stories, outcomes)
    assert everything.n == len(copies) and everything.lost == 0
    assert light.n and light.as_one == 1.0
