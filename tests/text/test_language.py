"""Stories in other languages are told apart, left out of every call, and stand word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from pipeline.text.language import ENGLISH, OTHER, language_of

STORIES = {
    "German": "Als Mitglied möchte ich eine Bohrmaschine für ein Wochenende ausleihen, damit ich "
    "mein Regal aufhängen kann. Die Ausleihe darf nicht länger als 7 Tage dauern.",
    "French": "En tant que membre, je veux prolonger un prêt depuis mon téléphone, afin de finir "
    "mon travail sans revenir à la bibliothèque.",
    "Spanish": "Como socio, quiero prolongar un préstamo desde mi teléfono para que no tenga que "
    "volver a la biblioteca de las herramientas.",
    "Polish": "Jako członek chcę wypożyczyć wiertarkę na weekend, aby powiesić półkę. Nie mogę "
    "mieć więcej niż 3 narzędzia, które są już po terminie.",
    "Chinese": "作为会员，我想在周末借用电钻，以便我可以安装架子。借用不得超过7天。",
    OTHER: "Jäsenenä haluan lainata porakoneen viikonlopuksi, jotta voin ripustaa hyllyni. "
    "Laina päättyy viimeistään seitsemän päivän kuluttua, eikä samalla jäsenellä saa olla yli "
    "kolmea työkalua kerrallaan. Myöhästymisestä peritään maksu, jonka rahastonhoitaja vahvistaa "
    "vuosittain kokouksessa ennen kesää.",
}  # fmt: skip
ENGLISH_ONES = [
    "As a member, I want to renew a loan from my phone, so that I can finish the job.",
    "FABS D1 file: FundingAgencyCode, PPoPZIP+4",
    "As a curator, I want „Die Zauberflöte“ and “Le nozze di Figaro” in the list of operas.",
    "Login",
    "",
]


@pytest.mark.parametrize(("language", "text"), STORIES.items())
def test_a_language_is_told(language: str, text: str):
    assert language_of(text) == language


@pytest.mark.parametrize("text", ENGLISH_ONES)
def test_english_and_what_is_too_short_is_english(text: str):
    assert language_of(text) == ENGLISH


def test_the_sample_is_english():
    sample = Path(__file__).resolve().parents[2] / "data" / "sample"
    read = list(extract([sample]))
    assert {language_of(story.text) for e in read for story in e.stories} == {ENGLISH}
    assert not [e.document.path for e in read if e.document.problem]


def test_a_foreign_document_is_a_reported_problem(tmp_path: Path):
    (tmp_path / "wuensche.md").write_text(f"# Wünsche\n\n{STORIES['German']}\n", encoding="utf-8")
    (tmp_path / "wishes.md").write_text(f"# Wishes\n\n{ENGLISH_ONES[0]}\n", encoding="utf-8")
    problems = {Path(e.document.path).name: e.document.problem for e in extract([tmp_path])}
    assert problems["wishes.md"] is None
    assert "German" in (problems["wuensche.md"] or "")
