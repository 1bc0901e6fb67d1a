"""``storytransformer eval …``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals import losses, results, screen
from pipeline.console import emit, say
from pipeline.edge import Edge, now, parse_usd
from pipeline.errors import InputError
from pipeline.options import (
    MODEL,
    STRATEGY,
    AllowCloud,
    AsJson,
    Config,
    Db,
    Debug,
    Entailment,
    MaxCost,
    Model,
    Paths,
    Prefect,
    Quiet,
    Strategy,
    for_a_flow,
)

app = typer.Typer(rich_markup_mode=None)


@app.command()
def needle(
    model: Model = "local/smollm2-135m",
    profile: Annotated[str | None, typer.Option(help="A named grid: ci, nightly, gpu.")] = None,
    lengths: Annotated[
        str | None, typer.Option(help="Prompt tokens, comma separated [512,1024,2048].")
    ] = None,
    depths: Annotated[str | None, typer.Option(help="Percent, comma separated [0,50,100].")] = None,
    seeds: Annotated[int | None, typer.Option(help="Haystacks a cell [1].")] = None,
    task: Annotated[
        str | None, typer.Option(help="Which needles, comma separated [single].")
    ] = None,
    style: Annotated[str | None, typer.Option(help="chat, plain, prefix or raw [chat].")] = None,
    haystack: Annotated[
        str | None, typer.Option(help="stories, noise, or a folder of prose [stories].")
    ] = None,
    likelihood: Annotated[
        bool, typer.Option(help="Read the right answer too (local models).")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the grid, ask nothing.")
    ] = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Needle in a haystack: what a model finds, by length and depth."""
    from evals.grids import find_grid

    grid = find_grid(
        profile,
        tasks=_names(task),
        lengths=_integers(lengths, "--lengths"),
        depths=_integers(depths, "--depths"),
        seeds=seeds,
        style=style,
        haystack=haystack,
    )
    edge, line = Edge.read(db, config=config), say(quiet)
    spec = edge.find(model)
    if dry_run:
        from evals.needle_price import price_needles
        from pipeline.store.reports import cells_by_key

        store = edge.store_if_possible(line)
        priced = price_needles(
            spec,
            edge.settings.cache,
            edge.settings.prompts,
            grid=grid,
            hardware=edge.hardware(),
            as_of=now().date(),
            known=(cells_by_key(store) if store else {}).__contains__,
        )
        if json:
            emit(priced)
        else:
            screen.needle_price(priced)
        return
    if prefect:
        for_a_flow(config)
        from evals.flows import needles
        from pipeline.orchestration.steps import call

        result = call(
            needles,
            {"eval", spec.provider},
            model=model,
            tasks=list(grid.tasks),
            lengths=list(grid.lengths),
            depths=list(grid.depths),
            seeds=grid.seeds,
            style=grid.style,
            haystack=grid.haystack,
            likelihood=likelihood,
            max_cost=parse_usd(max_cost, where="--max-cost"),
            allow_cloud=allow_cloud or (),
            db=db,
        )
    else:
        from evals.needle_run import run_needles

        with edge.store() as store:
            result = run_needles(
                spec,
                edge.options(spec),
                store,
                edge.settings.prompts,
                grid=grid,
                as_of=now().date(),
                max_usd=parse_usd(max_cost, where="--max-cost"),
                with_likelihood=likelihood,
                allow_cloud=allow_cloud or (),
                say=line,
                show=line.show,
            )
    if json:
        emit(result)
    else:
        screen.needle_summary(result)
        screen.show_next(result, db, config)


