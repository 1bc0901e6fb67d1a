"""The light way to run the deployments of ``prefect.yaml``: one process, no work pool."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType

from pipeline.config.processes import away_from_documents
from pipeline.errors import InputError

_START = "Start one: prefect server start --host 127.0.0.1; then set PREFECT_API_URL to its /api."


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
    _insist_on_a_server()
    chosen = [one for one in described if not names or one["name"] in names]
    if told is not None:
        told([one["name"] for one in chosen])
    deployments = [_served(one, parameters) for one in chosen]
    with away_from_documents(children=True):
        serve(*deployments, limit=limit, print_starting_message=told is None)


def _insist_on_a_server() -> None:
    """The server of a single process, Prefect's default, would never start a run.

    Raises:
        InputError: none is set, or it does not answer.
    """
    url = PREFECT_API_URL.value()
    if not url:
        raise InputError("no Prefect server is set.", where="PREFECT_API_URL", next=_START)
    with get_client(sync_client=True) as client:
        trouble = client.api_healthcheck()
    if trouble is not None:
        raise InputError(f"the Prefect server does not answer: {trouble}", where=url, next=_START)


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
