"""The dry run: one line per model and strategy, out of the plans that ``merge`` would run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.calls import Plan
from pipeline.catalog import Catalog
from pipeline.cost.estimate import as_line, bare_text_estimate, infeasible
from pipeline.errors import EngineError, ModelError, StoreError
from pipeline.merge import steps
from pipeline.merge.corpus import Corpus
from pipeline.merge.steps import Terms
from pipeline.store.record import Store, StoreJournal


def estimate_corpus(
    corpus: Corpus,
    models: Sequence[str],
    strategies: Sequence[str],
    terms: Terms,
    *,
    catalog: Catalog,
    store: Store | None,
    named: bool,
) -> dict[str, Any]:
    """What ``estimate PATHS --json`` prints.

    Args:
        store: where the rows go and which replies are journalled; None when there is none.
        named: the models were asked for by name, so one that cannot even be counted is an error;
            a default model becomes a line that says why it cannot run.
    """
    if store is not None:
        terms = replace(terms, decisions=store.decisions())
    lines: list[dict[str, Any]] = []
    first: Plan | None = None
    corpus_id = ""
    for name in models:
        spec = catalog.find(name)
        for strategy in strategies:
            those = replace(terms, strategy=strategy)
            try:
                plan = steps.plan(corpus, spec, those)
            except (EngineError, ModelError) as error:
                if named:
                    raise
                lines.append(as_line(infeasible(spec, strategy, str(error), as_of=terms.as_of)))
                continue
            learned = None
            if store is not None:
                plan = steps.with_journal(plan, StoreJournal(store, ""))
                learned = steps.calibration(store, plan, those)
            priced = steps.price_plan(plan, spec, those, learned)
            first = first or plan
            lines.append(as_line(priced))
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
        "lines": lines,
    }


def estimate_words(
    words: int,
    tokens_per_word: Decimal,
    models: Sequence[str],
    *,
    catalog: Catalog,
    as_of: date,
    today: date,
) -> dict[str, Any]:
    """What ``estimate --words N --json`` prints: bare text, no prompt overhead."""
    return {
        "words": words,
        "stories": None,
        "clusters": None,
        "skipped": {},
        "as_of": as_of.isoformat(),
        "assumptions": f"{tokens_per_word} tokens a word; output 0 %, 25 % and 100 % of the input; "
        "no prompt overhead; four characters a token where the price is per character",
        "lines": [
            as_line(
                bare_text_estimate(
                    words, tokens_per_word, catalog.find(name), as_of=as_of, today=today
                )
            )
            for name in models
        ],
    }
