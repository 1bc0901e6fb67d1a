"""Whether the attention kernels of a local model agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evals.declared import PATHS, Asked, Eval
from evals.result_tables import Table
from pipeline.config.extras import LOCAL
from pipeline.config.options import Options, option
from pipeline.providers.local import DEFAULT_LOCAL


@dataclass(frozen=True, kw_only=True)
class KernelsOptions(Options):
    """The text on which kernels are compared."""

    tokens: int = option(1024, "Length of the text read.", "Length of the text")


def _run(asked: Asked) -> dict[str, Any]:
    """Every attention kernel on the same tokens: logits and loss beside the score matrix's.

    Raises:
        InputError: the model is not local, or no text.
    """
    from evals.local_texts import opened, texts
    from pipeline.store.rows.eval_rows import Score

    with opened(asked) as model:
        ids = [token for text in texts(model, asked) for token in text]
        with asked.recorded(strategy="parity", revision=model.revision) as run:
            rows = [asdict(parity) for parity in model.engine().compare_kernels(ids)]
            asked.store.save_scores(
                run,
                [
                    Score("kernel", row["name"], row["largest_gap"], n=len(ids), detail=row)
                    for row in rows
                ],
            )
            asked.store.update_run(run, describe=dict(model.describe()))
    return {"run": run, "model": asked.spec.name, "n_tokens": len(ids), "kernels": rows}


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """Every attention kernel beside the score matrix, or why it cannot run here."""
    yield Table(
        ["kernel", "loss (nats)", "largest logit gap", "same choice", "not run because"],
        [
            [
                k["name"],
                None if k["loss"] is None else f"{k['loss']:.5f}",
                None if k["largest_gap"] is None else f"{k['largest_gap']:.2g}",
                None if k["same_choice"] is None else f"{k['same_choice']:.4f}",
                k["why_not"] or None,
            ]
            for k in result["kernels"]
        ],
        title=f"kernels of {result['model']} on {result['n_tokens']:,} tokens",
    )


#: As the pages of the dashboard are written.
_DRAWN = """
cards:
  kernels:
    title: Do the attention kernels agree?
    rows: 12
    count: SELECT count(*) FROM score WHERE name = 'kernel'
    sql: >-
      SELECT r.model, s.item AS kernel, s.value AS gap, s.n AS tokens, r.started FROM score s JOIN
      run r ON r.id = s.run
      WHERE s.name = 'kernel' ORDER BY r.started DESC, s.item
    empty: >-
      Not measured yet. Measure it: storytransformer eval kernels PATHS… --model local/smollm2-135m
    display:
      columns:
        - {field: model}
        - {field: kernel}
        - {field: gap, label: largest gap of logits, as: small}
        - {field: tokens, as: integer}
"""

EVAL = Eval(
    name="kernels",
    help="Whether the attention kernels agree: logits and loss beside the score matrix's.",
    place=110,
    arguments=(PATHS,),
    options=KernelsOptions,
    model=DEFAULT_LOCAL,
    part=LOCAL,
    run=_run,
    shown=_shown,
    page="quality",
    drawn=_DRAWN,
)
