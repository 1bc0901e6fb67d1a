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
TWO_THREADS = Hardware(threads=2, memory_bytes=24 * 2**30)


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
    ("prompt", "tokens_a_second"), [(512, 950), (2_048, 745), (4_096, 500), (8_192, 333)]
)
def test_prefill_of_the_small_model_as_measured_on_two_threads(prompt, tokens_a_second):
    found = generation_seconds(SMALL, [(prompt, 0)], TWO_THREADS)
    assert found is not None
    measured = prompt / tokens_a_second
    computed = found.likely - TWO_THREADS.cpu.start_seconds
    assert computed == pytest.approx(measured, rel=0.35)
    assert found.low < measured + TWO_THREADS.cpu.start_seconds < found.high


@pytest.mark.parametrize(("context", "tokens_a_second"), [(512, 20), (2_048, 12), (8_192, 4.5)])
def test_decoding_of_the_small_model_as_measured_on_two_threads(context, tokens_a_second):
    with_reply, without = (
        generation_seconds(SMALL, [(context, reply)], TWO_THREADS) for reply in (100, 0)
    )
    assert with_reply is not None and without is not None
    assert with_reply.likely - without.likely == pytest.approx(100 / tokens_a_second, rel=0.3)


def test_calls_decoded_together_share_the_reading_of_weights():
    gpu = replace(TWO_THREADS, gpu=CATALOG.gpus["H100"], gpu_name="H100")
    work = [(2_000, 500)] * 32
    alone, together = (generation_seconds(LLAMA, work, gpu, together=rows) for rows in (1, 8))
    assert alone is not None and together is not None
    assert together.likely < alone.likely / 4
    assert together.low < together.likely < together.high


def test_a_card_that_is_not_known_has_no_time():
    unknown = replace(TWO_THREADS, gpu_name="Some Card 1")
    assert generation_seconds(SMALL, [(10, 10)], unknown) is None
    assert unknown.watts is None


def test_the_device_is_the_card_where_there_is_one():
    card = replace(TWO_THREADS, gpu=CATALOG.gpus["RTX 4090"], gpu_name="RTX 4090")
    assert card.device_bytes == 24 * 2**30 and card.runtime_bytes == GPU_RUNTIME_BYTES
    assert str(card) == "RTX 4090" and str(TWO_THREADS) == "2 CPU threads"
