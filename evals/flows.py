"""The evals as Prefect flows. No logic here."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_URL

from evals.canary_run import run_canaries
from evals.grids import find_grid
from evals.needle_run import run_needles
from pipeline.edge import Edge, now, parse_usd


@flow(name="needles", flow_run_name="needles in {model}")
def needles(
    model: str = "local/smollm2-135m",
    profile: str | None = None,
    tasks: list[str] | None = None,
    lengths: list[int] | None = None,
    depths: list[float] | None = None,
    seeds: int | None = None,
    style: str | None = None,
    haystack: str | None = None,
    likelihood: bool = True,
    max_cost: str | None = None,
    allow_cloud: bool = False,
    db: str | None = None,
) -> dict[str, Any]:
    """Needle-in-a-haystack grid; cells measured before are not measured again.

    Args:
        profile: a named grid: ci, nightly or gpu; what else is given replaces its values.
        lengths: prompt tokens, template included.
        depths: where the needle stands, in percent.
        seeds: haystacks for each cell.
        max_cost: dollars not to be exceeded.
    """
    edge, logger = Edge.read(db), get_run_logger()
    edge.check_orchestration(PREFECT_API_URL.value())
    spec = edge.find(model)
    with edge.store() as store:
        measured = task(name="needle grid", cache_policy=NO_CACHE)(run_needles)
        result: dict[str, Any] = measured(
            spec,
            edge.options(spec),
            store,
            edge.settings.prompts,
            grid=find_grid(
                profile,
                tasks=tasks,
                lengths=lengths,
                depths=depths,
                seeds=seeds,
                style=style,
                haystack=haystack,
            ),
            as_of=now().date(),
            max_usd=parse_usd(max_cost, where="max_cost"),
            with_likelihood=likelihood,
            allow_cloud=allow_cloud,
            say=logger.info,
        )
    return result


@flow(name="canaries", flow_run_name="canaries through {model}")
def canaries(
    paths: list[str],
    model: str = "extractive",
    strategy: str = "edit",
    n: int = 24,
    depths: list[int] | None = None,
    seed: int = 0,
    allow_cloud: bool = False,
    db: str | None = None,
) -> dict[str, Any]:
    """Canary stories planted in a copy of the documents and looked for in the merged one.

    Args:
        paths: files, folders or globs.
        n: canaries; every second one has a twin that it has to be merged with.
        depths: where they stand in their documents, in percent.
    """
    edge, logger = Edge.read(db), get_run_logger()
    edge.check_orchestration(PREFECT_API_URL.value())
    with edge.store() as store:
        planted = task(name="canaries", cache_policy=NO_CACHE)(run_canaries)
        result: dict[str, Any] = planted(
            paths,
            lambda copies, out: edge.merge_job(
                copies,
                model,
                store=store,
                out=str(out),
                strategy=strategy,
                allow_cloud=allow_cloud,
                say=logger.info,
            ),
            store,
            n=n,
            depths=depths or [0, 50, 100],
            seed=seed,
            say=logger.info,
        )
    return result
