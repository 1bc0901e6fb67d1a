"""Which documents may leave this machine, and which of them do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.calls import Call
from pipeline.catalog import ModelSpec
from pipeline.errors import SovereigntyError
from pipeline.extract.walk import is_excluded
from pipeline.merge.corpus import Corpus
from pipeline.stories import Document, Story

#: Values of a ``sovereignty`` head that let a document leave. Any other, a slip included, does not.
_OPEN = ("", "any", "cloud", "none", "public")
#: Where the providers' clients go by themselves.
_HOSTS = {"claude": "api.anthropic.com", "gemini": "generativelanguage.googleapis.com"}


def check_sovereignty(
    corpus: Corpus, spec: ModelSpec, *, allow_cloud: bool, local_only: Sequence[str] = ()
) -> None:
    """Refuse, before any client is constructed, to send text off the machine unless allowed.

    A document whose front matter says ``sovereignty: local``, or whose path is ``local_only``, is
    never sent.

    Raises:
        SovereigntyError: the model is not on this machine and may not be used.
    """
    if not spec.leaves_machine:
        return
    check_allowed(spec, allow_cloud=allow_cloud)
    for document in corpus.documents.values():
        why = stays_here(document, local_only)
        if why:
            raise SovereigntyError(
                f"{why}, and {spec.name} is not on this machine.",
                where=document.path,
                next="Leave the document out or use a local/… model.",
            )


def check_allowed(spec: ModelSpec, *, allow_cloud: bool) -> None:
    """Refuse a model off this machine that is not allowed, before anything is read.

    Raises:
        SovereigntyError: it may not be used.
    """
    if spec.leaves_machine and not allow_cloud:
        raise SovereigntyError(
            f"{spec.name} would send the stories off this machine.",
            next="Add --allow-cloud to allow it, or use a local/… model.",
        )


def held_back(corpus: Corpus, local_only: Sequence[str] = ()) -> str:
    """How many documents may be sent to no cloud, "" when all may."""
    n = sum(1 for document in corpus.documents.values() if stays_here(document, local_only))
    documents = "1 document is" if n == 1 else f"{n} documents are"
    return f"{documents} marked to stay on this machine" if n else ""


def stays_here(document: Document, local_only: Sequence[str] = ()) -> str:
    """Why a document may be sent to no cloud, "" when it may."""
    for name, value in document.front_matter.items():
        if name.strip().casefold() == "sovereignty" and value.strip().casefold() not in _OPEN:
            return f"this document is marked 'sovereignty: {value.strip()}'"
    if any(_is_named(path, local_only) for path in document.paths):
        return "this document is marked local-only"
    return ""


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
    return urlsplit(address).hostname or _HOSTS.get(spec.provider, spec.provider)


def leaving(calls: Iterable[Call], stories: Mapping[str, Story]) -> list[tuple[str, str]]:
    """(story, path of its document) of everything that these calls show."""
    shown = {story: None for call in calls for _, story in call.handles}
    return [(name, stories[name].source.path) for name in shown if name in stories]
