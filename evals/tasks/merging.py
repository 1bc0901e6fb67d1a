"""How good a merge is against its truth, and what a model's answers about pairs are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evals.declared import PATHS, Asked, Deployment, Eval
from evals.result_tables import Table, merge_price, rate
from pipeline.amounts import counted
from pipeline.config.options import EvalOptions, option, setting
from pipeline.providers.extractive import EXTRACTIVE


@dataclass(frozen=True, kw_only=True)
class MergingOptions(EvalOptions):
    """A merge measured against its truth."""

    truth: str | None = option(
        None, "What is known of these documents; without it, copies are planted.", "Truth"
    )
    propose: bool = setting("propose", "Ask a model without a record, for proposals only")
    pairs: int | None = setting("pairs", "Questions about pairs, at most", least=0)
    most: int = option(
        200, "Stories to plant copies of, at most.", "Stories to plant copies of", least=10
    )
    again: bool = option(True, "Shuffled and in other parts, too.", "Merge in other orders, too")


def _run(asked: Asked) -> dict[str, Any]:
    from evals.merges.backlog_merge import run_merging

    return run_merging(asked)


def _price(asked: Asked) -> dict[str, Any]:
    from evals.merges.backlog_merge import price_merging

    return price_merging(asked)


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """A merge against its truth, how stable it is, and what a judge's answers are worth."""
    judge = result["judge"]
    believed = judge["believed"] if judge else {}
    rows: list[list[object]] = [
        [name.replace("_", " "), rate(value), rate(believed.get(name))]
        for name, value in result["scores"].items()
    ]
    for how, figures in result["stability"].items():
        rows.append([f"the same, {how}", rate(figures["stable_f1"]), None])
    heads = ["figure", "as merged", "if the judge acted"]
    width = len(heads) if judge else 2
    yield Table(
        heads[:width],
        [row[:width] for row in rows],
        title=f"{counted(result['stories'], 'story', 'stories')} merged, truth: {result['truth']}",
    )
    if judge is None:
        return
    yield Table(
        ["answer", "precision", "recall"],
        [
            [
                answer.replace("_", " "),
                rate(judge["scores"][f"{answer}_precision"]),
                rate(judge["scores"][f"{answer}_recall"]),
            ]
            for answer in ("one_need", "overlapping", "contradicting", "different")
        ],
        title=f"{result['model']} on {judge['compared']:,} pairs that the truth names",
    )
    for reason, n in judge["failed"].items():
        yield f"{n:,} of {judge['asked']:,} calls failed: {reason}"
    yield "its answers acted on nothing: it has no record of an exam"


#: As the pages of the dashboard are written.
_DRAWN = """
filters:
  merging:
    label: Merging run
    kind: choice
    options: >-
      SELECT id, model || ' · ' || strategy || ' · ' || replace(substr(started, 1, 16), 'T', ' ')
      FROM run WHERE kind = 'merging' ORDER BY started DESC LIMIT 100
    default: >-
      SELECT id FROM run WHERE kind = 'merging' AND state = 'completed' ORDER BY started DESC LIMIT
      1
cards:
  f1:
    title: "Was the right thing put into one entry?"
    kind: intervals
    width: 6
    sql: >-
      SELECT replace(name, '_', ' ') AS label, 'merge' AS series, value, low, high, n
      FROM score WHERE run = :merging AND item = '' AND value IS NOT NULL
      AND name IN ('pairwise_precision', 'pairwise_recall', 'pairwise_f1', 'b_cubed_precision',
      'b_cubed_recall', 'b_cubed_f1') ORDER BY label
    empty: "Not measured yet. Measure it: storytransformer eval merging PATHS…"
    display: {title: share, domain: [0, 1]}
  together:
    title: What was folded, stands together, and was marked
    kind: intervals
    width: 6
    tall: 2
    sql: >-
      SELECT replace(replace(name, 'lookalikes', 'look-alikes'), '_', ' ') AS label, 'merge' AS
      series, value, low, high, n
      FROM score WHERE run = :merging AND item = '' AND value IS NOT NULL AND (name LIKE 'folded%'
      OR name LIKE 'together%'
      OR name IN ('next_to', 'lookalikes_folded', 'conflicts_marked', 'conflicts_in_one_entry',
      'marks_true', 'standing_words', 'kept')) ORDER BY label
    empty: "Not measured yet. Measure it: storytransformer eval merging PATHS…"
    display: {title: share, domain: [0, 1]}
"""

EVAL = Eval(
    name="merging",
    help="How good a merge is against its truth; with --propose, what a model's answers are worth.",
    place=60,
    arguments=(PATHS,),
    options=MergingOptions,
    model=EXTRACTIVE,
    run=_run,
    shown=_shown,
    price=_price,
    priced=merge_price,
    deployment=Deployment(
        "mergings",
        "Merge quality against a known truth.",
        "merge quality",
        {"paths": ["data/sample"], "truth": "data/sample/truth.json"},
    ),
    page="quality",
    chooser="merging",
    drawn=_DRAWN,
)
