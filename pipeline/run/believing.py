"""What a plan owes to records: the terms of a model with how far its answers are believed, and how
many stories its windows may hold."""

from __future__ import annotations

from dataclasses import replace

from pipeline.calls import Plan
from pipeline.entries import Answer
from pipeline.judge.belief import Belief
from pipeline.judge.judge_records import Record
from pipeline.judge.window_figures import most_stories
from pipeline.models import ModelSpec
from pipeline.plan.groups import GROUPS_PROMPT
from pipeline.plan.orders import Orders
from pipeline.plan.pairs import WORDS
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.run.judge_record import Found, about_windows, belief_on, find_record, records_of
from pipeline.run.steps import Terms
from pipeline.store.record import Store


def record_of(spec: ModelSpec, store: Store | None, terms: Terms, *, prompt: str = "") -> Found:
    """The record that a judge is believed by.

    Args:
        prompt: that of windows, for what is known of those.
    """
    if not spec.provider.is_model and spec.name == EXTRACTIVE:
        return Found()
    held = records_of(spec, store, terms.listed)
    return find_record(spec, terms.cache, terms.prompts, terms.exams, held, prompt=prompt)


def asking_by(strategy: str, spec: ModelSpec, store: Store | None, terms: Terms) -> Terms:
    """The terms of a strategy; of ``groups`` with how many stories a window of this model may
    hold."""
    terms = replace(terms, strategy=strategy)
    if strategy != "groups" or not spec.provider.is_model:
        return terms
    found = record_of(spec, store, terms, prompt=GROUPS_PROMPT)
    return replace(
        terms,
        window_stories=most_stories(found.record.windows) if found.record else None,
        window_record=found.record.id if found.record else "",
        window_told=about_windows(spec, found),
    )


#: What of a plan follows from records, and how it is told.
_BY_RECORDS = {
    "record": "record",
    "belief": "belief by",
    "window_record": "record of windows",
}


def about_begun(store: Store, kind: str, corpus: str, plan: Plan) -> str:
    """What is to be said of a run of the same documents and judge that did not end and was begun
    with other records, and so is not taken up; "" where there is none."""
    begun = store.find_resumable(kind=kind, corpus=corpus, model=plan.model)
    before = store.plan_parameters(begun) if begun else {}
    changed = [
        f"{told} {before[name]}, not {plan.parameters.get(name) or 'none'}"
        for name, told in _BY_RECORDS.items()
        if before.get(name) and before[name] != plan.parameters.get(name)
    ]
    if not changed:
        return ""
    return (
        f"{begun} did not end and was begun with {' and '.join(changed)}: this is another run, "
        "and takes the answers that came then"
    )


def believing(
    spec: ModelSpec, store: Store | None, terms: Terms, corpus_id: str
) -> tuple[Terms, Belief | None]:
    """The terms with what decides what a judge's answers do on a corpus; None without a record."""
    found = record_of(spec, store, terms).record
    if found is None:
        return terms, None
    belief = belief_on(found, store, corpus_id)
    orders = _orders(found)
    return replace(terms, record=found.id, belief=belief.because, orders=orders), belief


def _orders(record: Record) -> Orders | None:
    """Near which likelihoods a pair is asked about the other way round, too: the thresholds of the
    answers that have consequences."""
    thresholds = tuple(
        (word, found.threshold)
        for word, answer in WORDS.items()
        if answer is not Answer.DIFFERENT
        and (found := record.of(answer)) is not None
        and found.threshold is not None
    )
    return Orders(thresholds) if thresholds and record.reads == "likelihood" else None
