"""From stories and clusters to the plan of calls: a pure function, the same for the same input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.calls import Cluster, Plan, WindowLimits
from pipeline.errors import InputError
from pipeline.models import ModelSpec
from pipeline.plan.call_factory import CallFactory, Drafted
from pipeline.plan.groups import plan_groups
from pipeline.plan.near.similarity import Pair
from pipeline.plan.orders import Orders
from pipeline.plan.pairs import plan_none, plan_pairs
from pipeline.plan.selection import Selection, select
from pipeline.plan.tree_and_fold import plan_fold, plan_tree
from pipeline.stories import Story
from pipeline.tokens.token_counters import TokenCounter

Strategy = Callable[[Selection, CallFactory], Drafted]

#: Every strategy there is, by name.
STRATEGIES: dict[str, Strategy] = {
    "none": plan_none,
    "pairs": plan_pairs,
    "groups": plan_groups,
    "tree": plan_tree,
    "fold": plan_fold,
}


#: Those that ask a model something, as an estimate shows them.
ASKING = ("pairs", "groups", "tree", "fold")


def add_strategy(name: str, plan: Strategy) -> None:
    """Know a further strategy.

    Args:
        plan: a pure function that says for each story of the selection which call it is in, or why
            it needs none.
    """
    STRATEGIES[name] = plan


def make_plan(
    strategy: str,
    stories: Sequence[Story],
    clusters: Sequence[Cluster],
    spec: ModelSpec,
    limits: WindowLimits,
    counter: TokenCounter,
    prompts_folder: Path,
    *,
    revision: str,
    journalled: frozenset[str] = frozenset(),
    about: Sequence[str] = (),
    parameters: Mapping[str, str] | None = None,
    pairs: Sequence[Pair] = (),
    most_pairs: int | None = None,
    most_stories: int | None = None,
    found_by: Mapping[tuple[str, ...], tuple[str, ...]] | None = None,
    orders: Orders | None = None,
    staying: frozenset[str] = frozenset(),
    selection: Selection | None = None,
) -> Plan:
    """All calls of a strategy for one model, and why every other story needs none.

    Every story is in a call, now or later, or in exactly one ``skipped`` entry; no prompt
    is longer than ``limits.input_tokens`` by the upper count of ``counter``, no reply may be
    longer than ``limits.output_tokens``.

    Args:
        clusters: stories that may be the same, none in two clusters.
        revision: what exactly will answer; part of every request's key.
        journalled: keys of requests that are answered already.
        about: keywords; stories that name none of them are left out and listed as such.
        parameters: whatever else decided the plan, such as decisions and records; recorded.
        pairs: to be asked about, the most promising first.
        most_pairs: questions about pairs, at most.
        most_stories: of a window of ``groups``, at most; None for what fits.
        found_by: of each pair the lists that it was found on; recorded.
        orders: when a pair is asked about the other way round, too; by a judge's record.
        staying: ids of stories that no question to this model may show; ``pairs`` hold none.
        selection: what :func:`~pipeline.plan.selection.select` makes of the same stories, clusters,
            keywords, pairs and ``staying``, where it was made before.

    Raises:
        InputError: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise InputError(
            f"no strategy {strategy!r}.",
            where="--strategy",
            next=f"There are: {', '.join(sorted(STRATEGIES))}.",
        )
    factory = CallFactory(
        spec,
        limits,
        counter,
        prompts_folder,
        revision,
        stage=strategy,
        most_pairs=most_pairs,
        most_stories=most_stories,
        orders=orders,
    )
    if selection is None:
        selection = select(stories, clusters, about, pairs=pairs, staying=staying)
    drafted = STRATEGIES[strategy](selection, factory)
    position = {story.id: i for i, story in enumerate(stories)}
    skipped = sorted((*selection.skipped, *drafted.skipped), key=lambda s: position[s.story])
    recorded = dict(parameters or {})
    if about:
        recorded["about"] = ", ".join(about)
    if most_pairs is not None:
        recorded["pairs"] = str(most_pairs)
    if orders is not None:
        recorded["orders"] = orders.told
    return Plan(
        strategy=strategy,
        model=spec.name,
        limits=limits,
        calls=drafted.planned,
        skipped=tuple(skipped),
        n_stories=len(stories),
        n_clusters=len(selection.clusters),
        parameters=recorded,
        journalled=journalled,
        later=drafted.following,
        remark=drafted.remark,
        found_by={**found_by} if found_by else {},
    )
