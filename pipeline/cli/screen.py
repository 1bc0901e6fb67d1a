"""What a person sees of a command, out of the same values that ``--json`` prints."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.amounts import amount, both, counted, dollars, duration, gigabytes, percent
from pipeline.config.options import MergeOptions, ReadOptions, as_words
from pipeline.console import command, plain, table

if TYPE_CHECKING:
    from pipeline.config.configuration import Found


def next_step(*words: str, db: str | None = None, config: str | None = None) -> None:
    """The next useful command, ready to be pasted; it looks at the same database and settings."""
    command(("storytransformer", *words, *same_place(db, config)), "next       ")


def same_place(db: str | None, config: str | None) -> tuple[str, ...]:
    """What a command is told to look at the same database and settings."""
    return (*(("--db", db) if db else ()), *(("--config", config) if config else ()))


#: Documents that have a line each; where there are more, those that ask for a look come first.
_MOST_ROWS, _MOST_TO_LOOK_AT = 20, 15


def _rows_shown(documents: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The documents that are listed: those with a problem or without a story, then others."""
    if len(documents) <= _MOST_ROWS:
        return list(documents)
    asks = [bool(d["problem"]) or not d["stories"] for d in documents]
    looked_at = [i for i, one in enumerate(asks) if one][:_MOST_TO_LOOK_AT]
    others = [i for i, one in enumerate(asks) if not one]
    return [documents[i] for i in sorted([*looked_at, *others[: _MOST_ROWS - len(looked_at)]])]


def _more_documents(rest: Sequence[Mapping[str, Any]]) -> None:
    """What is not listed, by format."""
    kinds = Counter(d["format"] for d in rest)
    said = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
    stories = counted(sum(d["stories"] for d in rest), "story", "stories")
    problems = sum(bool(d["problem"]) for d in rest)
    wrong = f", {counted(problems, 'problem')}" if problems else ""
    plain(f"… and {counted(len(rest), 'more document')} ({said}) with {stories}{wrong}: --all")


def next_for_good() -> None:
    """The command that was given, without ``--dry-run``, as the next one."""
    command(("storytransformer", *(w for w in sys.argv[1:] if w != "--dry-run")), "next       ")


def extraction_table(result: Mapping[str, Any], *, whole: bool = False) -> None:
    """One line per document, and one on the criteria joined to stories of other documents.

    Args:
        whole: list every document, however many there are.
    """
    documents = result["documents"]
    listed = list(documents) if whole else _rows_shown(documents)
    table(
        ("document", "format", "encoding", "stories", "in stories", "problem"),
        [
            (
                d["path"],
                d["format"],
                d["encoding"],
                amount(d["stories"]),
                percent(d["story_chars"] / d["chars"]) if d["chars"] else "–",
                d["problem"] or "",
            )
            for d in listed
        ],
    )
    if len(listed) < len(documents):
        shown = {id(d) for d in listed}
        _more_documents([d for d in documents if id(d) not in shown])
    chars = sum(d["chars"] for d in documents)
    residue = sum(d["residue_chars"] for d in documents) / chars if chars else 0
    plain(
        f"{counted(len(result['stories']), 'story', 'stories')} in "
        f"{counted(len(documents), 'document', 'documents')}; {percent(residue)} of the text is "
        "in none (--show residue)."
    )
    if passed_over := result["passed_over"]:
        plain(f"{passed_over}.")
    if links := result["links"]:
        criteria = sum(len(link["criteria"]) for link in links)
        stories = len({link["story"] for link in links})
        plain(
            f"{counted(criteria, 'criterion', 'criteria')} of other documents joined to "
            f"{counted(stories, 'story', 'stories')}."
        )


#: What became of one story, and of several, as a sentence says it.
_OUTCOMES = {
    "kept": ("stands by itself", "stand by themselves"),
    "duplicate_of": ("says what another says", "say what another says"),
    "merged_into": ("is told under another", "are told under another"),
    "conflict_with": ("is in conflict", "are in conflict"),
    "skipped": ("is skipped", "are skipped"),
}


