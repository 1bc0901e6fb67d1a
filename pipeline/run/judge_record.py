"""Which record a merge's judge is believed by, and what of its answers follows.

A record holds for just the model, weights, quantisation, adapter, prompt, vetoes and exam that it
was made with. What is not so is told, and counts as no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from pipeline.calls import Call, Reply
from pipeline.config.load_options import Setup
from pipeline.entries import Answer, Judgement
from pipeline.judge import vetoes
from pipeline.judge.belief import READINGS, Belief
from pipeline.judge.calibration import Said, heard, likelihoods_of
from pipeline.judge.judge_records import Judge, Record
from pipeline.judge.labels import exam_hash, file_hash
from pipeline.judge.strata import cell_of
from pipeline.judge.window_figures import most_stories, tells_apart
from pipeline.models import ModelSpec
from pipeline.plan.groups import GROUPS_PROMPT
from pipeline.plan.pairs import WORDS, pair_prompt
from pipeline.prompts import labelled_prompt
from pipeline.providers.opening import adapter_of, base_of, revision_of
from pipeline.replies.parsing import CallFailed, read_answer
from pipeline.store.judgements import JudgementTold
from pipeline.store.record import Store
from pipeline.stories import Story

#: The files of the built-in exam, in its folder: written pairs, and pairs drawn from documents.
WRITTEN, DRAWN = "pairs.jsonl", "corpora.jsonl"
#: What judges that no model stands behind are known by beside their names.
CODE_VERSION = "code-1"
#: How a difference between a record's judge and the one that is asked is told.
_TOLD = {
    "revision": "other weights",
    "quantisation": "another quantisation",
    "adapter": "another adapter",
    "prompt": "another version of the prompt",
    "prompt_sha256": "another text of the prompt",
    "vetoes": "another version of the vetoes",
    "exam": "another exam, or labels that have changed since or are gone",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A judge's record.

    Args:
        record: the newest that holds, None where none does.
        why: what is wrong with the newest of those that do not; "" where there is none at all.
    """

    record: Record | None = None
    why: str = ""


def judge_of(spec: ModelSpec, cache: Path, prompts: Path, exam: str, *, prompt: str = "") -> Judge:
    """Just who would be asked. Code is asked without a prompt.

    Args:
        prompt: that of windows (:data:`~pipeline.plan.groups.GROUPS_PROMPT`), whose groups no veto
            is about; that of pairs where none is named.
    """
    if not spec.provider.is_model:
        return Judge(spec.name, CODE_VERSION, "", "", "", "", exam, vetoes.VERSION)
    asked = labelled_prompt(prompts, prompt or pair_prompt(spec))
    local = spec.provider.is_local
    return Judge(
        model=spec.name,
        revision=base_of(spec, cache) if local else revision_of(spec, cache),
        quantisation=_held(spec.setup),
        adapter=adapter_of(spec, cache),
        prompt=asked.label,
        prompt_sha256=asked.sha256,
        exam=exam,
        vetoes="" if prompt else vetoes.VERSION,
    )


def _held(setup: Setup) -> str:
    """How a model's weights are held and read: whatever may change what it answers."""
    plain = Setup()
    told = [f"{setup.bits} bit"]
    told += [
        f"{one.name} {getattr(setup, one.name)}"
        for one in fields(Setup)
        if one.name not in ("bits", "attention", "spread", "lora")
        and getattr(setup, one.name) != getattr(plain, one.name)
    ]
    return ", ".join(told)


