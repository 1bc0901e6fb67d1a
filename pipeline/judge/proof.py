"""Proof: what may be put under another text without a judge.

Two tellings are proved the same when, field by field, their canonical tokens are equal in order:
the closed list of harmless changes is :data:`pipeline.text.rules.RULES`. Likeness proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.stories import Story
from pipeline.text.canonical import Canonical, canonical
from pipeline.text.source_differences import Sentence, blanks_differ, differences, sentence_in
from pipeline.text.typography import set_plainly


@dataclass(frozen=True, slots=True)
class Proof:
    """That two texts say the same.

    Args:
        rules: names of the harmless changes found in texts that differ, sorted; none where the
            two are the same to the letter.
    """

    rules: tuple[str, ...]


def prove(a: Story, b: Story) -> Proof | None:
    """The proof that two stories say the same in every field, None where there is none."""
    if a.fingerprint != b.fingerprint:
        return None
    rules = [
        rule
        for field in ("title", "role", "goal", "benefit")
        for rule in _rules(field, getattr(a, field), a.language, getattr(b, field), b.language)
    ]
    rules += _source_rules(a, b)
    rules += _listed("body", a.body, b.body, a.language)
    if a.criteria != b.criteria:
        one, other = _canonical(a.criteria, a.language), _canonical(b.criteria, b.language)
        if [c.tokens for c in one] != [c.tokens for c in other]:
            rules.append("criteria-order")
        rules += [rule for each in (*one, *other) for rule in each.rules]
    if a.text != b.text:
        one_used: set[str] = set()
        other_used: set[str] = set()
        plain = set_plainly(a.text, one_used), set_plainly(b.text, other_used)
        rules += one_used ^ other_used
        rules += blanks_differ(*plain)
        rules += [] if rules else ["markup"]
    return _proof(rules)


def prove_need(a: Story, b: Story) -> Proof | None:
    """The proof that two stories tell one goal and one benefit, their roles, titles, criteria and
    bodies apart, under no heading that changes one of them. None for a story without a goal."""
    key = a.need
    if not key or key != b.need:
        return None
    rules = [
        rule
        for field in ("goal", "benefit")
        for rule in _rules(field, getattr(a, field), a.language, getattr(b, field), b.language)
    ]
    rules += _source_rules(a, b)
    if a.role != b.role:
        rules.append("role")
    if not rules and _sentence(a).text != _sentence(b).text:
        rules.append("markup")
    return _proof(rules)


def prove_text(
    field: str, a_text: str, a_language: str, b_text: str, b_language: str
) -> Proof | None:
    """The proof that two lines of one field say the same, None where there is none.

    Args:
        field: as :func:`pipeline.text.canonical.canonical` takes it.
        a_language, b_language: of their stories, "" where not known; two known ones that differ
            prove nothing, and where one is not known its rules are those of both.
    """
    if a_language != b_language:
        if a_language and b_language:
            return None
        a_language = b_language = ""
    one, other = canonical(a_text, field, a_language), canonical(b_text, field, b_language)
    if one.tokens != other.tokens:
        return None
    return _proof(() if a_text == b_text else one.rules | other.rules)


def _rules(field: str, a: str, a_language: str, b: str, b_language: str) -> Iterable[str]:
    if a == b:
        return ()
    return canonical(a, field, a_language).rules | canonical(b, field, b_language).rules


def _source_rules(a: Story, b: Story) -> set[str]:
    """Rules by which the words around goal and benefit were found the same."""
    return differences(_sentence(a), _sentence(b)) if a.text != b.text else set()


def _sentence(story: Story) -> Sentence:
    return sentence_in(story.text, story.role, story.goal, story.benefit)


def _listed(field: str, a: tuple[str, ...], b: tuple[str, ...], language: str) -> list[str]:
    return [
        rule
        for one, other in zip(a, b, strict=True)
        for rule in _rules(field, one, language, other, language)
    ]


def _canonical(texts: Iterable[str], language: str) -> list[Canonical]:
    return [canonical(text, "criterion", language) for text in texts]


def _proof(rules: Iterable[str]) -> Proof:
    return Proof(tuple(sorted(set(rules))))
