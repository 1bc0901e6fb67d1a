"""The commands on what was done: look at it, decide on it, delete its text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.amounts import counted
from pipeline.cli import screen
from pipeline.cli.command_options import Here, command
from pipeline.cli.help_layout import Group
from pipeline.console import emit, plain, show_line
from pipeline.errors import InputError
from pipeline.runtime import whoami

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pipeline.review.questions import Question
    from pipeline.store.judgements import Purpose
    from pipeline.store.purge import Target
    from pipeline.store.record import Store

app = typer.Typer(rich_markup_mode=None)
decisions = typer.Typer(
    cls=Group, rich_markup_mode=None, help="What persons decided.", no_args_is_help=True
)
app.add_typer(decisions, name="decisions")


@app.command()
@command
def runs(
    here: Here,
    run: Annotated[str | None, typer.Argument(help="One run, or all of them.")] = None,
) -> None:
    """What was done: estimate against actual, and ledgers."""
    from pipeline.store.reading import reports

    with here.runtime().store() as store:
        if run is None:
            listed = reports.list_runs(store)
            if here.json:
                emit({"runs": listed})
            else:
                screen.runs_table(listed)
                to_look_at = next((r for r in listed if r["state"] != "completed"), None)
                named = to_look_at or (listed[0] if listed else None)
                step = ["runs", named["run"]] if named else ["merge", "PATHS"]
                screen.next_step(*step, **here.for_next)
            return
        found = reports.run_report(store, run)
        if found is None:
            raise InputError(f"no run {run!r}.", next="`storytransformer runs` lists them.")
    if here.json:
        emit(found)
    else:
        screen.run_page(found)
        resumable = found["kind"] == "merge" and found["state"] in ("interrupted", "failed")
        step = screen.the_same_again(found) if resumable else ["dashboard"]
        screen.next_step(*step, **here.for_next)


@app.command()
@command
def review(
    here: Here,
    run: Annotated[
        str | None,
        typer.Argument(
            help="One of `storytransformer runs` [the newest merge].", show_default=False
        ),
    ] = None,
    stories: Annotated[
        list[str] | None, typer.Argument(help="Ask only about these: S-3 S-9.", show_default=False)
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only show what is open.")] = False,
    decide: Annotated[str | None, typer.Option(help="Take the answers from a JSONL file.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was decided before.")] = False,
    most: Annotated[int, typer.Option(help="Questions, at most.")] = 200,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Of one kind: conflict, 'possible conflict', earlier, alike, fold, decided."
        ),
    ] = None,
    together: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="S-3 S-9", help="Merge two by hand: the first one's words stand."),
    ] = None,
    glossary: Annotated[
        bool, typer.Option("--glossary", help="Roles and topics that share a heading.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Read folds of the judge, drawn at random.")
    ] = False,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="Read pairs that it was asked about, at random.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who decides [you].")] = None,
) -> None:
    """Decide on conflicts and tellings that are alike. Every later run applies it."""
    from pipeline.review.questions import of_run

    who = by or whoami()
    with here.runtime().store() as store:
        if run is None or _STORY.fullmatch(run):
            stories = [*([run] if run else []), *(stories or [])]
            run = _newest(store)
            here.line(f"reviewing {run}, the newest merge")
        if glossary:
            _glossary(store, run, decide, json=here.json, listed=listed, by=who)
            if not here.json:
                _merge_again(store, run, here)
            return
        if together is not None:
            _together(store, run, together, json=here.json, by=who)
            if not here.json:
                _merge_again(store, run, here)
            return
        if audit or candidates:
            purpose: Purpose = "fold" if audit else "candidate"
            _audit(store, run, purpose, decide, listed=listed, json=here.json, by=who)
            if not here.json:
                screen.next_step("runs", run, **here.for_next)
            return
        asked = of_run(store, run, again=again, most=most, only=only or (), names=stories or ())
        if decide is not None:
            kept = _decide(store, run, decide, asked, by=who)
            left = len(of_run(store, run, most=most, only=only or ()))
            if here.json:
                emit({"run": run, "decided": kept, "open": left})
            else:
                plain(f"{counted(kept, 'decision')} kept, {counted(left, 'question')} open.")
                _merge_again(store, run, here)
        else:
            _ask(store, run, asked, most, here, listed=listed, by=who)


def _decide(store: Store, run: str, file: str, asked: Sequence[Question], *, by: str) -> int:
    """Keep a file's answers, checked as a whole before the first is kept: how many decisions."""
    from pipeline.review.answers import read_answers

    answers = read_answers(Path(file), asked, by=by)
    for answer in answers:
        answer.keep(store, run)
    return sum(len(answer.decisions) for answer in answers)


