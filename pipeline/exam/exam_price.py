"""What an exam would cost: its plan, priced as a merge's is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.amounts import counted, dollars_band
from pipeline.calls import Plan, WindowLimits
from pipeline.errors import StoryTransformerError
from pipeline.estimates import Estimate
from pipeline.exam.exam_job import plan_exam
from pipeline.exam.exam_questions import Exam, gather_exam, label_files
from pipeline.exam.exam_windows import scenes_of
from pipeline.exam.windows_job import plan_windows
from pipeline.models import ModelSpec
from pipeline.run import steps
from pipeline.run.corpus import Corpus
from pipeline.store.record import Store, StoreJournal


def price_exam(
    exam: Exam,
    spec: ModelSpec,
    terms: steps.Terms,
    store: Store | None,
    strategy: str = "pairs",
) -> Estimate:
    """What asking a model all questions of an exam costs, less what the journal has.

    Args:
        strategy: pairs, or groups: windows of several sizes.

    Raises:
        EngineError, ModelError: the model cannot even be counted.
        InputError: labels without scenes, or a model whose window holds too few stories.
    """
    terms = replace(terms, strategy=strategy)

    def planned(corpus: Corpus, spec: ModelSpec, terms: steps.Terms, limits: WindowLimits) -> Plan:
        if strategy == "groups":
            return plan_windows(scenes_of(exam), exam.hash, spec, terms, limits)
        return plan_exam(list(exam.questions), exam.hash, spec, terms, limits)

    plan = steps.plan(Corpus(exam.extractions), spec, terms, planned)
    learned = None
    if store is not None:
        plan = steps.with_journal(plan, StoreJournal(store, ""))
        learned = steps.calibration(store, plan, terms)
    return steps.price_plan(plan, spec, terms, learned)


def told(line: Estimate) -> str:
    """An estimate of an exam in a sentence, and why it cannot be run where it cannot."""
    n = line.calls - line.journalled_calls
    what = "window" if line.strategy == "groups" else "question"
    asked = f"It asks {counted(n, what)}, {counted(line.input_tokens.n, 'token')}"
    if line.usd is not None and line.usd[2]:
        price = dollars_band(*line.usd)
    elif line.seconds is not None:
        price = f"about {counted(max(1, round(line.seconds / 60)), 'minute')} here"
    else:
        price = "the price is unknown"
    return f"{asked}: {price}." + ("" if line.feasible else f" Not as it stands: {line.reason}.")


def price_teller(terms: steps.Terms, store: Store | None) -> Callable[[ModelSpec], str]:
    """Says of a model what the built-in exam would cost; "" where it is not here or cannot be
    priced: a warning that a merge gives in passing may not end it."""

    def tell(spec: ModelSpec) -> str:
        try:
            exam = gather_exam(label_files(None, None, terms.exams))
            return told(price_exam(exam, spec, terms, store))
        except StoryTransformerError:
            return ""

    return tell
