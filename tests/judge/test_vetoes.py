"""What outranks a model's "one need", and what it leaves alone."""

from __future__ import annotations

import pytest

from pipeline.judge.vetoes import veto, veto_text
from pipeline.stories import Locator
from tests.judge.examples import story

OPPOSED = [
    # quantities, units, dates, bounds
    ("keep a parcel for 5 days", "store a parcel for 7 days", "quantity"),
    ("keep a parcel for 5 days", "keep a parcel for 5 weeks", "quantity"),
    ("upload files of up to 10 MB", "upload files of at least 10 MB", "quantity"),
    ("upload files of up to 10 MB", "upload files of up to 10 GB", "quantity"),
    ("allow 3 retries in 5 minutes", "allow 5 retries in 3 minutes", "quantity"),
    ("close the ledger on 31 March", "close the ledger on 30 June", "quantity"),
    ("flag readings < 40", "flag readings > 40", "quantity"),
    ("flag readings below −5 degrees", "flag readings below 5 degrees", "quantity"),
    ("support TLS 1.2", "support TLS 1.3", "quantity"),
    ("certify against ISO27001", "certify against ISO9001", "quantity"),
    ("remind tenants twelve days ahead", "remind tenants ten days ahead", "quantity"),
    # negation
    ("show prices to guests", "not show prices to guests", "negation"),
    ("let trainees sign the form", "let no trainees sign the form", "negation"),
    ("pay without a card", "pay by card", "negation"),
    ("lock the door if it is empty", "lock the door unless it is empty", "negation"),
    ("let drivers swap shifts", "prevent drivers from swapping shifts", "negation"),
    # small words, wherever the rest is said in other words
    ("be warned before the kiln opens", "get a warning after the kiln is opened", "small words"),
    ("turn reminders on", "switch reminders off", "small words"),
    ("see every open bid", "look at some open bids", "small words"),
    ("file the claim first", "submit the claim last", "small words"),
    ("weigh a crate inside the cold store", "weigh crates outside the cold store", "small words"),
    ("always archive the log", "never archive the log", "negation"),
    ("get the roster daily", "receive the roster weekly", "small words"),
    ("sort the queue by most votes", "order the queue by least votes", "small words"),
    ("let only foremen open valves", "let foremen open valves", "small words"),
    ("must sign with a seal", "may sign with a seal", "small words"),
    ("carry goods to the harbour", "carry goods from the harbour", "small words"),
    ("pick size and colour", "pick size or colour", "small words"),
    ("be told the day before a strike", "be told on the day of a strike", "small words"),
    # opposites
    ("add a tenant to the list", "remove a tenant from the register", "opposites"),
    ("see the road to the site", "view the road from the site", "small words"),
    ("sign the plan before the permit", "permit the plan before the sign", "order"),
    ("archive old minutes", "restore archived minutes", ""),
    ("import contacts", "export contacts", "opposites"),
    ("see the newest ads at the top", "view the newest adverts at the bottom", "opposites"),
    ("lock a cabin remotely", "unlock a cabin from afar", "opposites"),
    # order
    ("move a plan from draft to final", "move a plan from final to draft", "small words"),
    ("let teachers rate parents", "let parents rate teachers", "order"),
    ("copy the index over the backup", "copy the backup over the index", "order"),
    ("start the pump when the alarm stops", "stop the alarm when the pump starts", "order"),
    ("let buyers rate sellers", "allow sellers to review buyers", "order"),
]
PARAPHRASES = [
    ("reserve a seat online", "book a place on the website"),
    ("get an e-mail when my parcel arrives", "be notified by mail once my parcel is here"),
    ("delete my account", "remove my profile for good"),
    ("print the invoice", "have the invoice printed"),
    ("filter offers by price", "narrow the offers down by what they cost"),
    ("see my past orders", "look through the history of my orders"),
    ("pay within 30 days", "settle the bill within thirty days"),
    ("upload files of up to 10 MB", "attach documents no larger than 10 MB"),
    ("change the delivery address", "edit where the order is sent"),
    ("reset a forgotten password", "get a new password when I forget mine"),
    ("be able to search the archive", "search the archive"),
    ("see which rooms are free", "view the rooms that are available"),
    ("export the list as CSV", "download the list as a CSV file"),
    ("assign a task to a colleague", "give a colleague a task"),
    ("cannot lose my draft", "never lose my draft"),
    ("must not see other tenants' bills", "not be shown the bills of other tenants"),
    ("receive a monthly report", "get a report every month"),
    ("sort results by date", "order the results by their date"),
    ("invite guests to an event", "send invitations for an event to guests"),
    ("receive the minutes of a board", "receive a board's minutes"),
    ("set a daily limit of $50", "set a limit of 50 dollars daily"),
    ("wait no less than 5 days", "wait at least 5 days"),
    ("weigh parcels no heavier than 9 kg", "weigh parcels of at most 9 kg"),
]
#: What only one telling says, or says in another place, is no difference of aligned places.
NOTATIONS = [
    ("wait 90 minutes", "wait 1.5 hours"),
    ("keep for half a year", "keep for 6 months"),
    ("wait a quarter of an hour", "wait 15 minutes"),
    ("upload 10 MB", "upload 10,000 KB"),
    ("upload 1 GB", "upload 1024 MB"),
    ("pay 50 cents", "pay €0.50"),
    ("a cable of 1 m", "a cable of 100 cm"),
    ("1.5 thousand seats", "1,500 seats"),
    ("children under 12", "children aged 11 and younger"),
    ("more than 5 guests", "at least 6 guests"),
    ("at least 3 bids", "3 bids or more"),
    ("at most 3 bids", "no more than three bids"),
    ("under 3 m", "< 3 m"),
    ("a report once a month", "a monthly report"),
    ("a report every week", "a weekly report"),
    ("book with 0 photos", "book with no photos"),
    ("only members may book", "no one except members may book"),
    ("store at -5 degrees", "store at minus 5 degrees"),
    ("wait 1½ hours", "wait 90 minutes"),
    ("up to 5 of them", "5 of them at most"),
    ("at least 5 days", "5 days minimum"),
    ("within 5 days", "in 5 days or less"),
    ("less than a week", "under 7 days"),
    ("room no. 12", "room 12"),
    ("2 dozen eggs", "24 eggs"),
]
OTHER_AMOUNTS = [
    ("wait 90 minutes", "wait 9 hours"),
    ("keep for half a year", "keep for 5 months"),
    ("upload 10 MB", "upload 10 KB"),
    ("pay 50 cents", "pay €50"),
    ("pay 50 euros", "pay 50 dollars"),
    ("children under 12", "children aged 12 and younger"),
    ("more than 5 guests", "at least 5 guests"),
    ("a claim of less than 200 euros", "a claim of at least 200 euros"),
    ("at most 3 bids", "no less than three bids"),
    ("a report once a month", "a weekly report"),
    ("store at -5 degrees", "store at 5 degrees"),
    ("5 days at most", "5 days at least"),
    ("more than a week", "less than a week"),
]


