"""What is sent to Gemini and how its replies are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.calls import Message, Usage
from pipeline.errors import ModelError

pytestmark = pytest.mark.enable_socket
PATH = "/v1/models/test-x:generateContent"


@pytest.fixture
def border(open_border: Any, httpserver: Any) -> Any:
    return open_border("gemini", httpserver.url_for("/"))


def test_the_schema_the_turns_and_the_key_are_sent(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    said = '{"answer": "same"}'
    answer = wire.gemini_answer(said, cachedContentTokenCount=5, thoughtsTokenCount=100)
    httpserver.expect_request(PATH, method="POST").respond_with_json(answer)
    turns = (
        Message("system", "Rules."),
        Message("user", "one"),
        Message("assistant", "merged one"),
        Message("user", "two"),
    )
    reply = only(border.open().complete([ask_for(messages=turns, seed=3)]))
    assert (reply.text, reply.finish, reply.model) == (said, "stop", "test-x-002")
    assert reply.usage == Usage(input=7, output=107, cache_read=5), "thoughts are billed as output"
    incoming = httpserver.log[0][0]
    assert incoming.headers["x-goog-api-key"] == wire.key and wire.key not in incoming.url
    body = incoming.get_json()
    assert body["systemInstruction"]["parts"] == [{"text": "Rules."}]
    assert [c["role"] for c in body["contents"]] == ["user", "model", "user"]
    settings = body["generationConfig"]
    assert settings["responseMimeType"] == "application/json"
    assert settings["responseJsonSchema"] == json.loads(wire.schema)
    assert settings["maxOutputTokens"] == 64
    assert settings["temperature"] == 0 and settings["seed"] == 3


def test_thoughts_are_no_part_of_the_text(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    answer = wire.gemini_answer("visible")
    answer["candidates"][0]["content"]["parts"].insert(0, {"text": "hm", "thought": True})
    httpserver.expect_request(PATH).respond_with_json(answer)
    assert only(border.open().complete([ask_for(schema="")])).text == "visible"
    assert "responseMimeType" not in httpserver.log[0][0].get_json()["generationConfig"]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "refusal"),
        ("RECITATION", "refusal"),
        ("PROHIBITED_CONTENT", "refusal"),
        ("OTHER", "error"),
        ("MALFORMED_RESPONSE", "error"),
    ],
)
def test_every_finish_reason_has_its_finish(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any, reason: str, finish: str
) -> None:
    httpserver.expect_request(PATH).respond_with_json(wire.gemini_answer("part", reason))
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == finish and reason in reply.detail
    assert reply.usage.output == 7, "a cut or refused reply is billed all the same"


def test_a_blocked_prompt_is_a_refusal(
    border: Any, httpserver: Any, ask_for: Any, only: Any
) -> None:
    httpserver.expect_request(PATH).respond_with_json(
        {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}}
    )
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == "refusal" and "SAFETY" in reply.detail
    assert reply.usage == Usage(input=9)


def test_a_reply_without_candidates_is_an_error(
    border: Any, httpserver: Any, ask_for: Any, only: Any
) -> None:
    httpserver.expect_request(PATH).respond_with_json({"candidates": []})
    assert only(border.open().complete([ask_for()])).finish == "error"


def test_the_wait_is_read_from_the_error_body_too(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any, clock: Any
) -> None:
    error = {
        "code": 429,
        "message": "quota",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"@type": "google.rpc.RetryInfo", "retryDelay": "17s"}],
    }
    httpserver.expect_ordered_request(PATH).respond_with_json({"error": error}, status=429)
    httpserver.expect_ordered_request(PATH).respond_with_json(wire.gemini_answer())
    assert only(border.open().complete([ask_for()])).finish == "stop"
    assert clock.now == pytest.approx(17.0)


def test_a_wrong_key_is_a_400_and_still_named(border: Any, httpserver: Any, ask_for: Any) -> None:
    error = {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
        "details": [{"reason": "API_KEY_INVALID"}],
    }
    httpserver.expect_request(PATH).respond_with_json({"error": error}, status=400)
    with pytest.raises(ModelError) as caught:
        list(border.open().complete([ask_for()]))
    assert "GEMINI_API_KEY" in caught.value.next


def test_count_online_asks_the_endpoint(border: Any, httpserver: Any, ask_for: Any) -> None:
    httpserver.expect_request("/v1/models/test-x:countTokens").respond_with_json(
        {"totalTokens": 55}
    )
    count = border.open().count_online(ask_for("two words"))
    assert (count.n, count.counter) == (55, "gemini countTokens")
    texts = [c["parts"][0]["text"] for c in httpserver.log[0][0].get_json()["contents"]]
    assert texts == ["You merge user stories.", "two words"]
