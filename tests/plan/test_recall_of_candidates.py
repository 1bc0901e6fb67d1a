"""The benchmark of candidates, on a truth that can be counted by hand."""

from __future__ import annotations

import json

from benchmarks.candidates import KS, recalls
from evals.corpora.truth import read_truth
from pipeline.run.corpus import gather

#: What is told in the first two lines is one need in nearly the same words, what is told in the
#: last two in quite other words: the index of words finds the one pair, and not the other.
TOLD = [
    "print the roster of the harbour office",
    "print out the roster of the harbour office",
    "refund a ticket within fourteen days",
    "give guests their money back for two weeks",
]
FILLING = [f"paint the {thing} in the yard of hall {n}" for n, thing in enumerate(
    ("boat", "fence", "crane", "bench", "gate", "shed", "mast", "keel"))]  # fmt: skip


def test_the_recall_is_told_at_five_ten_and_twenty(tmp_path):
    lines = [f"- As a clerk, I want to {goal}, so that it is done." for goal in (*TOLD, *FILLING)]
    (tmp_path / "in.md").write_text("\n".join(lines) + "\n")
    truth = {
        "stories": [
            {
                "id": f"t{n}",
                "document": "in.md",
                "key": "",
                "starts": f"As a clerk, I want to {goal}",
            }
            for n, goal in enumerate(TOLD)
        ],
        "duplicates": [{"stories": ["t0", "t1"]}, {"stories": ["t2", "t3"]}],
        "overlaps": [],
        "conflicts": [],
        "lookalikes": [],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    rows = recalls(read_truth(tmp_path / "truth.json"), gather([tmp_path / "in.md"]), None)
    assert [row["k"] for row in rows] == list(KS) == [5, 10, 20]
    assert {row["list"] for row in rows} == {"index"}
    assert all(row["n"] == 2 and row["recall"] == 0.5 for row in rows)
