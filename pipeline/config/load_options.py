"""How a local model is loaded and asked, by words behind its name: ``local/NAME@4bit,best4``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pipeline.errors import InputError

#: The words a name may end with, for messages.
WORDS = (
    "8bit, 4bit (weights), cache8 (keys and values in 8 bits), yarnN (a window N times as long), "
    "float32, bfloat16, float16, flash_attention_2, sdpa_flash, sdpa, eager, spread (over all "
    "devices, main memory and disk), and last lora=PATH (an adapter)"
)


#: A name with an adapter: "smollm2-135m@8bit,lora=judges/mine".
_ADAPTER = re.compile(r"(?P<base>[^@]*(?:@[^@]*?)??)@(?P<words>(?:[\w.]+,)*)lora=(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Setup:
    """How a local model's weights are held and read, and how often it is asked.

    Args:
        bits: of the weights, 16 for ``dtype``.
        cache_bits: of keys and values.
        yarn: factor by which the window is stretched.
        dtype: "auto" for what the hardware multiplies.
        attention: a kernel by name, None for the best that runs.
        spread: over all devices, main memory and disk.
        lora: folder of a low-rank adapter, "" for none.
    """

    bits: int = 16
    cache_bits: int = 16
    yarn: float = 1.0
    dtype: str = "auto"
    attention: str | None = None
    spread: bool = False
    lora: str = ""


def split_setup(name: str) -> tuple[str, Setup]:
    """A local model's name without the words behind its last ``@``, and what they mean.

    A path may hold an ``@``, too: what follows one and has a slash or a dot is not a setup, unless
    it is a number's, or an adapter's path, which stands last.

    Raises:
        InputError: an unknown word.
    """
    if found := _ADAPTER.match(name):
        plain = f"{found['base']}@{found['words'].rstrip(',')}" if found["words"] else found["base"]
        base, setup = split_setup(plain)
        return base, replace(setup, lora=found["path"])
    before, at, after = name.rpartition("@")
    if not at or re.search(r"/|\.(?!\d)", after):
        return name, Setup()
    setup = Setup()
    for word in after.split(","):
        setup = _with(setup, word.strip(), name)
    return before, setup


def _with(setup: Setup, word: str, name: str) -> Setup:
    if word in ("8bit", "4bit"):
        return replace(setup, bits=int(word[0]))
    if word == "cache8":
        return replace(setup, cache_bits=8)
    if word == "spread":
        return replace(setup, spread=True)
    if word in ("float32", "bfloat16", "float16"):
        return replace(setup, dtype=word)
    if word in ("flash_attention_2", "sdpa_flash", "sdpa", "eager"):
        return replace(setup, attention=word)
    if (factor := re.fullmatch(r"yarn(\d+(?:\.\d+)?)", word)) and float(factor[1]) > 1:
        return replace(setup, yarn=float(factor[1]))
    raise InputError(f"unknown word {word!r} behind {name!r}.", next=f"Known are: {WORDS}.")
