"""A new strategy: ask only about stories of different documents.

    python docs/examples/across_strategy.py estimate DOCUMENTS --strategy across

Where every document was tidied by its owner, only what stands in several of them is in question. A
strategy says for each story of its selection whether it is in a call or why not; counting, pricing,
sending and journal follow from that.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.cli.commands import main
from pipeline.plan.call_factory import CallFactory, Drafted
from pipeline.plan.pairs import plan_pairs
from pipeline.plan.selection import Selection
from pipeline.plan.strategies import add_strategy


def plan_across(selection: Selection, factory: CallFactory) -> Drafted:
    """``pairs``, for those whose stories stand in different documents."""

    def document(story: str) -> str:
        return selection.stories[story].source.document

    across = [pair for pair in selection.pairs if document(pair.a) != document(pair.b)]
    return plan_pairs(replace(selection, pairs=across), factory)


add_strategy("across", plan_across)

if __name__ == "__main__":
    main()
