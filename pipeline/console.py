"""The terminal: text, tables and progress where a person looks, plain lines where a pipe does.

Results go to stdout, progress and warnings to stderr.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import TextIOWrapper
from typing import Any, Protocol, TextIO

from pipeline.progress import Pace, Progress
from pipeline.text.invisible import visible, whole

#: Seconds between two pictures of one bar, and between two lines where a pipe looks.
_BLINK, _LINE_EVERY = 0.1, 30.0


def write_anything() -> None:
    """Let no encoding of the terminal end a command: what it cannot show is written out."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(result: Any) -> None:
    """The JSON object of a command, on stdout."""
    end_telling()
    # Where the output has no UTF-8, every other letter is written as JSON's own escape.
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(whole(json.dumps(result, ensure_ascii=not utf8, default=str)), flush=True)


def plain(text: str = "") -> None:
    """Text on stdout, its control characters shown; on a terminal its lines end between words."""
    end_telling()
    print(for_people(harmless(text), sys.stdout), flush=True)


def page(text: str) -> None:
    """A page of text on stdout, in lines of 80 columns at most, in a pipe, too."""
    show_line(folded(harmless(text), min(80, _columns(sys.stdout))))


def command(words: Sequence[str], lead: str = "") -> None:
    """A command on stdout that can be copied whole: where a terminal is too narrow for it, its
    lines end in the shell's own sign that it goes on."""
    line = lead + harmless(shlex.join(words))
    if _is_terminal(sys.stdout) and _width(line) > (width := _columns(sys.stdout)):
        lines, now = [], lead + harmless(shlex.quote(words[0]))
        for word in map(harmless, map(shlex.quote, words[1:])):
            if _width(f"{now} {word} \\") > width and now.strip():
                lines.append(f"{now} \\")
                now = " " * len(lead) + "  " + word
            else:
                now = f"{now} {word}"
        line = "\n".join([*lines, now])
    show_line(line)


def verbatim(text: str) -> None:
    """A document's own text on stdout, its control characters shown, its lines as they are."""
    show_line(harmless(text))


def show_line(text: str) -> None:
    """A line on stdout as it is, with a terminal's own signs: for text that is harmless already."""
    end_telling()
    print(text, flush=True)


