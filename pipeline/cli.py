"""The one command, ``storytransformer``: parse, call, print, exit.

Results go to stdout, progress and warnings to stderr. Exit codes are those of
:mod:`pipeline.errors`: 0 done, 1 a defect of ours, 2 bad input, 3 ledger, 4 budget, 5 sovereignty,
6 model or engine, 7 store, 8 eval gate, 130 interrupted and resumable.
"""

from __future__ import annotations

import gc
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.commands import app as evals
from pipeline import __version__, price_pages, screen
from pipeline.edge import (
    Edge,
    parse_date,
    parse_tokens_per_word,
    parse_usd,
    parse_words,
    whoami,
)
from pipeline.errors import InputError
from pipeline.guard import guard
from pipeline.machine import app as machine
from pipeline.options import (
    GROUP,
    MODEL,
    OUT,
    STRATEGY,
    About,
    AllowCloud,
    AllowEgress,
    AsJson,
    Batch,
    Card,
    Config,
    Conflicts,
    CountOnline,
    Db,
    Debug,
    Encoding,
    Entailment,
    Exclude,
    GroupBy,
    LocalOnly,
    MaxCost,
    Model,
    Models,
    Out,
    Paths,
    PathsOrNone,
    Pattern,
    Prefect,
    Quiet,
    Repair,
    Strategy,
    Strict,
    for_a_flow,
    reading,
)
from pipeline.screen import emit, say

