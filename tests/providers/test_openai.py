"""What is sent to OpenAI-compatible servers and how their replies are read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from werkzeug import Request as Incoming
from werkzeug import Response

from pipeline.calls import Usage
from pipeline.errors import ModelError
from pipeline.providers.remote.served_model import OPTIONS

pytestmark = pytest.mark.enable_socket
PATH = "/v1/chat/completions"


@pytest.fixture
def border(open_border: Any, httpserver: Any) -> Any:
    return open_border("openai", httpserver.url_for("/"), key="")


def test_the_schema_and_the_turns_are_sent_without_a_key(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    answer = wire.openai_answer('{"answer": "same"}')
    answer["usage"]["prompt_tokens_details"] = {"cached_tokens": 30}
    httpserver.expect_request(PATH, method="POST").respond_with_json(answer)
    reply = only(border.open().complete([ask_for("S1", stop=("END",), seed=4)]))
    assert (reply.text, reply.finish, reply.model) == ('{"answer": "same"}', "stop", "test-x-q4")
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
    request = ask_for("As a shopper, I want to filter by price. " * 200, schema=wire.schema)
    model = border.open()
    reply = only(model.complete([request]))
    assert reply.finish == "error" and '"a fluent answer to half a prompt"' in reply.text
    assert "cut the prompt" in reply.detail and "500" in reply.detail
    assert str(model.count(replace(request, schema="")).n) in reply.detail
    assert "Ollama: OLLAMA_CONTEXT_LENGTH" in reply.detail and "vLLM: --max" in reply.detail
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


def test_a_schema_that_the_model_is_not_shown_is_no_missing_text(
    border: Any, httpserver: Any, wire: Any, ask_for: Any
) -> None:
    """Read whole, all of them; the last one's reply has to keep to a long schema."""
    model = border.open()
    schema = wire.schema.replace('"string"', json.dumps("word " * 200))
    asked = [ask_for("filter " * n) for n in (40, 80, 120)]
    asked.append(ask_for("filter " * 200, schema=schema))
    for request in asked:
        n = model.count(replace(request, schema="")).n
        httpserver.expect_ordered_request(PATH).respond_with_json(
            wire.openai_answer(prompt_tokens=n)
        )
    replies = [next(model.complete([request])) for request in asked]
    assert [reply.finish for reply in replies] == ["stop"] * 4


def test_a_small_cut_shows_once_the_servers_counts_are_known(
    border: Any, httpserver: Any, wire: Any, ask_for: Any
) -> None:
    """Ollama's default context: what is longer than 4,096 of its tokens is cut to that."""
    model = border.open()

    def answer(incoming: Incoming) -> Response:
        body = incoming.get_json()
        text = body["messages"][-1]["content"]
        n = min(4096, 20 + int(1.25 * len(text) / 4.5))
        found = wire.openai_answer(prompt_tokens=n) | {"system_fingerprint": "fp_ollama"}
        return Response(json.dumps(found), content_type="application/json")

    httpserver.expect_request(PATH).respond_with_handler(answer)
    sentence = "As a shopper, I want to filter by price. "
    lengths = [40, 80, 120, 300, 460]
    replies = [next(model.complete([ask_for(sentence * n)])) for n in lengths]
    assert [reply.finish for reply in replies] == ["stop"] * 4 + ["error"]
    assert replies[-1].detail.endswith(
        "Start Ollama with a larger context: OLLAMA_CONTEXT_LENGTH, or num_ctx in its Modelfile."
    )


def test_a_reply_that_ends_before_its_limit_met_the_end_of_the_context(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    answer = wire.openai_answer("part", "length") | {"system_fingerprint": "b4521-a1b2c3"}
    httpserver.expect_request(PATH).respond_with_json(answer)
    reply = only(border.open().complete([ask_for(max_tokens=64)]))
    assert reply.finish == "length" and "context was full after 7 tokens" in reply.detail
    assert reply.detail.endswith(
        "Start llama.cpp with a larger context: -c, which its slots share."
    )
    reply = only(border.open().complete([ask_for("other", max_tokens=7)]))
    assert "context" not in reply.detail, "it had all that was asked for"


@pytest.mark.parametrize(
    ("status", "said", "option"),
    [
        (400, "request (931 tokens) exceeds the available context size (512 tokens)", "-c"),
        (400, "This model's maximum context length is 4096 tokens. However, …", "--max-model-len"),
        (422, "Input validation error: `inputs` must have less than 1024 tokens", "--max-input"),
        (400, "the input length exceeds the context length", "OLLAMA_CONTEXT_LENGTH"),
    ],
)
def test_a_refused_prompt_names_the_option_of_the_server(
    border: Any, httpserver: Any, ask_for: Any, only: Any, status: int, said: str, option: str
) -> None:
    httpserver.expect_request(PATH).respond_with_json({"error": {"message": said}}, status=status)
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == "error" and said in reply.detail
    said = reply.detail.partition("larger context")[2]
    assert option in said and sum(known in said for known in OPTIONS.values()) == 1


def test_another_refusal_says_nothing_of_contexts(
    border: Any, httpserver: Any, ask_for: Any, only: Any
) -> None:
    error = {"error": {"message": "json_schema is not supported"}}
    httpserver.expect_request(PATH).respond_with_json(error, status=400)
    assert "context" not in only(border.open().complete([ask_for()])).detail
