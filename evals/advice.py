"""Which model for which corpus: what each may decide, up to which window, what a merge with it
costs and takes, how much of a person's review it saves; and what is not measured, with its price.

No model is asked. What is said of a model is what its record, its runs and its plan say.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evals.grids.grids import Grid, GridOptions, aggregation_grid, aggregation_lengths
from evals.grids.needle_price import quick_price
from evals.metrics.statistics import known_of_length
from evals.recorded import recorded
from pipeline.amounts import counted
from pipeline.catalog import Catalog
from pipeline.cost.estimate import infeasible
from pipeline.cost.line import as_lines, money
from pipeline.cost.model_choice import TOKENS_PER_WORD
from pipeline.entries import Answer
from pipeline.errors import EngineError, InputError, ModelError, StoryTransformerError
from pipeline.exam.exam_price import price_exam
from pipeline.exam.exam_questions import Exam, gather_exam, label_files
from pipeline.judge.belief import Belief
from pipeline.models import ModelSpec
from pipeline.providers.extractive import EXTRACTIVE
from pipeline.providers.opening import missing_key, missing_weights, revision_of
from pipeline.run.believing import believing, record_of
from pipeline.run.corpus import Corpus
from pipeline.run.judge_record import about_belief
from pipeline.run.pricing import MOST_ASKED, SECONDS_A_PAIR, estimate_corpus
from pipeline.run.sovereignty import open_paths
from pipeline.run.steps import Terms
from pipeline.store.reading.measured import known_lengths
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

#: What a run of the database is called that keeps an advice, and its figures of a model.
KIND, MODEL, BEYOND = "models", "model", "not reached"
#: The strategy of a merge that is priced: what ``merge --judge`` does by itself.
STRATEGY = "pairs"
#: Less than so many minutes of review saved are not worth a model.
_WORTH = 1.0
#: Kinds of runs that measure windows, by what they are called here.
_WINDOWS = ("aggregation", "needle")


@dataclass(frozen=True, slots=True)
class Here:
    """What is here to choose from.

    Args:
        keys: of providers, those that are set.
        gpu: the card that was asked for, "" for the machine as it is.
        again: words that a command needs to find the same database and settings.
    """

    catalog: Catalog
    keys: Mapping[str, bool]
    gpu: str = ""
    again: Sequence[str] = ()


def advise(
    paths: Sequence[str], corpus: Corpus, terms: Terms, here: Here, store: Store | None
) -> dict[str, Any]:
    """What ``models --for PATHS --json`` prints.

    Args:
        paths: as they were given, for the commands that are named.
        store: where records, runs and journal are, and the advice is kept; None for none.

    Returns:
        ``review`` (pairs and minutes without a model), ``models`` (the recommended first), and
        ``not_reached`` (models by why they are not).
    """
    found, beyond = reached(here, terms, store)
    corpus_id = store.save_corpus(corpus.extractions) if store is not None else ""
    pairs = min(MOST_ASKED, sum(len(one.members) - 1 for one in corpus.clusters))
    review = {"pairs": pairs, "minutes": -(-pairs * SECONDS_A_PAIR // 60)}
    priced = _Priced(paths, corpus, terms, here, store)
    rows = [_without(review)]
    rows += [_row(spec, priced, corpus_id, pairs) for spec in found]
    rows.sort(key=_order)
    rows[0] |= {"recommended": True, "why": _why(rows, review)}
    result = {
        "paths": list(paths),
        "stories": len(corpus.stories),
        "words": corpus.words,
        "hardware": str(terms.hardware),
        "as_of": terms.as_of.isoformat(),
        "review": review,
        "models": rows,
        "not_reached": beyond,
    }
    return result | ({} if store is None else {"run": _keep(result, here, store)})


def reached(
    here: Here, terms: Terms, store: Store | None
) -> tuple[list[ModelSpec], list[dict[str, Any]]]:
    """The models that can be run or reached, and the names of the others by why they cannot."""
    specs = {spec.name: spec for spec in here.catalog}
    for name in [*(store.judged() if store else ()), *(one.judge.model for one in terms.listed)]:
        try:
            specs.setdefault(name, here.catalog.find(name))
        except InputError:  # a name of an older catalogue
            continue
    found, beyond = [], dict[str, list[str]]()
    for spec in specs.values():
        if not spec.provider.is_model:
            continue
        if why := _out_of_reach(spec, here, terms):
            beyond.setdefault(why, []).append(spec.name)
        else:
            found.append(spec)
    return found, [{"why": why, "models": names} for why, names in beyond.items()]


def _out_of_reach(spec: ModelSpec, here: Here, terms: Terms) -> str:
    if spec.retired is not None and spec.retired <= terms.today:
        return "they answer no more"
    if spec.provider.is_local and missing_weights(spec, terms.cache) is not None:
        return "their weights are not on this machine"
    if spec.needs_key and not here.keys.get(spec.provider.name):
        return (missing_key(spec).next or "").rstrip(".")
    return ""


class _Priced:
    """What is priced for each model, and what is read once for all of them."""

    def __init__(
        self,
        paths: Sequence[str],
        corpus: Corpus,
        terms: Terms,
        here: Here,
        store: Store | None,
    ) -> None:
        self.paths, self.corpus, self.terms = paths, corpus, terms
        self.here, self.store = here, store

    @cached_property
    def leaving(self) -> Sequence[str]:
        """Of the paths what may leave this machine."""
        return open_paths(self.corpus, self.paths, self.terms.local_only)

    @cached_property
    def questions(self) -> Exam | None:
        """The built-in exam; None where it is not here."""
        try:
            return gather_exam(label_files(None, None, self.terms.exams))
        except InputError:
            return None

    def merge(self, spec: ModelSpec) -> dict[str, Any]:
        """The line of an estimate; one that says why where there can be none."""
        try:
            lines: list[dict[str, Any]] = estimate_corpus(
                self.corpus, [spec.name], [STRATEGY], self.terms,
                catalog=self.here.catalog, store=self.store,
            )["lines"]  # fmt: skip
        except (EngineError, ModelError) as error:
            lines = as_lines([infeasible(spec, STRATEGY, str(error), as_of=self.terms.as_of)])
        return lines[0]

    def exam(self, spec: ModelSpec) -> dict[str, Any]:
        """What examining a model costs; nothing where the exam is not here."""
        if self.questions is None:
            return {"usd": None, "seconds": None}
        line = price_exam(self.questions, spec, self.terms, self.store)
        usd = line.usd and [money(amount) for amount in line.usd]
        band = dict(zip(("low", "likely", "high"), usd, strict=True)) if usd else None
        return {"usd": band, "seconds": line.seconds}

    def grid(self, spec: ModelSpec, grid: Grid) -> dict[str, Any]:
        """What a grid costs."""
        terms = self.terms
        found = quick_price(
            spec, terms.cache, terms.prompts, grid=grid, hardware=terms.hardware, as_of=terms.as_of
        )
        seconds = found["seconds"]
        return {"usd": found["usd"], "seconds": seconds and seconds["likely"]}


def _row(spec: ModelSpec, priced: _Priced, corpus_id: str, pairs: int) -> dict[str, Any]:
    """What is said of a model."""
    terms, store = priced.terms, priced.store
    _, belief = believing(spec, store, terms, corpus_id)
    line, windows = priced.merge(spec), _windows(spec, store, terms.cache)
    return {
        "model": spec.name,
        "recommended": False,
        "why": "",
        "decides": "nothing" if belief is None or not belief.because else "folds",
        "decides_told": _told(spec, belief, store, terms),
        "record": belief.record.id if belief else None,
        "windows": windows,
        "calls": line["calls"],
        "usd": line["usd"],
        "seconds": line["seconds"],
        "seconds_band": line["seconds_band"],
        "can_run": line["feasible"],
        "reason": line["reason"],
        "leaves_machine": spec.leaves_machine,
        "minutes_saved": _minutes(belief, line["calls"] or 0, pairs),
        "unmeasured": _unmeasured(spec, priced, belief, windows),
    }


def _without(review: Mapping[str, int]) -> dict[str, Any]:
    """The merge that asks nobody."""
    return {
        "model": EXTRACTIVE,
        "recommended": False,
        "why": "",
        "decides": "proof",
        "decides_told": "Code's proof alone: what is the same but for harmless changes.",
        "record": None,
        "windows": dict.fromkeys(_WINDOWS),
        "calls": 0,
        "usd": {"low": "0", "likely": "0", "high": "0"},
        "seconds": None,
        "seconds_band": None,
        "can_run": True,
        "reason": "",
        "leaves_machine": False,
        "minutes_saved": 0.0,
        "unmeasured": [],
    }


def _told(spec: ModelSpec, belief: Belief | None, store: Store | None, terms: Terms) -> str:
    """What a model may decide, in a sentence."""
    if belief is not None:
        return f"{about_belief(belief)}."
    why = record_of(spec, store, terms).why
    known = f"{spec.name} has no record that holds: {why}" if why else f"{spec.name} has no record"
    return f"{known}; its answers only order what a person is asked."


def _windows(spec: ModelSpec, store: Store | None, cache: Path) -> dict[str, Any]:
    """What is known of how long a prompt it uses, by kind of run; None where nothing is."""
    windows: dict[str, Any] = dict.fromkeys(_WINDOWS)
    if store is None:
        return windows
    for kind, one in known_lengths(store, spec.name, revision_of(spec, cache)).items():
        known = known_of_length(one.tokens, one.low, one.high, one.lengths)
        windows[kind] = known | {"run": one.run, "n": one.n}
    return windows


def _minutes(belief: Belief | None, calls: int, pairs: int) -> float:
    """Minutes of a person's review that a judge's folds save: of the pairs it is asked about the
    share that is taken to be one need, as far as it finds them; no more than a person is asked."""
    if belief is None or not belief.because:
        return 0.0
    found = belief.record.of(Answer.ONE_NEED)
    recall = (found.recall.share or 0.0) if found else 0.0
    folds = min(pairs, calls * belief.share.likely * recall)
    return round(folds * SECONDS_A_PAIR / 60, 1)


def _unmeasured(
    spec: ModelSpec, priced: _Priced, belief: Belief | None, windows: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What was not measured of a model, the command that does, and its price."""
    told: list[tuple[str, list[str], Callable[[], dict[str, Any]]]] = []
    model = ["--model", spec.name]
    # Exams and needles send none of these documents, so that no mark of theirs is overruled.
    everything = ["--allow-cloud", "all"] if spec.leaves_machine else []
    if belief is None:
        command = ["exam", *model, *everything]
        told.append(("what it may decide", command, lambda: priced.exam(spec)))
    paths = priced.leaving if spec.leaves_machine else priced.paths
    if windows["aggregation"] is None and paths:
        many = _many(spec, priced, paths)
        lengths = ",".join(map(str, many.lengths))
        command = ["eval", "aggregation", *paths, *model, "--lengths", lengths]
        if spec.leaves_machine:
            command += [word for path in paths for word in ("--allow-cloud", path)]
        told.append(("its window over many stories", command, lambda: priced.grid(spec, many)))
    if windows["needle"] is None:
        command = ["eval", "needle", *model, *everything]
        told.append(("its window for one story", command, lambda: priced.grid(spec, Grid())))
    rows = []
    for what, command, price in told:
        try:
            cost = price()
        except StoryTransformerError:  # a tokenizer that is not here: the price is unknown
            cost = {"usd": None, "seconds": None}
        rows.append(
            {
                "what": what,
                "command": shlex.join(["storytransformer", *command, *priced.here.again]),
            }
            | cost
        )
    return rows


