"""The readers of formats whose libraries take time to load, by the names of their formats."""

from __future__ import annotations

from dataclasses import replace

from pipeline.extract.bundles import why_unread
from pipeline.extract.readers import formats
from pipeline.extract.readers.archive import Unreadable
from pipeline.extract.readers.biff import read_old_workbook
from pipeline.extract.readers.condensing import RowKeeper
from pipeline.extract.readers.formats import sniff
from pipeline.extract.readers.registry import (
    Reading,
    built,
    decoded_text,
    join_problems,
    read_as,
    told,
)


def read_docx(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.word import read_word

    return built(*read_word(data))


def read_doc(data: bytes, encoding: str | None) -> Reading:
    """What is called .doc and is none: a page, a web archive, RTF or DOCX under that name."""
    from pipeline.extract.readers.mail import is_mail

    kind = "mhtml" if is_mail(data) else sniff(data)
    if kind in ("mhtml", "html", "rtf", "docx", "odt"):
        return read_as(kind, data, encoding)
    raise Unreadable("an old binary Word document: save it as .docx")


def read_odt(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.opendocument import read_open_document

    return built(*read_open_document(data))


read_odp = read_odt


def read_pptx(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.slides import read_slides

    return built(*read_slides(data))


def read_rtf(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.rtf import read_rtf as read

    return built(*read(data))


def read_xlsx(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.far_cells import bring_together
    from pipeline.extract.readers.workbook import read_workbook

    data, remark = bring_together(data)
    reading = built(*read_workbook(data))
    return replace(reading, problem=join_problems(remark, reading.problem))


def read_xls(data: bytes, encoding: str | None) -> Reading:
    """A workbook; what trackers export under that name as a page or as text is read as such."""
    from pipeline.extract.readers.mail import is_mail

    if is_mail(data):
        return read_as("mhtml", data, encoding)
    kind = sniff(data)
    if kind in ("html", "xlsx", "ods"):
        return read_as(kind, data, encoding)
    if kind == "text" and b"\t" in data[:4096]:
        return read_as("tsv", data, encoding)
    return built(read_old_workbook(data))


def read_ods(data: bytes, encoding: str | None) -> Reading:
    return built(read_old_workbook(data))


def read_pdf(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.pdf import read_pdf as read

    return built(*read(data))


def read_eml(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.mail import read_mail

    return built(*read_mail(data))


read_mhtml = read_eml


def read_json(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.records import read_records
    from pipeline.extract.readers.trello import read_board

    decoded, problem = decoded_text(data, encoding)
    if (board := read_board(decoded.text)) is not None:
        return told(board, "trello", decoded, problem)
    rows = RowKeeper(decoded.text, "json", records=True)
    blocks, struck, fault = read_records(decoded.text, rows.keep)
    return Reading(
        decoded.text,
        tuple(blocks),
        decoded.encoding,
        decoded.guessed,
        problem=join_problems(problem, fault),
        left_out=[*struck, *rows.left_out],
    )


read_jsonl = read_json


def read_yaml(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.yaml_records import read_yaml as read

    decoded, problem = decoded_text(data, encoding)
    rows = RowKeeper(decoded.text, "yaml", records=True)
    blocks, values, fault = read(decoded.text, rows.keep)
    return Reading(
        decoded.text,
        tuple(blocks),
        decoded.encoding,
        decoded.guessed,
        values,
        join_problems(problem, fault),
        rows.left_out,
    )


def read_xml(data: bytes, encoding: str | None) -> Reading:
    """XML: a Confluence space, a page in its storage format, else values and objects."""
    from pipeline.extract.readers.confluence import is_storage, storage_to_html
    from pipeline.extract.readers.confluence_space import is_space, read_space
    from pipeline.extract.readers.web import read_web_page
    from pipeline.extract.readers.xml_records import read_xml as read

    decoded, problem = decoded_text(data, encoding)
    if is_space(decoded.text[:4096]):
        return told(read_space(data), "confluence", decoded, problem)
    if is_storage(decoded.text[:65536]) and "<entity-engine-xml" not in decoded.text[:4096]:
        page, meta = read_web_page(storage_to_html(decoded.text))
        return told(page, "confluence", decoded, problem, meta)
    if sniff(data) == "html":
        return read_as("html", data, encoding)
    return told(read(data), "xml", decoded, problem)


def read_asciidoc(data: bytes, encoding: str | None) -> Reading:
    from pipeline.extract.readers.asciidoc import read_asciidoc as read

    decoded, problem = decoded_text(data, encoding)
    blocks, left_out, values = read(decoded.text)
    return Reading(
        decoded.text,
        tuple(blocks),
        decoded.encoding,
        decoded.guessed,
        values,
        problem,
        left_out,
    )


def read_zip(data: bytes, encoding: str | None) -> Reading:
    """An archive met by itself: its members are documents of their own."""
    raise Unreadable(why_unread(data, formats.document_suffixes()))
