"""Merge piles of overlapping documents: the price known before, every source after.

The public face of the product, for programs. Everything here reads the same settings, asks the same
models and keeps the same database as the command ``storytransformer``; ``docs/extending.md`` has a
worked example.

    >>> import storytransformer as st
    >>> corpus = st.read(["data/sample"])                       # doctest: +SKIP
    >>> print(st.estimate(corpus, models=["local/smollm2-135m"]).cheapest)   # doctest: +SKIP
    >>> print(st.merge(["data/sample"], out="merged").markdown)             # doctest: +SKIP

Errors are those of :mod:`pipeline.errors`, one class for each person who can mend them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.options import (
    EstimateOptions,
    ExamOptions,
    MergeOptions,
    ReadOptions,
    TrainOptions,
)
from pipeline.errors import (
    BudgetError,
    EngineError,
    InputError,
    LedgerError,
    ModelError,
    SovereigntyError,
    StoreError,
    StoryTransformerError,
)
from pipeline.stories import Block, Document, Extraction, Source, Story

if TYPE_CHECKING:
    from pipeline.engine.story_transformer import StoryTransformer
    from pipeline.judge.judge_records import Record
    from pipeline.run.corpus import Corpus

__all__ = [
    "Block",
    "BudgetError",
    "Document",
    "EngineError",
    "Estimate",
    "EstimateLine",
    "EstimateOptions",
    "ExamOptions",
    "Extraction",
    "InputError",
    "LedgerError",
    "MergeOptions",
    "Merged",
    "ModelError",
    "ReadOptions",
    "Source",
    "SovereigntyError",
    "StoreError",
    "Story",
    "StoryTransformer",
    "StoryTransformerError",
    "TrainOptions",
    "Trained",
    "estimate",
    "exam",
    "merge",
    "read",
    "train_judge",
]


@dataclass(frozen=True, slots=True)
class EstimateLine:
    """What a merge costs with one model and one strategy.

    Args:
        usd: likely price in dollars; None where no price is known.
        usd_low, usd_high: the band around it.
        seconds: likely time; None where it is not known.
        input_tokens, output_tokens: likely tokens.
        feasible: whether it can run here, and ``reason`` why not.
    """

    model: str
    strategy: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd: Decimal | None
    usd_low: Decimal | None
    usd_high: Decimal | None
    seconds: float | None
    feasible: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """The dry run of a merge: a line a model and strategy, and the cheapest that can run."""

    lines: tuple[EstimateLine, ...]
    cheapest: EstimateLine | None
    words: int
    stories: int


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that is done.

    Args:
        run: its name in the database; the same call resumes a merge that was interrupted.
        markdown, json, html: the editions that were written.
        stories: that were read; ``entries``: of the document, each with its sources.
        sentences: of the documents; ``missing``: those that no edition tells, always empty.
        conflicts, proposals: what a person may decide.
        usd: what was spent, in dollars.
    """

    run: str
    markdown: Path
    json: Path
    html: Path
    stories: int
    entries: int
    sentences: int
    missing: tuple[str, ...]
    conflicts: int
    proposals: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Trained:
    """An adapter that was trained.

    Args:
        model: what names it wherever a model is named: ``local/NAME@lora=FOLDER``.
        best_step: whose weights were kept; seconds, peak_bytes: what training took.
        dev_losses: mean loss on the pairs that training stops by, step by step.
    """

    model: str
    folder: Path
    best_step: int
    seconds: float
    peak_bytes: int
    dev_losses: tuple[Any, ...]


def _nobody(line: str) -> None:
    """Progress that nobody looks at."""


def read(paths: Sequence[str | Path], options: ReadOptions | None = None) -> Corpus:
    """Read documents. Asks no model, writes nothing.

    Args:
        paths: files, folders or globs.

    Returns:
        ``stories``, ``extractions`` with the residue of each document, and ``problems``: which
        documents could not be read, and why.

    Raises:
        InputError: a path that leads nowhere, or nothing that can be read.
    """
    from pipeline.run.corpus import gather

    return gather([str(path) for path in paths], how=options or ReadOptions())


def estimate(
    documents: Corpus | Sequence[str | Path],
    options: EstimateOptions | None = None,
    *,
    models: Sequence[str] = (),
    db: str | None = None,
) -> Estimate:
    """What a merge costs. No network, no model loaded, nothing spent.

    Args:
        documents: what :func:`read` gave, or paths.
        models: as ``storytransformer models`` lists them; a choice of them when empty.
        db: database whose past runs the estimate learns from; the one of the settings when None.

    Raises:
        InputError: an unknown model or strategy; as :func:`read`.
    """
    from pipeline.run.corpus import Corpus
    from pipeline.run.pricing import estimate_corpus
    from pipeline.runtime import Runtime

    chosen = options or EstimateOptions()
    corpus = documents if isinstance(documents, Corpus) else read(documents)
    runtime = Runtime.read(db)
    found = estimate_corpus(
        corpus,
        models or chosen.models,
        chosen.strategies,
        runtime.estimate_terms(chosen),
        catalog=runtime.catalog,
        store=runtime.store_if_possible(_nobody),
    )
    lines = [_line(one) for one in found["lines"]]
    cheapest = [line for line, one in zip(lines, found["lines"], strict=True) if one["cheapest"]]
    return Estimate(
        lines=tuple(lines),
        cheapest=cheapest[0] if cheapest else None,
        words=found["words"],
        stories=found["stories"],
    )