@pytest.mark.parametrize(("a", "b"), NOTATIONS)
def test_one_quantity_in_two_notations_is_no_difference(a, b):
    assert veto_text(a, b) == "" == veto_text(b, a)


@pytest.mark.parametrize(("a", "b"), OTHER_AMOUNTS)
def test_another_quantity_is_one_in_any_notation(a, b):
    assert veto_text(a, b) and veto_text(b, a)


@pytest.mark.parametrize(
    ("language", "a", "b", "same"),
    [
        ("German", "nach 48 Stunden löschen", "nach 2 Tagen löschen", True),
        ("German", "nach 48 Stunden löschen", "nach 3 Tagen löschen", False),
        ("French", "garder 14 jours", "garder 2 semaines", True),
        ("Spanish", "esperar 90 minutos", "esperar 2 horas", False),
        ("French", "à 15 h 30", "à 15h30", True),
        ("French", "à 15 h 30", "à 16h30", False),
        ("German", "um 8 Uhr", "um 8:00 Uhr", True),
        ("German", "1.000 Euro zahlen", "1000 € zahlen", True),
        ("French", "sur 3,5 km", "sur 3500 m", True),
        ("Spanish", "2 kg de harina", "200 g de harina", False),
        ("German", "bei -5 Grad", "bei minus 5 Grad", True),
    ],
)
def test_quantities_of_other_languages_are_one_in_any_notation(language, a, b, same):
    assert (veto_text(a, b, language) == "") is same