def find_record(
    spec: ModelSpec,
    cache: Path,
    prompts: Path,
    exams: Path,
    held: Iterable[Record],
    *,
    prompt: str = "",
) -> Found:
    """The record that a judge is believed by.

    Args:
        exams: folder of the built-in exam.
        held: records of the model, the newest first.
        prompt: as :func:`judge_of` takes it; records of the other prompt are passed over.
    """
    why = ""
    for record in held:
        if _is_of_windows(record) != (prompt == GROUPS_PROMPT):
            continue
        now = judge_of(spec, cache, prompts, _exam_now(record, exams), prompt=prompt)
        differs = [
            _TOLD.get(one.name, one.name)
            for one in fields(Judge)
            if getattr(record.judge, one.name) != getattr(now, one.name)
        ]
        if not differs:
            return Found(record)
        why = why or f"its record {record.id} is of {' and '.join(differs)}"
    return Found(None, why)


def _is_of_windows(record: Record) -> bool:
    return record.judge.prompt.partition(".")[0] == GROUPS_PROMPT


def _exam_now(record: Record, exams: Path) -> str:
    """What the exam of a record is known by today: "" where its files are gone."""
    built_in = [file_hash(exams / WRITTEN), file_hash(exams / DRAWN)]
    known = [
        exam_hash([one for one in some if one is not None])
        for some in (built_in[:1], built_in)
        if None not in some
    ]
    if record.judge.exam in known:
        return record.judge.exam
    own = [file_hash(Path(name)) for name in record.labels]
    return exam_hash([one for one in own if one]) if own and None not in own else ""


def records_of(spec: ModelSpec, store: Store | None, listed: Sequence[Record] = ()) -> list[Record]:
    """Every record of a model: of this database, then of the catalogue, the newest first."""
    held = store.records(spec.name) if store is not None else []
    return [*held, *(one for one in listed if one.judge.model == spec.name)]


def belief_on(record: Record, store: Store | None, corpus: str) -> Belief:
    """What a judge may do on a corpus.

    Args:
        corpus: its sha256; "" where it is not stored, and nobody has read any of it.
    """
    if store is None or not corpus:
        return Belief(record)
    return Belief(record, store.share(corpus, record.id), store.readings(corpus, record.id))


@dataclass
class Heard:
    """What a judge said in a run, and what follows of it.

    Args:
        judgements: answers that act. opinions: the others: they order what a person is asked.
        told: every answer, with what came of it, but those that two needs are different by a
            judge that is believed.
        failed: why calls failed.
    """

    judgements: list[Judgement] = field(default_factory=list)
    opinions: list[Judgement] = field(default_factory=list)
    told: list[JudgementTold] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def would_fold(self) -> int:
        """Pairs that the judge would fold and may not."""
        return sum(one.would and not one.acts for one in self.told)


def hear(
    name: str,
    asked: Iterable[tuple[Call, Sequence[Reply]]],
    stories: Mapping[str, Story],
    belief: Belief | None,
) -> Heard:
    """What follows of a judge's replies.

    Args:
        name: of the judge.
        asked: every question with its replies, in one order or in both.
        belief: None for a judge without a record, who decides nothing.
    """
    found = Heard()
    for call, replies in asked:
        try:
            said = said_in(replies)
        except CallFailed as failure:
            found.failed.append(failure.reason)
            continue
        (_, a), (_, b) = call.handles
        take(found, name, stories[a], stories[b], said, belief)
    return found


def said_in(replies: Sequence[Reply]) -> Said:
    """What is said of a pair: in one order, or in both; of each answer the smaller likelihood
    counts. Where both orders give none and differ, they say nothing in common.

    Raises:
        CallFailed: a reply cannot be used, or there is none.
    """
    if not replies:
        raise CallFailed("no reply came")
    answers = [read_answer(reply) for reply in replies]
    likelihoods = [likelihoods_of(reply.likelihoods, WORDS) for reply in replies]
    given = [one for one in likelihoods if one is not None]
    if len(given) < len(replies):
        return Said(answers[0] if len(set(answers)) == 1 else Answer.DIFFERENT)
    least = {answer: min(one[answer] for one in given) for answer in given[0]}
    return Said(max(least, key=least.__getitem__), least)


