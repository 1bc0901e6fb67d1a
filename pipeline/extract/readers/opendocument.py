"""ODT and ODP to text and blocks: headings, paragraphs, lists, tables, notes, slides.

Read with lxml straight from the archive's XML: what is struck, hidden, deleted or noted stands in
elements and styles that libraries for such files hand on as text like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.extract.readers.archive import Unreadable, open_archive
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.leftout import Rich, Why, Words, copied
from pipeline.extract.readers.reading import Reading, built
from pipeline.extract.readers.word_styles import is_white
from pipeline.extract.readers.xml_parsing import local_name, parse_xml
from pipeline.text.shifted import shift

_DEEPEST = 20
#: What a table may repeat of a row or cell and still be meant.
_REPEATED_MOST = 100
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"


def read_open_document(data: bytes, encoding: str | None) -> Reading:
    """The document's text with blocks, and its properties ("author", "created").

    Raises:
        Unreadable: damaged, encrypted, a zip bomb, or no document of this kind.
    """
    with open_archive(data) as archive:
        names = set(archive.namelist())
        if "content.xml" not in names:
            raise Unreadable("not an OpenDocument file: it has no content.xml")
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            raise Unreadable("it is encrypted; save it without a password")
        content = parse_xml(archive.read("content.xml"), "its content.xml")
        styles = [content]
        if "styles.xml" in names:
            styles.insert(0, parse_xml(archive.read("styles.xml"), "its styles.xml"))
        meta = parse_xml(archive.read("meta.xml")) if "meta.xml" in names else None
    body = content.find(f"{_OFFICE}body")
    if body is None or not len(body):
        raise Unreadable("not an OpenDocument file: its content has no body")
    reader = _Reader(_Styles(styles))
    reader.read(body[0], 0, None)
    reader.read_notes()
    return built(reader.builder, _properties(meta))


def _properties(meta: Any) -> dict[str, str]:
    values: dict[str, str] = {}
    for element in meta.iter() if meta is not None else ():
        name, said = local_name(element), (element.text or "").strip()
        if said and name in ("initial-creator", "creator"):
            values.setdefault("author", said)
        elif said and name == "creation-date":
            values["created"] = said[:10]
    return values if "author" in values else {}


class _Styles:
    """Which styles strike out or hide."""

    def __init__(self, roots: list[Any]) -> None:
        self._whys: dict[str, tuple[Why | None, str]] = {}
        self._raised: dict[str, bool] = {}
        self.page_hidden: set[str] = set()
        #: Of the styles that say it: whether letters are white, whether it may be dark behind them.
        self._white: dict[str, bool] = {}
        self._dark: set[str] = set()
        self._page_dark = any(map(_may_be_dark, _page_properties(roots)))
        for root in roots:
            for style in root.iter(f"{_STYLE}style"):
                name = style.get(f"{_STYLE}name", "")
                why: Why | None = None
                if any(map(_may_be_dark, style)):
                    self._dark.add(name)
                for properties in style:
                    for key, value in properties.attrib.items():
                        what = key.rpartition("}")[2]
                        if what in ("text-line-through-style", "text-line-through-type"):
                            why = "struck out" if value != "none" else why
                        elif what == "text-position" and not value.startswith("0%"):
                            lowered = value.startswith(("sub", "-"))
                            self._raised[name] = not lowered
                        elif what == "color":
                            self._white[name] = is_white(value.lstrip("#"))
                        elif what == "use-window-font-color" and value == "true":
                            self._white[name] = False
                        elif what == "display" and value == "none":
                            why = "hidden"
                        elif what == "visibility" and value == "hidden":
                            self.page_hidden.add(name)
                self._whys[name] = (why, style.get(f"{_STYLE}parent-style-name", ""))

    def raised(self, name: str | None) -> bool | None:
        """Whether a style raises letters (a power) or lowers them (an index); None: neither."""
        for _ in range(_DEEPEST):
            if not name or name not in self._whys:
                return None
            if name in self._raised:
                return self._raised[name]
            name = self._whys[name][1]
        return None

    def _chain(self, name: str | None) -> Iterator[str]:
        for _ in range(_DEEPEST):
            if not name or name not in self._whys:
                return
            yield name
            name = self._whys[name][1]

    def is_unseen(self, element: Any) -> bool:
        """Whether a paragraph's or span's own letters are white on a page that is. In a box, and
        where anything around them may be dark, they are seen."""
        if self._page_dark:
            return False
        around = [element, *element.iterancestors()]
        inline = [each for each in around if local_name(each) in ("span", "a", "p", "h")]
        names = (name for each in inline for name in self._chain(each.get(f"{_TEXT}style-name")))
        if not next((self._white[name] for name in names if name in self._white), False):
            return False
        for each in around:
            kind = local_name(each)
            if kind in ("frame", "text-box", "custom-shape", "g"):
                return False
            inside = each.iter() if kind == "table" else (each,)
            for part in inside:
                named = [value for key, value in part.attrib.items() if key.endswith("style-name")]
                if any(name in self._dark for start in named for name in self._chain(start)):
                    return False
        return True

    def why(self, name: str | None) -> Why | None:
        for _ in range(_DEEPEST):
            if not name or name not in self._whys:
                return None
            why, name = self._whys[name]
            if why:
                return why
        return None


def _page_properties(roots: list[Any]) -> Iterator[Any]:
    for root in roots:
        yield from root.iter(f"{_STYLE}page-layout-properties", f"{_STYLE}drawing-page-properties")


def _may_be_dark(properties: Any) -> bool:
    """Whether properties paint a background that is not known to be white."""
    if any(local_name(part) == "background-image" and len(part.attrib) for part in properties):
        return True
    for key, value in properties.attrib.items():
        what = key.rpartition("}")[2]
        coloured = any(name.endswith("}fill-color") for name in properties.attrib)
        if what == "fill" and value != "none" and not (value == "solid" and coloured):
            return True
        painted = what in ("background-color", "fill-color") and value != "transparent"
        if painted and not is_white(value.lstrip("#")):
            return True
    return False


class _Reader:
    def __init__(self, styles: _Styles) -> None:
        self.styles = styles
        self.builder = TextBuilder()
        self.notes: list[Any] = []
        self.comments: list[Rich] = []
        self.boxes: list[Any] = []
        self.page: int | None = None

    def read(self, body: Any, depth: int, why: Why | None, level: int = 0) -> None:
        """An element's paragraphs, lists and tables in order; ``level``: of the list it is in."""
        for element in body:
            name = local_name(element)
            if name == "h":
                heading = element.get(f"{_TEXT}outline-level", "1")
                deep = int(heading) if heading.isdecimal() else 1
                self._add(element, why, "heading", min(max(deep, 1), 6))
            elif name == "p":
                self._add(element, why, "item" if level else "paragraph", level)
            elif name == "list":
                self.read(element, depth + 1, why, level + 1)
            elif name == "table":
                self._table(element, why)
            elif name == "tracked-changes":
                for deletion in element.iter(f"{_TEXT}deletion"):
                    self.read(deletion, depth + 1, "deleted", 0)
            elif name == "annotation":
                self._comment(element)
            elif name == "notes":
                self._speak(element)
            elif name and depth < _DEEPEST:
                here = why
                if element.get(f"{_TEXT}display") in ("none", "condition") and name == "section":
                    here = here or "hidden"
                if name == "page":
                    self.page = (self.page or 0) + 1
                    self.builder.write("\n")
                    hides = element.get(f"{{{_drawing(element)}}}style-name", "")
                    here = here or ("hidden" if hides in self.styles.page_hidden else None)
                self.read(element, depth + 1, here, level)

    def _add(self, element: Any, why: Why | None, kind: Any, level: int) -> None:
        words = self._words(element, why)
        if words.text.strip():
            self.builder.add(words, kind, level, page=self.page)
        else:
            self.builder.write("\n")
        while self.boxes:
            self.read(self.boxes.pop(0), 1, why)

    def _words(self, element: Any, why: Why | None) -> Rich:
        """A paragraph's text; notes, comments and boxes in it are put aside."""
        words = Rich()
        reason = why or self.styles.why(element.get(f"{_TEXT}style-name"))
        if reason is None and self.styles.is_unseen(element):
            reason = "invisible"
        self._write(element, words, reason, 0)
        return words

    def _write(self, element: Any, words: Rich, why: Why | None, depth: int) -> None:
        words.write((element.text or "").replace("\n", " "), why)
        for child in element if depth < _DEEPEST else ():
            name = local_name(child)
            if name == "s":
                count = child.get(f"{_TEXT}c", "1")
                words.write(" " * min(int(count) if count.isdecimal() else 1, 200), why)
            elif name == "tab":
                words.write("\t", why)
            elif name == "line-break":
                words.write("\n", why)
            elif name == "note":
                self.notes.append(child)
            elif name == "annotation":
                self._comment(child)
            elif name in ("frame", "text-box", "custom-shape", "g"):
                self.boxes.append(child)
            elif name in ("hidden-text", "hidden-paragraph"):
                words.write(
                    child.get(f"{_TEXT}string-value", "") or "".join(child.itertext()), "hidden"
                )
            elif name and name != "annotation-end":
                here: Why | None = None if why == "invisible" else why
                here = here or self.styles.why(child.get(f"{_TEXT}style-name"))
                here = here or ("invisible" if self.styles.is_unseen(child) else None)
                if name == "a" and (address := child.get(f"{_XLINK}href")):
                    words.targets.append(address)
                raised = self.styles.raised(child.get(f"{_TEXT}style-name"))
                if raised is None or len(child):
                    self._write(child, words, here, depth + 1)
                else:
                    said = (child.text or "").replace("\n", " ")
                    words.write(shift(said, raised=raised, before=words.text[-20:]), here)
            words.write((child.tail or "").replace("\n", " "), why)

    def _comment(self, element: Any) -> None:
        said = ["".join(part.itertext()) for part in element.iter(f"{_TEXT}p", f"{_TEXT}h")]
        self.comments.append(Rich("\n".join(said), "comment"))

    def _speak(self, element: Any) -> None:
        """A slide's notes."""
        said = ["".join(part.itertext()) for part in element.iter(f"{_TEXT}p")]
        self.comments.append(Rich("\n".join(said), "notes"))

    def _table(self, table: Any, why: Why | None) -> None:
        rows: list[tuple[int, list[Words]]] = []
        held: dict[int, tuple[int, Words]] = {}
        number = 0
        for row in _rows(table):
            repeated = row.get(f"{_TABLE}number-rows-repeated", "1")
            hidden = row.get(f"{_TABLE}visibility") in ("collapse", "filter")
            here: Why | None = why or ("hidden" if hidden else None)
            number += 1
            cells = self._cells(row, here, held)
            if any((c if isinstance(c, str) else c.text).strip() for c in cells):
                rows.append((number, cells))
            number += int(repeated) - 1 if repeated.isdecimal() else 0
        self.builder.add_table(rows, page=self.page)
        self.builder.write("\n")

    def _cells(self, row: Any, why: Why | None, held: dict[int, tuple[int, Words]]) -> list[Words]:
        """A row's cells; ``held``: of a column, for how many more rows its cell stands."""
        cells: list[Words] = []
        for cell in row:
            name = local_name(cell)
            if name not in ("table-cell", "covered-table-cell"):
                continue
            column = len(cells)
            words: Words
            if name == "covered-table-cell" and column in held:
                left, words = held.pop(column)
                if left > 1:
                    held[column] = (left - 1, words)
                words = copied(words)
            else:
                words = self._cell(cell, why)
                down = cell.get(f"{_TABLE}number-rows-spanned", "1")
                if down.isdecimal() and 1 < int(down) < 10_000:
                    held[column] = (int(down) - 1, words)
            cells.append(words)
            again = cell.get(f"{_TABLE}number-columns-repeated", "1")
            if again.isdecimal() and int(again) <= _REPEATED_MOST:
                cells += [words] * (int(again) - 1)
        return cells

    def _cell(self, cell: Any, why: Why | None) -> Rich:
        words = Rich()
        for part in cell.iter(f"{_TEXT}p", f"{_TEXT}h"):
            line = self._words(part, why)
            if line.text.strip():
                words.write("\n" if words.text else "")
                if any(local_name(above) == "list-item" for above in part.iterancestors()):
                    words.write("- ")
                words.add(line)
        self.boxes.clear()
        return words

    def read_notes(self) -> None:
        """Footnotes as paragraphs after the text; comments, which are left out."""
        self.page = None
        for note in self.notes[:]:
            for part in note.iter(f"{_TEXT}p"):
                words = self._words(part, None)
                self.builder.write("\n")
                self.builder.add(words, "paragraph")
        for words in self.comments:
            self.builder.add(words, "paragraph")


def _rows(table: Any) -> list[Any]:
    """A table's own rows, groups and headers opened up."""
    rows = []
    for child in table:
        name = local_name(child)
        if name == "table-row":
            rows.append(child)
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            rows += _rows(child)
    return rows


def _drawing(element: Any) -> str:
    return str(element.tag).partition("}")[0].strip("{")
