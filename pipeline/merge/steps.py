"""The steps of a merge as plain functions: read, plan, price, start, send, conclude, write.

The command line calls them one after the other; the Prefect flow makes each a task. Both get
plain values from the edge; nothing here reads the environment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.calls import Cluster, Estimate, Plan, Request, Usage
from pipeline.catalog import ModelSpec
from pipeline.compare.measures import stem_weights
from pipeline.cost.estimate import estimate, window_limits
from pipeline.cost.hardware import Hardware, detect_hardware
from pipeline.cost.prices import price
from pipeline.errors import InputError, SovereigntyError
from pipeline.extract.corpus import ExtractionCache, extract
from pipeline.extract.page import page
from pipeline.merge import document as documents
from pipeline.merge.links import links_as_json
from pipeline.merge.run import Journal
from pipeline.models.opening import missing_weights, revision_of
from pipeline.outcomes import Outcomes
from pipeline.plan.similarity import Pair, cluster, similar_pairs
from pipeline.plan.strategies import make_plan
from pipeline.stories import Document, Extraction, Story, count_words
from pipeline.tokens import counter_for


@dataclass(frozen=True)
class Corpus:
    """Everything that was read, in the order of the paths given."""

    extractions: tuple[Extraction, ...]

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """Every story, document by document."""
        return tuple(story for e in self.extractions for story in e.stories)

    @cached_property
    def by_id(self) -> dict[str, Story]:
        """Stories by id."""
        return {story.id: story for story in self.stories}

    @cached_property
    def stars(self) -> list[Cluster]:
        """Stories that may be the same, for a model that judges; measured once, for all models."""
        return cluster(self.stories, self._pairs, decide=False, weights=self._weights)

    @cached_property
    def decided(self) -> list[Cluster]:
        """Stories that belong together, with the relation that code has decided."""
        return cluster(self.stories, self._pairs, decide=True, weights=self._weights)

    @cached_property
    def _weights(self) -> dict[str, float]:
        return stem_weights(self.stories)

    @cached_property
    def _pairs(self) -> list[Pair]:
        return similar_pairs(self.stories, weights=self._weights)

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


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents are to be read.

    Args:
        encoding: of text files, where it is known.
        exclude: patterns as in ``.gitignore``.
        pattern: regular expression of headings that begin a narrative, beside the known shapes.
        repair: mend mojibake.
        strict: a document that cannot be read is an error.
    """

    encoding: str | None = None
    exclude: tuple[str, ...] = ()
    pattern: str | None = None
    repair: bool = False
    strict: bool = False


def read(
    paths: Iterable[str | Path],
    *,
    how: Reading = Reading(),
    cache: ExtractionCache | None = None,
    progress: Callable[[Extraction], None] | None = None,
) -> Corpus:
    """Extract every document, and insist on stories.

    Raises:
        InputError: as :func:`gather` and :func:`require` do.
    """
    corpus = gather(paths, how=how, cache=cache, progress=progress)
    require(corpus, strict=how.strict)
    return corpus


def gather(
    paths: Iterable[str | Path],
    *,
    how: Reading = Reading(),
    cache: ExtractionCache | None = None,
    progress: Callable[[Extraction], None] | None = None,
) -> Corpus:
    """Extract every document, whatever comes of it.

    Raises:
        InputError: a path does not exist.
    """
    extractions = []
    for extraction in extract(
        paths,
        encoding=how.encoding,
        cache=cache,
        exclude=how.exclude,
        pattern=how.pattern,
        repair=how.repair,
    ):
        extractions.append(extraction)
        if progress:
            progress(extraction)
    return Corpus(tuple(extractions))


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
    if not corpus.stories:
        reasons = "; ".join(f"{path}: {reason}" for path, reason in corpus.problems[:3])
        raise InputError(
            f"no story found in {len(corpus.extractions)} documents. {reasons}".strip(),
            where=", ".join(e.document.path for e in corpus.extractions[:3]),
            next="`storytransformer extract PATHS --page FILE` shows what was read.",
        )


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
                "chars": len(doc.text),
                "story_chars": len(doc.text) - sum(s.end - s.start for s in e.residue),
                "residue_chars": sum(s.end - s.start for s in e.residue),
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
    }


def residue(corpus: Corpus) -> list[tuple[str, str]]:
    """(path, text) of every run of text that is in no story and is not blank."""
    return [
        (e.document.path, e.document.text[span.start : span.end].strip())
        for e in corpus.extractions
        for span in e.residue
        if e.document.text[span.start : span.end].strip()
    ]


