"""Bytes that are not UTF-8: which code page a few sentences are in."""

from __future__ import annotations

import pytest

from pipeline.extract.readers.decoding import decode

_ENGLISH = "As a café owner, I want “crème” – 5 € a cup – so that I sell déjà-vu."
_FRENCH = "En tant que client, je veux être prévenu à l’entrée du théâtre, même l’été."
_GERMAN = "Als Bäcker möchte ich größere Öfen, damit süße Brötchen nicht übrig sind."
_SPANISH = "Como dueño, quiero añadir una sesión para el niño. ¿Cuándo? ¡Mañana!"


@pytest.mark.parametrize("text", [_ENGLISH, _FRENCH, _GERMAN, _SPANISH])
def test_a_sentence_of_windows_1252_keeps_its_letters(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Jako użytkownik chcę wyświetlić listę zamówień, żeby śledzić wysyłkę.", "cp1250"),
        (
            "Jako uživatel chci zobrazit přehled objednávek, abych věděl, kdy přijde zboží. "
            "Žluťoučký kůň.",
            "cp1250",
        ),
        ("Felhasználóként szeretném látni a rendeléseimet. Őszi űrhajó.", "cp1250"),
        ("Как пользователь, я хочу видеть список заказов.", "cp1251"),
    ],
)
def test_other_code_pages_are_still_told_apart(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text
