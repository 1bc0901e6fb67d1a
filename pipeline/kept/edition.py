"""merged.json, or the Markdown edition with every file it links to, as the value that is checked.

Of the Markdown edition, an entry's block (an item that begins with its anchor ``e-7``, or with
a link to it) is what stands, and each telling under ``## E-7`` / ``### S-12`` is a fold of its
story; the remark before its words says who folded. Its ledger is not read: what is in no entry is
named behind the anchor ``left-out``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.kept.normal_form import unmark

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ANCHOR = re.compile(r"<a\s+(?:id|name)=[\"']e-(\d+)[\"']\s*>\s*</a>", re.IGNORECASE)
#: How an entry's item begins, and what stands between the items of one list and the next.
_STANDS = re.compile(r"-\s+\[S-\d+\]\([^()\s#]*#e-(\d+)\)")
_BETWEEN = re.compile(r"(?:<a\s[^<>]*></a>)?\*\*", re.IGNORECASE)
_ENTRY = re.compile(r"E-(\d+)\b")
_STORY = re.compile(r"S-(\d+)\b")
_NAMED = re.compile(r"(?<![\w-])S-\d+\b")
_LINK = re.compile(r"(?<!\\)\]\(<?([^()\s<>#]+\.md(?:\.incomplete)?)(?:#[^()\s]*)?>?\)")
_LEFT_OUT = re.compile(r"<a\s+id=[\"']left-out[\"']\s*>", re.IGNORECASE)
_STORIES = re.compile(r"-\s+(S-\d+(?:,\s+S-\d+)*):\s")
#: What became of a telling: "*What it asks for: folded under S-1 by a judge (…)*".
_FIELD = r"(?:What it asks for|Title|Benefit|Criteria|Body)"
_REMARK = re.compile(r"\*(?=\S).+\*\s*")
_BY = re.compile(
    rf"(?:\*|[.)] )(?:{_FIELD}(?: “(?P<words>.*?)”)?: )?"
    r"(?:(?P<proof>the same words)|(?P<person>decided against)"
    r"|folded(?: under S-\d+)? by a (?P<who>judge|person))",
    re.IGNORECASE,
)
#: A form's own words, which no author tells.
_FORM = re.compile(
    r"[\W_]*(?:h[1-6]\.\s*)?(?:(?:user )?stor(?:y|ies)|description|details?|notes?|background"
    r"|(?:acceptance )?(?:criteria|criterion|tests?|conditions?)|AC|scenario|examples?)[\W_]*",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"^\s*>\s?")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


class DamagedEdition(ValueError):
    """A file that is not a merged document, or is cut off. Says where, and what can be done."""

    def __init__(self, message: str, *, where: str, next: str) -> None:
        super().__init__(f"{where}: {message} {next}")
        self.message = message
        self.where = where
        self.next = next


def read_edition(path: str | Path) -> Mapping[str, Any]:
    """Read ``merged.json`` or ``merged.md``.

    Returns:
        The object of the JSON edition. Of the Markdown edition its ``entries`` with ``name``,
        ``sources`` (as S-12), ``standing``, ``lines`` and ``folds``; ``skipped``: the names of the
        stories left out; and ``faults``: what is missing of its files and does not fit together.

    Raises:
        DamagedEdition: not there, not text, not one of the two, or cut off.
    """
    file = Path(path)
    text = _read(file)
    if file.suffix.lower() == ".json" or text.lstrip().startswith("{"):
        return _from_json(text, file)
    return _from_markdown(file)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise DamagedEdition(
            f"cannot be read ({exc.strerror}).", where=str(file), next="Give merged.json or .md."
        ) from exc
    except UnicodeDecodeError as exc:
        raise DamagedEdition(
            f"is not valid UTF-8 text at byte {exc.start}.",
            where=str(file),
            next="Merge again: the file is damaged.",
        ) from exc


def _from_json(text: str, file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as exc:
        raise DamagedEdition(
            f"is not a whole JSON text ({exc}).",
            where=str(file),
            next="Merge again: the file is damaged.",
        ) from exc
    if not isinstance(found, dict) or not isinstance(found.get("entries"), list):
        raise DamagedEdition(
            "is JSON, but no merged document: it has no list of entries.",
            where=str(file),
            next="Give the merged.json that a merge wrote.",
        )
    return found


class _Reader:
    """What the files of one Markdown edition hold, entry by entry."""

    def __init__(self) -> None:
        self.blocks: dict[str, list[str]] = {}
        self.tellings: dict[str, dict[str, list[str]]] = {}
        self.by: dict[tuple[str, str], str] = {}
        self.said: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.left_out: list[str] = []
        self.faults: list[str] = []

    def read(self, text: str, where: str) -> list[str]:
        """Take in one file; the files it links to outside of its tellings."""
        links: list[str] = []
        entry, story, block = "", "", ""
        fence, left_out = "", False
        for line in text.splitlines():
            mark = _FENCE.match(line.lstrip("> "))
            if mark and (not fence or mark[1].startswith(fence)):
                fence = "" if fence else mark[1]
                continue
            heading = None if fence else _HEADING.match(line)
            if heading:
                entry, story = self._place(unmark(heading[2]).strip(), entry, where)
                block = ""
                left_out = bool(_LEFT_OUT.search(line))
            elif left_out and not fence and (named := _STORIES.match(line)):
                self.left_out += _NAMED.findall(named[1])
            elif not fence and _BETWEEN.match(line):
                block = ""
            elif not fence and not entry and (at := _STANDS.match(line) or _ANCHOR.search(line)):
                block = f"E-{at[1]}"
                if block in self.blocks:
                    self.faults.append(f"{where}: {block} stands a second time.")
                self.blocks.setdefault(block, [])
            if not fence and not story:
                links += [unquote(link) for link in _LINK.findall(line)]
            if heading:
                continue
            if story and not fence and not self.tellings[entry][story] and _is_remark(line):
                self.by[entry, story] = _folded_by(line)
                self.said[entry, story] = list(_words_folded(line))
                continue
            plain = line if fence else unmark(_QUOTE.sub("", line, count=1))
            if story:
                if plain or self.tellings[entry][story]:
                    self.tellings[entry][story].append(plain)
            elif block:
                self.blocks[block].append(plain)
        if fence:
            self.faults.append(f"{where}: a fence is not closed; the file may be cut off.")
        return links

    def _place(self, title: str, entry: str, where: str) -> tuple[str, str]:
        """The entry and story that a heading opens; "" where it opens none."""
        if found := _ENTRY.match(title):
            name = f"E-{found[1]}"
            if name in self.tellings:
                self.faults.append(f"{where}: {name} has tellings in a second place.")
            self.tellings.setdefault(name, {})
            return name, ""
        if entry and (found := _STORY.match(title)):
            name = f"S-{found[1]}"
            if name in self.tellings[entry]:
                self.faults.append(f"{where}: {name} is told twice in {entry}.")
            self.tellings[entry].setdefault(name, [])
            return entry, name
        return "", ""

    def entries(self) -> Iterator[dict[str, Any]]:
        """The entries, as in the JSON edition as far as Markdown tells."""
        for name in sorted(self.blocks.keys() | self.tellings.keys(), key=lambda n: int(n[2:])):
            block, told = self.blocks.get(name), self.tellings.get(name)
            named = list(dict.fromkeys(_NAMED.findall("\n".join(block or ()))))
            sources = list(told) if told is not None else named
            standing = next((story for story in named if story in sources), "")
            if block is None:
                self.faults.append(f"{name} has tellings, but stands in no file.")
            elif unnamed := [story for story in sources if story not in named]:
                self.faults.append(f"{name} does not name {', '.join(unnamed)}.")
            if told is None:
                self.faults.append(f"{name} stands, but has no tellings.")
            yield {
                "id": name,
                "name": name,
                "sources": sources,
                "standing": standing,
                "lines": [
                    {"field": "body", "text": line, "stories": sources} for line in block or ()
                ],
                "folds": [
                    {"story": story, "field": "body", "text": text, "by": by}
                    for story, lines in (told or {}).items()
                    for text, by in self._folds(name, story, lines, story == standing)
                ],
            }

    def _folds(
        self, entry: str, story: str, lines: list[str], stands: bool
    ) -> Iterator[tuple[str, str]]:
        """(words, who folded them): those of a remark first, then the whole telling. Of one that
        stands only a form's own words are folded without a remark, by proof."""
        yield from self.said.get((entry, story), ())
        by = self.by.get((entry, story), "unstated")
        if stands and by == "unstated":
            yield from ((line, "proof") for line in lines if _FORM.fullmatch(line))
        yield "\n".join(lines), by


