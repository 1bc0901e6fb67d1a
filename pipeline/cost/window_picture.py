"""The trade-off of window sizes for so many words: the curves, and the picture with what it
assumes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pipeline.catalog import Catalog
from pipeline.cost.choice import WRITTEN_SHARE, Choice
from pipeline.cost.formulas import USABLE_SHARE
from pipeline.cost.hardware import Hardware
from pipeline.cost.picture import draw_tradeoff
from pipeline.cost.tradeoff import PROMPT_TOKENS, tradeoff_curves


def draw_windows(
    words: int,
    choices: Sequence[Choice],
    catalog: Catalog,
    *,
    as_of: date,
    hardware: Hardware,
    tokens_per_word: Decimal | None = None,
) -> str:
    """The trade-off of window sizes for so many words, as SVG text.

    Args:
        tokens_per_word: None for each model's own, as measured.
    """
    curves = tradeoff_curves(
        choices,
        catalog,
        words=words,
        tokens_per_word=tokens_per_word,
        as_of=as_of,
        hardware=hardware,
    )
    return draw_tradeoff(
        curves,
        title=f"{words:,} words in windows of every size, at prices of {as_of.isoformat()}",
        assumptions=(
            f"Everything read once, {WRITTEN_SHARE:.0%} of it written, no thinking; "
            f"{PROMPT_TOKENS} tokens of prompt a call; tokens a word: "
            f"{tokens_per_word or 'each model’s own, as measured'}.",
            "A dot marks the least. Lines of dollars and time end where a window’s reply would "
            "be over the model’s limit.",
        ),
        device=str(hardware),
        usable_bytes=int(hardware.device_bytes * USABLE_SHARE),
    )
