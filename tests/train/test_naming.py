"""``local/NAME@lora=PATH``: who is asked with which prompt, and whose record it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.catalog import Catalog
from pipeline.config.load_options import Setup, split_setup
from pipeline.config.settings import read_settings
from pipeline.engine.weights.adapters import CARD, CONFIG, WEIGHTS, read_card
from pipeline.errors import EngineError, InputError
from pipeline.plan.pairs import PAIR_PROMPT, pair_prompt
from pipeline.providers.opening import missing_weights, revision_of
from pipeline.run.judge_record import judge_of
from pipeline.train.training_report import setting

BASE = "local/smollm2-135m"


def adapter(folder: Path, weights: bytes = b"w", **card: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text('{"r": 4, "lora_alpha": 8, "peft_type": "LORA"}')
    (folder / WEIGHTS).write_bytes(weights)
    if card:
        (folder / CARD).write_text(json.dumps(card))
    return folder


@pytest.mark.parametrize(
    ("name", "plain", "setup"),
    [
        ("local/m@lora=a/b.c", "local/m", Setup(lora="a/b.c")),
        ("local/m@8bit,lora=../j", "local/m", Setup(bits=8, lora="../j")),
        ("local//a@b/c@lora=/x/y@z", "local//a@b/c", Setup(lora="/x/y@z")),
    ],
)
def test_an_adapter_stands_last(name: str, plain: str, setup: Setup) -> None:
    assert split_setup(name) == (plain, setup)


def test_an_adapter_is_part_of_who_is_asked(tmp_path: Path) -> None:
    settings = read_settings()
    catalog = Catalog(settings.models_toml)
    told = {"base": BASE, "base_sha256": "0" * 64, "prompt": "judge-brief.v1"}
    one = catalog.find(f"{BASE}@lora={adapter(tmp_path / 'one', **told)}")
    two = catalog.find(f"{BASE}@lora={adapter(tmp_path / 'two', b'v', **told)}")
    plain = catalog.find(BASE)
    assert one.window == plain.window and one.weights == plain.weights
    judges = [judge_of(s, tmp_path, settings.prompts, "exam") for s in (plain, one, two)]
    assert len({judge.adapter for judge in judges}) == 3 and judges[0].adapter == ""
    assert len({judge.revision for judge in judges}) == 1
    assert len({judge.quantisation for judge in judges}) == 1
    assert [judge.prompt for judge in judges[1:]] == ["judge-brief.v1"] * 2
    assert judges[0].prompt.startswith(PAIR_PROMPT)
    assert len({revision_of(s, tmp_path) for s in (plain, one, two)}) == 3
    # Weights touched again are another adapter.
    adapter(tmp_path / "one", b"changed", **told)
    assert judge_of(one, tmp_path, settings.prompts, "exam").adapter != judges[1].adapter


def test_an_adapter_without_a_card_is_asked_as_its_base_is(tmp_path: Path) -> None:
    spec = Catalog(read_settings().models_toml).find(f"{BASE}@lora={adapter(tmp_path)}")
    assert read_card(str(tmp_path)) is None
    assert pair_prompt(spec) == PAIR_PROMPT


def test_a_broken_card_and_a_missing_adapter_are_told(tmp_path: Path) -> None:
    catalog = Catalog(read_settings().models_toml)
    adapter(tmp_path)
    (tmp_path / CARD).write_text("{")
    with pytest.raises(EngineError, match="card of the adapter cannot be read"):
        pair_prompt(catalog.find(f"{BASE}@lora={tmp_path}"))
    gone = catalog.find(f"{BASE}@lora={tmp_path / 'gone'}")
    missing = missing_weights(gone, tmp_path)
    assert missing is not None
    assert revision_of(gone, tmp_path).endswith(f"not here: {tmp_path / 'gone'}")


def test_settings_are_read_as_what_they_look_like() -> None:
    assert setting("learning_rate=2e-4") == ("learning_rate", 2e-4)
    assert setting("r=8") == ("r", 8)
    assert setting("use_rslora=true") == ("use_rslora", True)
    assert setting("target_modules=q_proj,v_proj") == ("target_modules", ["q_proj", "v_proj"])
    assert setting("optim=adafactor") == ("optim", "adafactor")
    with pytest.raises(InputError, match="sets nothing"):
        setting("r")
