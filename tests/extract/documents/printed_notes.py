"""PDFs with fields that were filled in, text boxes and remarks laid over them, struck words,
and tables without a header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.extract.documents.cases import Told
from tests.extract.documents.printed import (
    WISHES,
    Draw,
    case,
    lines,
    prose,
    put,
    sentence,
    told,
    wrapped,
)


def bare(rows: Sequence[Sequence[str]], *edges: float, ruled: bool = False, gap: float = 6) -> Draw:
    """Rows of wrapped cells without a header."""

    def draw(canvas: Any) -> None:
        top = 790.0
        for row in rows:
            cells = [wrapped(words, edges[n + 1] - edges[n] - 8) for n, words in enumerate(row)]
            height = 12.0 * max(map(len, cells)) + gap
            for n, cell in enumerate(cells):
                for line, words in enumerate(cell):
                    canvas.drawString(edges[n] + 4, top - 12 - 12 * line, words)
                if ruled:
                    canvas.rect(edges[n], top - height, edges[n + 1] - edges[n], height)
            top -= height

    return draw


_STATES = ("open", "done", "open", "later", "open", "done")
KEYED = [(f"V-{n}", sentence(n), _STATES[n]) for n in range(6)]
SPLIT = [(f"As a {a}", f"I want to {b}", f"so that {c}") for a, b, c in WISHES]
BESIDE = [(sentence(n), "Works at night, and also by phone in every browser.") for n in range(6)]
NAMELESS = [(f"V-{n}", *WISHES[n]) for n in range(6)]
ALL = told(*range(6))
_WITH_KEYS = tuple(each._replace(key=f"V-{n}") for n, each in enumerate(ALL))


def article(canvas: Any) -> None:
    """Three columns of running text, of which the last ends first."""
    for column, count in enumerate((3, 3, 1)):
        texts = [sentence(column + n) for n in range(count)]
        put(canvas, list(lines(50 + 170 * column, 760, 150, *texts)))


def form(canvas: Any) -> None:
    prose("Tell us what you wish for.")(canvas)
    fields = {
        "Role 1": WISHES[0][0],
        "Goal 1": WISHES[0][1],
        "Benefit 1": WISHES[0][2],
        "Role 2": WISHES[1][0],
        "Goal 2": WISHES[1][1],
        "Benefit 2": WISHES[1][2],
        "Anything else": sentence(2),
        "Left empty": "",
    }
    for n, (name, value) in enumerate(fields.items()):
        canvas.acroForm.textfield(
            name=name, value=value, x=60, y=700 - 40 * n, width=400, maxlen=500
        )


def remarked(canvas: Any) -> None:
    prose(sentence(0))(canvas)
    canvas.textAnnotation("As a ghost, I want to haunt.", Rect=[500, 700, 520, 720])
    canvas.highlightAnnotation("Ask Ann about this", Rect=[60, 770, 200, 790])


def boxed(canvas: Any) -> None:
    prose(sentence(0))(canvas)
    canvas.freeTextAnnotation(sentence(1), DA="/Helv 10 Tf 0 g", Rect=[60, 500, 500, 540])


def struck(canvas: Any) -> None:
    """A word in a sentence and a sentence of its own, under marks that strike them out."""
    from reportlab.pdfbase.pdfdoc import HighlightAnnotation, PDFName

    class StrikeOut(HighlightAnnotation):  # type: ignore[misc]
        def Dict(self) -> Any:
            made = super().Dict()
            made["Subtype"] = PDFName("StrikeOut")
            return made

    left = "As a farmer, I want to see "
    at = 60 + canvas.stringWidth(left, "Helvetica", 10)
    canvas.drawString(60, 700, f"{left}yesterday's tomorrow's rain.")
    end = at + canvas.stringWidth("yesterday's", "Helvetica", 10)
    canvas.drawString(60, 660, "As a ghost, I want to haunt so that people flee.")
    for x0, y0, x1, y1 in ((at, 697, end, 710), (58, 657, 400, 670)):
        canvas._addAnnotation(StrikeOut([x0, y0, x1, y1], "", [x0, y1, x1, y1, x0, y0, x1, y0]))


def only_fields(canvas: Any) -> None:
    canvas.acroForm.textfield(name="wish", value=sentence(3), x=60, y=700, width=400, maxlen=500)


CASES = (
    *(
        case(f"bare-{name}-{ruled:d}-{gap}", [bare(rows, *edges, ruled=ruled, gap=gap)], stories)
        for ruled, gap in ((True, 6), (False, 6), (False, 0))
        for name, rows, edges, stories in (
            ("keyed", KEYED, (50, 100, 330, 400), _WITH_KEYS),
            ("split", SPLIT, (50, 150, 330, 540), ALL),
            ("beside", BESIDE, (50, 270, 520), ALL),
        )
    ),
    case(
        "bare-goes-on",
        [bare(KEYED[:3], 50, 100, 330, 400), bare(KEYED[3:], 50, 100, 330, 400)],
        _WITH_KEYS,
        place="page 2, table 2, row 3",
    ),
    case("bare-nameless", [bare(NAMELESS, 50, 90, 160, 330, 540)], (), said=("nothing names",)),
    case("article", [article], told(0, 1, 2, 1, 2, 3, 2)),
    case("form", [form], told(0, 1, 2), said=("form fields",)),
    case("form-without-text", [only_fields], told(3), said=("form fields",)),
    case("remarks", [remarked], told(0), said=("2 comments",), kept=("ghost", "Ask Ann")),
    case("text-box", [boxed], told(0, 1), said=("text boxes",)),
    case(
        "struck",
        [struck],
        (Told("farmer", "see tomorrow's rain"),),
        said=("struck out",),
        kept=("ghost", "yesterday"),
    ),
)