def _is_remark(line: str) -> bool:
    return _REMARK.fullmatch(line) is not None and _BY.search(line) is not None


def _who(said: re.Match[str]) -> str:
    return said["who"].lower() if said["who"] else "proof" if said["proof"] else "person"


def _words_folded(remark: str) -> Iterator[tuple[str, str]]:
    """(words, who folded them), as far as a remark says which."""
    return ((unmark(said["words"]), _who(said)) for said in _BY.finditer(remark) if said["words"])


def _folded_by(remark: str) -> str:
    """Who folded a telling; "unstated" where several did: what they folded is told by the words."""
    found = set(map(_who, _BY.finditer(remark)))
    return found.pop() if len(found) == 1 else "unstated"


def _from_markdown(first: Path) -> Mapping[str, Any]:
    """Read a file and everything it links to in its own folder and below."""
    reader, home = _Reader(), first.resolve().parent
    waiting, seen = [first.resolve()], {first.resolve()}
    while waiting:
        file = waiting.pop()
        inside = file.relative_to(home).as_posix()
        for link in reader.read(_read(file), inside):
            linked = (file.parent / link).resolve()
            if linked in seen or not linked.is_relative_to(home):
                continue
            seen.add(linked)
            if linked.is_file():
                waiting.append(linked)
            else:
                reader.faults.append(f"{inside} links to {link}, which is not there.")
    entries = list(reader.entries())
    if not entries and not reader.left_out:
        raise DamagedEdition(
            "has no entry of a merged document.",
            where=str(first),
            next="Give the merged.md or merged.json that a merge wrote.",
        )
    return {
        "format": "markdown",
        "sources": {},
        "entries": entries,
        "skipped": reader.left_out,
        "faults": reader.faults,
    }