UNALIGNED = [
    # a number, a bound, a denial, "only" that the other leaves out
    ("keep a parcel for 5 days at the desk", "keep a parcel at the desk"),
    ("refund a ticket until 2 days ahead", "refund a ticket within the deadline"),
    ("upload one file with 40 rows", "upload all rows in one file"),
    ("see the stock, none of it twice", "see the stock"),
    ("open the gate only on paid tickets", "let ticket holders through the gate"),
    # small words that stand beside something else
    ("print the badge before lunch", "after a visitor signs in, have the badge printed"),
    ("take the cover off the price list", "uncover prices on the page"),
    ("a report of all sites, some pages long", "a report of all sites"),
    ("import a list out of a spreadsheet", "a spreadsheet import of a list"),
    # parts of a sentence that moved as a whole, and another voice
    ("on the way to the pier, see the queue", "see the queue on the way to the pier"),
    ("a crate to be handed from a van to a cart", "hand a crate from a van to a cart"),
    ("give riders points after a trip", "give points to riders after a trip"),
    ("a list of the week's 5 busiest sites", "a list of the 5 busiest sites of the week"),
    ("the toll always to be charged on bridges", "the toll to be charged on bridges always"),
    ("take the lock off the locker", "unlock the locker"),
    ("be told when no seat is left", "be told when the last seat is taken"),
    ("tickets that nobody has taken", "tickets that are not taken yet"),
]


@pytest.mark.parametrize(("a", "b"), UNALIGNED)
def test_what_is_told_once_or_elsewhere_is_left_to_the_judge(a, b):
    assert veto_text(a, b) == "" == veto_text(b, a)


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        ("keep a parcel for 5 days at the desk", "at the desk, keep parcels 7 days", "quantity"),
        ("move from level 3 to level 5", "move from level 5 to level 3", "quantity"),
        ("before the kiln opens, warn me", "warn me after the kiln opens", "small words"),
        ("show nobody but staff the queue at all times", "show everybody the queue at all times",
         "small words"),
        ("let guests in unless the hall is full", "let guests in if the hall is full", "negation"),
        ("a weekly change of towels", "have towels changed daily", "small words"),
        ("turn points into a gift card at the till", "turn a gift card into points at the till",
         "order"),
        ("when the alarm stops, start the pump", "when the pump starts, stop the alarm", "order"),
        ("put a file into the archive", "restore a file", "opposites"),
    ],
)  # fmt: skip
def test_the_same_place_is_found_in_another_order(a, b, why):
    assert veto_text(a, b) == why == veto_text(b, a)


@pytest.mark.parametrize(("a", "b", "why"), OPPOSED)
def test_what_code_sees_to_differ_is_vetoed_in_either_order(a, b, why):
    assert veto_text(a, b) == why
    assert bool(veto_text(b, a)) == bool(why)


@pytest.mark.parametrize(("a", "b"), PARAPHRASES)
def test_other_words_for_one_need_are_left_to_the_judge(a, b):
    assert veto_text(a, b) == "" == veto_text(b, a)


@pytest.mark.parametrize("goal", sorted({g for pair in (*OPPOSED, *PARAPHRASES) for g in pair[:2]}))
def test_nothing_is_opposed_to_itself(goal):
    assert veto_text(goal, goal) == ""


