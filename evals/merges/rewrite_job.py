"""A strategy that writes every story again, as a run: planned, priced, paid for, resumed and
journalled as a merge is; what comes of it is a text and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from evals.merges.rewriting import Drafts, Found, as_document, look_for
from evals.metrics.statistics import Interval, proportion
from evals.recorded import figure
from pipeline.amounts import counted
from pipeline.calls import Call
from pipeline.errors import InputError, ModelError
from pipeline.plan.levels import Levels, levels_of
from pipeline.run import steps
from pipeline.run.job import REWRITING, MergeJob
from pipeline.stories import Story

#: The file that a run leaves in its folder.
FILE = "rewritten.md"


@dataclass
class RewriteJob(MergeJob):
    """A merge whose replies are whole stories; see :class:`pipeline.run.job.MergeJob`."""

    kind: ClassVar[str] = "rewrite"

    #: Half a text is none.
    goes_on: bool = field(init=False, default=False)
    drafts: Drafts = field(init=False)
    text: str = field(init=False, default="")
    found: Found = field(init=False)
    _levels: Levels | None = field(init=False, default=None)
    _now: Sequence[Call] = field(init=False, default=())
    _asked: int = field(init=False, default=0)
    #: By the place of a part in the text, the stories that stand there.
    _parts: dict[str, list[Story]] = field(init=False, default_factory=dict)

    def make_plan(self) -> None:
        """As of a merge.

        Raises:
            InputError: a model that writes nothing, or a strategy that rewrites nothing.
        """
        if self.terms.strategy not in REWRITING:
            raise InputError(
                f"{self.terms.strategy} writes no story again.",
                where="--strategy",
                next=f"There are: {', '.join(REWRITING)}.",
            )
        if not self.spec.provider.is_model:
            raise InputError(
                f"{self.spec.name} writes nothing.",
                where="--model",
                next="`storytransformer models` lists those that do.",
            )
        super().make_plan()
        self._now = self.plan.calls
        self._asked = len(self._now)
        self.drafts = Drafts(self.corpus.by_id)
        self._levels = levels_of(
            self.plan, steps.factory(self.plan, self.spec, self.terms), self.corpus.by_id
        )
        whole = [one.story for one in self.plan.skipped if one.reason == "too_long"]
        self._parts = {"left": [self.corpus.by_id[name] for name in whole]}

    @property
    def calls(self) -> Sequence[Call]:
        """The calls of the level that is to be sent now."""
        return self._now

    @property
    def known(self) -> Mapping[str, Story]:
        """The originals, and what was made of them so far."""
        return self.drafts.known

    @property
    def progress(self) -> tuple[int, int]:
        """Calls answered, and calls foreseen in all."""
        return self._done, max(self._asked, len(self.plan.calls) + len(self.plan.later))

    def follow(self) -> bool:
        """Take the replies of this level, and make the calls of the next."""
        if self._levels is None or not self._now:
            return False
        standing = [self.drafts.take(call, self.replies) for call in self._now]
        self._place(standing)
        self._now = self._levels.follow(standing)
        self._asked += len(self._now)
        if self._now:
            self.say(f"{self.stage}: {counted(len(self._now), 'call')} made of replies")
        return bool(self._now)

    def _place(self, standing: Sequence[Sequence[Story]]) -> None:
        """What these calls read stands no more; what they wrote does."""
        for call, written in zip(self._now, standing, strict=True):
            read = {name for _, name in call.handles}
            for key, part in self._parts.items():
                self._parts[key] = [story for story in part if story.id not in read]
            self._parts[call.id] = list(written)

    def conclude(self) -> None:
        """Put the text together, and look what of the originals it still says."""
        self.text = as_document(self.standing)
        copies = {one.story for one in self.plan.skipped if one.reason == "duplicate"}
        told = [story for story in self.corpus.stories if story.id not in copies]
        self.found = look_for(told, self.text)  # what is proved a copy was never asked about
        self.store.save_scores(
            self.run_id, [figure(name, value) for name, value in self.scores.items()]
        )

    @property
    def standing(self) -> list[Story]:
        """What the text is made of; stories that fit into no window come last."""
        parts = [story for key, part in self._parts.items() if key != "left" for story in part]
        return [*parts, *self._parts["left"]]

    @property
    def scores(self) -> dict[str, Interval]:
        """The figures of the text."""
        n = len(self.corpus.stories)
        found = self.found
        words = found.words_out / found.words_in if found.words_in else 0.0
        return {
            "verbatim": proportion(found.verbatim, found.units),
            "covered": proportion(found.covered, found.units),
            "left_out": proportion(len(self.drafts.lost), n),
            "words_out": Interval(words, words, words, found.words_in),
        }

    def write(self) -> dict[str, Any]:
        """Write the text, close the run's row, and return what ``eval rewrite --json`` prints.

        Raises:
            ModelError: every call failed; the text is the stories as they were.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        file = self.out / FILE
        file.write_text(self.text, encoding="utf-8")
        likely = self.estimate.usd[1] if self.estimate.usd else None
        result = {
            "run": self.run_id,
            "model": self.spec.name,
            "strategy": self.plan.strategy,
            "stories": len(self.corpus.stories),
            "units": self.found.units,
            "verbatim": self.found.verbatim,
            "words_in": self.found.words_in,
            "words_out": self.found.words_out,
            "left_out": list(self.drafts.lost),
            "scores": {name: value._asdict() for name, value in self.scores.items()},
            "calls": self.usage_counter.calls,
            "input_tokens": self.usage_counter.input_tokens,
            "output_tokens": self.usage_counter.output_tokens,
            "usd": None if self.usage_counter.usd is None else str(self.usage_counter.usd),
            "estimated_usd": None if likely is None else str(likely),
            "reused_replies": self._reused,
            "failed_calls": len(self.drafts.failed),
            "plan": self.plan.sha256,
            "remark": self.plan.remark,
            "out": str(file),
        }
        self._save_actuals()
        if self.drafts.failed and not self._wrote_anything:
            raise ModelError(
                f"all calls failed, the first because {self.drafts.failed[0]}. The text is the "
                "stories as they were.",
                where=self.spec.name,
                next="Mend it and run the same again; nothing that was answered is lost.",
            )
        self.store.finish_run(self.run_id, "completed")
        return result

    @property
    def _wrote_anything(self) -> bool:
        return len(self.drafts.known) > len(self.corpus.by_id) or bool(self.drafts.lost)


def rewrite_job(merge: MergeJob) -> RewriteJob:
    """The job that runs what a merge was asked for as a rewriting strategy."""
    return RewriteJob(**{f.name: getattr(merge, f.name) for f in fields(merge) if f.init})
