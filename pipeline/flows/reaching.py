"""Whether Prefect's server answers: where it does not, a person can mend it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_EPHEMERAL_ENABLED

from pipeline.errors import InputError

#: What to do where none answers.
START = (
    "Start one: `prefect server start --host 127.0.0.1`, wait for it with `prefect server status "
    "--wait`, and set PREFECT_API_URL to its address, such as http://127.0.0.1:4200/api."
)
#: What Prefect says where it gave up.
_GAVE_UP = ("Failed to reach API", "connect to ephemeral Prefect API")


def trouble() -> str:
    """Why the server that is set does not answer, "" where it does."""
    with get_client(sync_client=True) as client:
        error = client.api_healthcheck()
    return "" if error is None else _said(error)


def insist_on_a_server(*, of_its_own: bool = False, otherwise: str = "") -> None:
    """Refuse to go on without a server.

    Args:
        of_its_own: whether one that is started for this process alone will do.
        otherwise: what else a person can do.

    Raises:
        InputError: none is set, or it does not answer.
    """
    if PREFECT_API_URL.value():
        if why := trouble():
            raise _unreachable(f"the Prefect server does not answer: {why}.", otherwise)
    elif not (of_its_own and PREFECT_SERVER_EPHEMERAL_ENABLED.value()):
        raise _unreachable("no Prefect server is set.", otherwise)


def lost(error: BaseException) -> InputError | None:
    """What to say of an error that came because the server was not there, or went away; None of
    any other error."""
    for one in _causes(error):
        if isinstance(one, httpx.TransportError) or any(said in str(one) for said in _GAVE_UP):
            return _unreachable(
                f"the Prefect server does not answer: {_said(one)}.",
                "What was done is kept, and the same command goes on from it.",
            )
    return None


def _said(error: BaseException) -> str:
    """What an error says, without the page that a server sent."""
    return (str(error).partition(" - Response")[0] or type(error).__name__).strip().rstrip(".")


def _unreachable(what: str, otherwise: str) -> InputError:
    where = PREFECT_API_URL.value() or "PREFECT_API_URL"
    return InputError(what, where=where, next=f"{START} {otherwise}".strip())


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
