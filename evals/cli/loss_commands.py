"""``storytransformer eval perplexity`` and ``kernels``: what a local model's own losses tell."""

from __future__ import annotations

from typing import Annotated

import typer

from evals.cli import eval_screen
from pipeline.cli.command_options import Here, Model, Paths, command
from pipeline.config.extras import LOCAL, require
from pipeline.console import emit
from pipeline.providers.local import DEFAULT_LOCAL


@command
def perplexity(
    paths: Paths,
    here: Here,
    model: Model = DEFAULT_LOCAL,
    context: Annotated[int, typer.Option(help="Tokens of a window.")] = 2048,
    stride: Annotated[int, typer.Option(help="New tokens of every further window.")] = 1024,
    tokens: Annotated[int, typer.Option(help="Measure at most so many.")] = 20_000,
) -> None:
    """How well a local model predicts text, by how much of it came before."""
    from evals.tasks.loss_run import run_perplexity

    require(LOCAL, where=model)
    runtime, line = here.runtime(), here.line
    spec = runtime.catalog.find(model)
    with runtime.store() as store:
        result = run_perplexity(
            paths,
            spec,
            runtime.options(spec),
            store,
            context=context,
            stride=stride,
            tokens=tokens,
            show=line.show,
        )
    if here.json:
        emit(result)
    else:
        eval_screen.perplexity_summary(result)
        eval_screen.show_next(result, here.db, here.config)


@command
def kernels(
    paths: Paths,
    here: Here,
    model: Model = DEFAULT_LOCAL,
    tokens: Annotated[int, typer.Option(help="Length of the text read.")] = 1024,
) -> None:
    """Whether the attention kernels agree: logits and loss beside the score matrix's."""
    from evals.tasks.loss_run import run_kernels

    require(LOCAL, where=model)
    runtime = here.runtime()
    spec = runtime.catalog.find(model)
    with runtime.store() as store:
        result = run_kernels(paths, spec, runtime.options(spec), store, tokens=tokens)
    if here.json:
        emit(result)
    else:
        eval_screen.kernels_table(result)
        eval_screen.show_next(result, here.db, here.config)
