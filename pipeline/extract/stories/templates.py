"""The story template in German, French, Spanish, Italian, Portuguese and Dutch.

Each language says the three parts in its own order of words ("Als Kunde möchte ich …, damit …",
"En tant que client, je veux … afin de …"), so each has its own patterns: how the role is opened,
which verbs wish, what opens the purpose, and which words after "as" name no one. A wish's glue is
taken off the goal, as in English; a verb that carries meaning ("muss", "ne veux pas") stays on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.text.sentences import first_sentence_end

_FLAGS = re.IGNORECASE
_SIGN = r"[\s,;:.–—(*_-]"
#: A role runs on to the wish, over commas ("Kunde, der oft reist,") but not over a sentence's end.
_ROLE = r"(?P<role>(?:(?![.!?]\s+(?-i:[A-ZÄÖÜÉÀ]))[^\n;]){2,120}?)[\s,:.–—*_-]*"


@dataclass(frozen=True, slots=True)
class _Language:
    """``opens``: patterns up to the goal, with groups ``role`` and, where the verb carries
    meaning, ``kept``. ``purpose``: what opens the benefit. ``nobody``: a role that names no one."""

    name: str
    opens: tuple[re.Pattern[str], ...]
    purpose: re.Pattern[str]
    nobody: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of a sentence and, in ``after``, what follows it."""

    role: str
    goal: str
    benefit: str
    after: str


def _language(name: str, opens: tuple[str, ...], purpose: str, nobody: str) -> _Language:
    return _Language(
        name,
        tuple(re.compile(pattern, _FLAGS) for pattern in opens),
        re.compile(
            # Signs in front count from the first of them only, not from each of a thousand.
            rf"(?:(?<!{_SIGN}){_SIGN}*+|(?<={_SIGN}))(?<!\w)"
            rf"(?P<opens>{purpose})(?:\s+(?P=opens)(?!\w))?[\s:,*_]*",
            _FLAGS,
        ),
        re.compile(rf"(?:{nobody})(?!\w)", _FLAGS),
    )


