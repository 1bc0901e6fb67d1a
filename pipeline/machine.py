"""The commands about this machine: its settings, what it knows, what runs on it, what it serves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline import price_pages, screen
from pipeline.configuration import without_password
from pipeline.console import Telling, emit, plain, say
from pipeline.edge import Edge, now, parse_words
from pipeline.errors import InputError, StoryTransformerError
from pipeline.options import (
    PORT,
    AllowCloud,
    AllowEgress,
    AsJson,
    Config,
    Db,
    Debug,
    PathsOrNone,
    Port,
    Quiet,
)
from pipeline.settings import away_from_documents

if TYPE_CHECKING:
    from evals.dashboard.serve import Served

app = typer.Typer(rich_markup_mode=None)


class Wanted(StrEnum):
    """What a person may want to do."""

    local = "local"
    gpu = "gpu"
    claude = "claude"
    gemini = "gemini"
    database = "database"
    flows = "flows"


@app.command()
def init(
    file: Annotated[str, typer.Argument(help="Where to write it.")] = "storytransformer.toml",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a file of settings: each with its meaning and default."""
    from pipeline.config_file import default_file

    target = Path(file)
    try:
        with target.open("w" if force else "x", encoding="utf-8") as out:
            out.write(default_file())
    except FileExistsError as exc:
        raise InputError(
            "there is a file already.", where=file, next="Give another name, or --force."
        ) from exc
    except OSError as exc:
        raise InputError(f"cannot be written: {exc.strerror}.", where=file) from exc
    if json:
        emit({"written": str(target)})
    else:
        plain(f"written    {target}  (every line is a default, behind a #)")
        screen.next_step("config")


@app.command()
def config(
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Every setting: what it is, and who says so."""
    settings = Edge.read(db, allow_egress, config).settings
    found = settings.found.values()
    if json:
        emit(
            {
                "file": None if settings.file is None else str(settings.file),
                "settings": [
                    {
                        "name": one.setting.name,
                        "value": one.shown,
                        "from": one.source,
                        "where": one.where,
                        "variable": one.setting.variable,
                        "option": one.setting.option,
                        "meaning": one.setting.meaning,
                    }
                    for one in found
                ],
            }
        )
    else:
        screen.settings_page(found, settings.file)


@app.command()
def dashboard(
    port: Port = PORT,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Serve the pages over the database, read-only, on 127.0.0.1. Ctrl-C ends it."""
    from evals.dashboard.serve import serve

    edge = Edge.read(db, allow_egress, config)

    def tell(text: str) -> None:
        if json:
            database = without_password(edge.settings.database)
            emit({"url": text.partition("\n")[0], "database": database})
        else:
            plain(text)

    with _drawn_from(edge, db, quiet) as served:
        serve(served, port=port, say=tell)


@app.command()
def report(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Runs to show [the newest of each kind].")
    ] = None,
    out: Annotated[str, typer.Option("--out", help="The file to write.")] = "report.html",
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write the pages as one file to send: figures, tables, intervals; no words of a story."""
    from evals.dashboard.report import write_report

    edge = Edge.read(db, allow_egress, config)
    with _drawn_from(edge, db, quiet) as served:
        shown = write_report(served, Path(out), runs or (), now=now())
    if json:
        emit({"out": out, "shown": shown})
    else:
        plain(
            f"{out}: {len(shown)} figures and tables" if shown else f"{out}: nothing measured yet"
        )


def _drawn_from(edge: Edge, db: str | None, quiet: bool) -> AbstractContextManager[Served]:
    from evals.dashboard.serve import drawn_from

    settings = edge.settings
    return drawn_from(
        settings.database,
        edge.store,
        models_toml=settings.models_toml,
        option=db or "",
        say=say(quiet),
    )


@app.command()
def serve(
    only: Annotated[list[str] | None, typer.Option(help="Repeat for several [all].")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 2,
    json: AsJson = False,
    db: Db = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Serve the flows to a Prefect server, without a work pool. Ctrl-C ends it."""
    with away_from_documents():
        from pipeline.orchestration.serving import serve_deployments
        from pipeline.orchestration.steps import open_edge

    edge = open_edge(db, allow_egress or ())
    given: dict[str, Any] = {"db": db, "allow_egress": allow_egress}
    serve_deployments(
        edge.settings.deployments,
        names=only or (),
        parameters={name: value for name, value in given.items() if value},
        limit=limit,
        told=(lambda served: emit({"deployments": served})) if json else None,
    )


@app.command()
def models(
    paths: PathsOrNone = None,
    gpu: Annotated[str | None, typer.Option(help="Rank what fits this card.")] = None,
    words: Annotated[
        int | None,
        typer.Option(help="Words of the corpus, with --gpu [of PATHS, or 440000]."),
    ] = None,
    wanted_for: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="PATHS", help="Which model for these documents, and why."),
    ] = None,
    allow_cloud: AllowCloud = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """The catalogue: windows, prices today, what runs here. With --gpu, what fits that card and
    how long it takes for PATHS or --words. With --for PATHS, which model for these documents."""
    from pipeline.cost.listing import FIRST_USERS_WORDS, list_models, rank_models

    edge = Edge.read(db, config=config)
    if wanted_for:
        if words is not None:
            raise InputError("give documents or --words, not both.", where="--words")
        _advise(edge, [*wanted_for, *(paths or ())], gpu, allow_cloud or (), say(quiet), json)
        return
    if gpu is None and (paths or words is not None):
        raise InputError(
            "a corpus is ranked on a card.", next='Add --gpu, such as --gpu "RTX 4090".'
        )
    if gpu is not None:
        card = edge.gpu(gpu)
        if paths and words is not None:
            raise InputError("give documents or --words, not both.", where="--words")
        if paths:
            from pipeline.merge import corpus as corpora

            line = say(quiet)
            words = corpora.read(paths, cache=edge.store_if_possible(line), show=line.show).words
        counted = parse_words(FIRST_USERS_WORDS if words is None else words, where="--words")
        ranked = rank_models(
            edge.catalog, card, words=counted, usd_per_kwh=edge.settings.usd_per_kwh
        )
        if json:
            emit(ranked)
        else:
            price_pages.ranking_table(ranked)
            screen.next_step("estimate", *(paths or ["PATHS"]), "--gpu", gpu, db=db, config=config)
        return
    listed = list_models(edge.catalog, today=now().date())
    if json:
        emit({"models": listed})
    else:
        price_pages.models_table(listed)
        screen.next_step("estimate", "PATHS", db=db, config=config)


