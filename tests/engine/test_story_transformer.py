from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.engine.decoding.constrain import cut
from pipeline.engine.story_transformer import Asked, StoryTransformer
from pipeline.errors import EngineError


@pytest.fixture(scope="module")
def tiny(tiny_model: Path, engine_cache: Path) -> StoryTransformer:
    return StoryTransformer.load(tiny_model, cache=engine_cache, threads=1, dtype="float32")


TURNS = [[("user", "merge these")], [("user", "merge those stories")]]


def test_the_prompt_is_never_in_the_output(tiny: StoryTransformer) -> None:
    done = sorted(tiny.generate(TURNS, max_tokens=6), key=lambda d: d.index)
    assert [d.index for d in done] == [0, 1]
    for turns, one in zip(TURNS, done, strict=True):
        assert one.n_prompt == len(tiny.tokenizer.apply_chat_template(turns))
        assert one.text == tiny.tokenizer.decode(one.ids)
        assert len(one.ids) == 6 or one.finish == "stop"
        assert one.seconds > 0


def test_ids_and_turns_are_the_same_prompt(tiny: StoryTransformer) -> None:
    ids = tiny.tokenizer.apply_chat_template(TURNS[0])
    (by_ids,) = tiny.generate([ids], max_tokens=5)
    (by_turns,) = tiny.generate([TURNS[0]], max_tokens=5)
    assert by_ids.ids == by_turns.ids


def test_a_stop_string_ends_the_text_and_is_cut_off(tiny: StoryTransformer) -> None:
    (whole,) = tiny.generate([TURNS[0]], max_tokens=30)
    at = next(i for i in range(3, len(whole.text)) if whole.text.find(whole.text[i]) == i)
    (short,) = tiny.generate([TURNS[0]], max_tokens=30, stop=[whole.text[at]])
    assert short.finish == "stop"
    assert short.text == whole.text[:at]
    assert len(short.ids) < len(whole.ids)


def test_cut() -> None:
    assert cut("one\ntwo. three", ["\n", "."]) == "one"
    assert cut("one", ["\n"]) == "one"


def test_an_empty_prompt_is_refused(tiny: StoryTransformer) -> None:
    with pytest.raises(EngineError, match="the prompt is empty"):
        tiny.generate([[]], max_tokens=5)


def test_a_long_prompt_names_the_length_that_fits(tiny: StoryTransformer) -> None:
    assert tiny.window == 256
    with pytest.raises(EngineError, match="do not fit the window of 256") as caught:
        tiny.generate([[1] * 300], max_tokens=56)
    assert caught.value.next == "A prompt of 200 tokens would fit."
    (done,) = tiny.generate([[1] * 200], max_tokens=56)
    assert len(done.ids) <= 56


def test_each_prompt_has_limits_of_its_own(tiny: StoryTransformer) -> None:
    ids = tiny.tokenizer.encode("the words the")
    asked = [Asked(ids, 4), Asked(ids, 9), Asked(ids, 40, vocabulary="alpha beta")]
    done = sorted(tiny.answer(asked), key=lambda d: d.index)
    assert [len(d.ids) for d in done[:2]] == [4, 9]
    assert done[1].ids[:4] == done[0].ids
    assert done[2].ids[:4] != done[0].ids


def test_it_says_what_runs_and_why(tiny: StoryTransformer) -> None:
    facts = tiny.describe()
    assert facts["attention"] == "sdpa_flash" and facts["attention_reason"]
    assert (facts["device"], facts["dtype"], facts["threads"]) == ("cpu", "float32", "1")


def test_a_model_without_template_says_so_loudly(
    tmp_path: Path, write_tiny_tokenizer: Callable[..., Path], tiny_model: Path
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(tiny_model, folder)
    write_tiny_tokenizer(folder, template=None)
    with pytest.warns(UserWarning, match="brings no chat template"):
        engine = StoryTransformer.load(folder, cache=tmp_path, threads=1, dtype="float32")
    assert engine.describe()["chat_template"].startswith("plain")


def test_yarn_stretches_the_window(tiny_model: Path, engine_cache: Path) -> None:
    options = {"cache": engine_cache, "threads": 1, "dtype": "float32"}
    stretched = StoryTransformer.load(tiny_model, yarn=2.0, **options)  # type: ignore[arg-type]
    assert stretched.window == 512
    (done,) = stretched.generate([[1, 2, 3] * 140], max_tokens=8)
    assert done.n_prompt == 420
    with pytest.raises(EngineError, match="cannot be stretched"):
        StoryTransformer.load(tiny_model, yarn=0.5, **options)  # type: ignore[arg-type]


_OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from pipeline.engine.story_transformer import StoryTransformer
from pipeline.errors import EngineError

engine = StoryTransformer.load(
    sys.argv[1], cache=Path(sys.argv[2]), threads=1, dtype="float32", attention="eager", yarn=512
)
prompt = [i % 200 for i in range(3000)]
(whole,) = engine.generate([prompt], max_tokens=4)
sizes = dict(line.split(":") for line in open("/proc/self/status").read().splitlines())
used = int(sizes["VmSize"].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + (48 << 20), -1))
(tight,) = engine.generate([prompt], max_tokens=4)
print(tight.ids == whole.ids)
try:
    resource.setrlimit(resource.RLIMIT_AS, (used, -1))
    list(engine.generate([[1] * 40_000], max_tokens=4))
except EngineError as exc:
    print(exc)
"""


def test_memory_that_runs_out_is_halved_then_said(tiny_model: Path, tmp_path: Path) -> None:
    """Under a real limit, 48 MB above what is in use. Eager attention wants a score matrix of
    2,048 × 3,000 × 4 heads, 98 MB, and several copies; read in pieces it fits. 40,000 tokens
    want 82 MB for the smallest piece, and get nothing more."""
    command = [sys.executable, "-c", _OUT_OF_MEMORY, str(tiny_model), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    same, error = done.stdout.splitlines()
    assert same == "True"
    assert "out of memory on a prompt of 40,000 tokens" in error
    assert "20,000 tokens may fit" in error


_PEAK = """
import sys
from collections.abc import Callable
from pathlib import Path
import torch
from pipeline.engine.probing import peak_bytes, start_peak
from pipeline.engine.story_transformer import Limits, StoryTransformer

engine = StoryTransformer.load(
    sys.argv[1], cache=Path(sys.argv[2]), threads=1, dtype="float32", attention=sys.argv[3],
    yarn=32, limits=Limits(chunk=8192),
)
list(engine.generate([[1, 2, 3]], max_tokens=1))
cpu = torch.device("cpu")
before = start_peak(cpu)
list(engine.generate([[i % 200 for i in range(int(sys.argv[4]))]], max_tokens=1))
print(peak_bytes(cpu) - before)
"""


def test_memory_of_reading_is_linear(tiny_model: Path, engine_cache: Path) -> None:
    """Eager takes four times the memory for twice the prompt; ours never holds a score matrix.
    Each measured in a process of its own: what others give back meanwhile would be taken off."""

    def peak(attention: str, n: int) -> int:
        command = [
            sys.executable,
            "-c",
            _PEAK,
            str(tiny_model),
            str(engine_cache),
            attention,
            str(n),
        ]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    score_matrix = 4 * 4000 * 4000 * 4
    assert peak("eager", 4000) > score_matrix
    assert peak("eager", 4000) / peak("eager", 2000) > 3
    assert peak("sdpa_flash", 4000) < score_matrix / 8
