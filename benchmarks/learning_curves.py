"""What more pairs, another rank, another seed or a kind left out do to a judge that is trained.

    python benchmarks/learning_curves.py STORIES... --work DIR [--point PAIRS,RANK,SEED[,KIND]]...
        [--base local/smollm2-135m] [--most-tokens 96] [--out FILE]

Each point is a training by ``train judge`` with so many pairs, at that rank, from that seed,
without pairs of KIND where one is named. It is judged on the half ``threshold`` of the exam's
written pairs, never on the half that reports. Trainings that are done below DIR are not done again,
and one that was interrupted goes on from its last checkpoint.

Prints a table: n, loss on dev, the area under the curve of "one need" with its interval, and, where
the half is parted best, how many of each kind are found and called so wrongly; last, a JSON line a
point, which ``--out`` appends to a file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

POINTS = (
    "1000,16,17", "1000,8,17", "1000,16,18", "4000,16,17", "4000,8,17", "4000,16,18", "16000,16,17",
)  # fmt: skip


HEAD = (
    "| pairs seen | rank | seed | without | loss on dev | area under the curve | found | called "
    "one need wrongly | minutes |\n|--:|--:|--:|---|--:|---|---|---|--:|"
)


def command(*words: str) -> None:
    """The product's own command, its progress on this screen.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run([sys.executable, "-P", "-m", "pipeline", *words], check=True)


def trained(point: str, options: argparse.Namespace) -> Path:
    """The folder of the adapter of a point."""
    pairs, rank, seed, *without = point.split(",")
    folder: Path = options.work / "-".join(["p" + pairs, "r" + rank, "s" + seed, *without])
    if (folder / "judge.json").is_file():
        return folder
    sources = [word for path in options.stories for word in ("--from", path)]
    left_out = [word for kind in without for word in ("--without", kind)]
    command(
        "train", "judge", *sources, *left_out, "--pairs", pairs, "--dev-pairs", "160",
        "--seed", seed, "--most-tokens", str(options.most_tokens), "--base", options.base,
        "--out", str(folder),
        "--set", f"r={rank}", "--set", f"lora_alpha={2 * int(rank)}",
        "--db", str(options.work / "learning.sqlite"),
    )  # fmt: skip
    return folder


def judged(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What the exam finds of an adapter on the half ``threshold``; kept beside it."""
    kept = folder / "exam.jsonl"
    if not kept.is_file():
        subprocess.run(
            [sys.executable, str(Path(__file__).parent / "exam.py"), "--set", "pairs", "--no-code",
             "--half", "threshold", "--model", f"{options.base}@lora={folder}",
             "--out", str(kept)],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8").splitlines()[-1])
    return found


def row_of(point: str, folder: Path, exam: dict[str, Any]) -> dict[str, Any]:
    """A point as a row: what it was trained with and what was found."""
    card = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    pairs, rank, seed, *without = point.split(",")
    return {
        "pairs": int(pairs), "rank": int(rank), "seed": int(seed), "without": without,
        "trained_pairs": card["steps"]["trained_pairs"], "stopped": card["stopped"],
        "data": card["data"]["sha256"][:12], "minutes": round(card["seconds"] / 60, 1),
        "dev_loss": round(min(loss for _, loss in card["dev_losses"]), 4),
        "n": exam["n"], "auc": exam["auc"], "auc_interval": exam["auc_interval"],
        "at_parting": exam["at_parting"],
    }  # fmt: skip


def show(row: dict[str, Any]) -> str:
    """A row as a line of a Markdown table."""
    found, wrong = (row["at_parting"]["all"].get(sort, [0, 0, 0, 0]) for sort in ("found", "wrong"))
    rates = (f"{h}/{n} [{low:.1%}, {high:.1%}]" for h, n, low, high in (found, wrong))
    low, high = row["auc_interval"]
    left_out = ", ".join(row["without"]) or "–"
    return (
        f"| {row['trained_pairs']:,} | {row['rank']} | {row['seed']} | {left_out} | "
        f"{row['dev_loss']:.3f} | {row['auc']:.3f} [{low:.3f}, {high:.3f}] | {' | '.join(rates)} | "
        f"{row['minutes']:.0f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stories", nargs="*", help="files or folders to make pairs of")
    parser.add_argument("--work", type=Path, help="where adapters are kept")
    parser.add_argument("--point", action="append", metavar="PAIRS,RANK,SEED[,KIND]")
    parser.add_argument("--base", default="local/smollm2-135m")
    parser.add_argument("--most-tokens", type=int, default=96)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not options.stories or options.work is None:
        print(json.dumps({"benchmark": "learning_curves", "skipped": "no STORIES or no --work"}))
        return 0
    options.work.mkdir(parents=True, exist_ok=True)
    rows = []
    print(HEAD, flush=True)
    for point in options.point or POINTS:
        folder = trained(point, options)
        rows.append(row_of(point, folder, judged(folder, options)))
        print(show(rows[-1]), flush=True)
    for row in rows:
        line = json.dumps({"benchmark": "learning_curves", **row})
        print(line)
        if options.out is not None:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
