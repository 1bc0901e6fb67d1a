"""A plan is found again by all it was made from, says the same to a price, and holds no words."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.calls import Reply, Usage, WindowLimits
from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.entries import Decision
from pipeline.extract import process_pool
from pipeline.extract.process_pool import beside, in_turns
from pipeline.plan.near.candidates import StoryVectors
from pipeline.plan.plan_outline import outline_as_text, outline_from_text
from pipeline.run import plan_cache, pricing, steps
from pipeline.run.corpus import Corpus, read
from pipeline.run.corpus_vectors import known_vectors
from pipeline.run.plan_cache import Outlines
from pipeline.run.steps import Terms
from pipeline.store.record import Store, StoreJournal, open_store
from pipeline.tokens.token_counters import is_unpacked, load_encoding

SETTINGS = read_settings({"HOME": "/nowhere"})
CATALOG = Catalog(SETTINGS.models_toml)
HAIKU = CATALOG.find("claude/claude-haiku-5-5")
DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read([Path(__file__).parents[2] / "data" / "sample"])


@pytest.fixture
def terms(shared_cache: Path) -> Terms:
    cloud = ("all",)
    return Terms(SETTINGS.prompts, shared_cache, DAY, DAY, strategy="pairs", allow_cloud=cloud)


@pytest.fixture
def store(tmp_path: Path):
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: NOON) as opened:
        yield opened


def estimated(corpus: Corpus, terms: Terms, store: Store | None) -> dict:
    models = ["extractive", HAIKU.name]
    return pricing.estimate_corpus(corpus, models, [], terms, catalog=CATALOG, store=store)


@pytest.mark.parametrize("about", [(), ("order",)])
def test_the_second_estimate_makes_no_plan_and_says_the_same(
    corpus, terms, store, about, monkeypatch
):
    terms = replace(terms, about=about)
    first = estimated(corpus, terms, store)
    monkeypatch.setattr(steps, "make_plan", None)
    assert estimated(corpus, terms, store) == first
    monkeypatch.undo()
    assert estimated(corpus, terms, None) == first


def test_what_the_journal_answers_is_known_of_an_outline_too(corpus, terms, store):
    plan = steps.plan(corpus, HAIKU, terms)
    outline = outline_from_text(outline_as_text(plan))
    request = plan.calls[0].request
    reply = Reply(request.key, "{}", "stop", Usage(10, 2), 0.1)
    StoreJournal(store, "").put(request, reply, good=True)
    for made in (plan, outline):
        known = steps.with_journal(made, StoreJournal(store, ""))
        assert len(known.to_send) == len(plan.calls) - 1
        assert known.sha256 == plan.sha256
    one, two = (steps.price_plan(made, HAIKU, terms) for made in (plan, outline))
    assert one == two
    assert outline.skipped_by_reason() == plan.skipped_by_reason()


def test_an_outline_quotes_no_story(corpus, terms):
    for strategy in ("pairs", "groups", "tree", "fold"):
        for spec in (HAIKU, CATALOG.find("extractive")):
            plan = steps.plan(corpus, spec, replace(terms, strategy=strategy))
            text = outline_as_text(plan).casefold()
            assert not any(
                said.casefold() in text
                for story in corpus.stories
                for _, said in story.fields
                if " " in said
            )


def test_every_change_is_another_key(corpus, terms, store, tmp_path, monkeypatch):
    limits = WindowLimits(1000, 100, "test")
    prompts = tmp_path / "prompts"
    shutil.copytree(SETTINGS.prompts, prompts)
    those = replace(terms, prompts=prompts)
    remembered = Outlines(store, "corpus")
    decision = Decision(("a", "b"), "different")
    keys = [
        remembered.key(HAIKU, those, limits),
        Outlines(store, "another corpus").key(HAIKU, those, limits),
        remembered.key(replace(HAIKU, thinking=HAIKU.thinking + 1), those, limits),
        remembered.key(HAIKU, those, replace(limits, input_tokens=999)),
        remembered.key(HAIKU, replace(those, strategy="tree"), limits),
        remembered.key(HAIKU, replace(those, about=("order",)), limits),
        remembered.key(HAIKU, replace(those, most_pairs=9), limits),
        remembered.key(HAIKU, replace(those, vectors=StoryVectors("one", {}, 9)), limits),
        remembered.key(HAIKU, replace(those, decisions=(decision,)), limits),
    ]
    assert remembered.key(HAIKU, replace(those, as_of=date(2027, 1, 1)), limits) == keys[0]
    (prompts / "judge-pair.v9.md").write_text("## user\n{{one}}\n{{other}}\n")
    keys.append(remembered.key(HAIKU, those, limits))
    monkeypatch.setattr(plan_cache, "code_sha256", lambda: "another version")
    keys.append(remembered.key(HAIKU, those, limits))
    assert len(set(keys)) == len(keys)


def test_the_code_is_all_of_it(tmp_path, monkeypatch):
    package = tmp_path / "pipeline"
    (package / "plan").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "plan" / "pairs.py").write_text("LIMIT = 8\n")
    monkeypatch.setattr(plan_cache.pipeline, "__file__", str(package / "__init__.py"))
    hash_now = plan_cache.code_sha256.__wrapped__
    before = hash_now()
    assert hash_now() == before
    (package / "plan" / "pairs.py").write_text("LIMIT = 9\n")
    changed = hash_now()
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "tiktoken-99.dist-info").mkdir()
    assert len({before, changed, hash_now()}) == 3


def test_a_damaged_outline_is_made_again(corpus, terms, store):
    first = estimated(corpus, terms, store)
    terms = replace(terms, vectors=known_vectors(store, corpus.stories, cache=terms.cache))
    remembered = Outlines(store, store.save_corpus(corpus.extractions))
    limits = steps.plan(corpus, HAIKU, terms).limits
    key = remembered.key(HAIKU, terms, limits)
    body = store.get_outline(key)
    for damaged in (body[:-9], "[]", json.dumps({**json.loads(body), "shape": 0})):
        assert outline_from_text(damaged) is None
        store.put_outline(key, damaged)
        assert estimated(corpus, terms, store) == first
        assert store.get_outline(key) == body


def test_vocabularies_are_brought_into_an_empty_cache_by_another_process_once(
    corpus, terms, store, tmp_path, monkeypatch
):
    monkeypatch.setattr(process_pool, "processors", lambda: 2)
    monkeypatch.setattr(process_pool, "may_fork", lambda: True)
    expected = estimated(corpus, terms, None)
    begun = []

    def seen(work):
        begun.append(beside(work))
        return lambda: (begun[-1](), begun.append((cold.cache / "tiktoken").is_dir()))

    monkeypatch.setattr(pricing, "beside", seen)
    cold = replace(terms, cache=tmp_path / "empty")
    load_encoding.cache_clear()  # what this process has open says nothing of an empty cache
    assert not is_unpacked(HAIKU, cold.cache) and is_unpacked(CATALOG.find("extractive"), tmp_path)
    assert estimated(corpus, cold, store) == expected
    assert is_unpacked(HAIKU, cold.cache)
    assert begun[1:] == [True], "begun once, and there when it was over"
    assert estimated(corpus, cold, store) == expected
    assert len(begun) == 2, "what is unpacked is opened here"


def test_all_plans_that_are_not_remembered_are_made_at_once_and_are_the_same(
    corpus, terms, tmp_path, monkeypatch
):
    def opened(name: str) -> Store:
        return open_store(f"sqlite:///{tmp_path}/{name}.sqlite", now=lambda: NOON)

    with opened("alone") as store:
        monkeypatch.setattr(plan_cache, "in_turns", lambda work, items: [])
        alone = estimated(corpus, terms, store)
    monkeypatch.undo()
    monkeypatch.setattr(process_pool, "processors", lambda: 2)
    monkeypatch.setattr(process_pool, "may_fork", lambda: True)
    asked = []
    monkeypatch.setattr(
        plan_cache,
        "in_turns",
        lambda work, items: asked.append(len(items)) or in_turns(work, items),
    )
    with opened("together") as store:
        assert estimated(corpus, terms, store) == alone
        assert estimated(corpus, terms, store) == alone
    assert asked == [2], "models whose plans were made together, once"
