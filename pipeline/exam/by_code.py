"""Judges that no model stands behind: proof alone, the likeness of words, and of sentence vectors.

None of them can be named as the judge of a merge: proof is in every merge, and what is alike is a
candidate there, for a model or a person to decide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline.compare.measures import need_similarity
from pipeline.config.extras import LOCAL, lacking
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.entries import Answer
from pipeline.errors import EngineError, InputError
from pipeline.exam.exam_job import examined
from pipeline.exam.exam_questions import Exam, Question, gather_exam
from pipeline.judge.calibration import Said, examine
from pipeline.judge.judge_records import Record, dated
from pipeline.judge.proof import prove_need
from pipeline.models import ModelSpec
from pipeline.plan.near.candidates import ENCODER, WINDOW
from pipeline.providers.extractive import PROVIDER
from pipeline.run.judge_record import CODE_VERSION, judge_of
from pipeline.store.record import Store
from pipeline.stories import Story

_LIKE = 0.5
#: Code has no weights and no prompt to look for.
_NO_FOLDER = Path()

#: What is said of pairs, in their order.
Answers = Callable[[Sequence[Question]], list[Said]]


def by_proof(a: Story, b: Story) -> Said:
    """One need where goal and benefit are proved the same; of anything else proof says nothing."""
    return Said(Answer.ONE_NEED if prove_need(a, b) else None)


def by_likeness(a: Story, b: Story) -> Said:
    """How alike the words of two goals are, as if it were the likelihood of one need. All words
    weigh the same: rarity is a thing of a corpus, and pairs of an exam are of none."""
    return _alike(need_similarity(a, b, {}))


def by_embeddings(questions: Sequence[Question]) -> list[Said]:
    """The cosine of the nearest passages of two stories, as the search for candidates measures it,
    as if it were the likelihood of one need.

    Raises:
        EngineError: the encoder is not installed, or cannot be loaded.
    """
    from pipeline.engine.embeddings import SentenceEncoder
    from pipeline.plan.near.passage_vectors import embedded_text

    encoder = SentenceEncoder.load(ENCODER, window=WINDOW)
    stories = list({s.id: s for one in questions for s in (one.a, one.b)}.values())
    vectors = encoder.encode([embedded_text(story) for story in stories])
    of = {story.id: passages for story, passages in zip(stories, vectors, strict=True)}
    return [_alike(float((of[one.a.id] @ of[one.b.id].T).max())) for one in questions]


def _alike(measure: float) -> Said:
    """A measure of likeness, at most 1, as the likelihood of one need."""
    alike = min(1.0, max(0.0, measure))
    found = dict.fromkeys(Answer, 0.0) | {Answer.ONE_NEED: alike, Answer.DIFFERENT: 1 - alike}
    return Said(Answer.ONE_NEED if alike >= _LIKE else Answer.DIFFERENT, found)


def _each(says: Callable[[Story, Story], Said]) -> Answers:
    return lambda questions: [says(one.a, one.b) for one in questions]


#: By the names under which they are examined.
JUDGES: Mapping[str, Answers] = {
    "code": _each(by_proof),
    "likeness": _each(by_likeness),
    "embeddings": by_embeddings,
}


def judges_here() -> list[str]:
    """Those that can be examined here: the encoder of sentences is an optional package, and takes
    what runs it."""
    try:
        locate_weights(ENCODER)
        encodes = not lacking(LOCAL)
    except EngineError:
        encodes = False
    return [name for name in JUDGES if encodes or name != "embeddings"]


def examinees(models: Sequence[str], strategy: str) -> list[str]:
    """Who is examined, each once: the judges of code where no model is named.

    Args:
        strategy: pairs, or groups, which only models are asked about.

    Raises:
        InputError: a judge of code, or nobody, for groups.
    """
    if strategy == "pairs":
        return list(dict.fromkeys(models or judges_here()))
    by_code = [name for name in models if name in JUDGES]
    if by_code or not models:
        raise InputError(
            f"{by_code[0]} compares two tellings and groups no window."
            if by_code
            else "windows are asked of a model, and none is named.",
            where="--strategy",
            next="Name a model with --model; `storytransformer models` lists them.",
        )
    return list(dict.fromkeys(models))


def answers_of(name: str, questions: Sequence[Question]) -> dict[tuple[str, str], Said]:
    """What a judge says, by the ids of the two stories.

    Raises:
        InputError: no such judge.
        EngineError: as :func:`by_embeddings`.
    """
    if name not in JUDGES:
        raise InputError(f"no judge {name!r}.", next=f"There are: {', '.join(JUDGES)}.")
    said = JUDGES[name](questions)
    return {(one.a.id, one.b.id): told for one, told in zip(questions, said, strict=True)}


def examined_by_code(
    name: str,
    files: Sequence[Path],
    corpora: Path | None,
    store: Store,
    cache: Path,
    say: Callable[[str], None],
) -> Record:
    """Examine a judge that no model stands behind, and keep its record.

    Args:
        files: of labelled pairs. corpora: folder of the documents that drawn pairs stand in.
        cache: as :func:`examine_code` takes it.
        say: told which pairs are left out.

    Raises:
        InputError, EngineError: as :func:`answers_of` and
            :func:`pipeline.exam.exam_questions.gather_exam`.
    """
    exam = gather_exam(files, corpora, cache=store)
    if exam.remark:
        say(exam.remark)
    record = examine_code(name, exam, store.now().date(), cache)
    store.save_record(record)
    return record


def examine_code(name: str, exam: Exam, today: date, cache: Path = _NO_FOLDER) -> Record:
    """The record of a judge that no model stands behind.

    Args:
        cache: folder in which the hash of the encoder's weights is remembered.

    Raises:
        InputError, EngineError: as :func:`answers_of`.
    """
    questions = list(exam.questions)
    started = time.monotonic()
    said = answers_of(name, questions)
    seconds = time.monotonic() - started
    spec = ModelSpec(name, PROVIDER, name, 10**6, 10**6)
    judge = judge_of(spec, _NO_FOLDER, _NO_FOLDER, exam.hash)
    if name == "embeddings":
        weights = weights_sha256(locate_weights(ENCODER), cache)
        judge = replace(judge, revision=f"{CODE_VERSION}, {weights}")
    record = examine(judge, examined(questions, said), labels=exam.names)
    return dated(record, today, "0", round(seconds, 3))