def _line(one: Mapping[str, Any]) -> EstimateLine:
    usd = one["usd"] or {}
    likely, low, high = (Decimal(usd[name]) if usd else None for name in ("likely", "low", "high"))
    return EstimateLine(
        model=one["model"],
        strategy=one["strategy"],
        calls=one["calls"],
        input_tokens=one["input_tokens"] or 0,
        output_tokens=(one["output_tokens"] or {}).get("likely", 0),
        usd=likely,
        usd_low=low,
        usd_high=high,
        seconds=one["seconds"],
        feasible=one["feasible"],
        reason=one["reason"],
    )


def merge(
    paths: Sequence[str | Path],
    options: MergeOptions | None = None,
    *,
    out: str | Path | None = None,
    judge: str = "extractive",
    reading: ReadOptions | None = None,
    db: str | None = None,
    say: Callable[[str], None] = _nobody,
) -> Merged:
    """Merge documents into one. The same call resumes a merge that was interrupted: no reply is
    paid twice.

    Args:
        paths: files, folders or globs.
        out: folder of the document, in place of that of the options.
        judge: who is asked about pairs; ``extractive`` asks nobody, and merges by proof alone.
        db: database; the one of the settings when None.
        say: told one line of progress after every step.

    Raises:
        InputError: paths, an option or a model that cannot be used.
        SovereigntyError: the judge is not on this machine, and nothing may leave it.
        BudgetError: the merge would cost more than it may.
        ModelError: the judge cannot be reached.
        StoreError: the database or the folder cannot be written.
        LedgerError: a sentence would be missing; nothing is written then.
    """
    from dataclasses import replace

    from pipeline.run.job import run
    from pipeline.runtime import Runtime

    chosen = options or MergeOptions()
    if out is not None:
        chosen = replace(chosen, out=str(out))
    runtime = Runtime.read(db)
    with runtime.store() as store:
        job = runtime.merge_job(
            [str(path) for path in paths],
            judge,
            chosen,
            store=store,
            how=reading or ReadOptions(),
            say=say,
        )
        done = run(job)
    files = {name: Path(file) for name, file in done["out"].items()}
    return Merged(
        run=done["run"],
        markdown=files["markdown"],
        json=files["json"],
        html=files["html"],
        stories=done["stories"],
        entries=done["entries"],
        sentences=done["kept"]["units"],
        missing=tuple(str(one) for one in done["kept"]["missing"]),
        conflicts=done["conflicts"],
        proposals=done["proposals"],
        usd=Decimal(done["usd"] or 0),
    )


def exam(
    judge: str,
    options: ExamOptions | None = None,
    *,
    db: str | None = None,
    say: Callable[[str], None] = _nobody,
) -> Record:
    """How far a judge may be believed: it is asked about labelled pairs, and its record is kept.

    Args:
        judge: a model, or ``code``, ``likeness``, ``embeddings``, which are asked by code.
        db: database that keeps the record; the one of the settings when None.

    Raises:
        InputError: an unknown model, or labels that cannot be used.
        SovereigntyError, ModelError, StoreError: as :func:`merge`.
    """
    from pipeline.exam.by_code import JUDGES, examined_by_code, examinees
    from pipeline.exam.exam_questions import label_files
    from pipeline.run.job import run
    from pipeline.runtime import Runtime

    chosen = options or ExamOptions()
    runtime = Runtime.read(db)
    files = label_files(chosen.labels, chosen.corpora, runtime.settings.exams)
    folder = None if chosen.corpora is None else Path(chosen.corpora)
    (judge,) = examinees((judge,), chosen.strategy)
    with runtime.store() as store:
        if judge in JUDGES:
            return examined_by_code(judge, files, folder, store, runtime.settings.cache, say)
        job = runtime.exam_job(judge, chosen, store=store, labels=files, say=say)
        run(job)
        return job.record


def train_judge(
    stories: Sequence[str | Path],
    options: TrainOptions | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = _nobody,
    db: str | None = None,
) -> Trained:
    """Train a judge with pairs made of your stories. The same call goes on where one was stopped.

    Args:
        stories: files or folders of stories to make pairs of.
        settings: of PEFT's LoraConfig and TRL's SFTConfig, by their names.

    Raises:
        InputError: stories that no pair can be made of, or a setting that nobody knows.
        BudgetError: it would not fit in this machine's memory.
        EngineError: the packages of the extra ``train`` are missing.
    """
    from pipeline.extract.extraction import extract
    from pipeline.runtime import Runtime
    from pipeline.train.training_job import prepare, refuse_where_too_large, train

    chosen = options or TrainOptions()
    runtime = Runtime.read(db)
    known = runtime.store_if_possible(say)
    order = runtime.train_order(chosen, settings or {}, known)
    hardware = runtime.hardware()
    prepared = prepare(extract([str(path) for path in stories], cache=known), order, hardware)
    refuse_where_too_large(prepared, hardware)
    learned = train(
        prepared, lambda step, steps, loss: say(f"step {step} of {steps}: loss {loss:.4f}")
    )
    if learned.leads:  # of several processes one keeps the books
        with runtime.store() as store:
            runtime.keep_training(prepared, learned, store)
    return Trained(
        model=f"{chosen.base}@lora={order.out}",
        folder=order.out,
        best_step=learned.best_step,
        seconds=learned.seconds,
        peak_bytes=learned.peak_bytes,
        dev_losses=tuple(learned.dev_losses),
    )


def __getattr__(name: str) -> Any:
    """:class:`StoryTransformer` is loaded when it is asked for: torch comes with it."""
    if name == "StoryTransformer":
        from pipeline.engine.story_transformer import StoryTransformer

        return StoryTransformer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
