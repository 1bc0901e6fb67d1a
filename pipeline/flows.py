"""The same functions, orchestrated: every step of a merge is a Prefect task. No logic here.

A task is a wave of calls or a whole step, never a story. Results are not persisted: what a run
must not lose is in our own database. The docstrings are what Prefect's forms show.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger

from pipeline.orchestration import artifacts, endings
from pipeline.orchestration import parameters as p
from pipeline.orchestration.parameters import named
from pipeline.orchestration.slots import turn
from pipeline.orchestration.spreading import read_ahead
from pipeline.orchestration.steps import as_task, open_edge


@flow(name="extract-stories", flow_run_name=named("extract {paths}"), persist_result=False)
def extract_stories(
    paths: p.Documents,
    page: p.Page = None,
    encoding: p.Encoding = None,
    exclude: p.Exclude = (),
    pattern: p.Pattern = None,
    shape: p.Shape = None,
    repair: p.Repair = False,
    strict: p.Strict = False,
    follow_links: p.FollowLinks = False,
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Read documents: how many stories are in each, and what could not be read. No model, no
    network.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        page: File to write a page to, on which the documents can be looked through.
        encoding: Of text files, where it is known.
        exclude: Files and folders, as in .gitignore.
        pattern: Regular expression.
        shape: "ears" reads shall-sentences as stories wherever they stand.
        repair: Undo text decoded in the wrong encoding.
        strict: Fail the run where a document cannot be read.
        follow_links: Read what links in a folder lead to outside it.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """
    from pipeline.merge import corpus as corpora
    from pipeline.merge import files

    def extract() -> dict[str, Any]:
        edge = open_edge(db, allow_egress)
        how = corpora.Reading(
            encoding, tuple(exclude), pattern, shape, repair, strict, follow_links
        )
        with edge.store() as store:
            read_ahead(edge.settings.task_runner, paths, how, store, get_run_logger().info)
            corpus = as_task("extract", lambda: corpora.read(paths, how=how, cache=store))
        found = corpora.extraction_as_json(corpus)
        result = {"documents": found["documents"], "stories": len(found["stories"])}
        if page:
            result["page"] = as_task("page", files.write_page, Path(page), corpus)
        artifacts.documents(result)
        return result

    return endings.ended(extract, endings.extracted)