class Telling:
    """Where progress and warnings go: a line for each, and below them, on a terminal, one bar.

    Args:
        quiet: nowhere.
        stream: stderr; looked up when something is said.
    """

    def __init__(
        self,
        quiet: bool = False,
        *,
        stream: Callable[[], TextIO] = lambda: sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet = quiet
        self._stream = stream
        self._clock = clock
        self._work = ("", "")
        self._done = 0
        self._pace = Pace(clock)
        self._drawn = ""
        self._last: float | None = None

    def __call__(self, line: str) -> None:
        """Say one line, above the bar."""
        if self._quiet:
            return
        bar = self._drawn
        self.clear()
        print(for_people(harmless(line), self._stream()), file=self._stream(), flush=True)
        if bar:
            self._draw(bar)

    def show(self, now: Progress) -> None:
        """Say how far the work is: at once on a terminal, now and then in a pipe."""
        if self._quiet:
            return
        if (now.what, now.unit) != self._work or now.done < self._done:
            self._work, self._pace, self._last = (now.what, now.unit), Pace(self._clock), None
        self._done = now.done
        at_once = _is_terminal(self._stream())
        if not self._is_due(now, at_once):
            return
        self._last = self._clock()
        words = self._pace.words(now)
        if not at_once:
            print(f"{now.what}: {', '.join(words)}", file=self._stream(), flush=True)
            return
        self._draw(_bar_line(now, words, _columns(self._stream())))
        if now.ended:
            self.clear()

    def clear(self) -> None:
        """Take the bar away: what is printed next stands where it was."""
        if self._drawn:
            print("\r" + " " * len(self._drawn) + "\r", end="", file=self._stream(), flush=True)
            self._drawn = ""

    def _is_due(self, now: Progress, at_once: bool) -> bool:
        """Whether the next picture, or line, is due: a pipe hears only of work that takes long."""
        if at_once and (now.ended or self._last is None):
            return True
        waited = self._pace.seconds if self._last is None else self._clock() - self._last
        return waited >= (_BLINK if at_once else _LINE_EVERY)

    def _draw(self, line: str) -> None:
        padded = line.ljust(len(self._drawn))
        print("\r" + padded, end="", file=self._stream(), flush=True)
        self._drawn = line


class Teller(Protocol):
    """Where lines go, and what is drawn below them is taken away."""

    def __call__(self, line: str) -> None:
        """Say one line."""

    def clear(self) -> None:
        """Take away what is drawn."""


#: What the commands say; one terminal, one bar.
_TELLING: list[Teller] = []


def say(quiet: bool) -> Telling:
    """Where the progress and warnings of a command go."""
    telling = Telling(quiet)
    listen(telling)
    return telling


def listen(teller: Teller) -> None:
    """Let one hear what is mentioned from now on, and no other."""
    _TELLING[:] = [teller]


def mention(line: str) -> None:
    """Say a line where the command says its progress; nothing where none is running."""
    for telling in _TELLING:
        telling(line)


def end_telling() -> None:
    """Take the bar away, before anything else is printed."""
    for telling in _TELLING:
        telling.clear()


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    optional: Sequence[str] = (),
) -> None:
    """A table on stdout; columns whose cells are all numbers are aligned to the right. Where a
    pipe looks, a line for each row, tabs between its cells.

    On a terminal no word is broken and no column that matters is left out: heads, then long cells
    are set in several lines, and where even that is too wide, each row is a block of lines.

    Args:
        optional: columns that a narrow terminal goes without, the first ones first.
    """
    cells = [["–" if cell is None else _one_line(str(cell)) for cell in row] for row in rows]
    if title:
        plain(title)
    if not _is_terminal(sys.stdout):
        for row in ([*columns], *cells):
            plain("\t".join(cell.replace("\t", " ") for cell in row))
        return
    width = _columns(sys.stdout)
    said = [i for i, _ in enumerate(columns) if not cells or any(row[i] for row in cells)]
    kept, widths = _fitting(columns, cells, [columns.index(name) for name in optional], said, width)
    if widths:
        _draw_table([columns[i] for i in kept], [[row[i] for i in kept] for row in cells], widths)
    else:
        _draw_blocks([columns[i] for i in kept], [[row[i] for i in kept] for row in cells])
    if missing := [columns[i] for i in said if i not in kept]:
        plain(f"A wider terminal, a pipe or --json shows more: {', '.join(missing)}.")


#: Blanks between two columns.
_GAP = 2
#: A cell longer than this is prose, which may be set in several lines; a shorter one is read at
#: once or not at all.
_PROSE = 32


def _draw_table(
    columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        header_style="bold", box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0),
        pad_edge=False,
    )  # fmt: skip
    for index, name in enumerate(columns):
        numeric = bool(cells) and all(_is_number(row[index]) for row in cells)
        drawn.add_column(
            name, justify="right" if numeric else "left", width=widths[index], overflow="fold"
        )
    end_telling()
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(width=sum(widths) + _GAP * len(widths)).print(drawn)


