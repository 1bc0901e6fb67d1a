"""The closed list of small words that stand against each other, by language.

A row is a scale: words of one cell (``/`` between them) say the same, words of two cells of a row
cannot both be meant. Content words and their opposites stand in :mod:`pipeline.compare.opposed`,
which marks possible conflicts with them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.compare.features import NOT
from pipeline.text.words import word_set


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What of a language is known.

    Args:
        relations: rows of cells; the words of two cells of a row are opposed beside the same word,
            which they point to or close ("before it opens", "turned off").
        scales: the same of words that qualify what stands near them ("all", "weekly", "first").
        directions: rows of cells that are opposed before the same word ("to X", "from X").
        joints: rows of cells that are opposed between the same words ("X and Y", "X or Y").
        negations: words that deny; two of them cancel out, but where ``concord`` holds: there they
            go together ("no veo nada").
        limits: words that take everything else away ("only"): told once or not at all.
    """

    relations: tuple[tuple[frozenset[str], ...], ...]
    scales: tuple[tuple[frozenset[str], ...], ...]
    directions: tuple[tuple[frozenset[str], ...], ...]
    joints: tuple[tuple[frozenset[str], ...], ...]
    negations: frozenset[str]
    limits: frozenset[str]
    concord: bool = False


def _rows(table: str) -> tuple[tuple[frozenset[str], ...], ...]:
    """``a/b | c/d`` a line."""
    return tuple(
        tuple(frozenset(cell.strip().split("/")) for cell in line.split("|"))
        for line in table.strip().splitlines()
    )


_ENGLISH = Lexicon(
    _rows(
        """
before/prior/beforehand | after/afterwards/afterward
above/over | below/under/beneath/underneath
inside | outside
into/onto | out
up/upwards/upward | down/downwards/downward
on | off
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
always/whenever | never | sometimes/occasionally | once
all/every/each/everything/everyone/everybody | some/several/certain/few | none/nothing/nobody
both | either | neither
must/shall/required/mandatory/obligatory | may/might/optional/optionally
together/jointly | apart/separately/individually
same/identical | different/distinct
temporarily/temporary | permanently/permanent
hourly | daily | nightly | weekly | fortnightly | monthly | quarterly | yearly/annually/annual
monday | tuesday | wednesday | thursday | friday | saturday | sunday
january | february | march | april | june | july | august | september | october | november
december | january/february/march/april/june/july/august/september/october/november
left/leftmost | right/rightmost
forward/forwards/ahead | back/backward/backwards
"""
    ),
    _rows("to/into/onto/towards/toward/for | from/by/off/against"),
    _rows("and | or"),
    (NOT - {"cant"})
    | word_set("cant unless prevent prevents prevented preventing avoid avoids avoided avoiding")
    | word_set("forbid forbids forbidden prohibit prohibits prohibited disallow disallows")
    | word_set("disallowed except excluding"),
    word_set("only solely exclusively"),
)
_GERMAN = Lexicon(
    _rows(
        """
vor/vorher/zuvor/bevor/ehe | nach/nachher/danach/nachdem
über/oberhalb | unter/unterhalb
innerhalb/innen | außerhalb/außen
hinein/herein/rein | hinaus/heraus/raus
an/ein/eingeschaltet | aus/ausgeschaltet
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
    _rows("à/au/aux/vers/pour | de/du/des/par/depuis"),
    _rows("et | ou"),
    word_set("pas jamais aucun aucune sans rien personne sauf empêcher éviter interdire ni"),
    word_set("seulement uniquement seul seule seuls exclusivement"),
    concord=True,
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
    _rows("a/al/hacia/para | de/del/desde/por"),
    _rows("y/e | o/u"),
    word_set(
        "no nunca jamás ningún ninguno ninguna sin nada nadie salvo impedir evitar prohibir ni"
    ),
    word_set("solo sólo solamente únicamente exclusivamente"),
    concord=True,
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
    _rows("a/al/alla/verso/per | da/dal/dalla/di"),
    _rows("e/ed | o/oppure"),
    word_set("non mai nessun nessuno nessuna senza niente nulla impedire evitare vietare né"),
    word_set("solo soltanto solamente esclusivamente unicamente"),
    concord=True,
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
    _rows("a/ao/à/para | de/do/da/por/desde"),
    _rows("e | ou"),
    word_set("não nunca jamais nenhum nenhuma sem nada ninguém exceto impedir evitar proibir nem"),
    word_set("só somente apenas unicamente exclusivamente"),
    concord=True,
)
_DUTCH = Lexicon(
    _rows(
        """
voor/voordat/vooraf | na/nadat/achteraf
boven | onder/beneden
binnen | buiten
aan | uit
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
    )


ANY = united(LEXICONS.values())
