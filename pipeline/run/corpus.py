"""What was read: every document of a merge with its stories, and how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.amounts import counted
from pipeline.calls import Cluster
from pipeline.compare.measures import stem_weights
from pipeline.config.options import ReadOptions
from pipeline.errors import InputError
from pipeline.extract.criteria_links import link_criteria
from pipeline.extract.extraction import ExtractionCache, extract, said_of_passed_over
from pipeline.extract.readers.reader_registry import FORMATS
from pipeline.plan.near.candidates import Candidates
from pipeline.plan.near.similarity import Pair, cluster, similar_pairs
from pipeline.plan.selection import Selection
from pipeline.progress import Progress, Show, show_nothing
from pipeline.stories import Document, Extraction, Story, count_words


def links_as_json(extractions: Iterable[Extraction]) -> list[dict[str, Any]]:
    """One entry for each place that holds criteria of a story elsewhere, joined by its key.

    ``story`` is the story's id; ``document``, ``locator``, ``start`` and ``end`` (characters) say
    where the criteria stand. The stories themselves are the same with or without links.
    """
    return [
        {
            "story": link.story,
            "key": link.key,
            "document": link.path,
            "locator": str(link.locator),
            "start": link.span.start,
            "end": link.span.end,
            "criteria": list(link.criteria),
        }
        for link in link_criteria(extractions)
    ]


#: How documents are read when nobody says anything.
AS_THEY_ARE = ReadOptions()


@dataclass(frozen=True)
class Corpus:
    """Everything that was read, in the order of the paths given.

    ``passed_over``: which files of folders were not, in words; "" where there are none.
    ``paths``: where documents were looked for.
    """

    extractions: tuple[Extraction, ...]
    passed_over: str = ""
    paths: tuple[str, ...] = ()

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """Every story, document by document."""
        return tuple(story for e in self.extractions for story in e.stories)

    @cached_property
    def by_id(self) -> dict[str, Story]:
        """Stories by id."""
        return {story.id: story for story in self.stories}

    @cached_property
    def clusters(self) -> list[Cluster]:
        """Stories that may be the same, as stars; measured once, for all models."""
        return cluster(self.stories, self.pairs)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Rarity of stems."""
        return stem_weights(self.stories)

    @cached_property
    def pairs(self) -> Collection[Pair]:
        """Stories that may be the same, two by two, the most alike first."""
        return similar_pairs(self.stories, weights=self.weights)

    @cached_property
    def candidates(self) -> dict[tuple[str, frozenset[str], str], Candidates]:
        """Pairs to be asked about as they were found, by hash of what is settled, ids of what stays
        and hash of the sentence vectors: found once, for all models."""
        return {}

    @cached_property
    def selections(self) -> dict[tuple[object, ...], Selection]:
        """What plans start from, by what it is selected by: made once, for all models."""
        return {}

    @cached_property
    def needs(self) -> dict[str, str]:
        """What each story proves to be the same as, by id; "" for nothing."""
        return {story.id: story.need for story in self.stories}

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Readable documents by sha256."""
        return {e.document.sha256: e.document for e in self.extractions if e.document.sha256}

    @property
    def words(self) -> int:
        """Words of all documents, residue included."""
        return sum(count_words(e.document.text) for e in self.extractions)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """(path, reason) of every document that could not be read, or not wholly."""
        return [
            (e.document.path, e.document.problem) for e in self.extractions if e.document.problem
        ]


def read(
    paths: Iterable[str | Path],
    *,
    how: ReadOptions = AS_THEY_ARE,
    cache: ExtractionCache | None = None,
    show: Show = show_nothing,
) -> Corpus:
    """Extract every document, and insist on stories.

    Raises:
        InputError: as :func:`gather` and :func:`require` do.
    """
    corpus = gather(paths, how=how, cache=cache, show=show)
    require(corpus, strict=how.strict)
    return corpus


def gather(
    paths: Iterable[str | Path],
    *,
    how: ReadOptions = AS_THEY_ARE,
    cache: ExtractionCache | None = None,
    show: Show = show_nothing,
) -> Corpus:
    """Extract every document, whatever comes of it.

    Args:
        show: told after each document how many are read.

    Raises:
        InputError: a path does not exist.
    """
    extractions: list[Extraction] = []
    names = tuple(map(str, paths))
    total: list[int] = []
    passed_over: Counter[str] = Counter()
    for extraction in extract(
        names,
        encoding=how.encoding,
        cache=cache,
        exclude=how.exclude,
        pattern=how.pattern,
        repair=how.repair,
        ears=how.ears,
        passed_over=passed_over,
        follow_links=how.follow_links,
        count=total.append,
    ):
        extractions.append(extraction)
        done = len(extractions)
        show(Progress("read", "documents", done=done, total=total[0], fresh=done))
    return Corpus(tuple(extractions), said_of_passed_over(passed_over), names)


def require(corpus: Corpus, *, strict: bool = False) -> None:
    """Refuse a corpus that cannot be worked on.

    Raises:
        InputError: no story was found at all, or ``strict`` and a document could not be read.
    """
    if strict and corpus.problems:
        path, reason = corpus.problems[0]
        raise InputError(
            f"could not be read: {reason}",
            where=path,
            next="Mend or leave out the document, or drop --strict.",
        )
    if not corpus.extractions:
        passed = f" ({corpus.passed_over})" if corpus.passed_over else ""
        raise InputError(
            f"no document of a known format is there{passed}.",
            where=", ".join(corpus.paths),
            next=f"Known are {' '.join(sorted(FORMATS))}.",
        )
    if not corpus.stories:
        n = len(corpus.extractions)
        some = [_why_none(e.document) for e in corpus.extractions[:_MOST_NAMED]]
        more = [f"and {n - _MOST_NAMED:,} more"] if n > _MOST_NAMED else []
        told = " ".join(some) if n == 1 else "".join(f"\n  {one}" for one in [*some, *more])
        raise InputError(
            f"no story found in {counted(n, 'document')}:{' ' * (n == 1)}{told}.",
            next="Name what begins a story with --pattern; `storytransformer extract PATHS --page "
            "FILE` shows what was read.",
        )


#: Documents without a story that an error names; `extract` lists all of them.
_MOST_NAMED = 20


def _why_none(document: Document) -> str:
    """A document and why no story was found in it."""
    words = len(document.text.split())
    read = f"{counted(words, 'word')}, none of them read as a story"
    why = document.problem or (read if words else "no text")
    return " ".join(f"{document.path}: {why.rstrip('.')}".split())


def extraction_as_json(corpus: Corpus) -> dict[str, Any]:
    """What ``extract --json`` prints."""
    return {
        "documents": [
            {
                "path": doc.path,
                "paths": list(doc.paths),
                "format": doc.format,
                "encoding": doc.encoding,
                "encoding_guessed": doc.guessed,
                "chars": e.chars,
                "story_chars": e.chars - e.residue_chars,
                "residue_chars": e.residue_chars,
                "stories": len(e.stories),
                "problem": doc.problem,
            }
            for e in corpus.extractions
            for doc in [e.document]
        ],
        "stories": [
            {
                "id": s.id,
                "document": s.source.path,
                "locator": str(s.source.locator),
                "start": s.start,
                "end": s.end,
                "spans": [list(span) for span in s.source.spans],
                "kind": s.kind,
                "key": s.source.key,
                "role": s.role,
                "goal": s.goal,
                "benefit": s.benefit,
                "criteria": list(s.criteria),
                "title": s.title,
                "body": list(s.body),
                "text": s.text,
            }
            for s in corpus.stories
        ],
        "links": links_as_json(corpus.extractions),
        "passed_over": corpus.passed_over,
    }


def residue(corpus: Corpus) -> list[tuple[str, str]]:
    """(path, text) of every run of text that is in no story and is not blank."""
    return [
        (e.document.path, e.document.text[span.start : span.end].strip())
        for e in corpus.extractions
        for span in e.residue
        if e.document.text[span.start : span.end].strip()
    ]
