"""The picture of window sizes for a corpus of the database."""

from __future__ import annotations

import sqlite3
from datetime import date
from functools import lru_cache
from pathlib import Path


def words(connection: sqlite3.Connection, corpus: str) -> int | None:
    """How many words a corpus has; None when there is no such corpus."""
    found = connection.execute("SELECT n_words FROM corpus WHERE sha256 = ?", (corpus,)).fetchone()
    return int(found[0]) if found and found[0] else None


@lru_cache(maxsize=16)
def draw(n_words: int, models_toml: str, today: date) -> str:
    """Window size against dollars, time and memory on this machine, as SVG.

    Args:
        today: the date of the prices.
    """
    # The catalogue of prices takes half a second to import: a page that never asks need not wait.
    from pipeline.catalog import Catalog
    from pipeline.cost.hardware import detect_hardware
    from pipeline.cost.model_choice import default_choices
    from pipeline.cost.picture import draw_windows

    catalog = Catalog(Path(models_toml))
    hardware = detect_hardware(catalog.gpus)
    choices = default_choices(catalog, words=n_words, as_of=today, today=today, gpu=hardware.gpu)
    return draw_windows(n_words, choices, catalog, as_of=today, hardware=hardware)
