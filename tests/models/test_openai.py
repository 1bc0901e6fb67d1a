"""What is sent to OpenAI-compatible servers and how their replies are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.calls import Usage
from pipeline.errors import ModelError

pytestmark = pytest.mark.enable_socket
PATH = "/v1/chat/completions"


@pytest.fixture
def border(open_border: Any, httpserver: Any) -> Any:
    return open_border("openai", httpserver.url_for("/"), key="")


def test_the_schema_and_the_turns_are_sent_without_a_key(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    answer = wire.openai_answer('{"edits": []}')
    answer["usage"]["prompt_tokens_details"] = {"cached_tokens": 30}
    httpserver.expect_request(PATH, method="POST").respond_with_json(answer)
    reply = only(border.open().complete([ask_for("S1", stop=("END",), seed=4)]))
    assert (reply.text, reply.finish, reply.model) == ('{"edits": []}', "stop", "test-x-q4")
    assert reply.usage == Usage(input=10, output=7, cache_read=30) and reply.detail == ""
    body = httpserver.log[0][0].get_json()
    assert body["model"] == "test-x" and body["max_tokens"] == 64
    assert (body["temperature"], body["seed"], body["stop"]) == (0.0, 4, ["END"])
    assert body["messages"] == [
        {"role": "system", "content": "You merge user stories."},
        {"role": "user", "content": "S1"},
    ]
    form = body["response_format"]
    assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
    assert form["json_schema"]["schema"] == json.loads(wire.schema)


def test_a_prompt_that_the_server_cut_is_an_error_and_not_a_reply(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    httpserver.expect_request(PATH).respond_with_json(
        wire.openai_answer("a fluent answer to half a prompt", prompt_tokens=500)
    )
    request = ask_for("As a shopper, I want to filter by price. " * 200)
    model = border.open()
    reply = only(model.complete([request]))
    assert reply.finish == "error" and reply.text == ""
    assert "cut the prompt" in reply.detail and "500" in reply.detail
    assert str(model.count(request).n) in reply.detail
    assert reply.usage.input == 500, "it was computed and may be billed"


@pytest.mark.parametrize("share", [0.8, 1.0, 1.6])
def test_another_tokenizer_is_not_mistaken_for_a_cut(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any, share: float
) -> None:
    request = ask_for("As a shopper, I want to filter by price. " * 50)
    model = border.open()
    reported = int(model.count(request).n * share)
    httpserver.expect_request(PATH).respond_with_json(wire.openai_answer(prompt_tokens=reported))
    assert only(model.complete([request])).finish == "stop"


def test_a_server_without_usage_says_so(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    answer = wire.openai_answer()
    del answer["usage"]
    httpserver.expect_request(PATH).respond_with_json(answer)
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == "stop" and reply.usage == Usage() and "no usage" in reply.detail


@pytest.mark.parametrize(
    ("reason", "finish"), [("length", "length"), ("content_filter", "refusal"), ("odd", "error")]
)
def test_every_finish_reason_has_its_finish(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any, reason: str, finish: str
) -> None:
    httpserver.expect_request(PATH).respond_with_json(wire.openai_answer("part", reason))
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == finish and reason in reply.detail


def test_a_refusal_in_the_message_is_a_refusal(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    httpserver.expect_request(PATH).respond_with_json(wire.openai_answer("", refusal="I won't."))
    reply = only(border.open().complete([ask_for()]))
    assert (reply.finish, reply.detail) == ("refusal", "I won't.")


def test_an_empty_quota_is_not_waited_for(border: Any, httpserver: Any, ask_for: Any) -> None:
    error = {"message": "no quota", "type": "insufficient_quota", "code": "insufficient_quota"}
    httpserver.expect_request(PATH).respond_with_json({"error": error}, status=429)
    with pytest.raises(ModelError) as caught:
        list(border.open().complete([ask_for()]))
    assert "billing" in caught.value.next and len(httpserver.log) == 1


def test_loopback_text_takes_no_proxy_and_follows_no_redirect(
    border: Any,
    httpserver: Any,
    wire: Any,
    ask_for: Any,
    only: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nobody listens there
    httpserver.expect_ordered_request(PATH).respond_with_json(wire.openai_answer())
    assert only(border.open().complete([ask_for()])).finish == "stop"
    httpserver.expect_ordered_request(PATH).respond_with_data(
        "", status=307, headers={"location": httpserver.url_for("/elsewhere")}
    )
    reply = only(border.open(attempts=1).complete([ask_for()]))
    assert reply.finish == "error"
    assert [incoming.path for incoming, _ in httpserver.log] == [PATH, PATH]


def test_count_online_asks_a_server_here_for_one_token(
    border: Any, httpserver: Any, wire: Any, ask_for: Any
) -> None:
    httpserver.expect_request("/tokenize").respond_with_data("", status=404)
    httpserver.expect_request(PATH).respond_with_json(wire.openai_answer(prompt_tokens=321))
    model = border.open()
    counts = [model.count_online(ask_for()) for _ in range(2)]
    assert {(count.n, count.exact) for count in counts} == {(321, True)}
    assert [incoming.path for incoming, _ in httpserver.log] == ["/tokenize", PATH, PATH]
    assert httpserver.log[1][0].get_json()["max_tokens"] == 1


def test_count_online_takes_the_servers_own_tokenizer(
    border: Any, httpserver: Any, ask_for: Any
) -> None:
    httpserver.expect_request("/tokenize").respond_with_json({"count": 77, "tokens": []})
    assert border.open().count_online(ask_for("S1")).n == 77
    assert len(httpserver.log[0][0].get_json()["messages"]) == 2


def test_a_server_elsewhere_is_not_made_to_generate_for_a_count(
    open_border: Any, httpserver: Any, ask_for: Any
) -> None:
    httpserver.expect_request("/tokenize").respond_with_data("", status=404)
    away = open_border("openai", httpserver.url_for("/"), here=False)
    with pytest.raises(ModelError, match="no count endpoint"):
        away.open().count_online(ask_for())
    assert [incoming.path for incoming, _ in httpserver.log] == ["/tokenize"]
