"""Likelihoods from log-probabilities, through the official SDKs against servers of this machine,
and what of them is not believed."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Message, Request
from pipeline.plan.pairs import SCHEMA, WORDS
from pipeline.providers.base import choose
from pipeline.providers.remote.logprobs import TokenTold, likelihoods

SAID = '{"answer":"overlap"}'
HEAD = ['{"', "answer", '":"']
LOGS = {"over": -0.2, "same": -2.0, "conf": -4.0, "different": -5.0}
LISTED = sum(map(math.exp, LOGS.values()))
EXPECTED = {
    word: math.exp(LOGS[token]) / LISTED
    for word, token in zip(WORDS, ("same", "over", "conf", "different"), strict=True)
}

QUESTION = Request("m", "r", "pair", "p", "s", (Message("user", "?"),), 16, schema=SCHEMA)


def told(*tokens: str, at: str = "over", logs: Any = None) -> list[TokenTold]:
    """Tokens, sure of all but the one at which the answer begins."""
    logs = LOGS if logs is None else logs
    return [
        TokenTold(token, list(logs.items()) if token == at else [(token, 0.0)]) for token in tokens
    ]


def read(text: str, tokens: list[TokenTold]) -> dict[str, float] | None:
    return likelihoods(QUESTION, text, tokens)


def test_the_first_token_of_the_answer_decides():
    assert read(SAID, told(*HEAD, "over", 'lap"}')) == pytest.approx(EXPECTED)


@pytest.mark.parametrize(
    ("text", "tokens", "at", "before"),
    [
        ('{"answer": "overlap"}', ['{"answer":', ' "', "overlap", '"}'], "overlap", ""),
        ('{"answer": "overlap"}', ['{"answer":', ' "over', 'lap"}'], ' "over', ' "'),
        ('{"answer":"overlap"}', ['{"answer', '":"over', 'lap"}'], '":"over', '":"'),
        ('{"answer":"overlap"}', [*'{"answer":"overlap"}'], "o", ""),
        ('{\n "answer" : "overlap"\n}', ['{\n "answer" : "', "overlap", '"\n}'], "overlap", ""),
        ("overlap", ["overlap"], "overlap", ""),
        ('"overlap"', ['"', "over", 'lap"'], "over", ""),
        ('{"answer":"overlap"}', ["<think>o", "k</think>", *HEAD, "over", 'lap"}'], "over", ""),
    ],
)
def test_however_the_reply_is_cut_into_tokens(text, tokens, at, before):
    shares = {f"{before}{token[:1]}": log for token, log in LOGS.items() if token != "over"}
    found = read(text, told(*tokens, at=at, logs={at: LOGS["over"], **shares}))
    assert found == pytest.approx(EXPECTED)


def test_tokens_that_begin_one_word_are_added_up_and_others_are_nobodys():
    logs = {"over": math.log(0.3), "o": math.log(0.1), "ove": math.log(0.1), "overt": math.log(0.2),
            "same": math.log(0.1), "conflict": math.log(0.1), 'different"': math.log(0.05),
            "Same": math.log(0.05)}  # fmt: skip
    found = read(SAID, told(*HEAD, "over", 'lap"}', logs=logs))
    assert found == pytest.approx(
        {
            "same": 0.1 / 0.75,
            "overlap": 0.5 / 0.75,
            "conflict": 0.1 / 0.75,
            "different": 0.05 / 0.75,
        }
    )


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4), st.integers(1, 4))
def test_an_answer_never_looks_surer_than_a_full_list_says(weights, n):
    """A server that lists the n likeliest: the answer's likelihood is at most what all four say."""
    total = sum(weights)
    shares = dict(zip(("same", "over", "conf", "diff"), (w / total for w in weights), strict=True))
    ranked = sorted(shares, key=lambda token: -shares[token])
    best = ranked[0]
    word = next(one for one in WORDS if one.startswith(best))
    said = json.dumps({"answer": word}, separators=(",", ":"))
    tokens = [*HEAD, best, word[len(best) :] + '"}']
    logs = {token: math.log(shares[token]) for token in ranked[:n]}
    found = read(said, told(*tokens, at=best, logs=logs))
    assert found is not None
    assert found[word] <= shares[best] + 1e-9
    assert math.fsum(found.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "logs",
    [
        {"over": math.nan, "same": -1.0},
        {"over": -0.1, "same": math.nan},
        {"over": 3.0},
        {"over": "-0.1"},
        {"over": None},
        {"over": True},
        {5: -0.1},
        {"over": -3.0, "same": -0.1},
        {"kein": -0.1, "Wort": -0.2},
        {"over": -math.inf},
        {},
    ],
)
def test_numbers_that_cannot_be_or_speak_for_another_answer_say_nothing(logs):
    assert read(SAID, told(*HEAD, "over", 'lap"}', logs=logs)) is None


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"answer":"maybe"}', '{"answer":["overlap"]}', "I think overlap."]
)
def test_a_reply_that_is_no_answer_has_no_likelihood(text):
    assert read(text, [TokenTold(text, [(text, -0.1)])]) is None


