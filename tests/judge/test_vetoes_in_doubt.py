"""Where a veto would not be sure it stays silent: each kind of doubt beside what is none."""

from __future__ import annotations

import pytest

from pipeline.judge.vetoes import veto, veto_text
from tests.judge.examples import story

#: One need, told so that words stand against each other which do not answer to each other.
DOUBTFUL = {
    "a bound against none": [
        ("expire a code not used within 15 minutes", "let unused codes expire in 15 minutes"),
        ("block a card after three wrong codes", "block it when at least three codes were wrong"),
        ("undo the last 4 strokes", "take back up to 4 strokes"),
    ],
    "a bound turned round": [
        ("refuse crates that weigh more than 20 kg", "take only crates of up to 20 kg"),
        ("admit nobody under 16", "admit people of 16 and older"),
        ("hide offers above 90 euros", "show offers of at most 90 euros"),
    ],
    "a bound behind its number": [
        ("lend 4 crates and no more", "lend up to 4 crates"),
        ("lend 4 crates, not more", "lend at most 4 crates"),
        ("limit a stay to 3 nights", "let guests stay for 3 nights at most"),
        ("a ramp limited to 9 tonnes", "a ramp of 9 tonnes at most"),
    ],
    "a span in words": [
        ("hold a seat for a day and a half", "hold a seat for 36 hours"),
        ("warm up for an hour and a half", "warm up for 90 minutes"),
    ],
    "a denial told by a word that denies": [
        ("not be billed when I leave early", "leave early free of any bill"),
        ("see which shelves are not full", "see which full shelves lack a thing"),
        ("see which keys are not there", "see the missing keys there"),
        ("no visit should go unrecorded", "every visit should go on record"),
        ("do with no bell at the desk", "remove the bell at the desk"),
        ("not be able to open the vault at night", "be barred from the vault at night"),
    ],
    "a denial that limits": [
        ("let the pilot open the hatch, and nobody else", "let the pilot alone open the hatch"),
        ("sign for my own crew only", "sign for my own crew and no other"),
        ("list plots with water and no others", "list only plots with water"),
        ("cancel the whole cruise, not just one leg", "cancel all legs of the cruise"),
        ("not hear a jingle twice a day", "hear a jingle once a day at most"),
        ("start the press only once the ink is dry", "hold the press back till the ink is dry"),
    ],
    "another thing denied": [
        ("send the annex what the depot cannot take", "the annex is to take what overflows"),
        ("halt at the weir", "not get any further than the weir"),
    ],
    "an opposite that is denied": [
        ("make the hall dark", "have no light in the hall"),
        ("a good crossing", "no bad crossing"),
        ("see the paid bills", "see the bills that are not unpaid"),
    ],
    "two ends of one thing": [
        ("have the warden lend me a tent", "borrow a tent from the warden"),
        ("receive the tariff from the harbour", "have the harbour send me the tariff"),
        ("buy a punnet from the grower", "have the grower sell me a punnet"),
    ],
    "two that are told in either order": [
        ("talk to the cook and the smith at once", "talk to the smith and the cook at once"),
        ("link the berth with the boat", "link the boat with the berth"),
        ("see how the draft differs from the proof", "see how the proof differs from the draft"),
        ("a link between map and log", "a link between log and map"),
        ("pick oak or ash for the frame", "pick ash or oak for the frame"),
    ],
    "a small word that may say the same": [
        ("insure the boat for theft", "insure the boat against theft"),
        ("replace the buoy by a lamp", "replace the buoy with a lamp"),
    ],
    "an opposite beside another limit": [
        ("keep the film no longer than three weeks", "delete the film once it is 21 days old"),
        ("have the first hour free", "have every hour but the first paid"),
        ("keep the gate open until dusk", "close the gate after dusk"),
    ],
    "an exception told of what is left": [
        ("lock all gates except the north gate", "lock the gates and leave the north gate open"),
        ("hide the pitch from everybody but the host", "show the pitch to the host"),
        ("see no ferry with two or more stops", "see ferries with at most one stop"),
        ("make sure that nobody bids more than once", "allow only one bid"),
    ],
    "a small word of the frame": [
        ("What I am after is to dry the nets", "There should be a way to dry the nets"),
        ("dry the nets", "What I am after is to dry the nets"),
        ("by 9 o'clock, not later, have the nets dry", "have the nets dry by 9 o'clock"),
    ],
    "a phrase that denies nothing": [
        ("dry the nets", "It goes without saying that I dry the nets"),
        ("have the nets dry by noon", "have the nets dry by noon without fail"),
        ("let members row", "there is no doubt that members row"),
    ],
    "a small word and its head": [
        ("read the berth list from the pier head", "read the list of berths from the pier"),
        ("hold on to the tide sheet", "hold on to the sheet from the tide"),
        ("keep the porter from the ledger", "take access to the ledger from the porter"),
    ],
}  # fmt: skip
#: Beside them, what a veto is sure of.
SURE = [
    ("row with the doors shut", "row without the doors shut"),
    ("It goes without saying that guests pay", "It goes without saying that guests do not pay"),
    ("write the log without failing", "write the log failing"),
    ("see the sheets with fail marks", "see the sheets without fail marks"),
    ("refuse crates that weigh more than 20 kg", "refuse crates that weigh less than 20 kg"),
    ("refuse crates of more than 20 kg", "take only crates of up to 25 kg"),
    ("lend 4 crates and no more", "lend 4 crates or more"),
    ("limit a stay to 3 nights", "limit a stay to 5 nights"),
    ("undo exactly 4 strokes", "undo at least 4 strokes"),
    ("hold a seat for a day and a half", "hold a seat for 24 hours"),
    ("be billed when I leave early", "not be billed when I leave early"),
    ("see which shelves are full", "see which shelves are not full"),
    ("do with no bell at the desk", "do with a bell at the desk"),
    ("let the pilot alone open the hatch", "let the pilot open the hatch"),
    ("let the pilot open the hatch, and nobody else", "let the pilot open the hatch"),
    ("send the annex what the depot can take", "send the annex what the depot cannot take"),
    ("make the hall dark", "make the hall light"),
    ("lend the tent", "borrow the tent"),
    ("send the tariff to the harbour", "receive the tariff at the harbour"),
    ("start the pump and stop the fan", "start the fan and stop the pump"),
    ("swap the berth for the boat", "swap the boat for the berth"),
    ("let the cook rate the smith", "let the smith rate the cook"),
    ("dry the nets the day before the trip", "dry the nets on the day of the trip"),
    ("read the list to the pier", "read the list from the pier"),
]


