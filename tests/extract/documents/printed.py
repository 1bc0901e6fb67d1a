# ruff: noqa: E501 (documents as they stand)
"""PDFs: pages, columns, tables, running heads, footnotes, hyphens, hidden text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.extract.documents.cases import Case, Told

Draw = Callable[[Any], None]
_WIDTH, _HEIGHT = 595, 842

WISHES = (
    ("farmer", "see tomorrow's rain before I sow", "I can plan the harvest of my fields"),
    ("baker", "order flour until five in the afternoon", "it is delivered at night"),
    ("miller", "weigh grain at the gate of the mill", "nobody can cheat us with stones"),
    ("grocer", "return stale bread to the bakery", "I do not have to pay for it"),
    ("brewer", "buy barley at the price of last week", "the price of my beer can stay"),
    ("driver", "see which yard is closed today", "I do not drive there in vain"),
)


def told(*numbers: int) -> tuple[Told, ...]:
    return tuple(Told(*WISHES[n]) for n in numbers)


def sentence(number: int) -> str:
    role, goal, benefit = WISHES[number]
    return f"As a {role}, I want to {goal} so that {benefit}."


def pdf(*pages: Draw) -> Callable[[], bytes]:
    """A document of these pages."""

    def make() -> bytes:
        from reportlab.pdfgen.canvas import Canvas

        target = io.BytesIO()
        canvas = Canvas(target, pagesize=(_WIDTH, _HEIGHT), invariant=True)
        for draw in pages:
            canvas.setFont("Helvetica", 10)
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return target.getvalue()

    return make


def wrapped(words: str, width: float, size: float = 10) -> list[str]:
    from reportlab.lib.utils import simpleSplit

    return list(simpleSplit(words, "Helvetica", size, width))


def lines(
    left: float, top: float, width: float, *texts: str, gap: float = 8
) -> Iterator[tuple[float, float, str]]:
    """Where each line of these paragraphs stands, one below the other."""
    for words in texts:
        for line in wrapped(words, width):
            yield left, top, line
            top -= 12
        top -= gap


def put(canvas: Any, placed: Sequence[tuple[float, float, str]]) -> None:
    for left, top, words in placed:
        canvas.drawString(left, top, words)


def prose(*texts: str, top: float = 780) -> Draw:
    return lambda canvas: put(canvas, list(lines(60, top, 470, *texts)))


def all_of(*draws: Draw) -> Draw:
    def draw(canvas: Any) -> None:
        for each in draws:
            each(canvas)

    return draw


def running(number: int, of: int) -> Draw:
    """A head and a foot as every page of a report has them."""

    def draw(canvas: Any) -> None:
        canvas.drawString(60, 815, "Village market – wishes of 2025")
        canvas.drawString(60, 30, "Confidential")
        canvas.drawRightString(535, 30, f"Page {number} of {of}")

    return draw


def columns(order: str, count: int = 2) -> Draw:
    """Columns of two stories each, drawn in an order: by column, by row, or mixed."""
    width, step = (230.0, 260.0) if count == 2 else (145.0, 165.0)

    def draw(canvas: Any) -> None:
        placed = [
            spot
            for column in range(count)
            for spot in lines(
                50 + step * column, 760, width, sentence(2 * column), sentence(2 * column + 1)
            )
        ]
        if order == "row":
            placed.sort(key=lambda spot: (-spot[1], spot[0]))
        elif order == "mixed":
            placed = placed[::3] + placed[1::3] + placed[2::3]
        put(canvas, placed)

    return draw


def titled_columns(canvas: Any) -> None:
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(50, 800, "Wishes of the village for the coming year")
    canvas.setFont("Helvetica", 10)
    columns("row")(canvas)


_TABLE = [(f"V-{n}", WISHES[n % 6][0], WISHES[n % 6][1], WISHES[n % 6][2]) for n in range(30)]
_EDGES = (50.0, 100.0, 160.0, 350.0, 545.0)


def grid(
    rows: Sequence[Sequence[str]], *, ruled: bool, head: bool = True, dark: bool = False
) -> Draw:
    """Rows of wrapped cells, with or without rules between them, under a header."""

    def draw(canvas: Any) -> None:
        top = 790.0
        table = ([("ID", "As a", "I want to", "So that")] if head else []) + list(rows)
        for number, row in enumerate(table):
            cells = [wrapped(words, _EDGES[n + 1] - _EDGES[n] - 8) for n, words in enumerate(row)]
            height = 12.0 * max(map(len, cells)) + 6
            if dark and number == 0:
                canvas.setFillColorRGB(0.1, 0.1, 0.4)
                canvas.rect(_EDGES[0], top - height, _EDGES[-1] - _EDGES[0], height, fill=1)
                canvas.setFillColorRGB(1, 1, 1)
            for n, cell in enumerate(cells):
                for line, words in enumerate(cell):
                    canvas.drawString(_EDGES[n] + 4, top - 12 - 12 * line, words)
                if ruled:
                    canvas.rect(_EDGES[n], top - height, _EDGES[n + 1] - _EDGES[n], height)
            canvas.setFillColorRGB(0, 0, 0)
            top -= height

    return draw


def table_told(*numbers: int) -> tuple[Told, ...]:
    return tuple(Told(*WISHES[n % 6], key=f"V-{n}") for n in numbers)


def footnoted(canvas: Any) -> None:
    prose(sentence(0), sentence(1))(canvas)
    canvas.line(60, 90, 200, 90)
    canvas.setFont("Helvetica", 7)
    canvas.drawString(60, 78, "1 Rain is measured at the mill at six in the morning.")


def numbered(canvas: Any) -> None:
    placed = list(lines(80, 780, 300, *map(sentence, range(4))))
    for number, (left, top, words) in enumerate(placed, start=1):
        canvas.setFont("Helvetica", 7)
        canvas.drawRightString(60, top, str(number))
        canvas.setFont("Helvetica", 10)
        canvas.drawString(left, top, words)


def watermarked(canvas: Any) -> None:
    canvas.saveState()
    canvas.translate(200, 700)
    canvas.rotate(35)
    canvas.setFillColorRGB(0.8, 0.8, 0.8)
    canvas.setFont("Helvetica", 40)
    canvas.drawString(0, 0, "DRAFT COPY")
    canvas.restoreState()
    prose(*map(sentence, range(3)))(canvas)


def hyphenated(canvas: Any) -> None:
    put(
        canvas,
        [
            (
                60,
                780,
                "As a farmer, I want to see tomorrow's rain before I sow so that I can plan the har-",
            ),
            (60, 768, "vest of my fields."),
            (
                60,
                740,
                "As a part-time baker, I want a list of the flour of all mills that I know of, and a self-",
            ),
            (60, 728, "service till so that I need no clerk."),
        ],
    )


def ligatured(canvas: Any) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))  # comes with reportlab
    canvas.setFont("Vera", 10)
    put(canvas, [(60, 780, "As a ﬁsher, I want to ﬁnd the ﬂoor plan so that I stay ﬁt.")])


def see_through(canvas: Any) -> None:
    prose(sentence(0))(canvas)
    hidden = canvas.beginText(60, 700)
    hidden.setTextRenderMode(3)
    hidden.textLine("As a ghost, I want to win every auction so that I get rich.")
    canvas.drawText(hidden)


def white(canvas: Any) -> None:
    prose(sentence(0))(canvas)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(60, 700, "As a ghost, I want to win every auction so that I get rich.")


def scanned(canvas: Any) -> None:
    """A picture of a page with its recognised text, invisible, on top."""
    from reportlab.lib.utils import ImageReader

    try:
        from PIL import Image
    except ImportError:  # reportlab brings it
        raise
    picture = io.BytesIO()
    Image.new("RGB", (60, 85), "white").save(picture, "PNG")
    picture.seek(0)
    canvas.drawImage(ImageReader(picture), 0, 0, _WIDTH, _HEIGHT)
    hidden = canvas.beginText(60, 780)
    hidden.setTextRenderMode(3)
    for _, _, words in lines(60, 780, 470, sentence(0), sentence(1)):
        hidden.textLine(words)
    canvas.drawText(hidden)


def jumbled(canvas: Any) -> None:
    """Two texts whose lines stand side by side with no gutter between them: the right one begins
    where the left one's line ends, so that no order of reading can be known."""
    left = [line for _, _, line in lines(0, 0, 240, sentence(0), sentence(1))]
    right = [line for _, _, line in lines(0, 0, 200, sentence(2), sentence(3))]
    for number, (one, other) in enumerate(zip(left, right, strict=False)):
        top = 760 - 12 * number
        canvas.drawString(50, top, one)
        width = canvas.stringWidth(one, "Helvetica", 10)
        canvas.drawString(50 + width + 10, top, other)


