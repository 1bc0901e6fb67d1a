"""Mail (.eml), web archives (.mhtml) and Confluence's exports "to Word": MIME to text and blocks.

The parser is Python's own. Of several forms of one text, the page is read; attachments are named.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.readers.reading import Reading, built
from pipeline.extract.readers.web import read_web_page

_HEADER = re.compile(rb"(?:[A-Za-z][\w-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){1,}", re.MULTILINE)
_MIME = re.compile(rb"^(?:MIME-Version|Content-Type|From|Message-ID|Subject):", re.I | re.M)
_SIGNATURE = re.compile(r"(?m)^-- $")
#: Parts in parts, deeper than any mail's.
_PARTS_MOST = 500


def is_mail(data: bytes) -> bool:
    """Whether bytes begin with a mail's header."""
    head = data[:4096].lstrip()
    return bool(_HEADER.match(head + b"\n") and _MIME.search(head.split(b"\n\n", 1)[0]))


def read_mail(data: bytes, encoding: str | None) -> Reading:
    """The message's text with blocks, and its header's values ("author", "date", "title").

    Raises:
        Unreadable: no header, or no part that is text.
    """
    if not is_mail(data):
        raise Unreadable("not a mail or web archive: it has no header")
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    builder = TextBuilder()
    properties = _properties(message)
    read = left = 0
    attached = []
    for part in _texts(message):
        name = part.get_filename()
        if name and part.get_content_disposition() == "attachment":
            attached.append(name)
        elif part.get_content_maintype() == "text" and part.get_content_subtype() != "css":
            _read_part(part, builder, properties)
            read += 1
        elif name and part.get_content_maintype() != "image":
            attached.append(name)
        else:
            left += 1
    if not read:
        raise Unreadable("no part of it is text")
    if attached:
        named = ", ".join(dict.fromkeys(attached))
        builder.remarks.append(f"attachments not read: {named}; save them beside it")
    return built(builder, properties)


def _texts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are read, of alternatives the last that is text; attachments after them."""
    stack: list[EmailMessage] = [message]
    for _ in range(_PARTS_MOST):
        if not stack:
            return
        part = stack.pop()
        kind = part.get_content_type()
        if kind == "multipart/alternative":
            texts = [each for each in part.iter_parts() if _is_text(each)]
            stack += texts[-1:] or list(part.iter_parts())[-1:]  # type: ignore[arg-type]
        elif part.is_multipart():
            stack += reversed(list(part.iter_parts()))  # type: ignore[arg-type]
        else:
            yield part


def _is_text(part: object) -> bool:
    return isinstance(part, EmailMessage) and (
        part.get_content_maintype() == "text" or part.is_multipart()
    )


def _read_part(part: EmailMessage, builder: TextBuilder, properties: dict[str, str]) -> None:
    try:
        text = part.get_content()
    except (LookupError, ValueError, KeyError):
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if not isinstance(text, str):
        return
    text = text.replace("\r\n", "\n")
    if part.get_content_subtype() == "html":
        page, meta = read_web_page(text)
        for name in ("title", "author", "date", "sovereignty"):
            if name in meta:
                properties.setdefault(name, meta[name])
        builder.append(page)
        return
    signature = _SIGNATURE.search(text)
    body = text[: signature.start()] if signature else text
    builder.place(body, read_blocks(body, "text"))
    if signature:
        builder.write(text[signature.start() :])
    builder.write("\n\n")


def _properties(message: EmailMessage) -> dict[str, str]:
    values = {}
    for header in ("Sovereignty", "X-Sovereignty"):
        if message[header]:
            values["sovereignty"] = str(message[header])
    if message["Subject"]:
        values["title"] = str(message["Subject"])
    name, address = parseaddr(str(message["From"] or ""))
    if name or address:
        values["author"] = name or address
    if message["Date"]:
        with contextlib.suppress(TypeError, ValueError):
            values["date"] = parsedate_to_datetime(str(message["Date"])).date().isoformat()
    return values
