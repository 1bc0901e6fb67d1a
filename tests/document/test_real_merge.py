"""The documents of real merges, looked at by the check that shares nothing with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.document.document_files import write_document
from pipeline.document.markdown.overview import WORDS, overview
from pipeline.entries import Decision
from pipeline.kept import Told, check, read_edition
from pipeline.merge.conclusion import conclude
from pipeline.run.corpus import read
from pipeline.run.output import laid_out
from pipeline.stories import count_words
from pipeline.text.canonical import VERSION

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
EDITIONS = {"topic": {}, "role": {"group": "role"}, "full": {"full": True}}


@pytest.fixture(scope="module")
def corpus():
    return read([SAMPLE])


@pytest.fixture(scope="module")
def told(corpus) -> dict[str, Told]:
    return {story.id: Told(story.text, story.kind) for story in corpus.stories}


def merge(corpus, **more):
    return conclude(corpus.by_id, corpus.pairs, {}, **more)


def test_the_sample_is_short_and_whole_and_its_overview_two_pages(corpus, tmp_path):
    layout = laid_out(corpus, merge(corpus), {"run": "r-1"})
    out = write_document(tmp_path, layout)
    source = sum(count_words(story.text) for story in corpus.stories)
    assert count_words(Path(out["markdown"]).read_text()) <= 1.2 * source
    assert count_words("\n".join(overview(layout, "merged.md"))) <= WORDS


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_sentence_is_in_every_edition(corpus, told, tmp_path, edition):
    out = write_document(tmp_path, laid_out(corpus, merge(corpus), {}, **EDITIONS[edition]))
    for kind in ("markdown", "json"):
        found = check(read_edition(out[kind]), told)
        assert found.missing == () and found.units > 300, kind
    assert found.whole


def test_every_sentence_is_in_an_edition_of_many_files(corpus, told, tmp_path):
    layout = replace(laid_out(corpus, merge(corpus), {}), split=True)
    out = write_document(tmp_path, layout)
    assert len(list((tmp_path / "topics").iterdir())) > 10
    assert check(read_edition(out["markdown"]), told).missing == ()


def test_a_decision_against_a_telling_reads_so_everywhere(corpus, told, tmp_path):
    late, early = (next(s for s in corpus.stories if words in s.text) for words in (
        "keep a borrowed tool for 14 days", "keep a borrowed tool for 7 days"))  # fmt: skip
    fingerprints = tuple(sorted((late.fingerprint, early.fingerprint)))
    decided = Decision(
        fingerprints, "preferred", keep=early.fingerprint, by="Lena", version=VERSION
    )
    merged = merge(corpus, decisions=[decided])
    out = write_document(tmp_path, laid_out(corpus, merged, {}))
    names = {story.id: f"S-{n}" for n, story in enumerate(corpus.stories, 1)}
    text = Path(out["markdown"]).read_text()
    (line,) = [line for line in text.splitlines() if "decided against" in line]
    assert line.startswith("  - decided against by Lena: *") and names[late.id] in line
    assert "also: *14" not in text
    assert "decided against by Lena" in (tmp_path / "merged.tellings.md").read_text()
    assert check(read_edition(out["markdown"]), told).missing == ()
