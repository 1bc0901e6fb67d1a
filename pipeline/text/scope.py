"""Headings that change what stands under them: "Out of scope", "Only on Mondays", "Won't have".

A story says nothing of its own against the heading it stands under, so two stories with the same
words are the same only where no heading of either tells another scope.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pipeline.text.language import ENGLISH
from pipeline.text.notation import RULED
from pipeline.text.typography import set_plainly

#: Of every language at once: a heading is short, and may be in another one than its stories.
_SCOPE = {
    ENGLISH: r"no|not|non|none|nor|never|nothing|nobody|cannot|\w+n't|without|except\w*|exclu\w+"
    r"|only|unless|until|instead|if|when|while|before|after|during|out|outside|beyond|off|anti\w*"
    r"|reject\w*|declin\w+|refus\w+|cancel\w+|deprecat\w+|obsolete|outdated|remov\w+|retired"
    r"|withdrawn|dropped|discard\w+|abandon\w+|supersed\w+|replaced|former|old|legacy|archiv\w+"
    r"|later|futur\w+|someday|eventually|postpon\w+|deferred|parked|parking|icebox|optional\w*"
    r"|nice|may|might|maybe|perhaps|could|should|shall|must|would|wish\w*|draft\w*"
    r"|proposed|proposals?|ideas?|alternativ\w+|counter-?examples?|misuse|abuse|forbidden"
    r"|prohibit\w+|disabl\w+|banned|disallow\w*|denied|invalid|wrong|negati\w+|false|un(?:wanted|planned"
    r"|supported|needed|used|likely|resolved)|closed|duplicates?|todo|tbd|limitations?|done|completed"
    r"|phases?|stages?|milestones?|mvp|increments?|iterations?|waves?",
    "German": r"nichts?\w*|kein\w*|nie|niemals|weder|noch|ohne|außer\w*|ausser\w*|ausgeschlossen\w*"
    r"|ausschl\w+|nur|erst|abgelehnt\w*|verworfen\w*|gestrichen\w*|veraltet\w*|überholt\w*|obsolet\w*"
    r"|später\w*|zukunft\w*|zukünftig\w*|künftig\w*|zurückgestellt\w*|verschoben\w*|entfällt"
    r"|entfallen\w*|muss|müssen|sollt?e?n?|könnten?|darf|dürfen|verboten\w*|unzulässig\w*"
    r"|ausblick|entwurf|entwürfe|falls|wenn|sofern|solange|statt|ehemal\w+|archiviert\w*|ungültig\w*",
    "French": r"ne|pas|jamais|aucun\w*|sans|sauf|hors|exclu\w*|seulement|uniquement|refus\w*"
    r"|rejet\w*|abandon\w*|obsolètes?|dépréci\w+|périmés?|tard|futur\w*|ultérieur\w*|avenir"
    r"|optionnel\w*|facultati\w+|reporté\w*|annul\w+|interdit\w*|doit|doivent|si|quand|avant|après"
    r"|supprim\w+|retirée?s?|brouillons?",
    "Spanish": r"nunca|sin|salvo|excepto|fuera|s[oó]lo|solamente|rechazad\w+|descartad\w+"
    r"|obsolet\w+|tarde|futur\w+|opcional\w*|exclu\w+|cancelad\w+|pospuest\w+|aplazad\w+|eliminad\w+"
    r"|debe\w*|cuando|antes|después",
    "Italian": r"mai|senza|fuori|tranne|rifiutat\w+|scartat\w+|dopo|opzional\w+|esclus\w+"
    r"|annullat\w+|rinviat\w+|deve|devono|quando|prima|rimoss\w+",
    "Portuguese": r"não|sem|fora|só|somente|apenas|exceto|rejeitad\w+|depois|opciona\w+|excluíd\w+"
    r"|adiad\w+|deve\w*|removid\w+",
    "Dutch": r"niet|geen|nooit|zonder|buiten|alleen|behalve|afgewezen|verworpen|verouderd\w*"
    r"|toekomst\w*|optione\w+|uitgesloten|geschrapt|uitgesteld|vervallen|moet\w*|mag|als"
    r"|wanneer|vervangen",
}  # fmt: skip
_CHANGES = re.compile(
    rf"(?<!\w)(?:{'|'.join(_SCOPE.values())})(?!\w)"
    # The keyword of a rule, under which Gherkin's scenarios hold.
    r"|^(?:rule|regel|règle|regla|regola|regra)\s*:"
)


def headings_that_change(headings: Sequence[str], language: str) -> tuple[str, ...]:
    """Those of a story's headings, from the outermost on, that may tell in what scope it stands:
    the ones with a word of the list, and every one where the story's language is not known."""
    if language not in RULED:
        return tuple(headings)
    return tuple(each for each in headings if _CHANGES.search(set_plainly(each, set()).casefold()))


#: "Taking tools out", "Switching the heating on and off": what is done, with the verb's particle;
#: "Leaving out" and "Out of use" tell a scope.
_ACTIVITY = re.compile(r"^(?!leaving|ruling|phasing|crossing|striking)[^\W\d_]+ing\b")
_PARTICLE = re.compile(r"(?<!\w)(?:out|off)(?!\w)(?!\s+of\b)")


def names_activity(heading: str) -> bool:
    """Whether a heading names something that is done, and nothing but the particle of its verb
    looks like a scope."""
    plain = set_plainly(heading, set()).casefold()
    return bool(_ACTIVITY.match(plain)) and not _CHANGES.search(_PARTICLE.sub(" ", plain))


#: Of a file or folder: a word of its name that tells a scope. Function words ("not", "if") do not,
#: as names are not sentences.
_NAMES = re.compile(
    r"(?<![^\W_])(?:out[\W_]*of[\W_]*scope|not[\W_]*in[\W_]*scope|non[\W_]*goals?|won'?t(?:[\W_]*(?:do|fix|have))?"
    r"|reject\w*|declin\w+|cancel\w+|deprecat\w+|obsolete|outdated|retired|withdrawn|dropped|discarded"
    r"|abandon\w+|supersed\w+|archiv\w*|old|legacy|later|future|someday|postponed|deferred|parked"
    r"|parking|icebox|optional|nice[\W_]*to[\W_]*have|drafts?|ideas?|proposals?|closed|done|completed"
    r"|duplicates?|(?:phase|stage|release|milestone|increment|iteration|wave|version)[\W_]*\d+|mvp\d*"
    r"|abgelehnt\w*|verworfen\w*|veraltet\w*|später|archiviert|entwürfe?|entwurf|rejet\w*|hors[\W_]*périmètre"
    r"|obsolètes?|rechazad\w+|descartad\w+|obsolet\w+|rifiutat\w+|scartat\w+|rejeitad\w+|afgewezen|vervallen)"
    r"(?![^\W_])",
    re.IGNORECASE,
)  # fmt: skip
#: Folders above a file that are looked at: those above them are of somebody's machine.
_FOLDERS = 3


@lru_cache(maxsize=256)  # all stories of a document ask for the same path, one after the other
def names_that_change(path: str) -> tuple[str, ...]:
    """What the names of a file and of the folders around it say of the scope of its stories, from
    the outermost on: "rejected" of "wishes/rejected/a.md"."""
    parts = re.split(r"[/\\]", path)[-1 - _FOLDERS :]
    if parts:
        parts[-1] = parts[-1].rpartition(".")[0] or parts[-1]
    found = (_NAMES.findall(set_plainly(part, set()).casefold()) for part in parts)
    return tuple(" ".join(re.split(r"[\W_]+", name)) for names in found for name in names)