@pytest.mark.parametrize(
    ("language", "a", "b", "why"),
    [
        ("German", "die Liste vor dem Druck", "die Liste nach dem Druck", "small words"),
        ("German", "die Liste drucken", "die Liste nicht drucken", "negation"),
        ("German", "5 Tage warten", "7 Tage warten", "quantity"),
        ("German", "Kunden sollen Fahrer bewerten", "Fahrer sollen Kunden bewerten", "order"),
        ("German", "die Liste drucken", "die Liste ausdrucken", ""),
        ("French", "recevoir un avis avant la vente", "recevoir un avis après la vente",
         "small words"),
        ("French", "voir les prix", "ne pas voir les prix", "negation"),
        ("French", "payer avec une carte", "payer sans carte", "small words"),
        ("Spanish", "ver todos los pedidos", "ver algunos pedidos", "small words"),
        ("Spanish", "borrar mi cuenta", "eliminar mi cuenta", ""),
        ("Italian", "stampare prima della firma", "stampare dopo la firma", "small words"),
        ("Portuguese", "ver os preços", "não ver os preços", "negation"),
        ("Dutch", "altijd bewaren", "soms bewaren", "small words"),
    ],
)  # fmt: skip
def test_every_known_language_has_its_own_list(language, a, b, why):
    found = veto_text(a, b, language)
    assert found == why if language != "French" else bool(found) == bool(why)


def test_a_language_without_a_list_is_not_understood_and_vetoed():
    polish = "Jako klient chcę zobaczyć wszystkie zamówienia, żeby nie tracić czasu i się nie mylić"
    a, b = story("zobaczyć zamówienia", text=polish), story("widzieć zamówienia", text=polish)
    assert a.language == "Polish" and veto(a, b) == "language"


def test_two_languages_are_not_compared():
    german = story("drucken", text="Als Kunde möchte ich die Liste drucken, damit ich sie habe.")
    assert german.language == "German"
    assert veto(german, story("print the list, so that I have it")) == "language"


def test_of_a_language_that_is_not_known_every_list_holds():
    assert veto_text("alle Preise zeigen", "keine Preise zeigen", "") != ""
    assert veto_text("prices before tax", "prices after tax", "") != ""


def test_what_stands_before_the_goal_counts():
    may, must_not = (
        story("open the vault", text=f"As a guard, I {verb} open the vault.")
        for verb in ("can", "must never")
    )
    assert veto(may, must_not) == "negation"


def test_details_that_contradict_are_no_one_need():
    a = story("borrow a drill", criteria=("The loan ends after 7 days.",))
    b = story("take a drill on loan", criteria=("The loan ends after 14 days.",))
    assert veto(a, b) == "details" == veto(b, a)
    assert veto(a, story("take a drill on loan", criteria=("A deposit is paid.",))) == ""


def test_benefits_may_differ_as_they_like():
    a = story("reserve a seat", benefit="I can stand nowhere")
    assert veto(a, story("book a place", benefit="I do not stand")) == ""


@pytest.mark.parametrize(
    ("heading", "why"),
    [
        ("Out of scope", "scope"),
        ("Ruled out", "scope"),
        ("Leaving out for now", "scope"),
        ("Taking old tools out", "scope"),  # which tools, "old" says
        ("Working without a network", "scope"),
        ("Turned off", "scope"),
        ("Checking out of hours", "scope"),
        ("Taking tools out", ""),
        ("Signing out", ""),
        ("Switching the heating on and off", ""),
    ],
)
def test_a_heading_that_takes_a_need_back_vetoes_and_one_that_names_what_is_done_does_not(
    heading, why
):
    a, b = story("borrow a drill"), story("take a drill on loan")
    here = Locator(line=1, heading=(heading,))
    object.__setattr__(b, "source", type(b.source)("doc", "doc.md", here, b.source.spans))
    assert veto(a, b) == why == veto(b, a)


def test_another_object_or_actor_is_the_judges_business():
    assert veto_text("export the member list", "export the loan list") == ""
    assert veto_text("let the clerk approve it", "let the manager approve it") == ""