def split_story() -> tuple[Draw, Draw]:
    """A story that begins on the last line of a page and ends on the first of the next."""
    first = all_of(
        prose(*[f"Paragraph {n} speaks of the weather and of nothing else." for n in range(30)]),
        lambda canvas: canvas.drawString(
            60, 60, "As a driver, I want to see which yard is closed today so that I do not"
        ),
    )
    return first, prose("drive there in vain.", sentence(1))


def case(name: str, pages: Sequence[Draw], stories: tuple[Told, ...], **more: Any) -> Case:
    return Case(f"{name}.pdf", pdf(*pages), stories, **more)


_PLAIN = "The mill stands by the river and the market is held on every second Saturday."
CASES = (
    case("plain", [prose(_PLAIN, *map(sentence, range(4)))], told(0, 1, 2, 3)),
    case("break", split_story(), (Told(*WISHES[5]), *told(1)), place="page 2"),
    case(
        "running",
        [all_of(running(n + 1, 3), prose(sentence(2 * n), sentence(2 * n + 1))) for n in range(3)],
        told(0, 1, 2, 3, 4, 5),
        kept=("Confidential",),
        absent=("Page 2", "Village market"),
    ),
    case(
        "running-break",
        [all_of(running(n + 1, 2), draw) for n, draw in enumerate(split_story())],
        (Told(*WISHES[5]), *told(1)),
        kept=("Confidential",),
    ),
    case("footnote", [footnoted], told(0, 1), kept=("Rain is measured",)),
    case("line-numbers", [numbered], told(0, 1, 2, 3)),
    case("watermark", [watermarked], told(0, 1, 2), absent=("DRAFT",)),
    case("columns", [columns("column")], told(0, 1, 2, 3)),
    case("columns-rowwise", [columns("row")], told(0, 1, 2, 3)),
    case("columns-mixed", [columns("mixed")], told(0, 1, 2, 3)),
    case("columns-three", [columns("row", 3)], told(0, 1, 2, 3, 4, 5)),
    case("columns-titled", [titled_columns], told(0, 1, 2, 3)),
    case("jumbled", [jumbled], (), said=("order",)),
    case("table-ruled", [grid(_TABLE[:8], ruled=True)], table_told(*range(8))),
    case("table-open", [grid(_TABLE[:8], ruled=False)], table_told(*range(8))),
    case("table-dark", [grid(_TABLE[:8], ruled=True, dark=True)], table_told(*range(8))),
    case(
        "table-pages",
        [grid(_TABLE[:15], ruled=True), grid(_TABLE[15:30], ruled=True)],
        table_told(*range(30)),
        place="page 2",
    ),
    case(
        "table-goes-on",
        [grid(_TABLE[:15], ruled=True), grid(_TABLE[15:24], ruled=True, head=False)],
        table_told(*range(24)),
    ),
    case(
        "hyphens",
        [hyphenated],
        (
            told(0)[0],
            Told(
                "part-time baker",
                "a list of the flour of all mills that I know of, and a self-service till",
                "I need no clerk",
            ),
        ),
    ),
    case("ligatures", [ligatured], (Told("fisher", "find the floor plan", "I stay fit"),)),
    case("invisible", [see_through], told(0), said=("invisible",), kept=("ghost",)),
    case("white", [white], told(0), said=("invisible",), kept=("ghost",)),
    case("scan", [scanned], told(0, 1), said=("OCR",)),
)
