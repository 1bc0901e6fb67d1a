"""Whether our scorers give published replies the verdicts that were published.

    python benchmarks/golden.py FILE…

``gpt4_passkey.jsonl`` and its like are InfiniteBench's stored predictions, held against the
accuracy of its table; any other file holds needle replies with a judge's mark (``model_response``,
``score``), as Kamradt's Claude 2.1 run stores them. Without a file, three replies of each kind that
were written for the project show what is checked. Prints a table, every reply on which we and the
judge disagree and, last, one JSON line; the exit code is 1 when a figure is not reproduced.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from evals.metrics.golden import GoldenCheck, check

#: Replies of our own in the two shapes, for a run without files.
_OURS = {
    "gpt4_passkey": [
        {"prediction": "The pass key is 40417.", "ground_truth": "40417"},
        {"prediction": " 88031. Remember it.", "ground_truth": ["88031"]},
        {"prediction": "It said 17290, I think.", "ground_truth": "17290"},
    ],
    "judged": [
        {"model_response": "Eat a sandwich in Dolores Park on a sunny day.", "score": 10},
        {"model_response": "The text does not say.", "score": 1},
        {"model_response": "Ride a cable car.", "score": 3},
    ],
}


def own_files(folder: Path) -> list[Path]:
    """Our own replies as files."""
    files = []
    for name, rows in _OURS.items():
        files.append(folder / f"{name}.jsonl")
        files[-1].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return files


def report(checks: Sequence[GoldenCheck]) -> dict[str, object]:
    """Print the table; the JSON line's figures."""
    print(f"{'file':24} {'figure':10} {'ours':>8} {'published':>10} {'n':>6}  reproduced")
    for one in checks:
        print(
            f"{one.source:24} {one.metric:10} {one.ours:8.2f} {one.published:10.2f} {one.n:6}  "
            f"{'yes' if one.reproduced else 'NO'}"
        )
    for one in checks:
        for number, reply in enumerate(one.differing, 1):
            print(f"\n{one.source}, disagreement {number}: {' '.join(reply.split())}")
    return {
        "benchmark": "golden",
        "files": len(checks),
        "reproduced": sum(one.reproduced for one in checks),
        "figures": {
            one.source: {"ours": round(one.ours, 2), "published": one.published, "n": one.n,
                         "disagreements": len(one.differing)}
            for one in checks
        },
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checks = [check(file) for file in asked.files or own_files(Path(folder))]
    print(json.dumps(report(checks)))
    return 0 if all(one.reproduced for one in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
