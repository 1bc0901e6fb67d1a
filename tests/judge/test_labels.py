"""What is wrong with a file of labels is told by file, line and next step."""

from __future__ import annotations

import json

import pytest

from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.judge.labels import Place, exam_hash, read_labels

GOOD = {"id": "p1", "a": {"goal": "print the list"}, "b": {"goal": "have the list printed"},
        "answer": "one_need"}  # fmt: skip
PLACE = {"document": "x.md", "sha256": "0" * 64, "start": 0, "end": 9}


def read(tmp_path, *told):
    file = tmp_path / "labels.jsonl"
    file.write_text(
        "\n".join(one if isinstance(one, str) else json.dumps(one) for one in told) + "\n"
    )
    return read_labels(file)


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ("{", "not valid JSON"), ("[" * 100_000, "not valid JSON"), ("[1]", "not an object"),
        ('"x"', "not an object"),
        (GOOD | {"id": ""}, "no id"), (GOOD | {"id": 7}, "not text"),
        (GOOD | {"answer": "same"}, "not an answer"), (GOOD | {"answer": None}, "not an answer"),
        (GOOD | {"half": "dev"}, "no half"), (GOOD | {"shape": "poem"}, "no shape"),
        (GOOD | {"a": {"role": "clerk"}}, "says nothing"), (GOOD | {"a": []}, "no telling"),
        (GOOD | {"a": {"goal": 5}}, "not text"), (GOOD | {"a": {"criteria": [1]}}, "not a list"),
        (GOOD | {"a": PLACE}, "the other stands"),
        (GOOD | {"a": PLACE | {"end": 0}, "b": PLACE}, "not a run of text"),
        (GOOD | {"a": PLACE | {"start": True}, "b": PLACE}, "not a run of text"),
        (GOOD | {"a": PLACE | {"sha256": "1"}, "b": PLACE}, "sha256"),
        (GOOD | {"id": "p0"}, "is that of"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_named(tmp_path, bad, match):
    with pytest.raises(InputError, match=match) as refused:
        read(tmp_path, GOOD | {"id": "p0"}, "", bad)
    assert refused.value.where.endswith("labels.jsonl, line 3") and refused.value.next


def test_an_empty_and_a_missing_file_are_told(tmp_path):
    with pytest.raises(InputError, match="no pair"):
        read(tmp_path, "")
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "nowhere.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "latin.jsonl")


def test_every_shape_becomes_a_story_of_its_kind(tmp_path):
    found = read(
        tmp_path,
        GOOD,
        {"id": "g", "shape": "gherkin", "kind": "order", "half": "report",
         "a": {"title": "Pay", "steps": ["Given a bill", "When I pay", "Then it is settled"]},
         "b": {"body": "Bills are paid."}, "answer": "overlapping"},
        {"id": "n", "shape": "narrative", "a": {"body": "Ana pays."}, "b": {"body": ["Bo pays."]},
         "answer": "different"},
        {"id": "d", "a": PLACE, "b": PLACE | {"start": 3}, "answer": "different"},
    )  # fmt: skip
    kinds = [one.a.kind for one in found.labels[:3]]
    assert kinds == ["agile", "scenario", "narrative"]
    assert found.labels[1].a.criteria[0] == "Given a bill" and found.labels[2].b.body
    assert isinstance(found.labels[3].a, Place) and found.labels[3].kind == "drawn"
    assert found.labels[1].answer is Answer.OVERLAPPING and found.labels[1].half == "report"
    ids = [story.id for story in found.extraction.stories]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize(
    ("code", "language"),
    [("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish"), ("it", "Italian"),
     ("pt", "Portuguese"), ("nl", "Dutch")],
)  # fmt: skip
def test_the_language_is_the_one_that_a_document_would_show(tmp_path, code, language):
    goals = {
        "en": ("print the list", "I have it"), "de": ("die Liste drucken", "ich sie habe"),
        "fr": ("imprimer la liste des clients", "je puisse la lire"),
        "es": ("imprimir la lista de los clientes", "yo pueda leerla"),
        "it": ("stampare la lista dei clienti", "io possa leggerla nella riunione"),
        "pt": ("imprimir a lista dos clientes", "eu possa ler no escritório"),
        "nl": ("de lijst van het archief afdrukken", "ik die kan lezen"),
    }  # fmt: skip
    goal, benefit = goals[code]
    side = {"role": "x", "goal": goal, "benefit": benefit}
    found = read(tmp_path, GOOD | {"language": code, "a": side, "b": side}).labels[0]
    assert found.a.language == language


def test_a_half_is_dealt_by_scene_where_none_is_given(tmp_path):
    told = [GOOD | {"id": f"p{n}", "scene": f"s{n // 2}"} for n in range(80)]
    halves = [one.half for one in read(tmp_path, *told).labels]
    assert halves[::2] == halves[1::2] and {"threshold", "report"} == set(halves)
    assert halves == [one.half for one in read(tmp_path, *told).labels]


def test_an_exam_is_known_by_its_files_in_any_order():
    assert exam_hash(["a", "b"]) == exam_hash(["b", "a"]) != exam_hash(["a"])
