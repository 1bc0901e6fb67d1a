"""``storytransformer eval perplexity`` and ``kernels``: what a local model's own losses tell."""

from __future__ import annotations

from typing import Annotated

import typer

from evals import screen
from pipeline.console import emit, say
from pipeline.edge import Edge
from pipeline.options import AsJson, Config, Db, Debug, Model, Paths, Quiet
from pipeline.parts import require


def perplexity(
    paths: Paths,
    model: Model = "local/smollm2-135m",
    context: Annotated[int, typer.Option(help="Tokens of a window.")] = 2048,
    stride: Annotated[int, typer.Option(help="New tokens of every further window.")] = 1024,
    tokens: Annotated[int, typer.Option(help="Measure at most so many.")] = 20_000,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """How well a local model predicts text, by how much of it came before."""
    from evals.loss_run import run_perplexity

    require("local", where=model)
    edge, line = Edge.read(db, config=config), say(quiet)
    spec = edge.catalog.find(model)
    with edge.store() as store:
        result = run_perplexity(
            paths,
            spec,
            edge.options(spec),
            store,
            context=context,
            stride=stride,
            tokens=tokens,
            show=line.show,
        )
    if json:
        emit(result)
    else:
        screen.perplexity_summary(result)
        screen.show_next(result, db, config)


def kernels(
    paths: Paths,
    model: Model = "local/smollm2-135m",
    tokens: Annotated[int, typer.Option(help="Length of the text read.")] = 1024,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Whether the attention kernels agree: logits and loss beside the score matrix's."""
    from evals.loss_run import run_kernels

    require("local", where=model)
    edge = Edge.read(db, config=config)
    spec = edge.catalog.find(model)
    with edge.store() as store:
        result = run_kernels(paths, spec, edge.options(spec), store, tokens=tokens)
    if json:
        emit(result)
    else:
        screen.kernels_table(result)
        screen.show_next(result, db, config)
