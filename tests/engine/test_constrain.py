from __future__ import annotations

import json
import random
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.engine.decoding.constrain import GLUE, WORD, SchemaCompiler, WordConstraint, WordList
from pipeline.engine.tokenizers.tokenizer import Tokenizer
from pipeline.errors import EngineError

SOURCE = "As a user's friend, I don't want 30 e-mails (PDF/A) by 9:00 — naïve «café»."


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Tokenizer:
    return Tokenizer.from_folder(tiny_model)


def forms(vocabulary: str) -> set[str]:
    words = set(WORD.findall(vocabulary)) | GLUE
    words |= {word.replace("’", "'").split("'")[0] for word in words}
    return {word.lower() for word in words}


@given(vocabulary=st.text(max_size=40) | st.just(SOURCE), seed=st.integers(0, 999))
@settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_no_walk_leaves_the_words(tokenizer: Tokenizer, vocabulary: str, seed: int) -> None:
    """Whatever a model would choose, the text holds only words of the vocabulary and glue."""
    rng = random.Random(seed)
    constraint = WordConstraint(WordList(tokenizer, vocabulary))
    out: list[int] = []
    for _ in range(80):
        ids = constraint.allowed().tolist()
        assert ids
        token = rng.choice(ids)
        if token in tokenizer.eos_ids:
            break
        constraint.accept(token)
        out.append(token)
    else:
        out = out[: out.index(220)] if 220 in out else []  # the last word may be unfinished
    text = tokenizer.decode(out)
    assert {word.lower() for word in WORD.findall(text)} <= forms(vocabulary)


def test_the_source_itself_can_be_written(tokenizer: Tokenizer) -> None:
    constraint = WordConstraint(WordList(tokenizer, SOURCE))
    text = "I don't want 30 e-mails (PDF/A) by 9:00, user's friend."
    for token in tokenizer.encode(text):
        assert token in constraint.allowed().tolist(), tokenizer.decode([token])
        constraint.accept(token)
    assert set(tokenizer.eos_ids) <= set(constraint.allowed().tolist())


def test_a_reply_cannot_end_inside_a_word_nor_grow_words_together(tokenizer: Tokenizer) -> None:
    constraint = WordConstraint(WordList(tokenizer, "export", glue=()))
    for token in tokenizer.encode("exp"):
        constraint.accept(token)
    assert not set(tokenizer.eos_ids) & set(constraint.allowed().tolist())
    for token in tokenizer.encode("ort"):
        constraint.accept(token)
    assert tokenizer.encode("e")[0] not in constraint.allowed().tolist()


def test_negation_comes_only_from_a_source(tokenizer: Tokenizer) -> None:
    assert not {"not", "no", "never", "must", "should", "may", "can", "only"} & GLUE


SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "relation": {"enum": ["same", "overlap"]},
            "handles": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        },
        "required": ["relation", "handles"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize("seed", range(5))
def test_every_finished_walk_satisfies_the_schema(tokenizer: Tokenizer, seed: int) -> None:
    rng = random.Random(seed)
    constraint = SchemaCompiler(tokenizer, 264).constraint(SCHEMA)
    quote = tokenizer.encode('"')[0]
    out: list[int] = []
    for _ in range(400):
        ids = constraint.allowed().tolist()
        # strings end soon, so that a random walk does
        token = quote if quote in ids and rng.random() < 0.5 else rng.choice(ids)
        if token in tokenizer.eos_ids:
            break
        constraint.accept(token)
        out.append(token)
    else:
        pytest.fail("the walk did not end")
    jsonschema.validate(json.loads(tokenizer.decode(out)), json.loads(SCHEMA))


def test_a_wrong_schema_is_said(tokenizer: Tokenizer) -> None:
    compiler = SchemaCompiler(tokenizer, 264)
    with pytest.raises(EngineError, match="not valid JSON"):
        compiler.constraint("{")
    with pytest.raises(EngineError, match="cannot constrain"):
        compiler.constraint('{"type": "martian"}')