@flow(name="estimate-stories", flow_run_name=named("estimate {paths}"), persist_result=False)
def estimate_stories(
    paths: p.Documents,
    models: p.Names = (),
    strategies: p.Strategies = (),
    as_of: p.AsOf = None,
    about: p.About = (),
    allow_cloud: p.AllowCloud = (),
    local_only: p.LocalOnly = (),
    pairs: p.MostPairs = None,
    count_online: p.CountOnline = False,
    gpu: p.Card = None,
    encoding: p.Encoding = None,
    exclude: p.Exclude = (),
    pattern: p.Pattern = None,
    shape: p.Shape = None,
    repair: p.Repair = False,
    strict: p.Strict = False,
    follow_links: p.FollowLinks = False,
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Price a merge before anything is spent. No network (but to count), no model loaded.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        models: As `storytransformer models` lists them; a sensible choice if empty.
        strategies: None, pairs, tree or fold; all of them if empty.
        as_of: Date of the prices; today if empty.
        about: Words; stories without any of them are left out.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        local_only: Documents sent to no cloud, as in .gitignore.
        pairs: Price so many questions about pairs; as many as are near if empty.
        count_online: Let the providers count the prompts; they are sent for it.
        gpu: Plan for this card, such as RTX 4090; the worker's own if empty.
        encoding: Of text files, where it is known.
        exclude: Files and folders, as in .gitignore.
        pattern: Regular expression.
        shape: "ears" reads shall-sentences as stories wherever they stand.
        repair: Undo text decoded in the wrong encoding.
        strict: Fail the run where a document cannot be read.
        follow_links: Read what links in a folder lead to outside it.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """
    from pipeline.merge import corpus as corpora
    from pipeline.merge import pricing

    def estimate() -> dict[str, Any]:
        edge, logger = open_edge(db, allow_egress), get_run_logger()
        how = corpora.Reading(
            encoding, tuple(exclude), pattern, shape, repair, strict, follow_links
        )
        terms = edge.terms(
            as_of=as_of, about=about, allow_cloud=allow_cloud, local_only=local_only, gpu=gpu,
            pairs=pairs,
        )  # fmt: skip
        with edge.store() as store:
            read_ahead(edge.settings.task_runner, paths, how, store, logger.info)
            corpus = as_task("extract", lambda: corpora.read(paths, how=how, cache=store))
            for path, reason in corpus.problems:
                logger.warning("%s: %s", path, reason)
            if corpus.passed_over:
                logger.info(corpus.passed_over)
            result: dict[str, Any] = as_task(
                "plan and price",
                lambda: pricing.estimate_corpus(
                    corpus,
                    models,
                    strategies,
                    terms,
                    catalog=edge.catalog,
                    store=store,
                    online=edge.online_counts() if count_online else None,
                ),
            )
        artifacts.estimate(result)
        return result

    return endings.ended(estimate, endings.estimated)


@flow(name="examine-judges", flow_run_name=named("examine {models}"), persist_result=False)
def examine_judges(
    models: p.Names = (),
    labels: p.Labels = None,
    corpora: p.Corpora = None,
    max_cost: p.Budget = None,
    allow_cloud: p.AllowCloud = (),
    local_only: p.LocalOnly = (),
    batch: p.Batch = False,
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """How far judges may be believed: labelled pairs are asked, records are kept. Run it again to
    resume: answers are never paid twice.

    Args:
        models: As `storytransformer models` lists them; the judges that need none if empty.
        labels: Labelled pairs of your own, JSON Lines; the built-in exam if empty.
        corpora: Folder of the documents that drawn pairs stand in.
        max_cost: What each exam may spend; without a limit if empty.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        local_only: Documents sent to no cloud, as in .gitignore.
        batch: By the provider's batch API, at half the price.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """
    from pipeline.exam.by_code import JUDGES, examined_by_code, judges_here
    from pipeline.exam.questions import label_files
    from pipeline.judge.records import rows
    from pipeline.merge.job import run

    def examine() -> dict[str, Any]:
        edge, logger = open_edge(db, allow_egress), get_run_logger()
        files = label_files(labels, corpora, edge.settings.exams)
        folder = None if corpora is None else Path(corpora)
        found: dict[str, Any] = {"records": [], "runs": []}
        with edge.store() as store:
            for name in models or judges_here():
                with ExitStack() as held:
                    if name in JUDGES:
                        record = as_task(
                            f"examine {name}",
                            lambda name=name: examined_by_code(
                                name, files, folder, store, edge.settings.cache, logger.info
                            ),
                        )
                        found["records"] += rows(record)
                        found["runs"].append({"model": name, "record": record.id})
                        continue
                    job = edge.exam_job(
                        name,
                        store=store,
                        labels=files,
                        corpora=folder,
                        max_cost=None if max_cost is None else str(max_cost),
                        allow_cloud=allow_cloud,
                        local_only=local_only,
                        batch=batch,
                        say=logger.info,
                        turn=lambda name=name, held=held: held.enter_context(
                            turn(edge.find(name), logger.info)
                        ),
                    )
                    told = run(job, step=as_task)
                    found["records"] += told.pop("records")
                    found["runs"].append(told)
        artifacts.records(found)
        return found

    return endings.ended(examine, endings.examined)


@flow(name="merge-stories", flow_run_name=named("merge {paths} with {model}"), persist_result=False)
def merge_stories(
    paths: p.Documents,
    model: p.Name = "extractive",
    propose: p.Propose = False,
    strategy: p.AskBy = "pairs",
    pairs: p.MostPairs = None,
    about: p.About = (),
    max_cost: p.Budget = None,
    max_seconds: p.MostSeconds = None,
    allow_cloud: p.AllowCloud = (),
    local_only: p.LocalOnly = (),
    batch: p.Batch = False,
    out: p.Out = "merged",
    group: p.GroupedBy = "topic",
    edition: p.Edition = "files",
    since: p.Since = None,
    encoding: p.Encoding = None,
    exclude: p.Exclude = (),
    pattern: p.Pattern = None,
    shape: p.Shape = None,
    repair: p.Repair = False,
    strict: p.Strict = False,
    follow_links: p.FollowLinks = False,
    db: p.Database = None,
    allow_egress: p.AllowEgress = (),
) -> dict[str, Any]:
    """Merge documents into one. Run it again to resume: replies are never paid twice.

    Args:
        paths: Files, folders or globs, as the worker sees them.
        model: Who judges, as `storytransformer models` lists them; `extractive` asks nobody.
        propose: Its answers order what a person is asked; they fold nothing.
        strategy: Pair by pair, or by windows of near stories first.
        pairs: Of all that are near, the most promising; all of them if empty.
        about: Words; stories without any of them are left out.
        max_cost: What the run may spend; without a limit if empty.
        max_seconds: How long it may ask; then it goes on by what was answered.
        allow_cloud: Paths and globs of what may leave this machine, or all.
        local_only: Documents sent to no cloud, as in .gitignore.
        batch: By the provider's batch API, at half the price.
        out: Where the worker writes the document.
        group: Order of the document.
        edition: Files by size, or everything in one.
        since: An earlier merge, to tell what is new.
        encoding: Of text files, where it is known.
        exclude: Files and folders, as in .gitignore.
        pattern: Regular expression.
        shape: "ears" reads shall-sentences as stories wherever they stand.
        repair: Undo text decoded in the wrong encoding.
        strict: Fail the run where a document cannot be read.
        follow_links: Read what links in a folder lead to outside it.
        db: URL or file; data/runs/storytransformer.sqlite where the worker runs, if empty.
        allow_egress: Of database, prefect, task-runner and hub, those that may be off this machine.
    """
    from pipeline.merge.corpus import Reading
    from pipeline.merge.job import run

    def merge() -> dict[str, Any]:
        edge, logger = open_edge(db, allow_egress), get_run_logger()
        how = Reading(encoding, tuple(exclude), pattern, shape, repair, strict, follow_links)
        with edge.store() as store, ExitStack() as held:
            read_ahead(edge.settings.task_runner, paths, how, store, logger.info)
            job = edge.merge_job(
                paths,
                model,
                store=store,
                out=out,
                group=group,
                edition=edition,
                since=since,
                propose=propose,
                strategy=strategy,
                pairs=pairs,
                about=about,
                max_cost=None if max_cost is None else str(max_cost),
                max_seconds=max_seconds,
                allow_cloud=allow_cloud,
                local_only=local_only,
                batch=batch,
                how=how,
                say=logger.info,
                turn=lambda: held.enter_context(turn(edge.find(model), logger.info)),
            )
            progress = artifacts.Progress(f"merge with {model}")

            def step(name: str, function: Callable[..., Any], *args: Any) -> Any:
                given = as_task(name, function, *args)
                if function == job.send:
                    progress.show(*job.progress)
                return given

            result = run(job, step=step)
        artifacts.merged(result)
        return result

    return endings.ended(merge, endings.merged)
