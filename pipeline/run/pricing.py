"""The dry run: one line per model and strategy, out of the plans that ``merge`` would run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.calls import Plan
from pipeline.catalog import Catalog
from pipeline.cost.estimate import as_lines, bare_text_estimate, infeasible
from pipeline.cost.model_choice import TOKENS_PER_WORD, Choice, default_choices
from pipeline.cost.past_runs import Ratio
from pipeline.cost.picture import draw_windows
from pipeline.errors import EngineError, ModelError, StoreError
from pipeline.estimates import Estimate, Saved
from pipeline.extract.process_pool import beside
from pipeline.models import ModelSpec
from pipeline.plan.strategies import ASKING
from pipeline.progress import Progress, Show, show_nothing
from pipeline.run import steps
from pipeline.run.believing import asking_by, believing
from pipeline.run.corpus import Corpus
from pipeline.run.corpus_vectors import known_vectors
from pipeline.run.dispatch.usage import of_machine
from pipeline.run.online_counts import OnlineCounts
from pipeline.run.plan_cache import Outlines
from pipeline.run.sovereignty import check_sovereignty, held_back
from pipeline.run.steps import Terms
from pipeline.store.record import Store, StoreJournal
from pipeline.tokens.token_counters import counter_for, is_unpacked

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
    terms = terms if store is None else replace(terms, decisions=store.decisions())
    choices = _specs(corpus, models, terms, catalog, online)
    terms = replace(terms, vectors=known_vectors(store, corpus.stories, cache=terms.cache))
    if store is not None:
        choices = [(steps.with_measured(spec, store, terms.cache), n) for spec, n in choices]
    # A provider counts the words themselves, which an outline has not.
    ours = [] if store is None or online else [spec for spec, _ in choices]
    opened = _opened_beside(ours, terms.cache) if ours else None
    kept = _kept_corpus(corpus, store)
    pricing = _Pricing(corpus, terms, kept, steps.from_stories, online)
    if kept is not None and ours:
        ahead = [(s, pricing.ahead(s, bits, _kinds(s, strategies))) for s, bits in choices]
        pricing = replace(pricing, planner=Outlines(*kept, ahead=ahead, opened=opened))
    elif opened is not None:
        opened()
    lines: list[Estimate] = []
    records: dict[str, str | None] = {}
    first: Plan | None = None
    wanted = [(spec, bits, each) for spec, bits in choices for each in _kinds(spec, strategies)]
    for done, (spec, bits, strategy) in enumerate(wanted):
        show(Progress("estimate", "plans", done=done, total=len(wanted), fresh=done))
        believed = pricing.believed(spec, strategy)
        records[spec.name] = believed.record or None
        try:
            plan, line = pricing.line(spec, replace(believed, bits=bits))
        except (EngineError, ModelError) as error:
            if models:
                raise
            lines.append(infeasible(spec, strategy, str(error), as_of=terms.as_of))
            continue
        first = first or plan
        lines.append(line)
        pricing = pricing.with_row(line)
    show(Progress("estimate", "plans", done=len(lines), total=len(lines), fresh=len(lines)))
    return _told(corpus, first, terms) | {"records": records, "lines": as_lines(lines)}


def _told(corpus: Corpus, first: Plan | None, terms: Terms) -> dict[str, Any]:
    """What an estimate says of its documents, by the first plan, and of its terms."""
    return {
        "words": corpus.words,
        "stories": len(corpus.stories),
        "clusters": first.n_clusters if first else None,
        "skipped": first.skipped_by_reason() if first else {},
        "left_out": _left_out(first, corpus) if first else [],
        "review": _review(first),
        "as_of": terms.as_of.isoformat(),
        "today": terms.today.isoformat(),
        "hardware": str(terms.hardware),
    }


def _specs(
    corpus: Corpus,
    models: Sequence[str],
    terms: Terms,
    catalog: Catalog,
    online: OnlineCounts | None,
) -> list[tuple[ModelSpec, int]]:
    """The models with the bits of their weights; those that count online may be shown the words.

    Raises:
        SovereigntyError: one may not.
    """
    find = online.find if online else catalog.find
    choices = _choices(models, terms, catalog, words=corpus.words)
    found = [(find(choice.model), choice.bits) for choice in choices]
    if online:
        for spec, _ in found:
            check_sovereignty(
                corpus, spec, allow_cloud=terms.allow_cloud, local_only=terms.local_only
            )
    return found


def _opened_beside(specs: Sequence[ModelSpec], cache: Path) -> Callable[[], None] | None:
    """Begin to bring into the cache what counts these models; returns what waits for it, None
    where it is there already."""
    missing = [spec for spec in specs if not is_unpacked(spec, cache)]

    def work() -> None:
        for spec in missing:
            with suppress(EngineError):  # told where the model is planned for
                counter_for(spec, cache=cache)

    return beside(work) if missing else None


def _kept_corpus(corpus: Corpus, store: Store | None) -> tuple[Store, str] | None:
    """The database with the corpus's id in it; None where nothing can be kept."""
    if store is None:
        return None
    try:
        return store, store.save_corpus(corpus.extractions)
    except StoreError:
        return None


