"""Further forms of the mark: in what a format says beside its text, in other signs and letters.

As in :mod:`tests.marked`, a form is (name of the file, its bytes), and tells one story.
"""

from __future__ import annotations

import base64
import io
import json
import quopri
import zipfile
import zlib

from tests.marked import _FEATURE, STORY, _text, docx, html, pdf

_WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "sovereignty")
_BOLD = "".join(chr(0x1D41A + ord(letter) - 97) for letter in "sovereignty")
_META = '<meta name="sovereignty" content="local">'


def _office(document: bytes, **parts: str) -> bytes:
    """The same file with parts put in or replaced."""
    named = {name.replace("__", "/") + ".xml": part for name, part in parts.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            if name not in named:
                new.writestr(name, old.read(name))
        for name, part in named.items():
            new.writestr(name, part)
    return file.getvalue()


def odt(meta: str = "", body: str = "") -> bytes:
    """A text document with this in its metadata, and before its story."""
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{n}="{urn}:{n}:1.0"' for n in ("office", "text", "table", "meta"))
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document-content {spaces}><office:body><office:text>{body}"
        f"<text:p>{STORY}</text:p></office:text></office:body></office:document-content>",
        "meta.xml": f"<office:document-meta {spaces}><office:meta>{meta}</office:meta>"
        "</office:document-meta>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return file.getvalue()


def rtf(info: str = "", body: str = "") -> bytes:
    return ("{\\rtf1\\ansi{\\info" + info + "}" + body + STORY + "\\par}").encode()


def mail(headers: str = "", body: str = STORY, kind: str = "text/plain", coding: str = "") -> bytes:
    return (
        f"From: a@example.org\r\nSubject: Receipts\r\n{headers}MIME-Version: 1.0\r\n"
        f"Content-Type: {kind}; charset=utf-8\r\n{coding}\r\n{body}\r\n"
    ).encode()


def _pdf_with(body: bytes) -> bytes:
    whole = pdf(STORY).removesuffix(b"\n").removesuffix(b"%%EOF")
    return whole + b"\n900 0 obj\n" + body + b"\nendobj\n%%EOF\n"


def _packet(said: bytes, *, packed: bool = False) -> bytes:
    """A stream of metadata that says so."""
    raw = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description ' + said
    raw += b"</rdf:Description></x:xmpmeta>"
    data = zlib.compress(raw) if packed else raw
    more = b" /Filter /FlateDecode" if packed else b""
    return b"<< /Type /Metadata /Length %d%s >>\nstream\n%s\nendstream" % (len(data), more, data)


def _xml(said: str, stories: int = 1) -> bytes:
    told = f"<item><title>Receipt</title><story>{STORY}</story></item>" * stories
    return f"<items>{told}{said}</items>".encode()


def _json(*values: object) -> bytes:
    return json.dumps(values).encode()


_JIRA = (
    "<customfields><customfield><customfieldname>Sovereignty</customfieldname><customfieldvalues>"
    '<customfieldvalue key="1">local</customfieldvalue></customfieldvalues></customfield>'
    "</customfields>"
)
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

BESIDE: dict[str, tuple[str, bytes]] = {
    "full-width letters": ("a.md", _text(f"{_WIDE}：ｌｏｃａｌ\n")),
    "mathematical letters": ("a.md", _text(f"{_BOLD}: local\n")),
    "look-alikes": ("a.md", _text("ѕоvеrеіgntу: local\n")),
    "a joiner of no width": ("a.md", _text("sove\u200dreignty: local\n")),
    "a capital I with a dot": ("a.md", _text("SOVERE\u0130GNTY: LOCAL\n")),
    "letters set apart": ("a.md", _text("s o v e r e i g n t y: local\n")),
    "emphasis inside": ("a.md", _text("**sover**eignty: local\n")),
    "a hyphen inside": ("a.md", _text("sover-eignty: local\n")),
    "German quotes": ("a.md", _text("„sovereignty“: „local“\n")),
    "corner brackets": ("a.md", _text("「sovereignty」: 「local」\n")),
    "a percent escape": ("a.md", _text("sovere%69gnty: local\n")),
    "old line ends": ("a.md", b"---\rsovereignty: local\r---\r\r" + STORY.encode()),
    "UTF-16, the other way round": (
        "a.md",
        _text("sovereignty: local\n").decode().encode("utf-16-be"),
    ),
    "a list of values": ("a.md", _text("---\nsovereignty: [public, local]\n---\n")),
    "a name and a value": (
        "a.yaml",
        _text(
            "fields:\n  - name: sovereignty\n    value: local\n", f"stories:\n  - story: {STORY}\n"
        ),
    ),
    "a YAML alias": ("a.md", _text("---\nx: &a local\nsovereignty: *a\n---\n")),
    "AsciiDoc": ("a.adoc", _text(":sovereignty: local\n")),
    "Org": ("a.txt", _text("* Receipts\n:PROPERTIES:\n:SOVEREIGNTY: local\n:END:\n")),
    "Org's tag": ("a.txt", _text("* Receipts :sovereignty@local:\n")),
    "an inline field": ("a.md", _text("[sovereignty:: local]\n")),
    "a table of TOML": ("a.md", _text("+++\n[sovereignty]\nlevel = 'local'\n+++\n")),
    "Notion's properties": ("a.md", _text("# Receipts\n\nStatus: Open\nSovereignty: local\n")),
    "a scenario's tag": (
        "a.feature",
        _FEATURE.replace("  Scenario", "  @sovereignty:local\n  Scenario").encode(),
    ),
    "JSON: a name and a value": (
        "a.json",
        _json({"name": "sovereignty", "value": "local"}, {"story": STORY}),
    ),
    "JSON: names of fields": (
        "a.json",
        _json({"names": {"field_1": "Sovereignty"}, "field_1": "local", "story": STORY}),
    ),
    "JSON: a list": ("a.json", _json({"sovereignty": ["public", "local"], "story": STORY})),
    "XML: an element": ("a.xml", _xml("<sovereignty>local</sovereignty>")),
    "XML: a namespace": ("a.xml", _xml('<d:Sovereignty xmlns:d="x">local</d:Sovereignty>')),
    "XML: a property far down": (
        "a.xml",
        _xml('<property name="sovereignty">local</property>', 99),
    ),
    "XML: UTF-16": ("a.xml", _xml("<sovereignty>local</sovereignty>").decode().encode("utf-16")),
    "XML: an instruction": ("a.xml", b"<?sovereignty local?>" + _xml("")),
    "XML: Jira's field": ("a.xml", _xml(_JIRA)),
    "a sign in another attribute": (
        "a.html",
        html('<meta title=">" name="sovereignty" content="local">'),
    ),
    "a link": ("a.html", html('<link rel="sovereignty" href="local">')),
    "a hidden field": (
        "a.html",
        html("", '<input type="hidden" name="sovereignty" value="local">'),
    ),
    "a page's instruction": ("a.html", b"<?sovereignty level='local'?>" + html("")),
    "mail: a header": ("a.eml", mail("X-Sovereignty:\r\n local\r\n")),
    "mail: an encoded header": (
        "a.eml",
        mail(f"Keywords: =?utf-8?B?{base64.b64encode(b'sovereignty: local').decode()}?=\r\n"),
    ),
    "mail: a page": (
        "a.eml",
        mail(
            "",
            base64.encodebytes(html(_META)).decode(),
            "text/html",
            "Content-Transfer-Encoding: base64\r\n",
        ),
    ),
    "a web archive": (
        "a.mhtml",
        mail(
            "",
            quopri.encodestring(html(_META)).decode(),
            "text/html",
            "Content-Transfer-Encoding: quoted-printable\r\n",
        ),
    ),
    "RTF: keywords": ("a.rtf", rtf("{\\keywords sover\\'65ignty: local}")),
    "RTF: a property": (
        "a.rtf",
        rtf("}{\\*\\userprops {\\propname Sovereignty}\\proptype30{\\staticval local}"),
    ),
    "RTF: a variable": ("a.rtf", rtf("", "{\\*\\docvar {Sovereignty}{local}}")),
    "ODT: a property": (
        "a.odt",
        odt('<meta:user-defined meta:name="Sovereignty">local</meta:user-defined>'),
    ),
    "ODT: two runs": (
        "a.odt",
        odt("", "<text:p><text:span>sover</text:span>eignty: local</text:p>"),
    ),
    "Word: a variable": (
        "a.docx",
        _office(
            docx(STORY),
            word__settings=(
                f'<w:settings {_WORD}><w:docVars><w:docVar w:name="sovereignty" w:val="local"/>'
                "</w:docVars></w:settings>"
            ),
        ),
    ),
    "Word: custom XML": (
        "a.docx",
        _office(docx(STORY), customXml__item1="<root><sovereignty>local</sovereignty></root>"),
    ),
    "PDF: a packet": (
        "a.pdf",
        _pdf_with(_packet(b"><x:sovereignty>local</x:sovereignty>", packed=True)),
    ),
    "PDF: a packet's attribute": ("a.pdf", _pdf_with(_packet(b'x:sovereignty="local">'))),
    "PDF: a name": ("a.pdf", _pdf_with(b"<< /Sovereignty /local >>")),
    "PDF: elsewhere": (
        "a.pdf",
        _pdf_with(b"<< /Sovereignty 901 0 R >>\nendobj\n901 0 obj\n(local)"),
    ),
    **{
        f"an element, its value beside it: {kind} {said[:12]}": (
            f"a.{kind}",
            html("", said) if kind == "html" else f"{said}\n\n{STORY}\n".encode(),
        )
        for kind in ("md", "html")
        for said in (
            "<details><summary>sovereignty</summary>local</details>",
            "<span>Sovereignty:</span><span> local</span>",
            "<ul><li>data sovereignty<ul><li>local</li></ul></li></ul>",
            "<table><tr><th>sovereignty<td>local only</table>",
        )
    },
    "PDF: two lines": ("a.pdf", _pdf_with(b"<< /Keywords (sovereig\\\nnty: local) >>")),
}

#: Documents that speak of it, and bear no mark.
SPOKEN_OF: dict[str, tuple[str, bytes]] = {
    "XML about it": ("a.xml", _xml("<note>The board talked about data sovereignty, twice.</note>")),
    "a record's title": ("a.json", _json({"title": "Data sovereignty", "story": STORY})),
    "an anchor": ("a.html", html("", '<h2 id="data-sovereignty">On data sovereignty and law</h2>')),
    "XML that may leave": ("a.xml", _xml("<sovereignty>public</sovereignty>")),
    "a mail that may leave": ("a.eml", mail("X-Sovereignty: public\r\n")),
    "a page's words about it": ("a.html", html("", "<p>On <b>sovereignty</b> <i>and law</i>.</p>")),
    "a mail about it": ("a.eml", mail("Subject: On sovereignty and law\r\n")),
}
