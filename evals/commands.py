"""``storytransformer eval …``: parse, call, print."""

from __future__ import annotations

from typing import Annotated

import typer

from evals import screen
from pipeline.edge import Edge
from pipeline.errors import InputError
from pipeline.options import AllowCloud, AsJson, Db, Debug, Model, Paths, Prefect, Quiet
from pipeline.screen import emit, say

app = typer.Typer(
    help="Measure models and the pipeline.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def needle(
    model: Model = "local/smollm2-135m",
    lengths: Annotated[str, typer.Option(help="Prompt tokens, comma separated.")] = "512,1024,2048",
    depths: Annotated[str, typer.Option(help="Percent, comma separated.")] = "0,50,100",
    seeds: Annotated[int, typer.Option(help="Haystacks a cell.")] = 1,
    task: Annotated[str, typer.Option(help="Which needle.")] = "single",
    allow_cloud: AllowCloud = False,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Needle in a haystack: what a model finds, by length and depth."""
    of_length, at_depth = _integers(lengths, "--lengths"), _integers(depths, "--depths")
    if prefect:
        from evals.flows import needles

        result = needles(
            model=model,
            lengths=of_length,
            depths=at_depth,
            seeds=seeds,
            task_name=task,
            allow_cloud=allow_cloud,
            db=db,
        )
    else:
        from evals.needle_run import run_needles

        edge = Edge.read(db)
        spec = edge.find(model)
        with edge.store() as store:
            result = run_needles(
                spec,
                edge.options(spec),
                store,
                edge.settings.prompts,
                lengths=of_length,
                depths=at_depth,
                seeds=seeds,
                task=task,
                allow_cloud=allow_cloud,
                say=say(quiet),
            )
    if json:
        emit(result)
    else:
        screen.needle_summary(result)


@app.command()
def canary(
    paths: Paths,
    model: Model = "extractive",
    strategy: Annotated[str, typer.Option(help="How the merge is cut into calls.")] = "edit",
    n: Annotated[int, typer.Option("-n", min=1, help="Canaries; every second has a twin.")] = 24,
    depths: Annotated[str, typer.Option(help="Percent, comma separated.")] = "0,50,100",
    seed: Annotated[int, typer.Option(help="Draws the canaries and their places.")] = 0,
    allow_cloud: AllowCloud = False,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Canaries: what the whole pipeline loses, planted in your own documents."""
    at_depth = _integers(depths, "--depths")
    if prefect:
        from evals.flows import canaries

        result = canaries(
            paths=paths,
            model=model,
            strategy=strategy,
            n=n,
            depths=at_depth,
            seed=seed,
            allow_cloud=allow_cloud,
            db=db,
        )
    else:
        from evals.canary_run import run_canaries

        edge, line = Edge.read(db), say(quiet)
        with edge.store() as store:
            result = run_canaries(
                paths,
                lambda copies, out: edge.merge_job(
                    copies,
                    model,
                    store=store,
                    out=str(out),
                    strategy=strategy,
                    allow_cloud=allow_cloud,
                    say=line,
                ),
                store,
                n=n,
                depths=at_depth,
                seed=seed,
                say=line,
            )
    if json:
        emit(result)
    else:
        screen.canary_summary(result)


@app.command()
def perplexity(
    paths: Paths,
    model: Model = "local/smollm2-135m",
    context: Annotated[int, typer.Option(help="Tokens of a window.")] = 2048,
    stride: Annotated[int, typer.Option(help="New tokens of every further window.")] = 1024,
    tokens: Annotated[int, typer.Option(help="Measure at most so many.")] = 20_000,
    json: AsJson = False,
    db: Db = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """How well a local model predicts text, by how much of it came before."""
    from evals.loss_run import run_perplexity

    edge = Edge.read(db)
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
            say=say(quiet),
        )
    if json:
        emit(result)
    else:
        screen.perplexity_summary(result)


@app.command()
def kernels(
    paths: Paths,
    model: Model = "local/smollm2-135m",
    tokens: Annotated[int, typer.Option(help="Length of the text read.")] = 1024,
    json: AsJson = False,
    db: Db = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Whether the attention kernels agree: logits and loss beside the score matrix's."""
    from evals.loss_run import run_kernels

    edge = Edge.read(db)
    spec = edge.catalog.find(model)
    with edge.store() as store:
        result = run_kernels(paths, spec, edge.options(spec), store, tokens=tokens)
    if json:
        emit(result)
    else:
        screen.kernels_table(result)


def _integers(text: str, where: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as exc:
        raise InputError(
            f"{text!r} is no list of whole numbers.", where=where, next="Write it as 512,1024,2048."
        ) from exc
