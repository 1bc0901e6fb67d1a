"""The closed list of small words that stand against each other, by language.

A row is a scale: words of one cell (``/`` between them) say the same, words of two cells of a row
cannot both be meant. Content words and their opposites stand in :mod:`pipeline.compare.opposed`,
which marks possible conflicts with them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.compare.features import NOT
from pipeline.text.words import word_set


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What of a language is known.

    Args:
        relations: rows of cells; the words of two cells of a row are opposed before the same word,
            to which they point ("before it opens").
        scales: the same of words that qualify what stands near them ("all", "weekly", "first").
        directions: rows of cells that are opposed before the same word ("to X", "from X").
        particles: the same as relations, behind the word that they go with ("turn it off").
        ways: the same as directions, of words that mean more than one ("de"): only where two things
            are exchanged ("de X à Y", "de Y à X").
        joints: rows of cells that are opposed between the same words ("X and Y", "X or Y").
        negations: words that deny; two of them cancel out, but where ``concord`` holds: there they
            go together ("no veo nada").
        limits: words that take everything else away ("only"): told once or not at all.
        turning: the beginning of words that deny, lack or take away by what they mean. The list is
            wide: a word too much makes a veto less sure, and never more.
    """

    relations: tuple[tuple[frozenset[str], ...], ...]
    scales: tuple[tuple[frozenset[str], ...], ...]
    directions: tuple[tuple[frozenset[str], ...], ...]
    joints: tuple[tuple[frozenset[str], ...], ...]
    negations: frozenset[str]
    limits: frozenset[str]
    turning: re.Pattern[str]
    ways: tuple[tuple[frozenset[str], ...], ...] = ()
    particles: tuple[tuple[frozenset[str], ...], ...] = ()
    concord: bool = False


def _rows(table: str) -> tuple[tuple[frozenset[str], ...], ...]:
    """``a/b | c/d`` a line."""
    return tuple(
        tuple(frozenset(cell.strip().split("/")) for cell in line.split("|"))
        for line in table.strip().splitlines()
    )


def _beginnings(table: str) -> re.Pattern[str]:
    """Words by how they begin, parted by blanks."""
    return re.compile("|".join(table.split()))


