"""What can go wrong on the way, once for all three protocols, through the real SDKs."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from werkzeug import Request as Incoming
from werkzeug import Response

from pipeline.errors import ModelError
from pipeline.providers.remote.cloud import unquoted

pytestmark = pytest.mark.enable_socket

CLOUDS = ["claude", "gemini", "openai"]
VARIABLES = {
    "claude": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openai": "OPENAI_API_KEY",
}


@pytest.fixture(params=CLOUDS)
def border(request: pytest.FixtureRequest, open_border: Any, httpserver: Any) -> Any:
    return open_border(request.param, httpserver.url_for("/"))


def fail(httpserver: Any, border: Any, status: int, times: int = 1, **headers: str) -> None:
    for _ in range(times):
        httpserver.expect_ordered_request(border.path, method="POST").respond_with_json(
            border.error(status, "slow down"), status=status, headers=headers
        )


def succeed(httpserver: Any, border: Any) -> None:
    body, kind = border.answer()
    httpserver.expect_ordered_request(border.path, method="POST").respond_with_data(
        body, content_type=kind
    )


def test_a_rate_limit_is_waited_for_as_long_as_the_server_says(
    border: Any, httpserver: Any, clock: Any, ask_for: Any, only: Any
) -> None:
    fail(httpserver, border, 429, **{"retry-after": "7"})
    succeed(httpserver, border)
    request = ask_for()
    reply = only(border.open().complete([request]))
    assert (reply.text, reply.finish, reply.key) == ("merged", "stop", request.key)
    assert clock.now == pytest.approx(7.0)
    assert len(httpserver.log) == 2


def test_after_the_last_attempt_the_failure_is_the_reply(
    border: Any, httpserver: Any, clock: Any, ask_for: Any, only: Any
) -> None:
    fail(httpserver, border, 429, times=3, **{"retry-after": "1"})
    reply = only(border.open(attempts=3).complete([ask_for()]))
    assert reply.finish == "error" and reply.text == ""
    assert "429" in reply.detail and "slow down" in reply.detail
    assert len(httpserver.log) == 3, "the SDK must not retry on its own"


@pytest.mark.parametrize("status", [500, 503, 529, 408])
def test_an_outage_is_tried_again_with_growing_waits(
    border: Any, httpserver: Any, clock: Any, ask_for: Any, only: Any, status: int
) -> None:
    fail(httpserver, border, status, times=2)
    succeed(httpserver, border)
    reply = only(border.open().complete([ask_for()]))
    assert reply.finish == "stop"
    assert clock.slept == pytest.approx([0.5, 1.0])  # half of 1 s and 2 s: the jitter is 0 here


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_failure_that_all_requests_share_is_raised_at_once(
    border: Any, httpserver: Any, ask_for: Any, status: int
) -> None:
    fail(httpserver, border, status)
    with pytest.raises(ModelError) as caught:
        list(border.open().complete([ask_for("one")]))
    assert not caught.value.retryable and caught.value.next
    assert caught.value.where == border.spec.name
    if status != 404:
        assert VARIABLES[border.name] in caught.value.next
    assert len(httpserver.log) == 1


def test_a_malformed_request_fails_alone(
    border: Any, httpserver: Any, ask_for: Any, only: Any
) -> None:
    good, kind = border.answer()

    def answer(incoming: Incoming) -> Response:
        if b"too long" in incoming.get_data():
            refusal = json.dumps(border.error(400, "prompt exceeds the window"))
            return Response(refusal, 400, content_type="application/json")
        return Response(good, content_type=kind)

    httpserver.expect_request(border.path, method="POST").respond_with_handler(answer)
    requests = [ask_for("fine"), ask_for("too long"), ask_for("fine too")]
    replies = {r.key: r for r in border.open().complete(requests)}
    assert [replies[r.key].finish for r in requests] == ["stop", "error", "stop"]
    assert "exceeds the window" in replies[requests[1].key].detail
    assert len(httpserver.log) == 3, "a malformed request is not sent twice"


def test_replies_in_flight_are_yielded_before_a_shared_failure_is_raised(
    border: Any, httpserver: Any, ask_for: Any
) -> None:
    good, kind = border.answer()

    def answer(incoming: Incoming) -> Response:
        if b"revoked" in incoming.get_data():
            return Response(json.dumps(border.error(401, "revoked")), 401)
        return Response(good, content_type=kind)

    httpserver.expect_request(border.path, method="POST").respond_with_handler(answer)
    requests = [ask_for("a"), ask_for("revoked"), ask_for("b"), ask_for("c")]
    got = []
    with pytest.raises(ModelError, match="401"):
        for reply in border.open(threads=1).complete(requests):
            got.append(reply.key)
    assert got[0] == requests[0].key
    assert requests[1].key not in got


def test_a_wave_is_answered_by_several_threads(border: Any, httpserver: Any, ask_for: Any) -> None:
    body, kind = border.answer()
    httpserver.expect_request(border.path).respond_with_data(body, content_type=kind)
    told: list[int] = []
    requests = [ask_for(f"story {i}") for i in range(9)]
    replies = list(border.open(threads=3).complete(requests, told.append))
    assert {r.key for r in replies} == {r.key for r in requests}
    assert sum(told) == sum(r.usage.output for r in replies) == 63


def test_a_wave_nobody_reads_any_more_sends_nothing_more(
    border: Any, httpserver: Any, ask_for: Any
) -> None:
    body, kind = border.answer()
    httpserver.expect_request(border.path).respond_with_data(body, content_type=kind)
    replies = border.open(threads=1).complete([ask_for(f"story {i}") for i in range(50)])
    next(replies)
    replies.close()
    sent = len(httpserver.log)
    assert sent < 50
    with pytest.raises(StopIteration):
        next(replies)
    assert len(httpserver.log) <= sent + 1, "at most the one in flight"


def test_a_server_echoing_the_key_does_not_make_us_repeat_it(
    border: Any, httpserver: Any, ask_for: Any, only: Any, wire: Any
) -> None:
    httpserver.expect_request(border.path).respond_with_json(
        border.error(400, f"bad request from {wire.key}"), status=400
    )
    model = border.open()
    reply = only(model.complete([ask_for()]))
    assert reply.finish == "error" and "bad request from" in reply.detail
    assert wire.key not in repr(reply) + repr(model) + str(model.describe())


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_server_echoing_the_prompt_does_not_make_us_repeat_it(
    border: Any, httpserver: Any, ask_for: Any, status: int
) -> None:
    story = "As a clerk, I want the marked thing\nto be exported by Tuesday, so that nobody waits."
    echoed = border.error(status, f"cannot read {story!r} of yours; see the manual")
    httpserver.expect_request(border.path).respond_with_json(echoed, status=status)
    said = ""
    try:
        said = "".join(reply.detail for reply in border.open().complete([ask_for(story)]))
    except ModelError as error:
        said = str(error)
    assert "cannot read" in said and "see the manual" in said
    assert "marked thing" not in said and "Tuesday" not in said


def test_what_a_message_shares_with_a_prompt_by_chance_stays(ask_for: Any) -> None:
    request = ask_for("The prompt is too long for this, said the clerk.")
    said = "400: prompt is too long: 9,000 tokens"
    assert unquoted(said, request) == said
    assert len(unquoted("no " * 5000, request)) < 2100


@pytest.mark.parametrize("name", CLOUDS)
def test_a_missing_key_names_the_variable(open_border: Any, name: str) -> None:
    far = {"base_url": "https://models.example.org/v1"} if name == "openai" else {}
    border = open_border(name, "https://models.example.org/", key="", **far)
    with pytest.raises(ModelError) as caught:
        border.open()
    assert VARIABLES[name] in str(caught.value) and caught.value.exit_code == 6


@pytest.mark.parametrize("name", CLOUDS)
def test_a_dropped_connection_is_tried_again(
    open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any, name: str
) -> None:
    border = open_border(name, "http://unused/")
    body, kind = border.answer()
    server = raw_server([b"", wire.http(body, kind, cut=len(body) // 2), wire.http(body, kind)])
    reply = only(open_border(name, server.address).open().complete([ask_for()]))
    assert (reply.text, reply.finish) == ("merged", "stop")
    assert server.connections == 3


@pytest.mark.parametrize("name", CLOUDS)
def test_a_connection_that_always_drops_ends_as_a_reply(
    open_border: Any, raw_server: Any, ask_for: Any, only: Any, name: str
) -> None:
    server = raw_server([b""])
    reply = only(open_border(name, server.address).open(attempts=2).complete([ask_for()]))
    assert reply.finish == "error" and "dropped" in reply.detail
    assert server.connections == 2


@pytest.mark.parametrize("name", CLOUDS)
def test_a_silent_server_times_out(
    open_border: Any, raw_server: Any, ask_for: Any, only: Any, name: str
) -> None:
    server = raw_server([None])
    reply = only(open_border(name, server.address).open(attempts=2, read=0.2).complete([ask_for()]))
    assert reply.finish == "error" and "timed out" in reply.detail
    assert server.connections == 2


@pytest.mark.parametrize("name", CLOUDS)
def test_half_written_json_is_kept_and_not_paid_twice(
    open_border: Any, raw_server: Any, ask_for: Any, only: Any, wire: Any, name: str
) -> None:
    border = open_border(name, "http://unused/")
    body, kind = border.answer()
    broken = body[: len(body) * 2 // 3]
    server = raw_server([wire.http(broken, kind), wire.http(body, kind)])
    reply = only(open_border(name, server.address).open().complete([ask_for()]))
    assert (reply.finish, server.connections) == ("error", 1)
    assert reply.text == broken.decode() and reply.came and reply.broken == 0


@pytest.mark.parametrize("name", CLOUDS)
def test_an_address_without_a_server_is_raised_with_a_next_step(
    open_border: Any, ask_for: Any, name: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(ModelError, match="nothing answers") as caught:
        list(open_border(name, address).open(attempts=2).complete([ask_for()]))
    assert "Check that the server runs" in caught.value.next


@pytest.mark.parametrize("name", CLOUDS)
def test_a_server_that_answers_nobody_is_not_asked_for_ever(
    open_border: Any, raw_server: Any, ask_for: Any, name: str
) -> None:
    server = raw_server([None])
    replies = (
        open_border(name, server.address)
        .open(attempts=5, read=0.1)
        .complete([ask_for(f"story {i}") for i in range(9)])
    )
    assert next(replies).finish == "error", "one request may be too long for its server"
    with pytest.raises(ModelError, match="answers none") as caught:
        list(replies)
    assert "STORYTRANSFORMER_MODEL_PATIENCE" in caught.value.next
    assert server.connections == 4, "two requests, each tried twice"
