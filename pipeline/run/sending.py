"""The calls of a run, sent in waves: what the steps of a job share while a model is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pipeline.amounts import counted
from pipeline.calls import Call, Plan, Reply
from pipeline.config.options import MergeOptions, ReadOptions
from pipeline.cost.estimate import formula_seconds
from pipeline.document.structure.since import Earlier
from pipeline.entries import Merge
from pipeline.estimates import Estimate
from pipeline.judge.belief import Belief
from pipeline.kept import Kept
from pipeline.models import ModelSpec
from pipeline.progress import Show
from pipeline.providers.base import Model, ModelOptions
from pipeline.providers.opening import open_batched, open_model
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.run.dispatch.budget import Budget
from pipeline.run.dispatch.usage import (
    ResourceUsage,
    UsageCounter,
    machine_name,
    of_machine,
    peak_memory_bytes,
)
from pipeline.run.dispatch.waves import WAVE, run_wave, waves
from pipeline.run.judge_record import Found, Heard
from pipeline.run.sovereignty import host_of, leaving
from pipeline.store.batch_register import StoreBatches
from pipeline.store.claims import StoreClaims
from pipeline.store.reading.spending import spent
from pipeline.store.record import Store, StoreJournal
from pipeline.stories import Story

#: Calls of one wave that goes as batches: all there are, within what a plan may hold in memory.
BATCH_WAVE = 100_000


@dataclass
class Sending:
    """The state of one job between its steps, and the sending of its calls.

    Args:
        say: told one line of progress after every step.
        show: told how far the calls are with every reply, and while one is written; where there is
            nobody to look, ``say`` is told after every wave.
        chosen: what the run asks, may spend, and writes. how: documents are read.
        opener: opens the model, in place of :func:`open_model`.
        turn: called once, before the model is opened and between two steps; may wait.
        exam_price: what examining a model would cost, in a sentence.
    """

    #: What its run is called in the database.
    kind: ClassVar[str] = "merge"

    paths: Sequence[str]
    spec: ModelSpec
    options: ModelOptions
    terms: steps.Terms
    store: Store
    out: Path
    chosen: MergeOptions = field(default_factory=MergeOptions)
    how: ReadOptions = field(default_factory=ReadOptions)
    say: Callable[[str], None] = lambda line: None
    show: Show | None = None
    opener: Callable[[ModelSpec, ModelOptions], Model] | None = None
    turn: Callable[[], None] = lambda: None
    exam_price: Callable[[ModelSpec], str] | None = None
    #: Whether a budget that is spent ends the asking, and not the run.
    goes_on: bool = field(init=False, default=True)
    corpus: Corpus = field(init=False)
    plan: Plan = field(init=False)
    estimate: Estimate = field(init=False)
    run_id: str = field(init=False, default="")
    usage_counter: UsageCounter = field(init=False)
    batches: StoreBatches = field(init=False)
    budget: Budget = field(init=False)
    replies: dict[str, Reply] = field(init=False, default_factory=dict)
    merged: Merge = field(init=False)
    belief: Belief | None = field(init=False, default=None)
    heard: Heard = field(init=False, default_factory=Heard)
    _judge: Found = field(init=False, default_factory=Found)
    kept: Kept = field(init=False)
    _earlier: Earlier | None = field(init=False, default=None)
    _model: Model | None = field(init=False, default=None)
    _its_turn: bool = field(init=False, default=False)
    _asked_before: int = field(init=False, default=0)
    _done: int = field(init=False, default=0)
    #: What was counted before the wave that is sent now.
    _before: int = field(init=False, default=0)
    _reused: int = field(init=False, default=0)
    _backwards: bool = field(init=False, default=False)
    _generator: str = field(init=False, default="")
    _resource_usage: ResourceUsage = field(init=False, default_factory=ResourceUsage)

    @cached_property
    def again_before(self) -> datetime | None:
        """When this job began, where it asks again; None where it does not."""
        return self.store.now() if self.chosen.ask_again else None

    def journal(self, run: str = "") -> StoreJournal:
        """The journal as this job sees it; of no run for one that only looks replies up."""
        return StoreJournal(
            self.store, run, max_usd=self.chosen.max_cost, again_before=self.again_before
        )

    def waves(self) -> list[list[Call]]:
        """The calls that are to be sent now in bounded lists; a Prefect task holds one."""
        size = BATCH_WAVE if self.chosen.batch else WAVE
        calls = self.calls
        return [list(wave) for wave in waves(calls[::-1] if self._backwards else calls, size)]

    def take_turn(self, wave: Sequence[Call]) -> None:
        """Wait for the model, where the journal cannot answer all of this wave."""
        if self._its_turn or not self.in_time():
            return
        if self._unanswered(wave):
            self.turn()
            self._its_turn = True

    def in_time(self) -> bool:
        """Whether another call may be sent: neither the time nor the budget is spent."""
        if self.budget.is_empty:
            return False
        most = self.chosen.max_seconds
        return most is None or self._resource_usage.model_seconds < most

    def send(self, wave: Sequence[Call]) -> int:
        """Answer one wave, from the journal where it can, and by the model while there is time.
        Returns how many calls it held."""
        before = self._before = self.usage_counter.calls
        unanswered = self._unanswered(wave)
        if unanswered and self.in_time():
            self._record_departures(unanswered)
            self._show()  # before a model is loaded, and before the first reply
            with self._resource_usage.asking():
                self._model = self._model or self._opened()
                self.replies.update(self._answers(wave))
        else:
            self.replies.update(self._answers(wave))
        if self._model is not None:
            described = self._model.describe()
            self._tell_generator(described)
            self.store.update_run(self.run_id, describe=described)
            self._save_actuals()
        self._done += sum(call.request.key in self.replies for call in wave)
        here = {call.request.key for call in wave} & self.replies.keys()
        self._reused += len(here - self.usage_counter.asked - self.usage_counter.unusable_before)
        asked, self._before = self.usage_counter.calls - before, self.usage_counter.calls
        if self.show is None:
            self.say(
                f"{self._done:,} of {counted(self.progress[1], 'call')} answered"
                + (f", {asked:,} by the model" if asked else " by the journal: no model call")
            )
        else:
            self._show()
        return len(wave)

    def _unanswered(self, wave: Sequence[Call]) -> list[Call]:
        """The calls that the model is needed for: no reply came to them, or one that cannot be used
        and that two smaller calls may take the place of."""
        keys = [call.request.key for call in wave]
        known = set(self.usage_counter.find(keys))
        whole = [c.request.key for c in wave if len(c.clusters) < 2]
        known |= self.usage_counter.unusable([key for key in whole if key not in known]).keys()
        return [call for call in wave if call.request.key not in known]

    def _tell_generator(self, described: Mapping[str, str]) -> None:
        """Say who writes a local model's replies, and why; again where that changes."""
        told = f"{described.get('generator')} answers: {described.get('generator_reason')}"
        if "generator" in described and told != self._generator:
            self.say(told)
            self._generator = told

    def _show(self) -> None:
        """Tell how far the calls are."""
        if self.show is not None:
            done, total = self.progress
            took = self.estimate.seconds
            self.show(
                self.usage_counter.progress(done - self._before, total, self.chosen.max_cost, took)
            )

    def _record_departures(self, calls: Sequence[Call]) -> None:
        """What is about to leave the machine, in the run's books before it does."""
        if self.spec.leaves_machine:
            self.store.save_departures(
                self.run_id,
                host_of(self.spec, self.options.base_url),
                leaving(calls, self.corpus.by_id),
            )

    def _answers(self, wave: Sequence[Call]) -> dict[str, Reply]:
        return run_wave(
            wave,
            self._model,
            self.usage_counter,
            stories=self.known,
            usd=steps.pricer(self.spec, self.terms.as_of, batch=self.chosen.batch),
            allow_cloud=self.terms.allow_cloud,
            staying=self.terms.staying,
            budget=self.budget,
            progress=self.usage_counter.written,
            in_flight=self.batches.in_flight,
            claims=StoreClaims(
                self.store,
                run=None if self.chosen.batch else self.run_id,
                again_before=self.again_before,
            ),
            in_time=self.in_time,
            say=self.say,
        )

    def follow(self) -> bool:
        """Make the calls that follow on the replies. Returns whether there are any."""
        return False

    @property
    def calls(self) -> Sequence[Call]:
        """The calls that are to be sent now."""
        return self.plan.calls

    @property
    def sent(self) -> Sequence[Call]:
        """The calls that no journalled reply answered when the run was planned."""
        return self.plan.to_send

    @property
    def known(self) -> Mapping[str, Story]:
        """What the handles of the calls point to, by id."""
        return self.corpus.by_id

    @property
    def progress(self) -> tuple[int, int]:
        """Calls answered, and calls foreseen in all."""
        return self._done, len(self.plan.calls) + len(self.plan.later)

    @property
    def stage(self) -> str:
        """What the calls are called that are sent now."""
        return self.calls[0].stage if self.calls else ""

    def _opened(self) -> Model:
        if self.chosen.batch:
            return open_batched(self.spec, self.options, self.batches, self.say)
        # A server that was started again since may have other weights.
        served = self.store.described(self.run_id).get("served", "")
        opened = self.opener or open_model
        model = opened(self.spec, replace(self.options, served=served))
        self.store.update_run(self.run_id, describe=model.describe())
        return model

    def _save_actuals(self) -> None:
        """What the run took so far, over all its attempts, by the journal and the clocks."""
        took = spent(self.store, self.run_id)
        asked = [
            reply.usage
            for call in self.sent
            if (reply := self.replies.get(call.request.key)) and reply.finish != "error"
        ]
        self.store.save_actuals(
            self.run_id,
            **took.columns(),
            reused=len(self.plan.calls) - len(self.plan.to_send) - self._asked_before,
            seconds=self._resource_usage.seconds,
            model_seconds=self._resource_usage.model_seconds,
            processor_seconds=self._resource_usage.processor_seconds,
            formula_seconds=formula_seconds(
                self.plan, self.spec, asked, hardware=self.terms.hardware
            ),
            machine=machine_name(self.terms.hardware),
            peak_memory_bytes=peak_memory_bytes(),
        )

    def _save_estimate(self, corpus: str | None) -> None:
        priced = of_machine(self.estimate, self.terms.hardware)
        self.store.save_estimate(self.run_id, corpus, priced)

    def fail(self, error: BaseException) -> None:
        """Close the run's row with its reason; what is journalled stays for the next try."""
        if not self.run_id:
            return
        # Ctrl-C, or the signal with which a Prefect run is cancelled.
        interrupted = not isinstance(error, Exception)
        self.store.finish_run(
            self.run_id,
            "interrupted" if interrupted else "failed",
            error=str(error) or type(error).__name__,
        )
        self._save_actuals()

    def close(self) -> None:
        """Let go of the model."""
        if self._model is not None:
            self._model.close()
