"""How the command line calls a flow: what reaches it is what it promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.settings import PREFECT_SERVER_EPHEMERAL_ENABLED, temporary_settings
from prefect.utilities.engine import capture_sigterm, is_prefect_sigterm_handler_installed

from pipeline.errors import BudgetError, InputError
from pipeline.flows.tasks import call
from pipeline.store.connection.interrupts import interrupts_held


@pytest.fixture(autouse=True)
def no_server():
    with temporary_settings({PREFECT_SERVER_EPHEMERAL_ENABLED: False}):
        yield


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


def test_prefect_can_cancel_a_run_in_the_middle_of_a_transaction():
    """It looks for its handler of SIGTERM from another thread, and waits for the transaction."""
    with capture_sigterm(), ThreadPoolExecutor(1) as other:
        with interrupts_held():
            looked = other.submit(is_prefect_sigterm_handler_installed)
            with pytest.raises(TimeoutError):
                looked.result(timeout=0.2)
        assert looked.result(timeout=10)
