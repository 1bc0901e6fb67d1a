"""The machine is found without torch; times are ordered bands that follow the work."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.catalog import Catalog
from pipeline.cost.hardware import (
    GPU_RUNTIME_BYTES,
    Hardware,
    detect_hardware,
    find_gpu,
    generation_seconds,
)

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
SMALL = CATALOG.find("local/smollm2-135m").architecture
LLAMA = CATALOG.find("local/llama-3.1-8b").architecture
ONE_THREAD = Hardware(threads=1, memory_bytes=24 * 2**30)


def test_this_machine_has_threads_and_memory():
    found = detect_hardware(CATALOG.gpus)
    assert found.threads >= 1 and found.memory_bytes > 2**28
    assert detect_hardware(threads=3).threads == 3


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA RTX PRO 6000 Blackwell", "RTX PRO 6000"),
        ("rtx4090", "RTX 4090"),
    ],
)
def test_a_card_is_known_by_what_its_driver_calls_it(driver, name):
    found = find_gpu(CATALOG.gpus, driver)
    assert found is not None and found.name == name
    assert find_gpu(CATALOG.gpus, "Some Card 1") is None


@pytest.mark.parametrize(
    ("rows", "prompt", "measured"),
    [
        (1, 512, 1.01), (1, 1_024, 2.15), (1, 2_048, 5.42), (1, 4_096, 17.1), (1, 8_000, 52.2),
        (8, 256, 3.36), (24, 256, 10.3),
    ],
)  # fmt: skip
def test_prefill_of_the_small_model_as_measured_on_one_thread(rows, prompt, measured):
    """Seconds of processor time of our engine, bf16."""
    found = generation_seconds(SMALL, [(prompt, 0)] * rows, ONE_THREAD)
    assert found is not None
    start = ONE_THREAD.cpu.start_seconds
    assert found.likely - start == pytest.approx(measured, rel=0.4)
    assert found.low - start < measured < found.high - start


@pytest.mark.parametrize(("rows", "measured"), [(1, 0.048), (8, 0.070), (24, 0.108)])
def test_a_decoding_step_of_the_small_model_as_measured_on_one_thread(rows, measured):
    """Seconds of processor time of one step over rows of about 256 tokens."""
    written, read = (
        generation_seconds(SMALL, [(256, reply)] * rows, ONE_THREAD) for reply in (40, 0)
    )
    assert written is not None and read is not None
    assert (written.likely - read.likely) / 40 == pytest.approx(measured, rel=0.4)


def test_the_shared_head_of_a_wave_is_read_once():
    apart = generation_seconds(SMALL, [(230, 0)] * 32, ONE_THREAD)
    shared = generation_seconds(SMALL, [(230, 0)] * 32, ONE_THREAD, shared=165)
    assert apart is not None and shared is not None
    start = ONE_THREAD.cpu.start_seconds
    assert (shared.likely - start) / (apart.likely - start) == pytest.approx(65 / 230, abs=0.05)


def test_calls_decoded_together_share_the_reading_of_weights():
    card = replace(ONE_THREAD, gpu=CATALOG.gpus["H100"], gpu_name="H100")
    one = generation_seconds(LLAMA, [(2_000, 500)], card)
    many = generation_seconds(LLAMA, [(2_000, 500)] * 24, card)
    assert one is not None and many is not None
    assert many.likely < 24 * one.likely / 4
    assert many.low < many.likely < many.high


def test_a_card_that_is_not_known_has_no_time():
    unknown = replace(ONE_THREAD, gpu_name="Some Card 1")
    assert generation_seconds(SMALL, [(10, 10)], unknown) is None
    assert unknown.watts is None


def test_the_device_is_the_card_where_there_is_one():
    card = replace(ONE_THREAD, gpu=CATALOG.gpus["RTX 4090"], gpu_name="RTX 4090")
    assert card.device_bytes == 24 * 2**30 and card.runtime_bytes == GPU_RUNTIME_BYTES
    assert str(card) == "RTX 4090" and str(ONE_THREAD) == "CPU, 1 thread"
