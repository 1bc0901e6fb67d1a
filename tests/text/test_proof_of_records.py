"""Two records whose words are the same are one need only where nothing else they say differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.extract.extraction import extract
from pipeline.judge.proof import prove

STORY = {"role": "reader", "goal": "see the doors of the room", "benefit": "I can read"}
PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "words": ({"limit": "14 days"}, {"limit": "28 days"}),
    "number": ({"limit": 14}, {"limit": 28}),
    "yes and no": ({"negated": False}, {"negated": True}),
    "only one": ({}, {"negated": True}),
}
GROUPED: tuple[dict[str, Any], ...] = (
    {"fields": {**STORY, "limit": 14}},
    {"fields": {**STORY, "limit": 28}},
)


def as_yaml(records: list[dict[str, Any]]) -> str:
    return "\n".join(
        "- " + "\n  ".join(f"{name}: {json.dumps(value)}" for name, value in record.items())
        for record in records
    )


def as_xml(records: list[dict[str, Any]]) -> str:
    inner = "".join(
        "<story>" + "".join(f"<{n}>{v}</{n}>" for n, v in record.items()) + "</story>"
        for record in records
    )
    return f"<stories>{inner}</stories>"


WRITTEN = {"json": json.dumps, "yaml": as_yaml, "xml": as_xml}


def read(told: list[dict[str, Any]], suffix: str, folder: Path) -> Any:
    (folder / f"a.{suffix}").write_text(WRITTEN[suffix](told), encoding="utf-8")
    (found,) = extract([folder / f"a.{suffix}"])
    assert len(found.stories) == 2, found.document.problem
    return found.stories


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("differ", PAIRS)
def test_records_that_differ_beside_their_words(suffix: str, differ: str, tmp_path: Path) -> None:
    told = [{"id": n, **STORY, **more} for n, more in enumerate(PAIRS[differ], 1)]
    assert prove(*read(told, suffix, tmp_path)) is None


def test_fields_in_a_group_tell_records_apart(tmp_path: Path) -> None:
    told = [{"id": n, **more} for n, more in enumerate(GROUPED, 1)]
    assert prove(*read(told, "json", tmp_path)) is None


@pytest.mark.parametrize("suffix", WRITTEN)
def test_records_that_differ_in_their_number_only(suffix: str, tmp_path: Path) -> None:
    told = [{"id": n, **STORY, "limit": 14, "negated": True} for n in (1, 2)]
    assert prove(*read(told, suffix, tmp_path)) is not None
