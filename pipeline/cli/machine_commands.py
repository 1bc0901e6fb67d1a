"""The commands about this machine: its settings, what it knows, what runs on it, what it serves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli import price_screen, screen
from pipeline.cli.command_options import PORT, Here, Notes, PathsOrNone, Port, Shown, command
from pipeline.config.egress import without_password
from pipeline.config.extras import lacking, missing_part
from pipeline.config.options import MayLeave, parse_words
from pipeline.config.processes import away_from_documents
from pipeline.console import Telling, emit, plain
from pipeline.errors import InputError, StoryTransformerError
from pipeline.providers.doctor import FLOWS, check, examine, facts, wishes
from pipeline.providers.local import DEFAULT_LOCAL
from pipeline.runtime import Edge, now

if TYPE_CHECKING:
    from evals.dashboard.serve import Served

app = typer.Typer(rich_markup_mode=None)
#: What a person may want to do.
_DATABASE = "database"
_WISHES = (*wishes(), _DATABASE, FLOWS)


@app.command()
@command
def init(
    here: Shown,
    file: Annotated[str, typer.Argument(help="Where to write it.")] = "storytransformer.toml",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a file of settings: each with its meaning and default."""
    from pipeline.config.config_file import default_file

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
    if here.json:
        emit({"written": str(target)})
    else:
        plain(f"written    {target}  (every line is a default, behind a #)")
        screen.next_step("config")


@app.command()
@command
def config(
    here: Here,
) -> None:
    """Every setting: what it is, and who says so."""
    settings = here.edge().settings
    found = settings.found.values()
    if here.json:
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
@command
def dashboard(
    here: Here,
    port: Port = PORT,
) -> None:
    """Serve the pages over the database, read-only, on 127.0.0.1. Ctrl-C ends it."""
    from evals.dashboard.serve import serve

    edge = here.edge()

    def tell(text: str) -> None:
        if here.json:
            database = without_password(edge.settings.database)
            emit({"url": text.partition("\n")[0], "database": database})
        else:
            plain(text)

    with _drawn_from(edge, here) as served:
        serve(served, port=port, say=tell)


@app.command()
@command
def report(
    here: Here,
    runs: Annotated[
        list[str] | None, typer.Argument(help="Runs to show [the newest of each kind].")
    ] = None,
    out: Annotated[str, typer.Option("--out", help="The file to write.")] = "report.html",
) -> None:
    """Write the pages as one file to send: figures, tables, intervals; no words of a story."""
    from evals.dashboard.report_page import write_report

    edge = here.edge()
    with _drawn_from(edge, here) as served:
        shown = write_report(served, Path(out), runs or (), now=now())
    if here.json:
        emit({"out": out, "shown": shown})
    else:
        plain(
            f"{out}: {len(shown)} figures and tables" if shown else f"{out}: nothing measured yet"
        )


def _drawn_from(edge: Edge, here: Here) -> AbstractContextManager[Served]:
    from evals.dashboard.serve import drawn_from

    settings = edge.settings
    return drawn_from(
        settings.database,
        edge.store,
        models_toml=settings.models_toml,
        option=here.db or "",
        say=here.line,
    )


@app.command()
@command
def serve(
    here: Here,
    only: Annotated[list[str] | None, typer.Option(help="Repeat for several [all].")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 2,
) -> None:
    """Serve the flows to a Prefect server, without a work pool. Ctrl-C ends it."""
    given = here.for_a_flow()
    with away_from_documents():
        from pipeline.flows.serving import serve_deployments
        from pipeline.flows.tasks import open_edge

    edge = open_edge(here.db, here.allow_egress)
    serve_deployments(
        edge.settings.deployments,
        names=only or (),
        parameters={name: value for name, value in given.items() if value},
        limit=limit,
        told=(lambda served: emit({"deployments": served})) if here.json else None,
    )


@app.command()
@command
def models(
    here: Here,
    leaving: MayLeave,
    paths: PathsOrNone = None,
    gpu: Annotated[str | None, typer.Option(help="Rank what fits this card.")] = None,
    words: Annotated[
        int | None,
        typer.Option(help="Words of the corpus, with --gpu [of PATHS, or 440000]."),
    ] = None,
    notes: Notes = False,
    wanted_for: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="PATHS", help="Which model for these documents, and why."),
    ] = None,
) -> None:
    """The catalogue: windows, prices today, what runs here. With --gpu, what fits that card and
    how long it takes for PATHS or --words. With --for PATHS, which model for these documents."""
    from pipeline.cost.model_choice import FIRST_USERS_WORDS, list_models, rank_models

    edge = here.edge()
    if wanted_for:
        if words is not None:
            raise InputError("give documents or --words, not both.", where="--words")
        _advise(edge, [*wanted_for, *(paths or ())], gpu, leaving.allow_cloud, here.line, here.json)
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
            from pipeline.run import corpus as corpora

            line = here.line
            words = corpora.read(paths, cache=edge.store_if_possible(line), show=line.show).words
        counted = parse_words(FIRST_USERS_WORDS if words is None else words, where="--words")
        ranked = rank_models(
            edge.catalog, card, words=counted, usd_per_kwh=edge.settings.usd_per_kwh
        )
        if here.json:
            emit(ranked)
        else:
            price_screen.ranking_table(ranked)
            screen.next_step("estimate", *(paths or ["PATHS"]), "--gpu", gpu, **here.for_next)
        return
    listed = list_models(edge.catalog, today=now().date())
    if here.json:
        emit({"models": listed})
    else:
        price_screen.models_table(listed, whole=notes)
        screen.next_step("estimate", "PATHS", **here.for_next)


