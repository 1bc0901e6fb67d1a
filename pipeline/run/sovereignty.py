"""Which documents may leave this machine, and which of them do.

What may leave is named: ``--allow-cloud`` takes paths and globs, or ``all``. The marks subtract
from it: a document's own mark (:mod:`pipeline.extract.marks`) and ``--local-only``.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.calls import Call
from pipeline.errors import InputError, SovereigntyError
from pipeline.extract.globs import check_patterns, is_excluded, matches
from pipeline.extract.marks import SOVEREIGNTY, is_open
from pipeline.models import ModelSpec
from pipeline.run.corpus import Corpus
from pipeline.stories import STAYS, Document, Story

#: What ``--allow-cloud`` is given where every document may leave that bears no mark.
ALL = "all"
_NAMED = 3


def check_sovereignty(
    corpus: Corpus,
    spec: ModelSpec,
    *,
    allow_cloud: Sequence[str],
    local_only: Sequence[str] = (),
    partly: bool = False,
) -> frozenset[str]:
    """Refuse, before any client is constructed, to send text off the machine unless allowed.

    Args:
        allow_cloud: paths and globs of what may leave, or ``all``.
        local_only: patterns of what may not, whatever else is said.
        partly: the caller leaves the stories that stay here out of what it sends, so that it is
            enough if one document may leave.

    Returns:
        The ids of the stories that stay here; none for a model on this machine.

    Raises:
        SovereigntyError: the model is not on this machine and may not be used.
        InputError: a pattern that means nothing.
    """
    check_patterns(local_only, where="--local-only")
    if not spec.leaves_machine:
        return frozenset()
    check_permission(spec, allow_cloud)
    kept: dict[str, tuple[Document, str]] = {}
    for document in _documents(corpus):
        if why := why_not(document, allow_cloud, local_only):
            kept.setdefault(document.sha256, (document, why))
    told = {story.source.document for story in corpus.stories}
    if kept and (not partly or not told - kept.keys()):
        document, why = next(iter(kept.values()))
        more = f" (and so {len(kept) - 1} more)" if len(kept) > 1 else ""
        raise SovereigntyError(
            f"{why}, and {spec.name} is not on this machine{more}.",
            where=document.path,
            next="Leave the document out or use a local/… model.",
        )
    return frozenset(story.id for story in corpus.stories if story.source.document in kept)


def _documents(corpus: Corpus) -> list[Document]:
    """Every document that was read. (The same bytes under names of two formats are two, of one
    hash: where one of them stays here, both do.)"""
    return [e.document for e in corpus.extractions if e.document.sha256]


def check_permission(spec: ModelSpec, allow_cloud: Sequence[str]) -> None:
    """Refuse a model off this machine that was given nothing: known before anything is read.

    Raises:
        SovereigntyError: ``--allow-cloud`` names nothing.
        InputError: it names what cannot be documents.
    """
    check_allowed(allow_cloud)
    if spec.leaves_machine and not allow_cloud:
        raise SovereigntyError(
            f"{spec.name} would send the stories off this machine.",
            next="Name what may leave with --allow-cloud PATH (or all), or use a local/… model.",
        )


def check_allowed(allow_cloud: Sequence[str]) -> None:
    """Refuse what cannot be the name of documents.

    Raises:
        InputError: an empty pattern, or an option where its value should stand.
    """
    for named in allow_cloud:
        if not named.strip() or (named.startswith("-") and named != "-"):
            raise InputError(
                f"{named!r} names no documents.",
                where="--allow-cloud",
                next="Name what may leave: --allow-cloud notes/ or --allow-cloud all.",
            )


def copies_of(allow_cloud: Sequence[str] | None) -> tuple[str, ...]:
    """What may leave of copies that were made of documents which may: the copies lie elsewhere,
    and their own marks hold all the same."""
    return (ALL,) if allow_cloud else ()


def held_back(
    corpus: Corpus, local_only: Sequence[str] = (), allow_cloud: Sequence[str] = (ALL,)
) -> str:
    """How many documents may be sent to no cloud, "" when all may."""
    documents = _documents(corpus)
    n = sum(1 for document in documents if stays_here(document, local_only))
    if n:
        return f"{n} {'document is' if n == 1 else 'documents are'} marked to stay on this machine"
    n = sum(1 for document in documents if allow_cloud and not is_allowed(document, allow_cloud))
    if n:
        return f"--allow-cloud does not name {n} of the documents"
    return ""


def open_paths(
    corpus: Corpus, paths: Sequence[str], local_only: Sequence[str] = ()
) -> tuple[str, ...]:
    """Of the paths that a corpus was read from what may leave this machine by the documents' marks:
    a path as it was given where all below it may, else the documents below it that may."""
    read = {path: document for document in _documents(corpus) for path in document.paths}
    kept = {path for path, document in read.items() if stays_here(document, local_only)}
    found: list[str] = []
    for named in paths:
        below = [path for path in read if _names(named, path)]
        found += [path for path in below if path not in kept] if kept & set(below) else [named]
    return tuple(dict.fromkeys(found))


def why_not(document: Document, allow_cloud: Sequence[str], local_only: Sequence[str] = ()) -> str:
    """Why a document may not leave this machine, "" when it may."""
    if why := stays_here(document, local_only):
        return why
    if not is_allowed(document, allow_cloud):
        return "--allow-cloud does not name this document"
    return ""


def is_allowed(document: Document, allow_cloud: Sequence[str]) -> bool:
    """Whether ``--allow-cloud`` names a document, by every path that it was read from and by where
    each really leads: a link gives nothing away."""
    return ALL in allow_cloud or all(
        any(_names(named, path) for named in allow_cloud) for path in document.paths
    )


def _names(named: str, path: str) -> bool:
    """Whether a path or glob of ``--allow-cloud`` means a document, or a folder above it."""
    if path == "-" or named == "-":
        return path == named
    real = os.path.realpath(path)
    if os.path.lexists(named) or not glob.has_magic(named):
        folder = os.path.realpath(named)
        return real == folder or real.startswith(os.path.join(folder, ""))
    pattern = _absolute(named)
    steps = real.split(os.sep)
    return any(matches("/".join(steps[1:n]), pattern) for n in range(2, len(steps) + 1))


def _absolute(named: str) -> str:
    """A glob from the root, its folders without a sign in them led where they really lead."""
    steps = named.split("/")
    plain = next(n for n, step in enumerate(steps) if glob.has_magic(step))
    start = "/" if named.startswith("/") and not any(steps[:plain]) else "."
    folder = os.path.realpath("/".join(steps[:plain]) or start)
    return os.path.join(glob.escape(folder), *steps[plain:])


def stays_here(document: Document, local_only: Sequence[str] = ()) -> str:
    """Why a document may be sent to no cloud, "" when it may."""
    return keeps_here(document.front_matter, document.paths, local_only)


def keeps_here(head: Mapping[str, str], paths: Iterable[str], local_only: Sequence[str]) -> str:
    """The same of a document whose head and paths alone are known."""
    for name, value in head.items():
        if name.strip().casefold() == SOVEREIGNTY and not is_open(value):
            return f"this document is marked '{SOVEREIGNTY}: {value.strip()}'"
    if any(_is_named(path, local_only) for path in paths):
        return "this document is marked local-only"
    return ""


def mark_of(documents: Iterable[Document], local_only: Sequence[str] = ()) -> str:
    """The mark that whatever is made of these documents carries: a merged document, pairs,
    decisions, an exam, an adapter. "" where all of them may leave."""
    return STAYS if any(stays_here(document, local_only) for document in documents) else ""


def idle_patterns(corpus: Corpus, patterns: Sequence[str]) -> list[str]:
    """Those patterns of ``--local-only`` that keep no document here: mostly a slip, which would
    let leave what was meant."""
    check_patterns(patterns, where="--local-only")
    paths = [path for e in corpus.extractions for path in e.document.paths]
    return [
        pattern
        for pattern in patterns
        if not pattern.startswith("!") and not any(_is_named(path, [pattern]) for path in paths)
    ]


def idle_permissions(corpus: Corpus, allow_cloud: Sequence[str]) -> list[str]:
    """What ``--allow-cloud`` names and nothing of it was read."""
    paths = [path for e in corpus.extractions for path in e.document.paths]
    return [
        named
        for named in allow_cloud
        if named != ALL and not any(_names(named, path) for path in paths)
    ]


def warnings(
    corpus: Corpus, *, allow_cloud: Sequence[str] = (), local_only: Sequence[str] = ()
) -> list[str]:
    """What of ``--local-only`` and ``--allow-cloud`` means none of the documents, as sentences."""
    return [
        f"warning: {option} {_listed(idle)} matches none of the documents"
        for option, idle in (
            ("--local-only", idle_patterns(corpus, local_only)),
            ("--allow-cloud", idle_permissions(corpus, allow_cloud)),
        )
        if idle
    ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(repr, names[:_NAMED])) + more


def _is_named(path: str, patterns: Sequence[str]) -> bool:
    """Whether a document or a folder above it is named, wherever the pattern is anchored: a path
    may have been given from the root, from here, or by a link."""
    if not patterns:
        return False
    for place in (path, str(Path(path).resolve())):
        steps = [step for step in place.replace("\\", "/").split("/") if step not in ("", ".")]
        for start in range(len(steps)):
            for end in range(start + 1, len(steps) + 1):
                inner = "/".join(steps[start:end])
                if is_excluded(inner, patterns, is_folder=end < len(steps)):
                    return True
    return False


def host_of(spec: ModelSpec, base_url: str = "") -> str:
    """The host that a model's text is sent to."""
    address = spec.base_url or base_url
    return urlsplit(address).hostname or spec.provider.host or spec.provider.name


def leaving(calls: Iterable[Call], stories: Mapping[str, Story]) -> list[tuple[str, str]]:
    """(story, path of its document) of everything that these calls show."""
    shown = {story: None for call in calls for _, story in call.handles}
    return [(name, stories[name].source.path) for name in shown if name in stories]
