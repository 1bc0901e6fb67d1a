"""What a tracker's marks draw is in the merged document, and no mark of theirs is missed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.merge.conclusion import conclude
from pipeline.merge.tellings import telling
from pipeline.run import corpus as corpora
from pipeline.run.output import look

WISH = "As a member, I want to pay so that I own it."
DESCRIPTIONS = {
    "bold in braces": "{*}As a{*} _member_\n{*}I want{*} to pay\n{*}So that{*} I own it",
    "colours": "{color:#172b4d}As a member{color}{color:red}, I want to pay{color}.",
    "lists in lists": f"{WISH}\n\n* one\n** deeper\n*# numbered\n# two\n## below\n-- dashed",
    "signs": f"{WISH}\n\n(/) done\n(x) open\n(!) care\n(?) ask\n(*) star\n(*r) red\n(+) plus",
    "tables": f"{WISH}\n||Field||Rule||\n|mail|needed|\n|phone |  optional |",
    "panels": f"{WISH}\n{{panel:title=Limits}}\nTwo a day.\n{{panel}}\n{{quote}}Ann{{quote}}",
}


@pytest.mark.parametrize("description", DESCRIPTIONS.values(), ids=DESCRIPTIONS.keys())
def test_every_sentence_of_a_description_is_kept(description: str, tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Issue key", "Issue Type", "Summary", "Description"])
        writer.writerow(["A-1", "Story", "Pay", description])
    corpus = corpora.read([str(tmp_path)])
    assert len(corpus.stories) == 1
    merged = conclude(corpus.by_id, corpus.pairs, corpus.weights)
    assert not look(corpus, merged).missing
    (story,) = corpus.stories
    sentence = telling(story).sentence
    assert sentence.startswith("As a member") and not set("{}*_") & set(sentence)
