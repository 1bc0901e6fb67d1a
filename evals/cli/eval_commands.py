"""``storytransformer eval …``: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.cli import coverage_commands, eval_screen, grid_commands, loss_commands, result_commands
from evals.eval_options import CanaryOptions, MergingOptions
from pipeline.cli.command_options import MODEL, Here, Model, Paths, Prefect, command
from pipeline.config.options import EvalOptions, MergeOptions
from pipeline.config.processes import away_from_documents
from pipeline.console import emit, plain
from pipeline.errors import InputError
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.providers.local import DEFAULT_LOCAL

app = typer.Typer(rich_markup_mode=None)
app.command()(grid_commands.needle)
app.command()(grid_commands.aggregation)


@app.command()
@command
def canary(
    paths: Paths,
    chosen: CanaryOptions,
    here: Here,
    prefect: Prefect = False,
) -> None:
    """Canaries: what the whole pipeline loses, planted in your own documents."""

    if prefect:
        where = here.for_a_flow()
        with away_from_documents():
            from evals.eval_flows import canaries
            from pipeline.flows.tasks import call

        result = call(
            canaries,
            {"eval"},
            paths=paths,
            **chosen.given(),
            **where,
        )
    else:
        from evals.tasks.canary_run import run_canaries

        runtime, line = here.runtime(), here.line
        with runtime.store() as store:
            result = run_canaries(
                paths,
                lambda copies, out: runtime.merge_job(
                    copies,
                    EXTRACTIVE,
                    MergeOptions(out=str(out)),
                    store=store,
                    say=line,
                    show=line.show,
                ),
                store,
                n=chosen.n,
                depths=chosen.depths,
                seed=chosen.seed,
                say=line,
            )
    if here.json:
        emit(result)
    else:
        eval_screen.canary_summary(result)
        eval_screen.show_next(result, here.db, here.config)


@app.command()
@command
def fabrication(
    here: Here,
    labels: Annotated[
        Path | None, typer.Option(help="Labelled sentences, one JSON object a line.")
    ] = None,
) -> None:
    """How many bad sentences the gate stops, and how many good ones, by your labels."""
    from evals.tasks.fabrication import HOW, run_fabrication, unknown

    if labels is None:
        result = unknown()
    else:
        with here.runtime().store() as store:
            result = run_fabrication(labels, store)
    if here.json:
        emit(result)
    elif labels is None:
        plain(HOW)
    else:
        eval_screen.fabrication_summary(result)
        eval_screen.show_next(result, here.db, here.config)


@app.command()
@command
def kept(
    file: Annotated[Path, typer.Argument(help="merged.json, or merged.md beside its files.")],
    paths: Paths,
    here: Here,
) -> None:
    """Whether every sentence of the documents is in a merged document; exit code 3 when not."""
    from evals.tasks.kept_run import GapError, run_kept

    result = run_kept(file, paths)
    whole = not result["missing"] and not result["faults"]
    if here.json and whole:
        emit(result)
    elif not here.json:
        eval_screen.kept_summary(result)
    if not whole:
        raise GapError(result, where=str(file))


@app.command()
@command
def merging(
    paths: Paths,
    chosen: MergingOptions,
    here: Here,
    model: Model = MODEL,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Price the questions, ask nothing.")
    ] = False,
) -> None:
    """How good a merge is against its truth; with --propose, what a model's answers are worth."""
    from evals.tasks.merging_run import run_merging
    from pipeline.run.sovereignty import copies_of

    runtime, line = here.runtime(), here.line
    asked = asked_model(model, chosen.propose)
    with runtime.store() as store:
        result = run_merging(
            paths,
            runtime.find(asked),
            lambda laid, out, ask: runtime.merge_job(
                laid,
                asked if ask else EXTRACTIVE,
                MergeOptions(
                    out=str(out),
                    allow_cloud=tuple(copies_of(chosen.allow_cloud)),
                    propose=ask,
                    pairs=chosen.pairs,
                ),
                store=store,
                show=line.show,
            ),
            store,
            truth=None if chosen.truth is None else Path(chosen.truth),
            propose=chosen.propose,
            most=chosen.most,
            again=chosen.again,
            max_usd=chosen.max_cost,
            allow_cloud=chosen.allow_cloud,
            local_only=runtime.settings.local_only,
            dry_run=dry_run,
            say=line,
        )
    if here.json:
        emit(result)
    else:
        eval_screen.merge_price(result) if dry_run else eval_screen.merging_summary(result)
        eval_screen.show_next(result, here.db, here.config)


@app.command()
@command
def rewrite(
    paths: Paths,
    spending: EvalOptions,
    here: Here,
    strategy: Annotated[str, typer.Option(help="tree or fold.")] = "tree",
    model: Model = DEFAULT_LOCAL,
    canaries: Annotated[
        int, typer.Option(min=0, help="Canaries to plant in a copy of the documents.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Draws the canaries and their places.")] = 0,
    out: Annotated[str | None, typer.Option(help="Folder to leave the text in.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Price it, ask nothing.")] = False,
) -> None:
    """What is left of every story where a model writes all of them again, for comparison."""
    from evals.tasks.rewrite_run import rewrite_job, run_rewrite
    from pipeline.run.sovereignty import copies_of

    runtime, line = here.runtime(), here.line
    with runtime.store() as store:
        result = run_rewrite(
            paths,
            lambda read, folder: rewrite_job(
                runtime.merge_job(
                    read,
                    model,
                    MergeOptions(
                        out=str(folder),
                        strategy=strategy,
                        max_cost=spending.max_cost,
                        allow_cloud=tuple(copies_of(spending.allow_cloud))
                        if canaries
                        else spending.allow_cloud,
                    ),
                    store=store,
                    say=line,
                    show=line.show,
                )
            ),
            store,
            None if out is None else Path(out),
            canaries=canaries,
            seed=seed,
            allow_cloud=spending.allow_cloud,
            dry_run=dry_run,
        )
    if here.json:
        emit(result)
    else:
        eval_screen.merge_price(result) if dry_run else eval_screen.rewrite_summary(result)
        eval_screen.show_next(result, here.db, here.config)


def asked_model(model: str, propose: bool) -> str:
    """The model that is asked.

    Raises:
        InputError: a question without somebody to ask.
    """
    if propose and model == EXTRACTIVE:
        raise InputError(
            "there is nobody to ask.", where="--propose", next="Name a model with --model."
        )
    return model if propose else EXTRACTIVE


for _command in (
    coverage_commands.coverage,
    coverage_commands.roundtrip,
    loss_commands.perplexity,
    loss_commands.kernels,
    result_commands.show,
    result_commands.diff,
    result_commands.gate,
    result_commands.score,
    result_commands.reconstruct,
    result_commands.export,
):
    app.command()(_command)
app.command("import")(result_commands.import_)