def test_tokens_of_another_text_say_nothing():
    assert read(SAID, told("over", "lap")) is None
    assert read(SAID, []) is None
    assert read(SAID, told(*HEAD, "over", 'laps"}')) is None


def test_words_that_a_token_cannot_tell_apart():
    schema = '{"properties":{"answer":{"enum":["same","some","other"]}}}'
    asked = Request("m", "r", "pair", "p", "s", (Message("user", "?"),), 16, schema=schema)
    tokens = [TokenTold('{"answer":"', []), TokenTold("s", [("s", -0.1), ("o", -2.0)])]
    tokens += [TokenTold('ame"}', [('ame"}', 0.0)])]
    assert likelihoods(asked, '{"answer":"same"}', tokens) is None
    assert likelihoods(
        Request("m", "r", "pair", "p", "s", (Message("user", "?"),), 16), "same", tokens
    ) is None  # fmt: skip


# --- through the SDKs -----------------------------------------------------------------------------


def openai_entries(logs: Any = None) -> list[dict[str, Any]]:
    return [
        {
            "token": token.text,
            "bytes": None,
            "logprob": dict(token.alternatives)[token.text],
            "top_logprobs": [
                {"token": text, "bytes": None, "logprob": log} for text, log in token.alternatives
            ],
        }
        for token in told(*HEAD, "over", 'lap"}', logs=logs)
    ]


def openai_reply(wire: Any, logprobs: Any = "absent", text: str = SAID) -> dict[str, Any]:
    body: dict[str, Any] = wire.openai_answer(text)
    if logprobs != "absent":
        body["choices"][0]["logprobs"] = logprobs
    return body


def gemini_reply(wire: Any, logprobs: Any = "absent") -> dict[str, Any]:
    body: dict[str, Any] = wire.gemini_answer(SAID)
    if logprobs != "absent":
        body["candidates"][0]["logprobsResult"] = logprobs
    return body


def gemini_result(logs: Any = None) -> dict[str, Any]:
    tokens = told(*HEAD, "over", 'lap"}', logs=logs)
    return {
        "chosenCandidates": [
            {"token": t.text, "logProbability": dict(t.alternatives)[t.text]} for t in tokens
        ],
        "topCandidates": [
            {"candidates": [{"token": a, "logProbability": log} for a, log in t.alternatives]}
            for t in tokens
        ],
    }


