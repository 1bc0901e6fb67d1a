"""Perplexity and kernel parity of a local model as runs of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from evals.metrics.perplexity import measure
from evals.recorded import figure, recorded
from pipeline.errors import InputError
from pipeline.models import ModelSpec
from pipeline.progress import Progress, Show, show_nothing
from pipeline.providers.base import ModelOptions
from pipeline.providers.local.local_model import LocalModel
from pipeline.run.corpus import gather
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score


def run_perplexity(
    paths: Sequence[str],
    spec: ModelSpec,
    options: ModelOptions,
    store: Store,
    *,
    context: int,
    stride: int,
    tokens: int,
    show: Show = show_nothing,
) -> dict[str, Any]:
    """Perplexity of the documents' text, by how much of it came before.

    Args:
        context: tokens of a window.
        stride: new tokens of every window but the first.
        tokens: at most so many, taken from the documents in order.

    Returns:
        What ``eval perplexity --json`` prints.

    Raises:
        InputError: the model is not local, no text, or a context that the window does not hold.
    """
    with _opened(spec, options) as model:
        if context > model.engine().window:
            raise InputError(
                f"a context of {context:,} tokens does not fit the window of "
                f"{model.engine().window:,}.",
                where="--context",
                next="Give a smaller one.",
            )
        given = {"paths": list(paths), "context": context, "stride": stride, "tokens": tokens}
        with recorded(
            store,
            kind="perplexity",
            model=spec.name,
            strategy=f"{context}/{stride}",
            revision=model.revision,
            parameters=given,
        ) as run:
            found = measure(
                _texts(model, paths, store, tokens),
                model.engine().losses,
                context=context,
                stride=stride,
                progress=lambda n: show(
                    Progress("perplexity", "tokens", done=n, total=max(n, tokens), fresh=n)
                ),
            )
            rows = [asdict(bucket) for bucket in found.buckets]
            store.save_scores(
                run,
                [
                    figure(
                        "perplexity",
                        found.perplexity,
                        nll_sum=found.nll_sum,
                        n_tokens=found.n_tokens,
                    ),
                    *(
                        Score(
                            "loss",
                            f"{row['low']:06}",
                            row["nll_sum"] / row["n"],
                            n=row["n"],
                            detail=row,
                        )
                        for row in rows
                    ),
                ],
            )
            store.update_run(run, describe=dict(model.describe()))
    return {
        "run": run,
        "model": spec.name,
        "scores": {"perplexity": found.perplexity._asdict()},
        "nll_sum": found.nll_sum,
        "n_tokens": found.n_tokens,
        "buckets": rows,
    }


def run_kernels(
    paths: Sequence[str],
    spec: ModelSpec,
    options: ModelOptions,
    store: Store,
    *,
    tokens: int,
) -> dict[str, Any]:
    """Every attention kernel on the same tokens: logits and loss beside the score matrix's.

    Returns:
        What ``eval kernels --json`` prints.

    Raises:
        InputError: the model is not local, or no text.
    """
    with _opened(spec, options) as model:
        ids = [token for text in _texts(model, paths, store, tokens) for token in text]
        with recorded(
            store,
            kind="kernels",
            model=spec.name,
            strategy="parity",
            revision=model.revision,
            parameters={"paths": list(paths), "tokens": tokens},
        ) as run:
            rows = [asdict(parity) for parity in model.engine().compare_kernels(ids)]
            store.save_scores(
                run,
                [
                    Score("kernel", row["name"], row["largest_gap"], n=len(ids), detail=row)
                    for row in rows
                ],
            )
            store.update_run(run, describe=dict(model.describe()))
    return {"run": run, "model": spec.name, "n_tokens": len(ids), "kernels": rows}


@contextmanager
def _opened(spec: ModelSpec, options: ModelOptions) -> Iterator[LocalModel]:
    if not spec.provider.is_local:
        raise InputError(
            f"{spec.name} tells nobody how likely a text is to it.",
            where="--model",
            next="Name a local/… model.",
        )
    model = LocalModel(spec, options)
    try:
        yield model
    finally:
        model.close()


def _texts(
    model: LocalModel, paths: Sequence[str], store: Store, tokens: int
) -> Iterator[list[int]]:
    """The ids of each document's text, until there are ``tokens`` of them."""
    encode = model.engine().tokenizer.encode
    for extraction in gather(paths, cache=store).extractions:
        if tokens < 2:
            return
        # Prose has four to five characters a token: the rest of a long book is not encoded.
        ids = encode(extraction.document.text[: 8 * tokens])[:tokens]
        tokens -= len(ids)
        yield ids
