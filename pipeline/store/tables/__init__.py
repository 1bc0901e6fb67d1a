"""The tables. Only migrations create them; only ``record``, ``runs``, ``caches`` and ``journal``
write them.

    reading    documents, stories, corpora; caches of extractions and plans
    asking     plans, requests, estimates; the journal of replies, batches, reservations
    running    runs, what they took, what left the machine, needle cells
    deciding   merged stories, verdicts, edits, conflicts, the ledger, decisions of persons

Keys are content hashes where content decides identity, so that writing twice is writing once.
Money is integer micro-USD (``micro_usd…``), times are UTC, counts are tokens unless named
otherwise. NULL is "unknown", never zero. Later versions only add, and take
away what was never used: see ``migrations/versions``.
"""

from pipeline.store.tables.asking import (
    BatchRequestRow,
    BatchRow,
    ChargeRow,
    EstimateRow,
    PlannedCallRow,
    PlannedClusterRow,
    PlannedSkipRow,
    PlanRow,
    ReplyRow,
    RequestRow,
)
from pipeline.store.tables.base import Row, table_of
from pipeline.store.tables.deciding import (
    ConflictRow,
    ConflictSideRow,
    DecisionRow,
    EditRow,
    FailedCallRow,
    LedgerEntryRow,
    MergedSourceRow,
    MergedStoryRow,
    VerdictRow,
)
from pipeline.store.tables.reading import (
    CorpusDocumentRow,
    CorpusRow,
    CorpusStoryRow,
    DocumentRow,
    ExtractionRow,
    OutlineRow,
    StoryRow,
)
from pipeline.store.tables.running import (
    ActualRow,
    DepartureRow,
    NeedleCellRow,
    RunCellRow,
    RunRow,
    ScoreRow,
)

__all__ = [
    "ActualRow",
    "BatchRequestRow",
    "BatchRow",
    "ChargeRow",
    "ConflictRow",
    "ConflictSideRow",
    "CorpusDocumentRow",
    "CorpusRow",
    "CorpusStoryRow",
    "DecisionRow",
    "DepartureRow",
    "DocumentRow",
    "EditRow",
    "EstimateRow",
    "ExtractionRow",
    "FailedCallRow",
    "LedgerEntryRow",
    "MergedSourceRow",
    "MergedStoryRow",
    "NeedleCellRow",
    "OutlineRow",
    "PlanRow",
    "PlannedCallRow",
    "PlannedClusterRow",
    "PlannedSkipRow",
    "ReplyRow",
    "RequestRow",
    "Row",
    "RunCellRow",
    "RunRow",
    "ScoreRow",
    "StoryRow",
    "VerdictRow",
    "table_of",
]
