"""The evals as Prefect flows. No logic here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_URL

from evals.canary_run import run_canaries
from evals.fabrication_run import run_fabrication
from evals.gates import hold_all
from evals.grids import find_grid
from evals.merging_run import run_merging
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
    max_cost: str | None = None,
    allow_cloud: bool = False,
    db: str | None = None,
) -> dict[str, Any]:
    """Canary stories planted in a copy of the documents and looked for in the merged one.

    Args:
        paths: files, folders or globs.
        n: canaries; every second one has a twin that it has to be merged with.
        depths: where they stand in their documents, in percent.
        max_cost: dollars not to be exceeded.
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
                max_cost=max_cost,
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


@flow(name="mergings", flow_run_name="merge quality of {model}")
def mergings(
    paths: list[str],
    truth: str | None = None,
    model: str = "extractive",
    strategies: list[str] | None = None,
    most: int = 200,
    again: bool = True,
    max_cost: str | None = None,
    allow_cloud: bool = False,
    db: str | None = None,
) -> dict[str, Any]:
    """Merge quality by strategy, against a truth or against copies planted among the stories.

    Args:
        paths: files, folders or globs.
        truth: a truth file of these documents; without one copies are planted.
        strategies: edit, tree, fold.
        most: stories to plant copies of, at most.
        again: merge shuffled and in other parts, too.
        max_cost: dollars not to be exceeded.
    """
    edge, logger = Edge.read(db), get_run_logger()
    edge.check_orchestration(PREFECT_API_URL.value())
    with edge.store() as store:
        merged = task(name="merge quality", cache_policy=NO_CACHE)(run_merging)
        result: dict[str, Any] = merged(
            paths,
            edge.find(model),
            lambda laid, out, by: edge.merge_job(
                laid, model, store=store, out=str(out), strategy=by, allow_cloud=allow_cloud
            ),
            store,
            truth=None if truth is None else Path(truth),
            strategies=strategies or ["edit", "tree", "fold"],
            most=most,
            again=again,
            max_usd=parse_usd(max_cost, where="max_cost"),
            allow_cloud=allow_cloud,
            local_only=edge.settings.local_only,
            say=logger.info,
        )
    return result


@flow(name="fabrications", flow_run_name="fabrications of {merge}")
def fabrications(
    merge: str, most: int = 200, seed: int = 0, db: str | None = None
) -> dict[str, Any]:
    """What a finished merge made up and lost, and how far the detector can be trusted.

    Args:
        merge: the run's id.
        most: texts that fabrications are planted into to test the detector.
    """
    edge, logger = Edge.read(db), get_run_logger()
    edge.check_orchestration(PREFECT_API_URL.value())
    with edge.store() as store:
        judged = task(name="fabrications", cache_policy=NO_CACHE)(run_fabrication)
        result: dict[str, Any] = judged(merge, store, most=most, seed=seed, say=logger.info)
    return result


@flow(name="nightly-evals", flow_run_name="nightly evals of {model}")
def nightly_evals(
    paths: list[str],
    truth: str | None = None,
    model: str = "local/smollm2-135m",
    profile: str | None = "nightly",
    gates: dict[str, dict[str, list[str]]] | None = None,
    max_cost: str | None = None,
    allow_cloud: bool = False,
    db: str | None = None,
) -> dict[str, str]:
    """Canaries, fabrications and merge quality on documents, needles on the model, then the gates.

    Args:
        paths: files, folders or globs.
        truth: a truth file of these documents; without one copies are planted.
        profile: the needle grid: ci, nightly or gpu; None for no needles.
        gates: for canaries, fabrications, mergings or needles the bounds "min" and "max", each
            as NAME=BOUND; one that is not met fails this run when everything is measured.
        max_cost: dollars not to be exceeded by any one of them.

    Returns:
        the run of each eval.
    """
    common: dict[str, Any] = {"model": model, "allow_cloud": allow_cloud, "db": db}
    found = canaries(paths, max_cost=max_cost, **common)
    runs = {
        "canaries": found["run"],
        "fabrications": fabrications(found["merge"], db=db)["run"],
        "mergings": mergings(paths, truth=truth, strategies=["edit"], max_cost=max_cost, **common)[
            "run"
        ],
    }
    if profile is not None:
        runs["needles"] = needles(profile=profile, max_cost=max_cost, **common)["run"]
    task(name="gates", cache_policy=NO_CACHE)(_hold)(runs, gates or {}, db)
    return runs


def _hold(
    runs: Mapping[str, str], gates: Mapping[str, Mapping[str, Sequence[str]]], db: str | None
) -> None:
    with Edge.read(db).store() as store:
        hold_all(store, runs, gates)
