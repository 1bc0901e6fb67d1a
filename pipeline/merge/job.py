"""A merge from paths to document, resumable: the one sequence that the command line and the
Prefect flow both run.

Each step is a method. :func:`run` calls them through ``step``, a hook that the flow uses to make
every step a task; the command line calls them as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from pipeline.calls import Call, Estimate, Plan, Reply
from pipeline.catalog import ModelSpec
from pipeline.merge import steps
from pipeline.merge.ledger import counts
from pipeline.merge.run import conclude, waves
from pipeline.models.base import Model, ModelOptions, open_model
from pipeline.outcomes import Outcomes
from pipeline.store.record import Store, StoreJournal


class Step(Protocol):
    """Calls ``function(*args)`` under a name that a person can read."""

    def __call__(self, name: str, function: Callable[..., Any], *args: Any) -> Any: ...


def plainly(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """The step of the command line: just the call."""
    return function(*args)


@dataclass
class MergeJob:
    """The state of one merge between its steps.

    Args:
        say: told one line of progress after every step.
        max_usd: budget over the whole run, None for no limit.
    """

    paths: Sequence[str]
    spec: ModelSpec
    options: ModelOptions
    terms: steps.Terms
    store: Store
    out: Path
    max_usd: Decimal | None = None
    encoding: str | None = None
    strict: bool = False
    say: Callable[[str], None] = lambda line: None
    corpus: steps.Corpus = field(init=False)
    plan: Plan = field(init=False)
    estimate: Estimate = field(init=False)
    run_id: str = field(init=False, default="")
    journal: StoreJournal = field(init=False)
    replies: dict[str, Reply] = field(init=False, default_factory=dict)
    outcomes: Outcomes = field(init=False)
    _model: Model | None = field(init=False, default=None)
    _started: float = field(init=False, default_factory=time.monotonic)

    def read(self) -> None:
        """Extract every document; store the corpus."""
        self.corpus = steps.read(
            self.paths, encoding=self.encoding, cache=self.store, strict=self.strict
        )
        for path, reason in self.corpus.problems:
            self.say(f"warning: {path}: {reason}")
        steps.check_sovereignty(self.corpus, self.spec, allow_cloud=self.terms.allow_cloud)
        self.corpus_id = self.store.save_corpus(self.corpus.extractions)
        self.say(
            f"extracted {len(self.corpus.stories)} stories from "
            f"{len(self.corpus.extractions)} documents ({self.corpus.words:,} words)"
        )

    def make_plan(self) -> None:
        """Plan the calls, look up which are answered already, and price the rest."""
        plan = steps.plan(self.corpus, self.spec, self.terms)
        self.plan = steps.with_journal(plan, StoreJournal(self.store, ""))
        self.estimate = steps.price_plan(self.plan, self.spec, self.terms)
        skipped = ", ".join(f"{n} {why}" for why, n in self.plan.skipped_by_reason().items())
        self.say(
            f"planned {len(self.plan.calls)} calls ({self.plan.n_clusters} clusters; without "
            f"a call: {skipped}), {self.estimate.journalled_calls} of them answered by the "
            "journal"
        )
        low, likely, high = self.estimate.usd or (None, None, None)
        tokens = self.estimate.input_tokens
        self.say(
            f"estimate for {self.spec.name}: {tokens.n:,} tokens in"
            f"{'' if tokens.exact else ' (±)'}, {self.estimate.output_tokens.likely:,} out, "
            + ("price unknown" if likely is None else f"${low} – ${likely} – ${high}")
        )

    def start(self) -> None:
        """Open the run's row. From here on a killed run can be resumed."""
        self.run_id = self.store.start_run(
            kind="merge",
            corpus=self.corpus_id,
            model=self.spec.name,
            strategy=self.terms.strategy,
            revision=_revision(self.plan),
            plan_sha256=self.plan.sha256,
            parameters={
                "paths": list(self.paths),
                "about": list(self.terms.about),
                "allow_cloud": self.terms.allow_cloud,
                "out": str(self.out),
                "max_usd": None if self.max_usd is None else str(self.max_usd),
            },
            describe={},
        )
        self.store.save_plan(self.run_id, self.plan)
        self.store.save_estimate(self.run_id, self.corpus_id, self.estimate)
        self.journal = StoreJournal(self.store, self.run_id, max_usd=self.max_usd)

    def waves(self) -> list[list[Call]]:
        """The plan's calls in bounded lists; a Prefect task holds one."""
        return [list(wave) for wave in waves(self.plan.calls)]

    def send(self, wave: Sequence[Call]) -> int:
        """Answer one wave, from the journal where it can. Returns the number of calls sent."""
        sent = sum(call.request.key not in self.plan.journalled for call in wave)
        if sent and self._model is None:
            self._model = open_model(self.spec, self.options)
        self.replies.update(
            steps.send(
                wave,
                self._model,
                self.journal,
                stories=self.corpus.by_id,
                usd=steps.pricer(self.spec, self.terms.as_of),
                allow_cloud=self.terms.allow_cloud,
            )
        )
        if self._model is not None:
            self.store.update_run(self.run_id, describe=dict(self._model.describe()))
        self.say(
            f"calls answered: {len(self.replies)} of {len(self.plan.calls)}"
            + ("" if sent else ", no model call needed")
        )
        return sent

    def conclude(self) -> None:
        """Gate every reply, balance the books, and store what was decided in one transaction."""
        self.outcomes = conclude(self.plan, self.corpus.by_id, self.replies, self.corpus.documents)
        self.store.save_outcomes(self.run_id, self.outcomes)
        self.say(
            "the books balance: "
            + ", ".join(f"{n} {name}" for name, n in counts(self.outcomes.ledger).items())
        )

    def write(self) -> dict[str, Any]:
        """Write the document, close the run's row, and return what ``merge --json`` prints."""
        usage = [
            reply.usage for key, reply in self.replies.items() if key not in self.plan.journalled
        ]
        spent = [
            reply.usd for key, reply in self.replies.items() if key not in self.plan.journalled
        ]
        usd = (
            None
            if any(value is None for value in spent)
            else sum((value for value in spent if value is not None), Decimal(0))
        )
        result: dict[str, Any] = {
            "run": self.run_id,
            "model": self.spec.name,
            "stories": len(self.corpus.stories),
            "ledger": counts(self.outcomes.ledger),
            "calls": len(usage),
            "input_tokens": sum(u.prompt for u in usage),
            "output_tokens": sum(u.output for u in usage),
            "usd": None if usd is None else str(usd),
            "estimated_usd": None if self.estimate.usd is None else str(self.estimate.usd[1]),
            "fallbacks": sum(1 for story in self.outcomes.merged if story.fallback),
            "conflicts": len(self.outcomes.conflicts),
            "reused_replies": len(self.plan.calls) - len(self.plan.to_send),
            "plan": self.plan.sha256,
        }
        result["out"] = steps.write_document(self.out, self.corpus, self.outcomes, result)
        self.store.save_actuals(
            self.run_id,
            calls=result["calls"],
            reused=result["reused_replies"],
            input_tokens=result["input_tokens"],
            output_tokens=result["output_tokens"],
            usd=usd,
            seconds=time.monotonic() - self._started,
            peak_memory_bytes=_peak_memory(),
        )
        self.store.finish_run(self.run_id, "completed")
        return result

    def fail(self, error: BaseException) -> None:
        """Close the run's row with its reason; what is journalled stays for the next try."""
        if not self.run_id:
            return
        interrupted = isinstance(error, KeyboardInterrupt)
        self.store.finish_run(
            self.run_id,
            "interrupted" if interrupted else "failed",
            error=str(error) or type(error).__name__,
        )

    def close(self) -> None:
        """Let go of the model."""
        if self._model is not None:
            self._model.close()


def run(job: MergeJob, step: Step = plainly) -> dict[str, Any]:
    """Run a job to its document.

    Returns:
        What ``merge --json`` prints.

    Raises:
        StoryTransformerError: with the run's row closed as failed and everything journalled kept.
    """
    try:
        step("extract", job.read)
        step("plan and price", job.make_plan)
        step("start", job.start)
        job_waves = job.waves()
        for number, wave in enumerate(job_waves, 1):
            step(f"calls {number} of {len(job_waves)}", job.send, wave)
        step("gate and balance", job.conclude)
        result: dict[str, Any] = step("write", job.write)
        return result
    except BaseException as error:
        job.fail(error)
        raise
    finally:
        job.close()


def _revision(plan: Plan) -> str:
    return plan.calls[0].request.revision if plan.calls else ""


def _peak_memory() -> int:
    """Peak resident bytes of this process."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