@pytest.mark.parametrize(
    ("a", "b"), [pair for pairs in DOUBTFUL.values() for pair in pairs]
)  # fmt: skip
def test_what_may_be_one_need_told_otherwise_is_left_to_the_judge(a, b):
    assert veto_text(a, b) == "" == veto_text(b, a)


@pytest.mark.parametrize(("a", "b"), SURE)
def test_what_differs_in_nothing_else_is_vetoed(a, b):
    assert veto_text(a, b) and veto_text(b, a)


@pytest.mark.parametrize(
    ("language", "a", "b", "same"),
    [
        ("German", "Kisten über 20 kg ablehnen", "nur Kisten bis 20 kg annehmen", True),
        ("German", "Pläne immer an zwei Leser geben", "jeden Plan von zwei Lesern prüfen", True),
        ("German", "Kisten über 20 kg ablehnen", "Kisten über 25 kg ablehnen", False),
        ("German", "nicht bezahlen, wenn ich absage", "kostenlos absagen", True),
        ("German", "drei Kisten leihen", "fünf Kisten leihen", False),
        ("German", "drei Kisten leihen", "3 Kisten leihen", True),
        ("German", "an einem Tag zwei Kisten leihen", "zwei Kisten am Tag leihen", True),
        ("French", "les prix hors taxe", "les prix sans la taxe", True),
        ("French", "garder deux caisses", "garder 2 caisses", True),
        ("French", "garder deux caisses", "garder trois caisses", False),
        ("French", "payer si le tour dépasse 20 km", "que je paye si le tour dépasse 20 km", True),
        ("French", "ne pas perdre le plan", "ne perdre aucun plan", True),
        ("Spanish", "tras tres errores", "tras cinco errores", False),
        ("Spanish", "tras tres errores", "después de 3 errores", True),
        ("Spanish", "guardar 20 minutos como máximo", "guardar 20 minutos como mínimo", False),
        ("Spanish", "guardar 20 minutos como máximo", "guardar hasta 20 minutos", True),
        ("German", "ohne Zweifel die Kisten zählen", "die Kisten zählen", True),
        ("German", "die Kisten mit Deckel zählen", "die Kisten ohne Deckel zählen", False),
        ("French", "garder sans faute les caisses", "garder les caisses", True),
        ("Spanish", "guardar sin falta las cajas", "guardar las cajas", True),
        ("German", "höchstens 20 Minuten halten", "mindestens 20 Minuten halten", False),
        ("French", "garder 20 minutes au plus", "garder 20 minutes au moins", False),
    ],
)  # fmt: skip
def test_other_languages_are_as_sure(language, a, b, same):
    assert (veto_text(a, b, language) == "") is same
    assert (veto_text(b, a, language) == "") is same


def test_a_goal_without_a_word_is_compared():
    assert veto_text("???", "!") == "" == veto_text("???", "dry the nets")


def test_criteria_are_held_against_those_that_answer_to_them():
    both = ("Members see 3 plots in the list.", "Guests see 5 plots in the list.")
    a, b = story("see plots", criteria=both), story("view plots", criteria=both[::-1])
    assert veto(a, b) == ""
    one = story("see plots", criteria=both[:1])
    assert veto(a, one) == "" == veto(one, a)
    told = tuple(f"It goes without saying that {text[0].lower()}{text[1:]}" for text in both)
    assert veto(a, story("view plots", criteria=told)) == ""
    denied = (both[0].replace("see", "do not see"), both[1])
    assert veto(a, story("view plots", criteria=denied)) == "details"
    changed = ("Members see 4 plots in the list.", both[1])
    assert veto(a, story("view plots", criteria=changed)) == "details"