@dataclass(frozen=True, slots=True)
class Terms:
    """The plain values a plan and its price depend on, beside corpus and model."""

    prompts: Path
    cache: Path
    as_of: date
    today: date
    strategy: str = "edit"
    about: tuple[str, ...] = ()
    allow_cloud: bool = False
    usd_per_kwh: Decimal = Decimal("0.17")
    hardware: Hardware = field(default_factory=detect_hardware)


def plan(corpus: Corpus, spec: ModelSpec, terms: Terms) -> Plan:
    """The calls of a strategy for one model: a pure function of corpus, model and terms."""
    return make_plan(
        terms.strategy,
        corpus.stories,
        corpus.stars if spec.ability == "edits" else corpus.decided,
        spec,
        window_limits(spec, as_of=terms.as_of),
        counter_for(spec, cache=terms.cache),
        terms.prompts,
        revision=revision_of(spec, terms.cache),
        about=terms.about,
    )


def with_journal(plan: Plan, journal: Journal) -> Plan:
    """The same plan, knowing which of its requests are answered already."""
    known = journal.find([call.request.key for call in plan.calls])
    return replace(plan, journalled=frozenset(known))


def price_plan(plan: Plan, spec: ModelSpec, terms: Terms) -> Estimate:
    """What sending ``plan.to_send`` costs, and whether it can be sent from here."""
    line = estimate(
        plan,
        spec,
        as_of=terms.as_of,
        today=terms.today,
        hardware=terms.hardware,
        allow_cloud=terms.allow_cloud,
        usd_per_kwh=terms.usd_per_kwh,
    )
    missing = missing_weights(spec, terms.cache)
    if missing is None:
        return line
    reason = "; ".join(filter(None, ["the weights are not on this machine", line.reason]))
    return replace(line, feasible=False, reason=reason)


def check_sovereignty(corpus: Corpus, spec: ModelSpec, *, allow_cloud: bool) -> None:
    """Refuse, before any client is constructed, to send text off the machine unless allowed.

    A document whose front matter says ``sovereignty: local`` is never sent.

    Raises:
        SovereigntyError: the model is not on this machine and may not be used.
    """
    if not spec.leaves_machine:
        return
    if not allow_cloud:
        raise SovereigntyError(
            f"{spec.name} would send the stories off this machine.",
            next="Add --allow-cloud to allow it, or use a local/… model.",
        )
    for doc in corpus.documents.values():
        if doc.front_matter.get("sovereignty", "").strip().lower() == "local":
            raise SovereigntyError(
                f"this document is marked 'sovereignty: local' and {spec.name} is not on this "
                "machine.",
                where=doc.path,
                next="Leave the document out or use a local/… model.",
            )


def pricer(spec: ModelSpec, as_of: date) -> Callable[[Request, Usage], Decimal | None]:
    """The price of one request's usage at a date; what the budget and the bill both use."""

    def usd(request: Request, usage: Usage) -> Decimal | None:
        found = price(spec, usage, as_of=as_of)
        return None if found is None else found.usd

    return usd


def write_document(
    out: Path, corpus: Corpus, outcomes: Outcomes, head: Mapping[str, Any]
) -> dict[str, str]:
    """Write ``merged.md``, ``merged.json`` and ``merged.html`` under ``out``, each atomically.

    Returns their paths by kind.

    Raises:
        InputError: the folder cannot be written.
    """
    texts = {
        "markdown": (
            "merged.md",
            documents.markdown(outcomes, corpus.by_id, corpus.documents, head),
        ),
        "json": (
            "merged.json",
            json.dumps(
                documents.as_json(outcomes, corpus.by_id, corpus.documents, head),
                ensure_ascii=False,
                indent=2,
            ),
        ),
        "html": ("merged.html", documents.html(outcomes, corpus.by_id, corpus.documents, head)),
    }
    for name, text in texts.values():
        _write(out / name, [text], next="Choose another folder with --out.")
    return {kind: str(out / name) for kind, (name, _) in texts.items()}


def write_page(file: Path, corpus: Corpus) -> str:
    """Write the page that shows what was read, atomically; returns its path.

    Raises:
        InputError: the file cannot be written.
    """
    _write(file, page(corpus.extractions), next="Choose another file with --page.")
    return str(file)


def _write(target: Path, pieces: Iterable[str], *, next: str) -> None:
    """Write a file whole or not at all, with the folders it stands in."""
    draft = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
        draft.replace(target)
    except OSError as exc:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise InputError(
            f"cannot be written: {exc.strerror}.", where=str(target), next=next
        ) from exc
