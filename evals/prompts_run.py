"""Two versions of a prompt as a run: the same clusters asked in both ways, their replies compared
pair by pair, and what that cost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

from evals.recorded import recorded
from evals.statistics import Interval, bootstrap, mean, paired_difference, wilson
from evals.truth import Pair, read_truth, recognise
from evals.versions import Version, cluster_name, find_version, marks, only_version, paired
from pipeline.calls import Call, Plan, Reply
from pipeline.catalog import ModelSpec
from pipeline.compare.relations import stem_weights
from pipeline.cost.line import money
from pipeline.errors import InputError
from pipeline.merge import steps
from pipeline.merge.budget import Purse
from pipeline.merge.corpus import Corpus, Reading, gather, require
from pipeline.merge.run import run_wave, waves
from pipeline.merge.sovereignty import check_sovereignty, host_of, leaving
from pipeline.merge.writing import Writer
from pipeline.models.base import Model, ModelOptions
from pipeline.models.opening import open_model
from pipeline.progress import Progress, Show, show_nothing
from pipeline.store.record import Store, StoreJournal
from pipeline.store.rows.scores import Score

SIDES = ("a", "b")


def run_prompts(
    a: str,
    b: str,
    paths: Sequence[str],
    spec: ModelSpec,
    options: ModelOptions,
    store: Store,
    terms: steps.Terms,
    *,
    truth: Path | None = None,
    most: int = 100,
    dry_run: bool = False,
    max_usd: Decimal | None = None,
    opened: Model | None = None,
    say: Callable[[str], None] = lambda line: None,
    show: Show = show_nothing,
) -> dict[str, Any]:
    """Ask about the same clusters with two versions of a prompt.

    Args:
        a, b: released versions by their label, or files that hold drafts.
        truth: what is known of the documents; marks which pairs are put together rightly.
        most: clusters, at most.
        dry_run: price it, ask nothing.
        max_usd: for both versions together.
        opened: the model, when it is open already (it is closed all the same).

    Returns:
        What ``eval prompts --json`` prints: for each version its estimate, marks with interval
        and n, and what its replies took; the paired differences ``b - a``.

    Raises:
        InputError: no such version, versions of two prompts, or a prompt that this model is not
            asked with; no cluster to ask about.
        BudgetError: the next call might cost more than is left; what came is in the journal.
    """
    versions = [find_version(text, terms.prompts) for text in (a, b)]
    if versions[0].name != versions[1].name:
        raise InputError(f"{a} and {b} are versions of two prompts.", where="eval prompts")
    corpus = gather(paths, how=Reading(exclude=(truth.name,) if truth else ()), cache=store)
    require(corpus)
    check_sovereignty(corpus, spec, allow_cloud=terms.allow_cloud, local_only=terms.local_only)
    together = None if truth is None else _together(truth, corpus)
    spec = steps.with_measured(spec, store, terms.cache)
    with tempfile.TemporaryDirectory(prefix="prompts-") as folder:
        plans = [
            steps.plan(
                corpus,
                spec,
                replace(terms, prompts=only_version(v, terms.prompts, Path(folder) / side)),
            )
            for side, v in zip(SIDES, versions, strict=True)
        ]
    pairs = paired(plans[0], plans[1], most)
    _check(pairs, versions[0], spec)
    asked = [
        steps.with_journal(
            replace(plan, calls=tuple(pair[i] for pair in pairs)), StoreJournal(store, "")
        )
        for i, plan in enumerate(plans)
    ]
    estimates = [_estimate(plan, spec, terms) for plan in asked]
    sides: dict[str, dict[str, Any]] = {
        side: {"prompt": version.label, "clusters": len(pairs), **estimate}
        for side, version, estimate in zip(SIDES, versions, estimates, strict=True)
    }
    result: dict[str, Any] = {"model": spec.name, "run": None, **sides, "differences": {}}
    if dry_run:
        return result
    model = opened or open_model(spec, options)
    try:
        with recorded(
            store,
            kind="prompts",
            model=spec.name,
            strategy="edit",
            revision=model.revision,
            parameters={"a": a, "b": b, "paths": list(paths), "most": most},
        ) as run:
            result["run"] = run
            if spec.leaves_machine:
                sent = {p: None for plan in asked for p in leaving(plan.to_send, corpus.by_id)}
                store.save_departures(run, host_of(spec, options.base_url), sent)
            found: dict[str, dict[str, dict[str, float]]] = {}
            for side, plan in zip(SIDES, asked, strict=True):
                replies = _ask(plan, model, corpus, store, run, max_usd, terms, show)
                found[side] = _marked(plan.calls, replies, corpus, together)
                result[side] |= {"scores": _means(found[side]), **_took(replies)}
                say(f"{result[side]['prompt']}: {len(plan.calls)} clusters asked")
            result["differences"] = _differences(found)
            store.save_scores(run, _scores(found, result))
    finally:
        model.close()
    return result


def _check(pairs: Sequence[tuple[Call, Call]], version: Version, spec: ModelSpec) -> None:
    if not pairs:
        raise InputError(
            "there is no cluster to ask about.",
            next="Name documents with stories that may be the same, or a larger window.",
        )
    used = pairs[0][0].request.prompt.rpartition(".v")[0]
    if used != version.name:
        raise InputError(
            f"{spec.name} is not asked with {version.name}.",
            where="eval prompts",
            next=f"Name versions of {used}.",
        )


def _together(truth: Path, corpus: Corpus) -> frozenset[Pair]:
    """Pairs of stories (ids) that belong together."""
    known = read_truth(truth)
    ids = recognise(known, corpus)
    members: dict[str, list[str]] = {}
    for name, cluster in known.clusters.items():
        members.setdefault(cluster, []).append(ids[name])
    return frozenset(
        frozenset(pair) for group in members.values() for pair in combinations(group, 2)
    )


def _estimate(plan: Plan, spec: ModelSpec, terms: steps.Terms) -> dict[str, Any]:
    """What the calls that the journal does not answer are likely to take."""
    line = steps.price_plan(plan, spec, terms)
    return {
        "journalled": line.journalled_calls,
        "estimated_input_tokens": line.input_tokens.n,
        "estimated_output_tokens": line.output_tokens.likely,
        "estimated_usd": None if line.usd is None else money(line.usd[1]),
    }


def _ask(
    plan: Plan,
    model: Model,
    corpus: Corpus,
    store: Store,
    run: str,
    max_usd: Decimal | None,
    terms: steps.Terms,
    show: Show,
) -> dict[str, Reply]:
    """The replies to every call, from the journal where it has them."""
    journal = StoreJournal(store, run, max_usd=max_usd)
    purse = Purse(journal, max_usd)
    replies: dict[str, Reply] = {}
    for wave in waves(plan.calls):
        replies |= run_wave(
            wave,
            model,
            journal,
            stories=corpus.by_id,
            usd=steps.pricer(model.spec, terms.as_of),
            allow_cloud=terms.allow_cloud,
            purse=purse,
        )
        done, tokens = len(replies), sum(r.usage.prompt + r.usage.output for r in replies.values())
        total, usd = len(plan.calls), purse.held
        show(Progress("prompts", "calls", min(done, total), total, done, tokens, usd, max_usd))
    return replies


def _marked(
    calls: Sequence[Call],
    replies: Mapping[str, Reply],
    corpus: Corpus,
    together: frozenset[Pair] | None,
) -> dict[str, dict[str, float]]:
    """Mark → cluster → value."""
    writer = Writer(weights=stem_weights(corpus.stories))
    found: dict[str, dict[str, float]] = {}
    for call in calls:
        name = cluster_name(call, corpus.by_id)
        values = marks(call, replies, corpus.by_id, writer, together)
        reply = replies[call.request.key]
        values["output_tokens"] = float(reply.usage.output)
        for mark, value in values.items():
            found.setdefault(mark, {})[name] = value
    return found


def _means(found: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    return {name: _mean(name, list(values.values()))._asdict() for name, values in found.items()}


def _mean(name: str, values: Sequence[float]) -> Interval:
    if name == "output_tokens":
        return bootstrap(values, seed=0)
    return Interval(mean(values), *wilson(sum(values), len(values)), len(values))


def _took(replies: Mapping[str, Reply]) -> dict[str, Any]:
    usd = [reply.usd for reply in replies.values()]
    known = [amount for amount in usd if amount is not None]
    return {
        "input_tokens": sum(reply.usage.prompt for reply in replies.values()),
        "output_tokens": sum(reply.usage.output for reply in replies.values()),
        "usd": money(sum(known, Decimal(0))) if len(known) == len(usd) else None,
        "seconds": round(sum(reply.seconds for reply in replies.values()), 3),
    }


def _differences(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """``b - a`` over the clusters that both have a mark for."""
    a, b = (found[side] for side in SIDES)
    return {
        name: paired_difference(a[name], b[name], seed=0)._asdict()
        for name in a
        if name in b and a[name].keys() & b[name].keys()
    }


def _scores(
    found: Mapping[str, Mapping[str, Mapping[str, float]]], result: Mapping[str, Any]
) -> list[Score]:
    scores = []
    for side in SIDES:
        for name, value in result[side]["scores"].items():
            scores.append(Score(f"{side}_{name}", "", *_four(value)))
        for name, values in found[side].items():
            scores += [Score(f"{side}_{name}_of_cluster", item, v) for item, v in values.items()]
    return [
        *scores,
        *(Score(f"difference_{n}", "", *_four(v)) for n, v in result["differences"].items()),
    ]


def _four(value: Mapping[str, Any]) -> tuple[float, float, float, int]:
    return value["mean"], value["low"], value["high"], value["n"]