_ENGLISH = Lexicon(
    _rows(
        """
before/prior/beforehand | after/afterwards/afterward
above/over | below/under/beneath/underneath
inside | outside
since | until/till
"""
    ),
    _rows(
        """
more/greater/higher/larger | less/fewer/lower/smaller
most | least
earlier/sooner | later
earliest | latest
first | second | third | fourth | fifth | last/final
next/following | previous/preceding/prior
always/whenever | never | sometimes/occasionally
once | twice | thrice
all/every/each/everything/everyone/everybody | some/several/certain/few | none/nothing/nobody
both | either | neither
must/shall/required/mandatory/obligatory | may/might/optional/optionally
together/jointly | apart/separately/individually
same/identical | different/distinct/other/another
temporarily/temporary | permanently/permanent
hourly | daily | nightly | weekly | fortnightly | monthly | quarterly | yearly/annually/annual
monday | tuesday | wednesday | thursday | friday | saturday | sunday
january | february | march | april | june | july | august | september | october | november
december | january/february/march/april/june/july/august/september/october/november
left/leftmost | right/rightmost
"""
    ),
    _rows("to/into/onto/towards/toward | from/off"),
    _rows("and | or"),
    (NOT - {"cant"})
    | word_set("cant unless prevent prevents prevented preventing avoid avoids avoided avoiding")
    | word_set("forbid forbids forbidden prohibit prohibits prohibited disallow disallows")
    | word_set("disallowed except excluding"),
    word_set("only solely exclusively alone"),
    turning=_beginnings(
        r"refus reject declin den(?:y|ie) block barr?(?:s|ed|ing)?$ bann?(?:s|ed|ing)?$ stop halt"
        r" ceas quit exclu omit skip drop ignor hid(?:e|ing|den)? conceal withh lack miss absen"
        r" fail free$ exempt spar(?:e|ed|ing)$ instead rather unable impossib empt disab cancel"
        r" revok remov delet mut(?:e|ing) silen out$ off$ away$ aside$ apart$ keep$ keeps$ keeping$"
        r" kept$ limit restrict cap$ capped maxim minim most$ least$ expir invalid discard"
        r" los(?:e|ing|t)$ wrong bad$ hard$ little$ few$ too$ \w{3,}less$"
        r" un(?!der|til|it|ion|iq|iv|if|to|less|cle)\w non\w{3}"
    ),
    particles=_rows(
        """
into/onto | out
up/upwards/upward | down/downwards/downward
on | off
forward/forwards | back/backward/backwards
"""
    ),
    ways=_rows("to/into/onto/towards/toward/for | from/by/off/against"),
)
_GERMAN = Lexicon(
    _rows(
        """
vor/vorher/zuvor/bevor/ehe | nach/nachher/danach/nachdem
über/oberhalb | unter/unterhalb
innerhalb/innen | außerhalb/außen
seit | bis
mit | ohne
"""
    ),
    _rows(
        """
mehr/größer/höher | weniger/kleiner/niedriger
mindestens/wenigstens/minimal | höchstens/maximal
früher | später
erste/ersten/erster/erstes | letzte/letzten/letzter/letztes
nächste/nächsten/nächster | vorherige/vorherigen/vorige/vorigen
immer | nie/niemals | manchmal
alle/allen/aller/jede/jeden/jeder/jedes | einige/einigen/manche/manchen | keine/keinen/keiner
muss/müssen | darf/dürfen/optional
gemeinsam/zusammen | getrennt/einzeln
stündlich | täglich | wöchentlich | monatlich | jährlich
links/linke/linken | rechts/rechte/rechten
"""
    ),
    _rows("zu/zum/zur/an/nach/für | von/vom/aus/durch"),
    _rows("und | oder"),
    word_set("nicht nie niemals kein keine keinen keiner keinem ohne niemand nichts außer")
    | word_set("verhindern verhindert vermeiden verbieten weder"),
    word_set("nur ausschließlich lediglich allein"),
    turning=_beginnings(
        r"ablehn abgelehn verweiger verbiet verhinder sperr gesperr block stopp gestopp frei"
        r" kosten ausschl ausgeschl ausblend ausgeblend fehl leer weg$ aus$ ab$ abschalt abgeschalt"
        r" löschen verlier verlor verwerf verworf ausgelass auslass statt sondern außer kaum"
        r" ungültig höchst mindest maxim minim un\w{4} \w{4}los(?:e[nrsm]?)?$"
    ),
    ways=_rows("zu/zum/zur/an/nach/für/in/ins/im | von/vom/aus/durch"),
    particles=_rows(
        """
hinein/herein/rein | hinaus/heraus/raus
an/ein/eingeschaltet | aus/ausgeschaltet
"""
    ),
)
_FRENCH = Lexicon(
    _rows(
        """
avant | après
dessus/au-dessus | dessous/au-dessous
dedans/dans | dehors/hors
avec | sans
"""
    ),
    _rows(
        """
plus | moins
maximum/maximal/maximale | minimum/minimal/minimale
premier/première/premiers | dernier/dernière/derniers
suivant/suivante/prochain/prochaine | précédent/précédente
toujours | jamais | parfois
tous/toutes/tout/toute/chaque | certains/certaines/quelques | aucun/aucune
doit/doivent | peut/peuvent
ensemble | séparément
quotidien/quotidienne | hebdomadaire | mensuel/mensuelle | annuel/annuelle
gauche | droite
"""
    ),
    _rows("vers | depuis"),
    _rows("et | ou"),
    word_set("pas jamais aucun aucune sans rien personne sauf empêcher éviter interdire ni"),
    word_set("seulement uniquement seul seule seuls exclusivement"),
    turning=_beginnings(
        r"refus rejet interdi empêch bloqu exclu cach masqu manqu absent vide libre gratuit hors$"
        r" exempt\w* dispens perd arrêt supprim lieu$ plutôt limit maxim minim"
        r" in(?:valid|util|accessib|disponib) impossib trop$"
    ),
    concord=True,
    ways=_rows("à/au/aux/vers/pour | de/du/des/par/depuis"),
)
_SPANISH = Lexicon(
    _rows(
        """
antes | después/tras
encima/sobre | debajo/bajo
dentro | fuera
desde | hasta
con | sin
"""
    ),
    _rows(
        """
más/mayor | menos/menor
máximo/máxima | mínimo/mínima
primero/primera/primer | último/última
siguiente/próximo/próxima | anterior/previo/previa
siempre | nunca/jamás
todos/todas/todo/toda/cada | algunos/algunas | ninguno/ninguna/ningún
debe/deben | puede/pueden
juntos/juntas | separado/separados
diario/diaria | semanal | mensual | anual
izquierda | derecha
"""
    ),
    _rows("hacia | desde"),
    _rows("y/e | o/u"),
    word_set(
        "no nunca jamás ningún ninguno ninguna sin nada nadie salvo impedir evitar prohibir ni"
    ),
    word_set("solo sólo solamente únicamente exclusivamente"),
    turning=_beginnings(
        r"rechaz deneg impid evit bloque exclu ocult falt ausen vac[ií] libre gratis gratuit exent"
        r" perd par(?:ar|a|e)$ detener elimin borr lugar$ vez$ limit máxim mínim im?posib"
        r" inv[aá]lid"
    ),
    concord=True,
    ways=_rows("a/al/hacia/para | de/del/desde/por"),
)
_ITALIAN = Lexicon(
    _rows(
        """
prima | dopo
sopra | sotto
dentro | fuori
con | senza
"""
    ),
    _rows(
        """
più/maggiore | meno/minore
massimo/massima | minimo/minima
primo/prima | ultimo/ultima
successivo/prossimo/prossima | precedente
sempre | mai | talvolta
tutti/tutte/ogni | alcuni/alcune/qualche | nessun/nessuno/nessuna
deve/devono | può/possono
insieme | separatamente
giornaliero | settimanale | mensile | annuale
sinistra | destra
"""
    ),
    _rows("verso | da/dal/dalla"),
    _rows("e/ed | o/oppure"),
    word_set("non mai nessun nessuno nessuna senza niente nulla impedire evitare vietare né"),
    word_set("solo soltanto solamente esclusivamente unicamente"),
    turning=_beginnings(
        r"rifiut neg(?:are|a|ano)$ imped evit blocc esclu nascon manc assent vuot liber gratis"
        r" gratuit esent perd ferm elimin cancell posto$ invece limit massim minim impossib"
    ),
    concord=True,
    ways=_rows("a/al/alla/verso/per | da/dal/dalla/di"),
)
_PORTUGUESE = Lexicon(
    _rows(
        """
antes | depois/após
acima/sobre | abaixo/sob
dentro | fora
desde | até
com | sem
"""
    ),
    _rows(
        """
mais/maior | menos/menor
máximo/máxima | mínimo/mínima
primeiro/primeira | último/última
seguinte/próximo/próxima | anterior/prévio
sempre | nunca/jamais
todos/todas/cada | alguns/algumas | nenhum/nenhuma
deve/devem | pode/podem
juntos/juntas | separado/separados
diário/diária | semanal | mensal | anual
esquerda | direita
"""
    ),
    _rows("para | desde"),
    _rows("e | ou"),
    word_set("não nunca jamais nenhum nenhuma sem nada ninguém exceto impedir evitar proibir nem"),
    word_set("só somente apenas unicamente exclusivamente"),
    turning=_beginnings(
        r"recus neg(?:ar|a|am)$ imped evit bloque exclu ocult escond falt ausen vazi livre grátis"
        r" gratuit isent perd par(?:ar|a|e)$ elimin apag vez$ lugar$ limit máxim mínim impossí"
    ),
    concord=True,
    ways=_rows("a/ao/à/para | de/do/da/por/desde"),
)
_DUTCH = Lexicon(
    _rows(
        """
voor/voordat/vooraf | na/nadat/achteraf
boven | onder/beneden
binnen | buiten
sinds | tot/totdat
met | zonder
"""
    ),
    _rows(
        """
meer/groter/hoger | minder/kleiner/lager
minstens/minimaal | hoogstens/maximaal
eerder | later
eerste | laatste
volgende | vorige
altijd | nooit | soms
alle/elke/iedere/elk/ieder | sommige/enkele | geen
moet/moeten | mag/mogen
samen | apart/afzonderlijk
dagelijks | wekelijks | maandelijks | jaarlijks
links/linker | rechts/rechter
"""
    ),
    _rows("naar/aan/voor | van/uit/door"),
    _rows("en | of"),
    word_set("niet nooit geen zonder niemand niets behalve voorkomen vermijden verbieden tenzij"),
    word_set("alleen slechts uitsluitend enkel"),
    turning=_beginnings(
        r"weiger afwijz afgewez verhinder blok stop uitsluit verberg ontbre leeg vrij gratis"
        r" verlies verlor weg$ uit$ af$ plaats$ maxim minim on\w{4} \w{4}loos$"
    ),
    particles=_rows(
        """
aan | uit
"""
    ),
)

#: By the names of :mod:`pipeline.text.language`.
LEXICONS: Mapping[str, Lexicon] = {
    "English": _ENGLISH,
    "German": _GERMAN,
    "French": _FRENCH,
    "Spanish": _SPANISH,
    "Italian": _ITALIAN,
    "Portuguese": _PORTUGUESE,
    "Dutch": _DUTCH,
}


def united(lexicons: Iterable[Lexicon]) -> Lexicon:
    """What any of several languages knows, for text whose language is not known."""
    held = tuple(lexicons)
    # Whether denials cancel out is not known of it: see how `vetoes` counts them.
    return Lexicon(
        tuple(row for one in held for row in one.relations),
        tuple(row for one in held for row in one.scales),
        tuple(row for one in held for row in one.directions),
        tuple(row for one in held for row in one.joints),
        frozenset().union(*(one.negations for one in held)),
        frozenset().union(*(one.limits for one in held)),
        re.compile("|".join(one.turning.pattern for one in held)),
        tuple(row for one in held for row in one.ways),
        tuple(row for one in held for row in one.particles),
    )


ANY = united(LEXICONS.values())
