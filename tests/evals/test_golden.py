"""The readers of published replies, on files in their shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.metrics.golden import check, check_infinitebench, check_kamradt, first_number_is
from pipeline.errors import InputError


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(exist_ok=True)
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
    assert not check_infinitebench(values).reproduced
    assert first_number_is("no digits", "1") is False


def test_what_counts_as_reproduced(tmp_path: Path) -> None:
    hits: list[dict[str, object]] = [{"prediction": "it is k-1", "ground_truth": "k-1"}]
    misses: list[dict[str, object]] = [{"prediction": "it is k-2", "ground_truth": "k-1"}]
    exact = write(tmp_path / "gpt4_kv_retrieval.jsonl", hits * 89 + misses * 11)
    near = write(tmp_path / "claude2_kv_retrieval.jsonl", hits * 653 + misses * 347)
    below = write(tmp_path / "chatglm3_kv_retrieval.jsonl", hits * 4 + misses * 96)
    at = write(tmp_path / "x" / "chatglm3_kv_retrieval.jsonl", hits * 5 + misses * 95)
    assert [check(p).reproduced for p in (exact, near, below, at)] == [True, False, True, False]
    judged = write(tmp_path / "judged.jsonl", [{"model_response": "No.", "score": 1}] * 3)
    assert check(judged).reproduced and check(judged).metric == "agreement"


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no published figure"):
        check_infinitebench(tmp_path / "unknown_passkey.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        check_infinitebench(tmp_path / "kimi_passkey.jsonl")
    (tmp_path / "k.jsonl").write_text("{broken\n")
    with pytest.raises(InputError, match="line 1"):
        check_kamradt(tmp_path / "k.jsonl")