def merge_summary(result: Mapping[str, Any]) -> None:
    """The end of a merge: what became of the stories, and where the document is."""
    ledger = ", ".join(
        f"{n:,} {_OUTCOMES[name][n != 1]}" for name, n in result["ledger"].items() if n
    )
    plain(
        f"{counted(result['stories'], 'story', 'stories')} in "
        f"{counted(result['entries'], 'entry', 'entries')}: {ledger}."
    )
    kept = result["kept"]
    folded = ", ".join(f"{n:,} by {who}" for who, n in kept["folded"].items() if n) or "none"
    one_of = "Every one of their " if kept["units"] != 1 else "Their "
    plain(
        f"{one_of}{counted(kept['units'], 'sentence')} is kept: "
        f"{kept['standing']:,} {'stands' if kept['standing'] == 1 else 'stand'}, "
        f"folded: {folded}. {result['standing_words']:,} of "
        f"{counted(result['source_words'], 'word')} stand."
    )
    if result["calls"] or result["reused_replies"]:
        plain(
            f"{counted(result['calls'], 'model call')}, "
            f"{counted(result['reused_replies'], 'reply', 'replies')} reused from the journal; "
            f"{counted(result['input_tokens'], 'token')} in, {result['output_tokens']:,} out; "
            f"{dollars(result['usd'])} (estimated {dollars(result['estimated_usd'])})."
        )
    if unasked := result["not_asked"]:
        told = counted(unasked, "question was", "questions were")
        plain(f"{told} not asked: a bound was reached before.")
    from pipeline.merge.conclusion import MOST_PROPOSALS

    most = "the most promising " if result["proposals"] >= MOST_PROPOSALS else ""
    told = counted(result["possible_conflicts"], "possible conflict", "possible conflicts")
    plain(
        f"{counted(result['conflicts'], 'conflict', 'conflicts')}, {told}; "
        f"{most}{counted(result['proposals'], 'pair', 'pairs')} for a person to decide."
    )
    if said := _audit_line(result):
        plain(said)
    for kind, path in result["out"].items():
        plain(f"  {kind:<9} {path}")
    plain(f"  run       {result['run']}")


def _audit_line(result: Mapping[str, Any]) -> str:
    """What a person read of the judge's folds here, or where to begin."""
    from pipeline.judge.belief import READINGS

    read = result["audit"]
    if read:
        return (
            f"{read['read']:,} of the judge's folds read, {read['wrong']:,} wrong: at least "
            f"{read['right_at_least']:.1%} are right (95 %)."
        )
    folded = result["kept"]["folded"]["judge"]
    n = folded or result["would_fold"]
    if not n:
        return ""
    what = "folds" if folded else "would-be folds"
    return (
        f"{n:,} {what} of the judge, none of them read: `storytransformer review {result['run']} "
        f"--audit` shows {min(n, READINGS)} at random."
    )


_RUNS = (
    "run", "state", "model", "strategy", "stories", "tokens in", "out", "estimated", "dollars",
    "foreseen", "time", "peak memory",
)  # fmt: skip


def runs_table(runs: Sequence[Mapping[str, Any]]) -> None:
    """One line per run, newest first; or what to run when there is none."""
    if not runs:
        plain("No run yet.")
        return
    table(
        _RUNS,
        [
            (
                r["run"],
                _ending(r),
                r["model"],
                r.get("strategy"),
                _known(r.get("stories"), amount),
                both(r.get("estimated_input_tokens"), r.get("input_tokens"), amount),
                both(r.get("estimated_output_tokens"), r.get("output_tokens"), amount),
                _known(r.get("estimated_usd"), dollars),
                _known(r.get("usd"), dollars),
                duration(r.get("estimated_seconds")),
                duration(r.get("model_seconds") or None),
                both(r.get("estimated_peak_memory_bytes"), r.get("peak_memory_bytes"), gigabytes),
            )
            for r in runs
        ],
        title="estimated → actual; times are those of the model's calls",
        optional=(
            "peak memory", "out", "tokens in", "strategy", "stories", "foreseen", "estimated",
            "time",
        ),
    )  # fmt: skip


def _known(value: Any, shown: Callable[[Any], str | None]) -> str | None:
    """A value as it is shown; None where nobody knows it."""
    return None if value is None else shown(value)


def _ending(run: Mapping[str, Any]) -> str:
    """A run's state, and how many of its calls failed: what is completed need not be answered."""
    n = run.get("failed_calls")
    return f"{run['state']}, {amount(n)} failed" if n else str(run["state"])


def the_same_again(run: Mapping[str, Any]) -> list[str]:
    """The command that made a merge, and resumes it: its options out of the run's parameters."""
    kept = run["parameters"]
    words = as_words(kept, MergeOptions, ReadOptions)
    return ["merge", *kept.get("paths", []), "--judge", run["model"], *words]


def _moment(when: str) -> str:
    return when[:19].replace("T", " ") + " UTC"


