"""The built-in exam is read whole: every line, and of each telling every field."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.config.settings import read_settings
from pipeline.exam.exam_questions import gather_exam, label_files
from pipeline.judge.labels import Place, read_labels
from pipeline.run.judge_record import DRAWN, WRITTEN

EXAM = Path(__file__).parents[2] / "data" / "exam"
#: What a telling of the written pairs may hold, and the story's field that has it.
FIELDS = {"role": "role", "goal": "goal", "benefit": "benefit", "criteria": "criteria",
          "steps": "criteria", "body": "body"}  # fmt: skip
KINDS = {"agile": "agile", "criteria": "agile", "gherkin": "scenario", "narrative": "narrative"}


@pytest.fixture(scope="module")
def told():
    lines = (EXAM / WRITTEN).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_without_labels_the_written_pairs_are_asked_and_with_corpora_the_drawn_ones_too():
    exams = read_settings(environ={}).exams
    assert label_files(None, None, exams) == [exams / WRITTEN]
    assert label_files(None, "corpora", exams) == [exams / WRITTEN, exams / DRAWN]
    assert all(path.is_file() for path in label_files(None, "corpora", exams))


def test_every_written_pair_is_read_with_all_that_it_says(told):
    exam = gather_exam([EXAM / WRITTEN])
    assert [one.label.id for one in exam.questions] == [one["id"] for one in told]
    assert Counter(one["shape"] for one in told).keys() == KINDS.keys()
    for line, one in zip(told, exam.questions, strict=True):
        assert one.label.half == line["half"] and one.label.kind == line["kind"]
        assert one.label.answer.value == line["answer"]
        for side, story in (("a", one.a), ("b", one.b)):
            assert line[side].keys() <= FIELDS.keys()
            assert story.kind == KINDS[line["shape"]]
            for name, value in line[side].items():
                field = FIELDS[name]
                as_list = field in ("criteria", "body")
                wanted = tuple([value] if isinstance(value, str) else value) if as_list else value
                assert getattr(story, field) == wanted, line["id"]


def test_every_drawn_pair_names_its_places():
    file = read_labels(EXAM / DRAWN)
    assert len(file.labels) == 1600
    assert all(isinstance(side, Place) for one in file.labels for side in (one.a, one.b))
    assert {one.kind for one in file.labels} == {"drawn"}
