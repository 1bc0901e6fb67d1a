"""The one command, ``storytransformer``: parse, call, print, exit.

Results go to stdout, progress and warnings to stderr. Exit codes are those of
:mod:`pipeline.errors`: 0 done, 1 a defect of ours, 2 bad input, 3 ledger, 4 budget, 5 sovereignty,
6 model or engine, 7 store, 8 eval gate, 130 interrupted and resumable.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from pipeline import __version__, price_pages, screen
from pipeline.benchmarking import app as benchmarking
from pipeline.books import app as books
from pipeline.console import emit, plain, say, write_anything
from pipeline.edge import (
    Edge,
    parse_date,
    parse_tokens_per_word,
    parse_usd,
    parse_words,
)
from pipeline.errors import InputError
from pipeline.examining import app as examining
from pipeline.guard import guard
from pipeline.machine import app as machine
from pipeline.options import (
    EDITION,
    GROUP,
    MODEL,
    OUT,
    About,
    AllowCloud,
    AllowEgress,
    AsJson,
    AskBy,
    Batch,
    Card,
    Config,
    CountOnline,
    Db,
    Debug,
    Edition,
    Encoding,
    Exclude,
    FollowLinks,
    GroupBy,
    Judge,
    LocalOnly,
    MaxCost,
    MaxSeconds,
    Models,
    MostPairs,
    Out,
    Paths,
    PathsOrNone,
    Pattern,
    Prefect,
    Propose,
    Quiet,
    Repair,
    Shape,
    Since,
    Strict,
    for_a_flow,
    reading,
)
from pipeline.settings import away_from_documents, keep_code_out, report_to_nobody
from pipeline.training import app as training

app = typer.Typer(
    name="storytransformer",
    help="Merge piles of overlapping documents: the price known before, every source after.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(books)
app.add_typer(machine)
app.add_typer(examining)
app.add_typer(benchmarking)
app.add_typer(training, name="train")


class _Evals(TyperGroup):
    """``eval …``, whose commands are built when one is asked for: they are as many again, and
    every other command would wait for them."""

    @property
    def commands(self) -> Any:
        """The commands by name."""
        from evals.commands import app as evals

        return get_group(evals).commands

    @commands.setter
    def commands(self, none: Any) -> None:
        """Typer has none to set."""


evals = typer.Typer(cls=_Evals, rich_markup_mode=None)
app.add_typer(evals, name="eval")


@evals.callback(invoke_without_command=True)
def measure(context: typer.Context) -> None:
    """Measure models and the pipeline."""
    if context.invoked_subcommand is None:
        plain(context.get_help())


WELCOME = f"""\
storytransformer {__version__}
Merge piles of overlapping documents: the price known before, every source after.

  storytransformer extract   DOCUMENTS   what is in them, and what is not
  storytransformer estimate  DOCUMENTS   what a merge costs: here, Claude, Gemini
  storytransformer merge     DOCUMENTS   one document; every sentence has a source
  storytransformer review    RUN         decide on conflicts and look-alikes
  storytransformer dashboard             all of it in a browser, on this machine
  storytransformer report    [RUN]       its figures as one file to send

  look back    runs [RUN], decisions     clean up   purge RUN-OR-DOCUMENT
  set up       doctor, models            settings   init, config
  judges       exam: how far a model may be believed; train judge
  measure      eval needle, canary, fabrication, merging, …
  orchestrate  serve, merge --prefect

DOCUMENTS are files, folders or globs: text, Markdown, Word, Excel, CSV, PDF, HTML,
Gherkin, JSON. `merge` needs no model, no key and no network unless you name one.
Nothing leaves this machine but what --allow-cloud names, nothing costs more than
--max-cost, and an interrupted merge goes on where it was.

Every command has --help and --json. Begin with: storytransformer extract FOLDER"""


@app.callback(invoke_without_command=True)
def front_door(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Merge piles of overlapping documents: the price known before, every source after."""
    if version:
        plain(f"storytransformer {__version__}")
    elif context.invoked_subcommand is None:
        plain(WELCOME)


@app.command()
def extract(
    paths: Paths,
    show: Annotated[str | None, typer.Option(help="'residue': print the text in no story.")] = None,
    page: Annotated[str | None, typer.Option(help="Write a page to look through them.")] = None,
    encoding: Encoding = None,
    exclude: Exclude = None,
    pattern: Pattern = None,
    shape: Shape = None,
    repair: Repair = False,
    strict: Strict = False,
    follow_links: FollowLinks = False,
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
        how=reading(encoding, exclude, pattern, shape, repair, strict, follow_links),
        cache=edge.store_if_possible(line),
        show=line.show,
    )
    written = files.write_page(Path(page), corpus) if page else None
    corpora.require(corpus, strict=strict)
    result = corpora.extraction_as_json(corpus)
    if json:
        emit(result | ({"page": written} if written else {}))
    elif show == "residue":
        for path, text in corpora.residue(corpus):
            plain(f"— {path}\n{text}\n")
    else:
        screen.extraction_table(result)
    if not json and not show:
        if written:
            plain(f"page       {written}")
        screen.next_step("estimate", *paths, db=db, config=config)


