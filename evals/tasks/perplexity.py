"""How well a local model predicts text, by how much of it came before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evals.declared import PATHS, Asked, Eval
from evals.result_tables import Table
from pipeline.amounts import counted
from pipeline.config.extras import LOCAL
from pipeline.config.options import Options, option
from pipeline.errors import InputError
from pipeline.progress import Progress
from pipeline.providers.local import DEFAULT_LOCAL


@dataclass(frozen=True, kw_only=True)
class PerplexityOptions(Options):
    """The windows in which text is read."""

    context: int = option(2048, "Tokens of a window.", "Tokens of a window")
    stride: int = option(1024, "New tokens of every further window.", "New tokens of a window")
    tokens: int = option(20_000, "Measure at most so many.", "Tokens, at most")


def _run(asked: Asked) -> dict[str, Any]:
    """Perplexity of the documents' text, taken from them in order, by how much of it came before.

    Raises:
        InputError: the model is not local, no text, or a context that the window does not hold.
    """
    from evals.local_texts import opened, texts
    from evals.metrics.token_loss import measure
    from evals.recorded import figure
    from pipeline.store.rows.eval_rows import Score

    chosen: PerplexityOptions = asked.chosen
    with opened(asked) as model:
        if chosen.context > model.engine().window:
            raise InputError(
                f"a context of {chosen.context:,} tokens does not fit the window of "
                f"{model.engine().window:,}.",
                where="--context",
                next="Give a smaller one.",
            )
        strategy = f"{chosen.context}/{chosen.stride}"
        with asked.recorded(strategy=strategy, revision=model.revision) as run:
            found = measure(
                texts(model, asked),
                model.engine().losses,
                context=chosen.context,
                stride=chosen.stride,
                progress=lambda n: asked.show(
                    Progress("perplexity", "tokens", done=n, total=max(n, chosen.tokens), fresh=n)
                ),
            )
            rows = [asdict(bucket) for bucket in found.buckets]
            whole = figure(
                "perplexity", found.perplexity, nll_sum=found.nll_sum, n_tokens=found.n_tokens
            )
            losses = [
                Score("loss", f"{row['low']:06}", row["nll_sum"] / row["n"], n=row["n"], detail=row)
                for row in rows
            ]
            asked.store.save_scores(run, [whole, *losses])
            asked.store.update_run(run, describe=dict(model.describe()))
    return {
        "run": run,
        "model": asked.spec.name,
        "scores": {"perplexity": found.perplexity._asdict()},
        "nll_sum": found.nll_sum,
        "n_tokens": found.n_tokens,
        "buckets": rows,
    }


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """Perplexity with its interval, and the mean loss by tokens before."""
    yield Table(
        ["tokens before", "tokens", "loss (nats)"],
        [
            [f"{b['low']:,} to {b['high'] - 1:,}", f"{b['n']:,}", f"{b['nll_sum'] / b['n']:.3f}"]
            for b in result["buckets"]
        ],
        title=f"loss of {result['model']} by how much came before",
    )
    score = result["scores"]["perplexity"]
    yield (
        f"perplexity {score['mean']:.2f}  [{score['low']:.2f}, {score['high']:.2f}]  "
        f"n={counted(score['n'], 'window')}, {counted(result['n_tokens'], 'token')}"
    )


#: As the pages of the dashboard are written.
_DRAWN = """
cards:
  perplexity:
    title: "Perplexity by position: does more context help?"
    kind: lines
    width: 6
    sql: >-
      SELECT r.id AS run, r.model AS series, json_extract(s.detail, '$.low') AS low_token,
      json_extract(s.detail, '$.high') AS high_token,
      (json_extract(s.detail, '$.low') + coalesce(json_extract(s.detail, '$.high'),
      json_extract(s.detail, '$.low'))) / 2.0 AS x, exp(s.value) AS y, s.n
      FROM (SELECT id, model, row_number() OVER (PARTITION BY model ORDER BY started DESC) AS
      newest FROM run
      WHERE kind = 'perplexity' AND state = 'completed') r JOIN score s ON s.run = r.id AND s.name
      = 'loss'
      WHERE r.newest = 1 ORDER BY r.model, s.item
    empty: >-
      Not measured yet. Measure it: storytransformer eval perplexity PATHS… --model
      local/smollm2-135m
    display: {x: tokens before it, y: perplexity}
"""

EVAL = Eval(
    name="perplexity",
    help="How well a local model predicts text, by how much of it came before.",
    place=63,
    arguments=(PATHS,),
    options=PerplexityOptions,
    model=DEFAULT_LOCAL,
    part=LOCAL,
    run=_run,
    shown=_shown,
    page="quality",
    drawn=_DRAWN,
)
