"""Bytes to text: the encoding stated, found by its mark, or guessed and said to be a guess.

UTF-8 that was once read as Windows-1252 ("cafÃ©", "itâ€™s") is recognised, and repaired on request:
the stored text is never changed, so that every offset keeps its meaning; only the words of stories'
fields are repaired.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.text.language import proven_language

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: How much of a file the guess looks at: enough to be sure, little enough to be quick.
_SAMPLE_BYTES = 256 * 1024
_WESTERN = ("English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch")
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """``replaced`` counts characters that the encoding could not read."""

    text: str
    encoding: str
    guessed: bool
    replaced: int = 0


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Decode a file's bytes.

    Args:
        encoding: what the user says it is; wins over everything else.
    Raises:
        InputError: no such encoding.
    """
    if encoding:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise InputError(
                f"There is no encoding called {encoding!r}.",
                next="Name one that Python knows, such as utf-8, cp1252, big5 or utf-16.",
            ) from error
        return _lenient(data, encoding, guessed=False)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _lenient(data, name, guessed=False)
    if _is_wide(data):  # ASCII in two bytes a letter is valid UTF-8, every other letter a NUL
        return _lenient(data, guess_encoding(data), guessed=True)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", guessed=False)
    except UnicodeDecodeError:
        return _lenient(data, guess_encoding(data), guessed=True)


def guess_encoding(data: bytes) -> str:
    """The likeliest encoding of bytes that are not UTF-8 and bear no mark.

    English text with a few foreign bytes is too little for frequency statistics, so the two
    cases met most are decided first: runs of two-byte Big5 punctuation (0xA1…) and single
    high bytes between ASCII letters (cp1252). Only then is charset-normalizer asked.
    """
    sample = data[:_SAMPLE_BYTES]
    if _is_wide(data):
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    runs = _HIGH.findall(data[: 16 * _SAMPLE_BYTES])
    high = sum(map(len, runs))
    if high < len(data[: 16 * _SAMPLE_BYTES]) // 20:
        punctuation = sum(run[::2].count(0xA1) for run in runs)
        if punctuation and punctuation * 3 >= len(runs):
            return "big5"
        if sum(len(run) == 1 for run in runs) * 10 >= len(runs) * 6:
            return "cp1252"
    if _is_western(sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"


#: What texts in Western languages hold beside ASCII. Signs of prices, dashes and quotes stand at a
#: word's edge; between letters they are letters of another code page.
_WESTERN_LETTERS = "àâäáãåæçèéêëìíîïñòóôöõøùúûüýÿßœÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØÙÚÛÜÝŒ"
_FOREIGN_SIGN = re.compile(
    rf"[^\x00-\x7f{_WESTERN_LETTERS}“”‘’„‚–—…•€£§°²³«»©®™¿¡·ºª\xa0]|(?<=[^\W\d_])[^\x00-\x7f\w’–—·](?=[^\W\d_])"
)


def _is_western(sample: bytes) -> bool:
    """Whether bytes are a text in Windows-1252, as all its signs and its words say: of a few
    sentences, the frequencies of letters say little."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return _FOREIGN_SIGN.search(text) is None and proven_language(text[:20_000]) in _WESTERN


def _is_wide(data: bytes) -> bool:
    """Whether so many bytes are NULs that letters must be of two bytes each."""
    sample = data[:_SAMPLE_BYTES]
    return len(sample) > 3 and sample.count(b"\0") > len(sample) // 5


def _lenient(data: bytes, encoding: str, *, guessed: bool) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding, guessed)
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        return Decoded(text, encoding, guessed, replaced=text.count("\ufffd"))


#: A lead byte of UTF-8 and the bytes that follow it, as Windows-1252 shows them. Bytes that have
#: no Windows-1252 character show as C1 controls.
_FOLLOW = (
    "[\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]"
)
_RUN = re.compile(
    f"[\u00c2-\u00df]{_FOLLOW}|[\u00e0-\u00ef]{_FOLLOW}{{2}}|[\u00f0-\u00f4]{_FOLLOW}{{3}}"
)
_LEAD = re.compile("[\u00c2-\u00f4]")


def count_mojibake(text: str) -> int:
    """How many runs of ``text`` look like UTF-8 read as Windows-1252."""
    if _LEAD.search(text) is None:
        return 0
    return sum(_repaired(match.group()) != match.group() for match in _RUN.finditer(text))


def repair_mojibake(text: str) -> str:
    """``text`` with those runs read as what they were; nothing else is changed."""
    return _RUN.sub(lambda match: _repaired(match.group()), text)


def _repaired(run: str) -> str:
    try:
        return b"".join(_byte(character) for character in run).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return run


def _byte(character: str) -> bytes:
    return bytes([ord(character)]) if ord(character) < 0x100 else character.encode("cp1252")
