"""A trained judge beside its base, on the built-in exam, by kind.

    python benchmarks/judge.py ADAPTER [CORPORA] [--base local/smollm2-135m] [--half report]
        [--part N] [--out FILE] [--db FILE]

The base is asked in the prompt that a merge asks it with, the adapter in the one that it was
trained with. The figures are those of ``benchmarks/exam.py``, which is what asks: n, the area
under the curve of "one need" with its interval, and what is found and wrongly called so, by kind.
Printed first is what the adapter's card says of its data and its training. ``make judge
STORIES=PATH`` trains one.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import exam

from pipeline.engine.weights.adapters import read_card


def card_lines(adapter: str) -> list[str]:
    """What an adapter says of itself, in a few lines."""
    card = read_card(adapter)
    if card is None:
        return [f"{adapter} has no card: nobody knows what it was trained on"]
    told = card.told
    losses = told["dev_losses"]
    return [
        f"{adapter}: {card.base} ({card.base_sha256[:12]}…), prompt {card.prompt}, seed "
        f"{told['seed']}",
        f"{told['steps']['trained_pairs']:,} of {told['data']['train_pairs']:,} pairs trained in "
        f"{told['seconds'] / 60:.0f} minutes, data {told['data']['sha256'][:12]}…; "
        f"{told['stopped']}",
        "loss on dev: " + ", ".join(f"{step}: {loss:.3f}" for step, loss in losses),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("adapter", nargs="?")
    parser.add_argument("corpora", nargs="?")
    parser.add_argument("--base", default="local/smollm2-135m")
    known, rest = parser.parse_known_args()
    if known.adapter is None:
        print(json.dumps({"benchmark": "judge", "skipped": "no ADAPTER was named"}))
        return 0
    for line in card_lines(known.adapter):
        print(line)
    models = [known.base, f"{known.base}@lora={Path(known.adapter)}"]
    given = [known.corpora] if known.corpora else []
    sys.argv = ["exam.py", *given, "--no-code", *rest]
    for name in models:
        sys.argv += ["--model", name]
    return exam.main()


if __name__ == "__main__":
    sys.exit(main())
