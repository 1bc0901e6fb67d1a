"""The dry run: one line per model and strategy, out of the plans that ``merge`` would run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.calls import Plan
from pipeline.catalog import Catalog
from pipeline.cost.estimate import as_lines, bare_text_estimate, infeasible
from pipeline.cost.model_choice import TOKENS_PER_WORD, Choice, default_choices
from pipeline.cost.past_runs import Ratio
from pipeline.cost.picture import draw_windows
from pipeline.errors import EngineError, ModelError, StoreError
from pipeline.estimates import Estimate, Saved
from pipeline.models import ModelSpec
from pipeline.plan.strategies import ASKING
from pipeline.progress import Progress, Show, show_nothing
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.run.corpus_vectors import known_vectors
from pipeline.run.dispatch.usage import of_machine
from pipeline.run.online_counts import OnlineCounts
from pipeline.run.plan_cache import Outlines
from pipeline.run.sovereignty import check_sovereignty, held_back
from pipeline.run.steps import Terms
from pipeline.store.record import Store, StoreJournal

#: Pairs that `review` asks about where nobody says otherwise, and the seconds that a person takes
#: for one: assumed, two sentences read twice.
MOST_ASKED, SECONDS_A_PAIR = 200, 15


def estimate_corpus(
    corpus: Corpus,
    models: Sequence[str],
    strategies: Sequence[str],
    terms: Terms,
    *,
    catalog: Catalog,
    store: Store | None,
    online: OnlineCounts | None = None,
    show: Show = show_nothing,
) -> dict[str, Any]:
    """What ``estimate PATHS --json`` prints.

    Args:
        models: names; none for :func:`pipeline.cost.model_choice.default_choices`. A model asked
            for by name that cannot even be counted is an error; a default one becomes a line that
            says why it cannot run.
        strategies: none for all that ask a model something.
        store: where the rows go and which replies are journalled; None when there is none.
        online: how providers are asked to count the prompts; None when they are not.
        show: told after each plan how many are priced.

    Raises:
        SovereigntyError: they are to be, and a model is not on this machine and may not be used.
    """
    if store is not None:
        terms = replace(terms, decisions=store.decisions())
    lines: list[Estimate] = []
    records: dict[str, str | None] = {}
    first: Plan | None = None
    corpus_id = ""
    find = online.find if online else catalog.find
    choices = [
        (find(choice.model), choice.bits)
        for choice in _choices(models, terms, catalog, words=corpus.words)
    ]
    if online:
        for spec, _ in choices:
            check_sovereignty(
                corpus, spec, allow_cloud=terms.allow_cloud, local_only=terms.local_only
            )
    planned: steps.Planner = steps.from_stories
    known = known_vectors(store, corpus.stories, cache=terms.cache)
    terms = replace(terms, vectors=known)
    if store is not None:
        choices = [(steps.with_measured(spec, store, terms.cache), bits) for spec, bits in choices]
        try:
            corpus_id = store.save_corpus(corpus.extractions)
        except StoreError:
            store = None
        else:
            if not online:  # a provider counts the words themselves: an outline has none
                ahead = [
                    (
                        spec,
                        _wanted(
                            steps.believing(spec, store, terms, corpus_id)[0],
                            bits,
                            _kinds(spec, strategies),
                        ),
                    )
                    for spec, bits in choices
                ]
                planned = Outlines(store, corpus_id, ahead=ahead)
    total = sum(len(_kinds(spec, strategies)) for spec, _ in choices)
    for spec, bits in choices:
        for strategy in _kinds(spec, strategies):
            done = len(lines)
            show(Progress("estimate", "plans", done=done, total=total, fresh=done))
            believed, _ = steps.believing(spec, store, terms, corpus_id)
            records[spec.name] = believed.record or None
            those = replace(believed, strategy=strategy, bits=bits)
            try:
                plan = steps.plan(corpus, spec, those, planned)
            except (EngineError, ModelError) as error:
                if models:
                    raise
                lines.append(infeasible(spec, strategy, str(error), as_of=terms.as_of))
                continue
            plan, priced = _priced(plan, spec, corpus, those, store, online)
            if terms.about:
                whole = steps.plan(corpus, spec, replace(those, about=()), planned)
                # Both by our own counts: the provider is never shown what is left out.
                pair = [_priced(p, spec, corpus, those, store, None)[1] for p in (whole, plan)]
                priced = replace(priced, saved=_saved(*pair))
            if spec.leaves_machine and (
                marked := held_back(corpus, terms.local_only, terms.allow_cloud)
            ):
                reason = "; ".join(filter(None, [priced.reason, marked]))
                priced = replace(priced, feasible=False, reason=reason)
            first = first or plan
            lines.append(priced)
            if store is not None:
                try:
                    store.save_estimate(None, corpus_id, of_machine(priced, terms.hardware))
                except StoreError:
                    store = None
    show(Progress("estimate", "plans", done=len(lines), total=len(lines), fresh=len(lines)))
    return {
        "words": corpus.words,
        "stories": len(corpus.stories),
        "clusters": first.n_clusters if first else None,
        "skipped": first.skipped_by_reason() if first else {},
        "left_out": _left_out(first, corpus) if first else [],
        "review": _review(first),
        "records": records,
        "as_of": terms.as_of.isoformat(),
        "today": terms.today.isoformat(),
        "hardware": str(terms.hardware),
        "lines": as_lines(lines),
    }


def _kinds(spec: ModelSpec, strategies: Sequence[str]) -> Sequence[str]:
    """The strategies that are priced for a model: those asked for, or all that ask it something."""
    if not spec.provider.is_model:
        return ("none",)
    return strategies or ASKING


def _wanted(terms: Terms, bits: int, strategies: Sequence[str]) -> list[Terms]:
    """The terms of every plan of one model: with ``about``, of all stories, too."""
    return [
        replace(terms, strategy=strategy, bits=bits, about=about)
        for strategy in strategies
        for about in dict.fromkeys((terms.about, ()))
    ]


def estimate_words(
    words: int,
    tokens_per_word: Decimal | None,
    models: Sequence[str],
    terms: Terms,
    *,
    catalog: Catalog,
) -> dict[str, Any]:
    """What ``estimate --words N --json`` prints: bare text, no prompt overhead.

    Args:
        tokens_per_word: None for what was measured on stories, by each model's own tokens.
    """
    given = (
        f"{tokens_per_word} tokens a word, as given, for every model"
        if tokens_per_word is not None
        else f"{TOKENS_PER_WORD} tokens a word, as measured on user stories with o200k_base, times "
        "the measured ratio of each model"
    )
    return {
        "words": words,
        "stories": None,
        "clusters": None,
        "skipped": {},
        "as_of": terms.as_of.isoformat(),
        "today": terms.today.isoformat(),
        "hardware": str(terms.hardware),
        "assumptions": f"{words:,} words; {given}; output 0 %, 25 % and 100 % of the input as low, "
        "likely and high; no prompt overhead, no thinking; four characters a token where the "
        "price is per character; locally as if the model wrote the likely output",
        "lines": as_lines(
            [
                bare_text_estimate(
                    words,
                    tokens_per_word,
                    catalog.find(choice.model),
                    as_of=terms.as_of,
                    today=terms.today,
                    hardware=terms.hardware,
                    bits=choice.bits,
                    usd_per_kwh=terms.usd_per_kwh,
                )
                for choice in _choices(models, terms, catalog, words=words)
            ]
        ),
    }


def draw_estimate(
    words: int,
    tokens_per_word: Decimal | None,
    models: Sequence[str],
    terms: Terms,
    *,
    catalog: Catalog,
) -> str:
    """The trade-off of window sizes for so many words, as SVG text."""
    return draw_windows(
        words,
        _choices(models, terms, catalog, words=words),
        catalog,
        as_of=terms.as_of,
        hardware=terms.hardware,
        tokens_per_word=tokens_per_word,
    )


def _priced(
    plan: Plan,
    spec: ModelSpec,
    corpus: Corpus,
    terms: Terms,
    store: Store | None,
    online: OnlineCounts | None,
) -> tuple[Plan, Estimate]:
    """A plan that knows its journal and its provider's counts, with its price."""
    learned = None
    if store is not None:
        plan = steps.with_journal(plan, StoreJournal(store, ""))
        learned = steps.calibration(store, plan, terms)
    if online is None:
        return plan, steps.price_plan(plan, spec, terms, learned)
    plan, n, note = online.count(plan, spec, corpus, store)
    if n and learned is not None:
        # What past runs taught of our own counting corrects no count of the provider's.
        learned = replace(learned, input=Ratio())
    line = steps.price_plan(plan, spec, terms, learned)
    return plan, replace(line, notes=(*line.notes, note)) if note else line


