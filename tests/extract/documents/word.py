# ruff: noqa: E501 (documents as they stand)
"""Word documents: what is struck, hidden, moved, merged, boxed, noted and numbered."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from tests.extract.documents.cases import Case, Told

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACES = (
    f'xmlns:w="{W}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def body(
    *elements: str, parts: dict[str, str] | None = None, styles: str = ""
) -> Callable[[], bytes]:
    """A document of these body elements ("p:" marks a plain paragraph), with further parts."""

    def make() -> bytes:
        import docx
        from docx.oxml import parse_xml

        document = docx.Document()
        for element in elements:
            xml = paragraph(run(element)) if not element.startswith("<") else element
            head, _, rest = xml.partition(" " if " " in xml.split(">", 1)[0] else ">")
            joint = " " if " " in xml.split(">", 1)[0] else ">"
            spaced = f"{head} {_SPACES}{joint}{rest}"
            document.element.body.insert(len(document.element.body) - 1, parse_xml(spaced))
        if styles:
            document.styles.element.append(
                parse_xml(styles.replace("<w:style", f"<w:style {_SPACES}", 1))
            )
        target = io.BytesIO()
        document.save(target)
        return _with_parts(target.getvalue(), parts or {})

    return make


def _with_parts(data: bytes, parts: dict[str, str]) -> bytes:
    """Add XML parts such as comments, with their content types and relationships."""
    if not parts:
        return data
    target = io.BytesIO()
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        added = [part for part in parts if f"word/{part}.xml" not in old.namelist()]
        for name in old.namelist():
            content = (
                old.read(name).decode() if name.endswith((".xml", ".rels")) else old.read(name)
            )
            if name == "[Content_Types].xml":
                more = "".join(
                    f'<Override PartName="/word/{part}.xml" ContentType="{kind}.{part}+xml"/>'
                    for part in added
                )
                content = str(content).replace("</Types>", f"{more}</Types>")
            elif name == "word/_rels/document.xml.rels":
                more = "".join(
                    f'<Relationship Id="rx{n}" Type="{related}/{part}" Target="{part}.xml"/>'
                    for n, part in enumerate(added)
                )
                content = str(content).replace("</Relationships>", f"{more}</Relationships>")
            elif name.removeprefix("word/").removesuffix(".xml") in parts:
                continue
            new.writestr(name, content)
        for part, xml in parts.items():
            new.writestr(f"word/{part}.xml", xml.replace("SPACES", _SPACES))
    return target.getvalue()


def run(words: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", properties: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{''.join(runs)}</w:p>"


def item(words: str, number: int = 1) -> str:
    listed = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'
    return paragraph(run(words), style="ListBullet" if number == 1 else "", properties=listed)


def table(*rows: tuple[str, ...]) -> str:
    """Cells of words or of XML; "^" goes on with the cell above, "<<" with the cell before."""
    lines = []
    for number, row in enumerate(rows):
        cells: list[str] = []
        for column, cell in enumerate(row):
            below = number + 1 < len(rows) and rows[number + 1][column : column + 1] == ("^",)
            span = 1
            while row[column + span : column + span + 1] == ("<<",):
                span += 1
            if cell == "<<":
                continue
            merged = (
                "<w:vMerge/>" if cell == "^" else '<w:vMerge w:val="restart"/>' if below else ""
            )
            wide = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
            words = "" if cell == "^" else cell
            inner = words if words.startswith("<w:") else paragraph(run(words))
            inner += "<w:p/>" if inner.endswith("</w:tbl>") else ""
            cells.append(f"<w:tc><w:tcPr>{wide}{merged}</w:tcPr>{inner}</w:tc>")
        lines.append(f"<w:tr>{''.join(cells)}</w:tr>")
    return f"<w:tbl><w:tblPr/>{''.join(lines)}</w:tbl>"


def boxed(words: str) -> str:
    """A text box as Word writes it: once for today's Word and once more for old ones."""
    inner = f"<w:txbxContent>{paragraph(run(words))}</w:txbxContent>"
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx>'
        f"{inner}</wps:txbx></wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>"
        f"{inner}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def saved(document: Any) -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def headed() -> bytes:
    import docx

    document = docx.Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = "Ferry line 7 – internal"
    section.footer.paragraphs[0].text = "As agreed in March, page 1"
    document.add_paragraph("As a deckhand, I want a rota so that I sleep enough.")
    return saved(document)


