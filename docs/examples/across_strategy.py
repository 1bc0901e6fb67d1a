"""A new strategy: ask only about stories of different documents.

    python docs/examples/across_strategy.py merge DOCUMENTS --strategy across

Where every document was tidied by its owner, only what stands in several of them is in question. A
strategy says for each story of its selection whether it is in a call or why not; counting, pricing,
sending, the gate and the ledger follow from that.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.cli import main
from pipeline.plan.desk import Desk
from pipeline.plan.draft import Drafted
from pipeline.plan.edit import plan_edit
from pipeline.plan.selection import Selection
from pipeline.plan.strategies import add_strategy


def plan_across(selection: Selection, desk: Desk) -> Drafted:
    """``edit``, for the clusters that reach over documents."""
    across, within = [], []
    for cluster in selection.clusters:
        documents = {story.source.document for story in selection.of(cluster)}
        (across if len(documents) > 1 else within).append(cluster)
    drafted = plan_edit(replace(selection, clusters=tuple(across)), desk)
    for cluster in within:
        drafted.leave(cluster.members, "all of it stands in one document")
    return drafted


add_strategy("across", plan_across)

if __name__ == "__main__":
    main()
