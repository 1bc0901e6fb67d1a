"""The one command, ``storytransformer``: parse, call, print, exit.

Results go to stdout, progress and warnings to stderr. Exit codes are those of
:mod:`pipeline.errors`: 0 done, 1 a defect of ours, 2 bad input, 3 ledger, 4 budget, 5 sovereignty,
6 model or engine, 7 store, 8 eval gate, 130 interrupted and resumable.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_group

from pipeline import __version__
from pipeline.cli import price_screen, screen
from pipeline.cli.benchmark_command import app as benchmark_command
from pipeline.cli.command_options import (
    MODEL,
    Here,
    Judge,
    Notes,
    Paths,
    PathsOrNone,
    Prefect,
    command,
    parse_tokens_per_word,
    parse_words,
)
from pipeline.cli.exam_command import app as exam_command
from pipeline.cli.exit_codes import run_to_exit_code
from pipeline.cli.help_layout import Group
from pipeline.cli.machine_commands import app as machine_commands
from pipeline.cli.run_commands import app as run_commands
from pipeline.cli.train_command import app as train_command
from pipeline.config.options import (
    EstimateOptions,
    MergeOptions,
    ReadOptions,
)
from pipeline.config.processes import away_from_documents, keep_code_out, report_to_nobody
from pipeline.console import emit, page, plain, verbatim, write_anything
from pipeline.errors import InputError
from pipeline.runtime import Runtime

if TYPE_CHECKING:
    from decimal import Decimal

    from pipeline.run.steps import Terms

app = typer.Typer(
    name="storytransformer",
    cls=Group,
    help="Merge piles of overlapping documents: the price known before, every source after.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(run_commands)
app.add_typer(machine_commands)
app.add_typer(exam_command)
app.add_typer(benchmark_command)
app.add_typer(train_command, name="train")


class _Evals(Group):
    """``eval …``, whose commands are built when one is asked for: they are as many again, and
    every other command would wait for them."""

    @property
    def commands(self) -> Any:
        """The commands by name."""
        from evals.cli.eval_commands import app as evals

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
Merge overlapping documents: the price known before, every source after.

  storytransformer extract   DOCUMENTS   what is in them, and what is not
  storytransformer estimate  DOCUMENTS   what a merge costs: here, Claude, Gemini
  storytransformer merge     DOCUMENTS   one document; every sentence has a source
  storytransformer review    [RUN]       decide on conflicts and look-alikes
  storytransformer dashboard             all of it in a browser, on this machine
  storytransformer report    [RUN]       its figures as one file to send

  look back    runs [RUN], decisions     clean up   purge RUN-OR-DOCUMENT
  set up       doctor, models --for      settings   init, config
  judges       exam: how far a model may be believed; train judge
  measure      benchmark: a model in one sitting; eval needle, canary, …
  orchestrate  serve, merge --prefect

DOCUMENTS are files, folders or globs: text, Markdown, Word, Excel, CSV, PDF, \
HTML, Gherkin, JSON. `merge` needs no model, no key and no network unless you \
name one. Nothing leaves this machine but what --allow-cloud names, nothing \
costs more than --max-cost, and an interrupted merge goes on where it was.

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
        page(WELCOME)


@app.command()
@command
def extract(
    paths: Paths,
    read: ReadOptions,
    here: Here,
    show: Annotated[
        str | None,
        typer.Option(help="'stories': print them; 'residue': print the text in no story."),
    ] = None,
    page: Annotated[str | None, typer.Option(help="Write a page to look through them.")] = None,
    whole: Annotated[bool, typer.Option("--all", help="List every document.")] = False,
) -> None:
    """Read documents: how many stories are in each, how much is in none, what could not be read."""
    from pipeline.run import corpus as corpora
    from pipeline.run import output
    from pipeline.text.sentences import spoken_lines

    if show not in (None, "stories", "residue"):
        raise InputError(
            f"{show!r} cannot be shown.",
            where="--show",
            next="Write --show stories or --show residue.",
        )
    corpus = corpora.gather(
        paths,
        how=read,
        cache=here.runtime().store_if_possible(here.line),
        show=here.line.show,
    )
    written = output.write_page(Path(page), corpus) if page else None
    corpora.require(corpus, strict=read.strict)
    result = corpora.extraction_as_json(corpus)
    if here.json:
        emit(result | ({"page": written} if written else {}))
    elif show == "residue":
        for path, text in corpora.residue(corpus):
            verbatim(f"— {path}\n{text}\n")
    elif show == "stories":
        for story in corpus.stories:
            verbatim(f"— {story.source}\n{spoken_lines(story.text)}\n")
    else:
        screen.extraction_table(result, whole=whole)
    if not here.json:
        if written:
            plain(f"page       {written}")
        screen.next_step("estimate", *paths, **here.for_next)


@app.command()
@command
def estimate(
    chosen: EstimateOptions,
    read: ReadOptions,
    here: Here,
    paths: PathsOrNone = None,
    notes: Notes = False,
    words: Annotated[int | None, typer.Option(help="Price bare text of so many words.")] = None,
    tokens_per_word: Annotated[
        str | None, typer.Option(help="With --words [as measured on stories, by model].")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(help="Draw window size against dollars, time, memory: FILE.svg.")
    ] = None,
) -> None:
    """The dry run: what a merge costs. No network (but for --count-online), no model loaded."""
    from pipeline.run import pricing, sovereignty

    if (words is None) == (not paths):
        raise InputError(
            "give documents or --words, one of the two.",
            next="Such as `storytransformer estimate data/sample`.",
        )
    if chosen.count_online and not paths:
        raise InputError(
            "words alone cannot be sent to be counted.",
            where="--count-online",
            next="Give documents, or leave it out.",
        )
    if picture is not None and not picture.endswith(".svg"):
        raise InputError(f"{picture!r} is not an SVG.", where="--picture", next="Name it FILE.svg.")
    runtime = here.runtime()
    sovereignty.check_allowed(chosen.allow_cloud)
    for name in chosen.models:
        runtime.catalog.find(name)
    terms = runtime.estimate_terms(chosen)
    if words is not None:
        result = pricing.estimate_words(
            parse_words(words, where="--words"),
            parse_tokens_per_word(tokens_per_word),
            chosen.models,
            terms,
            catalog=runtime.catalog,
        )
    else:
        result = _priced(runtime, paths or [], chosen, read, here, terms)
    if picture is not None:
        each_word = parse_tokens_per_word(tokens_per_word)
        result["picture"] = _draw(picture, result["words"], each_word, chosen, terms, runtime)
    if here.json:
        emit(result)
        return
    price_screen.estimate_table(result, whole=notes or bool(chosen.strategies))
    if best := next((found for found in result["lines"] if found["cheapest"]), None):
        following = _merge_by(best, result, paths or ["PATHS"], chosen)
        screen.next_step(*following, **here.for_next)
    else:
        screen.next_step("doctor")


def _draw(
    file: str, words: int, tokens_per_word: Decimal | None, chosen: EstimateOptions, terms: Terms,
    runtime: Runtime,
) -> str:  # fmt: skip
    """Write the trade-off of window sizes; the file's path."""
    from pipeline.run import output, pricing  # and with it all that writes documents

    drawn = pricing.draw_estimate(
        words, tokens_per_word, chosen.models, terms, catalog=runtime.catalog
    )
    return output.write_picture(Path(file), drawn)


