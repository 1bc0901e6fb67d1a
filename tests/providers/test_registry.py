"""The registry: what a provider's file says is what the whole program knows of it."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config.configuration import SETTINGS
from pipeline.config.settings import read_settings
from pipeline.errors import InputError, ModelError
from pipeline.models import ModelSpec, Provider
from pipeline.providers.base import ModelOptions
from pipeline.providers.doctor import examine, wishes
from pipeline.providers.openai import OpenAIModel
from pipeline.providers.opening import no_batches, open_model
from pipeline.providers.provider_registry import module_of, providers
from pipeline.run.sovereignty import host_of

#: A cloud that speaks OpenAI's protocol under a key and an address of its own.
OTHER = Provider(
    "other", "elsewhere", part="cloud", modules=("openai", "httpx2"), key=("OTHER_API_KEY",),
    address="http://127.0.0.1:9/v1",
)  # fmt: skip
SPEC = ModelSpec("other/big", OTHER, "big", 8192, 1024, tokenizer="o200k_base")


@pytest.mark.parametrize("provider", providers().values(), ids=str)
def test_a_file_says_what_it_takes_to_ask(provider: Provider) -> None:
    module = module_of(provider)
    assert module.PROVIDER is provider and module.__doc__
    if provider.is_cloud:
        assert provider.host and provider.key and provider.part and provider.price_id
    assert provider.is_served == bool(provider.key) == bool(provider.package)
    assert pickle.loads(pickle.dumps(provider)) == provider


def test_settings_and_the_doctor_are_made_of_the_registry(tmp_path: Path) -> None:
    settings = {one.name: one for one in SETTINGS}
    keyed = {name: one for name, one in providers().items() if one.key}
    for name, one in keyed.items():
        setting = settings[one.key[0].lower()]
        assert setting.secret and setting.environment == one.key and setting.not_in_file
        told = read_settings({"HOME": str(tmp_path), one.key[-1]: "a key"})
        assert {of for of, key in told.keys.items() if key} == {name}
    for name, one in providers().items():
        if one.address_variable:
            told = read_settings({"HOME": str(tmp_path), one.address_variable: "http://a/"})
            assert told.base_urls[name] == "http://a/"
    assert set(wishes()) >= keyed.keys()
    small = ModelSpec("local/none", providers()["local"], "none", 1, 1, weights="package:none")
    found = examine(small, cache=tmp_path, threads=1, keys={"claude": True}, wanted=["claude"])
    assert [one["ok"] for one in found if one["name"] == "claude/… models"] == [True]


def test_who_has_no_batches_is_told_who_has() -> None:
    told = no_batches(SPEC).next or ""
    assert all((f"{name}/…" in told) == one.batches for name, one in providers().items())


def test_without_a_model_nobody_is_asked(tmp_path: Path) -> None:
    spec = ModelSpec("extractive", providers()["extractive"], "extractive", 1, 1)
    with pytest.raises(InputError, match="no model"):
        open_model(spec, ModelOptions(tmp_path))


def test_a_second_cloud_of_a_known_protocol_goes_by_its_own_key_and_address(
    tmp_path: Path,
) -> None:
    assert SPEC.leaves_machine and SPEC.needs_key
    assert host_of(SPEC) == "127.0.0.1" and host_of(replace(SPEC, base_url="http://b/")) == "b"
    with pytest.raises(ModelError) as failure:
        OpenAIModel(SPEC, ModelOptions(tmp_path))
    assert "OTHER_API_KEY" in (failure.value.next or "")
    model = OpenAIModel(SPEC, ModelOptions(tmp_path, key="a key"))
    told = model.describe()  # nobody listens there: a cloud is not asked what it has loaded
    model.close()
    assert told["address"] == OTHER.address and told["served"] == ""
