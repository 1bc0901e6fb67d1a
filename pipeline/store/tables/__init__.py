"""The tables. Only ``schema`` creates them; only ``record``, ``runs``, ``caches``, ``decisions``,
``glossary``, ``judging``, ``batches``, ``claims``, ``journal`` and ``purge`` write them.

    reading    documents, stories, corpora; caches of extractions and plans
    asking     plans, requests, estimates; the journal of replies, batches, reservations, claims
    running    runs, what they took, what left the machine, needle cells
    judging    what exams found of judges, what these said in a run, what persons read of it
    deciding   entries, folds, conflicts, links, the ledger; decisions of persons

Keys are content hashes where content decides identity, so that writing twice is writing once.
Money is integer micro-USD (``micro_usd…``), times are UTC, counts are tokens unless named
otherwise. NULL is "unknown", never zero. They are declared here once: a blank database is made of
them, and ``migrations/versions`` brings an older one to the same.
"""

from pipeline.store.tables.call_tables import (
    AskerRow,
    BatchRequestRow,
    BatchRow,
    ChargeRow,
    ClaimRow,
    EstimateRow,
    PlannedCallRow,
    PlannedSkipRow,
    PlanRow,
    ReplyRow,
    RequestRow,
)
from pipeline.store.tables.document_tables import (
    CorpusDocumentRow,
    CorpusRow,
    CorpusStoryRow,
    DocumentRow,
    ExtractionRow,
    OutlineRow,
    StoryRow,
    VectorRow,
)
from pipeline.store.tables.judge_tables import (
    JudgeFigureRow,
    JudgementRow,
    JudgeRecordRow,
    ReadingRow,
    TrainingLossRow,
    TrainingRow,
)
from pipeline.store.tables.merge_tables import (
    ConflictRow,
    ConflictSideRow,
    DecisionRow,
    EntryLineRow,
    EntryRoleRow,
    EntryRow,
    EntrySourceRow,
    FailedCallRow,
    FoldRow,
    GlossaryRow,
    KeptRow,
    LedgerEntryRow,
    LinkRow,
    ProposalRow,
)
from pipeline.store.tables.run_tables import (
    ActualRow,
    DepartureRow,
    NeedleCellRow,
    RunCellRow,
    RunRow,
    ScoreRow,
)
from pipeline.store.tables.table_base import Row, table_of

__all__ = [
    "ActualRow",
    "AskerRow",
    "BatchRequestRow",
    "BatchRow",
    "ChargeRow",
    "ClaimRow",
    "ConflictRow",
    "ConflictSideRow",
    "CorpusDocumentRow",
    "CorpusRow",
    "CorpusStoryRow",
    "DecisionRow",
    "DepartureRow",
    "DocumentRow",
    "EntryLineRow",
    "EntryRoleRow",
    "EntryRow",
    "EntrySourceRow",
    "EstimateRow",
    "ExtractionRow",
    "FailedCallRow",
    "FoldRow",
    "GlossaryRow",
    "JudgeFigureRow",
    "JudgeRecordRow",
    "JudgementRow",
    "KeptRow",
    "LedgerEntryRow",
    "LinkRow",
    "NeedleCellRow",
    "OutlineRow",
    "PlanRow",
    "PlannedCallRow",
    "PlannedSkipRow",
    "ProposalRow",
    "ReadingRow",
    "ReplyRow",
    "RequestRow",
    "Row",
    "RunCellRow",
    "RunRow",
    "ScoreRow",
    "StoryRow",
    "TrainingLossRow",
    "TrainingRow",
    "VectorRow",
    "table_of",
]