def take(found: Heard, name: str, a: Story, b: Story, said: Said, belief: Belief | None) -> None:
    """Add what follows of an answer about two stories."""
    verdict = None if belief is None else _verdict(a, b, said, belief)
    if belief is None or verdict is None:
        if said.answer is not None:
            sure = (said.likelihoods or {}).get(said.answer)
            found.opinions.append(Judgement(a.id, b.id, said.answer, name, likelihood=sure))
            record = "" if belief is None else belief.record.id
            why = "below the threshold of its record" if record else "the judge has no record"
            found.told.append(
                JudgementTold(a.id, b.id, said.answer, name, record, sure, False, False, why)
            )
        return
    answer, sure = verdict
    if answer is Answer.DIFFERENT:  # nothing follows
        return
    cell = cell_of(a, b)
    why = belief.abstains(answer, cell)
    would = not why
    if would and not belief.believes(answer, cell.language):
        why = "its record does not suffice for this corpus"
    likelihood = sure if belief.record.reads == "likelihood" else None
    record = belief.record.id
    acts = not why
    found.told.append(JudgementTold(a.id, b.id, answer, name, record, likelihood, acts, would, why))
    if acts:
        found.judgements.append(Judgement(a.id, b.id, answer, name, record, likelihood))
    else:
        found.opinions.append(Judgement(a.id, b.id, answer, name, likelihood=likelihood))


def _verdict(a: Story, b: Story, said: Said, belief: Belief) -> tuple[Answer, float] | None:
    """The answer that reaches its threshold; vetoes are looked for where one matters."""
    thresholds, reads = belief.thresholds, belief.record.reads
    verdict = heard(said, thresholds, reads)
    if verdict is None or verdict[0] is not Answer.ONE_NEED:
        return verdict
    return heard(said, thresholds, reads, vetoes.veto(a, b))


def about_belief(belief: Belief) -> str:
    """How far a judge is believed on this corpus, in a sentence."""
    record, read = belief.record, belief.readings.right
    if belief.decides_nothing:
        return (
            f"{record.judge.model} has record {record.id}, by which none of its answers counts, "
            "however sure: it folds nothing, and is asked where --propose lets it order the "
            "questions of `review`"
        )
    if belief.readings.refuted:
        return (
            f"{record.judge.model} folds nothing here: {read.n - read.hits} of its {read.n} folds "
            "that were read are wrong"
        )
    if because := belief.because:
        how = because.replace("read", "folds read, none of them wrong") if "read" in because else ""
        by = how or f"its exam ({because.removeprefix('exam: ')})"
        return f"{record.judge.model} folds by record {record.id}: {by}"
    seen = f", {read.n} of them are read" if read.n else ""
    return (
        f"{record.judge.model} has record {record.id}, which does not suffice where "
        f"{belief.share.likely:.0%} of the candidates are one need: nothing folds until a person "
        f"has read {READINGS} of its would-be folds here and found none wrong{seen}"
    )


def about_windows(spec: ModelSpec, found: Found) -> str:
    """How many stories a window of a model may hold, and by what, in a sentence."""
    if found.record is None:
        why = f" ({found.why})" if found.why else ""
        return (
            f"how many stories {spec.name} keeps apart in one window was not measured{why}, so its "
            "windows hold what fits: `storytransformer exam --strategy groups --model "
            f"{spec.name}` measures it"
        )
    sizes = found.record.windows
    most = most_stories(sizes)
    told = f"windows hold at most {most} stories, by record {found.record.id}"
    largest = next(one for one in sizes if one.stories == most)
    if tells_apart(largest):
        return told
    return (
        f"{told}: at that size {spec.name} puts what is one need together not clearly more often "
        "than what is not"
    )


def audit(belief: Belief) -> dict[str, object] | None:
    """What reading found so far, as ``merge --json`` has it; None where nobody read."""
    read = belief.readings.right
    if not read.n:
        return None
    return {
        "read": read.n,
        "wrong": read.n - read.hits,
        "right": read.share,
        "right_at_least": read.lower(),
        "record": belief.record.id,
    }
