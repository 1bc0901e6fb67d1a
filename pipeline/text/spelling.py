"""Two spellings of one word in one sense, and contractions of which each has one reading.

A closed list, word for word. Left out is every pair of which one spelling has a sense the other
has not: cheque/check, programme/program, storey/story, metre/meter, draught/draft,
dialogue/dialog, disc/disk, grey/gray (a unit), licence/license, practice/practise, tyre/tire,
labour/labor; and every contraction of two readings: it's (is, has), I'd (had, would), let's.
"""

from __future__ import annotations

from collections.abc import Mapping

_IZE = """organ author custom recogn optim priorit categor visual real synchron summar initial
normal final local personal standard util minim maxim central general anonym item digit emphas
special symbol modern harmon serial random capital character global token legal mobil monet
neutral popular public reorgan stabil subsid vandal virtual"""
_OUR = "colour behaviour favour flavour honour neighbour favourite rumour endeavour"
_DOUBLED = "cancel label model travel signal marshal channel tunnel level fuel dial"
_PAIRS = """
analyse analyze / analysed analyzed / analysing analyzing / analyser analyzer
centre center / centres centers / centred centered / catalogue catalog / catalogues catalogs
e-mail email / e-mails emails / e-mailed emailed / e-mailing emailing
enrol enroll / enrols enrolls / enrolment enrollment / fulfil fulfill / fulfils fulfills
fulfilment fulfillment / instalment installment / instalments installments / skilful skillful
judgement judgment / judgements judgments / artefact artifact / artefacts artifacts
acknowledgement acknowledgment / acknowledgements acknowledgments / co-operate cooperate
co-operation cooperation / co-ordinate coordinate / co-ordination coordination
co-ordinator coordinator / on-line online / off-line offline / web-site website
web-sites websites / defence defense / towards toward / jewellery jewelry
aluminium aluminum / ageing aging / okay ok
"""
_ENGLISH = {
    **{
        f"{stem}is{end}": f"{stem}iz{end}"
        for stem in _IZE.split()
        for end in ("e", "es", "ed", "ing", "er", "ers", "ation", "ations", "able")
    },
    **{
        f"{word}{end}": f"{word.replace('our', 'or')}{end}"
        for word in _OUR.split()
        for end in ("", "s", "ed", "ing", "able", "hood")
    },
    **{f"{word}l{end}": f"{word}{end}" for word in _DOUBLED.split() for end in ("ed", "ing", "er")},
    **{
        one: other
        for line in _PAIRS.split("\n")
        for pair in line.split("/")
        if pair.strip()
        for one, other in [pair.split()]
    },
}
SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "English": _ENGLISH,
    # "Email" is enamel, "Masse" is no "Maße": only what the reform of 1996 changed for certain.
    "German": {"daß": "dass", "muß": "muss", "mußte": "musste", "selbständig": "selbstständig"},
    "French": {"clef": "clé", "clefs": "clés", "évènement": "événement"},
    "Portuguese": {
        "acção": "ação", "acções": "ações", "directa": "direta", "directo": "direto",
        "óptimo": "ótimo", "objectivo": "objetivo", "projecto": "projeto", "actual": "atual",
    },
}  # fmt: skip

_NOT = """don't do / doesn't does / didn't did / isn't is / aren't are / wasn't was / weren't were
/ hasn't has / haven't have / hadn't had / won't will / wouldn't would / shouldn't should
/ couldn't could / mustn't must / mightn't might / needn't need / shan't shall"""
_NEGATIONS = {short: f"{verb} not" for short, verb in (pair.split() for pair in _NOT.split("/"))}
_PRONOUNS = "I you we they he she it"
CONTRACTIONS: Mapping[str, Mapping[str, str]] = {
    "English": {
        **_NEGATIONS,
        # One word, as "can't" is: "I can not only print" says something else.
        "can't": "cannot",
        "I'm": "I am",
        **{f"{who}'re": f"{who} are" for who in ("you", "we", "they")},
        **{f"{who}'ve": f"{who} have" for who in ("I", "you", "we", "they")},
        **{f"{who}'ll": f"{who} will" for who in _PRONOUNS.split()},
    },
    "German": {"gibt's": "gibt es", "geht's": "geht es", "wenn's": "wenn es", "ob's": "ob es"},
    "Dutch": {"'t": "het", "'n": "een"},
}
#: Before these the place of "not" decides what it denies.
_SCOPE = frozenset({"only", "just", "merely", "simply", "solely"})


def expand(language: str, words: list[str], at: int) -> str:
    """The full form of the contraction ``words[at]``, "" where it is none of one reading."""
    word = words[at]
    if "'" not in word:
        return ""
    if word in _NEGATIONS and at + 1 < len(words) and words[at + 1] in _SCOPE:
        return ""
    return CONTRACTIONS.get(language, {}).get(word, "")
