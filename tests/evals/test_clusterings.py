"""Cluster agreement against brute-force twins and worked examples."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics.clusterings import b_cubed, over_and_under_merged, pairwise

clusterings = st.integers(1, 12).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)
)


def labelled(labels: list[int]) -> dict[int, int]:
    return dict(enumerate(labels))


@given(clusterings)
def test_pairs_equal_the_brute_force_count(both: tuple[list[int], list[int]]) -> None:
    truth, found = map(labelled, both)
    pairs = list(combinations(truth, 2))
    wanted = {p for p in pairs if truth[p[0]] == truth[p[1]]}
    claimed = {p for p in pairs if found[p[0]] == found[p[1]]}
    ours = pairwise(truth, found)
    assert ours.precision == (len(wanted & claimed) / len(claimed) if claimed else 1.0)
    assert ours.recall == (len(wanted & claimed) / len(wanted) if wanted else 1.0)
    assert ours.n == len(wanted)


@given(clusterings)
def test_b_cubed_equals_the_definition(both: tuple[list[int], list[int]]) -> None:
    truth, found = map(labelled, both)

    def mates(labels: dict[int, int], item: int) -> set[int]:
        return {other for other in labels if labels[other] == labels[item]}

    n = len(truth)
    precision = sum(len(mates(truth, i) & mates(found, i)) / len(mates(found, i)) for i in truth)
    recall = sum(len(mates(truth, i) & mates(found, i)) / len(mates(truth, i)) for i in truth)
    ours = b_cubed(truth, found)
    assert ours.precision == pytest.approx(precision / n)
    assert ours.recall == pytest.approx(recall / n)


@given(clusterings)
def test_swapping_truth_and_found_swaps_precision_and_recall(
    both: tuple[list[int], list[int]],
) -> None:
    truth, found = map(labelled, both)
    for measure in (pairwise, b_cubed):
        there, back = measure(truth, found), measure(found, truth)
        assert (there.precision, there.recall) == pytest.approx((back.recall, back.precision))
        assert measure(truth, truth)[:3] == pytest.approx((1.0, 1.0, 1.0))


def test_one_giant_cluster_and_none_at_all() -> None:
    truth = labelled([0, 0, 1, 1, 2])
    giant, alone = labelled([0] * 5), labelled([0, 1, 2, 3, 4])
    assert pairwise(truth, giant)[:2] == (0.2, 1.0)
    assert pairwise(truth, alone)[:3] == (1.0, 0.0, 0.0)
    assert over_and_under_merged(truth, giant) == ([True], [False, False])
    assert over_and_under_merged(truth, alone) == ([], [True, True])
    with pytest.raises(ValueError, match="different items, such as 4"):
        pairwise(truth, labelled([0, 0, 1, 1]))
