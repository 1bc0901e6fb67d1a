"""The commands on what was done: look at it, decide on it, delete its text."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pipeline import screen
from pipeline.console import emit, plain
from pipeline.edge import Edge, whoami
from pipeline.errors import InputError
from pipeline.options import AllowEgress, AsJson, Config, Db, Debug, Quiet

app = typer.Typer(rich_markup_mode=None)
decisions = typer.Typer(rich_markup_mode=None, help="What persons decided.", no_args_is_help=True)
app.add_typer(decisions, name="decisions")


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
    """What was done: estimate against actual, and ledgers."""
    from pipeline.store import reports

    with Edge.read(db, allow_egress, config).store() as store:
        if run is None:
            listed = reports.list_runs(store)
            if json:
                emit({"runs": listed})
            else:
                screen.runs_table(listed)
                if listed:
                    to_look_at = next((r for r in listed if r["state"] != "completed"), listed[0])
                    screen.next_step("runs", to_look_at["run"], db=db, config=config)
            return
        found = reports.run_report(store, run)
        if found is None:
            raise InputError(f"no run {run!r}.", next="`storytransformer runs` lists them.")
    if json:
        emit(found)
    else:
        screen.run_page(found)
        resumable = found["kind"] == "merge" and found["state"] in ("interrupted", "failed")
        step = screen.the_same_again(found) if resumable else ["dashboard"]
        screen.next_step(*step, db=db, config=config)


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
    """Decide on conflicts, merges and look-alikes of a run. Every later run applies it."""
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
                plain(f"{kept} decisions kept, {left} questions open. The next merge applies them.")
        elif json:
            emit({"run": run, "questions": [as_json(question) for question in asked]})
        elif listed:
            screen.questions_page(asked, reviewing.describe)
        else:
            counts = reviewing.walk(asked, input, plain, keep, by=who)
            plain(", ".join(f"{n} {name}" for name, n in counts.items()) + ".")
            plain("The next merge of these documents applies what was decided.")


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
    """Delete the text of a run or a document; figures stay."""
    from pipeline.merge.purging import purge_text

    with Edge.read(db, allow_egress, config).store() as store:
        result = purge_text(store, name, sure=lambda found: yes or screen.asked_to_purge(found))
    if json:
        emit(result)
    else:
        screen.purged_page(result)
        screen.next_step("runs", db=db, config=config)


@decisions.command("import")
def take_over(
    old: Annotated[str, typer.Argument(help="A database of before the first release.")],
    json: AsJson = False,
    db: Db = None,
    config: Config = None,
    allow_egress: AllowEgress = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Take decisions over from a database of before the first release."""
    from pipeline.store.importing import read_old_decisions

    source = Edge.read(old, allow_egress, config)
    source.check_database()
    found = read_old_decisions(source.settings.database)
    with Edge.read(db, allow_egress, config).store() as store:
        new = store.take_over(found)
    if json:
        emit({"found": len(found), "imported": new})
        return
    plain(f"{len(found)} decisions found, {new} imported.")
    plain("Merge the documents again; `storytransformer review RUN` asks you to confirm each.")
