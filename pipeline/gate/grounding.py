"""The gate: nothing that its sources do not say gets into the merged document.

Code, not a model, compares each sentence of a merged story with the stories it cites. Its
quantities, dates, versions, quoted terms and names must stand there; what it denies must be
denied there and what it affirms affirmed; it must ask as strongly (must, should, may); its role
must be one of theirs; every content word must be supported by its stem. A sentence that is a
source's own, word for word, needs no further proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.compare.features import Features, features
from pipeline.compare.quantities import Quantity
from pipeline.gate import modality, recombination, roles_and_reasons
from pipeline.gate.sources import (
    Statement,
    of_family,
    places,
    statements_of,
    supporting,
    without_lead,
)
from pipeline.gate.sources import verbatim as source_copies
from pipeline.outcomes import Finding, StoryText, Verdict
from pipeline.stories import Story
from pipeline.text.sentences import sentences
from pipeline.text.words import WORD, fold


def sentence_verdicts(
    text: StoryText,
    sources: Sequence[Story],
    texts: Mapping[str, str] | None = None,
) -> tuple[Verdict, ...]:
    """One verdict a sentence.

    Args:
        texts: document texts by sha256, for exact source places.
    """
    known = [statement for story in sources for statement in statements_of(story)]
    crossed = roles_and_reasons.findings(text, sources)
    verdicts = []
    for field, sentence in sentences_of(text):
        findings = (*_findings(field, sentence, known), *crossed.pop((field, sentence), ()))
        verdicts.append(
            Verdict(
                field,
                sentence,
                grounded=not findings,
                findings=findings,
                sources=places(supporting(sentence, known), sources, texts or {}),
            )
        )
    return tuple(verdicts)


def grounded(verdicts: Iterable[Verdict]) -> bool:
    """Whether nothing was stopped."""
    return all(verdict.grounded for verdict in verdicts)


def fields_of(text: StoryText) -> list[tuple[str, str]]:
    """Everything a merged story says as (field, text), empty fields left out."""
    pairs = [("title", text.title), ("role", text.role), ("goal", text.goal)]
    pairs += [("benefit", text.benefit)]
    pairs += [("criterion", c) for c in text.criteria]
    pairs += [("body", b) for b in text.body]
    return [(field, value) for field, value in pairs if value]


def sentences_of(text: StoryText) -> list[tuple[str, str]]:
    """Every sentence of a merged story as (field, sentence)."""
    return [
        (field, part) for field, value in fields_of(text) for part in (sentences(value) or (value,))
    ]


def _findings(field: str, sentence: str, known: Sequence[Statement]) -> Iterable[Finding]:
    copies = source_copies(sentence, known)
    if any(field != "role" or copy.field == "role" for copy in copies):
        return
    if field == "role" and _joined(sentence, known):
        return
    wanted = features(sentence)
    yield from _quantities(wanted, known)
    yield from _names(wanted, known)
    if field == "role":
        yield from _role(wanted, known)
        return
    yield from modality.findings(sentence, (s.text for s in known if s.field != "role"))
    yield from _support(wanted, known)
    yield from recombination.findings(sentence, known)


def _quantities(wanted: Features, known: Sequence[Statement]) -> Iterable[Finding]:
    for number in sorted(wanted.numbers):
        if not any(_states(statement.features, number) for statement in known):
            yield Finding("number", f"{number} is in no source")
    for date in sorted(wanted.dates - {d for s in known for d in s.features.dates}):
        yield Finding("date", f"{date} is in no source")
    for version in sorted(wanted.versions - {v for s in known for v in s.features.versions}):
        yield Finding("number", f"version {version} is in no source")


def _states(source: Features, number: Quantity) -> bool:
    return any(
        theirs.value == number.value
        and theirs.unit == number.unit
        and theirs.bound == number.bound
        and (not number.noun or number.noun == theirs.noun or number.noun in source.stems)
        for theirs in source.numbers
    )


def _names(wanted: Features, known: Sequence[Statement]) -> Iterable[Finding]:
    words = " ".join(" ".join(WORD.findall(fold(s.text).casefold())) for s in known)
    plain = " ".join(fold(s.text).casefold() for s in known)
    for name in sorted(wanted.names):
        spelled = " ".join(WORD.findall(fold(name).casefold()))
        if f" {spelled} " not in f" {words} " and name.casefold() not in plain.split():
            yield Finding("name", f"“{name}” is in no source")
    for term in sorted(wanted.quoted):
        if " ".join(term.split()) not in " ".join(plain.split()):
            yield Finding("name", f"the quoted “{term}” is in no source")


def _role(wanted: Features, known: Sequence[Statement]) -> Iterable[Finding]:
    roles = [s.features for s in known if s.field == "role"] or [s.features for s in known]
    allowed = frozenset().union(*(role.stems for role in roles))
    for root in sorted(wanted.stems - allowed):
        if not of_family(root, allowed):
            yield Finding("name", f"no source has this role: “{root}”")


def _joined(text: str, known: Sequence[Statement]) -> bool:
    """Whether a role is the sources' roles, word for word, with "or" between them."""
    left = f" {without_lead(text)} "
    roles = {without_lead(s.text) for s in known if s.field == "role"}
    for role in sorted(roles, key=lambda role: (-len(role), role)):
        left = left.replace(f" {role} ", "  ")
    return set(left.split()) <= {"or", "a", "an", "the"}


def _support(wanted: Features, known: Sequence[Statement]) -> Iterable[Finding]:
    there = frozenset().union(*(s.features.stems for s in known)) if known else frozenset()
    unsupported = [s for s in sorted(wanted.stems - there) if not of_family(s, there)]
    if unsupported:
        yield Finding("support", f"in no source: {', '.join(unsupported)}")
