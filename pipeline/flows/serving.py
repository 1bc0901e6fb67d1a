"""The light way to run the deployments of ``prefect.yaml``: one process, no work pool; and what is
missing for running them, the facts behind ``doctor flows``."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentStatus
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType

from pipeline.config.processes import away_from_documents
from pipeline.errors import InputError
from pipeline.flows.reaching import START, insist_on_a_server, lost, trouble
from pipeline.providers.doctor import check

_DEPLOY = "`storytransformer serve`, or `prefect --no-prompt deploy --all` in the checkout."
_WORKER = "`storytransformer serve`, or `prefect worker start --pool local-process`."


def serve_deployments(
    file: Path,
    *,
    names: Sequence[str] = (),
    parameters: Mapping[str, Any],
    limit: int,
    told: Callable[[list[str]], None] | None = None,
) -> None:
    """Serve deployments until interrupted; their schedules are paused then.

    Args:
        file: where they are described.
        names: those to serve; all of them if none.
        parameters: in place of the described ones, for every deployment.
        limit: runs at once.
        told: the deployments' names, in place of what Prefect prints for people.

    Raises:
        InputError: no such deployment, or no Prefect server.
    """
    described = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
    for unknown in sorted(set(names) - {one["name"] for one in described}):
        raise InputError(
            f"no deployment {unknown!r}.",
            where="--only",
            next=f"There are: {', '.join(one['name'] for one in described)}.",
        )
    insist_on_a_server()
    chosen = [one for one in described if not names or one["name"] in names]
    if told is not None:
        told([one["name"] for one in chosen])
    deployments = [_served(one, parameters) for one in chosen]
    with away_from_documents(children=True):
        try:
            serve(*deployments, limit=limit, print_starting_message=told is None)
        except Exception as exc:
            if gone := lost(exc):
                raise gone from exc
            raise


def _served(described: Mapping[str, Any], parameters: Mapping[str, Any]) -> RunnerDeployment:
    path, name = described["entrypoint"].split(":")
    flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    deployment: RunnerDeployment = flow.to_deployment(
        name=described["name"],
        description=described["description"],
        tags=described["tags"],
        parameters={**described["parameters"], **parameters},
        schedules=[
            DeploymentScheduleCreate(
                schedule=CronSchedule(cron=one["cron"], timezone=one["timezone"]),
                active=one["active"],
            )
            for one in described.get("schedules", ())
        ],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return deployment


def examine_flows() -> list[dict[str, Any]]:
    """Whether a server answers, knows our deployments, and somebody is there to run them."""
    url = PREFECT_API_URL.value()
    if not url:
        told = "none is set; every --prefect run starts one of its own."
        return [check("Prefect server", False, told, START)]
    if why := trouble():
        return [check("Prefect server", False, f"{url} does not answer: {why}.", START)]
    with get_client(sync_client=True) as client:
        answers = check("Prefect server", True, f"{url} answers.")
        ours = [
            found
            for found in client.read_deployments()
            if (found.entrypoint or "").startswith(("pipeline", "evals"))
        ]
    if not ours:
        return [answers, check("deployments", False, "none.", _DEPLOY)]
    names = ", ".join(sorted(found.name for found in ours))
    waiting = sorted(found.name for found in ours if found.status != DeploymentStatus.READY)
    somebody = check(
        "somebody to run them",
        not waiting,
        f"nobody for {', '.join(waiting)}." if waiting else "for all of them.",
        _WORKER,
    )
    return [answers, check("deployments", True, names), somebody]
