"""Paths to extractions, one document at a time: nothing holds them all."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from pipeline.amounts import counted
from pipeline.errors import InputError
from pipeline.extract.beside import ReaderProcess, is_needed
from pipeline.extract.file_walk import OWN, STDIN, find_files
from pipeline.extract.patterns import find_stories
from pipeline.extract.process_pool import shared_out
from pipeline.extract.readers.bundles import open_bundles, read_member
from pipeline.extract.readers.reader_registry import (
    ADDED,
    READER_VERSION,
    document_suffixes,
    format_of,
    is_refused,
    read_bytes,
    unreadable,
)
from pipeline.extract.reading_limits import BYTES, BYTES_A_BYTE, OverLimit, apart, limited, size_of
from pipeline.extract.stories import templates
from pipeline.stories import Document, Extraction, Span
from pipeline.text.invisible import shown_path
from pipeline.text.language import ENGLISH, language_of
from pipeline.text.scope import names_that_change

_CHUNK_BYTES = 1 << 20
#: Documents that are held at once, and so many that one more process is worth its start.
_AT_ONCE, _WORTH_A_PROCESS = 16, 4
#: Said of a document whose stories cannot be found by their words, or not compared.
_FOREIGN = (
    "it seems to be in {language}: without the English words of a story only headings and keywords "
    "show one, and what is in {language} is kept word for word, not merged"
)
_KNOWN = (
    "it seems to be in {language}: its stories are found by the {language} template, and kept word "
    "for word, not merged"
)

_KNOWN_NONE = (
    "it seems to be in {language}, and no sentence in it is a story by the {language} template"
)


class _Group(NamedTuple):
    """A document's hash, its paths, and why it is not to be opened."""

    sha256: str
    paths: tuple[str, ...]
    refused: str = ""


class ExtractionCache(Protocol):
    """Where extractions are kept between runs, by what they were made from."""

    def get_extraction(self, sha256: str, variant: str) -> Extraction | None:
        """The extraction of these bytes read in this way, None when there is none."""
        ...

    def put_extraction(self, sha256: str, variant: str, extraction: Extraction) -> None:
        """Keep an extraction; its paths are those of this run and are not part of the key."""
        ...


def extract(
    paths: Iterable[str | Path],
    *,
    encoding: str | None = None,
    cache: ExtractionCache | None = None,
    exclude: Sequence[str] = (),
    pattern: str | None = None,
    repair: bool = False,
    ears: bool = False,
    follow_links: bool = False,
    count: Callable[[int], None] = lambda n: None,
    passed_over: Counter[str] | None = None,
) -> Iterator[Extraction]:
    """Read documents and find their stories.

    Args:
        paths: files, directories (walked), globs, or "-" for standard input.
        encoding: of text formats, when it is known.
        exclude: patterns as in ``.gitignore``, relative to each directory walked.
        pattern, repair, ears: see :func:`pipeline.extract.patterns.find_stories`.
        follow_links: out of the directories walked, too.
        count: told the number of documents before the first of them is read.
        passed_over: is told, before the first document is read, how many files of each suffix were
            passed over in folders (see :func:`said_of_passed_over`).
    Yields:
        One extraction a document, in order of its first path; byte-identical files are one
        document with several paths. A document that cannot be read has ``document.problem`` set
        and no story.
    Raises:
        InputError: a path that does not exist, a glob that matches nothing, no such encoding,
            a pattern that is not a regular expression.
    """
    how = _How(encoding, pattern, repair, ears, kept=cache is not None)
    found = _documents(paths, exclude, follow_links, passed_over)
    count(len(found))
    with ReaderProcess() as reader:  # started only where it is needed
        for start in range(0, len(found), _AT_ONCE):
            yield from _extract_groups(found[start : start + _AT_ONCE], how, cache, reader)


def unread(
    paths: Iterable[str | Path],
    *,
    encoding: str | None = None,
    cache: ExtractionCache,
    exclude: Sequence[str] = (),
    pattern: str | None = None,
    repair: bool = False,
    ears: bool = False,
    follow_links: bool = False,
) -> list[str]:
    """Of every document that :func:`extract` would have to read, since the cache does not hold it,
    the first path. Standard input, which can be read once, is not among them.

    Raises:
        InputError: a path that does not exist, a glob that matches nothing.
    """
    how = _How(encoding, pattern, repair, ears)
    return [
        same[0]
        for sha256, same, _ in _documents(paths, exclude, follow_links)
        if sha256 and cache.get_extraction(sha256, how.variant(same[0])) is None
    ]