@pytest.mark.enable_socket
@pytest.mark.parametrize("name", ["openai", "gemini"])
def test_a_server_that_gives_them_is_asked_for_them(
    name: str, open_border: Any, httpserver: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    border = open_border(name, httpserver.url_for("/"))
    body = (
        openai_reply(wire, {"content": openai_entries()})
        if name == "openai"
        else gemini_reply(wire, gemini_result())
    )
    httpserver.expect_request(border.path).respond_with_json(body)
    reply = only(choose(border.open(), [ask_for(schema=SCHEMA)]))
    assert reply.text == SAID and reply.likelihoods == pytest.approx(EXPECTED)
    sent = httpserver.log[-1][0].get_json()
    if name == "openai":
        assert (sent["logprobs"], sent["top_logprobs"]) == (True, 20)
        assert sent["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)
    else:
        settings = sent["generationConfig"]
        assert (settings["responseLogprobs"], settings["logprobs"]) == (True, 20)
    only(border.open().complete([ask_for("free text", schema="")]))
    assert "ogprobs" not in json.dumps(httpserver.log[-1][0].get_json()), "no closed question"


@pytest.mark.enable_socket
def test_claude_answers_with_one_word_under_the_schema(
    open_border: Any, httpserver: Any, ask_for: Any, only: Any
) -> None:
    border = open_border("claude", httpserver.url_for("/"))
    data, kind = border.answer(SAID)
    httpserver.expect_request(border.path).respond_with_data(data, content_type=kind)
    reply = only(choose(border.open(), [ask_for(schema=SCHEMA)]))
    assert (reply.text, reply.likelihoods) == (SAID, None)
    sent = httpserver.log[0][0].get_json()
    assert sent["output_config"]["format"]["schema"] == json.loads(SCHEMA)


FAULTS = [
    "absent", None, {}, [], "none", 5, {"content": None}, {"content": []}, {"content": "x"},
    {"content": [5]}, {"content": [{"token": SAID}]}, {"content": [{"token": 5, "logprob": -1}]},
    {"content": [{"token": SAID, "logprob": None, "top_logprobs": None}]},
    {"content": openai_entries()[:3]},
    {"content": openai_entries({"over": math.nan, "same": -1.0})},
    {"content": openai_entries({"over": -2.0, "same": -0.1})},
    {"content": [{**one, "token": "Ġ" + one["token"]} for one in openai_entries()]},
]  # fmt: skip


@pytest.mark.enable_socket
@pytest.mark.parametrize("logprobs", FAULTS, ids=str)
def test_what_is_wrong_with_them_costs_no_reply(
    logprobs: Any, open_border: Any, raw_server: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    body = json.dumps(openai_reply(wire, logprobs)).encode()
    server = raw_server([wire.http(body, "application/json")])
    reply = only(choose(open_border("openai", server.address).open(), [ask_for(schema=SCHEMA)]))
    assert (reply.text, reply.finish, reply.likelihoods) == (SAID, "stop", None)
    assert reply.usage.prompt == 40


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "result",
    ["absent", None, {}, {"chosenCandidates": []}, {"chosenCandidates": [{"token": "x"}]},
     {**gemini_result(), "topCandidates": []},
     {**gemini_result(), "chosenCandidates": gemini_result()["chosenCandidates"][:2]},
     gemini_result({"over": math.nan, "same": -1.0})],
    ids=str,
)  # fmt: skip
def test_the_same_of_gemini(
    result: Any, open_border: Any, raw_server: Any, wire: Any, ask_for: Any, only: Any
) -> None:
    body = json.dumps(gemini_reply(wire, result)).encode()
    server = raw_server([wire.http(body, "application/json")])
    reply = only(choose(open_border("gemini", server.address).open(), [ask_for(schema=SCHEMA)]))
    assert (reply.text, reply.finish, reply.likelihoods) == (SAID, "stop", None)


@pytest.mark.enable_socket
def test_a_reply_of_gemini_that_cannot_be_read_for_them_is_asked_once(
    open_border: Any, raw_server: Any, wire: Any, ask_for: Any
) -> None:
    """It may have been paid for; the next question does without."""
    broken = json.dumps(gemini_reply(wire, {"chosenCandidates": "many"})).encode()
    plain = json.dumps(gemini_reply(wire)).encode()
    server = raw_server([wire.http(body, "application/json") for body in (broken, plain)])
    model = open_border("gemini", server.address).open()
    first, second = choose(model, [ask_for("one", schema=SCHEMA), ask_for("two", schema=SCHEMA)])
    assert first.finish == "error" and second.text == SAID
    assert server.connections == 2


@pytest.mark.enable_socket
@pytest.mark.parametrize("name", ["openai", "gemini"])
@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize(
    "said", ["You are not allowed to request logprobs", "top_logprobs must be at most 5"]
)
def test_a_server_that_refuses_them_is_asked_without_from_then_on(
    name: str, status: int, said: str, open_border: Any, httpserver: Any, ask_for: Any
) -> None:
    from werkzeug import Response

    border = open_border(name, httpserver.url_for("/"))
    most = 5 if "5" in said else 0
    data, kind = border.answer(SAID)

    def answer(request: Any) -> Response:
        body = request.get_json()
        wanted = body.get("top_logprobs") or body.get("generationConfig", {}).get("logprobs") or 0
        if wanted > most:
            return Response(json.dumps(border.error(status, said)), status, mimetype=kind)
        return Response(data, 200, mimetype=kind)

    httpserver.expect_request(border.path).respond_with_handler(answer)
    model = border.open()
    wave = [ask_for(text, schema=SCHEMA) for text in ("one", "two", "three")]
    replies = list(choose(model, wave))
    assert [(reply.text, reply.finish) for reply in replies] == [(SAID, "stop")] * 3
    assert {reply.broken for reply in replies} == {0}
    asked = sum(request.path == border.path for request, _ in httpserver.log)
    assert asked == 3 + (1 if most else 2), "each smaller number is tried once"


@pytest.mark.enable_socket
def test_another_refusal_is_no_reason_to_ask_again(
    open_border: Any, httpserver: Any, ask_for: Any, only: Any
) -> None:
    border = open_border("openai", httpserver.url_for("/"))
    httpserver.expect_request(border.path).respond_with_json(
        border.error(400, "the prompt is malformed"), status=400
    )
    reply = only(choose(border.open(), [ask_for(schema=SCHEMA)]))
    assert reply.finish == "error" and "malformed" in reply.detail
    assert sum(request.path == border.path for request, _ in httpserver.log) == 1
