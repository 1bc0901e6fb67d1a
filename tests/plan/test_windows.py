"""Cutting loses nothing, splits nothing, overfills nothing, and a change is felt nearby only."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.plan.windows import Piece, cut

LIMIT = 50


def piece(tokens: int, n: int) -> Piece:
    return Piece(tokens, hashlib.sha256(b"%d" % n).hexdigest())


LISTS = st.lists(st.builds(piece, st.integers(0, LIMIT), st.integers(0, 1000)), max_size=80)


@given(LISTS, st.integers(0, LIMIT))
def test_every_piece_is_in_one_window_and_no_window_is_overfull(pieces, least):
    windows = cut(pieces, LIMIT, least=least)
    assert [place for window in windows for place in window] == list(range(len(pieces)))
    for window in windows:
        assert window and sum(pieces[place].tokens for place in window) <= LIMIT


@given(LISTS)
def test_windows_can_be_filled(pieces):
    windows = cut(pieces, LIMIT, least=LIMIT)
    # Two neighbours together are always more than one window.
    assert len(windows) <= max(1, 2 * -(-sum(p.tokens for p in pieces) // LIMIT))


@pytest.mark.parametrize("seed", range(5))
def test_a_change_is_felt_nearby_only(seed):
    rng = random.Random(seed)
    pieces = [piece(rng.randint(20, 80), rng.randrange(10**9)) for _ in range(4_000)]

    def windows(pieces):
        return {
            tuple(pieces[window.start : window.stop]) for window in cut(pieces, 5_000, least=2_500)
        }

    before = windows(pieces)
    assert len(before) > 30
    felt = []
    for _ in range(20):
        changed, place = list(pieces), rng.randrange(len(pieces))
        changed[place : place + rng.choice((0, 1))] = [piece(40, rng.randrange(10**9))]
        felt.append(len(windows(changed) - before))
    assert min(felt) >= 1 and sum(felt) <= 2 * len(felt)


def test_a_piece_over_the_limit_is_refused():
    with pytest.raises(InputError, match="51 tokens"):
        cut([piece(51, 0)], LIMIT, least=LIMIT)
