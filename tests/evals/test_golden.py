"""The readers of published replies, on files in their shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.golden import check_infinitebench, check_kamradt, first_number_is
from pipeline.errors import InputError


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def test_agreement_with_the_judge_and_the_replies_that_differ(tmp_path: Path) -> None:
    right = "Eat a sandwich, sit in Dolores Park, on a sunny day."
    path = write(
        tmp_path / "kamradt.jsonl",
        [
            {"model_response": right, "score": 10},
            {"model_response": "Not mentioned.", "score": 1},
            {"model_response": right + " But it is not mentioned.", "score": 1},
            {"model_response": "unmarked"},
            {"note": "no reply"},
        ],
    )
    found = check_kamradt(path)
    assert found.n == 3 and found.ours == pytest.approx(200 / 3)
    assert found.differing == (right + " But it is not mentioned.",)


def test_accuracy_by_the_published_rules(tmp_path: Path) -> None:
    numbers = write(
        tmp_path / "kimi_passkey.jsonl",
        [
            {"prediction": "The pass key is 71432.", "ground_truth": "71432"},
            {"prediction": "1 of them: 71432", "ground_truth": ["71432"]},
        ],
    )
    assert check_infinitebench(numbers).ours == 50.0
    values = write(
        tmp_path / "kimi_kv_retrieval.jsonl",
        [
            {"prediction": '"5e6b-11"', "ground_truth": "5e6b-11"},
            {"prediction": "5e6b-112", "ground_truth": "5e6b-11"},
        ],
    )
    assert check_infinitebench(values).ours == 50.0
    assert first_number_is("no digits", "1") is False


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no published figure"):
        check_infinitebench(tmp_path / "unknown_passkey.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        check_infinitebench(tmp_path / "kimi_passkey.jsonl")
    (tmp_path / "k.jsonl").write_text("{broken\n")
    with pytest.raises(InputError, match="line 1"):
        check_kamradt(tmp_path / "k.jsonl")