def _advise(
    edge: Edge,
    paths: Sequence[str],
    gpu: str | None,
    allow_cloud: Sequence[str],
    line: Telling,
    json: bool,
) -> None:
    """Which model for these documents; no model is asked."""
    from evals.advice import Here, advise
    from evals.screen_advice import advice_page
    from pipeline.merge import corpus as corpora
    from pipeline.merge.sovereignty import check_allowed

    check_allowed(allow_cloud)
    terms = edge.terms(allow_cloud=allow_cloud, gpu=gpu)
    store = edge.store_if_possible(line)
    corpus = corpora.read(paths, cache=store, show=line.show)
    keys = {name: bool(key) for name, key in edge.settings.keys.items()}
    found = advise(paths, corpus, terms, Here(edge.catalog, keys, gpu or ""), store)
    if json:
        emit(found)
    else:
        advice_page(found)
        best = found["models"][0]
        judge = [] if best["decides"] == "proof" else ["--judge", best["model"]]
        screen.next_step("merge", *paths, *judge)


@app.command()
def doctor(
    wanted: Annotated[
        list[Wanted] | None, typer.Argument(help="What you want to do [everything].")
    ] = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What is missing for what you want to do. Which attention kernel will run, and why."""
    from pipeline.models import health

    edge, asked = Edge.read(db, config=config), wanted or [*Wanted]
    checks = health.examine(
        edge.catalog,
        cache=edge.settings.cache,
        threads=edge.settings.threads,
        keys={name: bool(key) for name, key in edge.settings.keys.items()},
        wanted=[want.value for want in asked],
    )
    if Wanted.database in asked:
        checks.append(_database(edge))
    if Wanted.flows in asked:
        with away_from_documents():
            from pipeline.orchestration.health import examine_flows

        checks += examine_flows()
    report = {"facts": health.facts(), "checks": checks}
    if json:
        emit(report)
    else:
        screen.doctor_page(report)
        if all(one["ok"] for one in checks):
            screen.next_step("extract", "PATHS", db=db, config=config)


def _database(edge: Edge) -> dict[str, Any]:
    """Whether the database opens; a file that is not there yet is not made."""
    from pipeline.models.health import check

    url = edge.settings.database
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.exists():
        return check("database", True, f"{file} is made by the first run.")
    try:
        with edge.store():
            return check("database", True, "opens.")
    except StoryTransformerError as error:
        return check("database", False, error.message, error.next)
