"""Whether a file that is called text is text: the bytes of a picture or a program decode to
something, and would be called Chinese."""

from __future__ import annotations

from pipeline.extract.readers.decoding import decode

#: Formats that are text.
TEXTS = frozenset(
    {
        "text", "markdown", "gherkin", "gherkin in markdown", "csv", "tsv", "html", "mhtml", "eml",
        "json", "jsonl", "yaml", "xml", "rst", "asciidoc", "rtf",
    }
)  # fmt: skip
#: How files begin that are none, and what they are. No text begins with any of these.
_BEGINNINGS = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF-", "a PDF; call it .pdf"),
    (b"PK\x03\x04", "a ZIP archive or an office document; call it .zip, .docx, .xlsx or as it was"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document; call it .doc or .xls"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\x7fELF", "a program"),
)
_SAMPLE = 64 * 1024
#: Controls that texts hold: tabs, line ends, the page's end, the escape of Japanese encodings.
_IN_TEXTS = frozenset("\t\n\v\f\r\x1b\x1a")
_CONTROLS = bytes(n for n in (*range(32), 127) if chr(n) not in _IN_TEXTS)
#: Compressed and random bytes have one such in ten, texts none or a few that went astray.
_SHARE, _FEW = 1 / 50, 8


def other_than_text(data: bytes, encoding: str | None) -> str:
    """What a file is that is called text, "" where it is text."""
    for beginning, what in _BEGINNINGS:
        if data.startswith(beginning):
            return what
    # What a crash leaves at the end of a file is no sign of what stands before.
    sample = data[:_SAMPLE].rstrip(b"\0")
    odd = len(sample) - len(sample.translate(None, _CONTROLS))
    if odd < _FEW:
        return ""
    if b"\0" in sample or encoding:  # letters may be of two bytes: what they say is looked at
        text = decode(sample[: len(sample) // 4 * 4], encoding).text
        odd = sum(_is_odd(sign) for sign in text)
        return _NOT_TEXT if odd >= _FEW and odd > len(text) * _SHARE else ""
    return _NOT_TEXT if odd > len(sample) * _SHARE else ""


_NOT_TEXT = "a program's, a picture's or an archive's bytes"


def _is_odd(sign: str) -> bool:
    """Whether no text has this sign."""
    return sign == "\ufffd" or (sign < " " and sign not in _IN_TEXTS) or "\x7f" <= sign <= "\x9f"
