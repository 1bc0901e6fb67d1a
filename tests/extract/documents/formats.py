# ruff: noqa: E501 (documents as they stand)
"""Further formats: OpenDocument, slides, RTF, mail, web archives, AsciiDoc, XML, YAML, ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from tests.extract.documents.cases import Case, Told, text
from tests.extract.documents.trackers import MHTML

SAIL = Told("sailor", "mend a sail", "we can race")
_SAIL = "As a sailor, I want to mend a sail so that we can race."
COOK = Told("cook", "a stove", "soup is hot")
_COOK = "As a cook, I want a stove so that soup is hot."


def zipped(**members: str | bytes) -> Callable[[], bytes]:
    """A zip file; "__" in a name is a slash, "_dot_" a dot."""

    def make() -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
        return target.getvalue()

    return make


def odt(body: str, styles: str = "", kind: str = "text") -> Callable[[], bytes]:
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("style", "style"),
            ("fo", "xsl-fo-compatible"),
            ("draw", "drawing"),
        )
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {names} '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><office:automatic-styles>'
        f"{styles}</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    return zipped(mimetype=f"application/vnd.oasis.opendocument.{kind}", content_dot_xml=content)


_ODT = (
    '<text:h text:outline-level="1">Yard</text:h>'
    '<text:p>As a sailor, I want to mend a<text:s text:c="2"/><text:span text:style-name="T1">big '
    '</text:span>sail<text:note text:id="n1"><text:note-citation>1</text:note-citation>'
    "<text:note-body><text:p>Of cotton.</text:p></text:note-body></text:note> so that we can race."
    "<office:annotation><dc:creator>Jo</dc:creator><text:p>As a judge, I want silk.</text:p>"
    "</office:annotation></text:p>"
    "<text:list><text:list-item><text:p>by hand</text:p></text:list-item><text:list-item>"
    "<text:p>within a day</text:p></text:list-item></text:list>"
    '<table:table table:name="T"><table:table-row><table:table-cell><text:p>As a</text:p>'
    "</table:table-cell><table:table-cell><text:p>I want</text:p></table:table-cell><table:table-cell>"
    "<text:p>So that</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>"
    "<text:p>cook</text:p></table:table-cell><table:table-cell><text:p>a stove</text:p>"
    "</table:table-cell><table:table-cell><text:p>soup is hot</text:p></table:table-cell>"
    "</table:table-row></table:table>"
)
_ODT_CHANGED = (
    '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><text:p>As a pirate, I '
    "want gold.</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    f'<text:p>{_SAIL}<text:change text:change-id="c1"/></text:p>'
    '<text:p text:style-name="P1">As a ghost, I want to haunt.</text:p>'
)
_STYLES = (
    '<style:style style:name="T1" style:family="text"><style:text-properties '
    'style:text-line-through-style="solid"/></style:style><style:style style:name="P1" '
    'style:family="paragraph"><style:text-properties text:display="none"/></style:style>'
)


def slides() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Yard"
    frame = first.placeholders[1].text_frame
    frame.text = _SAIL
    more = frame.add_paragraph()
    more.text, more.level = "by hand", 1
    struck = frame.add_paragraph()
    struck.level = 1
    run = struck.add_run()
    run.text = "by machine"
    run._r.get_or_add_rPr().set("strike", "sngStrike")
    first.notes_slide.notes_text_frame.text = "As a host, I want to greet the guests."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Galley"
    table = second.shapes.add_table(2, 3, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for row, cells in enumerate(
        (("As a", "I want", "So that"), ("cook", "a stove", "soup is hot"))
    ):
        for column, words in enumerate(cells):
            table.cell(row, column).text = words
    third = deck.slides.add_slide(deck.slide_layouts[1])
    third.shapes.title.text = "Old"
    third.placeholders[1].text_frame.text = "As a pirate, I want gold."
    third._element.set("show", "0")
    target = io.BytesIO()
    deck.save(target)
    return target.getvalue()


_RTF = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\info{\author Jo}}\pard "
    r"As a sailor, I want to mend a {\strike big }sail so that we can race.\par "
    r"{\v As a ghost, I want to haunt.\par}"
    r"\pard{\pntext\'b7\tab}caf\'e9 cloth\par "
    r"{\deleted As a pirate, I want gold.\par}"
    r"{\*\annotation As a judge, I want silk.}"
    r"\trowd\cellx3000\cellx6000\intbl As a\cell I want\cell\row"
    r"\trowd\cellx3000\cellx6000\intbl cook\cell a stove\cell\row \pard The end.\par}"
)
_RTF_WHITE = (
    r"{\rtf1\ansi{\colortbl;\red254\green255\blue255;\red0\green0\blue0;}\pard "
    r"As a sailor, I want to mend a {\cf1 big }sail so that we can race.\par "
    r"{\cf1 As a ghost, I want to haunt.\par}\pard\cf1 As a spectre, I want to knock, \cf2 "
    r"quietly.\par\pard\cf0 As a cook, I want a stove so that soup is hot.\par}"
)
_ODT_WHITE = (
    '<text:p>As a sailor, I want to mend a <text:span text:style-name="Pale">big </text:span>sail so '
    'that we can race.</text:p><text:p text:style-name="Paler">As a ghost, I want to haunt.</text:p>'
    f'<text:p text:style-name="Paler"><text:span text:style-name="Ink">{_COOK}</text:span></text:p>'
)
_COLOURED = (
    '<style:style style:name="Pale" style:family="text"><style:text-properties fo:color="#fefefe"/>'
    '</style:style><style:style style:name="Paler" style:family="paragraph" style:parent-style-name='
    '"Pale"/><style:style style:name="Ink" style:family="text"><style:text-properties '
    'style:use-window-font-color="true"/></style:style><style:style style:name="Dark" style:family='
    '"paragraph" style:parent-style-name="Pale"><style:paragraph-properties fo:background-color='
    '"#1f3864"/></style:style><style:style style:name="Sea" style:family="table-cell">'
    '<style:table-cell-properties fo:background-color="#1f3864"/></style:style>'
)
_ODT_DARK = (
    f'<text:p text:style-name="Dark">{_SAIL}</text:p><table:table><table:table-row><table:table-cell '
    f'table:style-name="Sea"><text:p text:style-name="Paler">{_COOK}</text:p></table:table-cell>'
    "</table:table-row></table:table><text:p><draw:frame><draw:text-box><text:p text:style-name="
    '"Paler">As a purser, I want to count heads.</text:p></draw:text-box></draw:frame></text:p>'
)
_MAIL = (
    "From: Jo Li <jo@yard.example>\r\nTo: all@yard.example\r\nSubject: Sails\r\nDate: Mon, 3 Feb 2025 "
    "10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\n"
    f"{_SAIL}\r\n\r\n> As a cook, I want a stove so that soup is hot.\r\n\r\n-- \r\nJo\r\n"
)
_MAIL_HTML = (
    "From: Jo Li <jo@yard.example>\r\nSubject: =?utf-8?B?U2FpbHM=?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: multipart/alternative; "
    "boundary=A\r\n\r\n--A\r\nContent-Type: text/plain\r\n\r\n"
    + _SAIL
    + "\r\n--A\r\nContent-Type: "
    "text/html\r\n\r\n<p>"
    + _SAIL
    + "</p><ul><li>by hand</li></ul>\r\n--A--\r\n--B\r\nContent-Type: "
    'application/pdf; name="plan.pdf"\r\nContent-Disposition: attachment; filename="plan.pdf"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--B--\r\n"
)
_ADOC = (
    "= Yard\nJo Li <jo@yard.example>\n:toc:\n\n== Story 1: Sails\n\n"
    f"{_SAIL}\n\n.Acceptance criteria\n* by hand\n** at sea\n* [line-through]#by machine#\n\n"
    "// As a pirate, I want gold.\n\n////\nAs a ghost, I want to haunt.\n////\n\n----\nAs a coder, I "
    "want tabs.\n----\n\n== Galley\n\n[cols=3,options=header]\n|===\n|As a |I want |So that\n\n|cook\n"
    "|a stove\n|soup is hot\n|===\n"
)
_XML = (
    '<?xml version="1.0" encoding="utf-8"?><!-- As a ghost, I want to haunt. --><requirements>'
    "<requirement><id>R-1</id><title>Sails</title><description>" + _SAIL + "</description>"
    "<acceptanceCriteria><criterion>by hand</criterion><criterion>at sea</criterion>"
    '</acceptanceCriteria></requirement><requirement id="R-2"><role>cook</role><goal>a stove</goal>'
    "<benefit>soup is hot</benefit></requirement></requirements>"
)
_YAML = (
    "# As a ghost, I want to haunt.\nstories:\n  - id: Y-1\n    title: Sails\n    description: |\n"
    f"      {_SAIL}\n    acceptance_criteria:\n      - by hand\n      - at sea\n  - id: Y-2\n"
    "    role: cook\n    goal: a stove\n    benefit: soup is hot\n"
)

CASES = (
    Case(
        "yard.odt",
        odt(_ODT, _STYLES),
        (SAIL._replace(criteria=("by hand", "within a day")), COOK),
        said=("struck", "comment"),
        kept=("big", "Of cotton", "judge"),
        place="table 1, row 2",
    ),
    Case(
        "changed.odt",
        odt(_ODT_CHANGED, _STYLES),
        (SAIL,),
        said=("deleted", "hidden"),
        kept=("pirate", "ghost"),
    ),
    Case(
        "yard.pptx",
        slides,
        (SAIL._replace(criteria=("by hand",)), COOK),
        said=("struck", "hidden", "notes"),
        kept=("by machine", "gold", "greet"),
        place="page 2",
    ),
    Case(
        "yard.rtf",
        text(_RTF),
        (SAIL._replace(criteria=("café cloth",)), Told("cook", "a stove")),
        said=("struck", "hidden", "deleted"),
        kept=("big", "ghost", "pirate", "judge"),
    ),
    Case(
        "white.rtf",
        text(_RTF_WHITE),
        (SAIL, COOK),
        said=("invisible",),
        kept=("big", "ghost", "spectre"),
    ),
    Case(
        "white-on-dark.rtf",
        text(_RTF_WHITE.replace(r"{\cf1 As a ghost", r"{\chcbpat2\cf1 As a ghost")),
        (
            SAIL._replace(goal="mend a big sail"),
            Told("ghost", "haunt"),
            Told("spectre", "knock, quietly"),
            COOK,
        ),
    ),
    Case(
        "white.odt",
        odt(_ODT_WHITE, _COLOURED),
        (SAIL, COOK),
        said=("invisible",),
        kept=("big", "ghost"),
    ),
    Case(
        "white-on-dark.odt",
        odt(_ODT_DARK, _COLOURED),
        (SAIL, COOK, Told("purser", "count heads")),
    ),
    Case("sails.eml", text(_MAIL), (SAIL, COOK)),
    Case(
        "sails-html.eml",
        text(_MAIL_HTML),
        (SAIL._replace(criteria=("by hand",)),),
        said=("plan.pdf",),
    ),
    Case("wishes.mhtml", text(MHTML), (Told("climber", "book a wall", "I can train"),)),
    Case("wishes.mht", text(MHTML), (Told("climber", "book a wall", "I can train"),)),
    Case(
        "yard.adoc",
        text(_ADOC),
        (SAIL._replace(criteria=("by hand", "at sea")), COOK),
        said=("struck",),
        kept=("by machine", "pirate", "ghost"),
    ),
    Case(
        "yard.xml",
        text(_XML),
        (SAIL._replace(criteria=("by hand", "at sea"), key="R-1"), COOK._replace(key="R-2")),
    ),
    Case(
        "yard.yaml",
        text(_YAML),
        (SAIL._replace(criteria=("by hand", "at sea"), key="Y-1"), COOK._replace(key="Y-2")),
    ),
    Case(
        "bomb.xml",
        text('<!DOCTYPE a [<!ENTITY x "haha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'),
        (),
        said=("entit",),
    ),
    Case("broken.yaml", text("a: [1, 2\nb: }"), (), said=("YAML",)),
    Case("book.epub", zipped(mimetype="application/epub+zip"), (), said=("EPUB",)),
    Case("notes.org", text(f"* Yard\n{_SAIL}\n"), (), said=("Org",)),
    Case("notes.textile", text(f"h1. Yard\n\n{_SAIL}\n"), (), said=("Textile",)),
    Case("board.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(40), (), said=("picture",)),
    Case("old.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), (), said=(".docx",)),
)
