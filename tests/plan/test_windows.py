"""Packing loses nothing, splits nothing, overfills nothing, and is the same every time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calls import Cluster
from pipeline.errors import InputError
from pipeline.plan.windows import pack

LIMIT = 50


def clusters_of(sizes: list[int]) -> list[Cluster]:
    return [Cluster((f"a{i}", f"b{i}")) for i in range(len(sizes))]


@given(st.lists(st.integers(0, LIMIT), max_size=80))
def test_every_cluster_is_in_exactly_one_window_and_no_window_is_overfull(sizes):
    clusters = clusters_of(sizes)
    size_of = dict(zip(clusters, sizes, strict=True))
    windows = pack(clusters, sizes, LIMIT)
    assert sorted(c.members for w in windows for c in w) == sorted(c.members for c in clusters)
    assert all(len(w) > 0 and sum(size_of[c] for c in w) <= LIMIT for w in windows)


@given(st.lists(st.integers(1, LIMIT), max_size=80))
def test_windows_are_few_and_the_same_every_time(sizes):
    clusters = clusters_of(sizes)
    windows = pack(clusters, sizes, LIMIT)
    assert windows == pack(clusters, sizes, LIMIT)
    fewest = -(-sum(sizes) // LIMIT)
    # First fit leaves at most one window half empty; 11/9 of the optimum is the sharper bound.
    assert len(windows) <= max(1, 2 * fewest) or not sizes


@given(st.lists(st.integers(1, LIMIT), max_size=40))
def test_the_first_window_with_room_is_taken(sizes):
    """The tournament tree answers as the plain scan does."""
    room: list[int] = []
    for size in sorted(sizes, reverse=True):
        index = next((i for i, left in enumerate(room) if left >= size), None)
        if index is None:
            room.append(LIMIT - size)
        else:
            room[index] -= size
    assert len(pack(clusters_of(sizes), sizes, LIMIT)) == len(room)


def test_windows_read_in_corpus_order():
    clusters = clusters_of([10, 40, 30, 20])
    windows = pack(clusters, [10, 40, 30, 20], LIMIT)
    assert windows == [[clusters[0], clusters[1]], [clusters[2], clusters[3]]]


def test_a_cluster_over_the_limit_is_refused():
    with pytest.raises(InputError, match="51 tokens"):
        pack(clusters_of([51]), [51], LIMIT)


def test_many_clusters_pack_quickly():
    sizes = [1 + i * 7919 % 40 for i in range(20_000)]
    windows = pack(clusters_of(sizes), sizes, LIMIT)
    assert sum(len(w) for w in windows) == 20_000