@dataclass(frozen=True)
class _Pricing:
    """What the price of every line stands on.

    Args:
        kept: the database and the corpus's id in it; None where nothing is kept.
    """

    corpus: Corpus
    terms: Terms
    kept: tuple[Store, str] | None
    planner: steps.Planner
    online: OnlineCounts | None

    @property
    def store(self) -> Store | None:
        return self.kept[0] if self.kept else None

    def believed(self, spec: ModelSpec, strategy: str) -> Terms:
        """The terms of a strategy with the records of a judge."""
        store, corpus_id = self.kept or (None, "")
        terms, _ = believing(spec, store, self.terms, corpus_id)
        return asking_by(strategy, spec, store, terms)

    def ahead(self, spec: ModelSpec, bits: int, strategies: Sequence[str]) -> list[Terms]:
        """The terms of every plan of one model: with ``about``, of all stories, too."""
        return [
            replace(self.believed(spec, strategy), bits=bits, about=about)
            for strategy in strategies
            for about in dict.fromkeys((self.terms.about, ()))
        ]

    def line(self, spec: ModelSpec, terms: Terms) -> tuple[Plan, Estimate]:
        """The plan of one model and strategy, and its price.

        Raises:
            EngineError, ModelError: it cannot be counted.
        """
        plan = steps.plan(self.corpus, spec, terms, self.planner)
        plan, line = _priced(plan, spec, self.corpus, terms, self.store, self.online)
        if terms.about:
            whole = steps.plan(self.corpus, spec, replace(terms, about=()), self.planner)
            # Both by our own counts: the provider is never shown what is left out.
            pair = [
                _priced(p, spec, self.corpus, terms, self.store, None)[1] for p in (whole, plan)
            ]
            line = replace(line, saved=_saved(*pair))
        if spec.leaves_machine and (
            marked := held_back(self.corpus, terms.local_only, terms.allow_cloud)
        ):
            reason = "; ".join(filter(None, [line.reason, marked]))
            line = replace(line, feasible=False, reason=reason)
        return plan, line

    def with_row(self, line: Estimate) -> _Pricing:
        """Keep the line; the pricing goes on without a database where that fails."""
        if self.kept is not None:
            store, corpus_id = self.kept
            try:
                store.save_estimate(None, corpus_id, of_machine(line, self.terms.hardware))
            except StoreError:
                return replace(self, kept=None)
        return self


def _kinds(spec: ModelSpec, strategies: Sequence[str]) -> Sequence[str]:
    """The strategies that are priced for a model: those asked for, or all that ask it something."""
    if not spec.provider.is_model:
        return ("none",)
    return strategies or ASKING


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
