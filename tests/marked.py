"""Documents that say in forty ways that they stay on this machine, and some that plainly may leave.

A form is (name of the file, its bytes). Every document tells one story, so that a mark overlooked
would send it.
"""

from __future__ import annotations

import io
import json
import zipfile

STORY = "As a clerk, I want to print a receipt, so that the customer has proof."
_FEATURE = (
    f"Feature: Receipts\n\n  {STORY}\n\n  Scenario: Print\n    Given a sale\n    Then it prints\n"
)


def _text(head: str, after: str = f"\n{STORY}\n") -> bytes:
    return (head + after).encode()


def docx(
    *paragraphs: str,
    keywords: str = "",
    custom: dict[str, str] | None = None,
    header: str = "",
    table: tuple[tuple[str, ...], ...] = (),
) -> bytes:
    """A Word document with these paragraphs, its properties filled in as told."""
    import docx

    document = docx.Document()
    document.core_properties.keywords = keywords
    if header:
        document.sections[0].header.paragraphs[0].text = header
    if table:
        drawn = document.add_table(len(table), len(table[0]))
        for row, cells in zip(drawn.rows, table, strict=True):
            for cell, words in zip(row.cells, cells, strict=True):
                cell.text = words
    for words in paragraphs:
        document.add_paragraph(words)
    file = io.BytesIO()
    document.save(file)
    return _with_custom(file.getvalue(), custom or {})


def _with_custom(office: bytes, custom: dict[str, str]) -> bytes:
    """The same file with custom properties, as Word and Excel write them."""
    if not custom:
        return office
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/"
    properties = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{n}" name="{name}">'
        f"<vt:lpwstr>{value}</vt:lpwstr></property>"
        for n, (name, value) in enumerate(custom.items(), 2)
    )
    file = io.BytesIO(office)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(
            "docProps/custom.xml",
            f'<?xml version="1.0"?><Properties xmlns="{kind}custom-properties" '
            f'xmlns:vt="{kind}docPropsVTypes">{properties}</Properties>',
        )
    return file.getvalue()


def xlsx(
    rows: list[list[str]], *, keywords: str = "", custom: dict[str, str] | None = None,
    hidden: list[list[str]] | None = None,
) -> bytes:  # fmt: skip
    """A workbook of one sheet, and of a hidden one if told."""
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if hidden:
        sheet = book.create_sheet("Meta")
        sheet.sheet_state = "hidden"
        for row in hidden:
            sheet.append(row)
    book.properties.keywords = keywords
    file = io.BytesIO()
    book.save(file)
    return _with_custom(file.getvalue(), custom or {})


