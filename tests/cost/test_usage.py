"""Reported tokens that cannot be are found by the length of the text, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Message, Reply, Request, Usage
from pipeline.run.dispatch.usage import is_doubted, taken

WORST = Usage(input=900, output=700, cache_write=300)


def asked(prompt: str, schema: str = "") -> Request:
    messages = (Message("system", "You merge."), Message("user", prompt))
    return Request("claude/x", "x", "edits", "p", "0", messages, 500, schema)


def said(text: str, usage: Usage, finish: str = "stop") -> Reply:
    return Reply("k", text, finish, usage, 0.0)  # type: ignore[arg-type]


texts = st.text(min_size=1, max_size=3000)


@given(texts, texts, st.floats(1 / 8, 1.0), st.floats(1 / 8, 1.0), st.integers(0, 500))
def test_what_a_tokenizer_can_make_of_a_text_is_believed(
    prompt: str, text: str, a: float, b: float, frame: int
) -> None:
    """From a token for eight characters to one for every byte, frames around it."""
    n_prompt = max(1, int(len(prompt.encode()) * a)) + frame
    n_reply = min(2 * WORST.output, max(len(text) // 8 + 1, int(len(text.encode()) * b)))
    usage = Usage(n_prompt // 2, n_reply, n_prompt - n_prompt // 2)
    assert taken(asked(prompt), said(text, usage), WORST) == (usage, usage, "")


@given(texts, texts)
def test_nothing_reported_costs_what_was_set_aside(prompt: str, text: str) -> None:
    found = taken(asked(prompt), said(text, Usage()), WORST)
    assert found.usage == found.billed == WORST and "0 prompt tokens" in found.doubt
    assert is_doubted(replace(said(text, Usage()), detail=found.doubt))
    assert not is_doubted(said(text, Usage()))


@given(texts, texts, st.integers(1000, 10**6))
def test_a_thousandfold_is_not_booked_and_may_yet_be_billed(
    prompt: str, text: str, factor: int
) -> None:
    usage = Usage(len(prompt.encode()) * factor + 3000, len(text) * factor + 1000)
    found = taken(asked(prompt), said(text, usage), WORST)
    assert found.usage == WORST and found.billed == usage
    assert "prompt tokens" in found.doubt and "reply tokens" in found.doubt


def test_one_side_is_doubted_without_the_other() -> None:
    prompt, text = "word " * 400, "word " * 100
    low = taken(asked(prompt), said(text, Usage(400, 0)), WORST)
    assert low.usage == low.billed == Usage(400, 700) and "prompt" not in low.doubt
    high = taken(asked(prompt), said(text, Usage(10**6, 100)), WORST)
    assert high.usage == Usage(900, 100, 0, 300) and high.billed == Usage(10**6, 100)


def test_a_request_that_was_never_answered_cost_nothing() -> None:
    for usage in (Usage(), Usage(7)):  # not reached; or cut by the server, and said so
        assert taken(asked("word " * 400), said("", usage, "error"), WORST) == (usage, usage, "")


def test_a_refusal_without_usage_is_charged_for_its_prompt() -> None:
    found = taken(asked("word " * 400), said("", Usage(), "refusal"), WORST)
    assert found.billed == Usage(900, 0, 0, 300)


def test_a_long_schema_is_part_of_the_prompt() -> None:
    usage = Usage(9_000, 5)
    assert taken(asked("word"), said("text", usage), WORST).doubt
    assert not taken(asked("word", "x" * 9_000), said("text", usage), WORST).doubt
