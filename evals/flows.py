"""The evals as Prefect flows. No logic here."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE

from evals.needle_run import run_needles
from pipeline.edge import Edge


@flow(name="needles", flow_run_name="needles in {model}")
def needles(
    model: str = "local/smollm2-135m",
    lengths: list[int] | None = None,
    depths: list[int] | None = None,
    seeds: int = 1,
    task_name: str = "single",
    allow_cloud: bool = False,
    db: str | None = None,
) -> dict[str, Any]:
    """Needle-in-a-haystack grid; cells measured before are not measured again.

    Args:
        lengths: prompt tokens, template included.
        depths: where the needle stands, in percent.
        seeds: haystacks for each cell.
    """
    edge, logger = Edge.read(db), get_run_logger()
    spec = edge.catalog.find(model)
    with edge.store() as store:
        grid = task(name="needle grid", cache_policy=NO_CACHE)(run_needles)
        result: dict[str, Any] = grid(
            spec,
            edge.options(spec),
            store,
            edge.settings.prompts,
            lengths=lengths or [512, 1024, 2048],
            depths=depths or [0, 50, 100],
            seeds=seeds,
            task=task_name,
            allow_cloud=allow_cloud,
            say=logger.info,
        )
    return result