app = typer.Typer(
    name="storytransformer",
    help="Merge piles of overlapping documents: the price known before, every source after.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(machine)
app.add_typer(evals, name="eval")


@app.callback(invoke_without_command=True)
def front_door(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Merge piles of overlapping documents: the price known before, every source after."""
    if version:
        screen.plain(f"storytransformer {__version__}")
    elif context.invoked_subcommand is None:
        screen.plain(context.get_help())


@app.command()
def extract(
    paths: Paths,
    show: Annotated[str | None, typer.Option(help="'residue': print the text in no story.")] = None,
    page: Annotated[str | None, typer.Option(help="Write a page to look through them.")] = None,
    encoding: Encoding = None,
    exclude: Exclude = None,
    pattern: Pattern = None,
    repair: Repair = False,
    strict: Strict = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read documents; show stories, residue and problems."""
    from pipeline.merge import corpus as corpora
    from pipeline.merge import files

    if show not in (None, "residue"):
        raise InputError(f"{show!r} cannot be shown.", where="--show", next="Write --show residue.")
    edge, line = Edge.read(db, allow_egress, config), say(quiet)
    corpus = corpora.gather(
        paths,
        how=reading(encoding, exclude, pattern, repair, strict),
        cache=edge.store_if_possible(line),
    )
    written = files.write_page(Path(page), corpus) if page else None
    corpora.require(corpus, strict=strict)
    result = corpora.extraction_as_json(corpus)
    if json:
        emit(result | ({"page": written} if written else {}))
    elif show == "residue":
        for path, text in corpora.residue(corpus):
            screen.plain(f"— {path}\n{text}\n")
    else:
        screen.extraction_table(result)
    if written and not json:
        screen.plain(f"page  {written}")


@app.command()
def estimate(
    paths: PathsOrNone = None,
    model: Models = None,
    strategy: Annotated[list[str] | None, typer.Option(help="Repeat for several.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Prices of this date, YYYY-MM-DD.")] = None,
    about: About = None,
    allow_cloud: AllowCloud = False,
    local_only: LocalOnly = None,
    conflicts: Conflicts = False,
    count_online: CountOnline = False,
    gpu: Card = None,
    words: Annotated[int | None, typer.Option(help="Price bare text of so many words.")] = None,
    tokens_per_word: Annotated[
        str | None, typer.Option(help="With --words [as measured on stories, by model].")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(help="Draw window size against dollars, time, memory: FILE.svg.")
    ] = None,
    encoding: Encoding = None,
    exclude: Exclude = None,
    pattern: Pattern = None,
    repair: Repair = False,
    strict: Strict = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """The dry run: what a merge costs. No network (but for --count-online), no model loaded."""
    from pipeline.merge import corpus as corpora
    from pipeline.merge import files, pricing

    if (words is None) == (not paths):
        raise InputError(
            "give documents or --words, one of the two.",
            next="Such as `storytransformer estimate data/sample`.",
        )
    if count_online and not paths:
        raise InputError(
            "words alone cannot be sent to be counted.",
            where="--count-online",
            next="Give documents, or leave it out.",
        )
    if picture is not None and not picture.endswith(".svg"):
        raise InputError(f"{picture!r} is no SVG.", where="--picture", next="Name it FILE.svg.")
    edge, line = Edge.read(db, allow_egress, config), say(quiet)
    when = parse_date(as_of, where="--as-of")
    names = model or []
    for name in names:
        edge.catalog.find(name)
    terms = edge.terms(
        as_of=when, about=about or (), allow_cloud=allow_cloud, local_only=local_only or (),
        gpu=gpu, conflicts=conflicts,
    )  # fmt: skip
    if words is not None:
        result = pricing.estimate_words(
            parse_words(words, where="--words"),
            parse_tokens_per_word(tokens_per_word),
            names,
            terms,
            catalog=edge.catalog,
        )
    else:
        store = edge.store_if_possible(line)
        corpus = corpora.read(
            paths or [], how=reading(encoding, exclude, pattern, repair, strict), cache=store
        )
        for path, reason in corpus.problems:
            line(f"warning: {path}: {reason}")
        result = pricing.estimate_corpus(
            corpus,
            names,
            strategy or [],
            terms,
            catalog=edge.catalog,
            store=store,
            online=edge.online_counts() if count_online else None,
        )
    if picture is not None:
        drawn = pricing.draw_estimate(
            result["words"],
            parse_tokens_per_word(tokens_per_word),
            names,
            terms,
            catalog=edge.catalog,
        )
        result["picture"] = files.write_picture(Path(picture), drawn)
    if json:
        emit(result)
    else:
        price_pages.estimate_table(result)


@app.command()
def merge(
    paths: Paths,
    model: Model = MODEL,
    strategy: Strategy = STRATEGY,
    about: About = None,
    max_cost: MaxCost = None,
    allow_cloud: AllowCloud = False,
    local_only: LocalOnly = None,
    batch: Batch = False,
    conflicts: Conflicts = False,
    out: Out = OUT,
    group: GroupBy = GROUP,
    entailment: Entailment = "",
    encoding: Encoding = None,
    exclude: Exclude = None,
    pattern: Pattern = None,
    repair: Repair = False,
    strict: Strict = False,
    prefect: Prefect = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Plan, run and, after an interruption, resume a merge."""
    terms: dict[str, Any] = {
        "strategy": strategy,
        "about": about or [],
        "max_cost": max_cost,
        "allow_cloud": allow_cloud,
        "local_only": local_only or [],
        "batch": batch,
        "conflicts": conflicts,
        "out": out,
        "group": group,
        "entailment": entailment,
    }
    if prefect:
        for_a_flow(config)
        from pipeline.flows import merge_stories
        from pipeline.orchestration.steps import call, open_edge

        provider = open_edge(db, allow_egress or ()).catalog.find(model).provider
        result: dict[str, Any] = call(
            merge_stories,
            {"merge", provider},
            paths=paths,
            model=model,
            encoding=encoding,
            exclude=exclude or [],
            pattern=pattern,
            repair=repair,
            strict=strict,
            db=db,
            allow_egress=allow_egress or [],
            **terms | {"max_cost": parse_usd(max_cost, where="--max-cost")},
        )
    else:
        from pipeline.merge.job import run

        edge, how = (
            Edge.read(db, allow_egress, config),
            reading(encoding, exclude, pattern, repair, strict),
        )
        with edge.store() as store:
            job = edge.merge_job(paths, model, store=store, how=how, say=say(quiet), **terms)
            result = run(job)
    if json:
        emit(result)
    else:
        screen.merge_summary(result)


@app.command()
def runs(
    run: Annotated[str | None, typer.Argument(help="One run, or all of them.")] = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What was done: estimate against actual, and the ledger of a run."""
    from pipeline.store import reports

    with Edge.read(db, allow_egress, config).store() as store:
        if run is None:
            listed = reports.list_runs(store)
            if json:
                emit({"runs": listed})
            else:
                screen.runs_table(listed)
            return
        found = reports.run_report(store, run)
        if found is None:
            raise InputError(f"no run {run!r}.", next="`storytransformer runs` lists them.")
    if json:
        emit(found)
    else:
        screen.run_page(found)


@app.command()
def review(
    run: Annotated[str, typer.Argument(help="One of `storytransformer runs`.")],
    listed: Annotated[bool, typer.Option("--list", help="Only show what is open.")] = False,
    decide: Annotated[str | None, typer.Option(help="Take the answers from a JSONL file.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was decided before.")] = False,
    most: Annotated[int, typer.Option(help="Look-alikes to ask about, at most.")] = 200,
    by: Annotated[str | None, typer.Option(help="Who decides [you].")] = None,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Decide on conflicts, merges and look-alikes of a run; every later run applies it."""
    from pipeline import review as reviewing
    from pipeline.merge.questions import as_json, of_run

    edge = Edge.read(db, allow_egress, config)
    with edge.store() as store:
        asked = of_run(store, run, again=again, most=most)
        who = by or whoami()
        keep = partial(store.decide, run=run)
        if decide is not None:
            kept = reviewing.take(Path(decide), asked, keep, by=who)
            left = len(of_run(store, run, most=most))
            if json:
                emit({"run": run, "decided": kept, "open": left})
            else:
                screen.plain(f"{kept} decisions kept, {left} questions open.")
        elif json:
            emit({"run": run, "questions": [as_json(question) for question in asked]})
        elif listed:
            screen.questions_page(asked, reviewing.describe)
        else:
            counts = reviewing.walk(asked, input, screen.plain, keep, by=who)
            screen.plain(", ".join(f"{n} {name}" for name, n in counts.items()) + ".")


@app.command()
def purge(
    name: Annotated[str, typer.Argument(help="A run, or a document by its path or sha256.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Delete the text of a run or a document from the database; figures stay."""
    from pipeline.merge.purging import purge_text

    with Edge.read(db, allow_egress, config).store() as store:
        result = purge_text(store, name, sure=lambda found: yes or screen.asked_to_purge(found))
    if json:
        emit(result)
    else:
        screen.purged_page(result)


def main() -> None:
    """The console script: run a command and exit with its code."""
    # A corpus is hundreds of thousands of values that live as long as the command and hold no
    # cycles: looking through them for cycles, again and again, took a sixth of an estimate.
    gc.set_threshold(100_000, 20, 100)
    sys.exit(guard(app, sys.argv[1:], emit))
