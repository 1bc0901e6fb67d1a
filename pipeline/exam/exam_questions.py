"""Labelled pairs as two stories each: written ones as they stand, drawn ones looked up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.extract.extraction import ExtractionCache, extract
from pipeline.extract.marks import is_open
from pipeline.judge.labels import Label, LabelFile, Place, exam_hash, read_labels
from pipeline.run.judge_record import DRAWN, WRITTEN
from pipeline.stories import Extraction, Story


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled pair with its two stories."""

    label: Label
    a: Story
    b: Story


@dataclass(frozen=True, slots=True)
class Exam:
    """What a judge is examined with.

    Args:
        files: the label files. extractions: the documents that the stories are from, theirs first.
        marked: ids of the stories of pairs that bear a mark of their own.
        read_otherwise: file and line of the drawn pairs that nobody can be asked about, as a story
            of theirs is read with other borders by now than when it was drawn and labelled.
    """

    files: tuple[LabelFile, ...]
    questions: tuple[Question, ...]
    extractions: tuple[Extraction, ...]
    marked: frozenset[str] = frozenset()
    read_otherwise: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """What the exam is known by."""
        return exam_hash(self.files)

    @property
    def names(self) -> tuple[str, ...]:
        """The label files, to find them again."""
        return tuple(str(file.path.resolve()) for file in self.files)

    @property
    def remark(self) -> str:
        """What is to be said of pairs that are left out, "" where none is."""
        if not self.read_otherwise:
            return ""
        n = len(self.read_otherwise)
        return (
            f"{n} drawn pair{'s are' if n > 1 else ' is'} left out: documents are read otherwise "
            f"by now than when they were labelled, the first of them {self.read_otherwise[0]}"
        )


def label_files(labels: str | None, corpora: str | None, exams: Path) -> list[Path]:
    """The files of an exam.

    Args:
        labels: a file of one's own, None for the built-in exam.
        corpora: the folder with the documents of drawn pairs, None where it is not here.
        exams: folder of the built-in exam.

    Raises:
        InputError: the built-in exam is not here.
    """
    if labels is not None:
        return [Path(labels)]
    found = [exams / WRITTEN] + ([exams / DRAWN] if corpora is not None else [])
    missing = [path for path in found if not path.is_file()]
    if missing:
        raise InputError(
            "the built-in exam is not here.",
            where=str(missing[0]),
            next="Give labelled pairs of your own with --labels FILE.",
        )
    return found


def gather_exam(
    paths: Sequence[Path], corpora: Path | None = None, *, cache: ExtractionCache | None = None
) -> Exam:
    """Read label files, and the documents that their drawn pairs stand in.

    Raises:
        InputError: a file or line that cannot be used; a drawn pair without ``corpora``; a document
            that is not there or is another by now; no pair whose stories are read as they were
            when it was drawn.
    """
    files = tuple(read_labels(path) for path in paths)
    labels = [label for file in files for label in file.labels]
    places = [p for label in labels for p in (label.a, label.b) if isinstance(p, Place)]
    documents = _documents(places, labels, corpora, cache)
    found = [(one, _story(one.a, documents), _story(one.b, documents)) for one in labels]
    questions = tuple(
        Question(label, a, b) for label, a, b in found if a is not None and b is not None
    )
    otherwise = tuple(label.where for label, a, b in found if a is None or b is None)
    if not questions:
        raise InputError(
            "no pair can be asked about: no story stands where it stood when it was drawn.",
            where=otherwise[0],
            next="Documents were read otherwise then; draw the pairs again.",
        )
    marked = frozenset(
        story.id
        for one in questions
        if one.label.sovereignty and not is_open(one.label.sovereignty)
        for story in (one.a, one.b)
    )
    written = tuple(file.extraction for file in files)
    return Exam(files, questions, (*written, *documents.values()), marked, otherwise)


def _documents(
    places: Iterable[Place],
    labels: Sequence[Label],
    corpora: Path | None,
    cache: ExtractionCache | None,
) -> dict[str, Extraction]:
    """The documents that pairs stand in, by their path below the folder."""
    named = {place.document: place for place in places}
    if not named:
        return {}
    first = next(one for one in labels if isinstance(one.a, Place))
    if corpora is None:
        raise InputError(
            "this pair stands in a document.",
            where=first.where,
            next="Name the folder of the documents with --corpora PATH.",
        )
    found: dict[str, Extraction] = {}
    for name, place in sorted(named.items()):
        path = corpora / name
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
            raise InputError(
                "this document of a labelled pair is not there.",
                where=str(path),
                next="--corpora has to name the folder that the pairs were drawn from.",
            )
        (extraction,) = extract([str(path)], cache=cache)
        if extraction.document.sha256 != place.sha256:
            raise InputError(
                "this document is another than the one that pairs were drawn from.",
                where=str(path),
                next="Restore it as it was; its sha256 stands in the label file.",
            )
        found[name] = extraction
    return found


def _story(told: Story | Place, documents: dict[str, Extraction]) -> Story | None:
    """A telling; None where its document is read with other borders by now."""
    if isinstance(told, Story):
        return told
    here = [
        story
        for story in documents[told.document].stories
        if (story.start, story.end) == (told.start, told.end)
    ]
    return here[0] if len(here) == 1 else None
