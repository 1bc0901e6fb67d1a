"""The exam of ``groups`` in Prefect: its form, and the table that it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.flows import artifacts
from pipeline.flows.flows import examine_judges
from pipeline.judge.judge_records import Record, rows
from tests.judge.examples import JUDGE, figures


def test_the_form_offers_what_is_examined() -> None:
    told = examine_judges.parameters.properties["strategy"]
    assert told["default"] == "pairs" and told["title"] == "What is examined"


def test_the_table_has_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr(artifacts, "create_table_artifact", lambda **told: made.update(told))
    record = Record(JUDGE, "word", (), 300, windows=figures((8, 160), (16, 90)))
    artifacts.records({"records": list(rows(record))})
    assert made["description"] == "1 judge examined" and len(made["table"]) == 4
    first = made["table"][0]
    assert first["pairs"] == "windows of up to 8 stories"
    assert first["found of the true"] == "160 of 170" and first["record"] == record.id
