"""The same functions, orchestrated: every step of a merge is a Prefect task. No logic here.

A task is a wave of calls or a whole step, never a story. Results are not persisted: what a run
must not lose is in our own database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_URL

from pipeline.edge import Edge, now, parse_date


def as_task(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """A step as a Prefect task of that name."""
    return task(name=name, task_run_name=name, cache_policy=NO_CACHE)(function)(*args)


def check_addresses(edge: Edge) -> None:
    """Refuse an API or a task runner off this machine, unless allowed.

    Raises:
        SovereigntyError: one of them is elsewhere.
    """
    edge.check_orchestration(PREFECT_API_URL.value())


@flow(name="estimate-stories", flow_run_name="estimate {paths}")
def estimate_stories(
    paths: list[str],
    models: list[str] | None = None,
    strategies: list[str] | None = None,
    as_of: str | None = None,
    about: list[str] | None = None,
    allow_cloud: bool = False,
    local_only: list[str] | None = None,
    count_online: bool = False,
    db: str | None = None,
    allow_egress: list[str] | None = None,
) -> dict[str, Any]:
    """Price a merge before anything is spent. No network (but to count), no model loaded.

    Args:
        paths: files, folders or globs.
        models: names as in `storytransformer models`.
        as_of: prices of this date, YYYY-MM-DD.
        count_online: let the providers count the prompts; they are sent for it.
    """
    from pipeline.merge import corpus as corpora
    from pipeline.merge import pricing

    edge, logger = Edge.read(db, allow_egress), get_run_logger()
    check_addresses(edge)
    terms = edge.terms(
        as_of=parse_date(as_of, where="as_of"),
        about=about or (),
        allow_cloud=allow_cloud,
        local_only=local_only or (),
    )
    with edge.store() as store:
        corpus = as_task("extract", lambda: corpora.read(paths, cache=store))
        for path, reason in corpus.problems:
            logger.warning("%s: %s", path, reason)
        result: dict[str, Any] = as_task(
            "plan and price",
            lambda: pricing.estimate_corpus(
                corpus,
                models or [],
                strategies or [],
                terms,
                catalog=edge.catalog,
                store=store,
                online=edge.online_counts() if count_online else None,
            ),
        )
    create_table_artifact(
        key="estimate",
        description=f"Estimate at prices of {result['as_of']}",
        table=[
            {
                "model": line["model"],
                "strategy": line["strategy"],
                "calls": line["calls"],
                "input tokens": line["input_tokens"],
                "likely USD": line["usd"]["likely"] if line["usd"] else "unknown",
                "can run": "yes" if line["feasible"] else line["reason"],
            }
            for line in result["lines"]
        ],
    )
    return result


@flow(name="merge-stories", flow_run_name="merge {paths} with {model}")
def merge_stories(
    paths: list[str],
    model: str = "local/smollm2-135m",
    strategy: str = "edit",
    about: list[str] | None = None,
    max_cost: str | None = None,
    allow_cloud: bool = False,
    local_only: list[str] | None = None,
    batch: bool = False,
    out: str = "merged",
    group: str = "role",
    entailment: str = "",
    encoding: str | None = None,
    exclude: list[str] | None = None,
    pattern: str | None = None,
    repair: bool = False,
    strict: bool = False,
    db: str | None = None,
    allow_egress: list[str] | None = None,
) -> dict[str, Any]:
    """Merge documents into one; run it again to resume.

    Args:
        paths: files, folders or globs.
        model: a name of `storytransformer models`.
        max_cost: dollars not to be exceeded.
        allow_cloud: let text leave this machine for the model named.
        batch: by the provider's batch API, at half the price and within a day.
        out: folder for the merged document.
        group: what it is grouped by, role or topic.
        entailment: weights of a model that gives the gate a second opinion, "" for none.
        encoding, exclude, pattern, repair, strict: how documents are read.
    """
    from pipeline.merge.corpus import Reading
    from pipeline.merge.job import run

    edge, logger = Edge.read(db, allow_egress), get_run_logger()
    check_addresses(edge)
    with edge.store() as store:
        job = edge.merge_job(
            paths,
            model,
            store=store,
            out=out,
            group=group,
            entailment=entailment,
            strategy=strategy,
            about=about or (),
            max_cost=max_cost,
            allow_cloud=allow_cloud,
            local_only=local_only or (),
            batch=batch,
            how=Reading(encoding, tuple(exclude or ()), pattern, repair, strict),
            say=logger.info,
        )
        result = run(job, step=as_task)
    create_table_artifact(
        key="ledger",
        description=f"Ledger of {result['run']}, {now():%Y-%m-%d %H:%M} UTC",
        table=[{"outcome": name, "stories": n} for name, n in result["ledger"].items()],
    )
    return result
