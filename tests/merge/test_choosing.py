"""The best of a few replies: only asked for by name, only where the gate would stop the first."""

from __future__ import annotations

import pytest

from pipeline.merge.choosing import candidates, flaws
from pipeline.merge.run import run_plan, run_wave

GOOD = (
    "As a reader, I want to book a reading room, so that I can work in peace "
    "and our group can talk."
)
LOSES = "As a reader, I want to book a reading room, so that I can work in peace."
INVENTS = "As a reader, I want to book a reading room with 7 chairs, so that our group can talk."


@pytest.fixture
def asked(kit, backlog):
    """A plan of story calls by a model that is named with ``@best4``, and without."""

    def make(name: str):
        plan = kit.plan_for(list(backlog.values()), "story")
        calls = [kit.replace(c, request=kit.replace(c.request, model=name)) for c in plan.calls]
        return kit.replace(plan, calls=tuple(calls))

    return make


def room(call, backlog) -> bool:
    return any("reading room" in backlog[story].text for _, story in call.handles)


def test_the_best_of_all_stands_in_the_merge(kit, backlog, document, asked):
    plan = asked("local/writer@best4")
    model, journal = (
        kit.FakeModel(kit.specs["story"], answering(plan, backlog)),
        kit.MemoryJournal(),
    )
    outcomes = run_plan(plan, backlog, model, journal, documents={document.sha256: document})
    (merged,) = [m for m in outcomes.merged if "reading room" in m.text.goal]
    assert merged.text.benefit == "I can work in peace and our group can talk"
    assert not merged.fallback
    # all of it is journalled: again, without a model, it is the same
    again = run_plan(plan, backlog, None, journal, documents={document.sha256: document})
    assert [m.text for m in again.merged] == [m.text for m in outcomes.merged]


def answering(plan, backlog):
    """Invents a number at first, then loses a benefit; the last candidate is good."""
    texts = {}
    for call in plan.calls:
        first = "\n".join(backlog[story].text for _, story in call.handles[:1])
        others = candidates(call, backlog)
        for request in (call.request, *(other.request for other in others)):
            texts[request.key] = first
        if room(call, backlog):
            texts[call.request.key] = INVENTS
            for other, text in zip(others, (INVENTS, LOSES, GOOD), strict=True):
                texts[other.request.key] = text
    return lambda request: texts[request.key]


def test_candidates_differ_and_are_asked_for_by_name_only(backlog, asked):
    assert [candidates(call, backlog) for call in asked("local/writer").calls] == [[]] * len(
        asked("local/writer").calls
    )
    (call, *_) = asked("local/writer@best5").calls
    found = candidates(call, backlog)
    keys = {other.request.key for other in (call, *found)}
    assert len(found) == 4 and len(keys) == 5
    backwards = found[0].request.messages[-1].content
    lines = [line[3:] for line in call.request.messages[-1].content.splitlines()[1:]]
    assert [line[3:] for line in backwards.splitlines()[1:]] == lines[::-1]
    assert [other.request.temperature for other in found] == [0.0, 0.7, 0.7, 0.7]


def test_flaws_rank_as_the_gate_does(kit, backlog, asked):
    call = next(call for call in asked("local/writer@best2").calls if room(call, backlog))
    reply = {
        text: next(kit.FakeModel(kit.specs["story"], lambda _, t=text: t).complete([call.request]))
        for text in (GOOD, LOSES, INVENTS, "Sorry.")
    }
    order = sorted(reply, key=lambda text: flaws(reply[text], call, backlog))
    assert order == [GOOD, LOSES, INVENTS, "Sorry."]
    assert flaws(reply[GOOD], call, backlog) == (0, 0, 0)
    assert flaws(None, call, backlog) == flaws(reply["Sorry."], call, backlog)


@pytest.mark.parametrize("first", [GOOD, LOSES])
def test_what_the_gate_lets_pass_is_not_asked_for_again(kit, backlog, asked, first):
    plan = asked("local/writer@best4")
    plan = kit.replace(plan, calls=tuple(c for c in plan.calls if room(c, backlog)))
    model = kit.FakeModel(kit.specs["story"], lambda _: first)
    replies = run_wave(plan.calls, model, kit.MemoryJournal(), stories=backlog)
    assert len(model.asked) == len(plan.calls) == len(replies) == 1
