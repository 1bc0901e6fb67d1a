"""Check our scorers on published replies whose verdicts are known.

The files are other people's and stay where they are; each reader takes a path.

- Kamradt's Claude-2.1 replies (``original_results`` of LLMTest_NeedleInAHaystack, MIT): the share
  of replies on which recall of the needle's three facts agrees with the stored judge's verdict.
- InfiniteBench's predictions (MIT): the published accuracy, by the published rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.metrics.scoring import contains, score
from pipeline.errors import InputError

#: The three facts of Kamradt's needle.
_FACTS = ("eat a sandwich", "dolores park", "sunny day")
#: The judge's lowest mark, of 10, that means "found".
_FOUND = 7

#: Published accuracy in percent: InfiniteBench's table (Zhang et al. 2024), by file name.
PUBLISHED = {
    "gpt4_passkey": 100.0,
    "gpt4_number_string": 100.0,
    "gpt4_kv_retrieval": 89.0,
    "claude2_passkey": 97.80,
    "claude2_number_string": 98.14,
    "claude2_kv_retrieval": 65.4,
    "kimi_passkey": 98.14,
    "kimi_number_string": 95.42,
    "kimi_kv_retrieval": 53.6,
    "chatglm3_passkey": 92.20,
    "chatglm3_number_string": 80.68,
    "chatglm3_kv_retrieval": 5.0,
}
#: Of these the table only says that they are below the figure.
_BELOW = ("chatglm3_kv_retrieval",)
#: Agreement with Kamradt's judge that a scorer of substrings reaches, in percent.
_AGREEMENT = 99.3


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """One figure of ours beside a published one, both in percent.

    Args:
        reproduced: ours is the published one to its two decimals, is below it where the source
            says no more, or, of verdicts, agrees with at least 99.3 %.
        differing: the replies on which we and the source disagree, where it gives verdicts.
    """

    source: str
    metric: str
    ours: float
    published: float
    n: int
    reproduced: bool
    differing: tuple[str, ...] = ()


def check_kamradt(path: Path) -> GoldenCheck:
    """Agreement with the judge; replies without a mark are left out.

    Raises:
        InputError: the file is missing or not of this shape.
    """
    agreed, differing = 0, []
    rows = [row for row in _rows(path, "model_response") if row.get("score") is not None]
    for row in rows:
        ours = score(row["model_response"], _FACTS).value == 1
        if ours == (row["score"] >= _FOUND):
            agreed += 1
        else:
            differing.append(row["model_response"])
    share = 100 * agreed / max(1, len(rows))
    return GoldenCheck(
        path.stem, "agreement", share, 100.0, len(rows), share >= _AGREEMENT, tuple(differing)
    )


def check_infinitebench(path: Path) -> GoldenCheck:
    """Our accuracy on a ``MODEL_TASK.jsonl`` beside the published one.

    The published rules: the first number of a reply, or the value as a word of it.

    Raises:
        InputError: an unknown task, or the file is missing or not of this shape.
    """
    if path.stem not in PUBLISHED:
        raise InputError("no published figure for it.", where=str(path))
    right: Callable[[str, str], bool]
    right = contains_value if path.stem.endswith("kv_retrieval") else first_number_is
    hits = [right(row["prediction"], _truth(row)) for row in _rows(path, "prediction")]
    share = 100 * sum(hits) / max(1, len(hits))
    published = PUBLISHED[path.stem]
    same = share < published if path.stem in _BELOW else round(share, 2) == published
    return GoldenCheck(path.stem, "accuracy", share, published, len(hits), same)


def check(path: Path) -> GoldenCheck:
    """The check that a file of published replies is for, by its name.

    Raises:
        InputError: as the two checks.
    """
    return check_infinitebench(path) if path.stem in PUBLISHED else check_kamradt(path)


def first_number_is(reply: str, expected: str) -> bool:
    """Whether the first run of digits in the reply is the expected number."""
    match = re.search(r"\d+", reply)
    return match is not None and match[0] == expected


def contains_value(reply: str, expected: str) -> bool:
    """Whether the value stands in the reply as a word."""
    return contains(expected, reply)


def _truth(row: dict[str, Any]) -> str:
    truth = row["ground_truth"]
    return str(truth[0] if isinstance(truth, Sequence) and not isinstance(truth, str) else truth)


def _rows(path: Path, needed: str) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise InputError("cannot be read.", where=str(path)) from exc
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as exc:
            raise InputError("not a line of JSON.", where=f"{path}, line {number}") from exc
        if needed in row:
            yield row
