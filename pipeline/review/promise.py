"""How promising a question is by what a judge said of its tellings."""

from __future__ import annotations

from pipeline.entries import Answer
from pipeline.store.judgements import JudgementTold

#: What a judge may say of two tellings that makes them worth asking about.
_WORTH_ASKING = (Answer.ONE_NEED, Answer.CONTRADICTING)
#: How sure a judge counts that gives an answer no likelihood, where it says another.
_UNSAID = 0.5


def promise(likeness: float, judged: JudgementTold | None) -> float:
    """How likely deciding on two tellings saves something, 0 to 1: what a judge says of them where
    one was asked, and how alike they are."""
    if judged is None:
        return likeness
    if judged.answer in _WORTH_ASKING:
        return 1.0 if judged.likelihood is None else judged.likelihood
    sure = _UNSAID if judged.likelihood is None else judged.likelihood
    return likeness * (1.0 - sure)


def opinion(judged: JudgementTold | None) -> str:
    """What a judge says that makes two tellings worth asking about, "" where it does not."""
    if judged is None or judged.answer not in _WORTH_ASKING:
        return ""
    sure = "" if judged.likelihood is None else f" ({judged.likelihood:.2f})"
    return f"{judged.answer.replace('_', ' ')}, says {judged.judge}{sure}"
