"""The commands about this machine: its settings, what it knows, what runs on it, what it serves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.amounts import counted
from pipeline.cli import price_screen, screen
from pipeline.cli.command_options import (
    PORT,
    Here,
    Notes,
    PathsOrNone,
    Port,
    Shown,
    command,
    parse_words,
)
from pipeline.config.egress import without_password
from pipeline.config.extras import lacking, missing_part
from pipeline.config.options import MayLeave
from pipeline.config.processes import away_from_documents
from pipeline.console import emit, plain
from pipeline.errors import InputError, StoryTransformerError
from pipeline.providers.doctor import FLOWS, check, examine, facts, wishes
from pipeline.providers.local import DEFAULT_LOCAL
from pipeline.runtime import Runtime, now

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
    settings = here.runtime().settings
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

    runtime = here.runtime()

    def tell(text: str) -> None:
        if here.json:
            database = without_password(runtime.settings.database)
            emit({"url": text.partition("\n")[0], "database": database})
        else:
            plain(text)

    with _drawn_from(runtime, here) as served:
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

    runtime = here.runtime()
    with _drawn_from(runtime, here) as served:
        shown = write_report(served, Path(out), runs or (), now=now())
    if here.json:
        emit({"out": out, "shown": shown})
    else:
        found = counted(len(shown), "figure or table", "figures and tables")
        plain(f"{out}: {found}" if shown else f"{out}: nothing measured yet")
        screen.next_step("dashboard", **here.for_next)


def _drawn_from(runtime: Runtime, here: Here) -> AbstractContextManager[Served]:
    from evals.dashboard.serve import drawn_from

    settings = runtime.settings
    return drawn_from(
        settings.database,
        runtime.store,
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
        from pipeline.flows.tasks import open_runtime

    runtime = open_runtime(here.db, here.allow_egress)
    serve_deployments(
        runtime.settings.deployments,
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

    runtime = here.runtime()
    if wanted_for:
        if words is not None:
            raise InputError("give documents or --words, not both.", where="--words")
        _advise(runtime, [*wanted_for, *(paths or ())], gpu, leaving.allow_cloud, here)
        return
    if gpu is None and (paths or words is not None):
        raise InputError(
            "a corpus is ranked on a card.", next='Add --gpu, such as --gpu "RTX 4090".'
        )
    if gpu is not None:
        card = runtime.gpu(gpu)
        if paths and words is not None:
            raise InputError("give documents or --words, not both.", where="--words")
        if paths:
            from pipeline.run import corpus as corpora

            line = here.line
            words = corpora.read(paths, cache=runtime.store_if_possible(line), show=line.show).words
        counted = parse_words(FIRST_USERS_WORDS if words is None else words, where="--words")
        ranked = rank_models(
            runtime.catalog, card, words=counted, usd_per_kwh=runtime.settings.usd_per_kwh
        )
        if here.json:
            emit(ranked)
        else:
            price_screen.ranking_table(ranked)
            screen.next_step("estimate", *(paths or ["PATHS"]), "--gpu", gpu, **here.for_next)
        return
    listed = list_models(runtime.catalog, today=now().date())
    if here.json:
        emit({"models": listed})
    else:
        price_screen.models_table(listed, whole=notes)
        screen.next_step("estimate", "PATHS", **here.for_next)


def _advise(
    runtime: Runtime,
    paths: Sequence[str],
    gpu: str | None,
    allow_cloud: Sequence[str],
    here: Here,
) -> None:
    """Which model for these documents; no model is asked."""
    from evals import advice
    from evals.cli.advice_screen import advice_page
    from pipeline.run import corpus as corpora
    from pipeline.run.sovereignty import check_allowed

    check_allowed(allow_cloud)
    line = here.line
    terms = runtime.terms(allow_cloud=allow_cloud, gpu=gpu)
    store = runtime.store_if_possible(line)
    corpus = corpora.read(paths, cache=store, show=line.show)
    keys = {name: bool(key) for name, key in runtime.settings.keys.items()}
    again = screen.same_place(here.db, here.config)
    found = advice.advise(
        paths, corpus, terms, advice.Here(runtime.catalog, keys, gpu or "", again), store
    )
    if here.json:
        emit(found)
    else:
        advice_page(found)
        best = found["models"][0]
        judge = [] if best["decides"] == "proof" else ["--judge", best["model"]]
        if best["leaves_machine"]:
            judge += [word for path in allow_cloud for word in ("--allow-cloud", path)]
        screen.next_step("merge", *paths, *judge, **here.for_next)


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
    runtime, asked = here.runtime(), wanted or _WISHES
    if unknown := set(asked) - set(_WISHES):
        raise InputError(
            f"nothing is known of {min(unknown)!r}.", next=f"There are: {', '.join(_WISHES)}."
        )
    checks = examine(
        runtime.catalog.find(DEFAULT_LOCAL),
        cache=runtime.settings.cache,
        threads=runtime.settings.threads,
        keys={name: bool(key) for name, key in runtime.settings.keys.items()},
        wanted=asked,
        probe=probe,
        say=here.line,
    )
    if _DATABASE in asked:
        checks.append(_database(runtime, probe))
    if FLOWS in asked and probe and not lacking(FLOWS):
        with away_from_documents():
            from pipeline.flows.serving import examine_flows

        checks += examine_flows()
    report = {"facts": facts(), "checks": checks}
    if here.json:
        emit(report)
    else:
        screen.doctor_page(report, probed=probe)
        screen.next_step("extract", "PATHS", **here.for_next)


def _database(runtime: Runtime, probe: bool) -> dict[str, Any]:
    """Where the database is, and whether it opens; a file that is not there yet is not made."""
    url = runtime.settings.database
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
        with runtime.store():
            return check("database", True, "opens.")
    except StoryTransformerError as error:
        return check("database", False, error.message, error.next)
