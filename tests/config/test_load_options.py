from __future__ import annotations

import pytest

from pipeline.catalog import Catalog
from pipeline.config.load_options import Setup, split_setup
from pipeline.config.settings import read_settings
from pipeline.errors import InputError


@pytest.mark.parametrize(
    ("name", "plain", "setup"),
    [
        ("local/m", "local/m", Setup()),
        ("local/m@4bit,cache8", "local/m", Setup(bits=4, cache_bits=8)),
        ("local/m@yarn2.5,eager", "local/m", Setup(yarn=2.5, attention="eager")),
        ("local//home/a@b/c", "local//home/a@b/c", Setup()),
        ("local//home/a@b.gguf", "local//home/a@b.gguf", Setup()),
        (
            "local//home/a@b/c@float32,spread",
            "local//home/a@b/c",
            Setup(dtype="float32", spread=True),
        ),
    ],
)
def test_words_behind_a_name(name: str, plain: str, setup: Setup) -> None:
    assert split_setup(name) == (plain, setup)


@pytest.mark.parametrize("word", ["3bit", "yarn1", "yarn0", "", "fast"])
def test_an_unknown_word_is_refused_with_the_known_ones(word: str) -> None:
    with pytest.raises(InputError, match="unknown word") as caught:
        split_setup(f"local/m@{word}")
    assert "yarnN" in caught.value.next


def test_the_catalogue_reads_them() -> None:
    catalog = Catalog(read_settings().models_toml)
    plain = catalog.find("local/smollm2-135m")
    found = catalog.find("local/smollm2-135m@4bit,yarn2")
    assert (found.setup.bits, found.window) == (4, 2 * plain.window)
    told = catalog.find("local/folder/m@8bit?window=4096")
    assert (told.weights, told.window, told.setup.bits) == ("folder/m", 4096, 8)
    assert (found.weights, found.name) == (plain.weights, "local/smollm2-135m@4bit,yarn2")
