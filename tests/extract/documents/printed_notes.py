"""PDFs with fields that were filled in, text boxes and remarks laid over them, and struck words."""

from __future__ import annotations

from typing import Any

from tests.extract.documents.cases import Told
from tests.extract.documents.printed import WISHES, case, prose, sentence, told


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