#: What a person is shown of a run; ``--json`` has everything.
_RUN: Mapping[str, Callable[[Any], str | None]] = {
    **dict.fromkeys(("kind", "state", "error", "model", "strategy"), str),
    **dict.fromkeys(("started", "finished"), _moment),
    **dict.fromkeys(("documents", "words", "stories", "entries"), amount),
    **dict.fromkeys(("conflicts", "possible_conflicts", "proposals"), amount),
    **dict.fromkeys(("reused_replies", "attempts"), amount),
    "seconds": duration,
    "revision": str,
}


def run_page(run: Mapping[str, Any]) -> None:
    """One run: what it is, estimate against actual, its ledger."""
    table(
        ("run", run["run"]),
        [
            (name.replace("_", " "), shown(run[name]))
            for name, shown in _RUN.items()
            if run.get(name) not in (None, "") and (run["kind"] == "merge" or run[name] != 0)
        ],
    )
    if compared := run.get("estimate_vs_actual"):
        table(
            ("", "low", "likely", "high", "actual", "actual ÷ likely", "band", "corrected by"),
            [
                (
                    q["quantity"],
                    *(_SHOWN[q["unit"]](q[side]) for side in ("low", "likely", "high", "actual")),
                    None if q["ratio"] is None else f"{q['ratio']:.2f}",
                    {1: "inside", 0: "outside"}.get(q["inside"]),
                    _past(q["past_runs"]),
                )
                for q in compared
            ],
            title="estimate against actual",
            optional=("corrected by", "band", "low", "high"),
        )
    if run.get("ledger"):
        table(
            ("ledger", "stories"),
            [(name.replace("_", " "), amount(n)) for name, n in run["ledger"].items()],
        )
    if kept := run.get("kept"):
        table(
            ("sentences of the stories", "n"),
            [
                ("stand", f"{kept['standing']:,}"),
                *((f"folded by {by}", f"{n:,}") for by, n in kept["folded"].items()),
                ("missing", f"{len(kept['missing']):,}"),
            ],
        )


def asked_to_purge(found: Mapping[str, Any]) -> bool:
    """Whether the person at the terminal wants this deleted; no without an answer."""
    purged_page(found)
    try:
        return input("Delete it for good? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def purged_page(found: Mapping[str, Any]) -> None:
    """What a purge deletes, or has deleted, and what it cannot reach."""
    table(
        ("deleted" if found["purged"] else "to delete", "rows", "bytes of text"),
        [(name, f"{n:,}", f"{found['bytes'][name]:,}") for name, n in found["rows"].items()],
        title=f"{found['name']}: {counted(len(found['runs']), 'run')}, "
        f"{counted(found['documents'], 'document')}",
    )
    if n := found["kept_documents"]:
        plain(f"{counted(n, 'document')} {'stays' if n == 1 else 'stay'}: other runs read them.")
    for path in found["files"]:
        plain(f"still holds text: {path}")


def questions_page(questions: Sequence[Any], describe: Callable[[Any], Iterable[str]]) -> None:
    """What a person may decide, one after the other."""
    for question in questions:
        saves = (
            f", deciding saves up to {counted(question.saves, 'word')}" if question.saves else ""
        )
        plain(f"{question.kind} {question.id}{saves}")
        for line in describe(question):
            plain(line)
    plain(f"{len(questions):,} open.")


def _usd(value: float | None) -> str:
    return "–" if value is None else dollars(str(value))


def _past(runs: int) -> str:
    return counted(runs, "past run") if runs else ""


_SHOWN: Mapping[str, Callable[[Any], str | None]] = {
    "tokens": amount,
    "calls": amount,
    "USD": _usd,
    "seconds": duration,
    "bytes": gigabytes,
}


def settings_page(found: Iterable[Found], file: Path | None) -> None:
    """Every setting with its value and where it was said; then what could be said where."""
    table(
        ("setting", "value", "from"),
        [
            (one.setting.name, one.shown or "–", " ".join(filter(None, (one.source, one.where))))
            for one in found
        ],
        title=f"settings of {file}" if file else "no storytransformer.toml here",
    )
    next_step(*(["init"] if file is None else ["doctor"]))


def doctor_page(report: Mapping[str, Any], *, probed: bool) -> None:
    """What is here; what is missing and how to get it.

    Args:
        probed: what would run was tried, too.
    """
    plain(", ".join(f"{name} {what}" for name, what in report["facts"].items()) + ".")
    for check in report["checks"]:
        plain(
            f"{'ok     ' if check['ok'] else 'missing'}  {check['name']}: {check['detail']}"
            + (f" {check['next']}" if check["next"] else "")
        )
    if not probed:
        plain("Looked at, not tried: --probe loads and opens what would run.")
