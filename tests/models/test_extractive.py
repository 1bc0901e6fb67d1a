"""The extractive model: the union behind the seam of a model."""

from __future__ import annotations

import json

import jsonschema
import pytest

from pipeline.calls import Message, Request, Usage
from pipeline.catalog import ModelSpec
from pipeline.models.base import Model, ModelOptions
from pipeline.models.extractive import REVISION, ExtractiveModel
from pipeline.models.opening import open_model
from pipeline.outcomes import EDITS_SCHEMA

SPEC = ModelSpec("extractive", "extractive", "extractive", 10**6, 10**6)


def ask(content: str) -> Request:
    return Request("extractive", REVISION, "union", "union.v1", "h", (Message("user", content),), 1)


def cluster(relation: str = "overlap") -> dict:
    return {
        "relation": relation,
        "stories": [
            {"handle": "S1", "role": "reader", "goal": "rate a book", "criteria": ["five stars"]},
            {"handle": "S2", "role": "reader", "goal": "rate a book", "benefit": "others find it"},
        ],
    }


@pytest.fixture
def model(tmp_path) -> Model:
    found = open_model(SPEC, ModelOptions(cache=tmp_path))
    assert isinstance(found, ExtractiveModel)
    return found


@pytest.mark.parametrize(
    ("relation", "edit"),
    [("overlap", {"overlap": ["S2", "S1"], "rewrite": []}), ("same", {"same": ["S2", "S1"]})],
)
def test_it_answers_by_the_schema_the_fullest_first(model: Model, relation: str, edit: dict):
    (reply,) = model.complete([ask(json.dumps({"clusters": [cluster(relation)]}))])
    value = json.loads(reply.text)
    jsonschema.validate(value, EDITS_SCHEMA)
    assert value["edits"] == [edit]
    assert reply.finish == "stop" and reply.usage == Usage() and reply.key


def test_it_unites_no_stories_that_disagree(model: Model):
    (reply,) = model.complete([ask(json.dumps({"clusters": [cluster("conflict")]}))])
    assert reply.finish == "error" and "conflict" in reply.detail


@pytest.mark.parametrize("content", ["no json", "[]", "{}", '{"clusters": [{"stories": [{}]}]}'])
def test_what_is_no_cluster_is_an_error_reply(model: Model, content: str):
    (reply,) = model.complete([ask(content)])
    assert reply.finish == "error" and "JSON" in reply.detail and not reply.text


def test_it_costs_no_tokens(model: Model):
    assert model.count(ask("x")).n == 0
    assert model.revision.startswith(model.describe()["algorithm"])
    model.close()
