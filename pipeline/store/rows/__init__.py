"""Values of the other rooms as rows of the tables. Pure functions: no clock, no database."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from pipeline.calls import canonical_json, micro_usd
from pipeline.stories import Story

Rows = list[dict[str, Any]]


def content_hash(value: Any) -> str:
    """The sha256 of a JSON value: what makes writing twice writing once."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def micro(usd: Decimal | None) -> int | None:
    """Dollars as micro-USD, unknown as NULL."""
    return None if usd is None else micro_usd(usd)


def dollars(micro_dollars: int | None) -> Decimal | None:
    """Micro-USD as dollars, NULL as unknown."""
    return None if micro_dollars is None else Decimal(micro_dollars) / 1_000_000


def text_columns(text: Story) -> dict[str, Any]:
    """The fields of a story."""
    return {
        "title": text.title,
        "role": text.role,
        "goal": text.goal,
        "benefit": text.benefit,
        "criteria": list(text.criteria),
        "body": list(text.body),
    }