def _draw_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Each row as lines, its first cell above the others."""
    for first, *others in cells:
        plain(first)
        for name, cell in zip(columns[1:], others, strict=True):
            if cell:
                plain(f"  {name}: {cell}")


def _fitting(
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    optional: Sequence[int],
    said: Sequence[int],
    width: int,
) -> tuple[list[int], list[int]]:
    """The columns that fit side by side, and how wide each is; no widths where not even those
    that are not optional fit without breaking a word.

    Args:
        said: the columns that hold anything.
    """

    def longest(texts: Iterable[str]) -> int:
        return max(map(_width, texts), default=0)

    of = {i: [row[i] for row in cells] for i in said}
    word = {i: longest(w for cell in (columns[i], *of[i]) for w in cell.split()) for i in said}
    full = {i: longest((columns[i], *of[i])) for i in said}
    # A head may be set in several lines, and so may prose.
    need = {i: max(word[i], min(longest(of[i]), _PROSE)) for i in said}
    kept = list(said)

    def room(widths: Mapping[int, int]) -> int:
        return width - sum(widths[i] + _GAP for i in kept) + _GAP

    for index in optional:
        if room(need) >= 0:
            break
        kept = [i for i in kept if i != index]
    least = need if room(need) >= 0 else word
    if room(least) < 0:
        return kept, []
    spare, widths = room(least), dict(least)
    for i in sorted(kept, key=lambda i: full[i] - least[i]):
        more = min(spare, full[i] - widths[i])
        widths[i] += more
        spare -= more
    return kept, [widths[i] for i in kept]


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: two for a sign of East Asia."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


#: What a person copies stays in one piece: a command in backticks, or behind "Run: ".
_PIECES = re.compile(r"\bRun: .*|[^\s`]*`[^`]+`\S*|\S+")
#: Of a command: what a blank in quotes does not end.
_WORDS = re.compile(r"(?:'[^']*'|[^\s'])+")
#: What following lines stand below: a list's number, or all columns but the last.
_LEAD = re.compile(r" *(?:\(\d+\) |\S.* {2,})?")


def folded(text: str, width: int) -> str:
    """A text whose lines end between words, as far as it has any.

    >>> print(folded("(1) one two three four", 12))
    (1) one two
        three
        four
    """
    return "\n".join(_fold(line, width) for line in text.split("\n"))


def _pieces(text: str, width: int) -> list[str]:
    """What stays together: words, and commands; one that is too long for a line is several, each
    but the last with the shell's sign that it goes on."""
    found: list[str] = []
    for piece in _PIECES.findall(text):
        if not piece.startswith("Run: ") or _width(piece) <= width:
            found.append(piece)
            continue
        command, _, prose = piece.partition(", where ")
        words = _WORDS.findall(command)
        lines = [words[0] + " " + words[1]] if len(words) > 1 else words[:1]
        for word in words[2:]:
            if _width(f"{lines[-1]} {word} \\") > width:
                lines[-1] += " \\"
                lines.append(word)
            else:
                lines[-1] += f" {word}"
        if prose:
            lines[-1] += ","
        found += [*lines, *(_PIECES.findall(f"where {prose}") if prose else ())]
    return found


def _fold(line: str, width: int) -> str:
    if _width(line) <= width:
        return line
    lead = match[0] if (match := _LEAD.match(line)) else ""
    margin = " " * (len(lead) if len(lead) <= width * 3 // 4 else 0)
    lines, now = [], lead
    for piece in _pieces(line[len(lead) :], width - len(margin)):
        blank = "" if not now or now.endswith(" ") else " "
        goes_on = now.endswith(" \\")
        if now.strip() and (goes_on or _width(now + blank + piece) > width):
            lines.append(now.rstrip())
            now, blank = margin, ""
        now += blank + piece
    return "\n".join([*lines, now])


def for_people(text: str, stream: TextIO) -> str:
    """A text as a stream gets it: within a terminal's width, as it is in a pipe."""
    return folded(text, _columns(stream)) if _is_terminal(stream) else text


def _bar_line(now: Progress, words: Sequence[str], width: int) -> str:
    """ "merge ▕█████░░░░░▏ 412 of 1,200 calls · 4 min left · …", as much of it as fits."""
    line = f"{now.what} "
    if now.total:
        size = 20 if width >= 100 else 10
        full = round(size * min(1.0, now.done / now.total))
        line += f"▕{'█' * full}{'░' * (size - full)}▏ "
    line += words[0]
    for word in words[1:]:
        if len(line) + len(word) + 3 < width:
            line += f" · {word}"
    return line[: width - 1]


def _is_number(cell: str) -> bool:
    return cell.translate(str.maketrans("", "", ",.$ –%s±()kM")).isdigit() or cell == "–"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _columns(stream: TextIO) -> int:
    """The width of a terminal, 80 where it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def harmless(text: str) -> str:
    """Names and texts come from documents: what would command the terminal is shown instead."""
    return visible(text)


def _one_line(cell: str) -> str:
    """A file may have a line end in its name; in a cell it is shown, not obeyed."""
    return harmless(cell.replace("\r", "\\r").replace("\n", "\\n"))