def _saved(whole: Estimate, line: Estimate) -> Saved:
    """How much a line is below that of all stories, by what is likely. Less than nothing where
    the journal holds replies about all stories already."""
    usd = seconds = None
    if line.usd is not None and whole.usd is not None:
        usd = whole.usd[1] - line.usd[1]
    if line.seconds is not None and whole.seconds is not None:
        seconds = whole.seconds - line.seconds
    return Saved(usd, seconds)


def _review(plan: Plan | None) -> dict[str, Any]:
    """How many pairs `review` would ask a person about by itself, and how long that takes."""
    alike = int(plan.parameters.get("alike", "0")) if plan else 0
    pairs = min(MOST_ASKED, alike)
    return {"pairs": pairs, "minutes": -(-pairs * SECONDS_A_PAIR // 60), "alike": alike}


def _left_out(plan: Plan, corpus: Corpus) -> list[dict[str, str]]:
    """The stories that ``--about`` leaves out, where they stand, and why."""
    return [
        {"id": name, "place": str(corpus.by_id[name].source), "reason": why}
        for name, reason, why in plan.skipped
        if reason == "about"
    ]


def _choices(
    models: Sequence[str], terms: Terms, catalog: Catalog, *, words: int
) -> Sequence[Choice]:
    if models:
        return [Choice(name) for name in dict.fromkeys(models)]
    return default_choices(
        catalog, words=words, as_of=terms.as_of, today=terms.today, gpu=terms.hardware.gpu
    )