_DE_GLUE = (
    r"(?:(?:möchte|moechte|will|wollen|möchten|brauche|benötige|brauchen|benötigen|kann|können)"
    r"\s+(?:ich|wir)|(?:wünsche|wünschen)\s+(?:ich|wir)\s+(?:mir|uns)|(?:würde|hätte|würden|hätten)"
    r"\s+(?:ich|wir)(?:\s+gerne?)?|(?:ich|wir)\s+(?:möchten?|will|wollen|brauchen?|benötigen?))"
    r"(?:\s+gerne?(?!\w))?"
)
_DE_KEPT = r"(?P<kept>muss|müssen|soll|sollte|darf|erwarte)\s+(?:ich|wir)"
_GERMAN = _language(
    "German",
    (
        rf"Als\s+(?:(?:eine?r?|der|die|jede[rs]?)\s+)?{_ROLE}(?<!\w)(?:{_DE_GLUE}|{_DE_KEPT})(?!\w)",
        rf"Ich\s*,?\s*als\s+(?:eine?\s+)?{_ROLE}(?<!\w)(?:(?:möchte|will|brauche|benötige|kann)"
        r"(?:\s+gerne?)?|(?P<kept>muss|soll|darf))(?!\w)",
        r"Ich\s+(?:möchte|will)\s*,?\s*als\s+(?:eine?\s+)?(?P<role>[\w*:/-]{2,40})\s*,?(?=\s)",
    ),
    r"damit|sodass|so\s+dass|so\s+daß|um(?=\s[^.!?]*?(?:\bzu\s|\w+zu\w+))",
    r"(?:ich|wir|du|er|sie|es|man|das|dies\w*|(?:aller)?(?:erst|nächst|letzt|zweit|dritt)e[nrs]?|"
    r"(?:\w+e[nrs]?\s+)?(?:ergebnis|beispiel|folge|konsequenz|fazit|ziel|ausgleich|alternative|ersatz|grund|grundlage|"
    r"basis|teil|erinnerung|hinweis|reaktion|antwort|dank|vorschlag|schritt|regel|voraussetzung|"
    r"vorbild|anhang|nachweis|zeichen|abschluss|einstieg|übergang|zusatz|vorbereitung))",
)
_FR_GLUE = (
    r"(?:(?:je|nous|on)\s+(?:veux|voulons|veut|voudrais|voudrions|voudrait|souhaite(?:rais|rait|rions)?|"
    r"souhaitons|désire(?:rais)?|dois\s+pouvoir|peux|pouvons|peut|requiers)|j['’]\s*(?:aimerais|ai\s+besoin"
    r"(?:\s+d(?:e(?!\w)|['’]))?|attends)|nous\s+aimerions|nous\s+avons\s+besoin(?:\s+de(?!\w))?)"
    r"(?:\s+(?:bien\s+)?pouvoir(?!\w))?"
)
_FRENCH = _language(
    "French",
    (
        rf"En\s+(?:tant\s+qu(?:e(?!\w)|['’])|qualité\s+d(?:e(?!\w)|['’]))\s*(?:(?:une?|la|le)\s+|l['’])?"
        rf"{_ROLE}(?<!\w)(?:{_FR_GLUE}|(?:je|nous|on)\s+(?P<kept>ne\s+(?:veux|souhaite|voudrais|dois|peux)"
        r"\s+(?:pas|plus|jamais)|dois|devons|doit))(?!\w)",
    ),
    r"afin\s+(?:de|que)(?!\w)|afin\s+(?:d|qu)['’]|pour\s+que(?!\w)|pour\s+qu['’]|"
    r"de\s+(?:telle\s+)?(?:sorte|façon|manière)\s+(?:que(?!\w)|qu['’]|à(?!\w))|"
    r"pour(?=\s+(?:ne\s+pas\s+|ne\s+plus\s+|mieux\s+|(?:me|te|se|le|la|les|lui|leur|y|en)\s+|[mtsl]['’])*"
    r"\w+(?:er|ir|re|oir)(?!\w))",
    r"tel(?:le)?s?|partie|rappel|exemple|résultat|je|nous|il|elle|on",
)
_ES_GLUE = (
    r"(?:quiero|queremos|quisiera|querría|necesito|necesitamos|deseo|deseamos|requiero|espero|puedo|"
    r"podemos|(?:me|nos)\s+gustaría)(?:\s+poder(?!\w))?"
)
_SPANISH = _language(
    "Spanish",
    (
        rf"(?:Yo\s*,?\s*)?Como\s+(?:(?:una?|el|la)\s+)?{_ROLE}(?<!\w)(?:(?:yo|nosotros)\s+)?"
        rf"(?:{_ES_GLUE}|(?P<kept>no\s+(?:quiero|deseo|necesito)|debo|debemos|tengo\s+que))(?!\w)",
    ),
    r"para\s+que|(?:a|con\s+el)\s+(?:fin|objetivo|propósito)\s+de(?:\s+que)?|"
    r"de\s+(?:tal\s+)?(?:modo|manera|forma)\s+que|así|"
    r"para(?=\s+(?:no\s+|así\s+)?\w+[aeií]r(?:me|te|se|l[aoe]s?|nos)*(?!\w))",
    r"yo|se|lo|ya|si|no|tal|siempre|nunca|resultado|ejemplo|consecuencia|siguiente|primer\w*|segund\w*|últim\w*|"
    r"mínimo|alternativa|regla|conclusión|parte|nota|dato|dije|dijimos|vemos|paso|solución|resumen",
)
_IT_GLUE = (
    r"(?:voglio|vogliamo|vorrei|vorremmo|desidero|desideriamo|desidererei|necessito(?:\s+di)?|posso|"
    r"possiamo|(?:ho|abbiamo)\s+bisogno\s+di|mi\s+piacerebbe)(?:\s+poter[e]?(?!\w))?"
)
_ITALIAN = _language(
    "Italian",
    (
        rf"(?:Io\s*,?\s*)?(?:Come|In\s+qualità\s+di)\s+(?:(?:una?|uno|il|la)\s+|un['’]|l['’])?{_ROLE}(?<!\w)"
        rf"(?:(?:io|noi)\s+)?(?:{_IT_GLUE}|(?P<kept>non\s+(?:voglio|vorrei|desidero)|devo|dobbiamo))(?!\w)",
    ),
    r"così\s+(?:da|che)|cosicché|in\s+modo\s+(?:da|che|tale\s+(?:da|che))|affinch[éè]|al\s+fine\s+di|"
    r"perch[éè](?=\s+(?:possa|non|io|il|la|i|gli|le|si)(?!\w))|"
    r"per(?=\s+(?:non\s+)?\w+(?:[aei]r(?:mi|ti|si|l[aoie]|gli|ne|ci|vi)|[aei]re|rre)(?!\w))",
    r"io|noi|si|se|già|tale|sempre|mai|risultato|esempio|conseguenza|prim\w+|second\w+|ultim\w+|"
    r"regola|conclusione|parte|nota|detto|previsto|alternativa|passo|soluzione|promemoria",
)
_PT_GLUE = (
    r"(?:quero|queremos|queria|gostaria(?:\s+de)?|gostaríamos(?:\s+de)?|preciso(?:\s+de)?|precisamos(?:\s+de)?|"
    r"desejo|desejamos|necessito(?:\s+de)?|pretendo|posso|podemos)(?:\s+poder(?!\w))?"
)
_PORTUGUESE = _language(
    "Portuguese",
    (
        rf"(?:Eu\s*,?\s*)?(?:Como|Enquanto|Na\s+qualidade\s+de)\s+(?:(?:uma?|o|a)\s+)?{_ROLE}(?<!\w)"
        rf"(?:(?:eu|nós)\s+)?(?:{_PT_GLUE}|(?P<kept>não\s+(?:quero|desejo|preciso)|devo|devemos|tenho\s+que))"
        r"(?!\w)",
    ),
    r"para\s+que|(?:a|com\s+o)\s+(?:fim|objetivo|objectivo|propósito)\s+de(?:\s+que)?|"
    r"de\s+(?:tal\s+)?(?:modo|forma|maneira)\s+(?:que|a)|"
    r"para(?=\s+(?:não\s+)?\w+(?:[aei]r(?:-\w+)?|ô?or|[áêí]-l\w+)(?!\w))",
    r"eu|nós|se|já|tal|sempre|nunca|resultado|exemplo|consequência|primeir\w+|segund\w+|últim\w+|"
    r"regra|conclusão|parte|nota|dito|alternativa|passo|solução|resumo",
)
_NL_GLUE = (
    r"(?:(?:wil|willen|kan|kunnen|wens)\s+(?:ik|we|wij)|(?:zou|zouden)\s+(?:ik|we|wij)(?:\s+graag)?"
    r"(?:\s+willen)?)(?:\s+graag(?!\w))?"
)
_DUTCH = _language(
    "Dutch",
    (
        rf"Als\s+(?:(?:een|de)\s+)?{_ROLE}(?<!\w)(?:{_NL_GLUE}|(?P<kept>moet|mag|heb|verwacht)\s+(?:ik|we|wij)|"
        r"ik\s+(?:wil|kan))(?!\w)",
        rf"Ik\s*,?\s*als\s+(?:een\s+)?{_ROLE}(?<!\w)(?:wil|kan)(?:\s+graag)?(?!\w)",
        r"Ik\s+wil\s*,?\s*als\s+(?:een\s+)?(?P<role>[\w/-]{2,40})\s*,?(?=\s)",
    ),
    r"zodat|opdat|om(?=\s[^.!?]*?\bte\s)",
    r"ik|we|wij|je|jij|hij|zij|ze|het|dit|dat|er|men|iemand|(?:eerst|laatst|volgend|tweed|derd)e|voorbeeld|"
    r"gevolg|resultaat|regel|alternatief|conclusie|onderdeel|herinnering|antwoord|stap|oplossing|basis",
)
_LANGUAGES = (_GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH)
#: What is read by its language's template.
LANGUAGES = frozenset(language.name for language in _LANGUAGES)
#: How a sentence of one of these templates begins.
BEGINS = (
    r"Als\b", r"En\s+(?:tant\s+qu|qualité\s+d)", r"Com[oe]\b", r"In\s+qualità\b", r"Enquanto\b",
    r"Na\s+qualidade\b", r"I(?:ch|k|o)\b", r"Yo\b", r"Eu\b",
)  # fmt: skip
BEGIN = f"(?:{'|'.join(BEGINS)})"
_BEGINS = re.compile(BEGIN, _FLAGS)
_TRAILING = " \t\n,;:.–—-*_\"'“”«»"


