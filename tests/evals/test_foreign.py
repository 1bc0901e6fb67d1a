"""A document that was not merged here is judged by what its sentences and its stories come to."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from evals.foreign import judge
from pipeline.merge.corpus import Corpus, read
from pipeline.stories import Story

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read([SAMPLE])


def told(stories: list[Story]) -> str:
    return "\n\n".join(story.text for story in stories)


def test_a_copy_of_everything_makes_nothing_up_and_tells_every_story(corpus: Corpus):
    judged = judge([told(list(corpus.stories))], corpus.stories)
    assert not judged.untold
    assert {sentence.mark for sentence in judged.sentences} == {"supported"}
    assert judged.rates()["told"].mean == 1.0


def test_an_empty_document_invents_nothing_and_tells_nothing(corpus: Corpus):
    judged = judge([""], corpus.stories)
    assert not judged.sentences
    assert judged.untold == tuple(story.id for story in corpus.stories)


def test_what_is_left_out_is_named_unless_another_story_says_it(corpus: Corpus):
    left = list(corpus.stories[::4])
    gone = {story.id for story in left}
    judged = judge([told([s for s in corpus.stories if s.id not in gone])], corpus.stories)
    assert set(judged.untold) <= gone
    # The sample tells a third of its needs twice.
    assert len(judged.untold) >= len(left) / 2


@pytest.mark.parametrize(
    ("sentence", "mark"),
    [
        ("The borrower gets a reminder e-mail three days before a loan is due.", "supported"),
        ("The borrower gets a reminder e-mail nine days before a loan is due.", "contradicted"),
        ("The borrower gets no reminder e-mail three days before a loan is due.", "contradicted"),
        ("Astronauts train dolphins to calibrate the orbital telescope.", "unsupported"),
    ],
)
def test_changed_facts_and_inventions_are_told_apart(tmp_path: Path, sentence: str, mark: str):
    source = tmp_path / "a.md"
    source.write_text(
        "As a borrower, I want a reminder e-mail three days before a loan is due, so that I "
        "return it in time.\n\nAs a clerk, I want to print labels, so that I can mark tools.\n"
    )
    [found] = judge([sentence], read([source]).stories).sentences
    assert found.mark == mark


def ask(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", "eval", "document", *arguments, "--json"]
    env = os.environ | {"PYTHONPATH": str(SAMPLE.parents[1])}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_stores_figures_and_says_where_to_look(tmp_path: Path):
    (tmp_path / "theirs.md").write_text(
        "Every member may fly to the moon with a borrowed ladder.\n"
    )
    done = ask(tmp_path, "theirs.md", str(SAMPLE / "volunteers.txt"))
    said = json.loads(done.stdout)
    assert said["scores"]["told"]["mean"] == 0.0 and len(said["untold"]) == said["stories"] == 16
    assert said["doubted"][0]["mark"] == "unsupported"
    assert "volunteers.txt, line " in said["untold"][0]["place"]
    with closing(sqlite3.connect(tmp_path / "data/runs/storytransformer.sqlite")) as connection:
        kept = dict(connection.execute("select name, value from score").fetchall())
    assert kept["unsupported"] == 1.0


def test_a_document_without_text_is_refused(tmp_path: Path):
    (tmp_path / "empty.md").write_text("\n")
    done = ask(tmp_path, "empty.md", str(SAMPLE / "volunteers.txt"))
    assert done.returncode == 2
    assert "the file is empty" in done.stdout