_NOTES = (
    '<w:footnotes SPACES><w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
    '<w:footnote w:id="2"><w:p><w:r><w:t>Only in the summer season.</w:t></w:r></w:p>'
    "</w:footnote></w:footnotes>"
)
_COMMENTS = (
    '<w:comments SPACES><w:comment w:id="0" w:author="Ann"><w:p><w:r><w:t>As a lawyer, I want '
    "to veto this so that nobody sues us.</w:t></w:r></w:p></w:comment></w:comments>"
)
_NUMBERS = (
    '<w:numbering SPACES><w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="4"/>'
    '<w:numFmt w:val="decimal"/><w:lvlText w:val="US-%1"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="7"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
)
_WHITE = '<w:color w:val="FFFFFF"/>'
_DARK = '<w:color w:val="000000"/>'
_SHADED = '<w:shd w:val="clear" w:color="auto" w:fill="1F3864"/>'
FERRY = Told("skipper", "see the tide table", "I can moor safely")
_FERRY = "As a skipper, I want to see the tide table so that I can moor safely."

CASES = (
    Case(
        "word-deleted.docx",
        body(
            paragraph(
                run("As a passenger, I want to board "),
                '<w:del w:id="1" w:author="A"><w:r><w:delText>20</w:delText></w:r></w:del>',
                f'<w:ins w:id="2" w:author="A">{run("10")}</w:ins>',
                run(" minutes early so that I find a seat."),
            ),
            paragraph(
                '<w:del w:id="3" w:author="A"><w:r><w:delText>As a stowaway, I want to hide so '
                "that nobody sees me.</w:delText></w:r></w:del>"
            ),
        ),
        (Told("passenger", "board 10 minutes early", "I find a seat"),),
        said=("deleted",),
        kept=("stowaway",),
    ),
    Case(
        "word-moved.docx",
        body(
            paragraph(f'<w:moveFrom w:id="4" w:author="A">{run(_FERRY)}</w:moveFrom>'),
            "As a cook, I want gas so that I can fry fish.",
            paragraph(f'<w:moveTo w:id="5" w:author="A">{run(_FERRY)}</w:moveTo>'),
        ),
        (Told("cook", "gas", "I can fry fish"), FERRY),
        said=("moved",),
    ),
    Case(
        "word-joined.docx",
        body(
            paragraph(
                run("As a purser, I want to count heads "),
                properties='<w:rPr><w:del w:id="6" w:author="A"/></w:rPr>',
            ),
            "so that nobody stays ashore.",
        ),
        (Told("purser", "count heads", "nobody stays ashore"),),
    ),
    Case(
        "word-hidden.docx",
        body(
            paragraph(run("As a ghost, I want to haunt so that people flee.", "<w:vanish/>")),
            paragraph(
                run("As a skipper, I want to see the "),
                run("secret ", "<w:vanish/>"),
                run("tide table so that I can moor safely."),
            ),
            paragraph(run("Draft", '<w:vanish w:val="0"/>')),
        ),
        (FERRY,),
        said=("hidden",),
        kept=("ghost", "secret"),
    ),
    Case(
        "word-white.docx",
        body(
            paragraph(run("As a ghost, I want to haunt so that people flee.", _WHITE)),
            paragraph(
                run("As a skipper, I want to see the "),
                run("secret ", '<w:color w:val="FEFEFE"/>'),
                run("tide table so that I can moor safely."),
            ),
            paragraph(run("As a spectre, I want to knock so that they wake."), style="Pale"),
            paragraph(run("As a cook, I want gas so that I can fry fish.", _DARK), style="Pale"),
            styles='<w:style w:type="paragraph" w:styleId="Pale"><w:name w:val="Pale"/>'
            '<w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>',
        ),
        (FERRY, Told("cook", "gas", "I can fry fish")),
        said=("invisible",),
        kept=("ghost", "secret", "spectre"),
    ),
    Case(
        "word-white-on-dark.docx",
        body(
            paragraph(run(_FERRY, _WHITE), properties=_SHADED),
            paragraph(run("As a cook, I want gas so that I can fry fish.", _WHITE + _SHADED)),
            paragraph(
                run("As a deckhand, I want a rota.", _WHITE + '<w:highlight w:val="black"/>')
            ),
            table(("Ship", paragraph(run("As a purser, I want to count heads.", _WHITE)))).replace(
                "<w:tblPr/>", f"<w:tblPr>{_SHADED}</w:tblPr>"
            ),
        ),
        (
            FERRY,
            Told("cook", "gas", "I can fry fish"),
            Told("deckhand", "a rota"),
            Told("purser", "count heads"),
        ),
    ),
    Case(
        "word-struck.docx",
        body(
            paragraph(
                run("As a skipper, I want to see the "),
                run("old ", "<w:strike/>"),
                run("tide table so that I can moor safely."),
            ),
            item("shown for today"),
            paragraph(
                run("shown for last year", "<w:dstrike/>"),
                style="ListBullet",
                properties='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>',
            ),
            item("shown for tomorrow"),
        ),
        (FERRY._replace(criteria=("shown for today", "shown for tomorrow")),),
        said=("struck",),
        kept=("old ", "last year"),
    ),
    Case(
        "word-style-hides.docx",
        body(
            paragraph(run("As a ghost, I want to haunt so that people flee."), style="Unseen"),
            _FERRY,
            styles='<w:style w:type="paragraph" w:styleId="Unseen"><w:name w:val="Unseen"/>'
            "<w:rPr><w:vanish/></w:rPr></w:style>",
        ),
        (FERRY,),
        said=("hidden",),
        kept=("ghost",),
    ),
    Case(
        "word-box.docx",
        body(
            paragraph(run("Ideas from the crew"), boxed(_FERRY)),
            "As a cook, I want gas so that I can fry fish.",
        ),
        (FERRY, Told("cook", "gas", "I can fry fish")),
    ),
    Case(
        "word-boxes.docx",
        body(
            "As a sail\u00ador, I want to mend a sail so that we can race.",
            paragraph(
                "<w:sdt><w:sdtContent><w:r><w:t>☐</w:t></w:r></w:sdtContent></w:sdt>", run(" dry")
            ),
            paragraph(run("☒ white")),
            paragraph(run("Later.")),
        ),
        (Told("sailor", "mend a sail", "we can race", ("dry", "white")),),
    ),
    Case(
        "word-row-deleted.docx",
        body(
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>As a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>I want"
            "</w:t></w:r></w:p></w:tc></w:tr>"
            '<w:tr><w:trPr><w:del w:id="1"/></w:trPr><w:tc><w:p><w:r><w:t>pirate</w:t></w:r></w:p>'
            "</w:tc><w:tc><w:p><w:r><w:t>gold</w:t></w:r></w:p></w:tc></w:tr>"
            "<w:tr><w:tc><w:p><w:r><w:t>cook</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>gas</w:t>"
            "</w:r></w:p></w:tc></w:tr></w:tbl>"
        ),
        (Told("cook", "gas"),),
        said=("deleted",),
        kept=("gold",),
    ),
    Case(
        "word-comment.docx",
        body(
            paragraph(
                '<w:commentRangeStart w:id="0"/>',
                run(_FERRY),
                '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>',
            ),
            parts={"comments": _COMMENTS},
        ),
        (FERRY,),
        said=("comment",),
        kept=("lawyer",),
    ),
    Case(
        "word-footnote.docx",
        body(
            paragraph(run(_FERRY), '<w:r><w:footnoteReference w:id="2"/></w:r>'),
            "As a cook, I want gas so that I can fry fish.",
            parts={"footnotes": _NOTES},
        ),
        (FERRY, Told("cook", "gas", "I can fry fish")),
        kept=("summer season",),
    ),
    Case(
        "word-header.docx",
        headed,
        (Told("deckhand", "a rota", "I sleep enough"),),
        kept=("Ferry line 7", "agreed in March"),
    ),
    Case(
        "word-merged-down.docx",
        body(
            table(
                ("ID", "As a", "I want to", "So that"),
                ("F-1", "skipper", "see the tide table", "I can moor safely"),
                ("F-2", "^", "call the harbour", "a berth is free"),
                ("F-3", "purser", "count heads", "nobody stays ashore"),
            ),
        ),
        (
            FERRY._replace(key="F-1"),
            Told("skipper", "call the harbour", "a berth is free", key="F-2"),
            Told("purser", "count heads", "nobody stays ashore", key="F-3"),
        ),
    ),
    Case(
        "word-merged-across.docx",
        body(
            table(
                ("Wishes of the crew", "<<", "<<"),
                ("As a", "I want to", "So that"),
                ("skipper", "see the tide table", "I can moor safely"),
                ("Wishes of the office", "<<", "<<"),
                ("clerk", "print tickets", "queues are short"),
            ),
        ),
        (FERRY, Told("clerk", "print tickets", "queues are short")),
    ),
    Case(
        "word-two-tables.docx",
        body(
            table(("Port", "Depth"), ("Kiel", "9 m")),
            "Wishes:",
            table(("As a", "I want to"), ("clerk", "print tickets")),
        ),
        (Told("clerk", "print tickets"),),
        place="table 2, row 2",
    ),
    Case(
        "word-nested-table.docx",
        body(
            table(
                ("Crew", table(("As a", "I want to"), ("skipper", "see the tide table"))),
                ("Office", table(("As a", "I want to"), ("clerk", "print tickets"))),
            ),
        ),
        (Told("skipper", "see the tide table"), Told("clerk", "print tickets")),
    ),
    Case(
        "word-numbered.docx",
        body(
            item(_FERRY, 7),
            item("As a cook, I want gas so that I can fry fish.", 7),
            parts={"numbering": _NUMBERS},
        ),
        (FERRY._replace(key="US-4"), Told("cook", "gas", "I can fry fish", key="US-5")),
    ),
)
