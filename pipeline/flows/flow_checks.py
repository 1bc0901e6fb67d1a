"""What is missing for running flows from Prefect: the facts behind ``doctor flows``."""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import DeploymentStatus
from prefect.settings import PREFECT_API_URL

from pipeline.providers.doctor import check

_SERVER = "prefect server start --host 127.0.0.1, then set PREFECT_API_URL to its /api."
_DEPLOY = "`storytransformer serve`, or `prefect --no-prompt deploy --all` in the checkout."
_WORKER = "`storytransformer serve`, or `prefect worker start --pool local-process`."


def examine_flows() -> list[dict[str, Any]]:
    """Whether a server answers, knows our deployments, and somebody is there to run them."""
    url = PREFECT_API_URL.value()
    if not url:
        told = "none is set; every --prefect run starts one of its own."
        return [check("Prefect server", False, told, _SERVER)]
    with get_client(sync_client=True) as client:
        if trouble := client.api_healthcheck():
            return [check("Prefect server", False, f"{url} does not answer: {trouble}", _SERVER)]
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