def _ask(
    store: Store, run: str, asked: Sequence[Question], most: int, here: Here, *, listed: bool,
    by: str,
) -> None:  # fmt: skip
    """Show the questions, or ask them one after the other."""
    from pipeline.review import dialogue

    if here.json:
        emit({"run": run, "questions": [question_as_json(question) for question in asked]})
    elif listed:
        screen.questions_page(asked, dialogue.describe)
        _more(asked, most)
        if asked:
            screen.next_step("review", run, **here.for_next)
        else:
            _merge_again(store, run, here)
    else:
        counts = dialogue.walk(
            asked,
            dialogue.terminal_read,
            show_line,
            lambda answer: answer.keep(store, run),
            by=by,
            marks=dialogue.terminal_marks(),
        )
        plain(", ".join(f"{n:,} {name}" for name, n in counts.items()) + ".")
        _more(asked, most)
        _merge_again(store, run, here)


#: A story as documents and questions call it.
_STORY = re.compile(r"S-\d+", re.IGNORECASE)


def _newest(store: Store) -> str:
    """The newest merge that came to its end and whose document is where it was written: what an
    eval merges goes with its folder. The newest one where no document is.

    Raises:
        InputError: there is none.
    """
    from pipeline.store.reading import reports

    ended = [
        str(run["run"])
        for run in reports.list_runs(store, kind="merge")
        if run["state"] == "completed"
    ]
    for run in ended:
        if Path(reports.parameters(store, run).get("out") or "merged").is_dir():
            return run
    if ended:
        return ended[0]
    raise InputError("no merge to review.", next="`storytransformer merge PATHS…` makes one.")


def _merge_again(store: Store, run: str, here: Here) -> None:
    """That what was decided is applied by the next merge, and the command that is one."""
    from pipeline.store.reading import reports

    plain("The next merge of these documents applies what was decided.")
    if (found := reports.run_report(store, run)) is not None:
        screen.next_step(*screen.the_same_again(found), **here.for_next)


def _more(asked: Sequence[Question], most: int) -> None:
    """That these were not all of them."""
    if len(asked) == most:
        plain(f"These are the {most:,} that save most words; --most asks for more of them.")


def _audit(
    store: Store, run: str, purpose: Purpose, decide: str | None, *, listed: bool, json: bool,
    by: str,
) -> None:  # fmt: skip
    """Read what a judge does, in a drawn order."""
    from pipeline.review import audit, dialogue
    from pipeline.review.answers import read_answers

    asked = audit.drawn_questions(store, run, purpose)
    if decide is not None:
        for answer in read_answers(Path(decide), asked, by=by):
            audit.keep(store, run, purpose, answer, by=by)
    elif json:
        emit({"run": run, "questions": [question_as_json(question) for question in asked]})
        return
    elif listed:
        screen.questions_page(asked, dialogue.describe)
        return
    else:
        dialogue.walk(
            asked,
            dialogue.terminal_read,
            show_line,
            lambda answer: audit.keep(store, run, purpose, answer, by=by),
            by=by,
            marks=dialogue.terminal_marks(),
        )
    if json:
        emit({"run": run, "audit": audit.found(store, run, purpose)})
    else:
        plain(audit.told(store, run, purpose))


def _together(store: Store, run: str, names: tuple[str, str], *, json: bool, by: str) -> None:
    """Keep that two stories are one need, whatever the run says of them."""
    from pipeline.review import questions
    from pipeline.review.answers import answered

    question = questions.by_hand(questions.finished_run_of(store, run), names)
    answer = answered(question, "one_need", by=by)
    answer.keep(store, run)
    if json:
        emit({"run": run, "decided": 1, "stands": question.names[question.stands - 1]})
    else:
        stands = question.names[question.stands - 1]
        plain(f"{' and '.join(question.names)} are one need; the words of {stands} stand.")


def _glossary(
    store: Store, run: str, decide: str | None, *, json: bool, listed: bool, by: str
) -> None:
    """Show and name roles and topics that are one."""
    from pipeline.review import glossary
    from pipeline.review.questions import finished_run_of

    finished = finished_run_of(store, run)
    if decide is not None:
        kept = glossary.take(Path(decide), store, by=by)
        emit({"run": run, "kept": kept}) if json else plain(f"{counted(kept, 'term')} kept.")
        return
    roles = glossary.roles_of(finished, store.glossary())
    if json:
        emit({"run": run, **glossary.as_json(roles, store.glossary())})
    elif listed:
        for line in glossary.lines(roles, store.glossary()):
            plain(line)
    else:
        kept = glossary.walk(finished, store, input, show_line, by=by)
        plain(f"{counted(kept, 'term')} kept. The next document has them in its headings.")


