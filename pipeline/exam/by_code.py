"""Judges that no model stands behind: proof alone, and the likeness of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from pipeline.catalog import ModelSpec
from pipeline.compare.measures import need_similarity
from pipeline.entries import Answer
from pipeline.errors import InputError
from pipeline.exam.job import examined
from pipeline.exam.questions import Exam
from pipeline.judge.calibration import Said, examine
from pipeline.judge.proof import prove_need
from pipeline.judge.records import Record, dated
from pipeline.merge.judging import judge_of
from pipeline.stories import Story

_LIKE = 0.5
#: Code has no weights and no prompt to look for.
_NO_FOLDER = Path()


def by_proof(a: Story, b: Story) -> Said:
    """One need where goal and benefit are proved the same; of anything else proof says nothing."""
    return Said(Answer.ONE_NEED if prove_need(a, b) else None)


def by_likeness(a: Story, b: Story) -> Said:
    """How alike the words of two goals are, as if it were the likelihood of one need. All words
    weigh the same: rarity is a thing of a corpus, and pairs of an exam are of none."""
    alike = min(1.0, need_similarity(a, b, {}))
    found = dict.fromkeys(Answer, 0.0) | {Answer.ONE_NEED: alike, Answer.DIFFERENT: 1 - alike}
    return Said(Answer.ONE_NEED if alike >= _LIKE else Answer.DIFFERENT, found)


#: By the names under which they are examined.
JUDGES: Mapping[str, Callable[[Story, Story], Said]] = {
    "code": by_proof,
    "likeness": by_likeness,
}


def examine_code(name: str, exam: Exam, today: date) -> Record:
    """The record of a judge that no model stands behind.

    Raises:
        InputError: no such judge.
    """
    if name not in JUDGES:
        raise InputError(f"no judge {name!r}.", next=f"There are: {', '.join(JUDGES)}.")
    spec = ModelSpec(name, "extractive", name, 10**6, 10**6)
    questions = list(exam.questions)
    said = {(one.a.id, one.b.id): JUDGES[name](one.a, one.b) for one in questions}
    judge = judge_of(spec, _NO_FOLDER, _NO_FOLDER, exam.hash)
    record = examine(judge, examined(questions, said), labels=exam.names)
    return dated(record, today, "0", 0.0)
