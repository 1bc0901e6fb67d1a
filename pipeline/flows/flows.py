"""The same functions, orchestrated: every step of a merge is a Prefect task. No logic here.

A task is a wave of calls or a whole step, never a story. Results are not persisted: what a run
must not lose is in our own database. The docstrings, and the meaning of every option, are what
Prefect's forms show.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger

from pipeline.amounts import counted
from pipeline.config.options import (
    EstimateOptions,
    ExamOptions,
    MergeOptions,
    ReadOptions,
    TrainOptions,
)
from pipeline.flows import artifacts, run_states
from pipeline.flows import parameters as p
from pipeline.flows.concurrency import turn
from pipeline.flows.distributed import read_ahead
from pipeline.flows.run_states import named
from pipeline.flows.tasks import as_task, open_runtime
from pipeline.flows.telling import telling
from pipeline.providers.extractive import EXTRACTIVE


@flow(name="extract-stories", flow_run_name=named("extract {paths}"), persist_result=False)
@p.parameters
def extract_stories(
    paths: p.Documents, read: ReadOptions, where: p.Where, page: p.Page = None
) -> dict[str, Any]:
    """Read documents: how many stories are in each, and what could not be read. No model, no
    network.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        page: File to write a page to, on which the documents can be looked through.
    """
    from pipeline.run import corpus as corpora
    from pipeline.run import output

    def extract() -> dict[str, Any]:
        runtime = open_runtime(where.db, where.allow_egress)
        with runtime.store() as store:
            read_ahead(runtime.settings.task_runner, paths, read, store, get_run_logger().info)
            corpus = as_task("extract", lambda: corpora.read(paths, how=read, cache=store))
        found = corpora.extraction_as_json(corpus)
        result = {"documents": found["documents"], "stories": len(found["stories"])}
        if page:
            result["page"] = as_task("page", output.write_page, Path(page), corpus)
        artifacts.documents(result)
        return result

    return run_states.ended(extract, run_states.extracted)


@flow(name="estimate-stories", flow_run_name=named("estimate {paths}"), persist_result=False)
@p.parameters
def estimate_stories(
    paths: p.Documents, chosen: EstimateOptions, read: ReadOptions, where: p.Where
) -> dict[str, Any]:
    """Price a merge before anything is spent. No network (but to count), no model loaded.

    Args:
        paths: Files, folders or globs, as the worker sees them.
    """
    from pipeline.run import corpus as corpora
    from pipeline.run import pricing

    def estimate() -> dict[str, Any]:
        runtime, logger = open_runtime(where.db, where.allow_egress), get_run_logger()
        terms = runtime.estimate_terms(chosen)
        with runtime.store() as store:
            read_ahead(runtime.settings.task_runner, paths, read, store, logger.info)
            corpus = as_task("extract", lambda: corpora.read(paths, how=read, cache=store))
            for path, reason in corpus.problems:
                logger.warning("%s: %s", path, reason)
            if corpus.passed_over:
                logger.info(corpus.passed_over)
            result: dict[str, Any] = as_task(
                "plan and price",
                lambda: pricing.estimate_corpus(
                    corpus,
                    chosen.models,
                    chosen.strategies,
                    terms,
                    catalog=runtime.catalog,
                    store=store,
                    online=runtime.online_counts() if chosen.count_online else None,
                ),
            )
        artifacts.estimate(result)
        return result

    return run_states.ended(estimate, run_states.estimated)


@flow(name="examine-judges", flow_run_name=named("examine {models}"), persist_result=False)
@p.parameters
def examine_judges(chosen: ExamOptions, where: p.Where, models: p.Names = ()) -> dict[str, Any]:
    """How far judges may be believed: labelled pairs are asked, records are kept. Run it again to
    resume: answers are never paid twice.

    Args:
        models: As `storytransformer models` lists them; the judges that need none if empty.
    """
    from pipeline.exam.by_code import JUDGES, examined_by_code, examinees
    from pipeline.exam.exam_questions import label_files
    from pipeline.judge.judge_records import rows
    from pipeline.run.job import run

    def examine() -> dict[str, Any]:
        runtime, said = open_runtime(where.db, where.allow_egress), telling()
        output = label_files(chosen.labels, chosen.corpora, runtime.settings.exams)
        folder = None if chosen.corpora is None else Path(chosen.corpora)
        found: dict[str, Any] = {"records": [], "runs": []}
        with runtime.store() as store:
            for name in examinees(models, chosen.strategy):
                with ExitStack() as held:
                    if name in JUDGES:
                        record = as_task(
                            f"examine {name}",
                            lambda name=name: examined_by_code(
                                name, output, folder, store, runtime.settings.cache, said
                            ),
                        )
                        found["records"] += rows(record)
                        found["runs"].append({"model": name, "record": record.id})
                        continue
                    job = runtime.exam_job(
                        name,
                        chosen,
                        store=store,
                        labels=output,
                        say=said,
                        show=said.show,
                        turn=lambda name=name, held=held: held.enter_context(
                            turn(runtime.find(name), said)
                        ),
                    )
                    told = run(job, step=as_task)
                    found["records"] += told.pop("records")
                    found["runs"].append(told)
        artifacts.records(found)
        return found

    return run_states.ended(examine, run_states.examined)


@flow(name="train-judge", flow_run_name=named("train {base} with {paths}"), persist_result=False)
@p.parameters
def train_judge(paths: p.Documents, chosen: TrainOptions, where: p.Where) -> dict[str, Any]:
    """Train a judge with pairs made of documents, and with what was decided on them. Run it again
    to resume: it goes on from its last checkpoint.

    Args:
        paths: Files or folders, as the worker sees them, or runs: their documents.
    """
    from pipeline.config.extras import require
    from pipeline.extract.extraction import extract
    from pipeline.train import training_report
    from pipeline.train.training_job import prepare, refuse_where_too_large, train

    def learn() -> dict[str, Any]:
        require("train")
        runtime, say = open_runtime(where.db, where.allow_egress), telling()
        hardware = runtime.hardware(None)
        with runtime.store() as store, turn(runtime.find(chosen.base), say):
            order = runtime.train_order(
                chosen, dict(map(training_report.setting, chosen.settings)), store
            )
            found = [path for name in paths for path in training_report.documents_of(name, store)]
            prepared = as_task(
                "pairs", lambda: prepare(extract(found, cache=store), order, hardware)
            )
            refuse_where_too_large(prepared, hardware)
            told = training_report.told(prepared, str(hardware))
            for line in training_report.lines(told):
                say(line)
            progress = artifacts.Progress(f"train {chosen.base}", "steps done")
            learned = as_task("train", train, prepared, lambda n, of, loss: progress.show(n, of))
            progress.end(learned.stopped)
            runtime.keep_training(prepared, learned, store)
        artifacts.losses(learned.dev_losses)
        return told | training_report.measured(learned, order.out)

    return run_states.ended(learn, run_states.trained)


@flow(name="merge-stories", flow_run_name=named("merge {paths} with {model}"), persist_result=False)
@p.parameters
def merge_stories(
    paths: p.Documents,
    chosen: MergeOptions,
    read: ReadOptions,
    where: p.Where,
    model: p.Name = EXTRACTIVE,
) -> dict[str, Any]:
    """Merge documents into one. Run it again to resume: replies are never paid twice.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: Who judges, as `storytransformer models` lists them; `extractive` asks nobody.
    """
    from pipeline.run.job import run

    def merge() -> dict[str, Any]:
        runtime, told = open_runtime(where.db, where.allow_egress), telling()
        with runtime.store() as store, ExitStack() as held:
            read_ahead(runtime.settings.task_runner, paths, read, store, told)
            job = runtime.merge_job(
                paths,
                model,
                chosen,
                store=store,
                how=read,
                say=told,
                show=told.show,
                turn=lambda: held.enter_context(turn(runtime.find(model), told)),
            )
            progress = artifacts.Progress(f"merge with {model}")

            def step(name: str, function: Callable[..., Any], *args: Any) -> Any:
                given = as_task(name, function, *args)
                if function == job.send:
                    progress.show(*job.progress)
                return given

            result = run(job, step=step)
            progress.end(f"done, {counted(job.progress[0], 'call')} answered")
        artifacts.merged(result)
        return result

    return run_states.ended(merge, run_states.merged)
