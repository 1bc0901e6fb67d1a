"""A story's text in its units: sentences, table cells, Gherkin steps and titles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.kept.keywords import GHERKIN_BLOCKS
from pipeline.kept.listed import items
from pipeline.kept.normal_form import BLOCK_TAG, as_written, has_words, literal_code, without_markup

_HEADING = re.compile(r"#{1,6}\s+")
#: A mark of a list; where a sign of a number may be meant ("> 5", "-5") it is none.
_MARK = re.compile(
    r"(?:[-*+•◦▪‣–—·●○■□✓☐☑]|>(?=\s+\D)|\(?\d{1,3}(?:\.\d{1,3}){0,4}[.)]|\(?[a-zA-Z][.)]"
    r"|\[[ xX]\]|h[1-6]\.|[*#-]{2,6}|\((?:[/!?+-]|\*[rgby]?)\))\s+"
)
_TAG_AS_TEXT = r"&lt;br\s*/?&gt;|&lt;/?(?:p|div|ul|ol|li|h[1-6])&gt;"
_LINE_END = re.compile(rf"\r\n?|\n|{BLOCK_TAG}|{_TAG_AS_TEXT}", re.IGNORECASE)
_FENCE = re.compile(r'(?:"""|```|~~~)\s*[\w/.+-]*\s*$')
_BLOCK = re.compile(r"([^:：]{1,60}?)\s*[:：]\s*(.*)$", re.DOTALL)
#: Where a sentence may end: its mark, what closes it, then white space; none is needed after the
#: full-width marks.
_END = re.compile(
    r"(?:[.!?…؟۔։።।॥។။‽]+(?:[\"'”’»)\]*_]|</\w+>)*(?=\s))|(?:[。！？｡]+[\"'”’»）」』]*)"
)
#: Where a unit falls into parts: a look behind has a fixed width, so one for each mark of emphasis.
_APART = re.compile(
    r"\n|(?:(?<=[.!?…:;؟。！？：；])|(?<=[.!?…:;][*_])|(?<=[.!?…:;](?:\*\*|__)))\s+|\s+[-–—]\s+"
)
#: Words that end with a point inside a sentence, in lower case and without it.
_SHORT = frozenset(
    {
        *("e.g", "i.e", "eg", "ie", "etc", "vs", "cf", "ca", "approx", "incl", "excl", "resp"),
        *("no", "nos", "fig", "sec", "ch", "vol", "pp", "ed", "eds", "al", "est", "dept", "min"),
        *("max", "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "mt", "inc", "ltd", "co"),
        *("corp", "gen", "u.s", "u.k", "a.m", "p.m"),
        *("z.b", "d.h", "u.a", "o.ä", "bzw", "usw", "ggf", "evtl", "inkl", "exkl", "vgl", "nr"),
        *("str", "hr", "fr", "abs", "art", "bspw", "sog", "zzgl", "bzgl"),
        *("p.ex", "ex", "env", "n°", "mme", "mlle", "c.-à-d"),
        *("p.ej", "ej", "sra", "núm", "pág", "ud", "uds", "dña"),
        *("bv", "bijv", "o.a", "d.w.z", "t.a.v", "mevr", "dhr"),
        *("np", "m.in", "tj", "itd", "itp", "ul", "godz"),
        *("т.е", "т.д", "т.п", "т.к", "напр", "ул", "стр", "руб"),
    }
)
#: A line this long may have been broken for its width.
_WIDE = 40


def units(text: str, kind: str) -> list[str]:
    """The units of a story, in its order, as they are written.

    A unit that goes over the end of a line holds a line feed there. Marks of lists and headings,
    fences, and the keyword of a Gherkin block ("Scenario:") belong to no unit.

    Args:
        text: as extracted.
        kind: ``agile``, ``scenario`` or ``narrative``.
    """
    lines = _LINE_END.split(literal_code(text))
    if _is_gherkin(lines, kind):
        found = [unit for line in lines for unit in _of_gherkin(line.strip())]
    else:
        lines = [item for line in lines for item in items(line)]
        found = [unit for paragraph in _paragraphs(lines) for unit in sentences(paragraph)]
    return list(map(as_written, found))


def sentences(text: str) -> Iterator[str]:
    """The sentences of a run of text, the line feeds inside of them kept."""
    start = 0
    for end in _END.finditer(text):
        if _goes_on(text, start, end):
            continue
        if has_words(one := text[start : end.end()].strip()):
            yield one
        start = end.end()
    if has_words(rest := text[start:].strip()):
        yield rest


def parts(unit: str) -> list[str]:
    """The finest parts that an edition may set apart: lines, sentences, what a colon announces,
    also where its mark is emphasised with it ("**Note:** it is static")."""
    found = _APART.split(without_markup(unit))
    return [part.strip() for part in found if has_words(part)]


def _goes_on(text: str, start: int, end: re.Match[str]) -> bool:
    """Whether a point stands inside a sentence: an abbreviation, an ordinal, small letters next."""
    rest = text[end.end() :].lstrip()
    if not rest or end.group()[0] in "。！？｡":
        return False
    if rest[0].islower():
        return True
    if not end.group().startswith(".") or end.group().startswith(".."):
        return False
    words = text[start : end.start()].split()
    last = words[-1].lstrip("\"'“‘«([").casefold() if words else ""
    ordinal = last.isdigit() and len(last) < 3
    return last in _SHORT or ordinal or (len(last) == 1 and last.isalpha() and last != "i")


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Lines, those joined that were broken for their width: a wide one, not ended, then small."""
    held = ""
    for line in lines:
        bare = line.strip()
        marked = bare != (plain := _without_marks(bare))
        last = held.rsplit("\n", 1)[-1]
        broken = len(last) >= _WIDE and last[-1:] not in ".:!?|" and plain[:1].islower()
        if held and broken and not marked:
            held += "\n" + plain
            continue
        yield held
        held = "" if _FENCE.match(plain) else plain
    yield held


def _without_marks(line: str) -> str:
    line = _HEADING.sub("", line, count=1) if line.startswith("#") else line
    while (mark := _MARK.match(line)) and mark.end() < len(line):
        line = line[mark.end() :]
    line = line.strip()
    if line.startswith("||"):  # a tracker doubles the bars of a header
        line = line.replace("||", "|")
    return line.removeprefix("|").removesuffix("|").strip()


def _is_gherkin(lines: list[str], kind: str) -> bool:
    if kind == "scenario":
        return True
    told = (line.strip() for line in lines)
    titles = ((line, _block_title(line)) for line in told if line)
    first = next((title for line, title in titles if title or line[0] not in "#@"), None)
    return first is not None


def _block_title(line: str) -> str | None:
    """What a block's line says behind its keyword; None where it is no such line."""
    found = _BLOCK.match(_HEADING.sub("", line, count=1))
    return found[2] if found and found[1].strip() in GHERKIN_BLOCKS else None


def _of_gherkin(line: str) -> Iterator[str]:
    title = _block_title(line)
    if title is None:
        title = "" if _FENCE.match(line) else _without_marks(line)
    if has_words(title):
        yield title
