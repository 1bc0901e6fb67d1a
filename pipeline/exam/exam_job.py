"""An exam as a run: its questions are planned, priced, sent, journalled and resumed as a merge's
are; what comes of it is a record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pipeline.amounts import counted
from pipeline.calls import Plan, WindowLimits
from pipeline.errors import ModelError, SovereigntyError
from pipeline.exam.exam_questions import Exam, Question, gather_exam
from pipeline.judge import vetoes
from pipeline.judge.calibration import Examined, Said, examine
from pipeline.judge.judge_records import Record, dated, rows
from pipeline.judge.strata import cell_of
from pipeline.models import ModelSpec
from pipeline.plan.call_factory import CallFactory
from pipeline.plan.near.similarity import Pair
from pipeline.plan.pairs import plan_pairs
from pipeline.plan.selection import Selection
from pipeline.providers.opening import revision_of
from pipeline.replies.call_failures import AGAIN, kind_told, spent_told, told
from pipeline.replies.parsing import CallFailed
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.run.job import MergeJob
from pipeline.run.judge_record import judge_of, said_in
from pipeline.run.sovereignty import check_permission, check_sovereignty, mark_of
from pipeline.store.reading.spending import spent
from pipeline.stories import STAYS, Story
from pipeline.tokens.token_counters import counter_for


@dataclass
class ExamJob(MergeJob):
    """The exam of one model; its options are those of a merge.

    Args:
        labels: files of labelled pairs. corpora: folder of the documents that drawn pairs stand in.
    """

    kind: ClassVar[str] = "exam"
    #: How the judge is asked, and what one of the questions is called.
    strategy: ClassVar[str] = "pairs"
    question: ClassVar[str] = "question"

    #: An exam of the pairs that a budget paid for would be another exam.
    goes_on: bool = field(init=False, default=False)
    labels: tuple[Path, ...] = ()
    corpora: Path | None = None
    exam: Exam = field(init=False)
    record: Record = field(init=False)
    #: What was said of each pair, by the ids of its two stories.
    said: dict[tuple[str, str], Said] = field(init=False, default_factory=dict)
    _failures: list[str] = field(init=False, default_factory=list)

    def read(self) -> None:
        """Read the labelled pairs; leave out what may not leave the machine.

        Raises:
            SovereigntyError: a model elsewhere that is not allowed, or nothing that may leave.
            InputError: labels or documents that cannot be used.
        """
        check_permission(self.spec, self.terms.allow_cloud)
        self.exam = gather_exam(self.labels, self.corpora, cache=self.store)
        self.corpus = Corpus(self.exam.extractions)
        self.terms = replace(self.terms, strategy=self.strategy, staying=self._staying())
        self.corpus_id = self.store.save_corpus(self.corpus.extractions)
        stay = len(self.exam.questions) - len(self._asked_of)
        self.say(
            f"examining {self.spec.name} with {self._told()}"
            + (f"; {stay} stay on this machine" if stay else "")
        )
        if self.exam.remark:
            self.say(self.exam.remark)

    def _told(self) -> str:
        """What it is examined with."""
        return f"{len(self._asked_of)} labelled pairs"

    def _staying(self) -> frozenset[str]:
        """Ids of the stories that no question to a model elsewhere may show."""
        documents = check_sovereignty(
            self.corpus,
            self.spec,
            allow_cloud=self.terms.allow_cloud,
            local_only=self.terms.local_only,
            partly=True,
        )
        staying = documents | (self.exam.marked if self.spec.leaves_machine else frozenset())
        if all(one.a.id in staying or one.b.id in staying for one in self.exam.questions):
            raise self._nothing_may_leave()
        return staying

    def _nothing_may_leave(self) -> SovereigntyError:
        return SovereigntyError(
            f"every pair is marked to stay here, and {self.spec.name} is not on this machine.",
            where=str(self.labels[0]),
            next="Examine a local/… model with them.",
        )

    @property
    def _asked_of(self) -> list[Question]:
        """The pairs that may be asked about."""
        staying = self.terms.staying
        return [
            one for one in self.exam.questions
            if one.a.id not in staying and one.b.id not in staying
        ]  # fmt: skip

    def make_plan(self) -> None:
        """A question a pair, priced as a merge's are."""
        self.plan_and_price(self._planned)

    def _planned(
        self, corpus: Corpus, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits
    ) -> Plan:
        return plan_exam(self._asked_of, self.exam.hash, spec, terms, limits)

    @property
    def known(self) -> dict[str, Story]:
        """What the handles of the calls point to."""
        return {story.id: story for one in self.exam.questions for story in (one.a, one.b)}

    def conclude(self) -> None:
        """Make the record, and keep it; none where every call failed."""
        self._failures = self._take_replies()
        if self._all_failed:
            return
        took = spent(self.store, self.run_id)
        usd = took.columns()["usd"]
        self.record = dated(
            self._found(),
            self.terms.today,
            None if usd is None else str(usd),
            # What other runs asked took time, too, and nobody knows how much of theirs.
            self._resource_usage.model_seconds if took.asked >= len(self.plan.calls) else None,
        )
        self.store.save_record(self.record, run=self.run_id)

    def _found(self) -> Record:
        """What was found of the judge."""
        judge = judge_of(self.spec, self.terms.cache, self.terms.prompts, self.exam.hash)
        return examine(
            judge,
            examined(self._asked_of, self.said),
            labels=self.exam.names,
            sovereignty=self._mark,
        )

    @property
    def _mark(self) -> str:
        """The mark that the record bears: that of the documents, or of a pair."""
        mark = mark_of(self.corpus.documents.values(), self.terms.local_only)
        return mark or (STAYS if self.exam.marked else "")

    @property
    def _all_failed(self) -> bool:
        return len(self._failures) == len(self.plan.calls)

    def _take_replies(self) -> list[str]:
        """Read what was said of each pair that was asked about; returns why calls failed."""
        failures: list[str] = []
        for call in self.plan.calls:
            (_, a), (_, b) = call.handles
            reply = self.replies.get(call.request.key)
            try:
                self.said[a, b] = said_in([] if reply is None else [reply])
            except CallFailed as failure:
                self.said[a, b] = Said(None)
                failures.append(failure.reason)
        return failures

    @property
    def _left_out(self) -> int:
        """Labelled pairs that nobody was asked about."""
        return len(self.exam.questions) - len(self.plan.calls)

    def write(self) -> dict[str, Any]:
        """Close the run's row, and return what ``exam --json`` prints of this model.

        Raises:
            ModelError: every call failed.
        """
        self._save_actuals()
        if in_vain := spent_told(len(self.usage_counter.unusable_before)):
            self.say(in_vain)
        if self._all_failed:
            why = told(Counter(kind_told(reason) for reason in self._failures))
            raise ModelError(
                f"all {counted(len(self.plan.calls), self.question)} failed: {why}. There is no "
                "record.",
                where=self.spec.name,
                next="Mend the cause and run the same command again, "
                f"with {AGAIN} where replies came that cannot be used.",
            )
        self.store.finish_run(self.run_id, "completed")
        return {
            "run": self.run_id,
            "model": self.spec.name,
            "record": self.record.id,
            "reads": self.record.reads,
            "pairs": self.record.n,
            "failed_calls": self.record.failed,
            "strategy": self.strategy,
            "left_out": self._left_out,
            "read_otherwise": len(self.exam.read_otherwise),
            "reused_replies": self._reused,
            "unusable_replies": len(self.usage_counter.unusable_before),
            "usd": self.record.usd,
            "records": list(rows(self.record)),
        }


