"""Work that is not done twice: extractions by file, token counts by text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select

from pipeline.store.database import Database, insert_new, upsert
from pipeline.store.documents import extraction_as_text, extraction_from_text
from pipeline.store.tables import ExtractionRow, TokenCountRow, table_of
from pipeline.stories import Extraction

_EXTRACTION = table_of(ExtractionRow)
_COUNT = table_of(TokenCountRow)


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

    def get_counts(self, counter: str, sha256s: Iterable[str]) -> dict[str, int]:
        """The token counts there are, by the sha256 of the text."""
        wanted = list(dict.fromkeys(sha256s))
        found: dict[str, int] = {}
        with self.database.read() as connection:
            for start in range(0, len(wanted), 1000):
                query = select(_COUNT.c.sha256, _COUNT.c.n).where(
                    _COUNT.c.counter == counter,
                    _COUNT.c.sha256.in_(wanted[start : start + 1000]),
                )
                found.update((sha256, n) for sha256, n in connection.execute(query))
        return found

    def put_counts(self, counter: str, counts: Mapping[str, int]) -> None:
        """Remember token counts by the sha256 of the text."""
        new = [{"counter": counter, "sha256": s, "n": n} for s, n in counts.items()]
        with self.database.write() as connection:
            insert_new(connection, _COUNT, new)
