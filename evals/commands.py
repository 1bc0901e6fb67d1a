"""``storytransformer eval …``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals import grid_commands, losses, results, screen, telling
from evals.grid_commands import integers
from pipeline.console import emit, plain, say
from pipeline.edge import Edge, parse_usd
from pipeline.errors import InputError
from pipeline.options import (
    MODEL,
    AllowCloud,
    AsJson,
    Config,
    Db,
    Debug,
    MaxCost,
    Model,
    MostPairs,
    Paths,
    Prefect,
    Propose,
    Quiet,
    for_a_flow,
)
from pipeline.settings import away_from_documents

app = typer.Typer(rich_markup_mode=None)
app.command()(grid_commands.needle)
app.command()(grid_commands.aggregation)

#: The model of a merge that asks none.
WITHOUT_MODEL = "extractive"


@app.command()
def canary(
    paths: Paths,
    n: Annotated[int, typer.Option("-n", min=1, help="Canaries; every second has a twin.")] = 24,
    depths: Annotated[str, typer.Option(help="Percent, comma separated.")] = "0,50,100",
    seed: Annotated[int, typer.Option(help="Draws the canaries and their places.")] = 0,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Canaries: what the whole pipeline loses, planted in your own documents."""

    at_depth = integers(depths, "--depths") or []
    if prefect:
        for_a_flow(config)
        with away_from_documents():
            from evals.flows import canaries
            from pipeline.orchestration.steps import call

        result = call(
            canaries,
            {"eval"},
            paths=paths,
            n=n,
            depths=at_depth,
            seed=seed,
            db=db,
        )
    else:
        from evals.canary_run import run_canaries

        edge, line = Edge.read(db, config=config), say(quiet)
        with edge.store() as store:
            result = run_canaries(
                paths,
                lambda copies, out: edge.merge_job(
                    copies, WITHOUT_MODEL, store=store, out=str(out), say=line, show=line.show
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
        screen.show_next(result, db, config)


@app.command()
def fabrication(
    labels: Annotated[
        Path | None, typer.Option(help="Labelled sentences, one JSON object a line.")
    ] = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """How many bad sentences the gate stops, and how many good ones, by your labels."""
    from evals.fabrication import HOW, run_fabrication, unknown

    if labels is None:
        result = unknown()
    else:
        with Edge.read(db, config=config).store() as store:
            result = run_fabrication(labels, store)
    if json:
        emit(result)
    elif labels is None:
        plain(HOW)
    else:
        screen.fabrication_summary(result)
        screen.show_next(result, db, config)


@app.command()
def kept(
    file: Annotated[Path, typer.Argument(help="merged.json, or merged.md beside its files.")],
    paths: Paths,
    json: AsJson = False,
    db: Db = None,  # taken as everywhere; what was read before is not looked at
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Whether every sentence of the documents is in a merged document; exit code 3 when not."""
    from evals.kept_run import GapError, run_kept

    result = run_kept(file, paths)
    whole = not result["missing"] and not result["faults"]
    if json and whole:
        emit(result)
    elif not json:
        screen.kept_summary(result)
    if not whole:
        raise GapError(result, where=str(file))


@app.command()
def merging(
    paths: Paths,
    truth: Annotated[
        Path | None, typer.Option(help="What is known of these documents [plant copies].")
    ] = None,
    model: Model = MODEL,
    propose: Propose = False,
    pairs: MostPairs = None,
    most: Annotated[int, typer.Option(min=10, help="Stories to plant copies of, at most.")] = 200,
    again: Annotated[bool, typer.Option(help="Shuffled and in other parts, too.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the questions, ask nothing.")
    ] = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """How good a merge is against its truth; with --propose, what a model's answers are worth."""
    from evals.merging_run import run_merging
    from pipeline.merge.sovereignty import copies_of

    edge, line = Edge.read(db, config=config), say(quiet)
    asked = asked_model(model, propose)
    with edge.store() as store:
        result = run_merging(
            paths,
            edge.find(asked),
            lambda laid, out, ask: edge.merge_job(
                laid,
                asked if ask else WITHOUT_MODEL,
                store=store,
                out=str(out),
                allow_cloud=copies_of(allow_cloud),
                propose=ask,
                pairs=pairs,
                show=line.show,
            ),
            store,
            truth=truth,
            propose=propose,
            most=most,
            again=again,
            max_usd=parse_usd(max_cost, where="--max-cost"),
            allow_cloud=allow_cloud or (),
            local_only=edge.settings.local_only,
            dry_run=dry_run,
            say=line,
        )
    if json:
        emit(result)
    else:
        screen.merge_price(result) if dry_run else screen.merging_summary(result)
        screen.show_next(result, db, config)


@app.command()
def rewrite(
    paths: Paths,
    strategy: Annotated[str, typer.Option(help="tree or fold.")] = "tree",
    model: Model = "local/smollm2-135m",
    canaries: Annotated[
        int, typer.Option(min=0, help="Canaries to plant in a copy of the documents.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws the canaries and their places.")] = 0,
    out: Annotated[str | None, typer.Option(help="Folder to leave the text in.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Price it, ask nothing.")] = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What is left of every story where a model writes all of them again, for comparison."""
    from evals.rewrite_run import rewrite_job, run_rewrite
    from pipeline.merge.sovereignty import copies_of

    edge, line = Edge.read(db, config=config), say(quiet)
    with edge.store() as store:
        result = run_rewrite(
            paths,
            lambda read, folder: rewrite_job(
                edge.merge_job(
                    read,
                    model,
                    store=store,
                    out=str(folder),
                    strategy=strategy,
                    max_cost=max_cost,
                    allow_cloud=copies_of(allow_cloud) if canaries else allow_cloud or (),
                    say=line,
                    show=line.show,
                )
            ),
            store,
            None if out is None else Path(out),
            canaries=canaries,
            seed=seed,
            allow_cloud=allow_cloud or (),
            dry_run=dry_run,
        )
    if json:
        emit(result)
    else:
        screen.merge_price(result) if dry_run else screen.rewrite_summary(result)
        screen.show_next(result, db, config)


def asked_model(model: str, propose: bool) -> str:
    """The model that is asked.

    Raises:
        InputError: a question without somebody to ask.
    """
    if propose and model == WITHOUT_MODEL:
        raise InputError(
            "there is nobody to ask.", where="--propose", next="Name a model with --model."
        )
    return model if propose else WITHOUT_MODEL


for _command in (
    telling.coverage,
    telling.roundtrip,
    losses.perplexity,
    losses.kernels,
    results.show,
    results.diff,
    results.gate,
    results.score,
    results.reconstruct,
    results.export,
):
    app.command()(_command)
app.command("import")(results.import_)
