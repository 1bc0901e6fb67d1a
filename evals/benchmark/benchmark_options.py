"""What a benchmark is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config.options import Options, option, parse_integers, setting


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions(Options):
    """What is measured of a model in one sitting."""

    hours: float | None = option(
        None, "Begin nothing that does not fit into so many hours.", "Hours, at most", least=0
    )
    lengths: tuple[int, ...] | None = option(
        None,
        "Prompt tokens, comma separated [from 1024 to the window or 32768].",
        "Prompt lengths in tokens",
        parse=parse_integers,
    )
    depths: tuple[float, ...] = option(
        (0, 50, 100),
        "Percent, comma separated [0,50,100].",
        "Depths in percent",
        parse=parse_integers,
    )
    labels: str | None = option(
        None,
        "Labelled pairs of your own, JSON Lines [built-in exam].",
        "Labelled pairs of your own",
    )
    pairs: int | None = setting("pairs", "Questions about pairs, at most", least=0)
    train: bool | None = option(
        None,
        "Train a judge, too [where the extra is there].",
        "Train a judge",
        "--train/--no-train",
    )
    train_pairs: int = option(6400, "Pairs to train with.", "Pairs to train with", least=8)
    out: str = option("benchmark", "Folder of the report.", "Folder of the report")
