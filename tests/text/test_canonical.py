"""The rules of proof: their own examples, what any text's normal form keeps, and that every word
and sign outside the rules counts."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.judge.proof import prove_text
from pipeline.text.canonical import canonical
from pipeline.text.language import proven_language
from pipeline.text.notation import RULED
from pipeline.text.rules import RULES

FIELDS = ("title", "role", "goal", "benefit", "criterion", "body", "sentence")
LANGUAGES = (*RULED, "Polish", "")

#: Written for this test; the second of a pair is the field.
SENTENCES = (
    (
        "As a gardener, I want to water the beds before sunrise so that no leaf is burnt.",
        "sentence",
    ),
    ("As the night nurse, I would like to be able to see who took which medicine.", "sentence"),
    ("As a cook I need to know if a guest can't eat nuts, fish or eggs.", "sentence"),
    ("move a booking from the small hall to the large one only if both are free", "goal"),
    ("send every driver a text when fewer than 3 bikes are left at a station", "goal"),
    ("print labels at <= 5 mm and >= 2 mm", "goal"),
    ("get 10 % off on C++ books and not on C books", "goal"),
    ("I know at once which of my 12 parcels came and which did not", "benefit"),
    ("The form isn't sent unless each field, but the last, is filled in.", "criterion"),
    ("No more than 250 guests may enter; others wait outside until 18:30.", "criterion"),
    ("If the card is refused twice, the gate stays shut and the guard is called.", "criterion"),
    ("The words \"Pay now\" or 'Pay later' stand above the sum, never below it.", "criterion"),
    ("All rooms but R-12/b are cleaned daily. Suites are cleaned twice a day!", "body"),
    ("Open the Gate For Late Guests", "title"),
    ("head gardener of the south garden", "role"),
)
FOREIGN = (
    ("Als Gärtnerin möchte ich die Beete vor Sonnenaufgang gießen, damit kein Blatt verbrennt.",
     "sentence", "German"),
    ("En tant que cuisinière, je veux savoir quel client ne mange pas de noix.", "sentence",
     "French"),
    ("Como enfermera, quiero ver quién tomó cada medicina antes de las 8.", "sentence", "Spanish"),
    ("Come cuoco, voglio sapere chi non mangia noci, né pesce.", "sentence", "Italian"),
    ("Como motorista, quero ver quantas bicicletas há em cada estação.", "sentence", "Portuguese"),
    ("Als kok wil ik weten wie geen noten eet.", "sentence", "Dutch"),
    ("Jako kucharz chcę wiedzieć, kto nie je orzechów.", "sentence", "Polish"),
)  # fmt: skip
REAL = [(text, field, "English") for text, field in SENTENCES] + list(FOREIGN)
OTHERS = (
    "not",
    "never",
    "off",
    "on",
    "all",
    "any",
    "without",
    "US",
    "C++",
    ">7",
    "-",
    "nicht",
    "7",
)


@pytest.mark.parametrize("name", RULES)
def test_the_examples_of_a_rule_hold_and_by_that_rule(name: str) -> None:
    rule = RULES[name]
    whole = ("criteria-order", "role", "markup")
    assert rule.examples or name in whole, "shown on whole stories, in the table"
    for field, language, one, other in rule.examples:
        found = prove_text(field, one, language, other, language)
        assert found is not None and name in found.rules
        if rule.languages:
            assert language in rule.languages
            assert prove_text(field, one, "", other, "") is None


def mutations(text: str) -> Iterator[str]:
    """``text`` with a token dropped, said twice, exchanged, or swapped with another, and with a
    letter or sign dropped, doubled, or in the other case."""
    tokens = text.split()
    for n, token in enumerate(tokens):
        yield " ".join(tokens[:n] + tokens[n + 1 :])
        yield " ".join([*tokens[: n + 1], *tokens[n:]])
        for other in OTHERS:
            yield " ".join([*tokens[:n], other, *tokens[n + 1 :]])
        for m in range(n):
            swapped = tokens.copy()
            swapped[n], swapped[m] = tokens[m], token
            yield " ".join(swapped)
    for n, sign in enumerate(text):
        if not sign.isspace():
            yield text[:n] + text[n + 1 :]
            yield text[: n + 1] + text[n:]
            yield text[:n] + sign.swapcase() + text[n + 1 :]


@pytest.mark.parametrize(("text", "field", "language"), REAL, ids=lambda v: str(v)[:40])
def test_every_word_and_sign_outside_the_rules_counts(text: str, field: str, language: str) -> None:
    proved = {}
    for changed in mutations(text):
        if changed.split() != text.split():
            found = prove_text(field, text, language, changed, language)
            if found is not None:
                proved[changed] = found.rules
    assert all(harmless(text, changed) for changed in proved), proved


def harmless(text: str, changed: str) -> bool:
    """The mutations of these sentences that are no change of sense, each read by hand: a stop at
    the end, a comma of the frame, the capital that opens a sentence or a word of a heading."""
    if changed == text.removesuffix("."):
        return True
    frame = {
        "gardener,": "gardener", "nurse,": "nurse", "cuisinière,": "cuisinière",
        "enfermera,": "enfermera", "cuoco,": "cuoco", "motorista,": "motorista",
        "Gärtnerin": "Gärtnerin,", "kok": "kok,",
    }  # fmt: skip
    if any(text.replace(one, other, 1) == changed for one, other in frame.items()):
        return True
    if changed.casefold() == text.casefold():
        where = [n for n, (a, b) in enumerate(zip(text, changed, strict=True)) if a != b]
        word = text[where[0] :].split()[0].strip(".,!")
        opens = where[0] == 0 or text[: where[0]].rstrip()[-1:] == "."
        return (opens or text.startswith("Open the Gate")) and word in {
            "The", "the", "No", "If", "Als", "All", "Open", "Suites", "For", "Guests", "send",
            "move", "print", "get", "As",
        }  # fmt: skip
    return False


@pytest.mark.parametrize(("text", "field", "language"), REAL, ids=lambda v: str(v)[:40])
def test_a_normal_form_is_its_own(text: str, field: str, language: str) -> None:
    once = canonical(text, field, language)
    again = canonical(" ".join(once.tokens), field, language)
    assert again.tokens == once.tokens and not again.rules


PIECES = """I want to be able would like need not only As a user, gardener so that in order print
    Print The the A two three five $5 €5 5 10 10,000 1,000 % percent MB 10MB 5% hours euros pounds
    USD 21 Nov 2026 November 2026-11-21 5 pm 17:00 p.m. am < > <= ≤ ≥ 5. 3.5 can't cannot don't it's
    we'll organise colour e-mail — – - … ... ' " “x” ’s ( ) `a` 1st of May, US us und zwei drei
    möchte ich können Als Kunde dos três 21. 1er mai de noviembre ½ 10² \ufb01 \u00ad"""
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES.split()), max_size=9).map(" ".join),
    st.text(alphabet=string.printable + "äöüßéñ“”’—–…€£²½\u00ad\ufb01\u0301 ", max_size=40),
)


@given(TEXTS, st.sampled_from(FIELDS), st.sampled_from(LANGUAGES))
@example("$5 two", "goal", "English")
@example("$5 $5", "goal", "English")
@example("USD 10MB", "goal", "English")
def test_any_normal_form_is_its_own(text: str, field: str, language: str) -> None:
    once = canonical(text, field, language)
    assert once.rules <= RULES.keys()
    joined = ("\n" if field == "body" and "\n" in text else " ").join(once.tokens)
    assert canonical(joined, field, language).tokens == once.tokens


@given(TEXTS, TEXTS, st.sampled_from(FIELDS), st.sampled_from(LANGUAGES))
def test_proof_is_the_same_both_ways_and_of_a_text_with_itself(
    one: str, other: str, field: str, language: str
) -> None:
    assert prove_text(field, one, language, other, language) == prove_text(
        field, other, language, one, language
    )
    itself = prove_text(field, one, language, one, language)
    assert itself is not None and itself.rules == ()


def test_two_languages_prove_nothing_and_an_unknown_one_takes_the_rules_of_both() -> None:
    assert prove_text("goal", "print 5%", "English", "print 5%", "German") is None
    assert prove_text("goal", "print 5 %", "English", "print  5 %", "") is not None
    assert prove_text("goal", "print 5 %", "English", "print 5%", "") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("As a cook, I want to know who eats nuts.", "English"),
        ("As a cook, I can print.", "English"),
        ("Als Köchin möchte ich wissen, wer keine Nüsse isst.", "German"),
        ("En tant que cuisinière, je veux savoir quel client ne mange pas de noix.", "French"),
        ("print labels", ""),
        ("SHOP-12", ""),
        ("", ""),
        ("ver os dados dos clientes que não são da loja", "Portuguese"),
        ("As a guest, I want to read this: das Brot und der Käse mit Salat", ""),
        ("повар хочет знать", ""),
    ],
)
def test_a_language_is_proven_by_words_of_its_own_or_not_at_all(text: str, language: str) -> None:
    assert proven_language(text) == language
