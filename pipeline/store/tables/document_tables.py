"""What was read: documents, stories and the corpora they form; and the three caches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from pipeline.store.connection.column_types import UtcTime
from pipeline.store.tables.table_base import Row, json_column, text_column


class ExtractionRow(Row, table=True):
    """The cache of extractions: a file's bytes read in one way (``variant``)."""

    __tablename__ = "extraction"

    sha256: str = Field(primary_key=True)
    variant: str = Field(primary_key=True)
    body: str = text_column()
    created: datetime = Field(sa_type=UtcTime)


class OutlineRow(Row, table=True):
    """The cache of plans without their words: ``key`` hashes all that a plan is made from."""

    __tablename__ = "outline"

    key: str = Field(primary_key=True)
    body: str = text_column()
    created: datetime = Field(sa_type=UtcTime)


class VectorRow(Row, table=True):
    """The cache of sentence vectors: of a story, by its fingerprint, those of its ``passages``, end
    to end, as little-endian numbers of two bytes (IEEE 754)."""

    __tablename__ = "vector"

    encoder: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    passages: int
    body: bytes
    created: datetime = Field(sa_type=UtcTime)


class DocumentRow(Row, table=True):
    """A document as it was read; ``key`` hashes all of it, ``sha256`` the file's bytes."""

    __tablename__ = "document"

    key: str = Field(primary_key=True)
    sha256: str = Field(index=True)
    format: str
    encoding: str
    guessed: bool
    n_chars: int = Field(sa_type=BigInteger)
    front_matter: dict[str, str] = json_column(dict)
    text: str = text_column()


class StoryRow(Row, table=True):
    """A story as it was found; ``key`` hashes all of it, ``id`` its place and kind only."""

    __tablename__ = "story"

    key: str = Field(primary_key=True)
    id: str = Field(index=True)
    document: str = Field(foreign_key="document.key", index=True)
    kind: str
    start_offset: int = Field(sa_type=BigInteger)
    end_offset: int = Field(sa_type=BigInteger)
    spans: list[list[int]] = json_column(list)
    place: str = text_column()
    locator: dict[str, Any] = json_column(dict)
    source_key: str = text_column()
    written: str | None = Field(default=None, max_length=10)
    author: str = text_column()
    fingerprint: str = Field(index=True)
    text: str = text_column()
    title: str = text_column()
    role: str = text_column()
    goal: str = text_column()
    benefit: str = text_column()
    criteria: list[str] = json_column(list)
    body: list[str] = json_column(list)


class CorpusRow(Row, table=True):
    """Documents read together, in order; ``sha256`` hashes their paths, texts and stories."""

    __tablename__ = "corpus"

    sha256: str = Field(primary_key=True)
    n_documents: int
    n_stories: int
    n_words: int = Field(sa_type=BigInteger)
    n_chars: int = Field(sa_type=BigInteger)
    residue_chars: int = Field(sa_type=BigInteger)
    created: datetime = Field(sa_type=UtcTime)


class CorpusDocumentRow(Row, table=True):
    """One document of a corpus: under which paths, what of it is in no story, what was wrong."""

    __tablename__ = "corpus_document"

    corpus: str = Field(foreign_key="corpus.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    document: str = Field(foreign_key="document.key", index=True)
    path: str = text_column()
    paths: list[str] = json_column(list)
    problem: str | None = text_column(None)
    n_stories: int
    residue: list[list[int]] = json_column(list)
    residue_chars: int = Field(sa_type=BigInteger)


class CorpusStoryRow(Row, table=True):
    """One story of a corpus, in corpus order."""

    __tablename__ = "corpus_story"
    __table_args__ = (UniqueConstraint("corpus", "id"),)

    corpus: str = Field(foreign_key="corpus.sha256", primary_key=True, ondelete="CASCADE")
    position: int = Field(primary_key=True)
    id: str
    story: str = Field(foreign_key="story.key", index=True)
    document_position: int
