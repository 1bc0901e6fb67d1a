"""The calls of a run, level by level: those of the plan, then those that are made of replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.calls import Call, Plan, Reply
from pipeline.compare.relations import stem_weights
from pipeline.errors import InputError
from pipeline.merge.answers import answers
from pipeline.merge.conclusion import settled_for
from pipeline.merge.drafts import Drafts
from pipeline.merge.writing import Writer
from pipeline.outcomes import Decision
from pipeline.plan.desk import Desk
from pipeline.plan.levels import Levels, levels_of
from pipeline.stories import Story


class Course:
    """Where a run stands in its plan.

    Args:
        stories: by id, in corpus order.
        desk: where later calls are made; may be None for a plan that has none.
        decisions: those that the plan was made with.

    Raises:
        InputError: the plan has later calls and there is no desk.
    """

    def __init__(
        self,
        plan: Plan,
        stories: Mapping[str, Story],
        desk: Desk | None = None,
        decisions: Sequence[Decision] = (),
    ) -> None:
        if plan.later and desk is None:
            raise InputError(
                f"strategy {plan.strategy} makes {len(plan.later)} more calls of replies, and "
                "there is no desk to make them at.",
                next="Pass the desk that the plan was made at.",
            )
        self._plan = plan
        self._made = list(plan.calls)
        self._levels: Levels | None = None
        self._drafts: Drafts | None = None
        if plan.later and desk is not None:
            self._levels = levels_of(plan, desk, stories)
            self._drafts = Drafts(
                stories,
                Writer(weights=stem_weights(stories.values())),
                settled_for(plan, stories, decisions),
                judged=plan.judged,
            )
        #: Calls of the level that is to be sent now.
        self.calls: tuple[Call, ...] = plan.calls
        #: What handles point to: stories, and the drafts made of them.
        self.known: Mapping[str, Story] = self._drafts.known if self._drafts else stories

    @property
    def plan(self) -> Plan:
        """The plan with every call made so far and, once the course is run, none to come."""
        return replace(self._plan, calls=tuple(self._made), later=())

    @property
    def stage(self) -> str:
        """What the level is called."""
        return self.calls[0].stage if self.calls else ""

    def follow(self, replies: Mapping[str, Reply]) -> bool:
        """Go to the next level. Returns whether it has calls.

        Args:
            replies: by request key, of the level's calls and the smaller ones made of them.
        """
        if self._levels is None or self._drafts is None or not self.calls:
            self.calls = ()
            return False
        standing = [
            self._drafts.take(call, answers(call, self.known, replies))
            for call in self.calls
            if call.request.purpose != "conflicts"
        ]
        self.calls = tuple(self._levels.follow(standing))
        self._made += self.calls
        return bool(self.calls)
