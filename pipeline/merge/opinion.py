"""A second opinion on what the gate lets pass: does the sentence follow from its sources?

Off unless an entailment model is named. It can only stop a sentence, never free one that the
gate's rules stopped; and a source's own words need no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.compare.union import wanted
from pipeline.merge.sources import statements_of, verbatim
from pipeline.outcomes import Finding, Verdict
from pipeline.stories import Story, as_role

#: Chances, in [0, 1], that hypotheses follow from premises; None where it cannot say.
Entails = Callable[[Sequence[tuple[str, str]]], Sequence[float | None]]

#: Chance from which a sentence follows from its sources.
ENOUGH = 0.5


def second_opinion(
    verdicts: Sequence[Verdict], sources: Sequence[Story], role: str, entails: Entails
) -> tuple[Verdict, ...]:
    """The verdicts, with those stopped that do not follow from the sources."""
    known = [statement for story in sources for statement in statements_of(story)]
    premise = "\n".join(story.text for story in sources)
    open_to_doubt = [
        i
        for i, verdict in enumerate(verdicts)
        if verdict.grounded and verdict.field != "role" and not verbatim(verdict.text, known)
    ]
    pairs = [(premise, _claim(verdicts[i], role)) for i in open_to_doubt]
    judged = list(verdicts)
    for i, chance in zip(open_to_doubt, entails(pairs) if pairs else (), strict=True):
        if chance is not None and chance < ENOUGH:
            why = f"it does not follow from the sources (chance {chance:.2f})"
            finding = Finding("entailment", why)
            judged[i] = replace(judged[i], grounded=False, findings=(finding,))
    return tuple(judged)


def _claim(verdict: Verdict, role: str) -> str:
    """A sentence as a story says it: "As a member, I want to renew a loan"."""
    if verdict.field != "goal":
        return verdict.text
    return f"{as_role(role)}, {wanted(verdict.text)}" if role else wanted(verdict.text)
