"""How the command line calls a flow: what reaches it is what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from httpx import ConnectError
from prefect.exceptions import ParameterTypeError
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_EPHEMERAL_ENABLED,
    temporary_settings,
)
from prefect.utilities.engine import capture_sigterm, is_prefect_sigterm_handler_installed

from pipeline.console import end_telling, listen, mention
from pipeline.errors import BudgetError, InputError
from pipeline.flows.tasks import call
from pipeline.flows.telling import Told
from pipeline.progress import Progress
from pipeline.store.connection.interrupts import interrupts_held

pytestmark = pytest.mark.enable_socket


class _Healthy(BaseHTTPRequestHandler):
    """A server that says that it is well, and nothing else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *told: object) -> None:
        pass


@pytest.fixture(autouse=True)
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Healthy) as found:
        Thread(target=found.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{found.server_port}/api"
        with temporary_settings({PREFECT_API_URL: url}):
            yield url
        found.shutdown()


def interrupted() -> dict[str, Any]:
    """As Prefect does where its temporary server got the Ctrl-C, too."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        raise ConnectionError("All connection attempts failed")  # noqa: B904


def unfit() -> dict[str, Any]:
    raise ParameterTypeError(
        "Flow run received invalid parameters:\n - n: Input should be 1\n - m: 2"
    )


def dear() -> dict[str, Any]:
    raise BudgetError("too dear")


def test_an_interrupted_flow_is_told_as_interrupted():
    with pytest.raises(KeyboardInterrupt):
        call(interrupted, {"merge"})  # type: ignore[arg-type]


def test_a_parameter_that_does_not_fit_is_bad_input_and_says_which():
    with pytest.raises(InputError, match=r"^n: Input should be 1\.$"):
        call(unfit, {"merge"})  # type: ignore[arg-type]


def test_an_error_of_ours_stays_what_it_is():
    with pytest.raises(BudgetError):
        call(dear, set())  # type: ignore[arg-type]


def unasked() -> dict[str, Any]:
    raise AssertionError("a flow was called")


def lost() -> dict[str, Any]:
    """As Prefect does where its server goes away."""
    try:
        raise ConnectError("All connection attempts failed")
    except ConnectError as exc:
        raise RuntimeError("Failed to reach API at http://127.0.0.1:9/api") from exc


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api", "{server}/x", "nothing", ""])
def test_a_server_that_does_not_answer_is_the_users_to_mend(url: str, server: str):
    set_to = {
        PREFECT_API_URL: url.format(server=server) or None, PREFECT_SERVER_EPHEMERAL_ENABLED: False
    }  # fmt: skip
    with (
        temporary_settings(set_to),
        pytest.raises(InputError, match=r"`prefect server start .*leave --prefect out"),
    ):
        call(unasked, {"merge"})  # type: ignore[arg-type]


def test_a_server_that_goes_away_is_told_and_a_defect_stays_one():
    with pytest.raises(InputError, match=r"does not answer: .*the same command goes on"):
        call(lost, {"merge"})  # type: ignore[arg-type]

    def wrong() -> dict[str, Any]:
        raise RuntimeError("wrong")

    with pytest.raises(RuntimeError, match="wrong"):
        call(wrong, set())  # type: ignore[arg-type]


def test_a_log_hears_when_work_begins_now_and_then_and_when_it_ends():
    seconds, lines = [0.0], list[str]()
    told = Told(lines.append, clock=lambda: seconds[0])
    for second in range(0, 300, 2):
        seconds[0] = second
        told.show(Progress("merge", "calls", second, 298, fresh=second))
    assert lines[0] == "merge: 0 of 298 calls"
    assert lines[1].startswith("merge: 10 of 298 calls") and "left" in lines[1]
    assert lines[-1].startswith("merge: 298 of 298 calls")
    assert 10 <= len(lines) <= 14
    told("a line")
    assert lines[-1] == "a line"


def test_what_a_model_mentions_reaches_the_log():
    lines: list[str] = []
    listen(Told(lines.append))
    mention("loading local/x")
    end_telling()
    assert lines == ["loading local/x"]


def test_prefect_can_cancel_a_run_in_the_middle_of_a_transaction():
    """It looks for its handler of SIGTERM from another thread, and waits for the transaction."""
    with capture_sigterm(), ThreadPoolExecutor(1) as other:
        with interrupts_held():
            looked = other.submit(is_prefect_sigterm_handler_installed)
            with pytest.raises(TimeoutError):
                looked.result(timeout=0.2)
        assert looked.result(timeout=10)