@app.command()
def canary(
    paths: Paths,
    model: Model = MODEL,
    strategy: Strategy = STRATEGY,
    n: Annotated[int, typer.Option("-n", min=1, help="Canaries; every second has a twin.")] = 24,
    depths: Annotated[str, typer.Option(help="Percent, comma separated.")] = "0,50,100",
    seed: Annotated[int, typer.Option(help="Draws the canaries and their places.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the merges, ask nothing.")
    ] = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Canaries: what the whole pipeline loses, planted in your own documents."""
    from pipeline.merge.sovereignty import copies_of

    at_depth = _integers(depths, "--depths") or []
    if prefect and not dry_run:
        for_a_flow(config)
        from evals.flows import canaries
        from pipeline.orchestration.steps import call

        result = call(
            canaries,
            {"eval", Edge.read(db, config=config).catalog.find(model).provider},
            paths=paths,
            model=model,
            strategy=strategy,
            n=n,
            depths=at_depth,
            seed=seed,
            max_cost=parse_usd(max_cost, where="--max-cost"),
            allow_cloud=allow_cloud or (),
            db=db,
        )
    else:
        from evals.canary_run import run_canaries

        edge, line = Edge.read(db, config=config), say(quiet)
        with edge.store() as store:
            result = run_canaries(
                paths,
                lambda copies, out: edge.merge_job(
                    copies,
                    model,
                    store=store,
                    out=str(out),
                    strategy=strategy,
                    max_cost=max_cost,
                    allow_cloud=copies_of(allow_cloud),
                    say=line,
                    show=line.show,
                ),
                store,
                allow_cloud=allow_cloud or (),
                n=n,
                depths=at_depth,
                seed=seed,
                dry_run=dry_run,
                say=line,
            )
    if json:
        emit(result)
    else:
        screen.merge_price(result) if dry_run else screen.canary_summary(result)
        screen.show_next(result, db, config)


@app.command()
def fabrication(
    merge: Annotated[
        str, typer.Argument(help="A finished merge, as `storytransformer runs` lists it.")
    ],
    most: Annotated[
        int,
        typer.Option(min=0, help="Texts to plant fabrications into; 0: do not test the detector."),
    ] = 200,
    seed: Annotated[int, typer.Option(help="Draws what is planted.")] = 0,
    entailment: Entailment = "",
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What a merge made up and what it lost, and how far the detector can be trusted."""
    from evals.fabrication_run import run_fabrication

    edge = Edge.read(db, config=config)
    with edge.store() as store:
        result = run_fabrication(
            merge,
            store,
            most=most,
            seed=seed,
            entails=edge.entails(entailment) if entailment else None,
            say=say(quiet),
        )
    if json:
        emit(result)
    else:
        screen.fabrication_summary(result)
        screen.show_next(result, db, config)


@app.command()
def document(
    file: Annotated[Path, typer.Argument(help="What somebody made of the documents.")],
    paths: Paths,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What a document that was not merged here made up, and which stories it does not tell."""
    from evals.foreign_run import run_foreign
    from pipeline.merge import corpus as corpora

    with Edge.read(db, config=config).store() as store:
        result = run_foreign(file, corpora.read(paths, cache=store), store)
    if json:
        emit(result)
    else:
        screen.foreign_summary(result)
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
    strategy: Annotated[str, typer.Option(help="Comma separated.")] = "edit,tree,fold",
    most: Annotated[int, typer.Option(min=10, help="Stories to plant copies of, at most.")] = 200,
    again: Annotated[bool, typer.Option(help="Shuffled and in other parts, too.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the merges, ask nothing.")
    ] = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """How good a merge is against its truth, by strategy: clusters, conflicts, coverage."""
    from evals.merging_run import run_merging
    from pipeline.merge.sovereignty import copies_of

    edge, line = Edge.read(db, config=config), say(quiet)
    with edge.store() as store:
        result = run_merging(
            paths,
            edge.find(model),
            lambda laid, out, by: edge.merge_job(
                laid,
                model,
                store=store,
                out=str(out),
                strategy=by,
                allow_cloud=copies_of(allow_cloud),
                show=line.show,
            ),
            store,
            truth=truth,
            strategies=_names(strategy) or [],
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
def prompts(
    a: Annotated[
        str, typer.Argument(help="A released version, merge-story.v1, or a draft's file.")
    ],
    b: Annotated[str, typer.Argument(help="Another version of the same prompt.")],
    paths: Paths,
    truth: Annotated[Path | None, typer.Option(help="What is known of these documents.")] = None,
    model: Model = "local/smollm2-135m",
    most: Annotated[int, typer.Option(min=1, help="Clusters, at most.")] = 100,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Price it, ask nothing.")] = False,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Two versions of a prompt on the same clusters: how their replies differ, and the cost."""
    from evals.prompts_run import run_prompts

    edge, line = Edge.read(db, config=config), say(quiet)
    spec = edge.find(model)
    with edge.store() as store:
        result = run_prompts(
            a,
            b,
            paths,
            spec,
            edge.options(spec),
            store,
            edge.terms(allow_cloud=allow_cloud or ()),
            truth=truth,
            most=most,
            dry_run=dry_run,
            max_usd=parse_usd(max_cost, where="--max-cost"),
            say=line,
            show=line.show,
        )
    if json:
        emit(result)
    else:
        screen.prompts_summary(result)
        screen.show_next(result, db, config)


for _command in (
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


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _integers(text: str | None, where: str) -> list[int] | None:
    try:
        return None if text is None else [int(part) for part in text.split(",")]
    except ValueError as exc:
        raise InputError(
            f"{text!r} is no list of whole numbers.", where=where, next="Write it as 512,1024,2048."
        ) from exc