def _merge_by(
    best: Mapping[str, Any], result: Mapping[str, Any], paths: Sequence[str],
    chosen: EstimateOptions,
) -> list[str]:  # fmt: skip
    """The command that merges as an estimate's line says."""
    cloud = [word for named in chosen.allow_cloud for word in ("--allow-cloud", named)]
    # A model without a record is asked nothing but with this.
    known = best["strategy"] == "none" or result.get("records", {}).get(best["model"])
    asked = [] if known else ["--propose"]
    by = ["--strategy", "groups"] if best["strategy"] == "groups" else []
    return ["merge", *paths, "--judge", best["model"], *by, *asked, *cloud]


def _priced(
    runtime: Runtime,
    paths: Sequence[str],
    chosen: EstimateOptions,
    read: ReadOptions,
    here: Here,
    terms: Terms,
) -> dict[str, Any]:
    """Read documents, and price what a merge of them costs."""
    from pipeline.run import corpus as corpora
    from pipeline.run import pricing, sovereignty

    line = here.line
    store = runtime.store_if_possible(line)
    corpus = corpora.read(paths, how=read, cache=store, show=line.show)
    for path, reason in corpus.problems:
        line(f"warning: {path}: {reason}")
    if corpus.passed_over:
        line(corpus.passed_over)
    for said in sovereignty.warnings(
        corpus, allow_cloud=terms.allow_cloud, local_only=terms.local_only
    ):
        line(said)
    return pricing.estimate_corpus(
        corpus,
        chosen.models,
        chosen.strategies,
        terms,
        catalog=runtime.catalog,
        store=store,
        online=runtime.online_counts() if chosen.count_online else None,
        show=line.show,
    )


@app.command()
@command
def merge(
    paths: Paths,
    chosen: MergeOptions,
    read: ReadOptions,
    here: Here,
    model: Judge = MODEL,
    prefect: Prefect = False,
) -> None:
    """Plan, run and, after an interruption, resume a merge."""
    if prefect:
        where = here.for_a_flow()
        with away_from_documents():
            from pipeline.flows.flows import merge_stories
            from pipeline.flows.tasks import call, open_runtime

        provider = open_runtime(here.db, here.allow_egress).catalog.find(model).provider.name
        result: dict[str, Any] = call(
            merge_stories,
            {"merge", provider},
            paths=paths,
            model=model,
            **chosen.given(),
            **read.given(),
            **where,
        )
    else:
        from pipeline.run.job import run

        line, runtime = here.line, here.runtime()
        with runtime.store() as store:
            job = runtime.merge_job(
                paths, model, chosen, store=store, how=read, say=line, show=line.show
            )
            result = run(job)
    if here.json:
        emit(result)
    else:
        screen.merge_summary(result)
        if result["conflicts"] or result["proposals"]:
            screen.next_step("review", result["run"], **here.for_next)
        else:
            screen.next_step("dashboard", **here.for_next)


def main() -> None:
    """The console script: run a command and exit with its code."""
    # A corpus is hundreds of thousands of values that live as long as the command and hold no
    # cycles: looking through them for cycles, again and again, took a sixth of an estimate.
    gc.set_threshold(100_000, 20, 100)
    report_to_nobody()
    keep_code_out()
    write_anything()
    sys.exit(run_to_exit_code(app, sys.argv[1:], emit))
