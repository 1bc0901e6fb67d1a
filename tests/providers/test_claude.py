"""What is sent to Claude and how its replies are read."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pipeline.calls import Message, Usage

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def border(open_border: Any, httpserver: Any) -> Any:
    return open_border("claude", httpserver.url_for("/"))


def stream(httpserver: Any, wire: Any, *args: Any, **usage: int) -> None:
    httpserver.expect_request("/v1/messages", method="POST").respond_with_data(
        wire.server_sent(wire.claude_events(*args, **usage)), content_type="text/event-stream"
    )


def sent(httpserver: Any, place: int = 0) -> Any:
    return httpserver.log[place][0].get_json()


def test_the_schema_the_key_and_no_temperature_are_sent(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    stream(httpserver, wire, '{"answer": "same"}', cache_read_input_tokens=30)
    request = ask_for("S1: …", stop=("END", "\n"))
    reply = only(border.open().complete([request]))
    assert reply.text == '{"answer": "same"}' and reply.finish == "stop" and reply.detail == ""
    assert reply.usage == Usage(input=12, output=7, cache_read=30, cache_write=0)
    assert reply.usage.prompt == 42 and reply.usd is None
    assert reply.model == "test-x-20261121"
    body = sent(httpserver)
    assert not {"temperature", "top_p", "seed"} & set(body)
    assert body["model"] == "test-x" and body["max_tokens"] == 64
    assert body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": json.loads(wire.schema),
    }
    assert body["system"] == [{"type": "text", "text": "You merge user stories."}]
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "S1: …"}]}]
    assert body["stop_sequences"] == ["END"], "the API refuses blank stop sequences"
    assert httpserver.log[0][0].headers["authorization"] == f"Bearer {wire.key}"


def test_free_text_asks_for_no_schema(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    stream(httpserver, wire)
    only(border.open().complete([ask_for(schema="")]))
    assert "output_config" not in sent(httpserver)


def test_a_long_shared_prefix_is_cached_and_filled_by_one_request(
    border: Any, httpserver: Any, wire: Any, ask_for: Any
) -> None:
    stream(httpserver, wire)
    turns = (Message("system", "Rules. " * 400), Message("user", "Example."))
    rest = (Message("assistant", "Merged."),)
    requests = [
        ask_for(messages=(*turns, *rest, Message("user", f"story {i}")), shared=3) for i in range(5)
    ]
    model = border.open(replace(border.spec, min_cacheable=512), threads=4)
    order = [r.key for r in model.complete(requests)]
    assert order[0] == requests[0].key and set(order) == {r.key for r in requests}
    for place in range(5):
        body = sent(httpserver, place)
        marks = [m["content"][0].get("cache_control") for m in body["messages"]]
        assert marks == [None, {"type": "ephemeral"}, None], "only the last shared block is marked"
        assert "cache_control" not in body["system"][0]


@pytest.mark.parametrize("minimum", [0, 4096])
def test_a_prefix_below_the_minimum_is_not_marked(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any, minimum: int
) -> None:
    stream(httpserver, wire)
    only(border.open(replace(border.spec, min_cacheable=minimum)).complete([ask_for()]))
    assert "cache_control" not in json.dumps(sent(httpserver))


def test_the_limit_sent_is_the_one_the_catalogue_prices(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    """A request's limit is for what is written; a model that always thinks gets room to."""
    stream(httpserver, wire)
    thinker = replace(border.spec, thinking=Decimal("1.5"), output_cap=4000)
    for limit in (40, 3000):
        only(border.open(thinker).complete([ask_for(max_tokens=limit)]))
    assert [sent(httpserver, i)["max_tokens"] for i in (0, 1)] == [
        thinker.reply_limit(40),
        4000,
    ]
    assert 40 < thinker.reply_limit(40) < 4000
    only(border.open().complete([ask_for(max_tokens=40)]))
    assert sent(httpserver, 2)["max_tokens"] == 40, "a model that does not think needs no room"


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("stop_sequence", "stop"),
        ("pause_turn", "error"),
    ],
)
def test_every_stop_reason_has_its_finish(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any, stop: str, finish: str
) -> None:
    stream(httpserver, wire, "part", stop)
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == finish and reply.text == "part"
    assert finish == "stop" or stop in reply.detail


def test_an_error_inside_the_stream_is_tried_again(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    events = [wire.claude_events()[0], overloaded]
    httpserver.expect_ordered_request("/v1/messages").respond_with_data(
        wire.server_sent(events), content_type="text/event-stream"
    )
    httpserver.expect_ordered_request("/v1/messages").respond_with_data(
        wire.server_sent(wire.claude_events()), content_type="text/event-stream"
    )
    reply = only(border.open().complete([ask_for()]))
    assert (reply.text, reply.broken) == ("merged", 1), "what had begun may be billed"
    assert len(httpserver.log) == 2


def test_a_garbled_event_is_kept_and_not_paid_twice(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    whole = wire.server_sent(wire.claude_events())
    garbled = whole.replace(b'"text_delta"', b'"text_del')
    for body in (garbled, whole):
        httpserver.expect_ordered_request("/v1/messages").respond_with_data(
            body, content_type="text/event-stream"
        )
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == "error" and reply.text == garbled.decode()
    assert len(httpserver.log) == 1


def test_a_stream_without_an_end_is_not_a_reply(
    border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    stream(httpserver, wire, "half a sto", None)
    reply = only(border.open(attempts=2).complete([ask_for()]))
    assert reply.finish == "error" and "ended before" in reply.detail
    assert "event: message_start" in reply.text, "as it came"
    assert len(httpserver.log) == 1


def test_count_offline_sends_nothing_and_online_asks_the_endpoint(
    border: Any, httpserver: Any, ask_for: Any
) -> None:
    httpserver.expect_request("/v1/messages/count_tokens").respond_with_json({"input_tokens": 77})
    model = border.open()
    offline = model.count(ask_for())
    assert not httpserver.log
    assert not offline.exact and offline.low < offline.high
    online = model.count_online(ask_for())
    assert (online.n, online.counter) == (77, "anthropic count_tokens")
    body = sent(httpserver)
    assert body["system"][0]["text"] == "You merge user stories." and "max_tokens" not in body