@app.command()
@command
def purge(
    name: Annotated[str, typer.Argument(help="A run, or a document by its path or sha256.")],
    here: Here,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the text of a run or a document; figures stay."""
    with here.runtime().store() as store:
        result = purge_text(store, name, sure=lambda found: yes or screen.asked_to_purge(found))
    if here.json:
        emit(result)
    else:
        screen.purged_page(result)
        screen.next_step("runs", **here.for_next)


@decisions.command("import")
@command
def take_over(
    old: Annotated[str, typer.Argument(help="A database of before the first release.")],
    here: Here,
) -> None:
    """Take decisions over from a database of before the first release."""
    from pipeline.store.importing import read_old_decisions

    source = replace(here, db=old).runtime()
    source.check_database()
    found = read_old_decisions(source.settings.database)
    with here.runtime().store() as store:
        new = store.take_over(found)
    if here.json:
        emit({"found": len(found), "imported": new})
        return
    plain(f"{counted(len(found), 'decision')} found, {new:,} imported.")
    plain("Merge the documents again; `storytransformer review` asks you to confirm each.")
    screen.next_step("merge", "PATHS", **here.for_next)


#: What a merge writes into its folder, whole or ``*.incomplete``.
_WRITTEN = ("merged.*", "since.md*", "topics/*.md*")


def purge_text(
    store: Store, name: str, *, sure: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any]:
    """Delete the text of a run or a document from the database.

    Args:
        name: a run, or a document by its path or (the start of) its sha256.
        sure: shown what would be deleted; nothing is, unless it says yes.

    Returns:
        What ``purge --json`` prints: ``runs``, ``documents``, ``rows`` and ``bytes`` by table,
        and ``files``, written by those runs, that still hold text.

    Raises:
        InputError: nothing of that name is here, or the answer was no.
        StoreError: the bytes cannot go yet, as another program has the file open.
    """
    from pipeline.store.purge import find_target
    from pipeline.store.purge import purge as delete

    target = find_target(store, name, sha256=_sha256(Path(name)))
    found = _purge_as_json(store, name, target)
    trial = delete(store, target, trial=True)
    found |= {"rows": trial.rows, "bytes": trial.n_bytes}
    if not sure(found):
        raise InputError("nothing was deleted.", where=name, next="Answer y, or add --yes.")
    done = delete(store, target)
    return found | {"purged": True, "rows": done.rows, "bytes": done.n_bytes}


def _purge_as_json(store: Store, name: str, target: Target) -> dict[str, Any]:
    from pipeline.store.reading import reports

    files: dict[str, None] = {}
    for run in target.runs:
        report = reports.run_report(store, run) or {}
        out = Path(str(report.get("parameters", {}).get("out") or "."))
        if report.get("kind") == "merge":
            found = sorted(path for pattern in _WRITTEN for path in out.glob(pattern))
            files.update((str(path), None) for path in found if path.is_file())
    return {
        "name": name,
        "purged": False,
        "runs": list(target.runs),
        "documents": len(target.documents),
        "kept_documents": target.kept,
        "files": list(files),
    }


def _sha256(path: Path) -> str:
    import hashlib

    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def question_as_json(question: Question) -> dict[str, Any]:
    """What ``review --json`` prints of a question."""
    before = question.decided or question.earlier
    return {
        "question": question.id,
        "kind": question.kind,
        "because": question.because,
        "about": question.about,
        "opposed": question.opposed,
        "saves_words": question.saves,
        "batch": question.batch,
        "stands": question.stands,
        "decided": None if before is None else {"answer": before.answer, "told": str(before)},
        **({"sovereignty": question.sovereignty} if question.sovereignty else {}),
        "stories": [
            {
                "number": number,
                "name": question.names[number - 1],
                "story": story.id,
                "fingerprint": story.fingerprint,
                "source": str(story.source),
                "key": story.source.key,
                "written": story.source.written.isoformat() if story.source.written else None,
                "author": story.source.author,
                "differs": question.differs[number - 1],
                "telling": [
                    {"field": told.field, "text": told.text}
                    for told in question.tellings[number - 1]
                ],
            }
            for number, story in enumerate(question.stories, 1)
        ],
    }
