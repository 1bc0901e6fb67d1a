"""A server of one's own that comes back with another model is noticed, whatever it calls itself."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ModelError
from pipeline.providers.remote.served_model import Served, entry_of
from tests.support.providers import Provider

VLLM = {"id": "judge", "created": 17, "owned_by": "vllm", "root": "/weights/a", "permission": [{}]}


def test_an_entry_is_what_stays_as_long_as_the_weights_do() -> None:
    told = entry_of("judge", [VLLM, VLLM | {"id": "other"}])
    assert told == entry_of("judge", [VLLM | {"created": 99, "permission": []}])
    assert told != entry_of("judge", [VLLM | {"root": "/weights/b"}])


def test_the_only_entry_stands_for_any_name_and_several_for_none() -> None:
    llama = {"id": "gguf", "meta": {"n_params": 134_515_008}}
    assert "134515008" in entry_of("whatever", [llama])
    assert entry_of("whatever", [llama, llama | {"id": "two"}]) == ""
    assert entry_of("whatever", []) == ""


def test_only_a_lost_connection_makes_it_ask_again() -> None:
    looks: list[str] = []
    served = Served("openai/m", lambda: looks.append("") or "a")
    served.check()
    served.check_if_doubted()
    assert len(looks) == 1
    served.doubt()
    served.check_if_doubted()
    served.check_if_doubted()
    assert len(looks) == 2


def test_a_list_that_fails_for_once_is_asked_again() -> None:
    told = iter(["a", "", "b"])
    served = Served("openai/m", lambda: next(told))
    served.check()
    served.doubt()
    served.check_if_doubted()
    with pytest.raises(ModelError, match="another model"):
        served.check_if_doubted()


@pytest.fixture
def server() -> Any:
    with Provider(weights="/weights/a") as running:
        yield running


@pytest.mark.enable_socket
def test_other_weights_under_the_same_name_stop_a_run_taken_up(
    server: Provider, open_border: Any
) -> None:
    entry = open_border("openai", f"{server.url}/").open().describe()["served"]
    assert "/weights/a" in entry
    assert open_border("openai", f"{server.url}/").open(served=entry).describe()["served"] == entry
    server.weights = "/weights/b"
    with pytest.raises(ModelError, match="another model") as caught:
        open_border("openai", f"{server.url}/").open(served=entry).describe()
    assert not caught.value.retryable and "served-model-name" in caught.value.next
    assert not server.asked


@pytest.mark.enable_socket
def test_other_weights_after_a_broken_connection_stop_the_wave(
    server: Provider, open_border: Any, ask_for: Any
) -> None:
    model = open_border("openai", f"{server.url}/").open()
    model.describe()
    replies = model.complete([ask_for(f"story {i}") for i in range(4)])
    assert next(replies).finish == "stop"

    def swap(prompt: str) -> Any:
        server.weights = "/weights/b"
        return "drop"

    server.fault = swap
    with pytest.raises(ModelError, match="another model"):
        list(replies)


@pytest.mark.enable_socket
def test_another_name_in_a_reply_stops_the_wave(
    server: Provider, open_border: Any, ask_for: Any
) -> None:
    replies = (
        open_border("openai", f"{server.url}/")
        .open()
        .complete([ask_for(f"story {i}") for i in range(4)])
    )
    assert next(replies).finish == "stop"
    server.alias = "qwen"
    with pytest.raises(ModelError, match="another model: qwen"):
        list(replies)