class _How(NamedTuple):
    """How documents are read. What is ``kept`` for other runs has its fingerprints."""

    encoding: str | None
    pattern: str | None
    repair: bool
    ears: bool
    kept: bool = False

    def variant(self, path: str) -> str:
        """The other half of a document's key in the cache."""
        encoding, pattern = self.encoding or "", self.pattern or ""
        return (
            f"{READER_VERSION}:{format_of(path)}:{encoding}:{pattern}:{self.repair:d}{self.ears:d}"
        )


class _Extracted(NamedTuple):
    """An extraction, and whether it may be kept: not where the file changed meanwhile."""

    extraction: Extraction
    lasting: bool


def said_of_passed_over(passed_over: Mapping[str, int]) -> str:
    """ "7 files passed over: 4 .png, 2 .py, 1 without a suffix", "" where there are none."""
    named = [
        f"{number:,} {suffix or 'without a suffix'}"
        for suffix, number in sorted(passed_over.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    count = sum(passed_over.values())
    if not count:
        return ""
    told = f"{counted(count, 'file')} passed over: {', '.join(named)}"
    return told + (" (name one to have it read)" if OWN in passed_over else "")


def _documents(
    paths: Iterable[str | Path],
    exclude: Sequence[str],
    follow_links: bool,
    passed_over: Counter[str] | None = None,
) -> list[_Group]:
    """Every document, in order of its first path."""
    groups: dict[tuple[str, str], list[str]] = {}
    suffixes = document_suffixes()
    files = find_files(
        paths, exclude, suffixes=suffixes, follow_links=follow_links, passed_over=passed_over
    )
    refused = {path: why for path, why in files.items() if why}
    for path in open_bundles([*files], suffixes, unopened=refused):
        groups.setdefault(("", path) if path in refused else _identify(path), []).append(path)
    return [
        _Group(sha256, tuple(sorted(same)), refused.get(same[0], ""))
        for (sha256, _), same in groups.items()
    ]


def _identify(path: str) -> tuple[str, str]:
    """(sha256, format): the same bytes under a name of another format are read differently.
    A file that cannot be opened is a group of its own."""
    if path == STDIN:
        return "", STDIN
    digest = hashlib.sha256()
    try:
        if (member := read_member(path)) is not None:
            return hashlib.sha256(member).hexdigest(), _told_by_name(path)
        with Path(path).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return "", path
    return digest.hexdigest(), _told_by_name(path)


def _told_by_name(path: str) -> str:
    """What a file's name tells: its format, or the suffix that a refusal speaks of."""
    return format_of(path) or (Path(path).suffix.lower() if is_refused(path) else "")


def _extract_groups(
    groups: Sequence[_Group], how: _How, cache: ExtractionCache | None, reader: ReaderProcess
) -> Iterator[Extraction]:
    """The documents of some groups: from the cache; the others, where they are many, by all
    processors, where they are few, one when it is asked for."""
    kept: dict[_Group, Extraction] = {}
    if cache is not None:
        for group in groups:
            sha256, paths, _ = group
            known = cache.get_extraction(sha256, how.variant(paths[0])) if sha256 else None
            if known is not None:
                kept[group] = _with_paths(known, paths)
    new = [group for group in groups if group not in kept]
    # What comes through a pipe can be read once, and by this process only.
    many = len(new) >= 2 * _WORTH_A_PROCESS and all(group.paths != (STDIN,) for group in new)
    extracted = (
        iter(shared_out(partial(_extract_all, how=how, reader=reader), new, least=_WORTH_A_PROCESS))
        if many
        else (_extract_group(group, how, reader) for group in new)
    )
    for group in groups:
        if group in kept:
            yield _with_scopes(kept.pop(group))
            continue
        extraction, lasting = next(extracted)
        document = extraction.document
        if cache is not None and document.sha256 and lasting:
            cache.put_extraction(document.sha256, how.variant(document.path), extraction)
        yield _with_scopes(extraction)


def _extract_all(groups: Sequence[_Group], how: _How, reader: ReaderProcess) -> list[_Extracted]:
    return [_extract_group(group, how, reader) for group in groups]


def _extract_group(group: _Group, how: _How, reader: ReaderProcess) -> _Extracted:
    """The one document that stands under these paths."""
    sha256, paths, refused = group
    if refused:
        return _Extracted(Extraction(_refused(paths, refused)), lasting=False)
    try:
        data = sys.stdin.buffer.read() if paths == (STDIN,) else _bytes_of(paths[0])
    except OSError as error:
        problem = f"cannot be opened ({error.strerror or error})"
        document = _refused(paths, problem, sha256)
        return _Extracted(Extraction(document), lasting=False)
    size = size_of(data)
    try:
        # A reader that was added to this process is known to no other: it reads without limits.
        if is_needed() and format_of(paths[0]) not in ADDED:
            return reader.call(_read_within_limits, data, size, group, how)
        return _read_within_limits(data, size, group, how)
    except OverLimit as error:
        reason = str(error)
    except MemoryError:
        reason = f"more than {(BYTES + BYTES_A_BYTE * size) >> 20:,} MB of memory"
    problem = (
        f"reading it took {reason}, the limit for a document of {size / 1e6:,.1f} MB; "
        "split it, or save it in another format"
    )
    document = _refused(paths, problem, hashlib.sha256(data).hexdigest())
    return _Extracted(Extraction(document), lasting=False)


def _refused(paths: tuple[str, ...], problem: str, sha256: str = "") -> Document:
    """A document of which nothing was read."""
    shown = tuple(map(shown_path, paths))
    return replace(unreadable(shown[0], problem, sha256=sha256), paths=shown)


def _read_within_limits(data: bytes, size: int, group: _Group, how: _How) -> _Extracted:
    """Read a document and find its stories, within what one of its size may take.

    Raises:
        OverLimit, MemoryError: it took more.
    """

    def read() -> _Extracted:
        with limited(size):
            return _read(data, group, how)

    # pdfium ends the process where it cannot get memory.
    return apart(read) if data.startswith(b"%PDF") else read()


def _read(data: bytes, group: _Group, how: _How) -> _Extracted:
    sha256, paths, _ = group
    document = read_bytes(data, tuple(map(shown_path, paths)), encoding=how.encoding)
    changed = bool(sha256) and document.sha256 != sha256
    if changed:
        problem = _join(document.problem, "it changed while it was read")
        document = replace(document, problem=problem)
    try:
        extraction = find_stories(document, pattern=how.pattern, repair=how.repair, ears=how.ears)
        if how.kept:  # told here, where all processors read
            for story in extraction.stories:
                _ = story.fingerprint, story.need
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a defect of ours costs this document's stories, not the others'
        problem = _join(
            document.problem, f"finding stories failed ({type(error).__name__}: {error})"
        )
        return _Extracted(_nothing(replace(document, problem=problem)), lasting=False)
    language = language_of(document.text)
    if language != ENGLISH:
        said = _FOREIGN
        if language in templates.LANGUAGES:
            said = _KNOWN if extraction.stories else _KNOWN_NONE
        problem = _join(extraction.document.problem, said.format(language=language))
        extraction = replace(extraction, document=replace(extraction.document, problem=problem))
    return _Extracted(extraction, lasting=not changed)


def _bytes_of(path: str) -> bytes:
    member = read_member(path)
    return Path(path).read_bytes() if member is None else member


def _with_paths(extraction: Extraction, paths: tuple[str, ...]) -> Extraction:
    """A kept extraction under the paths of this run."""
    paths = tuple(map(shown_path, paths))
    if extraction.document.paths == paths:
        return extraction
    document = replace(extraction.document, paths=paths)
    stories = tuple(
        replace(story, source=replace(story.source, path=paths[0])) for story in extraction.stories
    )
    return Extraction(document, stories, extraction.residue)


def _with_scopes(extraction: Extraction) -> Extraction:
    """An extraction whose document lies in places that tell different scopes ("wishes/a.md",
    "rejected/a.md"): which holds cannot be known, so that its stories stand under all of them."""
    document = extraction.document
    told = {path: names_that_change(path) for path in document.paths}
    first = told[document.path]
    if all(names == first for names in told.values()):
        return extraction
    other = tuple(dict.fromkeys(name for names in told.values() for name in names))
    said = ", ".join(f"“{name}”" for name in other)
    problem = _join(
        document.problem,
        f"the same file lies in {len(told)} places, of which not all say {said}: its stories are "
        f"told once, from {document.path}, and are proved to be none that others tell",
    )
    stories = tuple(
        replace(
            story,
            source=replace(
                story.source,
                locator=replace(
                    story.source.locator,
                    under=(
                        *story.source.locator.under,
                        *(f"not in every place: {name}" for name in other),
                    ),
                ),
            ),
        )
        for story in extraction.stories
    )
    return Extraction(replace(document, problem=problem), stories, extraction.residue)


def _nothing(document: Document) -> Extraction:
    whole = (Span(0, len(document.text)),) if document.text else ()
    return Extraction(document, (), whole)


def _join(*problems: str | None) -> str:
    return "; ".join(problem for problem in problems if problem)
