"""From stories and clusters to the plan of calls: a pure function, the same for the same input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.calls import Cluster, Plan, WindowLimits
from pipeline.catalog import ModelSpec
from pipeline.errors import InputError
from pipeline.outcomes import Decision
from pipeline.plan.conflicts import plan_conflicts
from pipeline.plan.decisions import apply, settle
from pipeline.plan.desk import Desk
from pipeline.plan.draft import Drafted
from pipeline.plan.edit import plan_edit
from pipeline.plan.rewrite import plan_fold, plan_tree
from pipeline.plan.selection import Selection, select
from pipeline.stories import Story
from pipeline.tokens import TokenCounter

Strategy = Callable[[Selection, Desk], Drafted]

#: Every strategy there is, by name.
STRATEGIES: dict[str, Strategy] = {
    "edit": plan_edit,
    "tree": plan_tree,
    "fold": plan_fold,
}


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
    decisions: Sequence[Decision] = (),
    conflicts: bool = False,
) -> Plan:
    """All calls of a strategy for one model, and why every other story needs none.

    Every story is in exactly one call, now or later, or exactly one ``skipped`` entry; no prompt
    is longer than ``limits.input_tokens`` by the upper count of ``counter``, no reply may be
    longer than ``limits.output_tokens``.

    Args:
        clusters: stories that may be the same, none in two clusters. For a model that cannot
            judge each carries the ``relation`` that code has decided.
        revision: what exactly will answer; part of every request's key.
        journalled: keys of requests that are answered already.
        about: keywords; stories that name none of them are left out and listed as such.
        parameters: whatever else decided the plan, such as the similarity measure; recorded.
        decisions: what persons decided, whether or not it concerns these stories.
        conflicts: look over all stories for contradictions that similarity did not pair, with a
            model that can judge.

    Raises:
        InputError: no such strategy.
    """
    if strategy not in STRATEGIES:
        raise InputError(
            f"no strategy {strategy!r}.",
            where="--strategy",
            next=f"There are: {', '.join(sorted(STRATEGIES))}.",
        )
    desk = Desk(spec, limits, counter, prompts_folder, revision, stage=strategy)
    selection = select(stories, clusters, about)
    settled = settle(decisions, selection.stories.values())
    selection = apply(settled, selection)
    drafted = STRATEGIES[strategy](selection, desk)
    if conflicts:
        _look_for_conflicts(drafted, selection, desk)
    position = {story.id: i for i, story in enumerate(stories)}
    skipped = sorted((*selection.skipped, *drafted.skipped), key=lambda s: position[s.story])
    recorded = dict(parameters or {})
    if about:
        recorded["about"] = ", ".join(about)
    if conflicts:
        recorded["conflicts"] = "windows by topic"
    if settled.sha256:
        recorded["decisions"] = settled.sha256
    return Plan(
        strategy=strategy,
        model=spec.name,
        limits=limits,
        calls=tuple(drafted.calls),
        decided=tuple(drafted.decided),
        skipped=tuple(skipped),
        n_stories=len(stories),
        n_clusters=len(selection.clusters),
        parameters=recorded,
        journalled=journalled,
        later=tuple(drafted.later),
        remark=drafted.remark,
        judged=spec.ability == "edits",
    )


def _look_for_conflicts(drafted: Drafted, selection: Selection, desk: Desk) -> None:
    if desk.spec.ability == "edits":
        calls, remark = plan_conflicts(selection, desk)
        drafted.calls += calls
    else:
        remark = f"{desk.spec.name}: cannot judge, so nobody looks for conflicts among all stories"
    drafted.remark = "; ".join(filter(None, [drafted.remark, remark]))
