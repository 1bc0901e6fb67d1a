"""What a judge without a record said of pairs, held against a truth: its answers act on nothing,
and this is how one learns what they are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.corpora.truth import Truth
from evals.metrics.statistics import Interval, proportion
from pipeline.entries import Answer, Judgement
from pipeline.replies.parsing import CallFailed, read_answer
from pipeline.run.job import MergeJob


@dataclass(frozen=True, slots=True)
class Opinions:
    """A judge's answers.

    Args:
        judgements: what it said, of every pair that it was asked about and did not fail on.
        failed: why calls failed, with how often.
        compared: (what it said, what the truth says) of the pairs whose stories the truth names.
    """

    judgements: tuple[Judgement, ...]
    failed: Mapping[str, int]
    compared: tuple[tuple[Answer, Answer], ...]

    @property
    def scores(self) -> dict[str, Interval]:
        """How often it is right, and for each answer precision and recall."""
        found = {
            "answered": proportion(
                len(self.judgements), len(self.judgements) + sum(self.failed.values())
            ),
            "right": proportion(
                sum(said is true for said, true in self.compared), len(self.compared)
            ),
        }
        for answer in Answer:
            hits = sum(said is true is answer for said, true in self.compared)
            claimed = sum(said is answer for said, _ in self.compared)
            wanted = sum(true is answer for _, true in self.compared)
            found[f"{answer.value}_precision"] = proportion(hits, claimed)
            found[f"{answer.value}_recall"] = proportion(hits, wanted)
        return found

    def told(self) -> dict[str, Any]:
        """What ``--json`` prints of them."""
        pairs = Counter((true.value, said.value) for said, true in self.compared)
        return {
            "asked": len(self.judgements) + sum(self.failed.values()),
            "failed": dict(self.failed),
            "compared": len(self.compared),
            "scores": {name: value._asdict() for name, value in self.scores.items()},
            "answers": [
                {"truth": true, "said": said, "n": n} for (true, said), n in sorted(pairs.items())
            ],
        }


def opinions_of(job: MergeJob, truth: Truth, ids: Mapping[str, str]) -> Opinions:
    """What the judge of a finished merge said.

    Args:
        ids: the truth's names → story ids.
    """
    names = {story: name for name, story in ids.items()}
    said: list[Judgement] = []
    failed: Counter[str] = Counter()
    for call in job.plan.calls:
        (_, a), (_, b) = call.handles
        try:
            reply = job.replies.get(call.request.key)
            if reply is None:
                raise CallFailed("no reply came")
            said.append(Judgement(a, b, read_answer(reply), job.spec.name))
        except CallFailed as failure:
            failed[failure.reason] += 1
    compared = tuple(
        (one.answer, truth.answer(names[one.a], names[one.b]))
        for one in said
        if one.a in names and one.b in names
    )
    return Opinions(tuple(said), failed, compared)
