"""A document that was not merged here is judged by what its sentences and its stories come to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.foreign import judge
from pipeline.cli import main
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


def test_the_command_stores_figures_and_says_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    document = tmp_path / "theirs.md"
    document.write_text("Every member may fly to the moon with a borrowed ladder.\n")
    asked = ["eval", "document", str(document), str(SAMPLE / "volunteers.txt")]
    with pytest.raises(SystemExit) as ended:
        main([*asked, "--json", "--db", str(tmp_path / "a.sqlite")])
    assert ended.value.code in (0, None)
    said = json.loads(capsys.readouterr().out)
    assert said["scores"]["told"]["mean"] == 0.0 and len(said["untold"]) == said["stories"] == 16
    assert said["doubted"][0]["mark"] == "unsupported"
    assert said["untold"][0]["place"].endswith("line 11")


def test_a_document_without_text_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "empty.md").write_text("\n")
    with pytest.raises(SystemExit) as ended:
        main(["eval", "document", str(tmp_path / "empty.md"), str(SAMPLE / "volunteers.txt"),
              "--db", str(tmp_path / "a.sqlite")])  # fmt: skip
    assert ended.value.code == 2
    assert "there is no text in it" in capsys.readouterr().err
