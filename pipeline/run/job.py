"""A merge from paths to document, resumable: the one sequence that the command line and the
Prefect flow both run.

Each step is a method. :func:`run` calls them through ``step``, a hook that the flow uses to make
every step a task; the command line calls them as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from pipeline.amounts import counted, dollars, dollars_band, outcomes
from pipeline.calls import Call
from pipeline.document.structure.since import Earlier
from pipeline.document.structure.topics import parse_grouping
from pipeline.errors import BudgetError, InputError, StoreError
from pipeline.merge.conclusion import conclude
from pipeline.merge.ledger import counts
from pipeline.merge.settling import settle
from pipeline.progress import show_nothing
from pipeline.providers.opening import missing_weights
from pipeline.replies import call_failures
from pipeline.run import steps
from pipeline.run.believing import about_begun, asking_by, believing, record_of
from pipeline.run.corpus import read
from pipeline.run.corpus_vectors import all_vectors
from pipeline.run.dispatch.budget import Budget
from pipeline.run.dispatch.follow_ups import Asking
from pipeline.run.dispatch.usage import UsageCounter
from pipeline.run.judge_record import Heard, about_belief, audit, hear
from pipeline.run.output import as_told, laid_out, look, words, write_merge
from pipeline.run.sending import Sending
from pipeline.run.sovereignty import check_permission, check_sovereignty, mark_of
from pipeline.store.batch_register import StoreBatches
from pipeline.store.reading.finished_run import open_finished_run
from pipeline.store.reading.spending import spent, time_spent
from pipeline.store.record import Store
from pipeline.stories import normalise

#: Strategies whose replies are whole texts: run by the evals, never a merged document.
REWRITING = ("tree", "fold")


class Step(Protocol):
    """Calls ``function(*args)`` under a name that a person can read."""

    def __call__(self, name: str, function: Callable[..., Any], *args: Any) -> Any: ...


def plainly(name: str, function: Callable[..., Any], *args: Any) -> Any:
    """The step of the command line: just the call."""
    return function(*args)


@dataclass
class MergeJob(Sending):
    """A merge, step by step; its options are those of :class:`Sending`."""

    asking: Asking = field(init=False)
    _following: list[Call] | None = field(init=False, default=None)

    def read(self) -> None:
        """Extract every document; store the corpus.

        Raises:
            SovereigntyError: a model off this machine is named and not allowed.
            InputError: a strategy that merges nothing; as extraction does.
        """
        if self.terms.strategy in REWRITING and type(self) is MergeJob:
            raise InputError(
                f"{self.terms.strategy} writes every story again, so it makes no merged document.",
                where="--strategy",
                next="`storytransformer eval rewrite` runs it for comparison.",
            )
        check_permission(self.spec, self.terms.allow_cloud)
        self._judge = record_of(self.spec, self.store, self.terms)
        if self.chosen.since:
            self._earlier = _earlier(self.store, self.chosen.since)
        self.corpus = read(self.paths, how=self.how, cache=self.store)
        for path, reason in self.corpus.problems:
            self.say(f"warning: {path}: {reason}")
        if self.corpus.passed_over:
            self.say(self.corpus.passed_over)
        # Questions about stories that stay here are not asked; the others may be.
        staying = check_sovereignty(
            self.corpus,
            self.spec,
            allow_cloud=self.terms.allow_cloud,
            local_only=self.terms.local_only,
            partly=self.terms.propose or self._judge.record is not None,
        )
        self.terms = replace(self.terms, staying=staying)
        self.corpus_id = self.store.save_corpus(self.corpus.extractions)
        self.say(
            f"extracted {counted(len(self.corpus.stories), 'story', 'stories')} from "
            f"{counted(len(self.corpus.extractions), 'document')} "
            f"({counted(self.corpus.words, 'word')})"
        )

    def make_plan(self) -> None:
        """Plan the calls, look up which are answered already, and price the rest."""
        self.terms, self.belief = believing(self.spec, self.store, self.terms, self.corpus_id)
        self.terms = asking_by(self._strategy(), self.spec, self.store, self.terms)
        asks = self.terms.strategy != "none"
        if asks and (missing := missing_weights(self.spec, self.terms.cache)) is not None:
            raise missing
        self.terms = replace(self.terms, decisions=self.store.decisions())
        if self.terms.strategy in ("pairs", "groups"):
            stories, cache = self.corpus.stories, self.terms.cache
            vectors = all_vectors(
                self.store, stories, cache=cache, say=self.say, show=self.show or show_nothing
            )
            self.terms = replace(self.terms, vectors=vectors)
        self.plan_and_price(steps.from_stories)

    def plan_and_price(self, planned: steps.Planner) -> None:
        """Make the plan, look up what of it is answered, and refuse what cannot be run.

        Raises:
            BudgetError: the plan cannot be run here.
        """
        self.spec = steps.with_measured(self.spec, self.store, self.terms.cache)
        plan = steps.plan(self.corpus, self.spec, self.terms, planned)
        self.plan = steps.with_journal(plan, self.journal())
        learned = steps.calibration(self.store, self.plan, self.terms)
        self.estimate = steps.price_plan(self.plan, self.spec, self.terms, learned)
        if self.plan.to_send and not self.estimate.feasible:
            raise BudgetError(
                f"the plan cannot be run: {self.estimate.reason}.",
                where=self.spec.name,
                next="`storytransformer estimate` shows which models can.",
            )
        stories = self.corpus.stories
        steps.check_budget(
            self.plan, self.spec, self.terms, stories, self.chosen.max_cost, batch=self.chosen.batch
        )
        if self.plan.calls:
            self._tell_plan()

    def _tell_plan(self) -> None:
        journalled = self.estimate.journalled_calls
        answered = f", {journalled:,} of them answered by the journal" if journalled else ""
        following = self.plan.to_follow
        most = "up to " if any(later.share is not None for later in following) else ""
        later = f"; {most}{len(following):,} more follow on replies" if following else ""
        self.say(f"planned {counted(len(self.plan.calls), 'call')}{answered}{later}")
        if self.plan.remark:
            self.say(self.plan.remark)
        low, likely, high = self.estimate.usd or (None, None, None)
        tokens = self.estimate.input_tokens
        self.say(
            f"estimate for {self.spec.name}: {counted(tokens.n, 'token')} in"
            f"{'' if tokens.exact else ' (±)'}, {self.estimate.output_tokens.likely:,} out, "
            + ("price unknown" if likely is None else dollars_band(low, likely, high))
            + (f", {dollars(str(self.estimate.usd_batch))} as a batch" if self.chosen.batch else "")
        )

    def _strategy(self) -> str:
        """The strategy that this merge runs: a model that nothing shows to be right is asked only
        where its answers may order what a person is asked."""
        if self.terms.strategy in REWRITING:
            return self.terms.strategy
        if not self.spec.provider.is_model:
            return "none"
        asking = "pairs" if self.terms.strategy == "none" else self.terms.strategy
        if self.belief is not None:
            self.say(about_belief(self.belief))
            return asking if self.terms.propose or not self.belief.decides_nothing else "none"
        why = f" ({self._judge.why})" if self._judge.why else ""
        if self.terms.propose:
            self.say(
                f"{self.spec.name} has no record{why}: its answers order what a person is asked, "
                "and fold nothing"
            )
            return asking
        price = f" {self.exam_price(self.spec)}" if self.exam_price else ""
        self.say(
            f"warning: {self.spec.name} has no record of an exam{why}, so it is asked nothing: "
            "what stands under one entry is proved word for word. `storytransformer exam --model "
            f"{self.spec.name}` examines it.{price} --propose lets it order the questions of "
            "`review`."
        )
        return "none"

    def start(self) -> None:
        """Open the run's row, or take up the one that a killed process left behind."""
        self.asking = Asking(
            self.plan,
            partial(steps.factory, self.plan, self.spec, self.terms),
            self.corpus.by_id,
            self.terms.orders,
            steps.open_question(
                self.corpus,
                settle(self.terms.decisions, self.corpus.stories),
                self.terms.staying,
            ),
            self.terms.most_pairs,
        )
        self.run_id = self._taken_up() or self.store.start_run(
            kind=self.kind,
            corpus=self.corpus_id,
            model=self.spec.name,
            strategy=self.terms.strategy,
            revision=self.plan.calls[0].request.revision if self.plan.calls else "",
            plan_sha256=self.plan.sha256,
            parameters={
                "paths": list(self.paths),
                **self.chosen.said(),
                **self.how.said(),
                "local_only": list(self.terms.local_only),
                "out": str(self.out),
            },
        )
        self.store.save_plan(self.run_id, self.plan)
        self._save_estimate(self.corpus_id)
        self._resource_usage.resume(time_spent(self.store, self.run_id))
        self._asked_before = spent(self.store, self.run_id).good
        self.usage_counter = UsageCounter(self.journal(self.run_id), self._show)
        self.budget = Budget(self.usage_counter, self.chosen.max_cost, goes_on=self.goes_on)
        self.batches = StoreBatches(self.store, self.run_id)
        alike = self.store.running(self.plan.sha256)
        if len(alike) > 1:
            # Every other one from the end: what one asks is answered when the next gets there.
            self._backwards = alike.index(self.run_id) % 2 == 1
            self.say(f"{counted(len(alike), 'run')} of this plan share its calls")
        if not self.chosen.batch and self.batches.unfinished():
            self.say("this run has handed a batch over: going on with batches")
            self.chosen = replace(self.chosen, batch=True)

    def _taken_up(self) -> str | None:
        """An unfinished run of the same plan, now ours."""
        which = {"kind": self.kind, "corpus": self.corpus_id, "model": self.spec.name}
        found = self.store.find_resumable(plan_sha256=self.plan.sha256, **which)
        if found is None or not self.store.resume_run(found):
            if told := about_begun(self.store, self.kind, self.corpus_id, self.plan):
                self.say(told)
            return None
        self.say(f"resuming {found}")
        return found

    def conclude(self) -> None:
        """Put tellings under one another, balance the books, and look whether every sentence is
        kept; store what was decided in one transaction."""
        self.heard = self._heard()
        self.merged = conclude(
            self.corpus.by_id,
            self.corpus.pairs,
            self.corpus.weights,
            judgements=self.heard.judgements,
            opinions=self.heard.opinions,
            decisions=self.terms.decisions,
            about=self.terms.about,
            failed_calls=self.heard.failed,
        )
        self.store.save_judgements(self.run_id, self.heard.told)
        for decision in settle(self.terms.decisions, self.corpus.stories).unused:
            # Without the note: this reaches logs, and Prefect's database.
            told = f"“{decision.answer.replace('_', ' ')}”, {replace(decision, note='')}"
            self.say(
                f"warning: {told}, is not applied: newer decisions stand against it. "
                "`storytransformer review RUN --again` asks once more."
            )
        self.kept = look(self.corpus, self.merged)
        self.store.save_merge(self.run_id, self.merged, as_told(self.kept))
        self.say(f"the books balance: {outcomes(counts(self.merged.ledger))}")

    def _heard(self) -> Heard:
        """What follows of what the judge said."""
        asked = self.asking.asked(self.replies)
        heard = hear(self.spec.name, asked, self.corpus.by_id, self.belief)
        heard.failed += self.asking.failed_windows(self.replies)
        return heard

    @property
    def calls(self) -> Sequence[Call]:
        """The questions that are to be asked now."""
        return self.plan.calls if self._following is None else self._following

    @property
    def progress(self) -> tuple[int, int]:
        """Questions answered, and those foreseen so far."""
        return self._done, len(self.asking.calls)

    @property
    def sent(self) -> Sequence[Call]:
        """The questions that no journalled reply answered when the run was planned."""
        return (*self.plan.to_send, *self.asking.calls[len(self.plan.calls) :])

    def follow(self) -> bool:
        """Make the questions that follow on the replies."""
        self._following = self.asking.follow(self.replies)
        if self._following:
            self.say(f"{self.stage}: {counted(len(self._following), 'more question')}")
        return bool(self._following)

    def write(self) -> dict[str, Any]:
        """Write the document, close the run's row, and return what ``merge --json`` prints.

        Raises:
            LedgerError: a sentence of a story is not in its entry; the files are written as
                ``*.incomplete``.
            ModelError: every call failed; the document is written without a model.
        """
        self._warn()
        result = self._result()
        glossary: dict[tuple[str, str], str] = {
            (term.kind, normalise(term.text)): term.heading for term in self.store.glossary()
        }
        # What a command that the document shows has to say.
        head = result | {"paths": list(self.paths)}
        head |= {"since": self.chosen.since} if self.chosen.since else {}
        mark = mark_of(self.corpus.documents.values(), self.terms.local_only)
        if mark := mark or settle(self.terms.decisions, self.corpus.stories).sovereignty:
            head["sovereignty"] = mark
        if self.store.database.is_sqlite:
            head["db"] = self.store.database.name
        group, full = parse_grouping(self.chosen.group), self.chosen.edition == "full"
        layout = laid_out(self.corpus, self.merged, head, group, full=full, glossary=glossary)
        result["out"] = write_merge(
            self.out, layout, self.kept, since=self.chosen.since, earlier=self._earlier
        )
        self._save_actuals()
        if self.kept.missing or self.kept.faults:
            raise call_failures.lost(self.kept, result["out"]["json"])
        came = any(reply.came for reply in self.replies.values())
        failed = call_failures.all_failed(
            self._n_asked, self._failed(), where=self.spec.name, came=came
        )
        if failed is not None:
            raise failed
        self.store.finish_run(self.run_id, "completed")
        return result

    def _result(self) -> dict[str, Any]:
        """What ``merge --json`` prints, but for the files."""
        likely = self.estimate.usd[1] if self.estimate.usd else None
        likely = self.estimate.usd_batch if self.chosen.batch else likely
        possible = sum(one.kind == "possible" for one in self.merged.conflicts)
        kept = as_told(self.kept)
        return {
            "run": self.run_id,
            "model": self.spec.name,
            "judge": {
                "model": self.spec.name if self.plan.calls else None,
                "record": self.terms.record or None,
                "believed": self.terms.belief or None,
            },
            "would_fold": self.heard.would_fold,
            "audit": audit(self.belief) if self.belief is not None else None,
            "strategy": self.plan.strategy,
            "stories": len(self.corpus.stories),
            "entries": len(self.merged.entries),
            "ledger": counts(self.merged.ledger),
            "conflicts": len(self.merged.conflicts) - possible,
            "possible_conflicts": possible,
            "proposals": len(self.merged.proposals),
            "calls": self.usage_counter.calls,
            "input_tokens": self.usage_counter.input_tokens,
            "output_tokens": self.usage_counter.output_tokens,
            "usd": None if self.usage_counter.usd is None else str(self.usage_counter.usd),
            "estimated_usd": None if likely is None else str(likely),
            "fallbacks": len(self.merged.failed_calls),
            "failed_calls": len(self.merged.failed_calls),
            "not_asked": self.asking.unasked(self.replies),
            "doubted_usage": len(self.usage_counter.doubts),
            "reused_replies": self._reused,
            "unusable_replies": len(self.usage_counter.unusable_before),
            "plan": self.plan.sha256,
            **words(self.corpus, self.merged),
            "kept": kept,
            "folded": kept["folded"],
        }

    def _warn(self) -> None:
        if doubts := self.usage_counter.doubts:
            self.say(
                f"warning: {len(doubts)} replies with tokens that cannot be, such as: "
                f"{doubts[0]}. Their cost is the dearer of what was reported and what "
                "was set aside; compare it with your bill."
            )
        n, unasked = len(self.asking.calls), self.asking.unasked(self.replies)
        said = (
            call_failures.warning(self._n_asked, self._failed()),
            call_failures.spent_told(len(self.usage_counter.unusable_before)),
            call_failures.unasked_told(unasked, n, self.budget.reached, self.chosen.max_seconds),
        )
        for told in filter(None, said):
            self.say(told)

    @property
    def _n_asked(self) -> int:
        return len(self.asking.calls) - self.asking.unasked(self.replies)

    def _failed(self) -> Counter[str]:
        """How many calls failed, by the kind of failure."""
        return Counter(call_failures.kind_told(reason) for reason in self.merged.failed_calls)


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
        level = ""
        while job_waves := job.waves():
            for number, wave in enumerate(job_waves, 1):
                job.take_turn(wave)
                step(f"{level}calls {number} of {len(job_waves)}", job.send, wave)
            if not job.follow():
                break
            level = f"{job.stage}: "
        step("conclude", job.conclude)
        result: dict[str, Any] = step("write", job.write)
        return result
    except BaseException as error:
        # What ended the run is what to tell; a row left open is closed by the next opening.
        with suppress(StoreError):
            job.fail(error)
        raise
    finally:
        job.close()


def _earlier(store: Store, run: str) -> Earlier:
    """What an earlier merge read.

    Raises:
        InputError: no such run, or none that came to its end.
    """
    finished = open_finished_run(store, run)
    if finished is None or not finished.ledger:
        what = f"no run {run!r}" if finished is None else f"run {run!r} merged nothing"
        raise InputError(f"{what}.", where="--since", next="`storytransformer runs` lists them.")
    prints = {story.id: story.fingerprint for story in finished.stories.values()}
    return Earlier(prints, finished.paths)
