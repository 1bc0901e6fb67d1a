"""PDFs beside those of :mod:`.printed`: what else stands side by side, or only seems to."""

from __future__ import annotations

from typing import Any

from tests.extract.documents.printed import (
    WISHES,
    case,
    lines,
    prose,
    put,
    sentence,
    told,
    wrapped,
)


def upright(canvas: Any) -> None:
    """Three tables standing on their side, without rules."""
    top = 780
    for role, goal, benefit in WISHES[:3]:
        for label, words in (("As a", role), ("I want to", goal), ("So that", benefit)):
            canvas.drawString(60, top, label)
            for line in wrapped(words, 200):
                canvas.drawString(180, top, line)
                top -= 12
            top -= 4
        top -= 20


def labelled(canvas: Any, label: str = "Story {}:") -> None:
    top = 780
    for number in range(4):
        canvas.drawString(60, top, label.format(number + 1))
        for line in wrapped(sentence(number), 380):
            canvas.drawString(130, top, line)
            top -= 12
        top -= 8


def listed(canvas: Any) -> None:
    labelled(canvas, "•")


def spilt(canvas: Any) -> None:
    """A text that goes on in a second column, of which it fills two lines."""
    flowing = [line for n in range(3) for line in wrapped(sentence(n), 230)]
    put(canvas, [(50, 760 - 12 * n, line) for n, line in enumerate(flowing[:-2])])
    put(canvas, [(310, 760 - 12 * n, line) for n, line in enumerate(flowing[-2:])])


def shifted(canvas: Any) -> None:
    """Columns whose lines stand at heights of their own."""
    put(canvas, list(lines(50, 760, 230, sentence(0), sentence(1))))
    put(canvas, list(lines(310, 755, 230, sentence(2), sentence(3), gap=11)))


def interrupted(canvas: Any) -> None:
    """Columns, a line over the whole page, and columns again."""
    put(canvas, list(lines(50, 760, 230, sentence(0))))
    put(canvas, list(lines(310, 760, 230, sentence(1))))
    canvas.drawString(50, 680, "This line runs from the left margin of the page to the right")
    canvas.drawString(311, 680, "one, and it is one line, however it is put together.")
    put(canvas, list(lines(50, 650, 230, sentence(2))))
    put(canvas, list(lines(310, 650, 230, sentence(3))))


def turned(canvas: Any) -> None:
    canvas.translate(595, 0)
    canvas.rotate(90)
    prose(sentence(0), sentence(1), top=500)(canvas)


def justified(canvas: Any) -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle("justified", alignment=4, fontSize=10, leading=12)
    for column in (0, 1):
        top = 780
        for number in (2 * column, 2 * column + 1):
            paragraph = Paragraph(sentence(number), style)
            _, height = paragraph.wrap(180, 400)
            paragraph.drawOn(canvas, 60 + 200 * column, top - height)
            top -= height + 10


def ranked(canvas: Any) -> None:
    """A priority far right of each story."""
    for number in range(4):
        canvas.drawString(60, 780 - 14 * number, sentence(number))
        canvas.drawString(545, 780 - 14 * number, "High")


CASES = (
    case("upright", [upright], told(0, 1, 2), place="table 1, row 7"),
    case("labelled", [labelled], told(0, 1, 2, 3)),
    case("listed", [listed], told(0, 1, 2, 3)),
    case("columns-spilt", [spilt], told(0, 1, 2)),
    case("columns-shifted", [shifted], told(0, 1, 2, 3)),
    case("columns-interrupted", [interrupted], told(0, 1, 2, 3)),
    case("columns-justified", [justified], told(0, 1, 2, 3)),
    case("turned", [turned], told(0, 1)),
    case("ranked", [ranked], told(0, 1, 2, 3)),
)
