"""What runs took: read back from the journal, so that neither a killed process nor a reply made
by another run makes the sum wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text as sql

from pipeline.store.record import Store
from pipeline.store.rows import dollars


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run asked for so far, over all its attempts.

    Args:
        calls, input_tokens, output_tokens, usd: every reply, second tries and bad ones included;
            ``usd`` is None as soon as one price is unknown.
        asked: calls of the plan that this run had answered for the first time.
        planned_input_tokens, planned_output_tokens: what the plan had said for just these.
        first_input_tokens: what the model counted for just these.
        prompt: the released prompt they were made of.
        good: calls of the plan that need not be asked again.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal | None = Decimal(0)
    asked: int = 0
    planned_input_tokens: int = 0
    planned_output_tokens: int = 0
    first_input_tokens: int = 0
    prompt: str = ""
    good: int = 0

    def columns(self) -> dict[str, Any]:
        """What ``save_actuals`` takes of it."""
        return {name: value for name, value in asdict(self).items() if name != "good"}


def spent(store: Store, run: str) -> Spent:
    """What a run spent, by its replies."""
    with store.database.read() as connection:
        replies = [dict(r._mapping) for r in connection.execute(sql(_REPLIES), {"run": run})]
    first: dict[str, dict[str, Any]] = {}
    for reply in replies:
        # An error came without tokens: it says nothing of how long a prompt or a reply is.
        if reply["planned_input"] is not None and reply["finish"] != "error":
            first.setdefault(reply["request"], reply)
    prices = [reply["micro_usd"] for reply in replies]
    return Spent(
        calls=len(replies),
        input_tokens=sum(reply["read"] for reply in replies),
        output_tokens=sum(reply["written"] for reply in replies),
        usd=None if None in prices else dollars(sum(prices)),
        asked=len(first),
        planned_input_tokens=sum(reply["planned_input"] for reply in first.values()),
        planned_output_tokens=sum(reply["planned_output"] for reply in first.values()),
        first_input_tokens=sum(reply["read"] for reply in first.values()),
        prompt=asked_with((reply["prompt"], reply["purpose"]) for reply in first.values()),
        good=sum(bool(r["good"]) and r["planned_input"] is not None for r in replies),
    )


def asked_with(requests: Iterable[tuple[str, str]]) -> str:
    """How runs are told apart by what they asked: the first prompt that merges, and the one that
    looks for conflicts.

    Args:
        requests: prompt and purpose of each.
    """
    first: dict[bool, str] = {}
    for prompt, purpose in requests:
        first.setdefault(purpose == "conflicts", prompt)
    return " + ".join(first[kind] for kind in sorted(first))


_REPLIES = """
    SELECT p.request, p.finish, p.good, p.micro_usd, p.output_tokens AS written, q.prompt,
           q.purpose, p.input_tokens + p.cache_read_tokens + p.cache_write_tokens AS read,
           c.input_tokens AS planned_input, c.output_likely AS planned_output
      FROM reply p
      JOIN run r ON r.id = p.run
      JOIN request q ON q.key = p.request
      LEFT JOIN planned_call c ON c.plan = r.plan_sha256 AND c.request = p.request
     WHERE p.run = :run
     ORDER BY p.created, p.id
"""


def time_spent(store: Store, run: str) -> tuple[float, float, float]:
    """Seconds of a run's earlier attempts: in all, waiting for the model, computing. What an
    attempt took after its last wave was stored is lost when its process is killed."""
    query = "SELECT seconds, model_seconds, processor_seconds FROM actual WHERE run = :run"
    with store.database.read() as connection:
        row = connection.execute(sql(query), {"run": run}).first()
    return (0.0, 0.0, 0.0) if row is None else (row[0], row[1] or 0.0, row[2] or 0.0)


def past_runs(store: Store, *, model: str, strategy: str, prompt: str) -> list[dict[str, Any]]:
    """The completed runs of a model, strategy and prompt that asked the model at all, newest
    first: what their plans had said before any correction, and what came."""
    with store.database.read() as connection:
        found = connection.execute(
            sql(_PAST), {"model": model, "strategy": strategy, "prompt": prompt}
        )
        return [dict(row._mapping) for row in found]


_PAST = """
    SELECT r.attempts, a.asked, a.planned_input_tokens, a.first_input_tokens,
           a.planned_output_tokens, a.output_tokens, a.formula_seconds, a.model_seconds, a.machine
      FROM run r
      JOIN actual a ON a.run = r.id
     WHERE r.state = 'completed' AND r.kind = 'merge' AND a.asked > 0
       AND r.model = :model AND r.strategy = :strategy AND a.prompt = :prompt
     ORDER BY r.started DESC, r.id DESC
     LIMIT 200
"""
