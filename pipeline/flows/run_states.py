"""How a run ends in Prefect: a state whose name and message a person understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from prefect import State, get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

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


def ended(
    body: Callable[[], dict[str, Any]], tell: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """Run the body of a flow to the state that says how it ended, for the flow to return: Prefect
    hands the state's data, the result, to whoever calls the flow, hence the type.

    An error of ours becomes a failed state with its message and exit code; whoever calls the flow
    gets it raised all the same. A defect goes through: its traceback is wanted.

    Args:
        tell: one line about the result, counts only.
    """
    try:
        result = body()
    except StoryTransformerError as error:
        get_run_logger().error("%s", error)
        return cast(dict[str, Any], failed(error))
    return cast(dict[str, Any], Completed(message=tell(result), data=result))


def failed(error: StoryTransformerError) -> State[Any]:
    """The state of a flow or task that one of our errors ended; who calls it gets it raised."""
    name = NAMES.get(error.kind, "Failed")
    return Failed(name=name, message=f"{error} (exit code {error.exit_code})", data=error)


def extracted(result: Mapping[str, Any]) -> str:
    """What was found."""
    n, problems = len(result["documents"]), sum(bool(d["problem"]) for d in result["documents"])
    return f"{result['stories']} stories in {_many(n, 'document')}" + (
        f", {problems} not or not wholly read" if problems else ""
    )


def estimated(result: Mapping[str, Any]) -> str:
    """What it would cost: the cheapest line that can run."""
    lines = [line for line in result["lines"] if line["feasible"]]
    priced = [line for line in lines if line["usd"]]
    told = f"{len(lines)} of {len(result['lines'])} lines can run"
    if not priced:
        return told
    cheapest = min(priced, key=lambda line: float(line["usd"]["likely"]))
    return f"{told}; the cheapest is {cheapest['model']} at ${cheapest['usd']['likely']}"


def merged(result: Mapping[str, Any]) -> str:
    """What became of the stories and what it took."""
    ledger = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in result["ledger"].items() if n)
    usd = "price unknown" if result["usd"] is None else f"${result['usd']}"
    return (
        f"{result['stories']} stories: {ledger}. The books balance. "
        f"{_many(result['calls'], 'model call')}, {result['reused_replies']} replies from the "
        f"journal, {usd}."
    ) + (f" {_many(n_failed, 'call')} failed." if (n_failed := result["failed_calls"]) else "")


def examined(result: Mapping[str, Any]) -> str:
    """Who was examined; how far each is believed stands in its record."""
    return f"{_many(len(result['runs']), 'judge')} examined: " + ", ".join(
        f"{one['model']}, record {one['record']}" for one in result["runs"]
    )


def trained(result: Mapping[str, Any]) -> str:
    """Where the adapter is; what it is worth is for its exam to say."""
    return (
        f"{_many(result['trained_pairs'], 'pair')} learned, best at step {result['best_step']}: "
        f"{result['out']}; an exam of {result['base']}@lora={result['out']} says what it is worth"
    )


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


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