def plan_exam(
    questions: list[Question], exam: str, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits
) -> Plan:
    """The questions of an exam as the plan that a merge would make of these pairs."""
    stories = {story.id: story for one in questions for story in (one.a, one.b)}
    pairs = [Pair(one.a.id, one.b.id, 1.0) for one in questions]
    counter = counter_for(spec, cache=terms.cache)
    factory = CallFactory(spec, limits, counter, terms.prompts, revision_of(spec, terms.cache))
    drafted = plan_pairs(Selection(stories, (), tuple(stories), (), pairs), factory)
    return Plan(
        strategy="pairs",
        model=spec.name,
        limits=limits,
        calls=drafted.planned,
        skipped=tuple(drafted.skipped),
        n_stories=len(stories),
        n_clusters=0,
        parameters={"exam": exam},
    )


def examined(questions: list[Question], said: dict[tuple[str, str], Said]) -> list[Examined]:
    """What was said of each pair, with what is known of it; pairs that nobody was asked about are
    left out."""
    return [
        Examined(
            half=one.label.half,
            kind=one.label.kind,
            cell=cell_of(one.a, one.b),
            true=one.label.answer,
            said=said[one.a.id, one.b.id],
            veto=vetoes.veto(one.a, one.b),
        )
        for one in questions
        if (one.a.id, one.b.id) in said
    ]
