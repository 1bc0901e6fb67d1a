"""Work that is not done twice: extractions by file, plans by what they are made from, vectors by
the words of a story."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from pipeline.store.connection.database import Database, upsert
from pipeline.store.rows.extraction_text import extraction_as_text, extraction_from_text
from pipeline.store.tables import ExtractionRow, OutlineRow, VectorRow, table_of
from pipeline.stories import Extraction

_EXTRACTION = table_of(ExtractionRow)
_OUTLINE = table_of(OutlineRow)
_VECTOR = table_of(VectorRow)
#: Fingerprints of one question.
_SOME = 500


class Caches:
    """The part of the store that could be deleted and would only cost time."""

    database: Database
    now: Callable[[], datetime]

    def get_extraction(self, sha256: str, variant: str) -> Extraction | None:
        """What was found in a file's bytes, read in one way; None when it was never read."""
        query = select(_EXTRACTION.c.body).where(
            _EXTRACTION.c.sha256 == sha256, _EXTRACTION.c.variant == variant
        )
        with self.database.read() as connection:
            body = connection.execute(query).scalar()
        return None if body is None else extraction_from_text(body)

    def put_extraction(self, sha256: str, variant: str, extraction: Extraction) -> None:
        """Remember what was found in a file's bytes."""
        row = {
            "sha256": sha256,
            "variant": variant,
            "body": extraction_as_text(extraction),
            "created": self.now(),
        }
        with self.database.write() as connection:
            upsert(connection, _EXTRACTION, [row])

    def get_outline(self, key: str) -> str | None:
        """The outline of a plan as text; None when there is none."""
        query = select(_OUTLINE.c.body).where(_OUTLINE.c.key == key)
        with self.database.read() as connection:
            return connection.execute(query).scalar()

    def put_outline(self, key: str, body: str) -> None:
        """Remember the outline of a plan."""
        with self.database.write() as connection:
            upsert(connection, _OUTLINE, [{"key": key, "body": body, "created": self.now()}])

    def get_vectors(
        self, encoder: str, fingerprints: Sequence[str]
    ) -> dict[str, tuple[int, bytes]]:
        """Of stories that an encoder has embedded, by fingerprint: how many passages there are,
        and their vectors."""
        found: dict[str, tuple[int, bytes]] = {}
        columns = (_VECTOR.c.fingerprint, _VECTOR.c.passages, _VECTOR.c.body)
        with self.database.read() as connection:
            for start in range(0, len(fingerprints), _SOME):
                some = _VECTOR.c.fingerprint.in_(fingerprints[start : start + _SOME])
                query = select(*columns).where(_VECTOR.c.encoder == encoder, some)
                for name, passages, body in connection.execute(query):
                    found[name] = (passages, bytes(body))
        return found

    def put_vectors(self, encoder: str, vectors: Mapping[str, tuple[int, bytes]]) -> None:
        """Remember vectors by fingerprint, as :meth:`get_vectors` gives them."""
        created = self.now()
        rows = [
            {
                "encoder": encoder,
                "fingerprint": fingerprint,
                "passages": passages,
                "body": body,
                "created": created,
            }
            for fingerprint, (passages, body) in vectors.items()
        ]
        with self.database.write() as connection:
            upsert(connection, _VECTOR, rows)