def _many(spec: ModelSpec, priced: _Priced, paths: Sequence[str]) -> Grid:
    """A grid up to what the whole corpus takes, or to the model's window."""
    ratio = spec.ratio.likely if spec.ratio else 1
    tokens = int(priced.corpus.words * TOKENS_PER_WORD * ratio)
    lengths = aggregation_lengths(spec.window)
    enough = next((n for n, length in enumerate(lengths, 1) if length >= tokens), len(lengths))
    return aggregation_grid(spec.window, paths, GridOptions(lengths=lengths[: max(2, enough)]))


def _order(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Those that save a person something first, then the merge that asks nobody, then those that
    decide nothing; among equals the cheaper, the faster."""
    usd = float(row["usd"]["likely"]) if row["usd"] else float("inf")
    worth = row["can_run"] and row["decides"] == "folds" and row["minutes_saved"] >= _WORTH
    return (
        not worth,
        -row["minutes_saved"] if worth else 0,
        row["decides"] != "proof",
        not row["can_run"],
        row["decides"] != "folds",
        usd,
        row["seconds"] or 0.0,
        row["model"],
    )


def _why(rows: Sequence[Mapping[str, Any]], review: Mapping[str, int]) -> str:
    """The sentence that says why the first is recommended."""
    first, others = rows[0], rows[1:]
    asked = f"about {counted(review['pairs'], 'pair')}, {counted(review['minutes'], 'minute')}"
    if first["decides"] == "folds":
        return (
            f"{first['model']} may fold here and saves about {first['minutes_saved']:g} of the "
            f"{counted(review['minutes'], 'minute')} of review."
        )
    if folding := [row for row in others if row["decides"] == "folds"]:
        best = folding[0]
        why = best["reason"] or f"saves {best['minutes_saved']:g} minutes of review only"
        return f"Proof alone costs nothing; {best['model']} may fold, but {why}. Review: {asked}."
    if others:
        return (
            "Nothing that can be run or reached here has a record that lets it decide, so that a "
            f"model saves no question; proof alone costs nothing, and review has {asked}."
        )
    return f"No model can be run or reached here; proof alone costs nothing. Review: {asked}."


def _keep(result: Mapping[str, Any], here: Here, store: Store) -> str:
    """The id of a run with all of it, for the pages."""
    rows = result["models"]
    told = {name: result[name] for name in ("stories", "words", "hardware", "as_of", "review")}
    with recorded(
        store,
        kind=KIND,
        model=rows[0]["model"],
        strategy="",
        parameters={"paths": result["paths"], "gpu": here.gpu} | told,
    ) as run:
        scores = [
            Score(MODEL, row["model"], row["minutes_saved"], n=row["calls"] or 0,
                  detail=row | {"place": place})
            for place, row in enumerate(rows)
        ]  # fmt: skip
        scores += [
            Score(BEYOND, str(n), float(len(one["models"])), detail=one)
            for n, one in enumerate(result["not_reached"])
        ]
        store.save_scores(run, scores)
    return run
