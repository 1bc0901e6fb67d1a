"""Memory is told by formula before a training, and what does not fit is refused with what would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.catalog import Catalog
from pipeline.config.settings import read_settings
from pipeline.train.training_job import trained_parameters
from pipeline.train.training_memory import PUBLISHED, Training, fitting, needs, published, work

EIGHT = Training(
    params=8_000_000_000, layers=32, hidden=4096, heads=32, trained=42_000_000, tokens=256,
    batch=16, weight_bytes=2, flash=True, gated=True,
)  # fmt: skip


def test_the_published_table_comes_out_within_three_percent() -> None:
    assert len(published()) == len(PUBLISHED) == 8
    for name, measured, found in published():
        assert found == pytest.approx(measured, rel=0.03), name


def test_what_does_not_fit_is_told_with_what_would() -> None:
    whole = needs(EIGHT).total
    said = fitting(EIGHT, whole // 2)
    assert said is not None
    assert said[0]["per_device_train_batch_size"] < 16
    assert said[1].total <= whole // 2 < whole
    checked = fitting(EIGHT, needs(replace(EIGHT, batch=1)).total - 1)
    assert checked is not None and checked[0]["gradient_checkpointing"] is True
    assert fitting(EIGHT, 8_000_000_000) is None


def test_each_setting_saves_what_it_is_said_to() -> None:
    whole = replace(EIGHT, trained=EIGHT.params, weight_bytes=4)
    adam = needs(whole)
    assert adam.optimizer == 8 * whole.params
    assert needs(replace(whole, optimizer="adamw_8bit")).optimizer == 2 * whole.params
    assert needs(replace(whole, optimizer="adafactor")).optimizer == 0
    assert needs(replace(EIGHT, batch=8)).activations == pytest.approx(needs(EIGHT).activations / 2)
    assert needs(replace(EIGHT, checkpointing=True)).activations < needs(EIGHT).activations / 8
    assert work(whole, 10) == 60 * whole.params and work(EIGHT, 10) == 40 * EIGHT.params


def test_an_adapters_size_follows_from_the_configuration() -> None:
    shape = Catalog(read_settings().models_toml).find("local/smollm2-135m").architecture
    assert shape is not None
    # what PEFT counts for r = 8 at every linear layer of this model
    assert trained_parameters(shape, 8) == 2_442_240