def _advise(
    edge: Edge,
    paths: Sequence[str],
    gpu: str | None,
    allow_cloud: Sequence[str],
    line: Telling,
    json: bool,
) -> None:
    """Which model for these documents; no model is asked."""
    from evals import advice
    from evals.cli.advice_screen import advice_page
    from pipeline.run import corpus as corpora
    from pipeline.run.sovereignty import check_allowed

    check_allowed(allow_cloud)
    terms = edge.terms(allow_cloud=allow_cloud, gpu=gpu)
    store = edge.store_if_possible(line)
    corpus = corpora.read(paths, cache=store, show=line.show)
    keys = {name: bool(key) for name, key in edge.settings.keys.items()}
    found = advice.advise(paths, corpus, terms, advice.Here(edge.catalog, keys, gpu or ""), store)
    if json:
        emit(found)
    else:
        advice_page(found)
        best = found["models"][0]
        judge = [] if best["decides"] == "proof" else ["--judge", best["model"]]
        screen.next_step("merge", *paths, *judge)


@app.command()
@command
def doctor(
    here: Here,
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"What you want to do: {', '.join(_WISHES)} [everything].",
            autocompletion=lambda incomplete: [w for w in _WISHES if w.startswith(incomplete)],
        ),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help="Also try it: load the small model, measure its kernel's memory, open the "
            "database, ask Prefect's server. Takes a while.",
        ),
    ] = False,
) -> None:
    """What is missing for what you want to do. With --probe, which attention kernel runs and
    why."""
    edge, asked = here.edge(), wanted or _WISHES
    if unknown := set(asked) - set(_WISHES):
        raise InputError(
            f"nothing is known of {min(unknown)!r}.", next=f"There are: {', '.join(_WISHES)}."
        )
    checks = examine(
        edge.catalog.find(DEFAULT_LOCAL),
        cache=edge.settings.cache,
        threads=edge.settings.threads,
        keys={name: bool(key) for name, key in edge.settings.keys.items()},
        wanted=asked,
        probe=probe,
        say=here.line,
    )
    if _DATABASE in asked:
        checks.append(_database(edge, probe))
    if FLOWS in asked and probe and not lacking(FLOWS):
        with away_from_documents():
            from pipeline.flows.flow_checks import examine_flows

        checks += examine_flows()
    report = {"facts": facts(), "checks": checks}
    if here.json:
        emit(report)
    else:
        screen.doctor_page(report, probed=probe)
        if all(one["ok"] for one in checks):
            screen.next_step("extract", "PATHS", **here.for_next)


def _database(edge: Edge, probe: bool) -> dict[str, Any]:
    """Where the database is, and whether it opens; a file that is not there yet is not made."""
    url = edge.settings.database
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.exists():
        return check("database", True, f"{file} is made by the first run.")
    if url.startswith("sqlite:///") and not probe:
        return check("database", True, f"{file}, {file.stat().st_size / 1e6:,.1f} MB.")
    if not url.startswith("sqlite:") and (missing := lacking("postgres")):
        lack = missing_part("postgres", missing[0])
        return check("database", False, lack.message, lack.next)
    if not probe:
        return check("database", True, f"{without_password(url)}; --probe opens it.")
    try:
        with edge.store():
            return check("database", True, "opens.")
    except StoryTransformerError as error:
        return check("database", False, error.message, error.next)
