"""A planted backlog is read back, merged without a database, and its long stories too."""

from __future__ import annotations

from pathlib import Path

from evals.corpora.planted_merge import MIX, merge, originals
from evals.corpora.planting import plant, write_corpus
from evals.corpora.truth import read_truth, recognise
from evals.metrics.quality import quality
from pipeline.config.options import ReadOptions
from pipeline.extract.extraction import extract
from pipeline.run.corpus import gather
from tests.support.narratives import paragraphs, plant_passages, told, write_narratives

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


def test_a_planted_corpus_is_read_back_and_merged(tmp_path: Path) -> None:
    stories = [s for e in extract([SAMPLE]) for s in e.stories]
    texts = originals(stories, seed=1, most=60)
    assert len(texts) == len(set(texts)) == 60
    corpus = plant(texts, seed=1, shares=MIX)
    truth = read_truth(write_corpus(corpus, tmp_path))
    read = gather([tmp_path], how=ReadOptions(exclude=("truth.json",)))
    ids = recognise(truth, read)
    assert len(read.stories) == len(corpus) == len(set(ids.values()))
    figures = quality(truth, ids, merge(read), read.by_id).figures
    assert figures["folded_exact"].mean == 1.0 and figures["folded_exact"].n > 3
    assert figures["folded_light"].mean == figures["folded_heavy"].mean == 0.0
    assert figures["together"].mean > 0.8
    assert figures["lookalikes_folded"].mean == 0.0 and figures["lookalikes_folded"].n > 3
    assert figures["conflicts_marked"].mean == 1.0 and figures["conflicts_marked"].n > 1


def test_long_stories_share_passages_across_stories_only(tmp_path: Path) -> None:
    texts = paragraphs([s for e in extract([SAMPLE]) for s in e.stories], seed=31, most=40)
    planted = plant_passages(texts, seed=36)
    assert planted == plant_passages(texts, seed=36) != plant_passages(texts, seed=2)
    by_id = {p.id: p for p in planted}
    copies = [p for p in planted if p.of]
    assert copies
    for copy in copies:
        assert by_id[copy.of].story != copy.story and by_id[copy.of].cluster == copy.cluster
        assert (copy.text == by_id[copy.of].text) is (copy.change == "exact")
    write_narratives(planted, tmp_path)
    read = gather([tmp_path], how=ReadOptions(exclude=("passages.json",)))
    lines = [line for story in read.stories for line in story.body]
    assert sorted(" ".join(line.split()) for line in lines) == sorted(p.text for p in planted)
    merged = merge(read)
    exact, light = (told(planted, read.stories, merged, kind) for kind in ("exact", "light"))
    everything = told(planted, read.stories, merged)
    assert everything.n == len(copies) and everything.lost == 0
    assert exact.n and (exact.folded, exact.left) == (1.0, 0.0)
    assert light.n and (light.folded, light.left) == (0.0, 1.0)