def xls(rows: list[list[str]]) -> bytes:
    """An old workbook of one sheet."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Stories")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def pdf(*lines: str, keywords: str = "", info: dict[str, str] | None = None) -> bytes:
    """A PDF of one page, with entries of its information dictionary."""
    from reportlab.pdfbase import pdfdoc
    from reportlab.pdfgen import canvas

    file = io.BytesIO()
    drawn = canvas.Canvas(file, pageCompression=0)
    drawn.setKeywords(keywords)
    for number, line in enumerate(lines):
        drawn.drawString(72, 760 - 20 * number, line)
    if info:
        held = drawn._doc.info
        plain = held.format

        def format(document: object) -> bytes:
            more = "".join(f"/{name} ({value})\n" for name, value in info.items()).encode()
            whole: bytes = plain(document)
            return whole.replace(b"<<", b"<<\n" + more, 1)

        held.format = format
        assert pdfdoc
    drawn.save()
    return file.getvalue()


def html(head: str, body: str = "") -> bytes:
    """A page that tells the story."""
    return (
        f"<!DOCTYPE html><html><head>{head}</head><body>{body}<p>{STORY}</p></body></html>".encode()
    )


_TABLE = [["Summary", "Story", "Sovereignty"], ["Receipt", STORY, "local"]]

MARKED: dict[str, tuple[str, bytes]] = {
    "front matter": ("a.md", _text("---\nsovereignty: local\n---\n")),
    "no blank after the colon": ("a.md", _text("---\nsovereignty:local\n---\n")),
    "an empty line before the head": ("a.md", _text("\n---\nsovereignty: local\n---\n")),
    "a list item": ("a.md", _text("---\n- sovereignty: local\n---\n")),
    "nested": ("a.md", _text("---\nmeta:\n  data:\n    sovereignty: local\n---\n")),
    "quoted": ("a.md", _text('---\n"sovereignty": "local"\n---\n')),
    "a duplicate that takes it back": (
        "a.md", _text("---\nsovereignty: local\nsovereignty: public\n---\n")),
    "indented": ("a.md", _text("---\n   sovereignty: local\n---\n")),
    "an unclosed head": ("a.md", _text("---\nsovereignty: local\ntitle: Receipts\n")),
    "four dashes": ("a.md", _text("----\nsovereignty: local\n----\n")),
    "TOML": ("a.md", _text("+++\nsovereignty = 'local'\n+++\n")),
    "a comment before the head": ("a.md", _text("<!-- v2 -->\n---\nsovereignty: local\n---\n")),
    "a comment": ("a.md", _text("<!-- sovereignty: local -->\n")),
    "another case, and padded": ("a.md", _text("---\n  SOVEREIGNTY :   Local Only  \n---\n")),
    "with a prefix": ("a.md", _text("---\ndata-sovereignty: eu-west\n---\n")),
    "a value on its own line": ("a.md", _text("---\nsovereignty:\n  - local\n---\n")),
    "a folded value": ("a.md", _text("---\nsovereignty: >-\n  local\n---\n")),
    "no value": ("a.md", _text("---\nsovereignty:\ntitle: Receipts\n---\n")),
    "an unknown value": ("a.md", _text("---\nsovereignty: lokal\n---\n")),
    "invalid YAML around it": ("a.md", _text("---\nowner: @ann\n\tsovereignty: local\n---\n")),
    "a full-width colon": ("a.md", _text("sovereignty：local\n")),
    "an invisible sign inside": ("a.md", _text("---\nsover\u00adeignty: local\n---\n")),
    "an escape inside": ("a.md", _text('---\n"sovere\\u0069gnty": local\n---\n')),
    "misspelt": ("a.md", _text("---\nsovereingty: local\n---\n")),
    "a Markdown table": ("a.md", _text("| key | value |\n|---|---|\n| sovereignty | local |\n")),
    "bold": ("a.md", _text("**Sovereignty**: local\n")),
    "a heading": ("a.md", _text("# Receipts\n\n## Sovereignty\n\nlocal\n")),
    "UTF-16 without a mark": ("a.txt", _text("sovereignty: local\n").decode().encode("utf-16-le")),
    "plain text": ("a.txt", _text("Sovereignty = local\n")),
    "an RST field": ("a.rst", _text(":sovereignty: local\n")),
    "a feature's comment": ("a.feature", (f"# sovereignty: local\n{_FEATURE}").encode()),
    "a feature's tag": ("a.feature", (f"@sovereignty:local\n{_FEATURE}").encode()),
    "a feature's tag without a sign": ("a.feature", (f"@sovereignty-local\n{_FEATURE}").encode()),
    "a feature's YAML head": (
        "a.feature", (f"---\nsovereignty: local\n---\n{_FEATURE}").encode()),
    "a CSV column": ("a.csv", _text("Summary,Story,Sovereignty\n", f'Receipt,"{STORY}",local\n')),
    "a CSV column far down": (
        "a.csv",
        _text("Story,Sovereignty\n", f'"{STORY}",public\n' * 99 + f'"{STORY}",local\n')),
    "a CSV line": ("a.csv", _text("sovereignty;local\n\nSummary;Story\n", f"Receipt;{STORY}\n")),
    "a TSV line": ("a.tsv", _text("Sovereignty\tlocal\n\nSummary\tStory\n", f"Receipt\t{STORY}\n")),
    "JSON": ("a.json", json.dumps({"sovereignty": "local", "stories": [STORY]}).encode()),
    "JSON, nested and last": (
        "a.json",
        json.dumps({"stories": [STORY] * 99, "meta": {"x": {"Sovereignty": "local"}}}).encode()),
    "JSON lines": (
        "a.jsonl",
        "\n".join(json.dumps(o) for o in ({"sovereignty": ["local"]}, {"story": STORY})).encode()),
    "a meta element": ("a.html", html('<meta name="sovereignty" content="local">')),
    "a meta element, turned round": ("a.html", html("<meta content=local property=Sovereignty>")),
    "a meta element behind long styles": (
        "a.html", html(f"<style>{'p{}' * 4000}</style><meta name='sovereignty' content='local'>")),
    "a page's comment": ("a.html", html("<!-- sovereignty: local -->")),
    "an attribute": ("a.html", html("", "<div data-sovereignty='local'></div>")),
    "a page's table": (
        "a.html", html("", "<table><tr><th>Sovereignty</th><td>local</td></tr></table>")),
    "Word: a first line": ("a.docx", docx("Sovereignty: local", STORY)),
    "Word: keywords": ("a.docx", docx(STORY, keywords="draft; sovereignty: local")),
    "Word: a custom property": ("a.docx", docx(STORY, custom={"Sovereignty": "local"})),
    "Word: a header": ("a.docx", docx(STORY, header="sovereignty: local")),
    "Word: a table": ("a.docx", docx(STORY, table=(("Sovereignty", "local"),))),
    "Excel: a cell beside": ("a.xlsx", xlsx([["Sovereignty", "local"], [], ["Story"], [STORY]])),
    "Excel: a column": ("a.xlsx", xlsx(_TABLE)),
    "Excel: keywords": ("a.xlsx", xlsx([["Story"], [STORY]], keywords="sovereignty=local")),
    "Excel: a custom property": (
        "a.xlsx", xlsx([["Story"], [STORY]], custom={"sovereignty": "local"})),
    "Excel: a hidden sheet": (
        "a.xlsx", xlsx([["Story"], [STORY]], hidden=[["sovereignty", "local"]])),
    "old Excel: a cell beside": ("a.xls", xls([["Sovereignty", "local"], ["Story"], [STORY]])),
    "old Excel: a column": ("a.xls", xls(_TABLE)),
    "PDF: a first line": ("a.pdf", pdf("Sovereignty: local", STORY)),
    "PDF: keywords": ("a.pdf", pdf(STORY, keywords="sovereignty:local")),
    "PDF: an entry of its own": ("a.pdf", pdf(STORY, info={"SovereigntY": "local"})),
}  # fmt: skip

OPEN: dict[str, tuple[str, bytes]] = {
    "no mark": ("a.md", _text("---\ntitle: Receipts\n---\n")),
    "public": ("a.md", _text("---\nsovereignty: public\n---\n")),
    "quoted and in capitals": ("a.md", _text('---\nSovereignty: "PUBLIC"\n---\n')),
    "prose about it": (
        "a.md", _text("# Notes\n\nThe board talked about data sovereignty, twice.\n")),
    "a story about it": (
        "a.txt", b"As an admin, I want data sovereignty reports, so that auditors see them.\n"),
    "far below the head": ("a.md", _text(f"{STORY}\n\n" * 80 + "\nsovereignty: local\n")),
    "a column that lets all leave": (
        "a.csv", _text("Story,Sovereignty\n", f'"{STORY}",public\n' * 3)),
    "a page that may leave": ("a.html", html('<meta name="sovereignty" content="public">')),
    "JSON that may leave": (
        "a.json", json.dumps({"sovereignty": "any", "stories": [STORY]}).encode()),
    "Word: a property that lets it leave": (
        "a.docx", docx(STORY, custom={"Sovereignty": "public"})),
    "Word: no mark": ("a.docx", docx(STORY)),
    "Excel: no mark": ("a.xlsx", xlsx([["Story"], [STORY]])),
    "old Excel: no mark": ("a.xls", xls([["Story"], [STORY]])),
    "PDF: no mark": ("a.pdf", pdf(STORY)),
}  # fmt: skip