@app.command()
def estimate(
    paths: PathsOrNone = None,
    model: Models = None,
    strategy: Annotated[list[str] | None, typer.Option(help="Repeat for several.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Prices of this date, YYYY-MM-DD.")] = None,
    about: About = None,
    allow_cloud: AllowCloud = None,
    local_only: LocalOnly = None,
    pairs: MostPairs = None,
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
    shape: Shape = None,
    repair: Repair = False,
    strict: Strict = False,
    follow_links: FollowLinks = False,
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """The dry run: what a merge costs. No network (but for --count-online), no model loaded."""
    from pipeline.merge import corpus as corpora
    from pipeline.merge import files, pricing, sovereignty

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
    sovereignty.check_allowed(allow_cloud or ())
    when = parse_date(as_of, where="--as-of")
    names = model or []
    for name in names:
        edge.catalog.find(name)
    terms = edge.terms(
        as_of=when, about=about or (), allow_cloud=allow_cloud or (), local_only=local_only or (),
        gpu=gpu, pairs=pairs,
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
            paths or [],
            how=reading(encoding, exclude, pattern, shape, repair, strict, follow_links),
            cache=store,
            show=line.show,
        )
        for path, reason in corpus.problems:
            line(f"warning: {path}: {reason}")
        if corpus.passed_over:
            line(corpus.passed_over)
        for said in sovereignty.warnings(
            corpus, allow_cloud=terms.allow_cloud, local_only=terms.local_only
        ):
            line(said)
        result = pricing.estimate_corpus(
            corpus,
            names,
            strategy or [],
            terms,
            catalog=edge.catalog,
            store=store,
            online=edge.online_counts() if count_online else None,
            show=line.show,
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
        if best := next((found for found in result["lines"] if found["cheapest"]), None):
            cloud = [word for named in allow_cloud or () for word in ("--allow-cloud", named)]
            # A model without a record is asked nothing but with this.
            known = best["strategy"] == "none" or result.get("records", {}).get(best["model"])
            asked = [] if known else ["--propose"]
            following = ["merge", *(paths or ["PATHS"]), "--judge", best["model"], *asked, *cloud]
            screen.next_step(*following, db=db, config=config)
        else:
            screen.next_step("doctor")


@app.command()
def merge(
    paths: Paths,
    model: Judge = MODEL,
    propose: Propose = False,
    strategy: AskBy = "pairs",
    pairs: MostPairs = None,
    about: About = None,
    max_cost: MaxCost = None,
    max_seconds: MaxSeconds = None,
    allow_cloud: AllowCloud = None,
    local_only: LocalOnly = None,
    batch: Batch = False,
    out: Out = OUT,
    group: GroupBy = GROUP,
    edition: Edition = EDITION,
    since: Since = None,
    encoding: Encoding = None,
    exclude: Exclude = None,
    pattern: Pattern = None,
    shape: Shape = None,
    repair: Repair = False,
    strict: Strict = False,
    follow_links: FollowLinks = False,
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
        "propose": propose,
        "strategy": strategy,
        "pairs": pairs,
        "about": about or [],
        "max_cost": max_cost,
        "max_seconds": max_seconds,
        "allow_cloud": allow_cloud or [],
        "local_only": local_only or [],
        "batch": batch,
        "out": out,
        "group": group,
        "edition": edition,
        "since": since,
    }
    if prefect:
        for_a_flow(config)
        with away_from_documents():
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
            shape=shape,
            repair=repair,
            strict=strict,
            follow_links=follow_links,
            db=db,
            allow_egress=allow_egress or [],
            **terms | {"max_cost": parse_usd(max_cost, where="--max-cost")},
        )
    else:
        from pipeline.merge.job import run

        edge, how = (
            Edge.read(db, allow_egress, config),
            reading(encoding, exclude, pattern, shape, repair, strict, follow_links),
        )
        with edge.store() as store:
            line = say(quiet)
            job = edge.merge_job(
                paths, model, store=store, how=how, say=line, show=line.show, **terms
            )
            result = run(job)
    if json:
        emit(result)
    else:
        screen.merge_summary(result)
        if result["conflicts"] or result["proposals"]:
            screen.next_step("review", result["run"], db=db, config=config)
        else:
            screen.next_step("dashboard", db=db, config=config)


def main() -> None:
    """The console script: run a command and exit with its code."""
    # A corpus is hundreds of thousands of values that live as long as the command and hold no
    # cycles: looking through them for cycles, again and again, took a sixth of an estimate.
    gc.set_threshold(100_000, 20, 100)
    report_to_nobody()
    keep_code_out()
    write_anything()
    sys.exit(guard(app, sys.argv[1:], emit))
