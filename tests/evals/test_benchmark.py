"""``benchmark``: told before, resumed, bounded by time, and going on where a step fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.benchmark import benchmark_job
from evals.benchmark.benchmark_report import as_markdown
from evals.benchmark.benchmark_steps import STEPS, lengths_of
from evals.benchmark.benchmark_values import Context, Done, Options, Step, Told
from evals.benchmark.device_probe import measured
from pipeline.cli.commands import app
from pipeline.config.settings import read_settings
from pipeline.errors import EngineError, InputError, ModelError
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions
from pipeline.providers.provider_registry import providers
from pipeline.runtime import Runtime
from pipeline.store.reading.reports import scores

ROOT = Path(__file__).resolve().parents[2]
STORIES = """\
- As a shopper, I want to filter by price so that I see what I can afford.
- As a buyer, I want to filter by price, so that I find what I can pay.
- As a shopper, I want to pay by card.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama that reads bytes; its window holds a question."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.engine.conftest import CHATML

    torch.set_num_threads(1)
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("bench") / "tiny"
    config = LlamaConfig(
        vocab_size=258, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=4096,
        eos_token_id=257,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(made)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([AddedToken(t, special=True) for t in ("<|im_start|>", "<|im_end|>")])
    backend.save(str(made / "tokenizer.json"))
    told = {"eos_token": {"content": "<|im_end|>"}, "chat_template": CHATML}
    (made / "tokenizer_config.json").write_text(json.dumps(told))
    return made


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    environment = {"HOME": str(tmp_path), "STORYTRANSFORMER_THREADS": "1"}
    return Runtime(read_settings(environment, db=str(tmp_path / "runs.sqlite")))


@pytest.fixture
def options(folder: Path, tmp_path: Path) -> Options:
    (tmp_path / "stories.md").write_text(STORIES)
    return Options(
        paths=(str(tmp_path / "stories.md"),), model=f"local/{folder}", out=str(tmp_path / "out"),
        lengths=(1024,), depths=(50,), pairs=4, train=False,
    )  # fmt: skip


def step(name: str, work: Any, seconds: float | None = 1.0, why_not: str = "") -> Step:
    return Step(name, name.capitalize(), lambda c: Told(f"does {name}", seconds, 10, why_not), work)


def states(result: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["state"] for row in result["steps"]}


def test_a_step_that_fails_is_said_and_tried_again_and_the_others_go_on(
    runtime: Runtime, options: Options, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []
    broken = [True]

    def worked(name: str) -> Any:
        def work(ctx: Context) -> Done:
            done.append(name)
            if name == "second" and broken[0]:
                raise ModelError("no room", next="Free some.")
            if name == "third" and broken[0]:
                raise RuntimeError("CUDA says no")
            return Done((f"{name} found 7",), {"n": 7})

        return work

    names = ("first", "second", "third", "fourth")
    monkeypatch.setattr(benchmark_job, "STEPS", tuple(step(name, worked(name)) for name in names))
    said: list[str] = []
    with runtime.store() as store:
        with pytest.raises(EngineError, match="2 of 4 steps failed: Second, Third") as failed:
            benchmark_job.benchmark(runtime, store, options, say=said.append)
        assert "no room" in failed.value.next and failed.value.exit_code == 6
        assert done == [*names]
        report = Path(options.out, "report.md").read_text()
        assert "| Second | failed |" in report and "first found 7" in report
        assert "RuntimeError: CUDA says no" in report
        broken[0] = False
        result = benchmark_job.benchmark(runtime, store, options, say=said.append)
        assert done == [*names, "second", "third"]
        assert set(states(result).values()) == {"done"} and result["usd"] == "0"
        assert any("going on with" in line for line in said)
        again = benchmark_job.benchmark(runtime, store, options, say=said.append)
        assert again["run"] != result["run"], "what came to its end is measured anew when asked"
    stored = json.loads(Path(options.out, "report.json").read_text())
    assert stored["steps"][0]["figures"] == {"n": 7}


def test_time_that_is_over_leaves_the_rest_for_the_next_start(
    runtime: Runtime, options: Options, monkeypatch: pytest.MonkeyPatch
):
    now = [0.0]

    def work(ctx: Context) -> Done:
        now[0] += 1000.0
        return Done()

    steps = (step("short", work, 900.0), step("long", work, 5000.0), step("cheap", work, 10.0),
             step("told", work, 10.0, why_not="the extra is missing"))  # fmt: skip
    monkeypatch.setattr(benchmark_job, "STEPS", steps)
    with runtime.store() as store:
        first = benchmark_job.benchmark(runtime, store, options, hours=1.0, clock=lambda: now[0])
        assert states(first) == {
            "short": "done", "long": "later", "cheap": "done", "told": "not run",
        }  # fmt: skip
        assert first["told_seconds"] == 5910.0
        second = benchmark_job.benchmark(runtime, store, options, hours=2.0, clock=lambda: now[0])
        assert second["run"] == first["run"]
        assert states(second)["long"] == "done" and states(second)["told"] == "not run"


def test_what_was_told_first_stands_beside_what_came(
    runtime: Runtime, options: Options, monkeypatch: pytest.MonkeyPatch
):
    """What is journalled when a run goes on makes a later estimate smaller than the work was."""
    told = [100.0]

    def interrupted(ctx: Context) -> Done:
        raise KeyboardInterrupt

    one = Step("one", "One", lambda c: Told("work", told[0]), interrupted)
    monkeypatch.setattr(benchmark_job, "STEPS", (one,))
    with runtime.store() as store:
        with pytest.raises(KeyboardInterrupt):
            benchmark_job.benchmark(runtime, store, options)
        told[0] = 1.0
        monkeypatch.setattr(
            benchmark_job, "STEPS", (replace(one, work=lambda c: Done(seconds=90.0)),)
        )
        result = benchmark_job.benchmark(runtime, store, options)
        (row,) = result["steps"]
        assert (row["told"]["seconds"], row["seconds"]) == (100.0, 90.0)
        assert "| One | done | 1.7 min | 1.5 min |" in as_markdown(result)
        kept = {row["name"]: row["value"] for row in scores(store, result["run"])}
        assert kept == {"told": 100.0, "step": 90.0}


def test_a_model_elsewhere_or_without_weights_is_refused(runtime: Runtime, options: Options):
    with runtime.store() as store:
        with pytest.raises(InputError, match="does not run on this machine"):
            benchmark_job.benchmark(
                runtime, store, replace(options, model="claude/claude-haiku-5-5")
            )
        with pytest.raises(EngineError):
            benchmark_job.benchmark(runtime, store, replace(options, model="local/nobody/has-this"))


def test_an_adapter_that_is_not_trained_yet_is_examined_later(
    runtime: Runtime, options: Options, monkeypatch: pytest.MonkeyPatch
):
    (exam,) = (one for one in STEPS if one.name == "trained exam")
    monkeypatch.setattr(
        benchmark_job, "STEPS", (replace(exam, tell=lambda c: Told("the exam", 1.0)),)
    )
    with runtime.store() as store:
        result = benchmark_job.benchmark(runtime, store, options)
    (row,) = result["steps"]
    assert (row["state"], row["why"]) == ("later", "there is no adapter yet")


def test_lengths_reach_to_the_window_and_to_what_fits(runtime: Runtime, options: Options):
    spec = runtime.catalog.find("local/llama-3.1-8b")
    assert spec.architecture is not None
    open_options = replace(options, lengths=None)
    found = {}
    for card in ("RTX 4090", "H100"):
        ctx = Context(
            runtime,
            None,
            spec,
            spec.architecture,
            runtime.hardware(card),
            open_options,  # type: ignore[arg-type]
        )
        found[card] = lengths_of(ctx)
    assert found["H100"] == (1024, 2048, 4096, 8192, 16384, 32768)
    assert found["RTX 4090"][0] == 1024 and 16_384 < found["RTX 4090"][-1] <= 32_768
    small = replace(spec, window=8192)
    ctx = Context(runtime, None, small, spec.architecture, runtime.hardware("H100"), open_options)  # type: ignore[arg-type]
    assert lengths_of(ctx) == (1024, 2048, 4096, 7680)


def test_kernel_and_memory_are_measured_in_a_process_of_its_own(folder: Path, tmp_path: Path):
    spec = ModelSpec("local/tiny", providers()["local"], "tiny", 4096, 64, weights=str(folder))
    found = measured(spec, ModelOptions(cache=tmp_path, threads=1), [64, 128, 100_000])
    assert found["kernels"]["asked"] == found["describe"]["attention"] == "sdpa_flash"
    assert found["kernels"]["flash"] and found["kernels"]["seen"]
    short, longer, beyond = found["peaks"]
    assert short["bytes"] > 0 and longer["bytes"] and "do not fit" in beyond["why_not"]
    with pytest.raises(EngineError, match="weights are missing"):
        measured(replace(spec, weights="/nowhere/x.gguf"), ModelOptions(cache=tmp_path), [64])


WHOLE = ("memory", "merge", "needles", "aggregation", "training", "trained exam")


@pytest.mark.timeout(900)
def test_the_real_steps_killed_half_way_go_on(
    folder: Path, tmp_path: Path, runtime: Runtime, options: Options
):
    """The command itself on a tiny model, killed outright while it asks needles."""
    code = (
        "import sys; from evals.benchmark import benchmark_job, benchmark_steps as steps\n"
        f"benchmark_job.STEPS = tuple(s for s in steps.STEPS if s.name in {WHOLE!r})\n"
        "from pipeline.cli.commands import main; main()\n"
    )
    database = runtime.settings.database.removeprefix("sqlite:///")
    command = [
        sys.executable, "-c", code, "benchmark", *options.paths, "--model", options.model,
        "--lengths", "3000", "--depths", "50", "--pairs", "4", "--no-train",
        "--out", options.out, "--db", database, "--json",
    ]  # fmt: skip
    environment = os.environ | {"HOME": str(tmp_path), "STORYTRANSFORMER_THREADS": "1"}
    first = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert first.stderr is not None
    for line in first.stderr:
        if line.startswith("cell 1 of"):
            break
    else:
        pytest.fail("no needle was asked")
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 0, second.stderr[-2000:]
    for expected in ("going on with benchmark-", "Merge: done before", "(measured before)"):
        assert expected in second.stderr
    result = json.loads(second.stdout)
    not_trained = {"training": "not run", "trained exam": "not run"}
    expected_states = dict.fromkeys(WHOLE, "done") | not_trained
    assert states(result) == expected_states, [row["why"] for row in result["steps"]]
    for row in result["steps"][:4]:
        assert row["seconds"] > 0 and row["memory_bytes"] > 0
        assert row["name"] == "merge" or row["told"]["seconds"] > 0
        assert row["runs"] and row["lines"]
    assert json.loads(Path(result["steps"][1]["figures"]["out"]["json"]).read_text())
    training = result["steps"][4]
    assert training["why"] == "told only: --no-train" and training["told"]["memory_bytes"] > 0
    report = Path(options.out, "report.md").read_text()
    assert "shopper" not in report, "a report holds no text of a story"


def test_a_dry_run_tells_a_card_that_is_not_here(options: Options, runtime: Runtime):
    told = CliRunner().invoke(
        app,
        ["benchmark", *options.paths, "--model", options.model, "--dry-run", "--gpu", "4090",
         "--db", runtime.settings.database, "--json"],
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert [row["name"] for row in result["steps"]] == [one.name for one in STEPS]
    assert "RTX 4090" in result["machine"] and result["usd"] == "0"
    assert all(row["state"] == "not run" for row in result["steps"])
    refused = CliRunner().invoke(app, ["benchmark", *options.paths, "--gpu", "4090"])
    assert isinstance(refused.exception, InputError)
