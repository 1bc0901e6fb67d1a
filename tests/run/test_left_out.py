"""What `--about` leaves out is listed with where it stands and why, and what it saves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.catalog import Catalog
from pipeline.cli.price_screen import estimate_table
from pipeline.config.settings import read_settings
from pipeline.run import pricing
from pipeline.run.corpus import Corpus, read
from pipeline.run.steps import Terms

SETTINGS = read_settings({"HOME": "/nowhere"})
CATALOG = Catalog(SETTINGS.models_toml)
HAIKU = "claude/claude-haiku-5-5"
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read([Path(__file__).parents[2] / "data" / "sample"])


@pytest.fixture
def terms(tmp_path: Path) -> Terms:
    return Terms(SETTINGS.prompts, tmp_path, DAY, DAY, allow_cloud=("all",))


def estimated(corpus: Corpus, terms: Terms, strategy: str) -> dict[str, Any]:
    return pricing.estimate_corpus(corpus, [HAIKU], [strategy], terms, catalog=CATALOG, store=None)


@pytest.mark.parametrize("strategy", ["pairs", "groups", "tree", "fold"])
@pytest.mark.parametrize("word", ["order", "invoice", "zeppelin"])
def test_the_saving_and_the_rest_are_the_whole(
    corpus: Corpus, terms: Terms, strategy: str, word: str
) -> None:
    whole = estimated(corpus, terms, strategy)
    some = estimated(corpus, replace(terms, about=(word,)), strategy)
    (of_all,), (of_some,) = whole["lines"], some["lines"]
    rest = Decimal(of_some["usd"]["likely"]) + Decimal(of_some["usd_saved"])
    assert rest == Decimal(of_all["usd"]["likely"])
    assert Decimal(of_some["usd_saved"]) > 0
    assert len(some["left_out"]) == some["skipped"]["about"] > 0
    assert whole["left_out"] == [] and of_all["usd_saved"] is None
    named = {story["id"] for story in some["left_out"]}
    for story in corpus.stories:
        assert (story.id in named) == (not any_word(story.text + str(story.fields), word))
    for story in some["left_out"]:
        assert story["reason"] == "names none of the keywords"
        assert corpus.by_id[story["id"]].source.path in story["place"]


def any_word(text: str, start: str) -> bool:
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return any(word.startswith(start) for word in words)


def test_a_person_sees_the_first_ten_and_how_many_more(
    corpus: Corpus, terms: Terms, capsys: pytest.CaptureFixture[str]
) -> None:
    result = estimated(corpus, replace(terms, about=("order",)), "pairs")
    estimate_table(result, whole=True)
    shown = capsys.readouterr().out
    n = len(result["left_out"])
    assert shown.count("left out: ") == 10 and f"and {n - 10} more" in shown
    assert "--about saves" in shown and f"{result['left_out'][0]['place']}: names none" in shown
    saved = Decimal(result["lines"][0]["usd_saved"])
    assert f"${saved:.4f}" in shown
    result["lines"][0]["usd_saved"] = str(-saved)
    estimate_table(result, whole=True)
    assert f"-${saved:.4f}" in capsys.readouterr().out
    estimate_table(estimated(corpus, terms, "pairs"), whole=True)
    assert "--about" not in capsys.readouterr().out


@pytest.mark.parametrize("skipped", [{}, {"proof": 122}, {"asked enough": 3, "too_long": 1}])
def test_no_sentence_about_calls_ends_in_nothing(
    corpus: Corpus, terms: Terms, skipped: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    estimate_table(estimated(corpus, terms, "pairs") | {"skipped": skipped}, whole=True)
    said = " ".join(capsys.readouterr().out.split())
    assert ("without a call: " in said) == bool(skipped)
    for n, reason in ((n, reason) for reason, n in skipped.items()):
        assert f"{n} {reason}" in said
    assert not re.search(r": ?[).]", said)
