"""How a run ends in Prefect: a state whose name and message a person understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from httpx import HTTPError
from prefect import State, get_run_logger
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from pipeline.amounts import amount, counted, dollars, outcomes
from pipeline.errors import StoryTransformerError

#: What a failed run is called, by the kind of its error.
NAMES: Mapping[str, str] = {
    "input": "Bad input",
    "ledger": "Books do not balance",
    "budget": "Over budget",
    "sovereignty": "Kept on this machine",
    "model": "Model failed",
    "engine": "Engine failed",
    "store": "Database failed",
    "gate": "Gate not met",
}

_TO_GO_ON = (
    "stopped; what is done is kept. To go on: `prefect flow-run retry {id}`, Retry on this run's "
    "page, or the same run started anew."
)


def ended(
    body: Callable[[], dict[str, Any]], tell: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """Run the body of a flow to the state that says how it ended, for the flow to return: Prefect
    hands the state's data, the result, to whoever calls the flow, hence the type.

    An error of ours becomes a failed state with its message and exit code; whoever calls the flow
    gets it raised all the same. A defect goes through: its traceback is wanted. So does the signal
    with which a run is cancelled, whose state the worker sets; how to go on is told before.

    Args:
        tell: one line about the result, counts only.
    """
    try:
        result = body()
    except StoryTransformerError as error:
        get_run_logger().error("%s", error)
        return cast(dict[str, Any], failed(error))
    except TerminationSignal:
        _stopped()
        raise
    return cast(dict[str, Any], Completed(message=tell(result), data=result))


def _stopped() -> None:
    """Say how a run goes on that a signal ends, and that it is cancelled where that was asked for:
    a process that was too busy to hear so from its worker would count as crashed."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    run = context.flow_run
    message = _TO_GO_ON.format(id=run.id)
    get_run_logger().info(message)
    with suppress(HTTPError), get_client(sync_client=True) as client:
        now = client.read_flow_run(run.id).state
        if now is not None and now.is_cancelling():
            cancelled: State[Any] = Cancelled(message=message)
            client.set_flow_run_state(run.id, cancelled, force=True)
            run.state = cancelled


def failed(error: StoryTransformerError) -> State[Any]:
    """The state of a flow or task that one of our errors ended; who calls it gets it raised."""
    name = NAMES.get(error.kind, "Failed")
    return Failed(name=name, message=f"{error} (exit code {error.exit_code})", data=error)


def extracted(result: Mapping[str, Any]) -> str:
    """What was found."""
    n, problems = len(result["documents"]), sum(bool(d["problem"]) for d in result["documents"])
    stories = counted(result["stories"], "story", "stories")
    return f"{stories} in {counted(n, 'document')}" + (
        f", {amount(problems)} not or not wholly read" if problems else ""
    )


def estimated(result: Mapping[str, Any]) -> str:
    """What it would cost: the cheapest line that can run."""
    lines = [line for line in result["lines"] if line["feasible"]]
    priced = [line for line in lines if line["usd"]]
    told = f"{len(lines)} of {len(result['lines'])} lines can run"
    if not priced:
        return told
    cheapest = min(priced, key=lambda line: float(line["usd"]["likely"]))
    return f"{told}; the cheapest is {cheapest['model']} at {dollars(cheapest['usd']['likely'])}"


def merged(result: Mapping[str, Any]) -> str:
    """What became of the stories and what it took."""
    usd = "price unknown" if result["usd"] is None else dollars(str(result["usd"]))
    replies = counted(result["reused_replies"], "reply", "replies")
    return (
        f"{counted(result['stories'], 'story', 'stories')}: {outcomes(result['ledger'])}. "
        f"The books balance. {counted(result['calls'], 'model call')}, {replies} from the journal, "
        f"{usd}."
    ) + (f" {counted(n_failed, 'call')} failed." if (n_failed := result["failed_calls"]) else "")


def examined(result: Mapping[str, Any]) -> str:
    """Who was examined; how far each is believed stands in its record."""
    return f"{counted(len(result['runs']), 'judge')} examined: " + ", ".join(
        f"{one['model']}, record {one['record']}" for one in result["runs"]
    )


def trained(result: Mapping[str, Any]) -> str:
    """Where the adapter is; what it is worth is for its exam to say."""
    return (
        f"{counted(result['trained_pairs'], 'pair')} learned, best at step {result['best_step']}: "
        f"{result['out']}; an exam of {result['base']}@lora={result['out']} says what it is worth"
    )


_MOST = 60


def named(pattern: str) -> Callable[[], str]:
    """A name for runs of a flow, filled in with its parameters: ``{paths}`` becomes "a.md, b/" or
    "12 paths", any other ``{parameter}`` its value."""

    def name() -> str:
        given: dict[str, Any] = dict(flow_run.parameters or {})
        if "paths" in given:
            given["paths"] = shown(given["paths"])
        return pattern.format(**given)

    return name


def shown(paths: Sequence[str]) -> str:
    """Paths in one short line."""
    text = ", ".join(paths)
    return text if len(text) <= _MOST else f"{len(paths)} paths"