def read_template(words: str) -> Told | None:
    """The story sentence that ``words`` (one line, marks taken off) begins with, None when it
    begins with none of these languages' templates."""
    if not _BEGINS.match(words):
        return None
    for language, opening in _openings(words):
        role = opening["role"].strip(_TRAILING)
        if role and not language.nobody.match(role) and len(role.split()) <= 12:
            kept = opening.groupdict().get("kept") or ""
            return _finish(language, role, kept, words[opening.end() :])
    return None


def _openings(words: str) -> Iterator[tuple[_Language, re.Match[str]]]:
    for language in _LANGUAGES:
        for pattern in language.opens:
            if match := pattern.match(words):
                yield language, match


def _finish(language: _Language, role: str, kept: str, tail: str) -> Told:
    """Split what follows the wish into goal, benefit and what is said after the sentence."""
    end = first_sentence_end(tail)
    benefit = ""
    purpose = next((m for m in language.purpose.finditer(tail) if m.start() > 0), None)
    if purpose and purpose.start() <= end:
        goal = tail[: purpose.start()]
        end = first_sentence_end(tail, purpose.end())
        benefit = tail[purpose.end() : end]
    else:
        goal = tail[:end]
    goal = f"{kept} {goal.strip(_TRAILING)}".strip()
    return Told(role, goal, benefit.strip(_TRAILING), tail[end:].strip())
