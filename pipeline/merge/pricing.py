"""The dry run: one line per model and strategy, out of the plans that ``merge`` would run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.calls import Estimate, Plan
from pipeline.catalog import Catalog
from pipeline.cost.calibration import Ratio
from pipeline.cost.choice import TOKENS_PER_WORD, WRITTEN_SHARE, Choice, default_choices
from pipeline.cost.estimate import as_lines, bare_text_estimate, infeasible
from pipeline.cost.formulas import USABLE_SHARE
from pipeline.cost.picture import draw_tradeoff
from pipeline.cost.tradeoff import PROMPT_TOKENS, tradeoff_curves
from pipeline.errors import EngineError, ModelError, StoreError
from pipeline.merge import steps
from pipeline.merge.corpus import Corpus
from pipeline.merge.counting import Counted, OnlineCounts
from pipeline.merge.sovereignty import check_sovereignty, held_back
from pipeline.merge.steps import Terms
from pipeline.plan.strategies import STRATEGIES
from pipeline.store.record import Store, StoreJournal


def estimate_corpus(
    corpus: Corpus,
    models: Sequence[str],
    strategies: Sequence[str],
    terms: Terms,
    *,
    catalog: Catalog,
    store: Store | None,
    online: OnlineCounts | None = None,
) -> dict[str, Any]:
    """What ``estimate PATHS --json`` prints.

    Args:
        models: names; none for :func:`pipeline.cost.choice.default_choices`. A model asked for by
            name that cannot even be counted is an error; a default one becomes a line that says
            why it cannot run.
        strategies: none for all of them.
        store: where the rows go and which replies are journalled; None when there is none.
        online: how providers are asked to count the prompts; None when they are not.

    Raises:
        SovereigntyError: they are to be, and a model is not on this machine and may not be used.
    """
    if store is not None:
        terms = replace(terms, decisions=store.decisions())
    lines: list[Estimate] = []
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
    if store is not None:
        choices = [(steps.with_measured(spec, store, terms.cache), bits) for spec, bits in choices]
    for spec, bits in choices:
        for strategy in strategies or STRATEGIES:
            those = replace(terms, strategy=strategy, bits=bits)
            try:
                plan = steps.plan(corpus, spec, those)
            except (EngineError, ModelError) as error:
                if models:
                    raise
                lines.append(infeasible(spec, strategy, str(error), as_of=terms.as_of))
                continue
            learned = None
            if store is not None:
                plan = steps.with_journal(plan, StoreJournal(store, ""))
                learned = steps.calibration(store, plan, those)
            counted = online.count(plan, spec, corpus, store) if online else Counted(plan, 0, "")
            if counted.n and learned is not None:
                # What past runs taught of our own counting corrects no count of the provider's.
                learned = replace(learned, input=Ratio())
            priced = steps.price_plan(counted.plan, spec, those, learned)
            if counted.note:
                priced = replace(priced, notes=(*priced.notes, counted.note))
            if spec.leaves_machine and (marked := held_back(corpus, terms.local_only)):
                reason = "; ".join(filter(None, [priced.reason, marked]))
                priced = replace(priced, feasible=False, reason=reason)
            first = first or plan
            lines.append(priced)
            if store is not None:
                try:
                    corpus_id = corpus_id or store.save_corpus(corpus.extractions)
                    store.save_estimate(None, corpus_id, priced)
                except StoreError:
                    store = None
    return {
        "words": corpus.words,
        "stories": len(corpus.stories),
        "clusters": first.n_clusters if first else None,
        "skipped": first.skipped_by_reason() if first else {},
        "as_of": terms.as_of.isoformat(),
        "today": terms.today.isoformat(),
        "hardware": str(terms.hardware),
        "lines": as_lines(lines),
    }


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
    curves = tradeoff_curves(
        _choices(models, terms, catalog, words=words),
        catalog,
        words=words,
        tokens_per_word=tokens_per_word,
        as_of=terms.as_of,
        hardware=terms.hardware,
    )
    return draw_tradeoff(
        curves,
        title=f"{words:,} words in windows of every size, at prices of {terms.as_of.isoformat()}",
        assumptions=(
            f"Everything read once, {WRITTEN_SHARE:.0%} of it written, no thinking; "
            f"{PROMPT_TOKENS} tokens of prompt a call; tokens a word: "
            f"{tokens_per_word or 'each model’s own, as measured'}.",
            "A dot marks the least. Lines of dollars and time end where a window’s reply would "
            "be over the model’s limit.",
        ),
        device=str(terms.hardware),
        usable_bytes=int(terms.hardware.device_bytes * USABLE_SHARE),
    )


def _choices(
    models: Sequence[str], terms: Terms, catalog: Catalog, *, words: int
) -> Sequence[Choice]:
    if models:
        return [Choice(name) for name in dict.fromkeys(models)]
    return default_choices(
        catalog, words=words, as_of=terms.as_of, today=terms.today, gpu=terms.hardware.gpu
    )
