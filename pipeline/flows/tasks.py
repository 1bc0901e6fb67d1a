"""How a flow is called, and how a step of it becomes a task."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import chdir
from typing import Any

from prefect import Flow, State, tags, task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import ParameterTypeError, TerminationSignal
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_SERVER_EPHEMERAL_ENABLED
from prefect.states import Cancelled
from prefect.utilities.engine import _prefect_sigterm_bridge_lock

from pipeline.config.processes import back_to_documents, keep_code_out, report_to_nobody
from pipeline.errors import InputError, StoryTransformerError
from pipeline.flows import reaching
from pipeline.flows.run_states import failed
from pipeline.runtime import Runtime
from pipeline.store.connection.interrupts import hold_beside

# Prefect tells a run to cancel only if SIGTERM is handled by its own handler, and looks under this
# lock; in the middle of a transaction it found ours, and the run counted as crashed.
hold_beside(_prefect_sigterm_bridge_lock)


def as_task(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """A step as a Prefect task of that name.

    What it takes and gives stays in this process: Prefect would walk through all of it looking
    for states, and where a profile persists results, story text would lie in its storage.
    """
    given: list[Any] = []
    errors: list[BaseException] = []

    def step() -> State[Any] | None:
        try:
            given.append(function(*args))
        except StoryTransformerError as error:
            errors.append(error)
            return failed(error)  # without a traceback, which is for defects
        except TerminationSignal as told:
            errors.append(told)
            return Cancelled()  # what Prefect takes for a crash is what a person asked for
        return None

    task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)(step)()
    if errors:
        raise errors[0]
    return given[0]


def call(flow: Flow[..., Any], marks: set[str], **parameters: Any) -> dict[str, Any]:
    """Run a flow here, for the command line, its run marked by tags.

    Raises:
        InputError: a parameter does not fit the flow; no server answers.
        StoryTransformerError: what ended the flow.
        KeyboardInterrupt: it was interrupted, and can be taken up by the same call.
    """
    reaching.insist_on_a_server(of_its_own=True, otherwise="Or leave --prefect out.")
    try:
        _start_server()
        with tags(*marks):
            result: dict[str, Any] = flow(**parameters)
    except ParameterTypeError as exc:
        first = str(exc).partition("\n - ")[2].partition("\n")[0]
        where, _, why = first.partition(": ")
        raise InputError(f"{why}.", where=where) from exc
    except StoryTransformerError:
        raise
    except Exception as exc:
        if _was_interrupted(exc):
            raise KeyboardInterrupt from exc
        if gone := reaching.lost(exc):
            raise gone from exc
        raise
    return result


def _start_server() -> None:
    """Start Prefect's temporary server, where one is needed, so that a Ctrl-C does not reach it: it
    would be gone when the end of the run is to be told to it."""
    if PREFECT_API_URL.value() or not PREFECT_SERVER_EPHEMERAL_ENABLED.value():
        return
    from prefect.server.api.server import SubprocessASGIServer

    keep_code_out()
    home = PREFECT_HOME.value()
    home.mkdir(parents=True, exist_ok=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which a child inherits
    try:
        # Not from a folder of documents: the server's migrations look for modules where it starts.
        with chdir(home):
            SubprocessASGIServer().start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether an error came while Prefect dealt with a Ctrl-C: the temporary server gets it too,
    and is gone when the end of the run is to be told to it."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def open_runtime(db: str | None, allow_egress: Sequence[str] = ()) -> Runtime:
    """The settings of a flow; its Prefect API and task runner are on this machine, or allowed.
    Nothing reports to anybody.

    Raises:
        SovereigntyError: one of them is elsewhere.
    """
    report_to_nobody()
    back_to_documents()
    keep_code_out()
    runtime = Runtime.read(db, allow_egress)
    check_addresses(runtime)
    return runtime


def check_addresses(runtime: Runtime) -> None:
    """Refuse an API or a task runner off this machine, unless allowed.

    Raises:
        SovereigntyError: one of them is elsewhere.
    """
    runtime.check_orchestration(PREFECT_API_URL.value())
